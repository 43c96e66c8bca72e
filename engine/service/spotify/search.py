"""Search: Spotify's query language, words and fields with colons, over the names of an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from engine.index import OpenIndex
from engine.lookup.names import MEANT, find
from engine.plain import shown
from engine.query.filters import Filters
from engine.query.wanted import derived
from engine.service.spotify.ids import read_id
from engine.service.spotify.tables import Tables, genre_key
from indexer.errors import EmptyQueryError, RequestError, SongNotFoundError
from indexer.sources.identifiers import isrc
from indexer.text.names import artist_key

MOST_QUERY = 1_000  # characters
MOST_WORDS = 50  # that are looked for one by one
LIKE = 100  # songs whose names are like the words, typos and all, before those that hold the words
TYPES = ("track", "artist", "album", "playlist", "show", "episode", "audiobook")

_FIELD = re.compile(r"(?<!\S)(track|artist|album|year|genre|isrc|upc|tag):\s*", re.IGNORECASE)
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query asks for.

    words    those without a field
    fields   name -> its words, of one that is given twice both
    """

    words: str
    fields: Mapping[str, str]

    @classmethod
    def of(cls, query: str) -> Wanted:
        """A value goes on to the next field, or to the quotation mark that closes it.

        >>> Wanted.of('rain track:Salt Road artist:"The Marrows" live')
        Wanted(words='rain live', fields={'track': 'Salt Road', 'artist': 'The Marrows'})
        """
        if not query.strip() or len(query) > MOST_QUERY:
            expected = f"1..{MOST_QUERY:,} characters"
            raise RequestError(field="q", found=f"{len(query.strip()):,} characters", expected=expected)
        marks = list(_FIELD.finditer(query))
        starts = [*(mark.start() for mark in marks), len(query)]
        free = [query[: starts[0]]]
        fields: dict[str, str] = {}
        for mark, end in zip(marks, starts[1:], strict=True):
            name, value = mark[1].lower(), query[mark.end() : end].strip()
            if value[:1] == '"' and '"' in value[1:]:
                value, _, rest = value[1:].partition('"')
                free.append(rest)
            fields[name] = f"{fields.get(name, '')} {value}".strip()
        return cls(" ".join(" ".join(free).split()), fields)


def rows_of(
    index: OpenIndex, tables: Tables, wanted: Wanted, songs_of_isrc: Callable[[str], Sequence[str]]
) -> list[int]:
    """The rows that a query finds, best first, none twice.

    Every word must begin one of a name, as people type: in the title or an artist's, or in the field's. Words without a
    field find what is like them too, typos and all, before the rest. The rest is in this order: titles that are the
    words, titles that begin with them, then others, then karaoke and other recordings made of others', each the best
    known first.

    songs_of_isrc   the song_ids of the songs that have an International Standard Recording Code
    """
    linked = _linked(tables, wanted)
    if linked is not None:
        return linked
    fields = wanted.fields
    rows = _rows_with(index, tables, wanted, songs_of_isrc, (tables.titles, tables.artist_names))
    title = " ".join(["", *_words(fields.get("track", "")), *_words(wanted.words)])
    chosen = np.array(rows, np.int64)
    other = np.array(
        [0 if tables.titles[row] == f"{title} " else 2 - tables.titles[row].startswith(title) for row in rows], np.int8
    )
    known = np.nan_to_num(index.popularity[chosen], nan=-1.0)
    best = chosen[np.lexsort((chosen, -known, other, derived(index.songs, chosen)))].tolist()
    like = [] if fields else _like(index, wanted.words)
    return list(dict.fromkeys([*like, *best]))


def albums_of(
    index: OpenIndex, tables: Tables, wanted: Wanted, songs_of_isrc: Callable[[str], Sequence[str]]
) -> list[int]:
    """The codes of the albums that a query finds: those that are called so, then those that begin so, then others, each
    by their best known songs.

    All words without a field must begin words of the album's name or of an artist's; fields choose among its songs.
    """
    rows = np.array(_rows_with(index, tables, wanted, songs_of_isrc, (tables.albums, tables.artist_names)), np.int64)
    rows = rows[index.songs.single("album_key")[rows] >= 0]
    name = " ".join(["", *_words(wanted.fields.get("album", "")), *_words(wanted.words)])
    other = [
        0 if tables.albums[row] == f"{name} " else 2 - tables.albums[row].startswith(name) for row in rows.tolist()
    ]
    order = np.lexsort((rows, -np.nan_to_num(index.popularity[rows], nan=-1.0), np.array(other, np.int8)))
    return list(dict.fromkeys(index.songs.single("album_key")[rows[order]].tolist()))


