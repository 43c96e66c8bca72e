"""What a recommender is to the benchmark: it learns from a fold and ranks the fold's candidates for seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fold:
    """The data of one experiment, the same for every system. No test playlist is in it.

    index        songs, lyrics, audio features and sentence vectors, by row; made without the test playlists
    train        playlists to learn from, each the rows of its songs in order; songs that are no candidates too
    tune         playlists to choose settings on; when these are chosen, a system may learn from them too
    candidates   int64, ascending: the songs that are ranked
    """

    index: OpenIndex
    train: tuple[Rows, ...]
    tune: tuple[Rows, ...]
    candidates: Rows


class System(Protocol):
    """A recommender under test.

    name     as tables and `--system` call it
    tuning   its tuning budget in a sentence: what was chosen, on what, in how many trials
    """

    name: str
    tuning: str

    def fit(self, fold: Fold) -> None:
        """Learn whatever there is to learn, tuning included; its time and memory are reported."""
        ...

    def rank(self, seeds: Rows, k: int) -> Rows:
        """At most k of the fold's candidates, best first, no seed among them; deterministic."""
        ...

    def settings(self) -> Mapping[str, Any]:
        """What a run records of the fitted system, such as weights; made of what JSON holds."""
        ...


@runtime_checkable
class TextSystem(Protocol):
    """A system that can also answer words, such as a playlist's name."""

    def search(self, text: str, k: int) -> Rows:
        """At most k of the fold's candidates for the words, best first; empty where it finds none."""
        ...
