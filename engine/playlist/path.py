"""Paths: a playlist that leads from one song to another in even steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from engine.answer.ranked import Answer
from engine.bounds import MOST_STEPS
from engine.index import OpenIndex
from engine.playlist.playlist import Playlist
from engine.playlist.tracks import Candidates, Selection
from engine.playlist.transitions import Matrix, Transitions
from engine.playlist.versions import Overlap, Versions, namesakes, overlap_of
from indexer.errors import RequestError, SongNotFoundError
from indexer.songs.table import UNKNOWN

Places = npt.NDArray[np.int64]  # of candidates

TRANSITION_WEIGHT = 0.15  # against 1 - cosine to the waypoint: breaks ties between songs that are as near
SAME_ARTIST = 0.5  # on two songs of one artist in a row
RANKED_PER_STEP = 16  # songs ranked for each of a path: twice those of a playlist, since they must lie on the way
# Candidates at each waypoint. Of 80 paths of 8 and of 15 real songs the best is the same among the nearest 64 as among
# 554, and of 40 paths of 40 songs among 128; with 64 a twelfth of these cost up to 0.1 % more.
LOOKED = 128
TABLED = 1_000  # songs up to which all steps are computed once and looked up
SEARCHES = 12  # for a path under the caps; few need more than 3
NO_DIRECTION = 1e-3  # radians from 0 or from half a turn: no shortest way leads from one to the other


def path_through(ranked: Answer, length: int, *, max_per_artist: int = 2, max_per_album: int | None = None) -> Playlist:
    """The path from the first of the query's two seeds to the second, through the songs that were ranked for both.

    Both seeds are songs of the index. Raises SongNotFoundError where nothing is known of both that other songs could
    lie between by.
    """
    index = ranked.query.index
    a, b = ranked.query.seeds
    ends = np.array([a.row, b.row], np.int64)
    rows = np.concatenate([ends, ranked.ranking.rows])
    places = [part for part in _known_of_both(index, rows) if part[:2].any(axis=1).all()]
    if not places:
        raise SongNotFoundError(
            f"{a.song.name!r} and {b.song.name!r} have neither lyrics nor audio features in common to walk along; "
            "choose songs that both have lyrics, or both have audio features"
        )
    vectors = np.concatenate(places, axis=1)
    if _opposite(*_scaled(vectors[:2])):
        vectors = _beside_a_constant(index, rows, np.asarray(vectors.any(axis=1)))
    usable = np.flatnonzero(vectors[2:].any(axis=1)) + 2
    walk = path(
        Candidates.of_rows(index.songs, rows[usable]),
        _scaled(vectors[usable]),
        Candidates.of_rows(index.songs, ends),
        _scaled(vectors[:2]),
        length,
        max_per_artist=max_per_artist,
        max_per_album=max_per_album,
        overlap=overlap_of(index.songs),
    )
    hits = ranked.hits(walk.songs.rows.tolist())
    return Playlist(f"{a.song.title} to {b.song.title}", tuple(hits), walk.relaxed)


def _opposite(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> bool:
    """Whether half a turn lies between two unit vectors, so that every way is as short."""
    return bool(a @ b <= -np.cos(NO_DIRECTION))


def _beside_a_constant(
    index: OpenIndex, rows: npt.NDArray[np.int64], known: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """The songs as they are before they are compressed and scaled to one length, with a column of ones where known.

    Songs of few features lie on a line through their mean, and its two ends are opposite. With the ones beside them
    the line becomes an arc on which they keep their order.
    """
    whole = np.concatenate([index.sentence[rows].astype(np.float32), index.audio[rows]], axis=1)
    return np.concatenate([whole, np.ones((len(rows), 1), np.float32)], axis=1) * known[:, None]


def _known_of_both(index: OpenIndex, rows: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.float32]]:
    """The songs' places by lyrics, sound and taste, float32 (rows, dim) each; zero where a song has none.

    A catalogue too small to learn a compressed space from has the vectors that would have been compressed.
    """
    whole: dict[str, npt.NDArray[np.floating]] = {"lyrics": index.sentence, "audio": index.audio}
    for name in dict.fromkeys([*index.parts, *whole]):
        part = index.parts[name][rows] if name in index.parts else np.zeros((len(rows), 0), np.float32)
        if not part[:2].any(axis=1).all() and name in whole:
            part = _scaled(whole[name][rows].astype(np.float32))
        yield np.asarray(part, np.float32)


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

    The waypoints divide the great circle between the ends evenly. Among the sequences of candidates whose progress
    (angle along that circle) rises, dynamic programming finds the one with the least sum of 1 - cosine(song, waypoint)
    + TRANSITION_WEIGHT x transition cost; at each waypoint it looks at the LOOKED
    nearest candidates. Under the caps, the songs of an artist or album that fit worst are left out and
    the search repeated. If too few songs fit, songs beyond the ends are allowed, then the album cap lifted, then the
    artist cap raised; never a version of another song.
    """
    goal = _unit(end_vectors, (2, vectors.shape[1]), "end_vectors")
    points = _unit(vectors, (len(candidates), goal.shape[1]), "vectors")
    if len(ends) != 2:
        raise ValueError(f"a path has 2 ends, found {len(ends)}")
    if not 2 <= length <= MOST_STEPS:
        raise ValueError(f"the length of a path is {length}, expected 2..{MOST_STEPS} songs")
    for name, cap in (("max_per_artist", max_per_artist), ("max_per_album", max_per_album)):
        if cap is not None and cap < 1:
            raise ValueError(f"{name} is {cap}, expected 1 or more")
    angle = float(np.arccos(np.clip(goal[0] @ goal[1], -1.0, 1.0)))
    if not NO_DIRECTION < angle < np.pi - NO_DIRECTION:
        where = "in the same place" if angle < 1 else "exactly opposite"
        raise RequestError(
            f"the two songs are {where}, so no path leads from one to the other; choose another end",
            field="end", found=f"a song {where}", expected="a song in another direction",
        )  # fmt: skip
    sideways = (goal[1] - np.cos(angle) * goal[0]) / np.sin(angle)
    progress = np.arctan2(points @ sideways, points @ goal[0]) / angle

    def away(steps: int) -> Matrix:
        """1 - cosine of every candidate to every inner waypoint of so many songs."""
        angles = np.linspace(0.0, angle, steps)[1:-1]
        waypoints = np.cos(angles)[:, None] * goal[0] + np.sin(angles)[:, None] * sideways
        return np.asarray(1.0 - points @ waypoints.T)

    far = away(length)
    distinct = _without_versions(candidates, ends, far, overlap)
    candidates, points, progress, far = candidates.take(distinct), points[distinct], progress[distinct], far[distinct]
    pool, inside = np.arange(len(candidates)), np.flatnonzero((progress > 0) & (progress < 1))
    wanted, relaxed = length - 2, []
    if len(pool) < wanted:
        relaxed.append(f"{len(pool) + 2} songs instead of {length}: no other song is left")
        wanted = len(pool)
        far = away(wanted + 2)
    nearness = far.min(axis=1) if wanted else np.zeros(len(candidates))
    artist_cap, album_cap = max_per_artist, max_per_album
    among = inside
    while len(under := _under_caps(candidates, ends, among, nearness, artist_cap, album_cap)) < wanted:
        if among is not pool:
            among = pool
        elif album_cap is not None:
            album_cap = None
        else:
            artist_cap += 1
    chosen = _search(candidates, ends, far, progress, among, under, wanted, artist_cap, album_cap)
    if not set(chosen) <= set(inside.tolist()):
        relaxed.append(f"songs beyond the two ends are used: only {len(inside)} lie between them")
    if album_cap != max_per_album:
        relaxed.append(f"album cap {max_per_album} lifted: too few songs lie on the way")
    if artist_cap != max_per_artist:
        relaxed.append(f"artist cap {max_per_artist} -> {artist_cap}: too few songs lie on the way")
    middle = candidates.take(chosen)
    return Selection(ends.take([0]).followed_by(middle).followed_by(ends.take([1])), tuple(relaxed))


