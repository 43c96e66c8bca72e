"""Walk: every file of sound below a folder, with what the file system says of it and what lies beside it."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from indexer.errors import SourceError
from indexer.progress import Track, quiet
from indexer.sources.opened import SOUND_ENDINGS, shown
from indexer.sources.sound.beside import WORDS, has_cover, words_beside

PLAYLISTS = frozenset({".m3u", ".m3u8"})
# What programs and file systems put into folders: bins, thumbnails, indexes, halves of files of another system.
NO_MUSIC = frozenset({"@eadir", "#recycle", "#snapshot", "$recycle.bin", "__macosx", "lost+found"})
_NUMBERED_SHARE, _NUMBERED_LEAST = 0.8, 3  # of a folder's files that begin with a number: then it is that of a track


@dataclass(frozen=True, slots=True)
class SoundPath:
    """A file of sound as the walk found it.

    relative   its path below the folder that is imported
    beside     what lies beside it and counts: "cover", the name, size and time of the file of its words; a change of
               this is a change of the file
    words      the file with its words, None without one
    numbered   whether the files of its folder begin with numbers
    """

    path: Path
    relative: Path
    size: int
    mtime_ns: int
    beside: str = ""
    words: Path | None = None
    cover: bool = False
    numbered: bool = False


@dataclass(slots=True)
class Walk:
    """What a folder holds.

    files        by rising path within each folder
    playlists    M3U files
    unreadable   folders and files that could not be looked at -> why; nobody knows what they hold
    passed       endings of other files -> how many; "hidden" for hidden files and folders
    """

    root: Path
    files: list[SoundPath] = field(default_factory=list)
    playlists: list[Path] = field(default_factory=list)
    unreadable: dict[Path, str] = field(default_factory=dict)
    passed: Counter[str] = field(default_factory=Counter)


def is_sound(path: Path) -> bool:
    """Whether a file has the ending of sound, or a folder holds such a file."""
    if path.is_dir():
        walk = Walk(path)
        return any(walk.files for _ in _folders(walk))
    return path.suffix.lower() in SOUND_ENDINGS and path.is_file()


def walk_folder(path: Path, *, track: Track = quiet) -> Walk:
    """All that lies below a folder, or one file of sound. Symbolic links are followed, each folder is entered once.

    Raises SourceError where the folder itself cannot be read.
    """
    root = Path(os.path.realpath(path))
    if not root.exists():
        raise SourceError(f"{shown(path)} does not exist; check the name, and that its disk is there")
    if not root.is_dir():
        walk = Walk(root.parent)
        _take_files(walk, root.parent, [entry for entry in os.scandir(root.parent) if not entry.is_dir()], {root.name})
        return walk
    walk = Walk(root)
    for _ in track(_folders(walk), f"look through {shown(root.name)}"):
        pass
    if root in walk.unreadable:
        raise SourceError(f"{shown(root)} cannot be read: {walk.unreadable[root]}; give yourself the right, or mend it")
    return walk


def _folders(walk: Walk) -> Iterator[Path]:
    """Enters folder after folder, depth first, in the order of their names."""
    entered: set[tuple[int, int]] = set()
    waiting = [walk.root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:  # a symbolic link that leads back
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                names = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            walk.unreadable[folder] = error.strerror or str(error)
            continue
        files, folders = [], []
        for entry in names:
            if entry.name.startswith(".") or entry.name.lower() in NO_MUSIC:
                walk.passed["hidden"] += 1
            elif _is_folder(entry):
                folders.append(folder / entry.name)
            else:
                files.append(entry)
        _take_files(walk, folder, files)
        waiting += reversed(folders)
        yield folder


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _take_files(walk: Walk, folder: Path, entries: Iterable[os.DirEntry[str]], only: Iterable[str] = ()) -> None:
    """The files of one folder."""
    entries, only = list(entries), frozenset(only)
    names = {entry.name.lower(): entry.name for entry in entries}
    sounds = [entry for entry in entries if _ending(entry.name) in SOUND_ENDINGS]
    begun = sum(entry.name[:1].isdecimal() for entry in sounds)
    numbered = begun >= max(_NUMBERED_LEAST, _NUMBERED_SHARE * len(sounds))
    cover = has_cover(names)
    words_taken = {words_beside(Path(entry.name).stem, names) for entry in sounds}
    for entry in entries:
        if only and entry.name not in only:
            continue
        ending = _ending(entry.name)
        if ending in SOUND_ENDINGS:
            _take_sound(walk, folder, entry, names, cover=cover, numbered=numbered)
        elif ending in PLAYLISTS:
            walk.playlists.append(folder / entry.name)
        elif not (ending in WORDS and entry.name in words_taken):
            walk.passed[ending or "without an ending"] += 1


def _take_sound(
    walk: Walk, folder: Path, entry: os.DirEntry[str], names: dict[str, str], *, cover: bool, numbered: bool
) -> None:
    path = folder / entry.name
    try:
        status = entry.stat()
        if not stat.S_ISREG(status.st_mode):
            walk.unreadable[path] = "a device, a pipe or a broken link, expected a file of sound"
            return
        beside = ["cover"] if cover else []
        words = None
        if name := words_beside(path.stem, names):
            words = folder / name
            times = words.stat()
            beside.append(f"{shown(name)} {times.st_size} {times.st_mtime_ns}")
    except OSError as error:
        walk.unreadable[path] = error.strerror or str(error)
        return
    relative = path.relative_to(walk.root)
    walk.files.append(
        SoundPath(path, relative, status.st_size, status.st_mtime_ns, "; ".join(beside), words, cover, numbered)
    )


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()
