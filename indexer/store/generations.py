"""Generations: the index folder, written once whole, read memory-mapped, verified by hashes.

`INDEX/CURRENT` names a generation below `INDEX/generations/` and the hash of its manifest. A writer fills a draft in a
hidden folder, stage by stage; what a crash leaves of it serves the next writer where it still fits.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError, IndexMissingError, RefrainError
from indexer.progress import Track, quiet
from indexer.store.artefacts import ALIVE, Artefact, owner_of
from indexer.store.columns import Strings, create_array, map_array, map_strings
from indexer.store.files import (
    file_sha256,
    fsync,
    link,
    open_regular,
    parse_json,
    read_json,
    replace_whole,
    share_modes,
    writing,
)
from indexer.store.locks import has_readers, lock_shared, writer_lock

FORMAT = "refrain-index"
FORMAT_VERSION = 6
JOURNAL = "journal.json"  # of a draft: the stages that are finished, with the facts of their files
_DRAFT = re.compile(r"\.(\d{6})\.(\d+)\Z")
_GENERATION = re.compile(r"\d{6,}\Z")
_ATTEMPTS = 50  # at opening what a writer publishes and prunes meanwhile

Mask = npt.NDArray[np.bool_]
Facts = dict[str, dict[str, Any]]  # path inside the generation -> bytes, sha256, and dtype and shape of an array


class Source:
    """A folder of artefacts, finished or not."""

    def __init__(self, path: Path):
        self.path = path

    def array(self, artefact: Artefact) -> npt.NDArray[Any]:
        """A memory-mapped array, read only; IndexFormatError where the file is damaged or not as declared."""
        return map_array(self.path / f"{artefact.name}.npy", artefact.dtype, artefact.shape)

    def strings(self, artefact: Artefact) -> Strings:
        """Texts, decoded when they are asked for; IndexFormatError where a file is damaged."""
        return map_strings(self.path / artefact.name)

    def place(self, artefact: Artefact) -> Path:
        """Where a folder or file lies."""
        return self.path / artefact.name

    def has(self, artefact: Artefact) -> bool:
        """Whether it was written: a model that was not learned has none, nor what it computes."""
        return (self.path / artefact.files()[0]).exists()


class Generation(Source):
    """One state of the index, opened for reading. It stays whole while newer ones are published."""

    def __init__(self, path: Path, manifest: dict[str, Any], digest: str, lock: int):
        super().__init__(path)
        self.manifest = manifest
        self.digest = digest
        self._rows: int | None = None  # read with the first array that has a row for each song
        self._release = weakref.finalize(self, os.close, lock)

    @property
    def number(self) -> int:
        return int(self.path.name)

    def array(self, artefact: Artefact) -> npt.NDArray[Any]:
        array = super().array(artefact)
        if artefact.by_row:
            self._check_rows(artefact, len(array))
        return array

    def strings(self, artefact: Artefact) -> Strings:
        strings = super().strings(artefact)
        if artefact.by_row:
            self._check_rows(artefact, len(strings))
        return strings

    def _check_rows(self, artefact: Artefact, rows: int) -> None:
        if self._rows is None and self.has(ALIVE):
            self._rows = len(super().array(ALIVE))
        if self._rows is not None and rows != self._rows:
            raise IndexFormatError(
                f"{self.path / artefact.name} has {rows:,} rows, the index {self._rows:,}; rebuild with `refrain build`"
            )

    def facts_of(self, artefact: Artefact) -> Facts:
        """The manifest's facts of an artefact's files."""
        return {name: facts for name, facts in self.manifest["files"].items() if artefact.owns(name)}

    def close(self) -> None:
        """Let the folder be pruned; memory-mapped arrays that are still in use stay readable."""
        self._release()


def open_generation(index: str | Path) -> Generation:
    """The generation in use. Checks the manifest's hash and every file's size, not its content (see `verify`)."""
    for attempt in range(_ATTEMPTS):  # between reading CURRENT and locking, a writer may publish and prune
        path, digest = _current(Path(index))
        try:
            lock = os.open(path / "manifest.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                lock_shared(lock)
                with open_regular(path / "manifest.json") as file:
                    manifest = _manifest(path, file.read(), digest)
                return Generation(path, manifest, digest, lock)
            except BaseException:
                os.close(lock)
                raise
        except (FileNotFoundError, IndexFormatError) as error:
            if attempt + 1 < _ATTEMPTS and _current(Path(index)) != (path, digest):
                continue  # pruned under us: another generation is in use by now
            if isinstance(error, IndexFormatError):
                raise
            raise IndexFormatError(
                f"{index} names generation {path.name}, which is not there; rebuild with `refrain build`"
            ) from None
        except OSError as error:
            raise IndexFormatError(
                f"{path / 'manifest.json'} cannot be read ({error.strerror}); rebuild with `refrain build`"
            ) from error
    raise IndexFormatError(f"{index} is replaced faster than it can be opened; try again when the builds are done")


def current_digest(index: str | Path) -> str:
    """The hash of the manifest in use: what tells an open engine that there is a newer generation."""
    return _current(Path(index))[1]


def _current(index: Path) -> tuple[Path, str]:
    try:
        words = (index / "CURRENT").read_text("ascii").split()
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissingError(
            f"there is no index at {index}; make one with `refrain import FILE...` and `refrain build --index {index}`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexFormatError(f"{index / 'CURRENT'} cannot be read ({error}); rebuild with `refrain build`") from error
    if len(words) != 2 or not _GENERATION.match(words[0]) or not re.fullmatch(r"[0-9a-f]{64}", words[1]):
        raise IndexFormatError(f"{index / 'CURRENT'} is damaged: expected a generation and a hash; run `refrain build`")
    return index / "generations" / words[0], words[1]


def _manifest(path: Path, raw: bytes, digest: str) -> dict[str, Any]:
    try:
        manifest = parse_json(raw)
        version = manifest["version"] if manifest["format"] == FORMAT else None
    except (ValueError, KeyError, TypeError):
        manifest, version = {}, None
    if isinstance(version, int) and version != FORMAT_VERSION:
        raise IndexFormatError(
            f"{path} has format version {version}, this program reads version {FORMAT_VERSION}; "
            "rebuild with `refrain build` (the catalogue holds everything) or install the program that made it"
        )
    if version is None or hashlib.sha256(raw).hexdigest() != digest:
        raise IndexFormatError(f"{path / 'manifest.json'} was altered or cut short; rebuild with `refrain build`")
    try:
        sizes = {str(name): int(facts["bytes"]) for name, facts in manifest["files"].items()}
        foreign = [name for name in sizes if owner_of(name) is None or ".." in name.split("/")]
        complete = isinstance(manifest["stages"], dict) and isinstance(manifest["config"], str)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        sizes, foreign, complete = {}, [], False
    if not complete or foreign:
        raise IndexFormatError(
            f"{path / 'manifest.json'} is no manifest of an index"
            + (f": it names {foreign[0]!r}, which no index has" if foreign else "")
            + "; rebuild with `refrain build`"
        )
    for name, size in sizes.items():
        found = _regular_size(path, name)
        if found != size:
            was = "is missing or no plain file" if found is None else f"has {found:,} bytes"
            raise IndexFormatError(
                f"{path / name} {was}, the manifest says {size:,} bytes; rebuild with `refrain build`"
            )
    return dict(manifest)


def _regular_size(root: Path, name: str) -> int | None:
    """The size of a plain file; None for anything else, and where a folder on the way is a link."""
    place = root
    parts = name.split("/")
    try:
        for part in parts[:-1]:
            place = place / part
            if not stat.S_ISDIR(os.lstat(place).st_mode):
                return None
        facts = os.lstat(place / parts[-1])
    except OSError:
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


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
        with self.strings_writer(artefact, after=after, blank=blank) as write:
            for text in texts:
                write([text])

    @contextlib.contextmanager
    def strings_writer(
        self, artefact: Artefact, *, after: Strings | None = None, blank: Mask | None = None
    ) -> Iterator[Callable[[Iterable[str]], None]]:
        """Yield a function that adds texts; as `write_strings` for columns that grow side by side."""
        lengths = [np.zeros(0, np.int64)]
        with self._new(f"{artefact.name}.utf8").open("wb") as file:
            if after is not None:
                lengths.append(_copy_strings(file, after, blank))

            def write(texts: Iterable[str]) -> None:
                encoded = [text.encode("utf-8", "replace") for text in texts]
                file.writelines(encoded)
                lengths.append(np.fromiter(map(len, encoded), np.int64, len(encoded)))

            yield write
        offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
        create_array(self._new(f"{artefact.name}.offsets.npy"), np.int64, offsets.shape)[...] = offsets

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
        empty = [a.name for a in artefacts if a.kind == "folder" and self.has(a) and not self._files_of(a)]
        self._stages[key] = {
            "files": {name: self.files[name] for name in names},
            "result": dict(result),
            "empty": empty,
        }
        replace_whole(self.path / JOURNAL, json.dumps(self._stages))

    def recover(self, key: str, left_over: Sequence[Path]) -> dict[str, Any] | None:
        """What `finish` was given for this work in a draft that a crash left, its files taken over; else None."""
        for folder in left_over:
            entry = _journal(folder).get(key)
            if entry is None or any(_regular_size(folder, name) != f["bytes"] for name, f in entry["files"].items()):
                continue
            for name, facts in entry["files"].items():
                self._link(folder, name)
                self.files[name] = facts
            self._stages[key] = entry
            replace_whole(self.path / JOURNAL, json.dumps(self._stages))
            return dict(entry["result"])
        return None

    def discard(self, artefacts: Iterable[Artefact]) -> None:
        """Remove what a stage wrote before it failed or was found unfinished."""
        for artefact in artefacts:
            for name in self._files_of(artefact):
                (self.path / name).unlink()
                self.files.pop(name, None)

    def _files_of(self, artefact: Artefact) -> list[str]:
        if artefact.kind != "folder":
            return [name for name in artefact.files() if (self.path / name).is_file()]
        files = sorted(p for p in (self.path / artefact.name).rglob("*") if p.is_file())
        return [file.relative_to(self.path).as_posix() for file in files]

    def _link(self, source: Path, name: str) -> None:
        if _regular_size(source, name) is None:
            raise IndexFormatError(f"{source / name} is missing or no plain file; rebuild with `refrain build`")
        link(source / name, self._new(name))

    def _new(self, name: str) -> Path:
        path = self.path / name
        if path.exists():
            raise FileExistsError(f"{path} was written before; a file of a generation is written once")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _copy_strings(file: BinaryIO, strings: Strings, blank: Mask | None) -> npt.NDArray[np.int64]:
    """Write texts but the blank ones, run by run; returns their lengths in bytes."""
    lengths = np.diff(strings.offsets)
    if blank is None or not blank.any():
        file.write(strings.text.data)
        return lengths
    edges = np.flatnonzero(np.diff(np.concatenate([[True], blank, [True]])))  # where runs of the others begin and end
    for start, end in edges.reshape(-1, 2).tolist():
        file.write(strings.text[strings.offsets[start] : strings.offsets[end]].data)
    return np.where(blank, 0, lengths)


def _journal(folder: Path) -> dict[str, dict[str, Any]]:
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


@contextlib.contextmanager
def new_generation(
    index: str | Path, facts: dict[str, Any], *, purge: bool = False
) -> Iterator[tuple[Draft, list[Path]]]:
    """Yield a draft and the drafts that crashed writers left; when the block succeeds it is the generation in use.

    After an error the generation in use is what it was, and what the draft finished stays for the next writer.

    facts   what the manifest says beside format, version and files; the block may add to it
    purge   also remove the generation before it, as soon as nobody reads it: words of deleted songs are in it
    """
    index = Path(index)
    if index.is_file():
        raise IndexMissingError(f"{index} is a file, expected a folder for the index; choose another --index")
    generations = index / "generations"
    try:
        generations.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefrainError(f"{index} cannot be written ({error.strerror}); choose another --index") from error
    if generations.is_symlink():
        raise IndexFormatError(f"{generations} is a link, expected a folder of the index; remove the link")
    with writer_lock(index):
        left_over = _drafts(generations)
        numbers = [int(p.name) for p in generations.iterdir() if _GENERATION.match(p.name)]
        number = max(numbers, default=0) + 1
        path = generations / f"{number:06d}"
        staging = generations / f".{path.name}.{time.time_ns()}"
        base = open_or_none(index)
        try:
            with _writing(index):
                staging.mkdir()
            draft = Draft(staging, base, number)
            yield draft, left_over
            (staging / JOURNAL).unlink(missing_ok=True)
            with _writing(index):
                digest = _seal(draft, facts)
                os.replace(staging, path)
                fsync(generations)
                replace_whole(index / "CURRENT", f"{path.name} {digest}\n")
        except BaseException:
            if not _journal(staging):  # nothing in it that another writer could use
                shutil.rmtree(staging, ignore_errors=True)
            raise
        finally:
            if base is not None:
                base.close()
        tidy(index, purge=purge)


def _drafts(generations: Path) -> list[Path]:
    """Folders of writers; with the writer's lock in hand, of dead ones."""
    return [p for p in sorted(generations.iterdir()) if _DRAFT.match(p.name) and p.is_dir() and not p.is_symlink()]


