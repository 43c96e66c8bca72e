"""Publishing: a draft becomes the generation in use, whole or not at all; what nobody needs any more is removed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from indexer.errors import IndexFormatError, IndexMissingError, RefrainError
from indexer.store.draft import Draft, journal_of
from indexer.store.files import fsync, read_json, replace_whole
from indexer.store.generations import FORMAT, FORMAT_VERSION, JOURNAL, NUMBERED, current_place, open_base
from indexer.store.locks import WRITER, unread, writer_lock
from indexer.waiting import Patience

_DRAFT = re.compile(r"\.(\d{6})\.(\d+)\Z")


@contextlib.contextmanager
def only_writer(index: Path, patience: Patience | None = None) -> Iterator[None]:
    """Be the only writer of an index folder, which is made where there is none. See `writer_lock`.

    A block that fails before it has written anything leaves no folder that was not there.
    """
    if index.is_file():
        raise IndexMissingError(f"{index} is a file, expected a folder for the index; choose another --index")
    new = not index.exists()
    try:
        index.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefrainError(f"{index} cannot be written ({error.strerror}); choose another --index") from error
    with writer_lock(index, patience):
        try:
            yield
        except BaseException:
            if new and [path.name for path in index.iterdir()] == [WRITER]:
                (index / WRITER).unlink()
                index.rmdir()
            raise


@contextlib.contextmanager
def new_generation(
    index: str | Path, facts: dict[str, Any], *, purge: bool = False, locked: bool = False
) -> Iterator[tuple[Draft, list[Path]]]:
    """Yield a draft and the drafts that crashed writers left; when the block succeeds it is the generation in use.

    After an error the generation in use is what it was, and what the draft finished stays for the next writer.

    facts   what the manifest says beside format, version and files; the block may add to it
    purge   the generation before it goes, too, as soon as nobody reads it: words of deleted songs are in it
    locked  the caller is the only writer already, by `only_writer`
    """
    index = Path(index)
    generations = index / "generations"
    with contextlib.nullcontext() if locked else only_writer(index):
        if generations.is_symlink():
            raise IndexFormatError(f"{generations} is a link, expected a folder of the index; remove the link")
        with _writing(index):
            generations.mkdir(exist_ok=True)
        left_over = _unpublished(index)
        numbers = [int(p.name) for p in generations.iterdir() if NUMBERED.match(p.name)]
        number = max(numbers, default=0) + 1
        path = generations / f"{number:06d}"
        staging = generations / f".{path.name}.{time.time_ns()}"
        base = open_base(index)
        try:
            with _writing(index):
                staging.mkdir()
            draft = Draft(staging, base, number)
            yield draft, left_over
            with _writing(index):
                digest = _seal(draft, {**facts, "purge": purge})
                os.replace(staging, path)
                fsync(generations)
                replace_whole(index / "CURRENT", f"{path.name} {digest}\n")
        except BaseException:
            if staging.exists() and not journal_of(staging):  # nothing in it that another writer could use
                shutil.rmtree(staging, ignore_errors=True)
            raise
        finally:
            if base is not None:
                base.close()
        tidy(index)


def _unpublished(index: Path) -> list[Path]:
    """Folders that writers have not published; with the writer's lock in hand, those of dead ones."""
    with contextlib.suppress(IndexMissingError, IndexFormatError):  # of a writer killed when it had published
        (current_place(index)[0] / JOURNAL).unlink(missing_ok=True)
    found = []
    for path in sorted((index / "generations").iterdir()):
        # A writer may be killed between giving its folder the number and naming that in CURRENT.
        numbered = NUMBERED.match(path.name) and (path / JOURNAL).is_file()
        if (numbered or _DRAFT.match(path.name)) and path.is_dir() and not path.is_symlink():
            found.append(path)
    return found


def tidy(index: Path) -> None:
    """Remove what crashed writers left, and generations older than the one before the current, if nobody reads them.

    The caller has the writer's lock. The generation before the current one stays for readers that are just opening
    it, unless the current one was published with `purge`. What a writer of indexes does not name so is not touched.
    """
    for folder in _unpublished(index):
        shutil.rmtree(folder, ignore_errors=True)
    current = current_place(index)[0]
    purge = read_json(current / "manifest.json").get("purge") is True
    numbered = [p for p in (index / "generations").iterdir() if NUMBERED.match(p.name)]
    older = sorted((p for p in numbered if int(p.name) < int(current.name)), key=lambda p: int(p.name), reverse=True)
    for old in older if purge else older[1:]:
        if old.is_dir() and not old.is_symlink():
            with unread(old / "manifest.json") as nobody_reads:
                if nobody_reads:
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


def now() -> str:
    """The time in UTC, as manifests have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
