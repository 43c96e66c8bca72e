"""Names to songs: "weeknd blinding lights", with typos, without accents, with or without version marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice

import numpy as np
from rapidfuzz import fuzz

from engine.bounds import MOST_TEXT
from engine.index import OpenIndex
from engine.lookup.ids import row_of_id
from engine.plain import shown
from indexer.errors import AmbiguousSongError, EmptyQueryError, RequestError, SongNotFoundError
from indexer.text.latin import in_latin
from indexer.text.names import artist_key, fold, title_stem
from indexer.text.tokens import tokenise, tokenise_name
from indexer.text.versions import DERIVED, bits, versions_wanted, without_marks

REMEMBERED = 65_536  # names that need not be folded again
CANDIDATES = 60  # songs the inverted index proposes before names are compared letter by letter
MEANT = 80.0  # similarity, 0..100, from which a name counts as meant
NEAREST, LISTED = 5, 10  # songs that an error names: those that are near, and those that are meant
TIED = 3.0  # songs this close to the best are as good an answer
MOST_NAMESAKES = 2_000  # songs that are compared where the inverted index finds all alike
FAR = 0.25  # of popularity 0..1: in playlists four times as often where the best known is in 300
TITLE_ALONE = 0.98  # of a name's similarity, where the words are a title without its artist
VERSION_NAMED = 0.97  # "song live" as a live take of "song": a song that is called so is meant rather
UNWANTED = 4.0  # more than TIED: a karaoke version is no rival of the song
TRANSLITERATED = 0.95
MOST_SPLITS = 8  # places where a text may be parted into title and artist; names have two or three

_DERIVED = bits(DERIVED)
_BETWEEN = re.compile(r"\s*,\s*|\s+(?:[-–—|/]|by)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamedSong:
    """A song that a name may mean.

    similarity   0..100, 100 is the name itself
    """

    row: int
    similarity: float


def find(index: OpenIndex, text: str, k: int) -> list[NamedSong]:
    """The k songs whose title and artist are most like `text`, best first.

    Words such as "live" or "karaoke" are read as a wish for such a version too. Where no name is near, names in
    another script are compared in Latin letters.
    """
    return _by_likeness(index, text)[:k]


def _by_likeness(index: OpenIndex, text: str) -> list[NamedSong]:
    """All songs that come into question, best first."""
    if len(text) > MOST_TEXT:
        raise RequestError(field="text", found=f"{len(text):,} characters", expected=f"at most {MOST_TEXT:,}")
    wanted = _Wanted.of(text)
    if not wanted.folded:
        raise EmptyQueryError(f"{shown(text)} holds no word; expected a title, an artist or both")
    exact = row_of_id(index, text)
    likeness = {row: _similarity(index, row, wanted) for row in _candidates(index, text)}
    nearest = max((similarity for similarity, _ in likeness.values()), default=0.0)
    if exact is None and nearest < MEANT and not any(_holds(index, row, text) for row in likeness):
        latin = _Wanted.of(in_latin(text))
        for row in index.lexical.search_latin(text, CANDIDATES)[0].tolist() if latin.folded else ():
            similarity, tie = _similarity(index, row, latin, written=in_latin)
            likeness[row] = max(likeness.get(row, (0.0, 0.0)), (TRANSLITERATED * similarity, tie))
    if exact is not None:
        likeness[exact] = (101.0, 0.0)
    order = sorted(likeness, key=lambda row: (-likeness[row][0], -likeness[row][1], row))
    return [NamedSong(row, min(likeness[row][0], 100.0)) for row in order]


def _holds(index: OpenIndex, row: int, text: str) -> bool:
    """Whether every word of the text is a part of the song's name."""
    full, _, by = _folded(index.songs.titles[row], index.songs.artists[row])
    return all(word in f"{full} {by}" for word in tokenise_name(text))


