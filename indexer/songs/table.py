"""The songs of an index as columns: what filters, signals and hits read, one plain array per facet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.lazy import lazy
from indexer.models.moods.columns import MoodColumns
from indexer.records import AUDIO_NAMES, MEASURED, SOUND_NAMES, AudioFeatures, Song
from indexer.store import artefacts
from indexer.store.artefacts import Artefact, CodedArtefact
from indexer.store.columns import Strings, check_lists, check_numbers
from indexer.store.generations import Source

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

UNKNOWN = -1  # in integer columns; floats use NaN

TEXTS: dict[str, Artefact] = {
    "song_id": artefacts.SONG_ID,
    "title": artefacts.TITLE,
    "artist": artefacts.ARTIST,
    "album": artefacts.ALBUM,
    "language": artefacts.LANGUAGE,
    "spotify_id": artefacts.SPOTIFY_ID,
    "lyrics": artefacts.LYRICS,
}
TERMS: dict[str, CodedArtefact] = {
    "artist_key": artefacts.ARTIST_KEY,
    "artist_name": artefacts.ARTIST_NAME,
    "album_key": artefacts.ALBUM_KEY,
    "language_key": artefacts.LANGUAGE_KEY,
    "genre": artefacts.GENRE,
    "tag": artefacts.TAG,
}
_FEATURE = {name: column for column, name in enumerate(AUDIO_NAMES)}


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of terms: row r has codes[starts[r] : starts[r + 1]], each an entry of `terms`.

    A term that only deleted songs had is "".
    """

    terms: Strings
    starts: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        check_lists(self.starts, self.codes, len(self.terms), self.terms.source)

    def codes_of(self, row: int) -> list[int]:
        codes: list[int] = self.codes[self.starts[row] : self.starts[row + 1]].tolist()
        return codes

    def of(self, row: int) -> list[str]:
        return [self.terms[code] for code in self.codes_of(row)]

    def of_rows(self, rows: Rows) -> tuple[Rows, npt.NDArray[np.int32]]:
        """The codes of many rows: (position in `rows` of each code, the code)."""
        starts, counts = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return owner, self.codes[np.repeat(starts, counts) + within]

    def padded(self, rows: Rows) -> npt.NDArray[np.int32]:
        """int32 (len(rows), most): the codes of each row from the left, the rest -1; one column at least."""
        owner, codes = self.of_rows(rows)
        counts = self.starts[rows + 1] - self.starts[rows]
        out = np.full((len(rows), max(int(counts.max(initial=0)), 1)), UNKNOWN, np.int32)
        out[owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)] = codes
        return out

    def mask_of(self, wanted: Sequence[int]) -> Mask:
        """bool (rows,): the rows that have one of these codes."""
        chosen = np.zeros(len(self.terms), bool)
        chosen[list(wanted)] = True
        hits = np.concatenate([[0], np.cumsum(chosen[self.codes])]) if len(self.codes) else np.zeros(1, np.int64)
        mask: Mask = hits[self.starts[1:]] > hits[self.starts[:-1]]
        return mask


class Outline(NamedTuple):
    """What a song's table says of it beside its names, its sound and its lyrics; fields as of `records.Song`."""

    title: str
    genres: tuple[str, ...]
    tags: tuple[str, ...]
    language: str | None
    year: int | None
    decade: int | None
    explicit: bool | None
    popularity: float | None