def _unit(vectors: npt.NDArray[np.floating], shape: tuple[int, int], name: str) -> Matrix:
    if vectors.shape != shape:
        raise ValueError(f"{name} has shape {vectors.shape}, expected {shape}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.allclose(lengths, 1.0, atol=1e-2):
        raise ValueError(f"{name} holds a vector of length {lengths[np.abs(lengths - 1).argmax()]:g}, expected 1")
    return np.asarray(vectors / lengths[:, None], dtype=np.float64)


def _without_versions(candidates: Candidates, ends: Candidates, far: Matrix, overlap: Overlap | None) -> Places:
    """The places of the candidates that are no version of an end, and of each song the version nearest to the way."""
    nearest = far.min(axis=1) if far.shape[1] else np.zeros(len(candidates))
    versions, new = Versions(overlap, ends), ~np.isin(candidates.rows, ends.rows)
    doubtful = new & namesakes(candidates.stems, ends.stems)
    rows, stems = candidates.rows.tolist(), candidates.stems.tolist()
    for i in np.lexsort((candidates.rows, nearest)).tolist():
        if doubtful[i]:
            new[i] = versions.new(rows[i], candidates.artists_of(i), stems[i])
    return np.flatnonzero(new)


def _under_caps(
    candidates: Candidates, ends: Candidates, among: Places, far: Matrix, artist_cap: int, album_cap: int | None
) -> Places:
    """Of the candidates `among`, as many as stay under the caps, the ends counted: those with the least `far`."""
    by_artist, by_album = Counter(ends.artists.ravel().tolist()), Counter(ends.albums.tolist())
    order = among[np.argsort(far[among], kind="stable")]
    stays = []
    for i, artists, album in zip(
        order.tolist(), candidates.artists[order].tolist(), candidates.albums[order].tolist(), strict=True
    ):
        known = [artist for artist in artists if artist != UNKNOWN]
        full = any(by_artist[artist] >= artist_cap for artist in known)
        if full or (album_cap is not None and album != UNKNOWN and by_album[album] >= album_cap):
            continue
        stays.append(i)
        by_artist.update(known)
        by_album[album] += 1
    return np.array(stays, np.int64)


def _search(
    candidates: Candidates,
    ends: Candidates,
    far: Matrix,
    progress: Matrix,
    among: Places,
    under: Places,
    wanted: int,
    artist_cap: int,
    album_cap: int | None,
) -> list[int]:
    """Places of the `wanted` songs of the best path under the caps; `under`, enough songs that keep them, is the last
    resort."""
    free = np.zeros(len(candidates), bool)
    free[among] = True
    steps = Steps(ends.followed_by(candidates))
    for _ in range(SEARCHES):
        usable = np.flatnonzero(free)
        if len(usable) < wanted:
            break
        chosen = cheapest(far, progress, candidates.rows, steps, usable, wanted)
        fit = np.full(len(candidates), np.inf)
        fit[chosen] = far[chosen, np.arange(wanted)]
        stays = _under_caps(candidates, ends, chosen, fit, artist_cap, album_cap)
        if len(stays) == wanted:
            return [int(i) for i in chosen]
        free[np.setdiff1d(chosen, stays)] = False
    return [int(i) for i in cheapest(far, progress, candidates.rows, steps, under, wanted)]


class Steps:
    """What a step between two songs costs; numbers 0 and 1 are the ends, candidate i is number i + 2."""

    def __init__(self, songs: Candidates):
        self._transitions = Transitions(songs)
        self._artists = songs.artist_numbers()
        everyone = np.arange(len(songs))
        self._table = self._computed(everyone[:, None], everyone) if len(songs) <= TABLED else None

    def _computed(self, a: Places, b: Places) -> Matrix:
        same_artist = self._artists[a] == self._artists[b]
        return np.asarray(TRANSITION_WEIGHT * self._transitions.costs(a, b) + SAME_ARTIST * same_artist)

    def costs(self, a: Places, b: Places) -> Matrix:
        """Of a step from songs `a` to songs `b`, paired as numpy broadcasts them."""
        return self._computed(a, b) if self._table is None else np.asarray(self._table[a, b])


def cheapest(
    far: Matrix, progress: Matrix, rows: npt.NDArray[np.integer], steps: Steps, usable: Places, wanted: int
) -> Places:
    """Candidates for the `wanted` waypoints, of rising progress, with the least sum of `far` and of the steps.

    far        (candidates, wanted)
    progress   (candidates,), ties by `rows`
    usable     `wanted` candidates or more
    """
    if not wanted:
        return np.zeros(0, np.int64)
    usable = usable[np.lexsort((rows[usable], progress[usable]))]  # from here on, further along is a higher place
    # One candidate for each waypoint that rise from the first to the last, so that some path is always looked at.
    spread = np.arange(wanted) * len(usable) // wanted
    looked: list[Places] = []
    origins: list[Places] = []
    for step in range(wanted):
        near = np.arange(len(usable))
        if len(usable) > LOOKED:
            near = np.argpartition(far[usable, step], LOOKED)[:LOOKED]
            near = np.union1d(near, spread[step])
        numbers = usable[near] + 2
        if not step:
            total = steps.costs(np.zeros(1, np.int64), numbers)
        else:
            before = looked[-1]
            through = total[:, None] + steps.costs(usable[before][:, None] + 2, numbers)
            through[before[:, None] >= near] = np.inf
            origins.append(through.argmin(axis=0))
            total = through[origins[-1], np.arange(len(near))]
        total = total + far[usable[near], step]
        looked.append(near)
    at = int((total + steps.costs(usable[looked[-1]] + 2, np.ones(1, np.int64))).argmin())
    places = [int(looked[-1][at])]
    for near, origin in zip(reversed(looked[:-1]), reversed(origins), strict=True):
        at = int(origin[at])
        places.append(int(near[at]))
    return usable[places[::-1]]


def _scaled(rows: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Each row of length 1, or zero."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)
