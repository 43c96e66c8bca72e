"""preference (Page 2021): which of two listeners likes a song, by a small network on 12 audio features and by ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.data.dataset import Dataset
from benchmarks.papers import Findings
from benchmarks.papers.product import Engine, Traits
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.steps import Steps

Rows = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PAIRS, QUICK_PAIRS = 30, 4
SONGS, QUICK_SONGS = 40, 8  # that each listener of a pair likes, at least
BROAD, QUICK_BROAD = 5, 2  # playlists that make up a listener of broad likes,
OF_EACH = 24  # songs of each of them at most
TEST_SHARE = 1 / 3  # of the songs, both listeners' alike
WIDTH, EPOCHS, QUICK_EPOCHS, BATCH, RATE = 36, 350, 60, 50, 0.001
EDGE = 1e-7  # probabilities are cut to this before the logarithm of the loss

METRICS = ("test loss", "accuracy", "recall", "precision", "F1")
PUBLISHED = {"test loss": 0.8675, "accuracy": 0.5, "recall": 0.0413, "precision": 0.5, "F1": 0.0763}

NETWORK, NETWORK_HALF = "network 12-36-36-1, threshold midway between its outputs", "the same, threshold 0.5"
REGRESSION = "logistic regression on the 12 features"
OURS, OURS_ALL = "ours, the same songs", "ours, songs without features as well"
SYSTEMS = (NETWORK, NETWORK_HALF, REGRESSION, OURS, OURS_ALL)

KINDS = {
    "different taste": "each listener with the one whose centre of traits is farthest",
    "different sound": "each listener with the one whose mean audio features are farthest",
    "similar taste": "each listener with the one whose centre of traits is nearest",
    "broad likes": "the likes of each are several playlists that chance brought together",
}


class Listeners(NamedTuple):
    """Two listeners' likes without the songs of both, in their order, not yet of one length."""

    likeness: float
    one: Rows
    other: Rows


@dataclass(frozen=True, slots=True)
class Split:
    """The songs of a pair, cut to one length: int64 rows, bool whether the first listener likes them."""

    rows: Rows
    liked: Flags
    test: Flags

    @classmethod
    def of(cls, one: Rows, other: Rows, seed: int) -> Split:
        from sklearn.model_selection import train_test_split

        length = min(len(one), len(other))
        liked = np.arange(2 * length) < length
        _, places = train_test_split(np.arange(2 * length), test_size=TEST_SHARE, stratify=liked, random_state=seed)
        return cls(np.concatenate([one[:length], other[:length]]), liked, np.isin(np.arange(2 * length), places))


def reproduce(steps: Steps) -> Findings:
    """30 pairs of each kind and every system on each of them."""
    dataset, wanted = steps.dataset, QUICK_PAIRS if steps.quick else PAIRS
    least, playlists = (QUICK_SONGS, QUICK_BROAD) if steps.quick else (SONGS, BROAD)
    complete: Flags = np.asarray(~np.isnan(dataset.index.songs.audio).any(axis=1))
    likes = [rows for rows in map(dataset.rows, dataset.test) if complete[rows].sum() >= least]
    comparisons: list[Comparison] = []
    curves: dict[str, list[list[float]]] = {}
    data: dict[str, float] = {"listeners with enough songs": len(likes)}
    told: list[str] = []
    for kind in KINDS:
        if kind == "broad likes":
            pairs = broad_pairs(dataset, likes, complete, least, playlists)[:wanted]
        else:
            pairs = pair_up(kind, dataset, likes, complete, least, wanted)
        if not pairs:
            told.append(f"The catalogue has no pair of {kind}: too few test playlists of {least} songs with features.")
            continue
        found = steps.done(kind.replace(" ", "-"), partial(measured, kind, steps, pairs, complete))
        scores = {name: np.array(rows) for name, rows in found["scores"].items()}
        published = PUBLISHED if kind.startswith("different") else {}
        comparisons.append(
            Comparison(
                f"{len(pairs)} pairs, {kind}: {KINDS[kind]}",
                [Line(name, _summary(scores[name]), published if name == NETWORK else {}) for name in SYSTEMS],
            )
        )
        accuracy = {name: scores[name][:, METRICS.index("accuracy")] for name in SYSTEMS}
        for name in (NETWORK, REGRESSION, OURS):
            curves[f"{kind}: {name}"] = (
                np.stack([[p.likeness for p in pairs], accuracy[name]], axis=1).round(4).tolist()
            )
        curves[f"{kind}: training loss"] = found["losses"]
        data |= {f"{kind}: {name}": float(value) for name, value in found["data"].items()}
        told.append(_finding(kind, accuracy))
    return Findings(comparisons, [*_differs(least, playlists), *told], curves, data)


