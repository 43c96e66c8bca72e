"""Asking: a system's rankings and times for the questions of a setting; finished parts survive an interrupted run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.judge.metrics import Question, digest
from benchmarks.judge.timing import WARM_UP, timed
from benchmarks.systems.system import Rows, System, TextSystem
from indexer.progress import Track, quiet

CHUNK = 100  # questions whose answers are written together


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The answers that an interrupted run has already given.

    folder   one for each state of code, data and index, so that no answer is mistaken for another's; None: nothing
             is written
    """

    folder: Path | None = None

    def read(self, name: str, chunk: Sequence[Question]) -> tuple[list[Rows], list[float]] | None:
        """Rankings and milliseconds of these very questions, where they are there."""
        path = self._path(name, chunk)
        if path is None or not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return np.split(arrays["rows"], np.cumsum(arrays["lengths"])[:-1]), arrays["ms"].tolist()

    def write(self, name: str, chunk: Sequence[Question], rankings: Sequence[Rows], ms: Sequence[float]) -> None:
        path = self._path(name, chunk)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, rows=np.concatenate(rankings), lengths=[len(each) for each in rankings], ms=np.array(ms))
        partial.replace(path)

    def _path(self, name: str, chunk: Sequence[Question]) -> Path | None:
        if self.folder is None:
            return None
        key = hashlib.blake2b(f"{name}|{digest(chunk)}".encode(), digest_size=8).hexdigest()
        return self.folder / f"{key}.npz"


NOTHING_DONE = Unfinished()


def ask(
    system: System,
    questions: Sequence[Question],
    k: int,
    candidates: Rows,
    *,
    track: Track = quiet,
    label: str = "",
    unfinished: Unfinished = NOTHING_DONE,
) -> tuple[list[Rows], list[float]]:
    """Each question's ranking and its milliseconds. A ranking that breaks the contract of `System` is an error.

    label   what is asked, for progress and to find answers in `unfinished`
    """
    call = _call(system, k)
    chunks = [questions[start : start + CHUNK] for start in range(0, len(questions), CHUNK)]
    name = f"{label}|{k}|{len(candidates)}"
    rankings: list[Rows] = []
    took: list[float] = []
    warm = False
    for chunk in track(chunks, label, len(chunks)):
        if (done := unfinished.read(name, chunk)) is None:
            for question in () if warm else chunk[:WARM_UP]:
                call(question)
            warm = True
            answers = [timed(call, question) for question in chunk]
            for (ranking, _), question in zip(answers, chunk, strict=True):
                check(system.name, ranking, question, k, candidates)
            done = [ranking for ranking, _ in answers], [ms for _, ms in answers]
            unfinished.write(name, chunk, *done)
        rankings += done[0]
        took += done[1]
    return rankings, took


def _call(system: System, k: int) -> Callable[[Question], Rows]:
    def answer(question: Question) -> Rows:
        if question.text:
            if not isinstance(system, TextSystem):
                raise ValueError(f"{system.name} cannot be asked for words; expected a TextSystem")
            return system.search(question.text, k)
        return system.rank(question.seeds, k)

    return answer


def check(name: str, ranking: Rows, question: Question, k: int, candidates: Rows) -> None:
    """Raise where a ranking is longer than k, has a seed, a row twice, or one that is no candidate."""
    if len(ranking) > k:
        raise ValueError(f"{name} returned {len(ranking)} songs, expected at most {k}")
    if len(np.unique(ranking)) < len(ranking):
        raise ValueError(f"{name} ranked a song twice")
    if np.isin(ranking, question.seeds).any():
        raise ValueError(f"{name} ranked a seed")
    place = np.minimum(np.searchsorted(candidates, ranking), len(candidates) - 1)
    if (candidates[place] != ranking).any():
        raise ValueError(f"{name} ranked a song that is no candidate")
