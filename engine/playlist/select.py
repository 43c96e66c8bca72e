"""Selecting: the songs of a playlist, the most relevant first, under caps and without versions."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.playlist.tracks import Candidates, Selection
from engine.playlist.versions import Overlap, Versions
from indexer.records import AUDIO_NAMES
from indexer.songs.table import UNKNOWN, Songs

VARIED_HEAD = 200  # as many songs of the ranking as another variation may move about
VARIATION = 0.3  # Gumbel noise, in standard deviations of the head's scores

TYPICAL_DURATION = 210_000.0  # milliseconds that a song counts where no duration at all is known
SPARE = 40  # songs beyond those that fill a duration, of which one may fill it better than the next
MOST_EXCHANGES = 500  # that are tried, the best first: most break a cap where one artist sings nearly all songs
NEAR_ENOUGH = 30_000.0  # milliseconds from the duration wanted; within, there is no sentence about it
BEGUN = "the songs that come first break it"


@dataclass(frozen=True)
class Rules:
    """Which songs may stand together in a list.

    max_per_artist, max_per_album   caps, 1 or more
    before      songs that stand in the list already: they count under the caps, and no version of them comes
    never       songs that must not come, nor any version of them
    overlap     how alike the words of two songs are, which tells versions whose titles differ
    variation   0 takes the songs by score; another number gives another list of nearly the same relevance
    """

    max_per_artist: int = 2
    max_per_album: int | None = None
    before: Candidates | None = None
    never: Candidates | None = None
    overlap: Overlap | None = None
    variation: int = 0

    def __post_init__(self) -> None:
        for name in ("max_per_artist", "max_per_album"):
            cap = getattr(self, name)
            if cap is not None and cap < 1:
                raise ValueError(f"{name} is {cap}, expected 1 or more")


ANY_TWO = Rules()  # two songs of an artist


def select(candidates: Candidates, length: int, rules: Rules = ANY_TWO) -> Selection:
    """The most relevant songs that the rules allow, at most `length`, in order of relevance.

    No two versions of one song. If fewer than `length` songs fit, the album cap is lifted, then the artist cap raised
    by one at a time; the songs that came so are appended. A shorter selection is a beginning of a longer one. A
    variation that is not 0 adds Gumbel noise of VARIATION standard deviations to the first VARIED_HEAD scores.
    `relaxed` is of the whole list, the songs before included.
    """
    if length < 1:
        raise ValueError(f"length is {length}, expected 1 or more")
    before, max_per_artist, max_per_album = rules.before, rules.max_per_artist, rules.max_per_album
    versions = Versions(rules.overlap, rules.never, before)
    taken: list[int] = []
    by_artist: Counter[int] = Counter(before.artists.ravel().tolist() if before is not None else ())
    by_album: Counter[int] = Counter(before.albums.tolist() if before is not None else ())
    albums, rows, stems = candidates.albums.tolist(), candidates.rows.tolist(), candidates.stems.tolist()
    waiting = _by_relevance(candidates, rules.variation)
    artist_cap, album_cap = max_per_artist, max_per_album
    fitted: list[int] = []  # songs that each step had room for
    while True:
        capped = []
        for i in waiting:
            if len(taken) == length:
                break
            artists, album = candidates.artists_of(i), albums[i]
            if any(by_artist[artist] >= artist_cap for artist in artists) or (
                album_cap is not None and album != UNKNOWN and by_album[album] >= album_cap
            ):
                capped.append(i)
            elif versions.new(rows[i], artists, stems[i]):
                taken.append(i)
                by_artist.update(artists)
                by_album[album] += 1
        fitted.append(len(taken))
        if len(taken) == length or not capped:
            break
        waiting = capped
        if album_cap is not None:
            album_cap = None
        else:  # the least cap under which another song fits
            artist_cap = 1 + min(max(by_artist[artist] for artist in candidates.artists_of(i)) for i in capped)
    relaxed = []
    songs = candidates.take(taken)
    everyone = after(before, songs)
    under_caps, without_album_cap = fitted[0], fitted[min(len(fitted) - 1, 0 if max_per_album is None else 1)]
    if max_per_album is not None and everyone.most_of("albums") > max_per_album:
        why = BEGUN if under_caps == length else f"only {under_caps} of {length} songs fit"
        relaxed.append(f"album cap {max_per_album} lifted: {why}")
    if (most := everyone.most_of("artists")) > max_per_artist:
        why = BEGUN if without_album_cap == length else f"only {without_album_cap} of {length} songs fit"
        relaxed.append(f"artist cap {max_per_artist} -> {most}: {why}")
    if len(taken) < length:
        relaxed.append(f"{len(taken)} songs instead of {length}: no other song is left")
    return Selection(songs, tuple(relaxed))


def _by_relevance(candidates: Candidates, variation: int) -> list[int]:
    order = np.lexsort((candidates.rows, -candidates.scores))
    if variation:
        head = order[:VARIED_HEAD]
        scores = candidates.scores[head].astype(np.float64)
        noise = (
            np.random.default_rng(variation).gumbel(size=len(head)) * VARIATION * (scores.std() if len(head) else 0.0)
        )
        order = np.concatenate([head[np.argsort(-(scores + noise), kind="stable")], order[VARIED_HEAD:]])
    return [int(i) for i in order]


def broken_caps(songs: Candidates, rules: Rules, why: str = "too few other songs fit") -> list[str]:
    """A sentence for each cap that the songs, however they were chosen, do not keep."""
    broken = []
    if rules.max_per_album is not None and songs.most_of("albums") > rules.max_per_album:
        broken.append(f"album cap {rules.max_per_album} lifted: {why}")
    if (most := songs.most_of("artists")) > rules.max_per_artist:
        broken.append(f"artist cap {rules.max_per_artist} -> {most}: {why}")
    return broken


def enough(songs: Candidates, length: int, rules: Rules, duration_ms: float | None = None) -> bool:
    """Whether more candidates could make no better list than these songs, those of `rules.before` among them.

    They are as many as wanted, or last as long, and break no cap further than the songs before do.
    """
    before = songs.take([]) if rules.before is None else rules.before
    albums = len(songs) if rules.max_per_album is None else rules.max_per_album
    if songs.most_of("artists") > max(rules.max_per_artist, before.most_of("artists")):
        return False
    if songs.most_of("albums") > max(albums, before.most_of("albums")):
        return False
    if len(songs) >= length or duration_ms is None:
        return len(songs) >= length
    return total_duration(songs, typical_duration(songs.duration_ms)) >= duration_ms - NEAR_ENOUGH


def fill(candidates: Candidates, duration_ms: float, length: int, rules: Rules = ANY_TWO) -> Selection:
    """The most relevant songs, at most `length`, that together with those before them last as long as wanted.

    The songs of `select` one after another, as long as they fit; then the last or the one after it is exchanged for
    one of the SPARE next that brings the sum nearest to `duration_ms`; if that is not NEAR_ENOUGH, songs are exchanged,
    each time the two that bring it nearest. An unknown duration counts as the median of those known. `relaxed` has
    unknown durations, broken caps, and a sum that is not NEAR_ENOUGH.
    """
    before = rules.before
    ranked = select(candidates, length + SPARE, rules).songs
    typical = typical_duration(candidates.duration_ms)
    lasts = np.where(np.isnan(ranked.duration_ms), typical, ranked.duration_ms).astype(np.float64)
    standing = 0.0 if before is None else total_duration(before, typical)
    sums = standing + np.concatenate([[0.0], np.cumsum(lasts)])
    fitting = min(int(np.searchsorted(sums, duration_ms, side="right")) - 1, length)
    fitting = max(fitting, 0)
    nearest, places = abs(sums[fitting] - duration_ms), list(range(fitting))
    if not fitting and (before is None or not len(before)):
        nearest = math.inf  # one song that lasts too long is more of a playlist than none
    for beginning in range(max(fitting - 1, 0), min(fitting + 1, length)):
        for other in range(beginning, min(beginning + SPARE, len(ranked))):
            away = abs(sums[beginning] + lasts[other] - duration_ms)
            if away >= nearest:
                continue
            tried = [*range(beginning), other]
            if other == beginning or not broken_caps(after(before, ranked.take(tried)), rules):
                nearest, places = away, tried
    while NEAR_ENOUGH < nearest < math.inf and places:
        exchanged = _exchanged(ranked, lasts, places, duration_ms - standing, rules)
        if exchanged == places:
            break
        places = exchanged
        nearest = abs(standing + float(lasts[places].sum()) - duration_ms)
    songs = ranked.take(places)
    everyone = after(before, songs)
    relaxed = broken_caps(everyone, rules)
    why = f"{length} songs are the most" if len(songs) == length else "no songs fit better"
    return Selection(songs, (*relaxed, *off_duration(everyone, typical, duration_ms, why)))


def _exchanged(
    ranked: Candidates, lasts: npt.NDArray[np.float64], places: list[int], wanted: float, rules: Rules
) -> list[int]:
    """The places with one of them exchanged, so that they last as nearly as can be as long as wanted, milliseconds."""
    spare = np.setdiff1d(np.arange(len(ranked)), places)
    sums = float(lasts[places].sum()) - lasts[places][:, None] + lasts[spare]
    away = np.abs(sums - wanted)
    nearest = abs(float(lasts[places].sum()) - wanted)
    for pair in np.argsort(away, axis=None, kind="stable")[:MOST_EXCHANGES].tolist():
        out, into = divmod(pair, len(spare))
        if away[out, into] >= nearest:
            break
        tried = sorted([*places[:out], *places[out + 1 :], int(spare[into])])
        if not broken_caps(after(rules.before, ranked.take(tried)), rules):
            return tried
    return places


def off_duration(songs: Candidates, typical: float, wanted: float, why: str) -> list[str]:
    """A sentence on unknown durations, which count as `typical`, and one where the songs do not last as long as wanted.

    typical, wanted   milliseconds
    """
    sentences = []
    if unknown := int(np.isnan(songs.duration_ms).sum()):
        which = "1 song of unknown duration is" if unknown == 1 else f"{unknown} songs of unknown duration are"
        sentences.append(f"{which} counted as {clock(typical)}, as long as songs usually last")
    total = total_duration(songs, typical)
    if abs(total - wanted) > NEAR_ENOUGH:
        sentences.append(f"lasts {clock(total)} instead of {clock(wanted)}: {why}")
    return sentences


def total_duration(songs: Candidates, typical: float) -> float:
    """Milliseconds that the songs last; unknown ones count as `typical`."""
    return float(np.where(np.isnan(songs.duration_ms), typical, songs.duration_ms).astype(np.float64).sum())


def typical_duration(durations: npt.NDArray[np.floating]) -> float:
    """The median of the known durations, milliseconds; TYPICAL_DURATION where none is known."""
    known = durations[~np.isnan(durations)]
    return max(float(np.median(known)), 1.0) if len(known) else TYPICAL_DURATION


def usual_duration(songs: Songs) -> float:
    """What a song of the index usually lasts, milliseconds: `typical_duration` of the living songs."""
    return typical_duration(songs.audio[songs.alive, AUDIO_NAMES.index("duration_ms")])


def after(before: Candidates | None, songs: Candidates) -> Candidates:
    """The songs before, if there are any, and these."""
    return songs if before is None else before.followed_by(songs)


def clock(milliseconds: float) -> str:
    """A duration as players show it.

    >>> clock(62_000), clock(3_725_000)
    ('1:02', '1:02:05')
    """
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
