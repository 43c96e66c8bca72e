"""Ordering: songs that were chosen, in an order to listen to: smooth, along an energy arc, artists kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, get_args

import numpy as np
import numpy.typing as npt

from engine.bounds import Arc
from engine.playlist.tracks import Candidates, Selection
from engine.playlist.transitions import Matrix, Transitions

Numbers = npt.NDArray[np.int64]
Lookup = Callable[[Numbers, Numbers], Matrix]

WIDEST_GAP = 3  # other songs between two of one artist; a listener no longer hears them as a block
ARC_WEIGHT = 4.0  # per unit of energy away from the arc: 0.05 off the arc weighs as much as a key clash
RELEVANCE_WEIGHT = 0.2  # best songs early, where nothing else decides
FIRST_SONG = 2.0  # the first song's place counts this many times: it says what the playlist is
NOISE = 0.1  # at most, on a transition's cost of 0..1, for another order by another variation
REACH = 40  # places over which songs are exchanged or moved; in longer lists the rest is the construction's
SWEEPS = 60  # improvement stops here at the latest; 25 songs need about 5, 500 about 30
SWEPT = 30_000  # and after so many songs, 60 sweeps of 500
APART = 50  # places from its ideal one that a song of a long list is put: who comes too soon is missed at the end
TABLED = 1_000  # songs up to which all costs are computed once and looked up

_ARCS: dict[str, Callable[[Matrix], Matrix]] = {
    "rise": lambda t: t,
    "fall": lambda t: 1 - t,
    "peak": lambda t: np.minimum(t * 1.5, (1 - t) * 3),  # two thirds up, one third down
    "wave": lambda t: (1 - np.cos(4 * np.pi * t)) / 2,  # two crests
}


def order(selected: Selection, *, arc: Arc = "flat", variation: int = 0, pinned: int = 0) -> Selection:
    """The same songs in an order to listen to: smooth transitions, an energy arc, artists kept apart.

    pinned   so many songs from the first on stay where they are

    cost = sum of transition costs + ARC_WEIGHT x |energy - arc| + RELEVANCE_WEIGHT x |place - rank by score|
    (places and ranks as shares of the list). The arc is made of the songs' own energies: "rise" asks for
    them sorted. Built greedily, then improved by exchanging two songs and by moving one, which finds a
    good order and not always the best. Between two songs of an artist lie WIDEST_GAP others, or as many
    as can be. The same songs and variation give the same order.
    """
    if arc not in get_args(Arc):
        raise ValueError(f"arc is {arc!r}, expected one of {', '.join(get_args(Arc))}")
    songs = selected.songs
    if not 0 <= pinned <= len(songs):
        raise ValueError(f"pinned is {pinned}, expected 0..{len(songs)}, the number of songs")
    if len(songs) < 2:
        return selected
    artists = songs.artist_numbers()
    costs = Costs.of(songs, arc, variation)
    gap = widest_gap(np.bincount(artists).tolist())
    while (built := _build(costs, artists, gap, pinned)) is None:
        gap -= 1
    relaxed = selected.relaxed
    if gap < WIDEST_GAP:
        most = int(np.bincount(artists).max())
        relaxed += (f"artist gap {WIDEST_GAP} -> {gap}: {most} of {len(songs)} songs are by one artist",)
    return Selection(songs.take(_improve(built, costs, artists, gap, pinned)), relaxed)


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


@dataclass(frozen=True, slots=True)
class Costs:
    """What an order of n songs costs, looked up by number from 0; arguments are paired as numpy broadcasts them.

    edge    of a song and the one after it; number n is the silence before and after: its transitions are free
    place   of a song and the place where it stands
    ideal   int64 (n,): the place of each song if its place alone counted; None where the list is short
    """

    edge: Lookup
    place: Lookup
    ideal: Numbers | None = None

    @classmethod
    def tabled(cls, between: Matrix, place: Matrix) -> Self:
        """From all transitions (n, n) and all songs at all places (n, n)."""
        n = len(between)
        edges = np.zeros((n + 1, n + 1))
        edges[:n, :n] = between
        edge, cost = edges.ravel(), place.ravel()
        return cls(lambda a, b: edge[a * (n + 1) + b], lambda song, at: cost[song * n + at])

    @classmethod
    def of(cls, songs: Candidates, arc: Arc, variation: int) -> Self:
        n, numbers = len(songs), np.arange(len(songs))
        transitions, place = Transitions(songs), place_costs(songs, arc)
        phase = np.random.default_rng(variation).random(n)

        def between(a: Numbers, b: Numbers) -> Matrix:
            costs = transitions.costs(a, b)
            # The fraction of the sum of two phases is as good as drawn anew for each pair, and symmetric.
            return costs + NOISE * ((phase[a] + phase[b]) % 1.0) if variation else costs

        def edge(a: Numbers, b: Numbers) -> Matrix:
            last = n - 1
            return np.where((a == n) | (b == n), 0.0, between(np.minimum(a, last), np.minimum(b, last)))

        if n <= TABLED:
            return cls.tabled(between(numbers[:, None], numbers), place(numbers[:, None], numbers))
        return cls(edge, place, _ideal_places(songs, arc))


def place_costs(songs: Candidates, arc: Arc) -> Lookup:
    """RELEVANCE_WEIGHT x |place - rank by score| + ARC_WEIGHT x |energy - arc|, by song and place.

    A song of unknown energy costs what the others cost on average.
    """
    n = len(songs)
    shares = np.arange(n) / (n - 1)
    rank = np.empty(n)
    rank[np.lexsort((songs.rows, -songs.scores))] = shares
    energy = songs.energy.astype(np.float64)
    known = ~np.isnan(energy)
    arched = arc != "flat" and bool(known.any())
    if arched:
        height = np.empty(n)
        height[np.argsort(_ARCS[arc](shares), kind="stable")] = shares
        rising = np.sort(energy[known])
        target = np.interp(height, np.linspace(0, 1, len(rising)), rising)
        mean_distance = _mean_distance(rising, target)

    def costs(song: Numbers, at: Numbers) -> Matrix:
        total = RELEVANCE_WEIGHT * np.abs(rank[song] - shares[at])
        if arched:
            away = np.where(known[song], np.abs(energy[song] - target[at]), mean_distance[at])
            total = total + ARC_WEIGHT * away
        return np.asarray(np.where(at == 0, FIRST_SONG * total, total))

    return costs


def _ideal_places(songs: Candidates, arc: Arc) -> Numbers:
    """int64 (n,): where each song would stand by energy along the arc, or by relevance where that says nothing."""
    n = len(songs)
    ideal = np.empty(n, np.int64)
    ideal[np.lexsort((songs.rows, -songs.scores))] = np.arange(n)
    known = np.flatnonzero(~np.isnan(songs.energy))
    if arc != "flat" and len(known):
        rising = np.argsort(_ARCS[arc](np.arange(n) / (n - 1)), kind="stable")
        spread = np.linspace(0, n - 1, len(known)).astype(np.int64)
        ideal[known[np.argsort(songs.energy[known], kind="stable")]] = rising[spread]
    return ideal


def _mean_distance(rising: Matrix, points: Matrix) -> Matrix:
    """float64 (points,): the mean distance of each point from rising values.

    >>> _mean_distance(np.array([0.0, 1.0]), np.array([0.0, 2.0])).tolist()
    [0.5, 1.5]
    """
    sums = np.concatenate([[0.0], np.cumsum(rising)])
    below = np.searchsorted(rising, points)
    apart = points * below - sums[below] + (sums[-1] - sums[below]) - points * (len(rising) - below)
    return np.asarray(apart / len(rising))


def _build(costs: Costs, artists: Numbers, gap: int, pinned: int = 0) -> Numbers | None:
    """Song after song, the cheapest that keeps the gap and leaves a way to keep it; None where there is no way.

    The j-th last song of an artist has to come before place n - j(gap + 1). When the songs that are due
    by such a place fill all places up to it, the next song is one of them. The songs pinned may leave no way.
    """
    n = len(artists)
    left = np.bincount(artists)
    due = np.array([int(np.maximum(left - j, 0).sum()) for j in range(int(left.max()))])
    deadline = n - np.arange(len(due)) * (gap + 1)
    free = np.ones(n, bool)
    built = np.empty(n, np.int64)
    for at in range(n):
        if at < pinned:
            song = at
        else:
            allowed = free.copy()
            for earlier in built[max(0, at - gap) : at]:
                allowed &= artists != artists[earlier]
            urgent = np.flatnonzero((due[1:] > 0) & (due[1:] >= deadline[1:] - at))
            if len(urgent):
                allowed &= left[artists] > urgent[-1] + 1
            songs = np.flatnonzero(allowed)
            if not len(songs):
                return None
            if costs.ideal is not None:
                late = costs.ideal[songs] < at - APART
                near = late if late.any() else costs.ideal[songs] <= at + APART
                songs = songs[near] if near.any() else songs
            cost = costs.place(songs, np.int64(at))  # type: ignore[arg-type]
            if at:
                cost = cost + costs.edge(built[at - 1], songs)
            song = int(songs[cost.argmin()])
        built[at] = song
        free[song] = False
        due[: left[artists[song]]] -= 1
        left[artists[song]] -= 1
    return built


def _improve(built: Numbers, costs: Costs, artists: Numbers, gap: int, pinned: int = 0) -> Numbers:
    """Exchange two songs or move one, wherever that helps and keeps the gap, until nothing helps any more.

    A sweep weighs all changes at once, then makes those that help most and do not touch each other.
    """
    n = len(built)
    first = np.repeat(np.arange(pinned, n), REACH)
    second = first + np.tile(np.arange(1, REACH + 1), n - pinned)
    first, second = first[second < n], second[second < n]
    apart = gap > 0 and np.bincount(artists).max() > 1
    for _ in range(min(SWEEPS, max(1, SWEPT // n))):
        gains = _gains(built, costs, first, second)
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
            before = built[i : j + 1].copy()
            if kind == 0:
                built[i], built[j] = built[j], built[i]
            else:
                built[i : j + 1] = np.roll(before, -1 if kind == 1 else 1)
            start = max(0, i - gap)
            if apart and not keeps_gap(artists[built[start : j + gap + 1]], gap, i - start):
                built[i : j + 1] = before
                continue
            changed = True
            for zone in zones:
                free[zone] = bytes(zone.stop - zone.start)
        if not changed:
            break
    return built


def keeps_gap(artists: Numbers, gap: int, start: int = 0) -> bool:
    """Whether every song from place `start` on is `gap` others away from any earlier one of its artist."""
    for distance in range(1, gap + 1):
        later = max(start, distance)
        if later < len(artists) and (artists[later:] == artists[later - distance : -distance]).any():
            return False
    return True


def _gains(built: Numbers, costs: Costs, i: Numbers, j: Numbers) -> npt.NDArray[np.float64]:
    """float64 (3 x pairs,): how much cheaper the order becomes, for each pair of places i < j, by
    exchanging their songs; then by moving i's song to j; then by moving j's song to i."""
    n = len(built)
    edge, place = costs.edge, costs.place
    line = np.concatenate([[n], built, [n]])
    joined = edge(line[:-1], line[1:])  # into each place, and out of the last
    skipped = edge(line[:-2], line[2:])  # past each place
    into_i, out_i, into_j, out_j = joined[i], joined[i + 1], joined[j], joined[j + 1]
    a, b = built[i], built[j]
    before_i_b, b_after_i = edge(line[i], b), edge(line[i + 2], b)
    before_j_a, a_after_j, a_b = edge(line[j], a), edge(line[j + 2], a), edge(a, b)
    here = place(built, np.arange(n))
    a_moves, b_moves = here[i] - place(a, j), here[j] - place(b, i)
    sooner = np.cumsum(here[1:] - place(built[1:], np.arange(n - 1)))  # gain if places 1..k come one sooner
    later = np.cumsum(here[:-1] - place(built[:-1], np.arange(1, n)))
    sooner, later = np.concatenate([[0.0], sooner]), np.concatenate([[0.0], later])

    exchange = into_i + out_i + into_j + out_j - before_i_b - b_after_i - before_j_a - a_after_j + a_moves + b_moves
    exchange -= np.where(j == i + 1, 2 * out_i, 0.0)  # neighbours keep the edge between them
    forward = into_i + out_i - skipped[i] + out_j - a_b - a_after_j + a_moves + sooner[j] - sooner[i]
    backward = into_j + out_j - skipped[j] + into_i - before_i_b - a_b + b_moves + later[j] - later[i]
    return np.concatenate([exchange, forward, backward])