def pair_up(
    kind: str, dataset: Dataset, likes: Sequence[Rows], complete: Flags, least: int, wanted: int
) -> list[Listeners]:
    """The first `wanted` playlists in the order of the test split, each with the likest or the least like of all.

    No pair is taken twice, no playlist is the other half of more than two pairs, and both halves keep `least` songs
    with all features once the songs of both are left out.
    """
    if len(likes) < 2:
        return []
    likeness = sound_likeness(dataset, likes) if kind == "different sound" else taste_likeness(dataset, likes)
    gain = likeness if kind == "similar taste" else -likeness
    pairs: list[Listeners] = []
    chosen: set[frozenset[int]] = set()
    halves = np.zeros(len(likes), np.int64)
    for one in range(len(likes)):
        if len(pairs) == wanted:
            break
        for other in np.argsort(-gain[one], kind="stable").tolist():
            a, b = likes[one], likes[other]
            a, b = a[~np.isin(a, b)], b[~np.isin(b, a)]
            enough = min(complete[a].sum(), complete[b].sum()) >= least
            if other != one and enough and halves[other] < 2 and frozenset((one, other)) not in chosen:
                chosen.add(frozenset((one, other)))
                halves[other] += 1
                pairs.append(Listeners(float(likeness[one, other]), a, b))
                break
    return pairs


def broad_pairs(
    dataset: Dataset, likes: Sequence[Rows], complete: Flags, least: int, playlists: int
) -> list[Listeners]:
    """Playlists in the order of the test split, so many at a time as one listener's likes; two such are a pair."""
    groups = [likes[at : at + playlists] for at in range(0, len(likes) - playlists + 1, playlists)]
    merged = [np.unique(np.concatenate([rows[:OF_EACH] for rows in group])) for group in groups]
    likeness = taste_likeness(dataset, merged) if merged else np.zeros((0, 0))
    rng = np.random.default_rng(0)
    pairs = []
    for one in range(0, len(merged) - 1, 2):
        a, b = (rng.permutation(merged[one + i][~np.isin(merged[one + i], merged[one + 1 - i])]) for i in (0, 1))
        if min(complete[a].sum(), complete[b].sum()) >= least:
            pairs.append(Listeners(float(likeness[one, one + 1]), a, b))
    return pairs


def taste_likeness(dataset: Dataset, likes: Sequence[Rows]) -> Floats:
    """float64 (playlists, playlists): cosine of the means of all that is known of the songs."""
    centres = np.stack([Traits.of_rows(dataset.index, rows).vectors.mean(axis=0) for rows in likes])
    unit = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    return np.asarray(unit @ unit.T, np.float64)


def sound_likeness(dataset: Dataset, likes: Sequence[Rows]) -> Floats:
    """float64 (playlists, playlists): less the distance of the means of the scaled audio features."""
    songs = dataset.index.songs
    centres = np.stack([dataset.index.audio[rows[songs.has_audio[rows]]].mean(axis=0) for rows in likes])
    return np.asarray(-np.linalg.norm(centres[:, None] - centres[None], axis=2), np.float64)