def tidy(index: Path, *, purge: bool = False) -> None:
    """Remove drafts that crashed writers left, and generations older than the one before the current, if nobody reads.

    The caller has the writer's lock. The generation before the current one stays for readers that are just opening
    it, but with `purge`. What a writer of indexes does not name so is not touched.
    """
    for folder in _drafts(index / "generations"):
        shutil.rmtree(folder, ignore_errors=True)
    generations = index / "generations"
    current = _current(index)[0].name
    older = sorted((p for p in generations.iterdir() if _GENERATION.match(p.name) and p.name < current), reverse=True)
    for old in older if purge else older[1:]:
        if old.is_dir() and not old.is_symlink() and not has_readers(old / "manifest.json"):
            shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _writing(index: Path) -> Iterator[None]:
    """Errors of the disk, with what to do."""
    try:
        yield
    except OSError as error:
        raise RefrainError(
            f"the index could not be written to {index}: {error.strerror or error}; what was there before is "
            "unchanged; make room or choose another --index, then run it again: it goes on where it stopped"
        ) from error


def open_or_none(index: str | Path) -> Generation | None:
    """The generation in use; None where there is none or it is damaged: a build starts afresh."""
    try:
        return open_generation(index)
    except (IndexMissingError, IndexFormatError):
        return None


