"""Preference: would I like it? Learned from songs liked and others, with how well it does on songs it has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from engine.answer.hits import Hit
from engine.index import OpenIndex
from engine.listen.traits import Traits
from engine.plain import key_number, mode_number, shown
from engine.playlist.playlist import Playlist
from engine.query.filters import Filters
from engine.query.seeds import Seed, by_identity
from indexer.errors import RequestError
from indexer.records import AudioFeatures, Song
from indexer.songs.table import Songs

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEAST = 5  # songs of a list: one for each fold
FOLDS, ROUNDS = 5, 3
STRENGTH = 10.0  # scikit-learn's C; 3 to 30 measure alike on development playlists of shared/data
SLIGHT = 0.01  # slope of the probabilities where the lists do not differ: near the share liked, in order
ROWS_AT_ONCE = 2_048


class Judged(NamedTuple):
    """A song, how likely it is one of those liked, 0..1, and whether it would be: the probability is high enough."""

    song: Song
    probability: float
    liked: bool


class RankedSongs(Sequence[Judged]):
    """Songs of an index with their probabilities, the likeliest first; a song is read when it is asked for.

    rows            int64 (n,)
    probabilities   float64 (n,), 0..1
    threshold       probability from which a song is liked
    """

    def __init__(self, songs: Songs, rows: Integers, probabilities: Floats, threshold: float):
        self._songs = songs
        self.rows = rows
        self.probabilities = probabilities
        self.threshold = threshold

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Judged: ...
    @overload
    def __getitem__(self, place: slice) -> RankedSongs: ...
    def __getitem__(self, place: int | slice) -> Judged | RankedSongs:
        if isinstance(place, slice):
            return RankedSongs(self._songs, self.rows[place], self.probabilities[place], self.threshold)
        probability = float(self.probabilities[place])
        return Judged(self._songs.song(int(self.rows[place])), probability, probability >= self.threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Preference:
    """How songs that are liked differ from others: a weight for each trait of a song.

    accuracy, balanced_accuracy   cross-validated: of the songs given, the share judged rightly by models that had not
                                  seen them; the mean of that share of the songs liked and of the others
    chance      accuracy of always saying what most of the songs given are
    share       of the songs given, how many are liked
    threshold   probability from which a song is liked: unseen songs of the lists pass it as often as they are liked
    liked, other   how many songs were given
    sampled     nobody said which songs are not liked: a sample of the catalogue stands for them
    given_rows   rows of the songs given, those drawn not among them
    validated    row -> score by models that had not seen it, of all songs learned from: how these songs are judged
    weights      float64 (columns,): of the columns of `Traits`
    offset       the score of a song of which nothing is known
    slope, intercept   probability = 1 / (1 + exp(-(slope x score + intercept)))

    The probability is that of the mixture given: where few of the songs to be judged are as those liked, or many are,
    the order still holds.
    """

    index: OpenIndex
    accuracy: float
    balanced_accuracy: float
    chance: float
    share: float
    threshold: float
    liked: int
    other: int
    sampled: bool
    given_rows: frozenset[int]
    validated: Mapping[int, float]
    weights: Floats
    offset: float
    slope: float
    intercept: float

    @property
    def summary(self) -> str:
        """How far it is to be believed, in a sentence."""
        against = "songs drawn from the catalogue" if self.sampled else "others"
        count = self.liked + self.other
        shrunk = (self.accuracy * count + 2.0) / (count + 4.0)  # Agresti & Coull 1998: no error in 20 is no certainty
        error = np.sqrt(shrunk * (1.0 - shrunk) / (count + 4.0))
        return (
            f"Cross-validated on {self.liked} songs liked and {self.other} {against}: accuracy {self.accuracy:.2f} "
            f"± {error:.2f}, balanced {self.balanced_accuracy:.2f}, chance {self.chance:.2f}"
        )

    def judge(self, songs: Sequence[Song | str]) -> list[Judged]:
        """Each song with its probability, in the order given."""
        if isinstance(songs, str | Song):
            raise RequestError(field="songs", found="one song", expected=f"a list of songs: [{shown(songs)}]")
        seeds = [Seed.of(self.index, song) for song in songs]
        if not seeds:
            return []
        scores = self._scores(Traits.of(self.index, seeds), [seed.row for seed in seeds])
        return self._judged((seed.song for seed in seeds), scores)

    def rank(
        self,
        songs: Sequence[Song | str] | None = None,
        *,
        k: int | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> Sequence[Judged]:
        """The songs, the likeliest first; without `songs` all of the index that were not given before.

        k         only so many
        filters   exact conditions on the songs of the index, by name (see `Filters.of`)
        """
        if k is not None and k < 1:
            raise RequestError(field="k", found=str(k), expected="at least 1")
        if songs is not None:
            if filters:
                raise RequestError(
                    "filters choose among the songs of the index; give filters or songs, not both",
                    field="filters", found="filters beside songs", expected="one of them",
                )  # fmt: skip
            return sorted(self.judge(songs), key=lambda judged: -judged.probability)[:k]
        conditions = Filters.of(filters or {})
        rows = np.flatnonzero(conditions.mask(self.index.songs) if conditions else self.index.songs.alive)
        rows = np.setdiff1d(rows, list(self.given_rows))
        parts = [rows[at : at + ROWS_AT_ONCE] for at in range(0, len(rows), ROWS_AT_ONCE)]
        scores = np.concatenate(
            [np.zeros(0), *(self._scores(Traits.of_rows(self.index, part), part.tolist()) for part in parts)]
        )
        best = np.argsort(-scores, kind="stable")[:k]
        probabilities = _probability(scores[best], self.slope, self.intercept)
        return RankedSongs(self.index.songs, rows[best], probabilities, self.threshold)

    def _scores(self, traits: Traits, rows: Sequence[int | None]) -> Floats:
        scores = traits.weighed(self.weights) + self.offset
        for place, row in enumerate(rows):
            if row is not None and row in self.validated:
                scores[place] = self.validated[row]
        return scores

    def _judged(self, songs: Iterator[Song], scores: Floats) -> list[Judged]:
        probabilities = _probability(scores, self.slope, self.intercept).tolist()
        return [Judged(song, p, p >= self.threshold) for song, p in zip(songs, probabilities, strict=True)]


def to_keep(judged: Sequence[Judged]) -> Playlist:
    """The songs that are liked, in their order, to be saved as any playlist is."""
    liked = [each for each in judged if each.liked]
    return Playlist("To keep", tuple(_hit(each, rank) for rank, each in enumerate(liked, 1)))


def _hit(judged: Judged, rank: int) -> Hit:
    song, audio = judged.song, judged.song.audio or AudioFeatures()
    return Hit(
        song_id=song.song_id,
        title=song.title,
        artist=song.artist,
        score=judged.probability,
        rank=rank,
        reason=f"Liked with probability {judged.probability:.2f}",
        album=song.album,
        year=song.year,
        spotify_id=song.spotify_id,
        duration_ms=None if audio.duration_ms is None else round(audio.duration_ms),
        tempo=audio.tempo,
        key=key_number(audio.key),
        mode=mode_number(audio.mode),
        energy=audio.energy,
    )


def prefer(index: OpenIndex, liked: Sequence[Seed], other: Sequence[Seed] | None = None) -> Preference:
    """Learn how the songs liked differ from the others; without others, from as many drawn from the catalogue.

    Logistic regression with a ridge on the songs' traits. Accuracy, threshold and probabilities (Platt 1999) come from
    ROUNDS x FOLDS models that each miss a fifth of the songs, and judge that fifth; a fold's threshold is that of the
    other folds. A song given twice counts once.
    """
    likes = _once("liked", liked)
    others = _drawn(index, likes) if other is None else _once("other", other)
    both = [name for name in likes if name in others]
    if both:
        name = likes[both[0]].song.name
        raise RequestError(
            f"{name} is in both lists; expected a song in one of them",
            field="other", found=name, expected="songs that are not liked",
        )  # fmt: skip
    learned = [*likes.values(), *others.values()]
    traits = Traits.of(index, learned)
    is_liked = np.arange(len(learned)) < len(likes)
    columns, used = traits.table()
    rounds = _validate(columns, is_liked)
    accuracy, balanced = _accuracy(rounds, is_liked)
    scores = np.concatenate([of_round for of_round, _ in rounds])
    slope, intercept = _calibrate(scores, np.tile(is_liked, len(rounds)))
    weights = np.zeros(traits.columns)
    weights[used], offset = _fit(columns, is_liked)
    means = np.mean([of_round for of_round, _ in rounds], axis=0).tolist()
    share = float(is_liked.mean())
    return Preference(
        index=index,
        accuracy=accuracy,
        balanced_accuracy=balanced,
        chance=max(share, 1.0 - share),
        share=share,
        threshold=float(_probability(np.array([_cut(scores, share)]), slope, intercept)[0]),
        liked=len(likes),
        other=len(others),
        sampled=other is None,
        given_rows=frozenset(key for key in (likes if other is None else {**likes, **others}) if isinstance(key, int)),
        validated={song.row: score for song, score in zip(learned, means, strict=True) if song.row is not None},
        weights=weights,
        offset=offset,
        slope=slope,
        intercept=intercept,
    )


def _once(name: str, songs: Sequence[Seed]) -> dict[int | Song, Seed]:
    """The songs by row, or by what is known of them where the index does not hold them."""
    once = by_identity(songs)
    if len(once) < LEAST:
        raise RequestError(
            f"{name} holds {len(once)} songs, expected at least {LEAST}; give more, 20 say much more",
            field=name, found=f"{len(once)} songs", expected=f"at least {LEAST}",
        )  # fmt: skip
    return once


def _drawn(index: OpenIndex, likes: Mapping[int | Song, Seed]) -> dict[int | Song, Seed]:
    """As many songs of the catalogue as are liked, none of these."""
    rest = np.setdiff1d(np.flatnonzero(index.songs.alive), [row for row in likes if isinstance(row, int)])
    if len(rest) < LEAST:
        raise RequestError(
            f"the index holds {len(rest)} songs beside those liked, expected at least {LEAST}; name others",
            field="other", found=f"{len(rest)} songs beside those liked", expected=f"at least {LEAST}",
        )  # fmt: skip
    drawn = np.random.default_rng(0).choice(rest, min(len(likes), len(rest)), replace=False)
    return {row: Seed.of_row(index, row) for row in sorted(drawn.tolist())}


def _fit(columns: npt.NDArray[np.float32], is_liked: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, max_iter=1_000).fit(columns, is_liked)
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])


def _validate(columns: npt.NDArray[np.float32], is_liked: npt.NDArray[np.bool_]) -> list[tuple[Floats, Integers]]:
    """For each round, every song's score by the model that had not seen it, and the fold that the song was in."""
    from sklearn.model_selection import StratifiedKFold

    rounds = []
    for turn in range(ROUNDS):
        scores, folds = np.zeros(len(is_liked)), np.zeros(len(is_liked), np.int64)
        split = StratifiedKFold(FOLDS, shuffle=True, random_state=turn).split(columns, is_liked)
        for fold, (learned, left) in enumerate(split):
            weights, offset = _fit(columns[learned], is_liked[learned])
            scores[left], folds[left] = columns[left] @ weights + offset, fold
        rounds.append((scores, folds))
    return rounds


