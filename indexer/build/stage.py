"""Stages: what turns a catalogue into the artefacts of an index, each with what it reads, learns and writes.

A stage learns from a sample and applies to batches. From this cut follow a build (learn all, apply to all rows), an
update (apply to the new rows), learning again when the catalogue has outgrown a model, going on after a crash, and
bounded memory: `fit` may look at the whole catalogue through a bounded sample, `apply` at one batch of rows only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from indexer.build.context import Batch, Context
from indexer.config import IndexConfig
from indexer.progress import quiet
from indexer.store.artefacts import Artefact, of_stage

Table = Literal["songs", "playlists", "artist_tags", "labels", "timbres"]

BATCH = 8_192  # rows that a stage is applied to at once
MOST_ROWS = 200_000  # rows that a model is fitted to at most, drawn at random


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a stage says of its work.

    learned   whether there is a model; None for a stage that learns nothing
    songs, playlists   that it was learned from
    why       why there is no model
    """

    learned: bool | None = None
    songs: int = 0
    playlists: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the recipe.

    name       also the `stage` of the artefacts that it writes
    version    raised whenever it would write something else from the same input
    tables     parts of the catalogue that it reads
    reads      stages whose artefacts it reads; where one of them learns again, this one does
    looks_at   stages whose artefacts it reads as they are: in an update their changes do not make it learn; in a build
               they count as those that it reads
    settings   the part of the configuration that decides what it writes
    encoder    whether the encoder's weights do, too
    run        does it: `context.action` says what is to be done
    """

    name: str
    run: Callable[[Context], Outcome]
    settings: Callable[[IndexConfig], Any]
    tables: tuple[Table, ...] = ()
    reads: tuple[str, ...] = ()
    looks_at: tuple[str, ...] = ()
    encoder: bool = False
    learns: bool = False
    version: int = 1

    @property
    def writes(self) -> tuple[Artefact, ...]:
        return of_stage(self.name)

    def settings_of(self, config: IndexConfig, encoder: Mapping[str, Any]) -> dict[str, Any]:
        """Everything beside its input that decides what it writes, as JSON has it."""
        found = {"version": self.version, "settings": _plain(self.settings(config))}
        return found | ({"encoder": dict(encoder)} if self.encoder else {})


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def fingerprint(*parts: Any) -> str:
    """64 hexadecimal digits of JSON values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


Columns = Mapping[Artefact, npt.NDArray[Any]]


def write_rows(
    context: Context, like: Columns, apply: Callable[[Batch], Columns], *, label: str, batch: int = BATCH
) -> None:
    """Write columns by row: those of the base below `context.first`, then what `apply` gives for the rest.

    like    for each column an array with no rows, for its width and dtype
    apply   a batch -> the same columns with a row for each of its rows
    """
    rows, first = len(context.songs), context.first
    out = {
        artefact: context.draft.new_array(artefact, (rows, *empty.shape[1:]), empty.dtype)
        for artefact, empty in like.items()
    }
    if first and context.base is not None:
        for artefact, column in out.items():
            before = context.base.array(artefact)
            for start in range(0, first, batch):
                column[start : min(start + batch, first)] = before[start : min(start + batch, first)]
    batches = context.batches(batch)
    for each in context.track(batches, label) if label else quiet(batches, label):
        for artefact, values in apply(each).items():
            out[artefact][each.rows.start : each.rows.stop] = values


def sample(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """All rows, or MOST_ROWS of them drawn at random, in their order."""
    if len(rows) <= MOST_ROWS:
        return rows
    return rows[np.sort(np.random.default_rng(0).choice(len(rows), MOST_ROWS, replace=False))]


def no_rows(width: int | None = None, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """An array without rows, for `write_rows`."""
    return np.zeros((0,) if width is None else (0, width), dtype)
