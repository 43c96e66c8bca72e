"""Places: artist, album, title and year that a path says where tags say nothing ("Artist/Album/03 Title.flac")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from indexer.sources.cells import plain
from indexer.sources.opened import shown
from indexer.text.names import fold, title_stem

_NUMBER = r"(?:\d{1,2}[-.])?\d{1,3}"
_CERTAIN_NUMBER = re.compile(rf"(?:0\d|\d{{1,2}}[-.]\d{{2}}(?!\d)|{_NUMBER}(?=\s*[-–._)\]]))\s*[-–._)\]]*\s*(?=\S)")
_ANY_NUMBER = re.compile(rf"{_NUMBER}\s*[-–._)\]]*\s+(?=\S)")
_DASH = re.compile(r"\s+[-–—]\s+")
_YEAR = re.compile(r"[\[(]?((?:19|20)\d\d)[\])]?")
_YEAR_FIRST = re.compile(r"[\[(]?((?:19|20)\d\d)[\])]?\s*(?:[-–—.]\s*|\s)(?=\S)")
_YEAR_LAST = re.compile(r"\s*(?:[\[(]((?:19|20)\d\d)[^\])]*[\])]|[-–—]\s*((?:19|20)\d\d))\s*$")
_DISC = re.compile(r"(?:cd|disc|disk|vol(?:ume)?|lp|side|seite)[\s._-]*(?:\d{1,2}|[a-d])", re.IGNORECASE)
# Folders that sort music and name nobody.
_SHELVES = frozenset(
    fold(name)
    for name in (
        "music", "musik", "musique", "música", "my music", "songs", "audio", "sound", "sounds", "mp3", "mp3s", "flac",
        "downloads", "download", "desktop", "documents", "media", "itunes", "itunes media", "library", "collection",
        "albums", "artists", "singles", "compilations", "various", "various artists", "va", "soundtracks", "soundtrack",
        "ost", "unknown", "unknown artist", "unknown album", "misc", "other", "new", "temp", "tmp", "unsorted",
    )
)  # fmt: skip


def facts_of_path(relative: PurePath, *, numbered: bool = False) -> Mapping[str, object]:
    """What the path of a file below the imported folder says: title always; artist, album and year where it does.

    numbered   the files of its folder begin with numbers, so a number without a dot or a dash is that of a track too

    >>> facts_of_path(PurePath("Oda Finch/1999 - Brass/03 Umbrella.flac"))
    {'title': 'Umbrella', 'artist': 'Oda Finch', 'album': 'Brass', 'year': '1999'}
    >>> facts_of_path(PurePath("Oda Finch - 7 rings.mp3")), facts_of_path(PurePath("03. 99 Red Cats.mp3"))
    ({'title': '7 rings', 'artist': 'Oda Finch'}, {'title': '99 Red Cats'})
    """
    stem = _words(relative.stem)
    number = (_ANY_NUMBER if numbered else _CERTAIN_NUMBER).match(stem) or _CERTAIN_NUMBER.match(stem)
    title = stem[number.end() :] if number and _has_letters(stem[number.end() :]) else stem
    facts = _of_folders([_words(part) for part in relative.parts[:-1]])
    parts = [part for part in _DASH.split(title) if part]
    if len(parts) > 1:
        facts |= _of_parts(parts, str(facts.get("artist", "")))
    else:
        facts["title"] = title
    order = ("title", "artist", "album", "year")
    return {name: facts[name] for name in order if facts.get(name)}


def _words(name: str) -> str:
    text = plain(shown(name))
    return plain(text.replace("_", " ")) if "_" in text and " " not in text else text


def _has_letters(text: str) -> bool:
    return any(letter.isalnum() for letter in text)


def _of_folders(folders: Sequence[str]) -> dict[str, object]:
    """Artist, album and year of the last two folders that are no discs; shelves are nobody."""
    names = [name for name in folders if not _DISC.fullmatch(name)][-2:]
    if not names:
        return {}
    facts: dict[str, object] = {}
    album = names[-1]
    if (year := _YEAR_FIRST.match(album)) and _has_letters(album[year.end() :]):
        facts["year"], album = year[1], album[year.end() :]
    elif (year := _YEAR_LAST.search(album)) and _has_letters(album[: year.start()]):
        facts["year"], album = year[1] or year[2], album[: year.start()]
    artist = names[0] if len(names) > 1 else ""
    parts = _DASH.split(album)
    if len(parts) > 1 and (not artist or _is_shelf(artist) or fold(parts[0]) == fold(artist)):
        artist, album = parts[0], parts[-1] if len(parts) == 2 or not _YEAR.fullmatch(parts[1]) else parts[2]
    elif not artist:
        artist, album = album, ""
    if artist and not _is_shelf(artist):
        facts["artist"] = artist
    if album and not _is_shelf(album):
        facts["album"] = album
    return facts


def _is_shelf(name: str) -> bool:
    return fold(name) in _SHELVES


def _of_parts(parts: list[str], artist: str) -> dict[str, object]:
    """Of "Artist - Title", "Artist - Album - 03 - Title", "Title - Live"."""
    tail = f"{parts[-2]} - {parts[-1]}"
    if title_stem(tail) == fold(parts[-2]):  # a version of the song
        parts = [*parts[:-2], tail]
    parts = [part for place, part in enumerate(parts) if place in (0, len(parts) - 1) or not part.isdecimal()]
    if len(parts) == 1:
        return {"title": parts[0]}
    if len(parts) == 2 and artist and fold(parts[1]) == fold(artist):
        return {"title": parts[0]}
    facts: dict[str, object] = {"artist": parts[0], "title": parts[-1]}
    if len(parts) > 2:
        facts["album"], facts["title"] = parts[1], " - ".join(parts[2:])
    return facts
