"""Lists of songs in files: read as every source reads them, or a song per line, each looked up in the index."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from engine.bounds import MOST_NAMES
from engine.fields import MOST_NAME
from engine.index import OpenIndex
from engine.lookup.names import called, resolve
from indexer.errors import AmbiguousSongError, EmptyQueryError, RequestError, SongNotFoundError
from indexer.records import AUDIO_NAMES, AudioFeatures, Song
from indexer.sources import recognise
from indexer.sources.base import SongRow
from indexer.sources.detect import sniff
from indexer.sources.formats.m3u import m3u_entries
from indexer.sources.identifiers import spotify_track
from indexer.sources.meanings import meaning
from indexer.sources.paths import file_stem

LINES = (".txt", ".m3u", ".m3u8")  # a song per line; other files are known by their content
SURE = 90.0  # similarity, 0..100, from which a name in a list counts as found: nobody looks at each of them
MOST_LISTED = 10_000  # songs of a list that somebody sends


@dataclass(frozen=True, slots=True)
class Listed:
    """The songs of a file.

    songs       each once, in the file's order; those that the index does not hold have an empty song_id, and lyrics
                or audio features
    missing     what the others are called, or why a row is none
    ambiguous   of what is missing, names that several songs have -> their song_ids
    """

    songs: tuple[Song, ...]
    missing: tuple[str, ...]
    ambiguous: Mapping[str, tuple[str, ...]]


def read_list(index: OpenIndex, path: str | Path) -> Listed:
    """The songs of a table that any source reads, or of a text with a name, an id or a Spotify link per line.

    A song is found by its song_id, by its Spotify id or, where the index has neither, by title and artist.
    """
    lookup = _Lookup(index)
    if Path(path).suffix.lower() not in LINES:
        return _listed(lookup, _rows(lookup, path))
    with sniff(path).open_text() as file:
        return _listed(lookup, _lines(lookup, file))


def listed_in(index: OpenIndex, text: str) -> Listed:
    """The songs of a text that somebody sent, an M3U or a song a line. Nothing in it is read as a path of this machine.

    As many names as a request may hold are looked up with typos; beyond, a song must be called so letter by letter.
    RequestError where there are more than MOST_LISTED of them.
    """
    if other := _other_kind(text):
        raise RequestError(field="the list", found=other, expected="the text of an M3U or M3U8, or a song a line")
    lookup = _Lookup(index, left=MOST_NAMES)
    lines = io.StringIO("\n".join(text.splitlines()))  # whatever ends them
    return _listed(lookup, _lines(lookup, lines, most=MOST_LISTED))


def _other_kind(text: str) -> str:
    """What a text is that is no list of lines; "" for one that may be.

    >>> _other_kind("title,artist"), _other_kind("Rain, Ada"), _other_kind("[1]")
    ('a table', '', 'JSON or XML')
    """
    first = next((line.strip("\ufeff \t") for line in text.splitlines() if line.strip("\ufeff \t")), "")
    if first[:1] in ("{", "[", "<"):
        return "JSON or XML"
    cells = list(filter(None, (cell.strip(' "') for cell in re.split(r"[,;\t]", first))))
    return "a table" if len(cells) > 1 and all(map(meaning, cells)) else ""


def list_text(path: str | Path) -> str:
    """A list of lines as it stands in its file."""
    with sniff(path).open_text() as file:
        return file.read()


def paths_in(text: str) -> list[str]:
    """The relative paths that may stand in an M3U."""
    lines = (entry.locations[0] for entry, _ in m3u_entries(io.StringIO(text)))
    return [line for line in lines if not PurePath(line).is_absolute() and "://" not in line and len(line) < MOST_NAME]


def decoded(raw: bytes) -> str:
    """A list as text: UTF-8, UTF-16 with its mark, else as Windows writes M3U.

    >>> decoded("Café".encode("utf-8-sig")), decoded("Café".encode("utf-16")), decoded("Café".encode("cp1252"))
    ('Café', 'Café', 'Café')
    """
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _listed(lookup: _Lookup, entries: Iterable[tuple[str, Song | None]]) -> Listed:
    songs: dict[str | Song, Song] = {}
    missing: list[str] = []
    for name, song in entries:
        if song is None:
            missing.append(name)
        else:
            songs.setdefault(song.song_id or song, song)  # without an id, what is known of it tells it from others
    ambiguous = {name: lookup.ambiguous[name] for name in missing if name in lookup.ambiguous}
    return Listed(tuple(songs.values()), tuple(dict.fromkeys(missing)), ambiguous)


@dataclass
class _Lookup:
    """Looks songs up, each name once, and remembers the names that several of them have.

    left   so many names more are looked up with typos; None is any number, in a file of one's own
    """

    index: OpenIndex
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left: int | None = None
    _known: dict[str, Song | None] = field(default_factory=dict)

    def by_id(self, namespace: str, value: str) -> Song | None:
        row = self.index.songs.row_of(value) if namespace == "song" else None
        if namespace == "spotify":
            row = self.index.by_spotify.get(value)
        return None if row is None else self.index.songs.song(row)

    def by_name(self, name: str) -> Song | None:
        if name not in self._known:
            self._known[name] = self._by_name(name)
        return self._known[name]

    def _by_name(self, name: str) -> Song | None:
        if self.left is not None:
            if len(name) > MOST_NAME:
                return None
            if len(rows := called(self.index, name)) == 1:
                return self.index.songs.song(rows[0])
            if not self.left:
                return None
            self.left -= 1
        try:
            return self.index.songs.song(resolve(self.index, name, least=SURE))
        except AmbiguousSongError as error:
            ids = self.index.songs.song_ids
            self.ambiguous[name] = tuple(
                dict.fromkeys([*error.candidates, *(ids[r] for r in called(self.index, name))])
            )
        except (SongNotFoundError, EmptyQueryError):
            pass
        return None


def _lines(lookup: _Lookup, lines: Iterable[str], most: int | None = None) -> Iterator[tuple[str, Song | None]]:
    for place, (entry, title) in enumerate(m3u_entries(lines)):
        if place == most:
            raise RequestError(field="the list", found=f"more than {most:,} songs", expected="at most so many")
        line = entry.locations[0]
        track = next(filter(None, map(spotify_track, entry.locations)), "")
        names = [title, line, file_stem(line)]
        songs = (lookup.by_name(name) for name in names if name)
        ids = [("spotify", track), ("song", entry.song_id)]
        song = next(filter(None, (lookup.by_id(*each) for each in ids if each[1])), None) or next(
            filter(None, songs), None
        )
        # An entry that is not found is known by the name that several songs have, where one of its names is such.
        several = next((name for name in names if name in lookup.ambiguous), None)
        yield several or title or line, song


def _rows(lookup: _Lookup, path: str | Path) -> Iterator[tuple[str, Song | None]]:
    described = False
    for batch in recognise(path).batches():
        described |= bool(batch.songs)
        for row in batch.songs:
            yield _song_of(lookup, row)
        if not described:  # a table of entries: nothing but ids
            for entry in batch.entries:
                if not isinstance(entry.song, int):  # its song would stand in the batch
                    yield entry.song[1], lookup.by_id(*entry.song)
        for refusal in batch.refusals:
            if refusal.what in ("song", "entry"):
                yield f"row {refusal.row}: {refusal.reason}", None


def _song_of(lookup: _Lookup, row: SongRow) -> tuple[str, Song | None]:
    ids = [*([("song", row.song_id)] if row.song_id else []), *row.ids]
    title, artist = str(row.facts.get("title", "")), str(row.facts.get("artist", ""))
    name = ", ".join(filter(None, (title, artist))) or ids[0][1]
    for each in ids:
        if song := lookup.by_id(*each):
            return name, song
    if title and (song := lookup.by_name(name)):
        return name, song
    facts = {field: value for field, value in row.facts.items() if field not in AUDIO_NAMES}
    sound = {field: value for field, value in row.facts.items() if field in AUDIO_NAMES}
    if not sound and "lyrics" not in facts:
        return name, None
    song = Song(**{"title": "", "artist": "", **facts}, audio=AudioFeatures(**sound) if sound else None)  # type: ignore[arg-type]
    return name, song
