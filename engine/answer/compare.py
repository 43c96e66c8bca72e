"""Two songs compared: the words, topics and features that they share, and every signal's value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.answer.reasons import reasons
from engine.plain import plain, song_dict
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.query.targets import likeness
from engine.retrieve.lexical import LexicalRetriever
from engine.retrieve.pool import Pool
from engine.score.content import shared_words
from engine.score.fusion import contributions, normalise
from engine.score.signals import measure
from indexer.records import AUDIO_NAMES, Song
from indexer.search.allowed import Allowed
from indexer.search.lexical import best_line

TOPIC_WORDS = 6
BACKGROUND = 1_000  # songs drawn from the index: how near any two songs are


@dataclass(frozen=True, slots=True)
class Feature:
    """An audio feature of two songs.

    likeness   1 alike .. 0 as far apart as this index goes; None where one of them is unknown
    """

    name: str
    a: float | None
    b: float | None
    likeness: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What two songs have in common.

    reason          one sentence
    signals         signal -> value before weighting, None where unknown
    shared_words    keywords of both songs, the first song's best first
    topics          words of the topic that both songs share most, () where there is none
    features        the 12 audio features side by side
    line            the line of the second song that holds most of the shared words
    notes           sentences about which songs the two names were taken for
    """

    a: Song
    b: Song
    reason: str
    signals: Mapping[str, float | None]
    shared_words: tuple[str, ...]
    topics: tuple[str, ...]
    features: tuple[Feature, ...]
    line: str | None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything but the lyrics, as JSON has it."""
        both: dict[str, Any] = plain(self)
        return both | {"a": song_dict(self.a), "b": song_dict(self.b)}


def explain(query: Query, other: Seed, weights: Mapping[str, float]) -> Explanation:
    """What the query's one seed and another song of the index have in common.

    The sentence weighs each signal by how far it stands above what two songs of this index have on average.
    """
    if other.row is None:
        raise ValueError(f"{other.song.name!r} is not in the index")
    row, index, seed = other.row, query.index, query.seeds[0]
    weights = {name: weight for name, weight in weights.items() if weight}
    values = _values(query, np.array([row]), weights)[0]
    living = np.flatnonzero(index.songs.alive)
    sample = np.random.default_rng(0).choice(living, min(BACKGROUND, len(living)), replace=False)
    rows = np.unique(np.append(sample, row))
    shares = contributions(normalise(_values(query, rows, weights)), list(weights.values()))
    own = shares[[np.searchsorted(rows, row)]]
    words = shared_words([seed], index.keywords[row].split())
    song = index.songs.song(row)
    return Explanation(
        a=seed.song,
        b=song,
        reason="The same song" if row == seed.row else reasons(query, np.array([row]), own, weights, lambda: [None])[0],
        signals={n: None if np.isnan(v) else float(v) for n, v in zip(weights, values, strict=True)},
        shared_words=tuple(words),
        topics=_shared_topic(query, other),
        features=compare_features(seed.song, song, index.spread),
        line=best_line(song.lyrics, words) if song.lyrics and words else None,
    )


def _values(query: Query, rows: npt.NDArray[np.int64], weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
    rankings = {}
    if "lexical" in weights:
        allowed = np.zeros(len(query.index.songs), bool)
        allowed[rows] = True
        rankings["lexical"] = LexicalRetriever().retrieve(query, len(rows), Allowed(allowed))
    return measure(query, Pool(query.index, rows, rankings, len(rows)), weights)


def _shared_topic(query: Query, other: Seed) -> tuple[str, ...]:
    model = query.index.topic_model
    shared = query.topics * other.topics
    if model is None or not shared.any():
        return ()
    return tuple(model.top_words(TOPIC_WORDS)[int(np.argmax(shared))])


def compare_features(a: Song, b: Song, spread: Mapping[str, tuple[float, float]]) -> tuple[Feature, ...]:
    """The 12 audio features of two songs side by side."""
    known_a = a.audio.known() if a.audio else {}
    known_b = b.audio.known() if b.audio else {}
    compared = []
    for name in AUDIO_NAMES:
        one, two = known_a.get(name), known_b.get(name)
        alike = None
        if one is not None and two is not None:
            alike = float(likeness(name, np.array([one], np.float32), two, spread[name])[0])
        compared.append(Feature(name, one, two, alike))
    return tuple(compared)
