"""Metrics: rankings against what is relevant, by ir-measures; the Million Playlist Dataset's clicks are ours."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.systems.system import Rows

DEPTH = 500  # songs asked for, as in the Million Playlist Dataset challenge
PAGE, NO_PAGE = 10, 51  # clicks: songs a page, and the count where none of the 500 is right
# Table name -> ir-measures name. Its R-precision is hits among the first |relevant|, over |relevant|.
IR_MEASURES = {
    "R-precision": "Rprec",
    "NDCG@500": "nDCG@500",
    "P@10": "P@10",
    "first": "Success@1",
    "top ten": "Success@10",
    "RR@10": "RR@10",
}
CONTINUATION = ("R-precision", "NDCG@500", "P@10", "clicks")
KNOWN_ITEM = ("first", "top ten", "RR@10")
LOWER_IS_BETTER = frozenset({"clicks", "ms", "bytes", "s", "CPU s", "MiB", "B/song"})
_AT_ONCE = 200  # queries judged together: dicts of 500 songs each are what judging costs


@dataclass(frozen=True, slots=True)
class Question:
    """One query whose answer is known.

    seeds      int64, rows; empty where words are searched for
    relevant   int64, rows that are right; no seed among them
    text       words, or ""
    """

    seeds: Rows
    relevant: Rows
    text: str = ""


def digest(questions: Sequence[Question]) -> str:
    """12 digits for questions and answers: scores are paired only where these agree."""
    hashed = hashlib.blake2b(digest_size=6)
    for question in questions:
        for rows in (question.seeds, question.relevant):
            hashed.update(len(rows).to_bytes(4, "big") + rows.astype("<i8").tobytes())
        hashed.update(question.text.encode() + b"\0")
    return hashed.hexdigest()


def digest_of(asked: Sequence[object]) -> str:
    """12 digits for questions whose answers nobody judges, of any kind that shows itself whole."""
    return hashlib.blake2b(repr(asked).encode(), digest_size=6).hexdigest()


def clicks(ranking: Rows, relevant: Rows) -> int:
    """Pages of ten to turn until the first right song: floor((its rank - 1) / 10), 51 where none is among 500.

    >>> ranking = np.arange(30)
    >>> clicks(ranking, np.array([9])), clicks(ranking, np.array([25, 10])), clicks(ranking, np.array([99]))
    (0, 1, 51)
    """
    hits = np.flatnonzero(np.isin(ranking[:DEPTH], relevant))
    return int(hits[0]) // PAGE if len(hits) else NO_PAGE


def score_rankings(
    rankings: Sequence[Rows], relevant: Sequence[Rows], metrics: Sequence[str] = CONTINUATION
) -> dict[str, list[float]]:
    """Each metric's score of every query, in order; an empty ranking scores the worst.

    >>> score_rankings([np.array([3, 1, 2])], [np.array([1, 3, 7])], ["R-precision", "P@10", "clicks"])
    {'R-precision': [0.6667], 'P@10': [0.2], 'clicks': [0]}
    """
    import ir_measures

    if len(rankings) != len(relevant):
        raise ValueError(f"{len(rankings)} rankings and {len(relevant)} answers, expected as many")
    parsed = {ir_measures.parse_measure(IR_MEASURES[name]): name for name in metrics if name in IR_MEASURES}
    scores: dict[str, list[float]] = {name: [0.0] * len(rankings) for name in metrics}
    for start in range(0, len(rankings), _AT_ONCE):
        part = range(start, min(start + _AT_ONCE, len(rankings)))
        qrels = {str(i): {str(row): 1 for row in relevant[i].tolist()} for i in part}
        run = {str(i): {str(row): float(-n) for n, row in enumerate(rankings[i].tolist())} for i in part}
        for score in ir_measures.iter_calc(list(parsed), qrels, run):
            scores[parsed[score.measure]][int(score.query_id)] = round(float(score.value), 4)
    if "clicks" in scores:
        scores["clicks"] = [clicks(ranking, right) for ranking, right in zip(rankings, relevant, strict=True)]
    return scores


def means(scores: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Each metric's mean; of times, the median."""
    return {name: float(np.median(values) if name == "ms" else np.mean(values)) for name, values in scores.items()}
