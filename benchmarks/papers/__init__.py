"""Reproductions: the five published systems on real data, each beside the figures that its paper printed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from benchmarks.data.dataset import Dataset, prepare
from benchmarks.papers.product import Catalogue, IndexConfig, Track, quiet
from benchmarks.papers.record import Comparison, Record
from benchmarks.papers.steps import Steps
from benchmarks.report.origin import machine

# name -> the paper. Each has a module of its own with `reproduce(steps) -> Findings`.
PAPERS: Mapping[str, str] = {
    "spotify-mood": "Naseri, Reddy, Correia, Karlgren, Jones 2022, The Contribution of Lyrics and Acoustics to "
    "Collaborative Understanding of Mood",
    "song-bert": "Kelly, Malloy, Moelgaard, Mannem, Rösti 2021, An Exploration of BERT for Song Classification and "
    "Recommendation",
    "quadrants": "lyrics to four valence-arousal quadrants on the Deezer data (Delbouys et al. 2018), 2022",
    "neural-playlist": "Pinheiro, Floody, Sharma 2020, A Neural Embedding System for Playlist Generation",
    "preference": "Page 2021, Proxying Preference: A Deep Feedforward Network for Song Categorisation",
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What a reproduction's module returns; as in Record."""

    comparisons: Sequence[Comparison]
    differs: Sequence[str]
    curves: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict)
    data: Mapping[str, float] = field(default_factory=dict)


def reproduce(
    name: str,
    *,
    catalogue: str,
    work: Path,
    command: str,
    quick: bool = False,
    config: IndexConfig | None = None,
    encoded: Path | None = None,
    track: Track = quiet,
) -> Record:
    """Train and evaluate a published system on a catalogue; what an earlier run below `work` has done is kept."""
    if name not in PAPERS:
        raise ValueError(f"no reproduction is called {name!r}, expected one of {', '.join(PAPERS)}")
    place = prepare(catalogue, work, config or IndexConfig(), cold=False, encoded=encoded, track=track)
    dataset = Dataset(place)
    with Catalogue(catalogue, create=False) as opened:
        steps = Steps.of(name, dataset, opened, work, quick=quick, track=track)
        module = import_module(f"benchmarks.papers.{name.replace('-', '_')}")
        call: Callable[[Steps], Findings] = module.reproduce
        found = call(steps)
        return Record(
            name=name,
            paper=PAPERS[name],
            comparisons=found.comparisons,
            differs=found.differs,
            quick=quick,
            seconds=round(steps.seconds, 1),
            curves=found.curves,
            data={**dataset.facts(), **found.data},
            machine=machine(),
            date=time.strftime("%Y-%m-%d", time.gmtime()),
            command=command,
        )