def _candidates(index: OpenIndex, text: str) -> list[int]:
    """The rows that the inverted index proposes: more where they are namesakes, for it cannot tell which is known."""
    limit = CANDIDATES
    rows, scores = index.lexical.search_name(text, limit)
    while len(rows) == limit < MOST_NAMESAKES and scores[-1] >= scores[0] - 1e-4:
        limit *= 6
        rows, scores = index.lexical.search_name(text, limit)
    # Beside words a title of signs is punctuation, which no token holds.
    signs = {part.strip() for part in chain.from_iterable(_splits(text)) if fold(part) and not tokenise(part)}
    of_signs = [index.lexical.search_name(part, CANDIDATES)[0] for part in sorted(signs)]
    return list(dict.fromkeys(np.concatenate([rows, *of_signs]).tolist()))


def called(index: OpenIndex, text: str) -> list[int]:
    """The rows, rising, of all songs whose title, or title and artist, is `text` but for case, accents and punctuation.

    A table that is made once: for thousands of names, and for names without a letter ("!!!").
    """
    by_title = index.by_title
    rows = set(by_title.get(artist_key(text), ()))
    for title, artist in _splits(text):
        same = by_title.get(artist_key(title), ())
        if not same:
            continue
        by, artists = artist_key(artist), index.songs.column("artist_key")
        rows.update(r for r in same if by in artists.of(r) or artist_key(index.songs.artists[r]) == by)
    return sorted(rows)


def resolve(index: OpenIndex, text: str, *, least: float = MEANT) -> int:
    """The row of the one song that `text` names: an id, or words. Versions of one song count as that song.

    least   similarity, 0..100, that the name must have
    Raises SongNotFoundError with the nearest names, AmbiguousSongError with the songs it may be.
    """
    rows = _meant(index, text, least)
    if len(rows) > 1:
        listed = "; ".join(_label(index, row) for row in rows[:LISTED])
        more = f" and {len(rows) - LISTED:,} more" if len(rows) > LISTED else ""
        raise AmbiguousSongError(
            f"{shown(text)} may be {len(rows):,} songs: {listed}{more}; "
            "give the artist too, or the song_id in brackets",
            candidates=[index.songs.song_ids[row] for row in rows],
        )
    return rows[0]


def resolve_known(index: OpenIndex, text: str) -> tuple[int, str]:
    """As `resolve`, but of several songs the one that is far better known than the others, and a sentence that says so.

    The sentence is "" where there is but one. Which is better known, playlists say, else the popularity at the source.
    The name of an artist alone means none of the artist's songs.
    """
    rows = _meant(index, text, MEANT)
    if len(rows) == 1:
        return rows[0], ""
    best = None if _names_an_artist(index, rows[0], text) else far_better_known(index, rows)
    if best is None:
        return resolve(index, text), ""
    others = [row for row in rows if row != best]
    near = "; ".join(_label(index, row) for row in others[:NEAREST])
    more = f" and {len(others) - NEAREST:,} more" if len(others) > NEAREST else ""
    count = "1 other" if len(others) == 1 else f"{len(others):,} others"
    return best, f"{shown(text)} is {_label(index, best)}; {count}: {near}{more}"


def _meant(index: OpenIndex, text: str, least: float) -> list[int]:
    """A row of each song that the text may mean, the likeliest first; SongNotFoundError where it means none."""
    exact = row_of_id(index, text)
    if exact is not None:
        return [exact]
    matches = _by_likeness(index, text)
    if not matches or matches[0].similarity < least:
        near = "; ".join(_label(index, f.row) for f in matches[:NEAREST]) or "none"
        raise SongNotFoundError(
            f"no song is called {shown(text)}; nearest: {near}",
            nearest=[index.songs.song_ids[f.row] for f in matches[:NEAREST]],
        )
    songs: dict[tuple[str, str], int] = {}
    for f in matches:
        if matches[0].similarity - f.similarity > TIED:
            break
        songs.setdefault(_identity(index, f.row), f.row)
    return list(songs.values())


def _names_an_artist(index: OpenIndex, row: int, text: str) -> bool:
    """Whether the words are like the song's artist rather than like its title."""
    _, stem, by = _folded(index.songs.titles[row], index.songs.artists[row])
    words = fold(text)
    return fuzz.ratio(words, by) > fuzz.token_sort_ratio(words, f"{stem} {by}") and fuzz.ratio(words, by) > fuzz.ratio(
        words, stem
    )