def measured(kind: str, steps: Steps, pairs: Sequence[Listeners], complete: Flags) -> dict[str, Any]:
    """METRICS of each system on each pair, the network's training loss by epoch, facts of the pairs: plain for JSON."""
    engine = Engine(steps.dataset.index)
    scores: dict[str, list[list[float]]] = {name: [] for name in SYSTEMS}
    losses, cross_validated, lengths = [], [], []
    for seed, pair in enumerate(steps.track(pairs, kind, len(pairs))):
        split = Split.of(pair.one[complete[pair.one]], pair.other[complete[pair.other]], seed)
        audio, liked, test = steps.dataset.index.songs.audio[split.rows], split.liked, split.test
        features = minmax(audio, ~test)
        outputs, by_epoch = network(features, liked, test, QUICK_EPOCHS if steps.quick else EPOCHS, seed)
        midway = (float(outputs.min()) + float(outputs.max())) / 2
        scores[NETWORK].append(judged(outputs, outputs >= midway, liked[test]))
        scores[NETWORK_HALF].append(judged(outputs, outputs >= 0.5, liked[test]))
        regressed = regression(features, liked, test)
        scores[REGRESSION].append(judged(regressed, regressed >= 0.5, liked[test]))
        ours, told = triaged(engine, split)
        scores[OURS].append(ours)
        scores[OURS_ALL].append(triaged(engine, Split.of(pair.one, pair.other, seed))[0])
        losses.append(by_epoch)
        cross_validated.append(told)
        lengths.append(len(split.rows) / 2)
    loss = np.mean(losses, axis=0)
    facts = {
        "songs of a listener": np.mean(lengths),
        "mean likeness": np.mean([pair.likeness for pair in pairs]),
        "accuracy that ours tells beforehand": np.mean(cross_validated),
    }
    return {
        "scores": scores,
        "losses": [[epoch, round(float(value), 4)] for epoch, value in enumerate(loss, 1)],
        "data": {name: round(float(value), 4) for name, value in facts.items()},
    }


def minmax(values: FloatMatrix, learned: Flags) -> FloatMatrix:
    """Each column from 0 to 1 by the least and the greatest value of the songs learned from; 0 where these are alike.

    >>> minmax(np.array([[1.0], [3.0], [4.0]], np.float32), np.array([True, True, False])).ravel().tolist()
    [0.0, 1.0, 1.5]
    """
    low, high = values[learned].min(axis=0), values[learned].max(axis=0)
    return np.asarray((values - low) / np.where(high > low, high - low, np.inf), np.float32)


