"""The songs of an index as columns: what filters, signals and hits read, one plain array per facet."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.models.moods.columns import MoodColumns
from indexer.records import AUDIO_NAMES, AudioFeatures, Song
from indexer.store.columns import Strings
from indexer.store.generations import Draft, Generation
from indexer.text.clean import clean
from indexer.text.names import artist_key, fold

UNKNOWN = -1  # in integer columns; floats use NaN

TEXTS = ("song_id", "title", "artist", "album", "language", "spotify_id", "lyrics")
SINGLES = ("artist_key", "album_key", "language_key")
MANY = ("genre", "tag")
_FEATURE = {name: column for column, name in enumerate(AUDIO_NAMES)}


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of terms: row r has codes[starts[r] : starts[r + 1]], each an entry of `terms`."""

    terms: Strings
    starts: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]

    def of(self, row: int) -> list[str]:
        return [self.terms[code] for code in self.codes[self.starts[row] : self.starts[row + 1]].tolist()]

    def of_rows(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """The codes of many rows: (position in `rows` of each code, the code)."""
        starts, counts = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return owner, self.codes[np.repeat(starts, counts) + within]

    def having(self, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """bool (rows,): the rows that have one of the terms wanted, bool (terms,)."""
        hits = np.concatenate([[0], np.cumsum(wanted[self.codes])]) if len(self.codes) else np.zeros(1, np.int64)
        found: npt.NDArray[np.bool_] = hits[self.starts[1:]] > hits[self.starts[:-1]]
        return found


class Songs:
    """The songs of one generation by row.

    len()    rows, the dead ones included
    alive    bool (rows,); a deleted or changed song leaves a dead row until the next build
    audio    float32 (rows, 12), NaN where unknown; columns in the order of AUDIO_NAMES
    year, decade   int16, -1 unknown;  explicit  int8, -1 unknown;  popularity  float32 0..100, NaN unknown
    """

    def __init__(self, source: Generation | Draft):
        self._source = source
        self.alive: npt.NDArray[np.bool_] = source.array("songs/alive")
        self.titles = source.strings("songs/title")
        self.artists = source.strings("songs/artist")
        self.song_ids = source.strings("songs/song_id")
        self.lyrics = source.strings("songs/lyrics")

    def __len__(self) -> int:
        return len(self.alive)

    @cached_property
    def audio(self) -> npt.NDArray[np.float32]:
        return self._source.array("songs/audio")

    @cached_property
    def year(self) -> npt.NDArray[np.int16]:
        return self._source.array("songs/year")

    @cached_property
    def decade(self) -> npt.NDArray[np.int16]:
        return self._source.array("songs/decade")

    @cached_property
    def explicit(self) -> npt.NDArray[np.int8]:
        return self._source.array("songs/explicit")

    @cached_property
    def popularity(self) -> npt.NDArray[np.float32]:
        return self._source.array("songs/popularity")

    @cached_property
    def moods(self) -> MoodColumns:
        """The moods that were learned; none where too few songs are called so."""
        names, words = (tuple(self._source.strings(name)) for name in ("mood_names", "mood_words"))
        arrays = ("mood_probabilities", "mood_listener_labels", "mood_base_rates", "mood_thresholds", "mood_neighbours")
        chances, said, usual, limits, kin = (self._source.array(name) for name in arrays)
        return MoodColumns(names, chances, said, usual, limits, words, kin)

    @cached_property
    def has_lyrics(self) -> npt.NDArray[np.bool_]:
        return np.diff(self.lyrics.offsets) > 0

    @cached_property
    def has_audio(self) -> npt.NDArray[np.bool_]:
        return np.asarray(~np.isnan(self.audio).all(axis=1))

    def column(self, name: str) -> Coded:
        """One of "artist_key", "album_key", "language_key", "genre", "tag"."""
        if name not in self._coded:
            self._coded[name] = Coded(
                self._source.strings(f"songs/{name}.terms"),
                self._source.array(f"songs/{name}.starts"),
                self._source.array(f"songs/{name}.codes"),
            )
        return self._coded[name]

    @cached_property
    def _coded(self) -> dict[str, Coded]:
        return {}

    def codes(self, name: str) -> dict[str, list[int]]:
        """The terms of a column as they are looked up, and their codes: without regard to case, albums by title."""
        if name not in self._lookups:
            codes: dict[str, list[int]] = {}
            for code, term in enumerate(self.column(name).terms):
                codes.setdefault(term.casefold() if name != "album_key" else term.partition("|")[2], []).append(code)
            self._lookups[name] = codes
        return self._lookups[name]

    @cached_property
    def _lookups(self) -> dict[str, dict[str, list[int]]]:
        return {}

    def single(self, name: str) -> npt.NDArray[np.int32]:
        """int32 (rows,): the code of a column that has at most one term per row, -1 where it has none."""
        if name not in self._singles:
            column = self.column(name)
            out = np.full(len(self), UNKNOWN, np.int32)
            has = np.diff(column.starts) > 0
            out[has] = column.codes[column.starts[:-1][has]]
            self._singles[name] = out
        return self._singles[name]

    @cached_property
    def _singles(self) -> dict[str, npt.NDArray[np.int32]]:
        return {}

    @cached_property
    def _order(self) -> npt.NDArray[np.int64]:
        return self._source.array("songs/by_id")

    def row_of(self, song_id: str) -> int | None:
        """The living row of a song_id, by binary search."""
        rows = self._order.data
        at = bisect_left(rows, song_id, key=self.song_ids.__getitem__)
        return rows[at] if at < len(rows) and self.song_ids[rows[at]] == song_id else None

    def song(self, row: int) -> Song:
        """The song in a row; its lyrics are cleaned."""
        audio = {name: self.feature(name, row) for name in AUDIO_NAMES}
        popularity = float(str(self.popularity[row]))
        return Song(
            title=self.titles[row],
            artist=self.artists[row],
            song_id=self.song_ids[row],
            album=self.text("album", row),
            year=self.when(row)[0],
            decade=self.when(row)[1],
            language=self.text("language", row),
            genres=tuple(self.column("genre").of(row)),
            explicit=None if self.explicit[row] == UNKNOWN else bool(self.explicit[row]),
            popularity=None if np.isnan(popularity) else popularity,
            spotify_id=self.text("spotify_id", row),
            lyrics=self.lyrics[row] or None,
            audio=AudioFeatures(**audio) if self.has_audio[row] else None,
            tags=tuple(self.column("tag").of(row)),
        )

    def when(self, row: int) -> tuple[int | None, int | None]:
        """Year and decade."""
        return _known(self.year[row]), _known(self.decade[row])

    def feature(self, name: str, row: int) -> float | None:
        """An audio feature; the number that was imported, without the digits that float32 adds to it."""
        value = self.audio.item(row, _FEATURE[name])
        return None if value != value else float(f"{value:.7g}")

    def text(self, name: str, row: int) -> str | None:
        """One of TEXTS, None where the song has none."""
        if name not in self._texts:
            self._texts[name] = self._source.strings(f"songs/{name}")
        return self._texts[name][row] or None

    @cached_property
    def _texts(self) -> dict[str, Strings]:
        return {}


def _known(value: Any) -> int | None:
    return None if int(value) == UNKNOWN else int(value)


def lyrics_hash(lyrics: str) -> bytes:
    """16 bytes that say which text was encoded."""
    return hashlib.blake2b(lyrics.encode("utf-8", "replace"), digest_size=16).digest()


def audio_table(songs: Iterable[Song]) -> npt.NDArray[np.float32]:
    """float32 (songs, 12) in the order of AUDIO_NAMES, NaN where unknown."""
    rows = [
        [np.nan] * len(AUDIO_NAMES) if s.audio is None else [_nan(getattr(s.audio, n)) for n in AUDIO_NAMES]
        for s in songs
    ]
    return np.array(rows, np.float32).reshape(-1, len(AUDIO_NAMES))


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


class _Codes:
    """Collects the codes of one column while songs stream by."""

    def __init__(self, before: Coded | None):
        self.before = before
        self.index = {} if before is None else {term: i for i, term in enumerate(before.terms)}
        self.known = len(self.index)
        self.codes: list[int] = []
        self.ends: list[int] = []

    def add(self, terms: Sequence[str]) -> None:
        self.codes.extend(self.index.setdefault(term, len(self.index)) for term in terms)
        self.ends.append(len(self.codes))

    def write(self, draft: Draft, name: str) -> None:
        before = self.before
        first = 0 if before is None else int(before.starts[-1])
        starts = np.array([first, *(first + end for end in self.ends)], np.int64)
        if before is not None:
            starts = starts[1:]
        draft.write_strings(
            f"{name}.terms", list(self.index)[self.known :], after=None if before is None else before.terms
        )
        draft.write_array(f"{name}.starts", starts, after=None if before is None else before.starts)
        draft.write_array(
            f"{name}.codes", np.array(self.codes, np.int32), after=None if before is None else before.codes
        )


def write_songs(
    draft: Draft, songs: Iterable[tuple[Song, str]], *, base: Songs | None = None, dead: Sequence[int] = ()
) -> None:
    """Write the columns of `songs` (each with its catalogue digest), below the rows of `base`.

    dead   rows of `base` that no longer count: deleted songs, and old versions of changed ones
    """
    source = None if base is None else base._source
    codes = {name: _Codes(None if base is None else base.column(name)) for name in (*SINGLES, *MANY)}
    texts: dict[str, list[str]] = {name: [] for name in TEXTS if name != "lyrics"}
    years, decades, explicit, popularity, audio, digests, hashes = [], [], [], [], [], [], []

    def lyrics() -> Iterable[str]:  # streamed to the file: the only column that would not fit in memory
        for song, digest in songs:
            for name, column in texts.items():
                column.append(getattr(song, name) or "")
            artist = artist_key(song.artist)
            codes["artist_key"].add([artist] if artist else [])
            codes["album_key"].add([f"{artist}|{fold(song.album)}"] if song.album else [])
            codes["language_key"].add([song.language] if song.language else [])
            codes["genre"].add(song.genres)
            codes["tag"].add(song.tags)
            years.append(UNKNOWN if song.year is None else song.year)
            decades.append(UNKNOWN if song.decade is None else song.decade)
            explicit.append(UNKNOWN if song.explicit is None else int(song.explicit))
            popularity.append(_nan(song.popularity))
            audio.append(audio_table([song])[0])
            digests.append(digest)
            text = clean(song.lyrics) if song.lyrics else ""
            hashes.append(lyrics_hash(text) if text else bytes(16))
            yield text

    def after(name: str) -> npt.NDArray[Any] | None:
        return None if source is None else source.array(f"songs/{name}")

    draft.write_strings("songs/lyrics", lyrics(), after=None if base is None else base.lyrics)
    for name, column in texts.items():
        draft.write_strings(f"songs/{name}", column, after=None if source is None else source.strings(f"songs/{name}"))
    for name, collected in codes.items():
        collected.write(draft, f"songs/{name}")
    n = len(years)
    draft.write_array("songs/year", np.array(years, np.int16), after=after("year"))
    draft.write_array("songs/decade", np.array(decades, np.int16), after=after("decade"))
    draft.write_array("songs/explicit", np.array(explicit, np.int8), after=after("explicit"))
    draft.write_array("songs/popularity", np.array(popularity, np.float32), after=after("popularity"))
    draft.write_array("songs/audio", np.array(audio, np.float32).reshape(n, len(AUDIO_NAMES)), after=after("audio"))
    draft.write_strings("songs/digest", digests, after=None if source is None else source.strings("songs/digest"))
    hash_rows = np.frombuffer(b"".join(hashes), np.uint8).reshape(n, 16)
    draft.write_array("songs/lyrics_hash", hash_rows, after=after("lyrics_hash"))
    alive = np.ones(n + (0 if base is None else len(base)), bool)
    if base is not None:
        alive[: len(base)] = base.alive
        alive[list(dead)] = False
    draft.write_array("songs/alive", alive)
    song_ids = draft.strings("songs/song_id")
    rows = sorted(np.flatnonzero(alive).tolist(), key=song_ids.__getitem__)
    draft.write_array("songs/by_id", np.array(rows, np.int64))
