"""Path names: title, artist, album and year that the path of a song says ("Artist/1999 - Album/03 Title.flac")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PureWindowsPath
from typing import NamedTuple

from indexer.sources.cells import plain
from indexer.sources.opened import SOUND_ENDINGS
from indexer.sources.paths import plain_path
from indexer.text.names import fold, title_stem

LIKELY_PLACES = 49  # "12 Title" is a place on a disc, "99 Balloons" a title, where nobody knows the files beside it

_NUMBER = r"(?:\d{1,2}[-.])?\d{1,3}"
_MARK = r"[-–._)\]]"
# "03 ", "1-03", "3. ", "3 - ", "3_Title": certainly a place on a disc. "1-800-273" is none.
_CERTAIN_NUMBER = re.compile(
    rf"(?:0\d|\d{{1,2}}[-.]\d{{2}}(?!\d)|{_NUMBER}(?=\s*{_MARK}+(?:\s|\D)))\s*{_MARK}*\s*(?=\S)"
)
_ANY_NUMBER = re.compile(rf"(?:\d{{1,2}}[-.])?(\d{{1,3}})\s*{_MARK}*\s+(?=\S)")
_DASH = re.compile(r"\s+[-–—]\s+")
_YEAR = re.compile(r"[\[(]?((?:19|20)\d\d)[\])]?")
_YEAR_FIRST = re.compile(r"[\[(]?((?:19|20)\d\d)[\])]?\s*(?:[-–—.]\s*|\s)(?=\S)")
_YEAR_LAST = re.compile(r"\s*(?:[\[(]((?:19|20)\d\d)[^\])]*[\])]|[-–—]\s*((?:19|20)\d\d))\s*$")
_DISC = re.compile(r"(?:cd|disc|disk|vol(?:ume)?\.?|lp|side|seite)[\s._-]*(?:\d{1,2}|[a-d])", re.IGNORECASE)
_NO_TITLE = re.compile(r"(?:track|audio|titel|piste|pista|untitled|unknown|file)?[\s_.-]*\d*", re.IGNORECASE)
_HALF = re.compile("[\ud800-\udfff]")  # how Python writes a byte of a path that is no UTF-8
# Folders that hold music: above them is nothing of a song.
_SHELVES = frozenset(
    fold(name)
    for name in (
        "music", "musik", "musique", "música", "my music", "itunes", "itunes media", "itunes music", "media",
        "media.localized", "apple music", "amazon music", "spotify", "audio", "sound", "sounds", "songs", "tracks",
        "mp3", "mp3s", "flac", "downloads", "download", "desktop", "documents", "playlists", "library", "collection",
        "artists", "unsorted", "temp", "tmp",
    )
)  # fmt: skip
# Folders that name no artist and no album, beside those.
_NOBODY = _SHELVES | frozenset(
    fold(name)
    for name in (
        "albums", "singles", "compilations", "various", "various artists", "va", "soundtracks", "soundtrack", "ost",
        "unknown", "unknown artist", "unknown album", "misc", "other", "new",
    )
)  # fmt: skip
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
    artist: str = ""
    album: str = ""
    year: str = ""


def names_of_path(text: str) -> PathNames:
    """What a path or an address that a list writes says of its song.

    >>> names_of_path("/home/me/Music/Ana Freitas/1999 - Harbour Lights/03 Copper Kettle.flac")
    PathNames(title='Copper Kettle', artist='Ana Freitas', album='Harbour Lights', year='1999')
    >>> names_of_path("D:\\\\new\\\\Ana Freitas - Copper Kettle.mp3").artist
    'Ana Freitas'
    >>> names_of_path("/home/me/99 Balloons.mp3").title
    '99 Balloons'
    """
    path = PureWindowsPath(plain_path(text))  # it parts at both slashes
    stem = path.name[: -len(path.suffix)] if path.suffix.lower() in SOUND_ENDINGS else path.name
    folders = _below_shelves(path)
    names = names_of_parts(folders, stem, bare_places=LIKELY_PLACES if len(folders) > 1 else 0)
    return names._replace(title="") if _NO_TITLE.fullmatch(names.title) and not names.artist else names


def names_of_parts(folders: Sequence[str], stem: str, *, bare_places: int = 0) -> PathNames:
    """What the folders that a file of sound lies in and its name without the ending say; always a title.

    folders       those below the folder that holds all music
    bare_places   numbers up to this one are places on a disc too where no dot or dash is behind them

    >>> names_of_parts(["Oda Finch", "Brass (1999)", "CD 2"], "2-03 Umbrella")
    PathNames(title='Umbrella', artist='Oda Finch', album='Brass', year='1999')
    >>> names_of_parts([], "Oda Finch - 7 rings"), names_of_parts([], "03. 99 Red Cats").title
    (PathNames(title='7 rings', artist='Oda Finch', album='', year=''), '99 Red Cats')
    """
    name = _words(stem)
    bare = _ANY_NUMBER.match(name)
    number = bare if bare and int(bare[1]) <= bare_places else _CERTAIN_NUMBER.match(name)
    title = name[number.end() :] if number and _has_letters(name[number.end() :]) else name
    by_folders = _of_folders([_words(each) for each in folders])
    parts = [part for part in _DASH.split(title) if part]
    if len(parts) < 2:
        return by_folders._replace(title=title)
    title, artist, album = _of_parts(parts, by_folders.artist)
    return PathNames(title, artist or by_folders.artist, album or by_folders.album, by_folders.year)


def parted(called: str) -> tuple[str, str]:
    """(artist, title) of "Artist - Title"; ("", the text) where it is not parted.

    >>> parted("AC/DC - T.N.T. - Live"), parted("T.N.T.")
    (('AC/DC', 'T.N.T. - Live'), ('', 'T.N.T.'))
    """
    parts = _DASH.split(called, maxsplit=1)
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else ("", called)


def _words(name: str) -> str:
    text = plain(_HALF.sub("\ufffd", name))
    return plain(text.replace("_", " ")) if "_" in text and " " not in text else text


def _has_letters(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def _below_shelves(path: PureWindowsPath) -> list[str]:
    """The folders that a path is in, but for those that only say where music lies."""
    folders = [part for part in path.parts[:-1] if part not in (path.anchor, "..")]
    if folders and path.anchor and not path.anchor.startswith("\\\\"):  # a share begins where people's own begins
        folders = folders[_HOMES.get(folders[0].lower(), 0) :]
    last = max((place for place, part in enumerate(folders, 1) if fold(part) in _SHELVES), default=0)
    return folders[last:]


def _of_folders(folders: Sequence[str]) -> PathNames:
    """Artist, album and year of the last two folders that are no discs; a lone one is an artist."""
    names = [name for name in folders if not _DISC.fullmatch(name)][-2:]
    if names and fold(names[0]) in _SHELVES:
        names = names[1:]
    if not names:
        return PathNames("")
    album, known = names[-1], ""
    if (year := _YEAR_FIRST.match(album)) and _has_letters(album[year.end() :]):
        known, album = year[1], album[year.end() :]
    elif (year := _YEAR_LAST.search(album)) and _has_letters(album[: year.start()]):
        known, album = year[1] or year[2], album[: year.start()]
    artist = names[0] if len(names) > 1 else ""
    parts = _DASH.split(album)
    if len(parts) > 1 and (not artist or fold(artist) in _NOBODY or fold(parts[0]) == fold(artist)):
        artist, album = parts[0], parts[-1] if len(parts) == 2 or not _YEAR.fullmatch(parts[1]) else parts[2]
    elif len(names) < 2:
        artist, album = album, ""
    artist, album = ("" if fold(name) in _NOBODY else name for name in (artist, album))
    return PathNames("", artist, album, known)


def _of_parts(parts: list[str], artist: str) -> tuple[str, str, str]:
    """Title, artist and album of "Artist - Title", "Artist - Album - 03 - Title", "Title - Live"."""
    tail = f"{parts[-2]} - {parts[-1]}"
    if title_stem(tail) == fold(parts[-2]):  # a version of the song
        parts = [*parts[:-2], tail]
    parts = [part for place, part in enumerate(parts) if place in (0, len(parts) - 1) or not part.isdecimal()]
    if len(parts) == 1 or (len(parts) == 2 and artist and fold(parts[1]) == fold(artist)):
        return parts[0], "", ""
    if len(parts) == 2:
        return parts[1], parts[0], ""
    return " - ".join(parts[2:]), parts[0], parts[1]
