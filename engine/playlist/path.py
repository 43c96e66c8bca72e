"""Paths: a playlist that leads from one song to another in even steps."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.answer.answer import Answer
from engine.playlist.playlist import Playlist
from engine.playlist.sequencing import Overlap, Versions
from engine.playlist.tracks import UNKNOWN, Candidates, Selection
from engine.playlist.transitions import Matrix, transition_costs
from engine.playlist.versions import overlap_of
from indexer.errors import SongNotFoundError

TRANSITION_WEIGHT = 0.15  # against 1 - cosine to the waypoint: breaks ties between songs that are as near
SAME_ARTIST = 0.5  # on two songs of one artist in a row
NO_DIRECTION = 1e-3  # radians from 0 or from half a turn: no shortest way leads from one to the other


def path_through(found: Answer, length: int, *, max_per_artist: int = 2) -> Playlist:
    """The path from the first of the query's two seeds to the second, through the songs that were found for both."""
    index = found.query.index
    a, b = found.query.seeds
    shared = [n for n in index.parts if a.parts[n].any() and b.parts[n].any()]
    if not shared:
        raise SongNotFoundError(
            f"{a.song.name!r} and {b.song.name!r} have neither lyrics nor audio features in common to walk along; "
            "choose songs that both have lyrics, or both have audio features"
        )
    vectors = np.concatenate([index.parts[n][found.ranking.rows] for n in shared], axis=1)
    known = vectors.any(axis=1)
    usable = found.ranking.rows[known]
    ends = np.array([a.row, b.row], np.int64)
    walk = path(
        Candidates.of_rows(index.songs, usable),
        _scaled(vectors[known]),
        Candidates.of_rows(index.songs, ends),
        _scaled(np.concatenate([index.parts[n][ends] for n in shared], axis=1)),
        length,
        max_per_artist=max_per_artist,
        overlap=overlap_of(index.songs),
    )
    hits = found.hits(walk.songs.rows.tolist())
    return Playlist(f"{a.song.title} to {b.song.title}", tuple(hits), walk.relaxed)


