"""Generations: the index folder as it is read: memory-mapped, whole while newer ones are published, verified by hashes.

`INDEX/CURRENT` names a generation below `INDEX/generations/` and the hash of its manifest.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import weakref
from pathlib import Path
from typing import Any

import numpy.typing as npt

from indexer.errors import IndexFormatError, IndexMissingError
from indexer.progress import Track, quiet
from indexer.store.artefacts import ALIVE, Artefact, owner_of
from indexer.store.columns import Strings, map_array, map_strings
from indexer.store.files import file_sha256, open_regular, parse_json
from indexer.store.locks import is_gone, lock_shared

FORMAT = "refrain-index"
FORMAT_VERSION = 9
TAKEN_OVER = (8,)  # older formats that lack stages alone: a build adds these and keeps the others
JOURNAL = "journal.json"  # until it is published: the stages that are finished, with the facts of their files
NUMBERED = re.compile(r"\d{6,}\Z")  # the name of a generation's folder
LONGEST_CURRENT = 200  # bytes: a number and 64 digits
_ATTEMPTS = 50  # at opening what a writer publishes and prunes meanwhile

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


def open_generation(index: str | Path, *, sizes: bool = True, older: bool = False) -> Generation:
    """The generation in use. Checks the manifest's hash and every file's size, not its content (see `verify`).

    sizes   False leaves the files to the caller, who asks `damaged`
    older   whether one of TAKEN_OVER will do
    """
    for attempt in range(_ATTEMPTS):  # between reading CURRENT and locking, a writer may publish and prune
        path, digest = current_place(Path(index))
        try:
            lock = os.open(path / "manifest.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                lock_shared(lock)
                if is_gone(lock):
                    raise FileNotFoundError
                with open_regular(path / "manifest.json") as file:
                    manifest = _manifest(path, file.read(), digest, sizes=sizes, older=older)
                return Generation(path, manifest, digest, lock)
            except BaseException:
                os.close(lock)
                raise
        except (FileNotFoundError, IndexFormatError) as error:
            if attempt + 1 < _ATTEMPTS and current_place(Path(index)) != (path, digest):
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
    return current_place(Path(index))[1]


def current_place(index: Path) -> tuple[Path, str]:
    """The folder of the generation in use and the hash of its manifest."""
    try:
        if not os.path.lexists(index / "CURRENT"):
            raise IndexMissingError(
                f"there is no index at {index}; make one with `refrain import FILE...` and "
                f"`refrain build --index {index}`"
            )
        with open_regular(index / "CURRENT") as file:
            words = file.read(LONGEST_CURRENT).decode("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexFormatError(f"{index / 'CURRENT'} cannot be read ({error}); rebuild with `refrain build`") from error
    if len(words) != 2 or not NUMBERED.match(words[0]) or not re.fullmatch(r"[0-9a-f]{64}", words[1]):
        raise IndexFormatError(f"{index / 'CURRENT'} is damaged: expected a generation and a hash; run `refrain build`")
    return index / "generations" / words[0], words[1]


def _manifest(path: Path, raw: bytes, digest: str, *, sizes: bool, older: bool) -> dict[str, Any]:
    try:
        manifest = parse_json(raw)
        version = manifest["version"] if manifest["format"] == FORMAT else None
    except (ValueError, KeyError, TypeError):
        manifest, version = {}, None
    if isinstance(version, int) and version not in (FORMAT_VERSION, *(TAKEN_OVER if older else ())):
        raise IndexFormatError(
            f"{path} has format version {version}, this program reads version {FORMAT_VERSION}; "
            "rebuild with `refrain build` (the catalogue holds everything) or install the program that made it"
        )
    if version is None or hashlib.sha256(raw).hexdigest() != digest:
        raise IndexFormatError(f"{path / 'manifest.json'} was altered or cut short; rebuild with `refrain build`")
    try:
        expected = {str(name): int(facts["bytes"]) for name, facts in manifest["files"].items()}
        foreign = [name for name in expected if owner_of(name) is None or ".." in name.split("/")]
        complete = isinstance(manifest["stages"], dict) and isinstance(manifest["config"], str)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        expected, foreign, complete = {}, [], False
    if not complete or foreign:
        raise IndexFormatError(
            f"{path / 'manifest.json'} is no manifest of an index"
            + (f": it names {foreign[0]!r}, which no index has" if foreign else "")
            + "; rebuild with `refrain build`"
        )
    for name, size in expected.items() if sizes else ():
        if problem := _wrong_size(path, name, size):
            raise IndexFormatError(f"{path / name} {problem}; rebuild with `refrain build`")
    return dict(manifest)


def _wrong_size(path: Path, name: str, size: int) -> str:
    found = regular_size(path, name)
    if found == size:
        return ""
    was = "is missing or no plain file" if found is None else f"has {found:,} bytes"
    return f"{was}, the manifest says {size:,} bytes"


def regular_size(root: Path, name: str) -> int | None:
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


def open_base(index: str | Path) -> Generation | None:
    """The generation in use as a writer opens it, of TAKEN_OVER too, unchecked; None where none can be read."""
    try:
        return open_generation(index, sizes=False, older=True)
    except (IndexMissingError, IndexFormatError):
        return None


def damaged(generation: Generation, *, track: Track = quiet) -> dict[str, str]:
    """The generation's files that are not what the manifest says, hashed whole -> what is wrong with each."""
    problems = {}
    for name, facts in track(sorted(generation.manifest["files"].items()), "verify files"):
        problem = _wrong_size(generation.path, name, facts["bytes"])
        if not problem and (found := file_sha256(generation.path / name)) != facts["sha256"]:
            problem = f"sha256 is {found[:12]}..., the manifest says {facts['sha256'][:12]}..."
        if problem:
            problems[name] = problem
    return problems


def verify(index: str | Path, *, track: Track = quiet) -> list[str]:
    """Hash every file of the current generation; a sentence for each that differs from the manifest."""
    generation = open_generation(index)
    try:
        problems = [f"{name}: {problem}" for name, problem in damaged(generation, track=track).items()]
        known = {*generation.manifest["files"], "manifest.json", JOURNAL}
        for file in sorted(p for p in generation.path.rglob("*") if not p.is_dir()):
            name = file.relative_to(generation.path).as_posix()
            if name not in known:
                problems.append(f"{name}: not in the manifest")
    finally:
        generation.close()
    return problems
