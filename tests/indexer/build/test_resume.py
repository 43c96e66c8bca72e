"""A build that was cut short goes on where it stopped, and never hurts what was there before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from indexer import Catalogue, build_index
from indexer.build.stages import STAGE_NAMES
from indexer.errors import EncoderError
from indexer.store.generations import open_generation, verify
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL

BEFORE = "; done by the build before"


class Cut(Exception):
    """What ends a build in these tests."""


@pytest.mark.parametrize(
    "label",
    [
        "learn taste",
        pytest.param("choose keywords", marks=pytest.mark.slow),
        pytest.param("score moods", marks=pytest.mark.slow),
    ],
)
def test_finished_stages_are_taken_over(catalogue: Catalogue, work: Path, label: str) -> None:
    def cut(steps: Iterable[object], name: str, total: int | None = None) -> Iterable[object]:
        if name == label:
            raise Cut
        return steps

    index, encoder = work / "new", HashEncoder()
    with pytest.raises(Cut):
        build_index(catalogue, index, SMALL, encoder=encoder, track=cut)  # type: ignore[arg-type]
    encoded = len(encoder.texts)
    report = build_index(catalogue, index, SMALL, encoder=encoder)
    over = [stage.name for stage in report.stages if stage.reason.endswith(BEFORE)]
    at = {"choose keywords": "keywords", "learn taste": "taste", "score moods": "moods"}[label]
    assert over == list(STAGE_NAMES[: STAGE_NAMES.index(at)])
    lyrics = {song.lyrics for song in catalogue.songs() if song.lyrics}
    assert not lyrics & set(encoder.texts[encoded:]), "no lyric is encoded twice"
    assert verify(index) == []
    assert not (index / "encoded").exists()
    assert sorted(p.name for p in (index / "generations").iterdir()) == ["000001"]
    build_index(catalogue, work / "at-once", SMALL, encoder=encoder)
    files = [open_generation(each).manifest["files"] for each in (index, work / "at-once")]
    exact = [n for n in files[0] if not n.startswith("lexical/")]  # tantivy names its segments at random
    assert {n: files[0][n]["sha256"] for n in exact} == {n: files[1][n]["sha256"] for n in exact}


def test_a_changed_catalogue_takes_over_nothing_that_read_it(catalogue: Catalogue, work: Path) -> None:
    def cut(steps: Iterable[object], name: str, total: int | None = None) -> Iterable[object]:
        if name == "learn taste":
            raise Cut
        return steps

    with pytest.raises(Cut):
        build_index(catalogue, work / "new", SMALL, encoder=HashEncoder(), track=cut)  # type: ignore[arg-type]
    catalogue.load(
        rows(work, {"playlist_id": "p", "name": "sad", "song_ids": [s.song_id for s in catalogue.songs()][:3]})
    )
    report = build_index(catalogue, work / "new", SMALL, encoder=HashEncoder())
    over = {stage.name for stage in report.stages if stage.reason.endswith(BEFORE)}
    assert (
        over
        == {
            "songs",
            "title_stems",
            "lexical",
            "sentences",
            "keywords",
            "topics",
            "audio",
            "lyrics_latents",
            "audio_latents",
            "timbre",
            "artist_tags",
            "query_encoder",
        }
        & over
    )
    assert "songs" in over
    assert "factors" not in over


@pytest.mark.slow
def test_kill_9_leaves_the_good_generation_and_the_next_build_mends(work: Path) -> None:
    """At three moments, in a process of its own."""
    index = work / "ix"
    for seed, moment in enumerate(("encode lyrics", "learn taste", "score moods"), 2):
        # Another encoder each time, so that the stage to be killed in is not one that the build before has finished.
        command = [sys.executable, "-c", _BUILD, str(work), str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as build:
            assert build.stdout is not None
            while (line := build.stdout.readline().strip()) != moment:
                assert line, "the build ended before the moment came"
            build.send_signal(signal.SIGKILL)
        assert verify(index) == []
        assert open_generation(index).number == 1
    with Catalogue(work / "refrain.db") as catalogue:
        report = build_index(catalogue, index, SMALL, encoder=HashEncoder(seed=4))
    assert report.generation == 2
    assert any(stage.reason.endswith(BEFORE) for stage in report.stages)
    assert verify(index) == []
    assert not list((index / "generations").glob(".*"))


_BUILD = """
import sys
from pathlib import Path
from indexer import Catalogue, build_index
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL

def track(steps, label, total=None):
    print(label, flush=True)
    return steps

work = Path(sys.argv[1])
build_index(Catalogue(work / "refrain.db"), work / "ix", SMALL, encoder=HashEncoder(seed=int(sys.argv[2])), track=track)
"""


def test_what_another_left_in_the_folder_is_not_touched(catalogue: Catalogue, work: Path) -> None:
    index = work / "mine"
    (index / "encoded").mkdir(parents=True)
    (index / "encoded" / "thesis.npy").write_text("mine")
    (index / "photos").mkdir()
    build_index(catalogue, index, SMALL, encoder=HashEncoder())
    assert (index / "encoded" / "thesis.npy").read_text() == "mine"
    assert (index / "photos").is_dir()
    assert not list((index / "encoded").glob("*.hashes.npy"))


def test_a_missing_encoder_is_said_before_anything_is_done(catalogue: Catalogue, work: Path) -> None:
    from dataclasses import replace

    from indexer.config import EncoderConfig

    start = time.perf_counter()
    with pytest.raises(EncoderError, match="neither a folder nor available"):
        build_index(catalogue, work / "new", replace(SMALL, encoder=EncoderConfig(model="no-such/model")))
    assert time.perf_counter() - start < 30
    assert not (work / "new").exists()
