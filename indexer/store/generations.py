"""The index folder: generations written once, a manifest, memory-mapped arrays, verification."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError, IndexMissingError, RefrainError
from indexer.progress import Track, quiet
from indexer.store.columns import Strings, map_array, map_bytes
from indexer.store.files import fsync, write_whole
from indexer.store.locks import has_readers, lock_shared, writer_lock

FORMAT = "refrain-index"
FORMAT_VERSION = 5
_BLOCK = 1 << 20


class Generation:
    """One state of the index, opened for reading. It stays whole while newer ones are published."""

    def __init__(self, path: Path, manifest: dict[str, Any], lock: int):
        self.path = path
        self.manifest = manifest
        self._release = weakref.finalize(self, os.close, lock)

    @property
    def number(self) -> int:
        return int(self.path.name)

    def array(self, name: str) -> npt.NDArray[Any]:
        """A memory-mapped array, read only."""
        try:
            return map_array(self.path / f"{name}.npy")
        except ValueError as error:
            raise IndexFormatError(
                f"{self.path / name}.npy is damaged ({error}); rebuild with `refrain build`"
            ) from error

    def strings(self, name: str) -> Strings:
        return Strings(self.array(f"{name}.offsets"), map_bytes(self.path / f"{name}.utf8"))

    def close(self) -> None:
        """Let the folder be pruned; memory-mapped arrays that are still held stay readable."""
        self._release()


def open_generation(index: str | Path) -> Generation:
    """The generation in use. Checks the manifest's hash and every file's size, not its content (see `verify`)."""
    for attempt in range(3):  # between reading CURRENT and taking the lock, a writer may prune what it named
        path, digest = _current(Path(index))
        try:
            lock = os.open(path / "manifest.json", os.O_RDONLY)
        except FileNotFoundError:
            if attempt == 2:
                raise IndexFormatError(
                    f"{index} names generation {path.name}, which is not there; rebuild with `refrain build`"
                ) from None
            continue
        try:
            lock_shared(lock)
            return Generation(path, _manifest(path, (path / "manifest.json").read_bytes(), digest), lock)
        except BaseException:
            os.close(lock)
            raise
    raise AssertionError("unreachable")


def _current(index: Path) -> tuple[Path, str]:
    try:
        line = (index / "CURRENT").read_text("ascii").split()
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissingError(
            f"there is no index at {index}; make one with `refrain import FILE...` and `refrain build --index {index}`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexFormatError(f"{index / 'CURRENT'} cannot be read ({error}); rebuild with `refrain build`") from error
    if len(line) != 2 or not line[0].isdigit() or len(line[1]) != 64:
        raise IndexFormatError(f"{index / 'CURRENT'} is damaged: expected a generation and a hash; run `refrain build`")
    return index / "generations" / line[0], line[1]


def _manifest(path: Path, raw: bytes, digest: str) -> dict[str, Any]:
    try:
        manifest = json.loads(raw)
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
    for name, facts in manifest["files"].items():
        file = path / name
        found = file.stat().st_size if file.is_file() else None
        if found != facts["bytes"]:
            was = "is missing" if found is None else f"has {found:,} bytes"
            raise IndexFormatError(
                f"{file} {was}, the manifest says {facts['bytes']:,} bytes; rebuild with `refrain build`"
            )
    return dict(manifest)


class Draft:
    """A generation being written, in a hidden folder that nobody reads.

    `base` is the generation that it continues, or None. A file is written once.
    """

    def __init__(self, path: Path, base: Generation | None):
        self.path = path
        self.base = base

    def array(self, name: str) -> npt.NDArray[Any]:
        return map_array(self.path / f"{name}.npy")

    def strings(self, name: str) -> Strings:
        return Strings(self.array(f"{name}.offsets"), map_bytes(self.path / f"{name}.utf8"))

    def write_array(self, name: str, array: npt.NDArray[Any], *, after: npt.NDArray[Any] | None = None) -> None:
        """Write `array`, below the rows of `after` where that is given."""
        first = 0 if after is None else len(after)
        shape = (first + len(array), *array.shape[1:])
        target = self._new(f"{name}.npy")
        if 0 in shape:
            np.save(target, np.zeros(shape, array.dtype), allow_pickle=False)
            return
        out = np.lib.format.open_memmap(target, mode="w+", dtype=array.dtype, shape=shape)
        if after is not None:
            out[:first] = after
        out[first:] = array
        out.flush()

    def write_strings(self, name: str, texts: Iterable[str], *, after: Strings | None = None) -> None:
        """Write `texts`, below the strings of `after` where that is given."""
        ends = [0]
        with self._new(f"{name}.utf8").open("wb") as file:
            if after is not None:
                file.write(after.text.tobytes())
            for text in texts:
                ends.append(ends[-1] + file.write(text.encode("utf-8", "replace")))
        offsets = np.array(ends, np.int64)
        if after is not None:
            offsets = np.concatenate([after.offsets, after.offsets[-1] + offsets[1:]])
        self.write_array(f"{name}.offsets", offsets)

    def folder(self, name: str) -> Path:
        """A new empty folder inside the generation."""
        path = self._new(name)
        path.mkdir()
        return path

    def adopt(self, source: Generation, *names: str) -> None:
        """Take over unchanged files or folders of another generation, as hard links where the disk allows."""
        for name in names:
            if (source.path / name).is_dir():
                shutil.copytree(source.path / name, self._new(name), copy_function=link)
            else:
                link(source.path / name, self._new(name))

    def _new(self, name: str) -> Path:
        path = self.path / name
        if path.exists():
            raise FileExistsError(f"{path} was written before; a file of a generation is written once")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def link(source: str | Path, target: str | Path) -> None:
    """A hard link, or a copy on a disk that has none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextlib.contextmanager
