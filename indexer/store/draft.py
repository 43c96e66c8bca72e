"""Drafts: a generation being written stage by stage, in a hidden folder; a crash leaves what another writer can use."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.store.artefacts import Artefact, owner_of
from indexer.store.columns import Strings, create_array
from indexer.store.files import file_sha256, fsync, link, read_json, replace_whole, share_modes, writing
from indexer.store.generations import JOURNAL, Facts, Generation, Source, regular_size

TEXTS_AT_ONCE = 4_096  # that are encoded and written together

Mask = npt.NDArray[np.bool_]


class Draft(Source):
    """A generation being written, in a hidden folder that nobody reads.

    `base` is the generation in use, or None. A file is written once. `finish` puts a stage's files on the disk and
    notes them in the journal, so that a build after a crash takes them over.
    """

    def __init__(self, path: Path, base: Generation | None, number: int):
        super().__init__(path)
        self.base = base
        self.number = number
        self.files: Facts = {}
        self._stages: dict[str, dict[str, Any]] = {}  # key of a stage's work -> its files and what it returned

    def new_array(self, artefact: Artefact, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A writable array of zeros on the disk; room for all of it is taken at once."""
        path = self._new(f"{artefact.name}.npy")
        with writing(path):
            return create_array(path, dtype, shape)

    def write_array(self, artefact: Artefact, array: npt.NDArray[Any]) -> None:
        self.new_array(artefact, array.shape, array.dtype)[...] = array

    def write_strings(
        self, artefact: Artefact, texts: Iterable[str], *, after: Strings | None = None, blank: Mask | None = None
    ) -> None:
        """Write texts as they come, below those of `after`; where `blank` is True those of `after` become empty."""
        stream = iter(texts)
        with self.strings_writer(artefact, after=after, blank=blank) as write:
            while some := list(islice(stream, TEXTS_AT_ONCE)):
                write(some)

    @contextlib.contextmanager
    def strings_writer(
        self, artefact: Artefact, *, after: Strings | None = None, blank: Mask | None = None
    ) -> Iterator[Callable[[Iterable[str]], None]]:
        """Yield a function that adds texts; as `write_strings` for columns that grow side by side."""
        lengths = [np.zeros(0, np.int64)]
        path, ends = self._new(f"{artefact.name}.utf8"), self._new(f"{artefact.name}.offsets.npy")
        with path.open("wb", buffering=0) as file:
            if after is not None:
                with writing(path):
                    lengths.append(_copy_strings(file, after, blank))

            def write(texts: Iterable[str]) -> None:
                encoded = [text.encode("utf-8", "replace") for text in texts]
                with writing(path):
                    _write(file, b"".join(encoded))
                lengths.append(np.fromiter(map(len, encoded), np.int64, len(encoded)))

            yield write
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
        with writing(ends):
            create_array(ends, np.int64, offsets.shape)[...] = offsets

    def folder(self, artefact: Artefact) -> Path:
        """A new empty folder inside the generation."""
        path = self._new(artefact.name)
        path.mkdir()
        return path

    def new_file(self, artefact: Artefact) -> Path:
        """Where a new file of the generation goes."""
        return self._new(artefact.name)

    def adopt(self, source: Generation, artefacts: Iterable[Artefact]) -> None:
        """Take over files of another generation unchanged, as hard links where the disk allows."""
        for artefact in artefacts:
            if artefact.kind == "folder" and source.has(artefact):
                (self.path / artefact.name).mkdir(parents=True, exist_ok=True)
            for name, facts in source.facts_of(artefact).items():
                self._link(source.path, name)
                self.files[name] = facts

    def finish(self, key: str, artefacts: Sequence[Artefact], result: Mapping[str, Any]) -> None:
        """Note that a stage is done: its files are on the disk, and `result` comes back from `recover`.

        key   names the work: the stage, its settings and everything that it read
        """
        share_modes(self.path)
        names = [name for artefact in artefacts for name in self._files_of(artefact)]
        for name in names:
            if name not in self.files:
                fsync(self.path / name)
                self.files[name] = _file_facts(self.path / name)
        self._stages[key] = {"files": {name: self.files[name] for name in names}, "result": dict(result)}
        replace_whole(self.path / JOURNAL, json.dumps(self._stages))

    def recover(self, key: str, left_over: Sequence[Path]) -> dict[str, Any] | None:
        """What `finish` was given for this work in a draft that a crash left, its files taken over; else None."""
        for folder in left_over:
            entry = journal_of(folder).get(key)
            if entry is None or any(regular_size(folder, name) != f["bytes"] for name, f in entry["files"].items()):
                continue
            for name, facts in entry["files"].items():
                self._link(folder, name)
                self.files[name] = facts
            self._stages[key] = entry
            replace_whole(self.path / JOURNAL, json.dumps(self._stages))
            return dict(entry["result"])
        return None

    def folder_anew(self, artefact: Artefact) -> Path:
        """An empty folder in the place of the one that was taken over."""
        for name in self._files_of(artefact):
            self.files.pop(name, None)
        shutil.rmtree(self.path / artefact.name)
        return self.folder(artefact)

    def _files_of(self, artefact: Artefact) -> list[str]:
        if artefact.kind != "folder":
            return [name for name in artefact.files() if (self.path / name).is_file()]
        files = sorted(p for p in (self.path / artefact.name).rglob("*") if p.is_file())
        return [file.relative_to(self.path).as_posix() for file in files]

    def _link(self, source: Path, name: str) -> None:
        if regular_size(source, name) is None:
            raise IndexFormatError(f"{source / name} is missing or no plain file; rebuild with `refrain build`")
        link(source / name, self._new(name))

    def _new(self, name: str) -> Path:
        path = self.path / name
        if path.exists():
            raise FileExistsError(f"{path} was written before; a file of a generation is written once")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _write(file: FileIO, data: bytes | memoryview) -> None:
    """All of the bytes: the system may take fewer at once."""
    left = memoryview(data).cast("B")
    while len(left):
        left = left[file.write(left) :]


def _copy_strings(file: FileIO, strings: Strings, blank: Mask | None) -> npt.NDArray[np.int64]:
    """Write texts but the blank ones, run by run; returns their lengths in bytes."""
    lengths = np.diff(strings.offsets)
    if blank is None or not blank.any():
        _write(file, strings.text.data)
        return lengths
    edges = np.flatnonzero(np.diff(np.concatenate([[True], blank, [True]])))  # where runs of the others begin and end
    for start, end in edges.reshape(-1, 2).tolist():
        _write(file, strings.text[strings.offsets[start] : strings.offsets[end]].data)
    return np.where(blank, 0, lengths)


def journal_of(folder: Path) -> dict[str, dict[str, Any]]:
    """The finished stages of a draft; none where its journal cannot be read or names what no index has."""
    try:
        stages = read_json(folder / JOURNAL)
        for entry in stages.values():
            for name, facts in entry["files"].items():
                if owner_of(name) is None or ".." in name.split("/") or not isinstance(facts["bytes"], int):
                    return {}
            if not isinstance(entry["result"], dict):
                return {}
        return dict(stages)
    except (IndexFormatError, KeyError, TypeError, AttributeError):
        return {}


def _file_facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    if path.suffix == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        facts |= {"dtype": str(array.dtype), "shape": list(array.shape)}
    return facts