class Songs:
    """The songs of one generation by row.

    len()    rows, the dead ones included
    alive    bool (rows,); a deleted or changed song leaves a dead row, without its words, until the next build
    audio    float32 (rows, 12), NaN where unknown; columns in the order of AUDIO_NAMES; on one scale: where some songs
             are measured from files, and others not, the measured ones are as the others
    audio_as_imported   the same as it came, which is what is shown of a song
    year, decade   int16, -1 unknown;  explicit  int8, -1 unknown;  popularity  float32 0..100, NaN unknown
    """

    def __init__(self, source: Source):
        self._source = source
        self.alive: Mask = source.array(artefacts.ALIVE)
        self.titles = source.strings(artefacts.TITLE)
        self.artists = source.strings(artefacts.ARTIST)
        self.song_ids = source.strings(artefacts.SONG_ID)
        self.lyrics = source.strings(artefacts.LYRICS)
        self._texts: dict[str, Strings] = {}
        self._columns: dict[str, Coded] = {}
        self._singles: dict[str, npt.NDArray[np.int32]] = {}
        self._lookups: dict[str, dict[str, list[int]]] = {}

    def __len__(self) -> int:
        return len(self.alive)

    @lazy
    def audio(self) -> npt.NDArray[np.float32]:
        comparable = self._source.has(artefacts.COMPARABLE_AUDIO)
        return self._source.array(artefacts.COMPARABLE_AUDIO) if comparable else self.audio_as_imported

    @lazy
    def audio_as_imported(self) -> npt.NDArray[np.float32]:
        return self._source.array(artefacts.AUDIO_FEATURES)

    @lazy
    def audio_measured(self) -> Mask:
        """bool (rows,): whether the audio features were measured from a file of sound."""
        return self._source.array(artefacts.AUDIO_MEASURED)

    @lazy
    def year(self) -> npt.NDArray[np.int16]:
        return self._source.array(artefacts.YEAR)

    @lazy
    def decade(self) -> npt.NDArray[np.int16]:
        return self._source.array(artefacts.DECADE)

    @lazy
    def explicit(self) -> npt.NDArray[np.int8]:
        return self._source.array(artefacts.EXPLICIT)

    @lazy
    def versions(self) -> npt.NDArray[np.uint32]:
        """uint32 (rows,): the kinds of version that each title is marked as, bit i for `text.versions.KINDS[i]`."""
        return self._source.array(artefacts.VERSIONS)

    @lazy
    def title_stems(self) -> Rows:
        """int64 (rows,): a number for each title without its version marks, the same for the same; 0 is unknown."""
        return self._source.array(artefacts.TITLE_STEMS)

    @lazy
    def popularity(self) -> npt.NDArray[np.float32]:
        return self._source.array(artefacts.SOURCE_POPULARITY)

    @lazy
    def moods(self) -> MoodColumns:
        """The moods that were learned; none where too few songs are called so."""
        source = self._source
        return MoodColumns(
            names=tuple(source.strings(artefacts.MOOD_NAMES)),
            probabilities=source.array(artefacts.MOOD_PROBABILITIES),
            listener_labels=source.array(artefacts.MOOD_LISTENER_LABELS),
            base_rates=source.array(artefacts.MOOD_BASE_RATES),
            thresholds=source.array(artefacts.MOOD_THRESHOLDS),
            words=tuple(source.strings(artefacts.MOOD_WORDS)),
            neighbours=source.array(artefacts.MOOD_NEIGHBOURS),
        )

    @lazy
    def has_lyrics(self) -> Mask:
        return np.diff(self.lyrics.offsets) > 0

    @lazy
    def has_audio(self) -> Mask:
        """Whether anything is known of how a song sounds; a duration alone says nothing of it."""
        sounds = [AUDIO_NAMES.index(name) for name in SOUND_NAMES]
        return np.asarray(~np.isnan(self.audio_as_imported[:, sounds]).all(axis=1))

    def column(self, name: str) -> Coded:
        """One of TERMS."""
        if name not in self._columns:
            of = TERMS[name]
            read = self._source
            column = Coded(read.strings(of.terms), read.array(of.starts), read.array(of.codes))
            if len(column.starts) != len(self) + 1:
                raise IndexFormatError(
                    f"{column.terms.source} has {len(column.starts) - 1:,} rows, the index {len(self):,}; "
                    "rebuild with `refrain build`"
                )
            self._columns[name] = column
        return self._columns[name]

    def codes(self, name: str) -> dict[str, list[int]]:
        """The terms of a column as they are looked up, and their codes: without regard to case, albums by title."""
        if name not in self._lookups:
            codes: dict[str, list[int]] = {}
            for code, term in enumerate(self.column(name).terms):
                if term:  # what deleted songs leave is empty
                    key = term.partition("|")[2] if name == "album_key" else term.casefold()
                    codes.setdefault(key, []).append(code)
            self._lookups[name] = codes
        return self._lookups[name]

    def single(self, name: str) -> npt.NDArray[np.int32]:
        """int32 (rows,): the first code of each row, -1 where it has none; of the artists the main one."""
        if name not in self._singles:
            column = self.column(name)
            out = np.full(len(self), UNKNOWN, np.int32)
            has = np.diff(column.starts) > 0
            out[has] = column.codes[column.starts[:-1][has]]
            self._singles[name] = out
        return self._singles[name]

    @lazy
    def main_artists(self) -> npt.NDArray[np.int16]:
        """int16 (rows,): how many of a row's artists made the song; those after them are guests."""
        numbers: npt.NDArray[np.int16] = self._source.array(artefacts.MAIN_ARTISTS)
        keys, names = self.column("artist_key"), self.column("artist_name")
        counts = np.diff(keys.starts)
        if not np.array_equal(keys.starts, names.starts) or (numbers < 0).any() or (numbers > counts).any():
            raise IndexFormatError(f"{keys.terms.source} is damaged: artists lack names; rebuild with `refrain build`")
        return numbers

    def artists_of(self, row: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """A song's main artists and its guests, as written."""
        many, names = int(self.main_artists[row]), self.column("artist_name").of(row)
        return tuple(names[:many]), tuple(names[many:])

    def artist_called(self, code: int) -> str:
        """The artist of a code as some song writes him."""
        names = self.column("artist_name")
        written = names.codes[self.column("artist_key").codes == code].tolist()
        return next((name for each in written if (name := names.terms[each])), "")

    @lazy
    def _by_id(self) -> Rows:
        rows: Rows = self._source.array(artefacts.BY_ID)
        check_numbers(rows, len(self), artefacts.BY_ID.name)
        return rows

    def row_of(self, song_id: str) -> int | None:
        """The living row of a song_id, by binary search."""
        rows = self._by_id.data
        at = bisect_left(rows, song_id, key=self.song_ids.__getitem__)
        return rows[at] if at < len(rows) and self.song_ids[rows[at]] == song_id else None

    def song(self, row: int) -> Song:
        """The song in a row; its lyrics are cleaned."""
        return self._song(row, self.lyrics[row] or None)

    def described(self, rows: Iterable[int]) -> Iterator[Song]:
        """The songs of rows without their lyrics, which are most of what there is to read of a song."""
        return (self._song(row, None) for row in rows)

    def outlines(self, rows: range) -> Iterator[Outline]:
        """What `described` says of rows in a row that models read, in a third of the time."""
        genre, tag = self.column("genre"), self.column("tag")
        genres, tags = list(genre.terms), list(tag.terms)
        for row in rows:
            year, decade = self.when(row)
            popularity, explicit = self.popularity.item(row), self.explicit.item(row)
            yield Outline(
                self.titles[row],
                tuple([genres[code] for code in genre.codes_of(row)]),
                tuple([tags[code] for code in tag.codes_of(row)]),
                self.text("language", row),
                year,
                decade,
                None if explicit == UNKNOWN else bool(explicit),
                None if popularity != popularity else float(str(self.popularity[row])),
            )

    def _song(self, row: int, lyrics: str | None) -> Song:
        audio = {name: _exact(self.audio_as_imported.item(row, _FEATURE[name])) for name in AUDIO_NAMES}
        popularity = float(str(self.popularity[row]))
        artists, featured = self.artists_of(row)
        return Song(
            title=self.titles[row],
            artist=self.artists[row],
            song_id=self.song_ids[row],
            artists=artists,
            featured=featured,
            album=self.text("album", row),
            year=self.when(row)[0],
            decade=self.when(row)[1],
            language=self.text("language", row),
            genres=tuple(self.column("genre").of(row)),
            explicit=None if self.explicit[row] == UNKNOWN else bool(self.explicit[row]),
            popularity=None if np.isnan(popularity) else popularity,
            spotify_id=self.text("spotify_id", row),
            lyrics=lyrics,
            audio=AudioFeatures(**audio) if any(value is not None for value in audio.values()) else None,
            audio_origin=MEASURED if self.audio_measured[row] else None,
            tags=tuple(self.column("tag").of(row)),
        )

    def when(self, row: int) -> tuple[int | None, int | None]:
        """Year and decade."""
        return _known(self.year[row]), _known(self.decade[row])

    def feature(self, name: str, row: int) -> float | None:
        """An audio feature on the scale on which songs are compared."""
        return _exact(self.audio.item(row, _FEATURE[name]))

    def text(self, name: str, row: int) -> str | None:
        """One of TEXTS, None where the song has none."""
        if name not in self._texts:
            self._texts[name] = self._source.strings(TEXTS[name])
        return self._texts[name][row] or None


def _exact(value: float) -> float | None:
    """The number that was imported, without the digits that float32 adds to it; None for NaN."""
    return None if value != value else float(f"{value:.7g}")


def _known(value: Any) -> int | None:
    return None if int(value) == UNKNOWN else int(value)


def audio_table(songs: Iterable[Song]) -> npt.NDArray[np.float32]:
    """float32 (songs, 12) in the order of AUDIO_NAMES, NaN where unknown."""
    rows = [
        [np.nan] * len(AUDIO_NAMES)
        if song.audio is None
        else [np.nan if (value := getattr(song.audio, name)) is None else value for name in AUDIO_NAMES]
        for song in songs
    ]
    return np.array(rows, np.float32).reshape(-1, len(AUDIO_NAMES))
