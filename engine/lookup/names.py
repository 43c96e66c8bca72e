"""Names to songs: "weeknd blinding lights", with typos, without accents, with or without version marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from engine.index import OpenIndex
from indexer.errors import AmbiguousSongError, EmptyQueryError, SongNotFoundError
from indexer.text.names import fold, title_stem

CANDIDATES = 60  # songs the inverted index proposes before names are compared letter by letter
FOUND = 80.0  # similarity, 0..100, from which a name counts as meant
TIED = 3.0  # songs this close to the best are as good an answer


@dataclass(frozen=True, slots=True)
class Found:
    """A song that a name may mean.

    similarity   0..100, 100 is the name itself
    """

    row: int
    similarity: float


def find(index: OpenIndex, text: str, k: int) -> list[Found]:
    """The k songs whose title and artist are most like `text`, best first."""
    wanted = fold(text)
    if not wanted:
        raise EmptyQueryError(f"{text!r} holds no word; expected a title, an artist or both")
    if k < 1:
        raise ValueError(f"k is {k}, expected at least 1")
    exact = index.songs.row_of(text)
    rows, _ = index.lexical.search_name(text, max(CANDIDATES, 2 * k))
    scored = [(_similarity(index, int(row), text, wanted), int(row)) for row in rows if row != exact]
    if exact is not None:
        scored.append(((101.0, 0.0), exact))
    scored.sort(key=lambda pair: (-pair[0][0], -pair[0][1], pair[1]))
    return [Found(row, min(similarity, 100.0)) for (similarity, _), row in scored[:k]]


def resolve(index: OpenIndex, text: str, *, least: float = FOUND) -> int:
    """The row of the one song that `text` names: a song_id, or words. Versions of one song count as that song.

    least   similarity, 0..100, that the name must have
    Raises SongNotFoundError with the nearest names, AmbiguousSongError with the songs it may be.
    """
    exact = index.songs.row_of(text)
    if exact is not None:
        return exact
    found = find(index, text, 10)
    if not found or found[0].similarity < least:
        near = "; ".join(_label(index, f.row) for f in found[:5]) or "none"
        raise SongNotFoundError(f"no song is called {text!r}; nearest: {near}")
    best = [f for f in found if found[0].similarity - f.similarity <= TIED]
    songs: dict[tuple[str, str], int] = {}
    for f in best:
        songs.setdefault(_identity(index, f.row), f.row)
    if len(songs) > 1:
        listed = "; ".join(_label(index, row) for row in songs.values())
        raise AmbiguousSongError(
            f"{text!r} may be {len(songs)} songs: {listed}; give the artist too, or the song_id in brackets"
        )
    return best[0].row


def _identity(index: OpenIndex, row: int) -> tuple[str, str]:
    return fold(index.songs.artists[row]), title_stem(index.songs.titles[row])


def _label(index: OpenIndex, row: int) -> str:
    return f"{index.songs.titles[row] or 'untitled'}, {index.songs.artists[row]} [{index.songs.song_ids[row]}]"


def _similarity(index: OpenIndex, row: int, text: str, wanted: str) -> tuple[float, float]:
    """How alike a song's name is to the words, and what breaks a tie: the title as written, then the popular song."""
    title, artist = index.songs.titles[row], index.songs.artists[row]
    full, stem, by = fold(title), title_stem(title), fold(artist)
    best = max(
        fuzz.token_sort_ratio(wanted, f"{full} {by}"),
        fuzz.token_sort_ratio(wanted, f"{stem} {by}"),
        # A title alone, or an artist alone, names less than both do.
        0.98 * max(fuzz.ratio(wanted, full), fuzz.ratio(wanted, stem)),
        0.85 * fuzz.ratio(wanted, by),
        *_split_ratios(text, stem, full, by),
    )
    popularity = float(index.songs.popularity[row])
    as_written = fuzz.token_sort_ratio(wanted, f"{full} {by}")
    return best, as_written + (0.0 if popularity != popularity else popularity / 1000)


def _split_ratios(text: str, stem: str, full: str, by: str) -> Sequence[float]:
    """Ratios where the words are "title, artist" or "artist - title"."""
    ratios = []
    for mark in (",", " - ", " by "):
        left, found, right = text.rpartition(mark)
        if not found:
            continue
        for title, artist in ((left, right), (right, left)):
            if (name := title_stem(title)) and (who := fold(artist)):
                same_title = max(fuzz.ratio(name, stem), fuzz.ratio(fold(title), full))
                same_artist = max(fuzz.ratio(who, by), 0.9 * fuzz.token_set_ratio(who, by))
                ratios.append(0.6 * same_title + 0.4 * same_artist)
    return ratios
