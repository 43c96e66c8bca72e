"""Answers under filters: as quick as without, and as many songs as exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.judge.metrics import digest_of
from benchmarks.judge.timing import each_timed, spread
from benchmarks.report.run import Result
from benchmarks.tasks.conditions import conditions, in_turn
from benchmarks.tasks.drawn import SEED, Draws
from engine.answer.hits import Hits
from engine.engine import Engine
from engine.playlist.versions import without_other_versions
from engine.query.filters import Filters
from engine.query.wanted import allowed_rows
from indexer.search.allowed import Allowed

K = 20  # songs of an answer
SHARES = {"10 %": 0.1, "1 %": 0.01, "0.1 %": 0.001}
MOOD = "sad"


def ids_and_scores(hits: Hits) -> Hits:
    """The hits, once what a caller reads who wants no more has been read."""
    assert len(hits.song_ids) == len(hits.scores)
    return hits


@dataclass(frozen=True, slots=True)
class Filtered:
    """Questions under filters beside others of their kind without.

    ask      takes a song_id or words, and filters
    plain    asked without a filter; of as many others with one, the filters stand beside the question
    """

    ask: Callable[..., Hits]
    plain: Sequence[str]
    asked: Sequence[str]
    filters: Sequence[Mapping[str, Any]]
    warm_up: int
    facts: Mapping[str, float] = field(default_factory=dict)

    def measured(self, engine: Engine) -> Result:
        """Times under filters; the ratio of the medians, and whether answers are whole.

        missing   songs that the filters keep, and that answers of fewer than K lack
        outside   songs of answers that the filters do not keep
        """
        both: list[tuple[str, Mapping[str, Any]]] = []
        for plain, asked, filters in zip(self.plain, self.asked, self.filters, strict=True):
            both += [(plain, {}), (asked, filters)]

        def ask(question: tuple[str, Mapping[str, Any]]) -> Hits:
            return ids_and_scores(self.ask(question[0], K, question[1]))

        each_timed(ask, both[: 2 * self.warm_up], warm_up=0)
        answers = each_timed(ask, both[2 * self.warm_up :], warm_up=0)
        plain_ms, times, hits = answers.ms[::2], answers.ms[1::2], answers.answers[1::2]
        used = self.filters[self.warm_up :]
        lacking = [whole_answer(engine, each, filters) for each, filters in zip(hits, used, strict=True)]
        facts = {
            **self.facts,
            "filters": len({repr(filters) for filters in used}),
            "unfiltered_ms": spread(plain_ms)[0],
            "ratio": round(float(np.median(times) / np.median(plain_ms)), 3),
            "songs_each": float(np.mean([len(each) for each in hits])),
            "missing": sum(missing for missing, _ in lacking),
            "outside": sum(outside for _, outside in lacking),
        }
        return Result.of_times(digest_of(both), times, facts)


def filtered_rows(engine: Engine, draws: Draws, count: int, warm_up: int) -> dict[str, Filtered]:
    """Similar songs and searches under filters of each of SHARES, and under a mood, where the index has some."""
    songs, total = engine.index.songs, count + warm_up
    found = {f"filter {name}": conditions(songs, share, total, SEED) for name, share in SHARES.items()}
    shown: dict[str, tuple[Sequence[Mapping[str, Any]], float]] = {
        name: ([each.filters for each in in_turn(some, total)], float(np.median([each.songs for each in some])))
        for name, some in found.items()
        if some
    }
    if MOOD in songs.moods.names:
        kept = int(np.count_nonzero(Filters.of({"mood": MOOD}).mask(songs)))
        shown[f"mood {MOOD}"] = [{"mood": MOOD}] * total, kept
    kinds: list[tuple[str, Callable[..., Hits], Callable[[int], list[str]]]] = [
        (f"similar k={K}", engine.similar, draws.ids)
    ]
    if draws.has_words:
        kinds.append(("search, a sentence", engine.search, draws.sentences))
    return {
        f"{kind}, {name}": Filtered(
            ask, draw(total), draw(total), filters, warm_up, {"share": round(kept / len(engine), 5)}
        )
        for kind, ask, draw in kinds
        for name, (filters, kept) in shown.items()
    }


def whole_answer(engine: Engine, hits: Hits, filters: Mapping[str, Any]) -> tuple[int, int]:
    """How many songs an answer of K lacks though the filters keep them, and how many it has that they do not keep.

    Of an answer to words only songs with lyrics are lacking: nothing says that another one is about them.
    """
    index, query, wanted = engine.index, hits.query, Filters.of(filters)
    outside = int(np.count_nonzero(~wanted.mask(index.songs)[hits.rows]))
    if len(hits) >= K:
        return 0, outside
    allowed = allowed_rows(index, wanted, query.seeds, query.text) or Allowed(index.songs.alive)
    left = allowed.without(query.own_rows, query.excluded_rows, hits.rows).rows
    if not query.seeds:
        left = left[index.songs.has_lyrics[left]]
    exist = without_other_versions(index.songs, np.concatenate([hits.rows, left]), most=K)
    return int(np.count_nonzero(exist)) - len(hits), outside
