"""Artists and genres as seeds: the songs that stand for them, their best known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from engine.index import OpenIndex
from engine.query.filters import Filters
from engine.query.wanted import derived
from indexer.errors import ArtistNotFoundError
from indexer.songs.table import UNKNOWN
from indexer.text.names import artist_key, title_stem

PER_ARTIST = 5  # songs that stand for an artist
PER_GENRE = 10  # songs that stand for a genre, each by another artist
NEAREST = 5  # artists that an error names


def songs_of_artist(index: OpenIndex, name: str) -> list[int]:
    """Rows of the artist's best known songs, no two versions of one; ArtistNotFoundError names the nearest artists."""
    codes = index.songs.codes("artist_key").get(artist_key(name), [])
    rows = _best_known(index, np.isin(index.songs.single("artist_key"), codes) if codes else None)
    if not len(rows):
        raise _not_found(index, name)
    first: dict[str, int] = {}
    for row in rows.tolist():
        first.setdefault(title_stem(index.songs.titles[row]), row)
        if len(first) == PER_ARTIST:
            break
    return list(first.values())


def songs_of_genre(index: OpenIndex, name: str) -> list[int]:
    """Rows of the genre's best known songs, each by another artist; FilterError names the nearest genres."""
    rows = _best_known(index, Filters.of({"genre": [name]}).mask(index.songs))
    artists = index.songs.single("artist_key")[rows]
    artists = np.where(artists == UNKNOWN, -2 - np.arange(len(rows)), artists)  # unknown artists are each their own
    firsts = np.sort(np.unique(artists, return_index=True)[1])
    return [int(row) for row in rows[firsts[:PER_GENRE]]]


def _best_known(index: OpenIndex, mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    """The living rows under the mask, the most popular first; karaoke and other songs made of others' come last."""
    if mask is None:
        return index.by_popularity[:0]
    rows = index.by_popularity[mask[index.by_popularity]]
    return rows[np.argsort(derived(index.songs, rows), kind="stable")]


def _not_found(index: OpenIndex, name: str) -> ArtistNotFoundError:
    songs, keys = index.songs, list(index.songs.codes("artist_key"))
    near = [keys.index(str(key)) for key, *_ in process.extract(artist_key(name), keys, limit=NEAREST)]
    codes = songs.single("artist_key")
    rows = [np.flatnonzero((codes == code) & songs.alive) for code in near]
    names = [songs.artists[int(by_artist[0])] for by_artist in rows if len(by_artist)]
    listed = f"nearest: {', '.join(names)}" if names else "no song of this index names its artist"
    return ArtistNotFoundError(f"no artist is called {name!r}; {listed}", nearest=names)