def artists_of(
    index: OpenIndex, tables: Tables, wanted: Wanted, songs_of_isrc: Callable[[str], Sequence[str]]
) -> list[int]:
    """The codes of the artists that a query finds, best first.

    All words without a field, and those of `artist`, must begin words of the name; other fields choose among artists
    of the songs that they find. Words without a field find names that are like them too.
    """
    keys = tables.artist_keys
    words = _words(f"{wanted.words} {wanted.fields.get('artist', '')}")
    others = {name: value for name, value in wanted.fields.items() if name != "artist"}
    if others:
        rows = rows_of(index, tables, Wanted("", others), songs_of_isrc)
        codes = sorted(set(index.songs.column("artist_key").of_rows(np.array(rows, np.int64))[1].tolist()))
    else:
        codes = [code for code, key in enumerate(keys) if key]
    for word in words:
        codes = [code for code in codes if f" {word}" in f" {keys[code]}"]
    name = " ".join(words)
    if name and not others:
        near = process.extract(name, keys, scorer=fuzz.ratio, score_cutoff=MEANT, limit=LIKE)
        codes = list(dict.fromkeys([*codes, *(code for key, _, code in near if key)]))
    known = tables.artist_popularity
    return sorted(
        codes, key=lambda code: (keys[code] != name, not keys[code].startswith(name), -known[code], keys[code])
    )


def _rows_with(
    index: OpenIndex,
    tables: Tables,
    wanted: Wanted,
    songs_of_isrc: Callable[[str], Sequence[str]],
    named: Sequence[Sequence[str]],
) -> list[int]:
    """The rows that meet all fields and have every word without a field in one of the columns `named`."""
    fields = wanted.fields
    if "upc" in fields or "tag" in fields:  # of albums: no index knows them
        return []
    rows: list[int] = np.flatnonzero(_mask(index, tables, fields, songs_of_isrc)).tolist()
    for columns, text in (
        ((tables.titles,), fields.get("track", "")),
        ((tables.artist_names,), fields.get("artist", "")),
        ((tables.albums,), fields.get("album", "")),
        (named, wanted.words),
    ):
        for word in _words(text):
            rows = _with_word(rows, columns, word)
    return rows


def _mask(
    index: OpenIndex, tables: Tables, fields: Mapping[str, str], songs_of_isrc: Callable[[str], Sequence[str]]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """bool (rows,): the living songs of the years, the genre and the recording that the fields name."""
    songs = index.songs
    mask = np.array(songs.alive)
    if "year" in fields:
        years = _YEARS.fullmatch(fields["year"])
        if years is None:
            raise RequestError(field="year", found=shown(fields["year"]), expected="a year, or two as in 1990-1999")
        mask &= Filters.of({"year": (int(years[1]), int(years[2] or years[1]))}).mask(songs)
    if "genre" in fields:
        genres = tables.genres.get(genre_key(fields["genre"]), ())
        mask &= Filters.of({"genre": genres}).mask(songs) if genres else False
    if "isrc" in fields:
        code = isrc(fields["isrc"])
        rows = [songs.row_of(song_id) for song_id in (songs_of_isrc(code) if code else ())]
        of_code = np.zeros(len(songs), bool)
        of_code[[row for row in rows if row is not None]] = True
        mask &= of_code
    return mask


def _linked(tables: Tables, wanted: Wanted) -> list[int] | None:
    """The row of a URI or link; None where the query is none."""
    if wanted.fields or not re.match(r"spotify:|https?:|open\.", wanted.words):
        return None
    try:
        row = tables.tracks.number_of(read_id("track", wanted.words))
    except RequestError:
        return None
    return [] if row is None else [row]


def _like(index: OpenIndex, words: str) -> list[int]:
    """The rows of the songs that are called much like the words."""
    try:
        return [song.row for song in find(index, words, LIKE) if song.similarity >= MEANT]
    except (SongNotFoundError, EmptyQueryError):  # a link to a song that is not here, or signs alone
        return []


def _words(text: str) -> list[str]:
    words = list(dict.fromkeys(artist_key(text).split()))
    if len(words) > MOST_WORDS:
        raise RequestError(field="q", found=f"{len(words)} words", expected=f"at most {MOST_WORDS}")
    return words


def _with_word(numbers: list[int], columns: Sequence[Sequence[str]], word: str) -> list[int]:
    """Those of the numbers in whose text, in one of the columns, the word begins one."""
    part = f" {word}"
    if len(columns) == 1:
        texts = columns[0]
        return [number for number in numbers if part in texts[number]]
    return [number for number in numbers if any(part in texts[number] for texts in columns)]
