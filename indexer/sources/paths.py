"""Paths: what a list of songs writes of a file of sound, as the path that it is here and as the names that it says."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from indexer.sources.opened import SOUND_ENDINGS, OpenedFile

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: "C:" is a drive
_DRIVE = re.compile(r"/?[A-Za-z]:[\\/]")
_PARTED = re.compile(r"\s+[-–—]\s+")
# "1-03 ", "03 - ", "3. ": a place on a disc; a bare "99 " may begin a title.
_PLACE = re.compile(r"(?:\d{1,2}-\d{2}[\s._-]+|\d{1,3}\s*[-._)]+\s+|\d{1,3}[._-](?=\D)|0\d\s+)(?=\S)")
_BARE_PLACE = re.compile(r"[1-4]?\d\s+(?=\S)")
_NO_TITLE = re.compile(r"(?:track|audio|titel|piste|pista|untitled|unknown|file)?[\s_.-]*\d*", re.IGNORECASE)
_DISC = re.compile(r"(?:cd|disc|disk|vol(?:ume)?\.?)\s*\d{1,2}", re.IGNORECASE)
# Folders that hold music and are no one's name.
_SHELVES = frozenset(
    {"music", "musik", "musique", "música", "musica", "itunes", "itunes media", "itunes music", "media",
     "media.localized", "apple music", "audio", "songs", "mp3", "flac", "downloads", "desktop", "documents",
     "playlists", "library", "spotify", "amazon music", "tracks"}
)  # fmt: skip
_NOBODY = frozenset({"compilations", "various", "various artists", "unknown artist", "va"})
# Folders of the system, and how many it takes to where people's own begin: /home/ada, /media/ada/disk.
_HOMES = {
    "home": 2,
    "users": 2,
    "volumes": 2,
    "mnt": 2,
    "storage": 2,
    "media": 3,
    "run": 4,
    "srv": 1,
    "var": 1,
    "sdcard": 1,
}


class PathNames(NamedTuple):
    """What the path of a song calls it; "" for what it does not say."""

    title: str
    artist: str
    album: str


def is_address(text: str) -> bool:
    """Whether a text is an address other than that of a file: "https://...", "spotify:...".

    >>> is_address("https://a.example/b.mp3"), is_address("file:///b.mp3"), is_address("C:/b.mp3")
    (True, False, False)
    """
    found = _SCHEME.match(text)
    return found is not None and not text.lower().startswith("file:")


def plain_path(text: str) -> str:
    """The path in a path or in an address of a file; "" for another address.

    >>> plain_path("file://localhost/Users/ada/A%20Song.mp3"), plain_path("file:///C:/b.mp3"), plain_path("a#1.mp3")
    ('/Users/ada/A Song.mp3', 'C:/b.mp3', 'a#1.mp3')
    """
    text = text.strip()
    if is_address(text) or "\x00" in text:
        return ""
    if text[:5].lower() == "file:":
        try:
            parts = urlsplit(text.replace("#", "%23").replace("?", "%3F"))
        except ValueError:
            return ""
        host = "" if parts.netloc.lower() in ("", "localhost", "127.0.0.1") else f"//{parts.netloc}"
        text = host + unquote(parts.path)
        if _DRIVE.match(text):
            text = text.lstrip("/")
    return "" if "\x00" in text else text


def file_path(text: str, folder: Path | None) -> str:
    """The absolute path of a file as this machine writes it, ".." and doubled slashes taken out.

    Relative paths start at `folder`. "" where it is none of this machine: an address, a drive of Windows, or a relative
    path without a folder.

    >>> file_path("file:///m/../music/a%20b.mp3", None), file_path("b.mp3", Path("/music")), file_path("b.mp3", None)
    ('/music/a b.mp3', '/music/b.mp3', '')
    """
    path = plain_path(text)
    if not path:
        return ""
    if os.name != "nt":
        if _DRIVE.match(path) or path.startswith("\\\\"):
            return ""
        if "\\" in path and "/" not in path:
            path = path.replace("\\", "/")
    if os.path.isabs(path):
        return os.path.normpath(path)
    return "" if folder is None else os.path.normpath(folder / path)


def list_folder(opened: OpenedFile) -> Path | None:
    """The folder that a list lies in; None where it was unpacked or came through a pipe."""
    path = Path(opened.path)
    return Path(os.path.abspath(path)).parent if PurePosixPath(opened.name).name == path.name else None


def file_stem(text: str) -> str:
    """The name of the file that a list writes, without its folder and ending; "" where it names none in a folder.

    >>> file_stem("file:///m/A%20Band%20-%20A%20Song.ogg"), file_stem("A Band - A Song"), file_stem("C:\\\\m\\\\a.mp3")
    ('A Band - A Song', '', 'a')
    """
    path = plain_path(text).replace("\\", "/")
    return PurePosixPath(path).stem if "/" in path else ""


def names_of_path(text: str) -> PathNames:
    """What a path says of its song: "Artist - Title.mp3", "Artist/Album/03 Title.flac".

    >>> names_of_path("/home/me/Music/Ana Freitas/Harbour Lights/03 Copper Kettle.flac")
    PathNames(title='Copper Kettle', artist='Ana Freitas', album='Harbour Lights')
    >>> names_of_path("D:\\\\new\\\\Ana Freitas - Copper Kettle.mp3")
    PathNames(title='Copper Kettle', artist='Ana Freitas', album='')
    >>> names_of_path("/home/me/99 Balloons.mp3")
    PathNames(title='99 Balloons', artist='', album='')
    """
    path = PureWindowsPath(plain_path(text))  # it parts at both slashes
    name = path.name
    stem = name[: -len(path.suffix)] if path.suffix.lower() in SOUND_ENDINGS else name
    if " " not in stem:
        stem = stem.replace("_", " ")
    folders = _named_folders(list(path.parts[:-1]))
    stem = " ".join(stem.split())
    bare = _PLACE.sub("", stem, count=1) if _PLACE.match(stem) else stem
    if bare == stem and len(folders) > 1:
        bare = _BARE_PLACE.sub("", stem, count=1) if _BARE_PLACE.match(stem) else stem
    artist, title = parted(bare)
    if artist:
        first, rest = parted(title)
        title = rest if first.isdigit() else title  # "Artist - 03 - Title"
    album = folders[-1] if len(folders) > 1 else ""
    if not artist and folders:
        artist = folders[-2] if len(folders) > 1 else folders[-1]
        artist = "" if artist.strip().lower() in _NOBODY else artist
    return PathNames("" if _NO_TITLE.fullmatch(title) and not artist else title, artist, album)


def parted(called: str) -> tuple[str, str]:
    """(artist, title) of "Artist - Title"; ("", the text) where it is not parted.

    >>> parted("AC/DC - T.N.T. - Live"), parted("T.N.T.")
    (('AC/DC', 'T.N.T. - Live'), ('', 'T.N.T.'))
    """
    parts = _PARTED.split(called, maxsplit=1)
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else ("", called)


def _named_folders(parts: list[str]) -> list[str]:
    """The folders below those that only say where music lies, discs left out."""
    folders = [part for part in parts if part.strip("\\/") and not part.endswith((":", ":\\", ":/")) and part != ".."]
    if len(folders) < len(parts) and folders:
        folders = folders[_HOMES.get(folders[0].lower(), 0) :]
    last = max((place for place, part in enumerate(folders, 1) if part.strip().lower() in _SHELVES), default=0)
    return [part for part in folders[last:] if not _DISC.fullmatch(part.strip()) and part != "."]
