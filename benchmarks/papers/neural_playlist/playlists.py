"""Playlists by nearest neighbours in both latents, compared by what test playlists go on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.judge.metrics import DEPTH, Question, means, score_rankings
from benchmarks.judge.paired import Difference, differences
from benchmarks.papers.neural_playlist.search import SEARCHES, FloatMatrix, principal, trained
from benchmarks.papers.product import load_encoder
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.steps import Steps
from benchmarks.systems.content.published import Nearest, balanced
from benchmarks.systems.refrain import Refrain
from benchmarks.systems.simple import Popularity, Random
from benchmarks.systems.system import Fold, System
from benchmarks.tasks import continuation
from benchmarks.tasks.asking import ask

Scores = dict[str, dict[str, list[float]]]  # setting -> metric -> one score a question


@dataclass(frozen=True, slots=True)
class Architectures:
    """What the survey compared: an experiment of each table, and people's mean rating of its playlists, 0 to 10."""

    tabular: int
    lyrics: int
    rating: float


# Best, second and third of both tables, by published validation loss.
PAIRS = {
    "architecture 1": Architectures(5, 5, 7.49),
    "architecture 2": Architectures(3, 3, 6.06),
    "architecture 3": Architectures(1, 1, 5.87),
}
QUICK_QUESTIONS = 50
METRICS = ("R-precision", "NDCG@500")
SETTINGS = {"1 seed, random": "1 seed", "5 seeds, random": "5 seeds"}
SURE = 0.05  # p below which two are told apart
SILENT, LINEAR, WHOLE = "1 without sentiment", "PCA of 1's sizes", "1, not compressed"
AGAINST = (
    ("architecture 1", "architecture 2"),
    ("architecture 2", "architecture 3"),
    ("architecture 1", SILENT),
    ("architecture 1", LINEAR),
    ("architecture 1", WHOLE),
    ("refrain", "architecture 1"),
)


def continued(steps: Steps, inputs: Mapping[str, FloatMatrix]) -> tuple[list[Comparison], list[str]]:
    """Every system's metrics, their differences, and what these say of the survey, of sentiment and of PCA.

    inputs   float32 (songs with lyrics and features, columns), the matrices of both searches
    """
    every = continuation.questions(steps.dataset, "a", limit=QUICK_QUESTIONS if steps.quick else None)
    test_questions = {short: every[name] for name, short in SETTINGS.items() if every[name]}
    if not test_questions:
        return [], [
            "No test playlist has enough songs with lyrics and features, so the pairs are not compared by continuation."
        ]
    fold = continuation.fold(steps.dataset, "a")
    scores = {}
    for name, system in _systems(steps, inputs).items():
        step = "continued-" + "".join(c if c.isalnum() else "-" for c in name)
        scores[name] = steps.done(step, partial(_scores, system, fold, test_questions, steps))
    compared = _compared(scores)
    return [_means(scores, test_questions), _differences(compared)], _sentences(compared)


def _systems(steps: Steps, inputs: Mapping[str, FloatMatrix]) -> dict[str, System]:
    """What is test_questions, by name; the autoencoders are those of the search."""
    tabular, lyrics = inputs["tabular"], inputs["lyrics"]
    first = PAIRS["architecture 1"]
    best = next(each for each in SEARCHES["tabular"] if each.number == first.tabular)
    size = next(each.latent for each in SEARCHES["lyrics"] if each.number == first.lyrics)

    def latents(step: str, matrix: FloatMatrix) -> FloatMatrix:
        return balanced(matrix, load_encoder(steps.folder / step))

    silent = tabular[:, :-1]  # sentiment is the last column
    trained(steps, "tabular-silent", "tabular", best, silent)
    parts = {
        name: (latents(f"tabular-{pair.tabular}", tabular), latents(f"lyrics-{pair.lyrics}", lyrics))
        for name, pair in PAIRS.items()
    }
    parts[SILENT] = latents("tabular-silent", silent), parts["architecture 1"][1]
    parts[LINEAR] = _components(tabular, best.latent), _components(lyrics, size)
    parts[WHOLE] = balanced(tabular), balanced(lyrics)
    systems: dict[str, System] = {name: Nearest(name, _places(steps, *both)) for name, both in parts.items()}
    return systems | {"random": Random(), "popularity": Popularity(), "refrain": Refrain()}