def network(features: FloatMatrix, liked: Flags, test: Flags, epochs: int, seed: int) -> tuple[Floats, list[float]]:
    """Outputs for the test songs, and the mean training loss of each epoch.

    12-36-36-1 with ReLU, sigmoid, sigmoid, binary cross-entropy and Adam, as the paper settled on.
    """
    import torch
    from torch import nn

    given = torch.from_numpy(features[~test])
    target = torch.from_numpy(liked[~test].astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(features.shape[1], WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.Sigmoid(), nn.Linear(WIDTH, 1),
            nn.Sigmoid(),
        )  # fmt: skip
        adam = torch.optim.Adam(model.parameters(), lr=RATE)
        losses = []
        for _ in range(epochs):
            total = 0.0
            batches = torch.randperm(len(given)).split(BATCH)  # type: ignore[no-untyped-call]
            for batch in batches:
                adam.zero_grad()
                loss = nn.functional.binary_cross_entropy(model(given[batch])[:, 0], target[batch])
                loss.backward()  # type: ignore[no-untyped-call]
                adam.step()
                total += loss.item()
            losses.append(total / len(batches))
        with torch.inference_mode():
            outputs = model(torch.from_numpy(features[test]))[:, 0]
    return outputs.numpy().astype(np.float64), losses


def regression(features: FloatMatrix, liked: Flags, test: Flags) -> Floats:
    """scikit-learn's logistic regression with its defaults, on the same numbers as the network."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(features[~test], liked[~test])
    return np.asarray(model.predict_proba(features[test])[:, 1], np.float64)


def triaged(engine: Engine, split: Split) -> tuple[list[float], float]:
    """METRICS of `Engine.taste_of`, and the accuracy that it told before."""
    ids = engine.index.songs.song_ids
    learned = ~split.test
    liked, other = split.rows[split.liked & learned], split.rows[~split.liked & learned]
    preference = engine.taste_of([ids[row] for row in liked], [ids[row] for row in other])
    verdicts = preference.judge([ids[row] for row in split.rows[split.test]])
    outputs = np.array([verdict.probability for verdict in verdicts])
    said = np.array([verdict.liked for verdict in verdicts])
    return judged(outputs, said, split.liked[split.test]), preference.accuracy


def judged(outputs: Floats, predicted: Flags, liked: Flags) -> list[float]:
    """METRICS; a precision of nothing is 0.

    >>> judged(np.array([0.5, 0.5]), np.array([True, True]), np.array([True, False]))
    [0.6931, 0.5, 1.0, 0.5, 0.6667]
    """
    certain = np.clip(outputs, EDGE, 1 - EDGE)
    loss = -np.where(liked, np.log(certain), np.log(1 - certain)).mean()
    hits = float((predicted & liked).sum())
    recall, precision = hits / max(int(liked.sum()), 1), hits / max(int(predicted.sum()), 1)
    f1 = 2 * hits / max(int(liked.sum()) + int(predicted.sum()), 1)
    return [round(float(value), 4) for value in (loss, (predicted == liked).mean(), recall, precision, f1)]


def _summary(scores: Floats) -> dict[str, float]:
    """Means over the pairs, then their standard deviations."""
    means, spreads = scores.mean(axis=0), scores.std(axis=0)
    return {
        **{name: round(float(value), 4) for name, value in zip(METRICS, means, strict=True)},
        **{f"sd of {name}": round(float(value), 4) for name, value in zip(METRICS, spreads, strict=True)},
    }


def _finding(kind: str, accuracy: Mapping[str, Floats]) -> str:
    ours, net, line = accuracy[OURS], accuracy[NETWORK], accuracy[REGRESSION]
    published = PUBLISHED["accuracy"]
    return (
        f"On pairs of {kind} ours judges {ours.mean():.3f} of the songs rightly (lowest pair {ours.min():.3f}), the "
        f"network {net.mean():.3f}, the regression {line.mean():.3f}; ours is above the network in "
        f"{(ours > net).sum()} of {len(ours)} pairs, the regression in {(line > net).sum()}. The "
        f"paper's network was at chance ({published:g}) on its one pair; this one is above that in "
        f"{(net > published).sum()} of these."
    )


def _differs(least: int, playlists: int) -> list[str]:
    return [
        "The paper has two listeners and one split, without the number of songs; here each kind has its own pairs of "
        "playlists, whole or cut to the length of the shorter, as likes, so that there is a spread.",
        f"A pair begins with a playlist of the test split, in its fixed order, with {least} songs or more; its other "
        "half is the playlist that is farthest or nearest among all of these; songs of both are left out.",
        "Ours reads the traits by which taste is compared: pairs of different taste suit it, pairs of similar taste "
        "are the hardest for it. Pairs of different sound suit the network and the regression best.",
        "Eleven of the paper's twelve features are the same; its time signature is not in the catalogue, so valence "
        "stands in its place. Songs with an unknown feature are left out of all lines but the last, which has a split "
        "of its own.",
        "Features are scaled by the songs learned from; the paper does not say by which. It gave the regression "
        "features that were not scaled; here it has the network's.",
        "The threshold midway between the least and the greatest output is taken from the test outputs, as in the "
        "paper: it reads no label, but it needs all songs at once.",
        "All songs that somebody likes are more various than one playlist, which makes the paper's task harder; pairs "
        f"of broad likes come nearer to it, with {playlists} playlists of unknown listeners for each.",
        "Ours learned its taste space and factors from other playlists, none of them in the test split; the network "
        "and the regression know nothing but the pair.",
    ]