def new_generation(index: str | Path, facts: dict[str, Any]) -> Iterator[Draft]:
    """Yield a draft; when the block succeeds it becomes the index's current generation, else nothing changed.

    facts   what the manifest says beside format, version and files; the block may add to it
    """
    index = Path(index)
    if index.is_file():
        raise IndexMissingError(f"{index} is a file, expected a folder for the index; choose another --index")
    generations = index / "generations"
    try:
        generations.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefrainError(f"{index} cannot be written ({error.strerror}); choose another --index") from error
    with writer_lock(index):
        for left_over in generations.glob(".*"):  # a crashed writer's; the lock says that it is dead
            shutil.rmtree(left_over, ignore_errors=True)
        numbers = [int(p.name) for p in generations.iterdir() if p.name.isdigit()]
        path = generations / f"{max(numbers, default=0) + 1:06d}"
        staging = path.with_name(f".{path.name}.{os.getpid()}")
        base = _open_or_none(index)
        try:
            staging.mkdir()
            yield Draft(staging, base)
            digest = _seal(staging, facts)
            os.replace(staging, path)
            fsync(generations)
            write_whole(index / "CURRENT", f"{path.name} {digest}\n")
        except OSError as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise RefrainError(
                f"the index could not be written to {index}: {error.strerror or error}; "
                "what was there before is unchanged; make room or choose another --index, then run it again"
            ) from error
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        finally:
            if base is not None:
                base.close()
        _prune(generations, keep=path)


def _open_or_none(index: Path) -> Generation | None:
    """The generation in use; None where there is none or it is damaged: a build starts afresh."""
    try:
        return open_generation(index)
    except (IndexMissingError, IndexFormatError):
        return None


def _seal(path: Path, facts: dict[str, Any]) -> str:
    """Write the manifest last, everything on disk; returns its sha256."""
    files = {}
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        files[file.relative_to(path).as_posix()] = _file_facts(file)
        fsync(file)
    manifest = {**facts, "format": FORMAT, "version": FORMAT_VERSION, "created": _now(), "files": files}
    raw = json.dumps(manifest, sort_keys=True, indent=1).encode("utf-8")
    (path / "manifest.json").write_bytes(raw)
    fsync(path / "manifest.json")
    fsync(path)
    return hashlib.sha256(raw).hexdigest()


def _file_facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    if path.suffix == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        facts |= {"dtype": str(array.dtype), "shape": list(array.shape)}
    return facts


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(index: str | Path, *, track: Track = quiet) -> list[str]:
    """Hash every file of the current generation; a sentence for each that differs from the manifest."""
    generation = open_generation(index)
    problems = []
    try:
        known = generation.manifest["files"]
        for name, facts in track(sorted(known.items()), "verify files"):
            if (found := file_sha256(generation.path / name)) != facts["sha256"]:
                problems.append(f"{name}: sha256 is {found[:12]}..., the manifest says {facts['sha256'][:12]}...")
        for file in sorted(p for p in generation.path.rglob("*") if p.is_file()):
            name = file.relative_to(generation.path).as_posix()
            if name not in known and name != "manifest.json":
                problems.append(f"{name}: not in the manifest")
    finally:
        generation.close()
    return problems


def _prune(generations: Path, *, keep: Path) -> None:
    """Remove older generations that no reader holds."""
    for old in generations.iterdir():
        if old.name.isdigit() and old.name < keep.name and not has_readers(old / "manifest.json"):
            shutil.rmtree(old, ignore_errors=True)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