def _components(matrix: FloatMatrix, size: int) -> FloatMatrix:
    middle, axes = principal(matrix, size)
    return balanced(np.asarray((matrix - middle) @ axes, np.float32))


def _places(steps: Steps, tabular: FloatMatrix, lyrics: FloatMatrix) -> FloatMatrix:
    """Both parts side by side, one row for each of the index; a song that lacks lyrics or features is a zero row."""
    out = np.zeros((len(steps.dataset.index.songs), tabular.shape[1] + lyrics.shape[1]), np.float32)
    out[steps.dataset.whole] = np.hstack([tabular, lyrics])
    return out


def _scores(system: System, fold: Fold, test_questions: Mapping[str, Sequence[Question]], steps: Steps) -> Scores:
    system.fit(fold)
    found = {}
    for setting, questions in test_questions.items():
        label = f"{system.name}: {setting}"
        rankings, _ = ask(system, questions, DEPTH, fold.candidates, track=steps.track, label=label)
        found[setting] = score_rankings(rankings, [question.relevant for question in questions], METRICS)
    return found


def _means(scores: Mapping[str, Scores], test_questions: Mapping[str, Sequence[Question]]) -> Comparison:
    lines = []
    for name, settings in scores.items():
        ours = {f"{m}, {setting}": value for setting, found in settings.items() for m, value in means(found).items()}
        lines.append(Line(name, ours, {"rating / 10": PAIRS[name].rating / 10} if name in PAIRS else {}))
    counts = " and ".join(f"{len(questions):,} with {setting}" for setting, questions in test_questions.items())
    return Comparison(f"Test playlists continued from their songs: {counts}", lines)


def _compared(scores: Mapping[str, Scores]) -> dict[tuple[str, str], dict[str, Difference]]:
    """Pair of systems -> setting -> their difference of mean NDCG, corrected over all of these."""
    settings = list(scores["refrain"])
    every = [(pair, setting) for pair in AGAINST for setting in settings]
    by_setting = {f"{name} with {s}": scores[name][s][METRICS[1]] for name in scores for s in settings}
    found = differences(by_setting, [(f"{a} with {setting}", f"{b} with {setting}") for (a, b), setting in every])
    compared: dict[tuple[str, str], dict[str, Difference]] = {pair: {} for pair in AGAINST}
    for (pair, setting), difference in zip(every, found, strict=True):
        compared[pair][setting] = difference
    return compared


def _differences(compared: Mapping[tuple[str, str], Mapping[str, Difference]]) -> Comparison:
    lines = []
    for (first, second), settings in compared.items():
        ours: dict[str, float] = {}
        for setting, difference in settings.items():
            ours |= {f"difference, {setting}": difference.mean, f"p, {setting}": difference.p}
        lines.append(Line(f"{first} - {second}", ours))
    return Comparison(f"Differences of {METRICS[1]}; p by paired t-tests, Holm's correction over all of them", lines)


def _sentences(compared: Mapping[tuple[str, str], Mapping[str, Difference]]) -> list[str]:
    def verdicts(pairs: Sequence[tuple[str, str]]) -> str:
        return "; ".join(difference.verdict(SURE) for pair in pairs for difference in compared[pair].values())

    return [
        f"The survey found architecture 1 best and 3 worst; by {METRICS[1]}: {verdicts(AGAINST[:2])}.",
        f"Of what the paper added: {verdicts([('architecture 1', other) for other in (SILENT, LINEAR)])}.",
    ]