def _scaled(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    unit: npt.NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def path(
    candidates: Candidates,
    vectors: npt.NDArray[np.floating],
    ends: Candidates,
    end_vectors: npt.NDArray[np.floating],
    length: int,
    *,
    max_per_artist: int = 2,
    max_per_album: int | None = None,
    overlap: Overlap | None = None,
) -> Selection:
    """`length` songs from the first of `ends` to the second, both included, each a step further than the last.

    vectors, end_vectors   unit vectors, (candidates, d) and (2, d)

    The waypoints divide the great circle between the ends evenly. Among all sequences of candidates
    whose progress (angle along that circle) rises, dynamic programming finds the one with the least
    sum of 1 - cosine(song, waypoint) + TRANSITION_WEIGHT x transition cost. Under the caps, the songs
    of an artist or album that fit worst are left out and the search repeated. If too few songs fit,
    songs beyond the ends are allowed, then the caps raised; never a version of another song.
    """
    goal = _unit(end_vectors, (2, vectors.shape[1]), "end_vectors")
    points = _unit(vectors, (len(candidates), goal.shape[1]), "vectors")
    if len(ends) != 2 or length < 2:
        raise ValueError(f"a path has 2 ends and 2 songs or more, found {len(ends)} ends and length {length}")
    for name, cap in (("max_per_artist", max_per_artist), ("max_per_album", max_per_album)):
        if cap is not None and cap < 1:
            raise ValueError(f"{name} is {cap}, expected 1 or more")
    angle = float(np.arccos(np.clip(goal[0] @ goal[1], -1.0, 1.0)))
    if not NO_DIRECTION < angle < np.pi - NO_DIRECTION:
        where = "in the same place" if angle < 1 else "exactly opposite"
        raise ValueError(f"the two songs are {where}, so no path leads from one to the other; choose another end")
    candidates = replace(candidates, stems=list(candidates.stems))  # all are read, and more than once
    sideways = (goal[1] - np.cos(angle) * goal[0]) / np.sin(angle)
    progress = np.arctan2(points @ sideways, points @ goal[0]) / angle

    def away(steps: int) -> Matrix:
        """1 - cosine of every candidate to every inner waypoint of so many songs."""
        angles = np.linspace(0.0, angle, steps)[1:-1]
        waypoints = np.cos(angles)[:, None] * goal[0] + np.sin(angles)[:, None] * sideways
        return np.asarray(1.0 - points @ waypoints.T)

    far = away(length)
    pool = _without_versions(candidates, ends, far, overlap)
    inside = pool[(progress[pool] > 0) & (progress[pool] < 1)]
    wanted, relaxed = length - 2, []
    if len(pool) < wanted:
        relaxed.append(f"{len(pool) + 2} songs instead of {length}: no other song is left")
        wanted = len(pool)
        far = away(wanted + 2)
    artist_cap, album_cap = max_per_artist, max_per_album
    found = _search(candidates, ends, far, progress, inside, wanted, artist_cap, album_cap)
    if found is None:
        found = _search(candidates, ends, far, progress, pool, wanted, artist_cap, album_cap)
    if found is None and album_cap is not None:
        album_cap = None
        found = _search(candidates, ends, far, progress, pool, wanted, artist_cap, album_cap)
    while found is None:
        artist_cap += 1
        found = _search(candidates, ends, far, progress, pool, wanted, artist_cap, album_cap)
    if not set(found) <= set(inside.tolist()):
        relaxed.append(f"songs beyond the two ends are used: only {len(inside)} lie between them")
    if album_cap != max_per_album:
        relaxed.append(f"album cap {max_per_album} lifted: too few songs lie on the way")
    if artist_cap != max_per_artist:
        relaxed.append(f"artist cap {max_per_artist} -> {artist_cap}: too few songs lie on the way")
    middle = candidates.take(found)
    return Selection(ends.take([0]).followed_by(middle).followed_by(ends.take([1])), tuple(relaxed))


def _unit(vectors: npt.NDArray[np.floating], shape: tuple[int, int], name: str) -> Matrix:
    if vectors.shape != shape:
        raise ValueError(f"{name} has shape {vectors.shape}, expected {shape}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.allclose(lengths, 1.0, atol=1e-2):
        raise ValueError(f"{name} holds a vector of length {lengths[np.abs(lengths - 1).argmax()]:g}, expected 1")
    return np.asarray(vectors / lengths[:, None], dtype=np.float64)


def _without_versions(
    candidates: Candidates, ends: Candidates, far: Matrix, overlap: Overlap | None
) -> npt.NDArray[np.int64]:
    """The places of the candidates that are no version of an end, and of each song the version nearest to the way."""
    versions = Versions(overlap, ends)
    nearest = far.min(axis=1) if far.shape[1] else np.zeros(len(candidates))
    rows, artists = candidates.rows.tolist(), candidates.artists.tolist()
    by_nearness = np.lexsort((candidates.rows, nearest)).tolist()
    kept = [i for i in by_nearness if versions.new(rows[i], artists[i], candidates.stems[i])]
    return np.array(sorted(kept), np.int64)


def _search(
    candidates: Candidates,
    ends: Candidates,
    far: Matrix,
    progress: Matrix,
    pool: npt.NDArray[np.int64],
    wanted: int,
    artist_cap: int,
    album_cap: int | None,
) -> list[int] | None:
    """Places of the `wanted` songs of the best path under the caps; None if there is none."""
    pool = pool[np.lexsort((candidates.rows[pool], progress[pool]))]
    songs = ends.followed_by(candidates.take(pool))
    artists = songs.artist_numbers()
    costs = TRANSITION_WEIGHT * transition_costs(songs) + SAME_ARTIST * (artists[:, None] == artists)
    out = np.zeros(len(pool), bool)
    while (~out).sum() >= wanted:
        chosen = _cheapest(far[pool].T, costs, ~out, wanted)
        excess = _excess(songs, chosen + 2, far[pool[chosen], np.arange(wanted)], artist_cap, album_cap)
        if not excess:
            return [int(i) for i in pool[chosen]]
        out[[chosen[k] for k in excess]] = True
    return None


def _cheapest(far: Matrix, costs: Matrix, allowed: npt.NDArray[np.bool_], wanted: int) -> npt.NDArray[np.int64]:
    """Places of `wanted` allowed songs, rising, with the least sum of `far` and of the costs between neighbours.

    far     (wanted, n)
    costs   (n + 2, n + 2), the two ends first
    """
    if not wanted:
        return np.zeros(0, np.int64)
    usable = np.flatnonzero(allowed)
    columns = np.arange(len(usable))
    between = costs[np.ix_(usable + 2, usable + 2)]
    between[columns[:, None] >= columns] = np.inf
    total = far[0, usable] + costs[0, usable + 2]
    before = []
    for step in range(1, wanted):
        through = total[:, None] + between
        before.append(through.argmin(axis=0))
        total = through[before[-1], columns] + far[step, usable]
    at = int((total + costs[1, usable + 2]).argmin())
    places = [at]
    for came_from in reversed(before):
        at = int(came_from[at])
        places.append(at)
    return usable[places[::-1]]


def _excess(
    songs: Candidates, chosen: npt.NDArray[np.int64], far: Matrix, artist_cap: int, album_cap: int | None
) -> set[int]:
    """Which of the chosen songs (by number, from 0) are too many of one artist or album: those that fit worst."""
    excess: set[int] = set()
    for keys, cap in ((songs.artists, artist_cap), (songs.albums, album_cap)):
        if cap is None:
            continue
        heard = Counter(keys[:2].tolist())
        for k in np.argsort(far, kind="stable").tolist():
            key = int(keys[chosen[k]])
            heard[key] += 1
            if key != UNKNOWN and heard[key] > cap:
                excess.add(k)
    return excess
