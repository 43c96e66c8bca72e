"""Sequencing: the songs of a playlist are chosen by relevance under caps, then put in an order to listen to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from engine.playlist.tracks import UNKNOWN, Candidates, Selection
from engine.playlist.transitions import Matrix, transition_costs

Arc = Literal["flat", "rise", "fall", "peak", "wave"]
Overlap = Callable[[int, int], float]  # rows of two songs -> shared words / words of the shorter lyric, 0..1

# 4,000 pairs of real songs with one title and two artists: namesakes share 0.2 to 0.6 of their words, covers
# 0.65 and more, few lie between. Of 4,000 pairs drawn at random two share as much.
VERSION_OVERLAP = 0.65
VARIED_HEAD = 200  # as many songs of the ranking as another seed may move about
VARIATION = 0.3  # Gumbel noise, in standard deviations of the head's scores

WIDEST_GAP = 3  # other songs between two of one artist; a listener no longer hears them as a block
ARC_WEIGHT = 4.0  # per unit of energy away from the arc: 0.05 off the arc weighs as much as a key clash
RELEVANCE_WEIGHT = 0.2  # best songs early, where nothing else decides
FIRST_SONG = 2.0  # the first song's place counts this many times: it says what the playlist is
SEED_NOISE = 0.05  # on a transition's cost of 0..1, for another order by another seed
REACH = 40  # places over which songs are exchanged or moved; in longer lists the rest is the construction's
SWEEPS = 60  # improvement stops here at the latest; 25 songs need about 5, 500 about 30

_ARCS: dict[str, Callable[[Matrix], Matrix]] = {
    "rise": lambda t: t,
    "fall": lambda t: 1 - t,
    "peak": lambda t: np.minimum(t * 1.5, (1 - t) * 3),  # two thirds up, one third down
    "wave": lambda t: (1 - np.cos(4 * np.pi * t)) / 2,  # two crests
}


def select(
    candidates: Candidates,
    length: int,
    *,
    max_per_artist: int = 2,
    max_per_album: int | None = None,
    never: Candidates | None = None,
    overlap: Overlap | None = None,
    seed: int = 0,
    variation: float = VARIATION,
) -> Selection:
    """The most relevant songs that the rules allow, in order of relevance.

    No two versions of one song (one title stem, and one artist or lyrics that overlap), no song of
    `never` and no version of one. If fewer than `length` songs fit, the album cap is lifted, then the
    artist cap raised by one at a time; the songs that came so are appended. A shorter selection is a
    beginning of a longer one. Seed 0 takes the songs by score; any other seed adds Gumbel noise of
    `variation` standard deviations to the first VARIED_HEAD scores.
    """
    for name, cap in (("length", length), ("max_per_artist", max_per_artist), ("max_per_album", max_per_album)):
        if cap is not None and cap < 1:
            raise ValueError(f"{name} is {cap}, expected 1 or more")
    versions = Versions(overlap, never)
    taken: list[int] = []
    by_artist: Counter[int] = Counter()
    by_album: Counter[int] = Counter()
    artists, albums, rows = candidates.artists.tolist(), candidates.albums.tolist(), candidates.rows.tolist()
    waiting = _by_relevance(candidates, seed, variation)
    artist_cap, album_cap = max_per_artist, max_per_album
    fitted: list[int] = []  # songs that each step found room for
    while True:
        capped = []
        for i in waiting:
            if len(taken) == length:
                break
            artist, album = artists[i], albums[i]
            if (artist != UNKNOWN and by_artist[artist] >= artist_cap) or (
                album_cap is not None and album != UNKNOWN and by_album[album] >= album_cap
            ):
                capped.append(i)
            elif versions.new(rows[i], artist, candidates.stems[i]):
                taken.append(i)
                by_artist[artist] += 1
                by_album[album] += 1
        fitted.append(len(taken))
        if len(taken) == length or not capped:
            break
        waiting = capped
        if album_cap is not None:
            album_cap = None
        else:
            artist_cap += 1
    relaxed = []
    most = max((count for artist, count in by_artist.items() if artist != UNKNOWN), default=0)
    if max_per_album is not None and any(by_album[a] > max_per_album for a in by_album if a != UNKNOWN):
        relaxed.append(f"album cap {max_per_album} lifted: only {fitted[0]} of {length} songs fit")
    if most > max_per_artist:
        before = fitted[0 if max_per_album is None else 1]
        relaxed.append(f"artist cap {max_per_artist} -> {most}: only {before} of {length} songs fit")
    if len(taken) < length:
        relaxed.append(f"{len(taken)} songs instead of {length}: no other song is left")
    return Selection(candidates.take(taken), tuple(relaxed))


def _by_relevance(candidates: Candidates, seed: int, variation: float) -> list[int]:
    order = np.lexsort((candidates.rows, -candidates.scores))
    if seed:
        head = order[:VARIED_HEAD]
        scores = candidates.scores[head].astype(np.float64)
        noise = np.random.default_rng(seed).gumbel(size=len(head)) * variation * (scores.std() if len(head) else 0.0)
        order = np.concatenate([head[np.argsort(-(scores + noise), kind="stable")], order[VARIED_HEAD:]])
    return [int(i) for i in order]


class Versions:
    """Remembers songs, `never` to begin with, and says of the next whether it is new."""

    def __init__(self, overlap: Overlap | None, never: Candidates | None):
        self.overlap = overlap
        self.rows: set[int] = set()
        self.titles: dict[str, list[tuple[int, int]]] = defaultdict(list)
        if never is not None:
            for row, artist, stem in zip(never.rows.tolist(), never.artists.tolist(), never.stems, strict=True):
                self._remember(row, artist, stem)

    def _remember(self, row: int, artist: int, stem: str) -> None:
        self.rows.add(row)
        if stem:
            self.titles[stem].append((row, artist))

    def new(self, row: int, artist: int, stem: str) -> bool:
        if row in self.rows:
            return False
        for other, by in self.titles.get(stem, ()):
            if by == artist or (self.overlap is not None and self.overlap(row, other) >= VERSION_OVERLAP):
                return False
        self._remember(row, artist, stem)
        return True


def order(selected: Selection, *, arc: Arc = "flat", seed: int = 0) -> Selection:
    """The same songs in an order to listen to: smooth transitions, an energy arc, artists kept apart.

    cost = sum of transition costs + ARC_WEIGHT x |energy - arc| + RELEVANCE_WEIGHT x |place - rank by score|
    (places and ranks as shares of the list). The arc is made of the songs' own energies: "rise" asks for
    them sorted. Built greedily, then improved by exchanging two songs and by moving one, which finds a
    good order and not always the best. Between two songs of an artist lie WIDEST_GAP others, or as many
    as can be. The same songs and seed give the same order.
    """
    if arc not in get_args(Arc):
        raise ValueError(f"arc is {arc!r}, expected one of {', '.join(get_args(Arc))}")
    songs = selected.songs
    if len(songs) < 2:
        return selected
    artists = songs.artist_numbers()
    gap = widest_gap(np.bincount(artists).tolist())
    relaxed = selected.relaxed
    if gap < WIDEST_GAP:
        most = int(np.bincount(artists).max())
        relaxed += (f"artist gap {WIDEST_GAP} -> {gap}: {most} of {len(songs)} songs are by one artist",)
    between = transition_costs(songs)
    if seed:
        noise = np.random.default_rng(seed).uniform(0, SEED_NOISE, between.shape)
        between += noise + noise.T
    place = _place_costs(songs, arc)
    built = _build(between, place, artists, gap)
    return Selection(songs.take(_improve(built, between, place, artists, gap)), relaxed)


def widest_gap(songs_per_artist: list[int]) -> int:
    """The most other songs, up to WIDEST_GAP, that can lie between any two of one artist.

    n songs have room for a gap g if (most - 1)(g + 1) + artists with as many <= n.

    >>> widest_gap([2, 2, 1]), widest_gap([3, 1]), widest_gap([1, 1, 1])
    (2, 0, 3)
    """
    most = max(songs_per_artist)
    if most == 1:
        return WIDEST_GAP
    room = sum(songs_per_artist) - songs_per_artist.count(most)
    return min(WIDEST_GAP, max(room // (most - 1) - 1, 0))


def _place_costs(songs: Candidates, arc: Arc) -> Matrix:
    """float64 (n songs, n places)."""
    n = len(songs)
    places = np.arange(n) / (n - 1)
    rank = np.empty(n)
    rank[np.lexsort((songs.rows, -songs.scores))] = places
    costs = RELEVANCE_WEIGHT * np.abs(rank[:, None] - places)
    energy = songs.energy.astype(np.float64)
    known = ~np.isnan(energy)
    if arc != "flat" and known.any():
        height = np.empty(n)
        height[np.argsort(_ARCS[arc](places), kind="stable")] = places
        target = np.interp(height, np.linspace(0, 1, int(known.sum())), np.sort(energy[known]))
        away = np.abs(energy[:, None] - target)
        away[~known] = away[known].mean(axis=0)
        costs += ARC_WEIGHT * away
    costs[:, 0] *= FIRST_SONG
    return costs


def _build(between: Matrix, place: Matrix, artists: npt.NDArray[np.int64], gap: int) -> npt.NDArray[np.int64]:
    """Song after song, the cheapest that keeps the gap and leaves a way to keep it.

    The j-th last song of an artist has to come before place n - j(gap + 1). When the songs that are due
    by such a place fill all places up to it, the next song is one of them.
    """
    n = len(artists)
    left = np.bincount(artists)
    due = [int(np.maximum(left - j, 0).sum()) for j in range(int(left.max()))]
    free = np.ones(n, bool)
    built: list[int] = []
    for at in range(n):
        allowed = free.copy()
        for earlier in built[max(0, at - gap) :]:
            allowed &= artists != artists[earlier]
        for j in range(len(due) - 1, 0, -1):
            if due[j] and due[j] >= n - j * (gap + 1) - at:
                allowed &= left[artists] > j
                break
        costs = place[:, at] + between[built[-1]] if built else place[:, at]
        song = int(np.where(allowed, costs, np.inf).argmin())
        built.append(song)
        free[song] = False
        for j in range(int(left[artists[song]])):
            due[j] -= 1
        left[artists[song]] -= 1
    return np.array(built)


def _improve(
    built: npt.NDArray[np.int64], between: Matrix, place: Matrix, artists: npt.NDArray[np.int64], gap: int
) -> npt.NDArray[np.int64]:
    """Exchange two songs or move one, wherever that helps and keeps the gap, until nothing helps any more.

    A sweep weighs all changes at once, then makes those that help most and do not touch each other.
    """
    n = len(built)
    edges = np.zeros((n + 1, n + 1))  # song n is the silence before and after: its transitions are free
    edges[:n, :n] = between
    first, second = np.nonzero(np.triu(np.tri(n, k=REACH, dtype=bool), 1))
    apart = gap > 0 and np.bincount(artists).max() > 1
    for _ in range(SWEEPS):
        gains = _gains(built, edges, place, first, second)
        helping = np.flatnonzero(gains > 1e-9)
        helping = helping[np.argsort(-gains[helping], kind="stable")[: 4 * n]]
        free = bytearray(b"\x01") * (n + 2)  # places, from the silence before to the silence after
        changed = False
        for change in helping.tolist():
            kind, pair = divmod(change, len(first))
            i, j = int(first[pair]), int(second[pair])
            zones = [slice(i, i + 3), slice(j, j + 3)] if kind == 0 else [slice(i, j + 3)]
            if not all(all(free[zone]) for zone in zones):
                continue
            tried = built.copy()
            tried[i], tried[j] = built[j], built[i]
            if kind == 1:
                tried[i:j] = built[i + 1 : j + 1]
            elif kind == 2:
                tried[i + 1 : j + 1] = built[i:j]
            if not apart or _keeps_gap(artists[tried], gap):
                built, changed = tried, True
                for zone in zones:
                    free[zone] = bytes(zone.stop - zone.start)
        if not changed:
            break
    return built


def _keeps_gap(artists: npt.NDArray[np.int64], gap: int) -> bool:
    return not any((artists[apart:] == artists[:-apart]).any() for apart in range(1, gap + 1))


def _gains(
    built: npt.NDArray[np.int64], edges: Matrix, place: Matrix, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """float64 (3 x pairs,): how much cheaper the order becomes, for each pair of places i < j, by
    exchanging their songs; then by moving i's song to j; then by moving j's song to i."""
    n = len(built)
    heard = np.concatenate([[n], built, [n]])
    edge, cost = edges.ravel(), place.ravel()
    row = heard * (n + 1)
    joined = edge[row[:-1] + heard[1:]]  # into each place, and out of the last
    skipped = edge[row[:-2] + heard[2:]]  # past each place
    into_i, out_i, into_j, out_j = joined[i], joined[i + 1], joined[j], joined[j + 1]
    a, b = built[i], built[j]
    before_i_b, b_after_i = edge[row[i] + b], edge[row[i + 2] + b]
    before_j_a, a_after_j, a_b = edge[row[j] + a], edge[row[j + 2] + a], edge[row[i + 1] + b]
    kept = place[built, np.arange(n)]
    a_moves, b_moves = kept[i] - cost[a * n + j], kept[j] - cost[b * n + i]
    sooner = np.cumsum(kept[1:] - place[built[1:], np.arange(n - 1)])  # gain if places 1..k come one sooner
    later = np.cumsum(kept[:-1] - place[built[:-1], np.arange(1, n)])
    sooner, later = np.concatenate([[0.0], sooner]), np.concatenate([[0.0], later])

    exchange = into_i + out_i + into_j + out_j - before_i_b - b_after_i - before_j_a - a_after_j + a_moves + b_moves
    exchange -= np.where(j == i + 1, 2 * out_i, 0.0)  # neighbours keep the edge between them
    forward = into_i + out_i - skipped[i] + out_j - a_b - a_after_j + a_moves + sooner[j] - sooner[i]
    backward = into_j + out_j - skipped[j] + into_i - before_i_b - a_b + b_moves + later[j] - later[i]
    return np.concatenate([exchange, forward, backward])