def _seal(draft: Draft, facts: Mapping[str, Any]) -> str:
    """Write the manifest last, everything on disk; returns its sha256."""
    manifest = {**facts, "format": FORMAT, "version": FORMAT_VERSION, "created": now(), "files": draft.files}
    raw = json.dumps(manifest, sort_keys=True, indent=1).encode("utf-8")
    (draft.path / "manifest.json").write_bytes(raw)
    for folder in [draft.path, *(p for p in draft.path.rglob("*") if p.is_dir())]:
        fsync(folder)
    fsync(draft.path / "manifest.json")
    fsync(draft.path)
    return hashlib.sha256(raw).hexdigest()


def _file_facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    if path.suffix == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        facts |= {"dtype": str(array.dtype), "shape": list(array.shape)}
    return facts


def verify(index: str | Path, *, track: Track = quiet) -> list[str]:
    """Hash every file of the current generation; a sentence for each that differs from the manifest."""
    generation = open_generation(index)
    problems = []
    try:
        known = generation.manifest["files"]
        for name, facts in track(sorted(known.items()), "verify files"):
            if (found := file_sha256(generation.path / name)) != facts["sha256"]:
                problems.append(f"{name}: sha256 is {found[:12]}..., the manifest says {facts['sha256'][:12]}...")
        for file in sorted(p for p in generation.path.rglob("*") if not p.is_dir()):
            name = file.relative_to(generation.path).as_posix()
            if name not in known and name != "manifest.json":
                problems.append(f"{name}: not in the manifest")
    finally:
        generation.close()
    return problems


def now() -> str:
    """The time in UTC, as manifests have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
