"""Names to songs: "weeknd blinding lights", with typos, without accents, with or without version marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from engine.bounds import MOST_TEXT
from engine.index import OpenIndex
from engine.plain import shown
from indexer.errors import AmbiguousSongError, EmptyQueryError, RequestError, SongNotFoundError
from indexer.text.names import artist_key, fold, title_stem

REMEMBERED = 65_536  # names that need not be folded again
CANDIDATES = 60  # songs the inverted index proposes before names are compared letter by letter
MEANT = 80.0  # similarity, 0..100, from which a name counts as meant
NEAREST = 5  # songs that an error names
TIED = 3.0  # songs this close to the best are as good an answer


@dataclass(frozen=True, slots=True)
class NamedSong:
    """A song that a name may mean.

    similarity   0..100, 100 is the name itself
    """

    row: int
    similarity: float


def find(index: OpenIndex, text: str, k: int) -> list[NamedSong]:
    """The k songs whose title and artist are most like `text`, best first; without a letter in it, those called so."""
    if len(text) > MOST_TEXT:
        raise RequestError(field="text", found=f"{len(text):,} characters", expected=f"at most {MOST_TEXT:,}")
    wanted = _Wanted.of(text)
    if not wanted.folded:
        same_name = called(index, text)
        if not same_name:
            raise EmptyQueryError(f"{shown(text)} holds no word; expected a title, an artist or both")
        return [NamedSong(row, 100.0) for row in same_name[:k]]
    exact = index.songs.row_of(text)
    rows, _ = index.lexical.search_name(text, max(CANDIDATES, 2 * k))
    scored = [(_similarity(index, int(row), wanted), int(row)) for row in rows if row != exact]
    if exact is not None:
        scored.append(((101.0, 0.0), exact))
    scored.sort(key=lambda pair: (-pair[0][0], -pair[0][1], pair[1]))
    return [NamedSong(row, min(similarity, 100.0)) for (similarity, _), row in scored[:k]]


def called(index: OpenIndex, text: str) -> list[int]:
    """The rows, rising, of all songs whose title, or title and artist, is `text` but for case, accents and punctuation.

    A table that is made once: for thousands of names, and for names without a letter ("!!!").
    """
    by_title = index.by_title
    rows = set(by_title.get(artist_key(text), ()))
    for title, artist in _splits(text):
        by = artist_key(artist)
        same = by_title.get(artist_key(title), ())
        artists = index.songs.column("artist_key")
        rows.update(r for r in same if by in artists.of(r) or artist_key(index.songs.artists[r]) == by)
    return sorted(rows)


def resolve(index: OpenIndex, text: str, *, least: float = MEANT) -> int:
    """The row of the one song that `text` names: a song_id, or words. Versions of one song count as that song.

    least   similarity, 0..100, that the name must have
    Raises SongNotFoundError with the nearest names, AmbiguousSongError with the songs it may be.
    """
    exact = index.songs.row_of(text)
    if exact is not None:
        return exact
    matches = find(index, text, 10)
    if not matches or matches[0].similarity < least:
        near = "; ".join(_label(index, f.row) for f in matches[:NEAREST]) or "none"
        raise SongNotFoundError(
            f"no song is called {shown(text)}; nearest: {near}",
            nearest=[index.songs.song_ids[f.row] for f in matches[:NEAREST]],
        )
    best = [f for f in matches if matches[0].similarity - f.similarity <= TIED]
    songs: dict[tuple[str, str], int] = {}
    for f in best:
        songs.setdefault(_identity(index, f.row), f.row)
    if len(songs) > 1:
        listed = "; ".join(_label(index, row) for row in songs.values())
        raise AmbiguousSongError(
            f"{shown(text)} may be {len(songs)} songs: {listed}; give the artist too, or the song_id in brackets",
            candidates=[index.songs.song_ids[row] for row in songs.values()],
        )
    return best[0].row


def _identity(index: OpenIndex, row: int) -> tuple[str, str]:
    artists, title = index.songs.column("artist_key").of(row), index.songs.titles[row]
    return "".join(artists[:1]), title_stem(title) or artist_key(title)


def _label(index: OpenIndex, row: int) -> str:
    return f"{index.songs.titles[row] or 'untitled'}, {index.songs.artists[row]} [{index.songs.song_ids[row]}]"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Words that name a song, read once.

    splits   the words read as title and artist: (stem of the title, folded title, folded artist)
    """

    folded: str
    splits: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, text: str) -> _Wanted:
        """The words as they stand, and as a title and an artist."""
        splits = []
        for title, artist in _splits(text):
            if (stem := title_stem(title)) and (by := fold(artist)):
                splits.append((stem, fold(title), by))
        return cls(fold(text), tuple(splits))


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """A title and an artist, as "title, artist", "artist - title" or "title by artist" and the other way round."""
    for mark in (",", " - ", " by "):
        left, between, right = text.rpartition(mark)
        if between:
            yield left, right
            yield right, left


@lru_cache(maxsize=REMEMBERED)
def _folded(title: str, artist: str) -> tuple[str, str, str]:
    """A song's folded title, its stem and the folded artist."""
    return fold(title), title_stem(title), fold(artist)


def _similarity(index: OpenIndex, row: int, wanted: _Wanted) -> tuple[float, float]:
    """How alike a song's name is to the words, and what breaks a tie: the title as written, then the popular song."""
    songs = index.songs
    full, stem, by = _folded(songs.titles[row], songs.artists[row])
    words = wanted.folded
    as_written = fuzz.token_sort_ratio(words, f"{full} {by}")
    best = max(
        as_written,
        # A title alone names less than title and artist do.
        0.98 * max(fuzz.ratio(words, full), fuzz.ratio(words, stem)),
        *(_with_artist(wanted, stem, full, each) for each in dict.fromkeys([by, *songs.column("artist_key").of(row)])),
    )
    popularity = float(index.songs.popularity[row])
    return best, as_written + (0.0 if popularity != popularity else popularity / 1000)


def _with_artist(wanted: _Wanted, stem: str, full: str, by: str) -> float:
    """How alike the words are to title and artist, or to an artist alone, who names less."""
    words = wanted.folded
    return max(
        fuzz.token_sort_ratio(words, f"{full} {by}"),
        0.0 if stem == full else fuzz.token_sort_ratio(words, f"{stem} {by}"),
        0.85 * fuzz.ratio(words, by),
        *(_split_ratio(split, stem, full, by) for split in wanted.splits),
    )


def _split_ratio(split: tuple[str, str, str], stem: str, full: str, by: str) -> float:
    """How alike a name read as title and artist is to a song's."""
    wanted_stem, wanted_title, wanted_artist = split
    same_title = max(fuzz.ratio(wanted_stem, stem), fuzz.ratio(wanted_title, full))
    same_artist = max(fuzz.ratio(wanted_artist, by), 0.9 * fuzz.token_set_ratio(wanted_artist, by))
    return 0.6 * same_title + 0.4 * same_artist
