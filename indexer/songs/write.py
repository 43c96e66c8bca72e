"""Writing the song table: new songs below those of the generation before, deleted ones without their words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice

import numpy as np
import numpy.typing as npt

from indexer.records import AUDIO_NAMES, MEASURED, Song
from indexer.songs.table import TERMS, TEXTS, UNKNOWN, Coded, Songs, audio_table
from indexer.store import artefacts
from indexer.store.artefacts import Artefact, CodedArtefact
from indexer.store.draft import Draft
from indexer.store.generations import Generation
from indexer.text.artists import artists_of
from indexer.text.clean import clean
from indexer.text.guess import guess_language
from indexer.text.names import artist_key, fold
from indexer.text.versions import bits, version_of

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

BATCH = 4_096  # songs that stand in memory as objects at once


def lyrics_hash(lyrics: str) -> bytes:
    """16 bytes that say which text was encoded."""
    return hashlib.blake2b(lyrics.encode("utf-8", "replace"), digest_size=16).digest()


class _Codes:
    """Collects the codes of one column while songs stream by."""

    def __init__(self, before: Coded | None, used: Mask | None):
        self.before, self.used = before, used
        self.first = 0 if before is None else len(before.terms)
        self.index: dict[str, int] = {}
        if before is not None:
            in_use = np.ones(self.first, bool) if used is None else used
            self.index = {term: code for code, term in enumerate(before.terms) if term and in_use[code]}
        self.new: list[str] = []
        self.codes: list[npt.NDArray[np.int32]] = []
        self.ends: list[npt.NDArray[np.int64]] = []
        self.end = 0 if before is None else int(before.starts[-1])

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        codes, ends = [], []
        for terms in rows:
            for term in terms:
                code = self.index.get(term)
                if code is None:
                    code = self.index[term] = self.first + len(self.new)
                    self.new.append(term)
                codes.append(code)
            self.end += len(terms)
            ends.append(self.end)
        self.codes.append(np.array(codes, np.int32))
        self.ends.append(np.array(ends, np.int64))

    def write(self, draft: Draft, to: CodedArtefact) -> None:
        before = self.before
        blank = None if self.used is None else ~self.used
        draft.write_strings(to.terms, self.new, after=None if before is None else before.terms, blank=blank)
        old_starts = np.zeros(1, np.int64) if before is None else before.starts
        draft.write_array(to.starts, np.concatenate([old_starts, *self.ends]))
        old_codes = np.zeros(0, np.int32) if before is None else before.codes
        draft.write_array(to.codes, np.concatenate([old_codes, *self.codes]))


def write_songs(
    draft: Draft, songs: Iterable[tuple[Song, str]], *, base: Generation | None = None, dead: Sequence[int] = ()
) -> None:
    """Write the columns of `songs` (each with its catalogue digest), below the rows of `base`.

    dead   rows of `base` that no longer count: deleted songs, and old versions of changed ones. Their words go: their
           texts become empty, and so do terms that no other song has; numbers stay
    """
    before = None if base is None else Songs(base)
    alive = np.zeros(0, bool) if before is None else before.alive.copy()
    blank = None
    if len(dead):
        alive[list(dead)] = False
        blank = ~alive
    codes = {
        name: _Codes(
            None if before is None else before.column(name),
            None if before is None or blank is None else _used(before.column(name), alive),
        )
        for name in TERMS
    }
    numbers: dict[Artefact, list[npt.NDArray[np.generic]]] = {}
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(
                draft.strings_writer(text, after=None if base is None else base.strings(text), blank=blank)
            )
            for name, text in {**TEXTS, "digest": artefacts.DIGEST}.items()
        }
        for batch in _batches(songs):
            some = [song for song, _ in batch]
            lyrics = [clean(song.lyrics, title=song.title, artist=song.artist) if song.lyrics else "" for song in some]
            # The catalogue keeps what sources said; the index has a guess where they said nothing.
            languages = [song.language or guess_language(text) or "" for song, text in zip(some, lyrics, strict=True)]
            texts = {"lyrics": lyrics, "language": languages, "digest": [digest for _, digest in batch]}
            for name, write in writers.items():
                write(texts[name] if name in texts else (getattr(song, name) or "" for song in some))
            artists = [artists_of(song) for song in some]
            names = [(*each.main, *each.featured) for each in artists]
            codes["artist_name"].add(names)
            codes["artist_key"].add([artist_key(name) for name in each] for each in names)
            first = [artist_key(each[0]) if each else "" for each in names]
            codes["album_key"].add(
                [f"{key}|{fold(song.album)}"] if song.album else [] for key, song in zip(first, some, strict=True)
            )
            codes["language_key"].add([language] if language else [] for language in languages)
            codes["genre"].add(song.genres for song in some)
            codes["tag"].add(song.tags for song in some)
            for artefact, column in _numbers(some, lyrics, [len(each.main) for each in artists]).items():
                numbers.setdefault(artefact, []).append(column)
    for name, collected in codes.items():
        collected.write(draft, TERMS[name])
    for artefact, empty in _numbers([], [], []).items():
        old = empty if base is None else base.array(artefact)
        draft.write_array(artefact, np.concatenate([old, *numbers.get(artefact, [])]).astype(empty.dtype, copy=False))
    rows = len(draft.strings(artefacts.SONG_ID))
    draft.write_array(artefacts.ALIVE, np.concatenate([alive, np.ones(rows - len(alive), bool)]))
    song_ids = draft.strings(artefacts.SONG_ID)
    living = np.flatnonzero(draft.array(artefacts.ALIVE))
    draft.write_array(artefacts.BY_ID, np.array(sorted(living.tolist(), key=song_ids.__getitem__), np.int64))


def _batches(songs: Iterable[tuple[Song, str]]) -> Iterator[list[tuple[Song, str]]]:
    stream = iter(songs)
    while batch := list(islice(stream, BATCH)):
        yield batch


def _numbers(
    songs: Sequence[Song], lyrics: Sequence[str], main_artists: Sequence[int]
) -> dict[Artefact, npt.NDArray[np.generic]]:
    def integers(values: Iterable[int | None], dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
        return np.array([UNKNOWN if value is None else value for value in values], dtype)

    hashes = b"".join(lyrics_hash(text) if text else bytes(16) for text in lyrics)
    return {
        artefacts.MAIN_ARTISTS: np.array(main_artists, np.int16),
        artefacts.YEAR: integers((song.year for song in songs), np.int16),
        artefacts.DECADE: integers((song.decade for song in songs), np.int16),
        artefacts.EXPLICIT: integers((None if s.explicit is None else int(s.explicit) for s in songs), np.int8),
        artefacts.VERSIONS: np.array([bits(version_of(song.title, song.artist)) for song in songs], np.uint32),
        artefacts.SOURCE_POPULARITY: np.array(
            [np.nan if song.popularity is None else song.popularity for song in songs], np.float32
        ),
        artefacts.AUDIO_FEATURES: audio_table(songs).reshape(len(songs), len(AUDIO_NAMES)),
        artefacts.AUDIO_MEASURED: np.array([song.audio_origin == MEASURED for song in songs], bool),
        artefacts.LYRICS_HASH: np.frombuffer(hashes, np.uint8).reshape(len(songs), 16),
    }


def _used(column: Coded, alive: Mask) -> Mask:
    """bool (terms,): the terms that a living row has."""
    used = np.zeros(len(column.terms), bool)
    used[column.of_rows(np.flatnonzero(alive))[1]] = True
    return used