def _accuracy(rounds: Sequence[tuple[Floats, Integers]], is_liked: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Accuracy and balanced accuracy, means over the rounds; each fold's threshold is that of the other folds."""
    right = []
    for scores, folds in rounds:
        cuts = np.array([_cut(scores[folds != fold], float(is_liked[folds != fold].mean())) for fold in range(FOLDS)])
        right.append((scores >= cuts[folds]) == is_liked)
    by_song = np.mean(right, axis=0)
    return float(by_song.mean()), float((by_song[is_liked].mean() + by_song[~is_liked].mean()) / 2.0)


def _cut(scores: Floats, share: float) -> float:
    """The score that this share of the scores reaches: midway between the last above and the first below.

    >>> _cut(np.array([0.0, 1.0, 0.25, 0.75]), 0.5)
    0.5
    """
    falling = np.sort(scores)[::-1]
    above = min(max(round(share * len(falling)), 1), len(falling) - 1)
    last, first = float(falling[above - 1]), float(falling[above])
    middle = (last + first) / 2.0
    return middle if middle > first else last  # no number lies between neighbours


def _calibrate(scores: Floats, is_liked: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and intercept of the logistic curve from cross-validated scores to probabilities.

    The targets are (n + 1) / (n + 2) and 1 / (n + 2) rather than 1 and 0, n the songs of a class: lists that are
    separated without an error may still differ by chance (Platt 1999).
    """
    from sklearn.linear_model import LogisticRegression

    songs, liked = len(scores) / ROUNDS, is_liked.sum() / ROUNDS
    target = np.where(is_liked, (liked + 1.0) / (liked + 2.0), 1.0 / (songs - liked + 2.0))
    model = LogisticRegression(C=1e6, max_iter=1_000)
    model.fit(
        np.tile(scores, 2)[:, None], np.repeat([True, False], len(scores)), np.concatenate([target, 1.0 - target])
    )
    slope = float(model.coef_[0, 0])
    if slope >= SLIGHT:
        return slope, float(model.intercept_[0])
    return SLIGHT, float(np.log(liked / (songs - liked)))


def _probability(scores: Floats, slope: float, intercept: float) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(slope * scores + intercept), np.float64)
