"""Artists and genres as seeds: the songs that stand for them, their best known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from engine.index import OpenIndex
from engine.playlist.versions import capped
from engine.query.filters import Filters, by_artist
from engine.query.wanted import derived
from indexer.errors import ArtistNotFoundError
from indexer.songs.table import UNKNOWN
from indexer.text.names import artist_key, title_stem

PER_ARTIST = 5  # songs that stand for an artist
PER_GENRE = 10  # songs that stand for a genre, each by another artist
NEAREST = 5  # artists that an error names


def songs_of_artist(index: OpenIndex, name: str) -> list[int]:
    """Rows of the artist's best known songs, no two versions of one, those where he is a guest last.

    ArtistNotFoundError names the nearest artists.
    """
    rows = _best_known(index, by_artist(index.songs, name))
    if not len(rows):
        raise _not_found(index, name)
    codes = index.songs.codes("artist_key").get(artist_key(name), [])
    guest = _is_guest(index, rows, codes)
    rows = np.concatenate([rows[~guest], rows[guest]])
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
    firsts = rows[np.sort(np.unique(artists, return_index=True)[1])]
    return [int(row) for row in firsts[capped(index.songs, firsts, max_per_artist=1, most=PER_GENRE)]]


def _is_guest(index: OpenIndex, rows: npt.NDArray[np.int64], codes: Sequence[int]) -> npt.NDArray[np.bool_]:
    """bool (rows,): whether the artist of these codes is a guest in each."""
    artists = index.songs.column("artist_key").padded(rows)
    guests = np.arange(artists.shape[1]) >= index.songs.main_artists[rows][:, None]
    return np.asarray((np.isin(artists, codes) & guests).any(axis=1))


def _best_known(index: OpenIndex, mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    """The living rows under the mask, the most popular first; karaoke and other songs made of others' come last."""
    if mask is None:
        return index.by_popularity[:0]
    rows = index.by_popularity[mask[index.by_popularity]]
    return rows[np.argsort(derived(index.songs, rows), kind="stable")]


def _not_found(index: OpenIndex, name: str) -> ArtistNotFoundError:
    songs = index.songs
    near = [str(key) for key, *_ in process.extract(artist_key(name), list(songs.codes("artist_key")), limit=NEAREST)]
    codes = songs.codes("artist_key")
    names = [songs.artist_called(code) for key in near for code in codes[key]]
    listed = f"nearest: {', '.join(names)}" if names else "no song of this index names its artist"
    return ArtistNotFoundError(f"no artist is called {name!r}; {listed}", nearest=names)