def far_better_known(index: OpenIndex, rows: list[int]) -> int | None:
    """The row that more listeners know by FAR than any other of two or more; None where no row is."""
    listened, source = (
        np.nan_to_num(column[rows].astype(np.float64)) for column in (index.popularity, index.songs.popularity / 100)
    )
    for known in (listened, source):
        first, second = np.argsort(-known, kind="stable")[:2]
        if known[first] - known[second] >= FAR and listened[first] == listened.max():
            return rows[int(first)]
    return None


def _identity(index: OpenIndex, row: int) -> tuple[str, str]:
    artists, title = index.songs.column("artist_key").of(row), index.songs.titles[row]
    return "".join(artists[:1]), title_stem(title) or artist_key(title)


def _label(index: OpenIndex, row: int) -> str:
    return f"{index.songs.titles[row] or 'untitled'}, {index.songs.artists[row]} [{index.songs.song_ids[row]}]"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Words that name a song, read once.

    splits   the words read as title and artist: (stem of the title, folded title, folded artist)
    kinds    the kinds of version that the words name, as bits
    rest     the other words, folded; "" where no kind is named
    """

    folded: str
    splits: tuple[tuple[str, str, str], ...]
    kinds: int
    rest: str

    @classmethod
    def of(cls, text: str) -> _Wanted:
        """The words as they stand, and as a title and an artist."""
        splits = []
        for title, artist in _splits(text):
            if (stem := title_stem(title)) and (by := fold(artist)):
                splits.append((stem, fold(title), by))
        kinds, rest = versions_wanted(text)
        return cls(fold(text), tuple(splits), bits(kinds), fold(rest) if kinds else "")


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """A title and an artist, as "title, artist", "artist - title" or "title by artist" and the other way round."""
    for mark in islice(_BETWEEN.finditer(text), MOST_SPLITS):
        left, right = text[: mark.start()], text[mark.end() :]
        yield left, right
        yield right, left


@lru_cache(maxsize=REMEMBERED)
def _folded(title: str, artist: str) -> tuple[str, str, str]:
    """A song's folded title, its stem (`title_stem`) and the folded artist."""
    full, unmarked = fold(title), without_marks(title)
    return full, full if unmarked == title else fold(unmarked) or full, _folded_name(artist)


@lru_cache(maxsize=REMEMBERED)
def _folded_name(artist: str) -> str:
    return fold(artist)


def _similarity(
    index: OpenIndex, row: int, wanted: _Wanted, *, written: Callable[[str], str] = str
) -> tuple[float, float]:
    """How alike a song's name is to the words, and what breaks a tie: the title as written, then the popular song.

    written   how the song's title and artists are to be read
    """
    songs = index.songs
    full, stem, by = _folded(written(songs.titles[row]), written(songs.artists[row]))
    artists = dict.fromkeys([by, *(_folded_name(written(name)) for name in songs.column("artist_name").of(row))])
    words = wanted.folded
    as_written = fuzz.token_sort_ratio(words, f"{full} {by}")
    # A title alone names less than title and artist do.
    alone = fuzz.ratio(words, full)
    if stem != full:
        alone = max(alone, fuzz.ratio(words, stem))
    best = max(as_written, TITLE_ALONE * alone, *(_with_artist(wanted, stem, full, each) for each in artists))
    kinds = int(index.songs.versions[row])
    if wanted.rest and kinds & wanted.kinds:
        alone = TITLE_ALONE * fuzz.ratio(wanted.rest, stem)
        named = max(fuzz.token_sort_ratio(wanted.rest, f"{stem} {each}") for each in artists)
        best = max(best, VERSION_NAMED * max(alone, named))
    elif kinds & _DERIVED and not kinds & wanted.kinds:
        best -= UNWANTED
    known = (float(index.popularity[row]) / 10, float(index.songs.popularity[row]) / 10_000)
    return best, as_written + sum(value for value in known if value == value)  # NaN is unknown


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
