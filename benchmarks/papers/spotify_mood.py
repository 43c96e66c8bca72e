"""spotify-mood: which moods lyrics tell, which acoustics, and what both together do (Naseri et al. 2022)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.judge.paired import differences
from benchmarks.papers import Findings
from benchmarks.papers.entailment import EntailmentConfig, EntailmentTask, Pairs, by_similarity, fine_tuned, published
from benchmarks.papers.product import (
    VOCABULARY,
    AudioScaler,
    EncoderError,
    MoodReader,
    MoodsConfig,
    PlaylistRows,
    count,
    gather,
    labels,
    least_squares,
    npmi,
    place_of,
    unique_lines,
)
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.steps import Steps

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

# system -> precision, recall, F1, as shares
PUBLISHED: Mapping[str, tuple[float, float, float]] = {
    "bag of words": (0.9385, 0.9035, 0.9174),
    "acoustics": (0.9564, 0.8154, 0.8748),
    "hybrid, bag of words": (0.9553, 0.9454, 0.9486),
    "zero-shot NLI": (0.8314, 0.4395, 0.5750),
    "zero-shot NSP": (0.7551, 0.9822, 0.8538),
    "fine-tuned, no neutral": (0.9648, 0.9763, 0.9705),
    "fine-tuned, neutral": (0.9590, 0.9679, 0.9634),
    "fine-tuned NSP": (0.9617, 0.9746, 0.9681),
    "hybrid, fine-tuned": (0.9657, 0.9793, 0.9724),
}
METRICS = ("precision", "recall", "F1", "macro F1")
LEAST = 1.0  # playlists, seen or expected; the catalogue is small, and with two only 9 moods have negatives
LEAST_EACH = {False: 20, True: 3}  # positive and negative songs of a mood, by steps.quick
MOST_PAIRS = {False: 1_500, True: 120}  # that a transformer is fine-tuned on
MOST_SONGS = {False: 10_000, True: 300}
TOKENS = 96  # of lyric and sentence; 128 take a third longer
VALIDATION, TEST = 0.3, 0.2  # places of song ids below these
SURE = 0.01


@dataclass(frozen=True, slots=True)
class Head:
    """A published head for a zero-shot system: a name of the hub or a folder, which a variable may replace."""

    task: EntailmentTask
    variable: str
    default: str

    @property
    def model(self) -> str:
        return os.environ.get(self.variable) or self.default


# The paper's NLI model is BART-large: half an hour on two cores for 2,400 pairs, so a small one is the usual one.
HEADS = {
    "zero-shot NLI": Head("nli", "REFRAIN_NLI", "cross-encoder/nli-MiniLM2-L6-H768"),
    "zero-shot NSP": Head("nsp", "REFRAIN_NSP", "google-bert/bert-base-uncased"),
}
ALWAYS, SIMILAR = "always yes", "zero-shot, similarity of the sentence encoder"
BOTH = "hybrid, sentence vectors"


@dataclass(frozen=True, slots=True)
class MoodPairs:
    """Pairs of songs, with lyrics and acoustics, and moods that listeners clearly call them by or clearly do not.

    rows     of the songs in the index;  moods   names
    labels   int8 (songs, moods): 1, -1, and 0 for neutral; known  bool: whether the pair is one of the three
    test     bool (songs,), validation likewise
    source   a sentence: what calls a song by a mood
    """

    rows: Rows
    moods: tuple[str, ...]
    labels: npt.NDArray[np.int8]
    known: Mask
    test: Mask
    validation: Mask
    source: str = ""

    def pairs(self, of: Mask, *, neutral: bool = False) -> tuple[Rows, Rows]:
        """(song, mood) places of the clear pairs of some songs, or of the neutral ones as well."""
        wanted = self.known & of[:, None] & ((self.labels != 0) | neutral)
        songs, moods = np.nonzero(wanted)
        return songs, moods


SHOWN = ("bag of words", "acoustics", "sentence vectors", BOTH)  # in the table of moods


def reproduce(steps: Steps) -> Findings:
    """Labels from playlists, then every system on the same pairs."""
    task = labelled(steps)
    index = steps.dataset.index
    if not len(task.moods):
        return Findings([], (task.source, *DIFFERS))
    words = [unique_lines(index.songs.lyrics[row]) for row in task.rows]
    sound = AudioScaler.fit(index.songs.audio).transform(index.songs.audio[task.rows])
    sentence = index.sentence[task.rows].astype(np.float32)
    sentences = index.encoder.encode([VOCABULARY[mood].sentence for mood in task.moods])
    simple: dict[str, Callable[[], Any]] = {
        "bag of words": lambda: per_mood(task, bags(task, words)),
        "acoustics": lambda: per_mood(task, sound),
        "hybrid, bag of words": lambda: per_mood(task, bags(task, words, beside=sound)),
        SIMILAR: lambda: scored(task, by_similarity(sentence, sentences) > 0),
        "sentence vectors": lambda: squares(task, sentence, np.zeros_like(sound)),
        "sound, nonlinear": lambda: squares(task, np.zeros_like(sentence), sound),
        BOTH: lambda: squares(task, sentence, sound),
    }
    results = {name: steps.done(_file(name), call) for name, call in simple.items()}
    configs = {
        "fine-tuned, no neutral": EntailmentConfig(max_length=TOKENS),
        "fine-tuned, neutral": EntailmentConfig(max_length=TOKENS, neutral=True),
        "hybrid, fine-tuned": EntailmentConfig(max_length=TOKENS, acoustics=32),
    }
    for name, config in configs.items():
        results[name] = steps.done(_file(name), partial(tuned, steps, task, words, sound, config))
    unheard = []
    for name, head in HEADS.items():
        try:
            results[name] = steps.done(_file(f"{name} {head.model}"), partial(zero_shot, task, words, sound, head))
        except EncoderError as error:
            unheard.append(f"{name} has no figures of ours: {error}. {head.variable} names another one.")
    yes = np.ones_like(task.labels, bool)
    results[ALWAYS] = scored(task, yes)
    asked = {name: np.array(each["right"]) for name, each in results.items()}
    lines = [Line(name, measured(task, each), _published(name)) for name, each in results.items()]
    lines += [Line(name, {}, _published(name)) for name in PUBLISHED if name not in results]
    each_mood = [
        Line(mood, {name: results[name]["F1"][i] for name in SHOWN} | {
            "positive": results[ALWAYS]["precision"][i],
        })
        for i, mood in enumerate(task.moods)
    ]  # fmt: skip
    comparisons = [
        Comparison("precision, recall, F1 over all pairs, and F1 as the mean over moods", lines),
        Comparison("F1 mood by mood, and the share of its pairs that are positive", each_mood),
    ]
    curves = {"NPMI": steps.done("histogram", lambda: histogram(steps))}
    prevalence = (
        f"{np.mean(task.labels[task.pairs(task.test)] > 0):.0%} of the test pairs are positive: always yes is the line "
        "to beat, and the paper's F1 of a zero-shot model that almost always says yes shows the same."
    )
    told = (task.source, prevalence, *_compared(asked, results), _decided(task, results), *unheard, *DIFFERS)
    songs, _ = task.pairs(task.test)
    data = {"songs": float(len(task.rows)), "moods": float(len(task.moods)), "test pairs": float(len(songs))}
    return Findings(comparisons, told, curves, data)


def labelled(steps: Steps) -> MoodPairs:
    """The songs with lyrics and acoustics, and the moods that have enough of both labels."""
    for source in (associated, called):
        task = _task(steps, *source(steps))
        if task.moods:
            return task
    why = "No mood has enough songs that listeners clearly call so and clearly do not: nothing was trained."
    return replace(task, source=why)


def _task(steps: Steps, moods: Sequence[str], results: npt.NDArray[np.int8], known: Mask, source: str) -> MoodPairs:
    dataset = steps.dataset
    rows = dataset.whole[(results[dataset.whole] != 0).any(axis=1)]
    rows = np.sort(np.random.default_rng(0).permutation(rows)[: MOST_SONGS[steps.quick]])
    place = np.array([place_of(dataset.index.songs.song_ids[row]) for row in rows])
    test, validation = place < TEST, (place >= TEST) & (place < VALIDATION)
    learned, least = results[rows[~test]], LEAST_EACH[steps.quick]
    enough = np.flatnonzero(((learned > 0).sum(axis=0) >= least) & ((learned < 0).sum(axis=0) >= least))
    kept = tuple(moods[i] for i in enough.tolist())
    return MoodPairs(rows, kept, results[rows][:, enough], known[rows][:, enough], test, validation, source)


Source = tuple[tuple[str, ...], npt.NDArray[np.int8], Mask, str]


def associated(steps: Steps) -> Source:
    """Moods, labels and whether a pair is known, all (rows of the index, moods), by the paper's NPMI."""
    counted = count(_playlists(steps), len(steps.dataset.index.songs))
    values = npmi(counted, LEAST)
    return counted.moods, labels(values), ~np.isnan(values), "Labels: NPMI of playlists' names and songs, as theirs."


def called(steps: Steps) -> Source:
    """The same by what the product learns from: playlists and tags that say a mood, and songs known without it.

    Of the latter as many as the mood has positive songs, drawn at random: there are twenty times as many.
    """
    songs = steps.dataset.index.songs
    least = MoodsConfig().least_playlists
    evidence = gather(steps.catalogue, songs, _playlists(steps), least_playlists=least)
    results = np.maximum(evidence.labels, 0)
    rng = np.random.default_rng(0)
    for i in range(len(evidence.moods)):
        without = rng.permutation(np.flatnonzero(evidence.known & (evidence.labels[:, i] <= 0)))
        results[without[: (results[:, i] > 0).sum()], i] = -1
    told = (
        "Labels: these playlists name too few moods for NPMI, so a song is positive that a tag or playlist calls by "
        "the mood; as many negative ones are drawn from songs that tags or playlists know without it; none is neutral."
    )
    return evidence.moods, results, results != 0, told


def histogram(steps: Steps) -> list[list[float]]:
    """(NPMI, pairs) of every pair of a song and a mood about which something is known, in 40 bins."""
    values = npmi(count(_playlists(steps), len(steps.dataset.index.songs)), LEAST)
    heights, edges = np.histogram(values[~np.isnan(values)], bins=40, range=(-1, 1))
    return [[float(a), float(b)] for a, b in zip((edges[:-1] + edges[1:]) / 2, heights, strict=True)]


def _playlists(steps: Steps) -> list[PlaylistRows]:
    """All playlists, those of the test split too: here songs are held out, not playlists."""
    dataset = steps.dataset
    read = ((each.name, dataset.rows(each), each.description or "") for each in steps.catalogue.playlists())
    return [PlaylistRows(*each) for each in read if len(each[1])]


def bags(task: MoodPairs, words: Sequence[str], beside: Floats | None = None) -> Any:
    """Binary bags of the words of the training songs, sparse, with the scaled acoustics beside them where given."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(binary=True, min_df=2).fit(np.array(words, object)[~task.test])
    bag = vectorizer.transform(words)
    return bag if beside is None else hstack([bag, csr_matrix(beside)]).tocsr()


def per_mood(task: MoodPairs, features: Any) -> dict[str, Any]:
    """A logistic regression for each mood, as the paper's."""
    from sklearn.linear_model import LogisticRegression

    says = np.zeros_like(task.labels, bool)
    for i in range(len(task.moods)):
        learned = np.flatnonzero((task.labels[:, i] != 0) & ~task.test)
        model = LogisticRegression(C=0.1, max_iter=500).fit(features[learned], task.labels[learned, i] > 0)
        says[:, i] = model.predict(features)
    return scored(task, says)


def squares(task: MoodPairs, sentence: Floats, sound: Floats) -> dict[str, Any]:
    """The product's reader and least squares, one mood at a time, on lyrics, sound or both."""
    reader = MoodReader.fit(sentence, sound, 0)
    rows = reader.read(sentence, sound, np.zeros((len(sentence), 0)))
    says = np.zeros_like(task.labels, bool)
    rng = np.random.default_rng(0)
    for i in range(len(task.moods)):
        learned = np.flatnonzero((task.labels[:, i] != 0) & ~task.test)
        wanted = (task.labels[learned, i : i + 1] > 0).astype(np.float32)
        fitted = least_squares(rows[learned], wanted, rng.integers(0, 4, len(learned)))
        says[:, i] = (rows @ fitted.weights + fitted.bias)[:, 0] > 0.5
    return scored(task, says)


def tuned(
    steps: Steps, task: MoodPairs, words: Sequence[str], sound: Floats, config: EntailmentConfig
) -> dict[str, Any]:
    """A transformer that reads lyric and mood sentence together, fine-tuned on a sample of the pairs."""
    rng = np.random.default_rng(config.seed)
    songs, moods = task.pairs(~task.test, neutral=config.neutral)
    drawn = rng.permutation(len(songs))[: MOST_PAIRS[steps.quick]]
    songs, moods = songs[drawn], moods[drawn]
    sentences = [VOCABULARY[mood].sentence for mood in task.moods]
    learned = Pairs(words, sound, sentences, songs, moods)
    entails = fine_tuned(
        steps.dataset.index.encoder, learned, task.labels[songs, moods], task.validation[songs], config,
        track=steps.track,
    )  # fmt: skip
    asked = task.pairs(task.test)
    says = np.zeros_like(task.labels, bool)
    says[asked] = entails(Pairs(words, sound, sentences, *asked)) > 0.5
    return scored(task, says)


def zero_shot(task: MoodPairs, words: Sequence[str], sound: Floats, head: Head) -> dict[str, Any]:
    """A published head, as it is."""
    entails = published(head.model, head.task, max_length=TOKENS)
    asked = task.pairs(task.test)
    says = np.zeros_like(task.labels, bool)
    says[asked] = entails(Pairs(words, sound, [VOCABULARY[mood].sentence for mood in task.moods], *asked)) > 0.5
    return scored(task, says)


def scored(task: MoodPairs, answers: Mask) -> dict[str, Any]:
    """On the test songs: whether each pair is judged right, and precision, recall and F1 of each mood."""
    songs, moods = task.pairs(task.test)
    truth, predicted = task.labels[songs, moods] > 0, answers[songs, moods]
    results: dict[str, Any] = {
        "right": (truth == predicted).astype(int).tolist(),
        "predicted": predicted.astype(int).tolist(),
    }
    for name in ("precision", "recall", "F1"):
        results[name] = [_rates(truth[moods == i], predicted[moods == i])[name] for i in range(len(task.moods))]
    return results


def _rates(truth: Mask, predicted: Mask) -> dict[str, float]:
    both = float((truth & predicted).sum())
    return {
        "precision": both / max(float(predicted.sum()), 1.0),
        "recall": both / max(float(truth.sum()), 1.0),
        "F1": 2 * both / max(float(predicted.sum() + truth.sum()), 1.0),
    }


def measured(task: MoodPairs, results: Mapping[str, Any]) -> dict[str, float]:
    """Precision, recall and F1 over all pairs, as the paper, and F1 as the mean over moods."""
    songs, moods = task.pairs(task.test)
    rates = _rates(task.labels[songs, moods] > 0, np.array(results["predicted"], bool))
    return {**rates, "macro F1": float(np.mean(results["F1"]))}


def _published(name: str) -> dict[str, float]:
    return dict(zip(METRICS, PUBLISHED[name], strict=False)) if name in PUBLISHED else {}


def _file(name: str) -> str:
    return re.sub(r"\W+", "-", name)


def _compared(right: Mapping[str, npt.NDArray[np.int64]], results: Mapping[str, Any]) -> list[str]:
    """Whether both together judge more pairs right than lyrics alone and sound alone, by paired tests."""
    rivals = ("sentence vectors", "sound, nonlinear", "bag of words", "acoustics")
    scores = {name: right[name].astype(float).tolist() for name in (BOTH, *rivals)}
    verdicts = [each.verdict(SURE) for each in differences(scores, [(BOTH, rival) for rival in rivals])]
    shares = ", ".join(f"{name} {right[name].mean():.1%}" for name in (BOTH, *rivals))
    sentence = f"Pairs judged right: {shares}; by paired t-tests with Holm's correction {'; '.join(verdicts)}."
    order = sorted(results, key=lambda name: -float(np.mean(results[name]["F1"])))
    return [sentence, f"By macro F1, the best first: {'; '.join(order)}."]


def _decided(task: MoodPairs, results: Mapping[str, Any]) -> str:
    """Which moods lyrics tell better and which the sound."""
    margins = np.array(results["sentence vectors"]["F1"]) - np.array(results["sound, nonlinear"]["F1"])
    sung = [mood for mood, margin in zip(task.moods, margins, strict=True) if margin > 0]
    heard = [mood for mood, margin in zip(task.moods, margins, strict=True) if margin < 0]
    return f"Lyrics tell better: {', '.join(sung) or 'none'}. Sound tells better: {', '.join(heard) or 'none'}."


DIFFERS = (
    "Labels: the paper reads 4 billion playlists and keeps about 2 million pairs of songs and 287 moods; here a few "
    "thousand playlists name moods, so that only moods with enough songs on both sides take part, and a pair needs "
    "one playlist, seen or expected.",
    "Songs are held out, a fifth by the hash of their ids; all playlists give labels. The paper does not say how it "
    "split.",
    "Fine-tuning starts from the sentence encoder, so inference and next-sentence prediction would be one model: it "
    "is run once. The encoder's similarity to the mood's sentence stands beside the zero-shot heads, named so.",
    "Fine-tuned: three of six layers, 96 tokens, two epochs on 1,500 of the training pairs; the paper's BART reads "
    "all of its pairs. Acoustics: Spotify's twelve features; the paper has seventeen.",
    "Logistic regressions as in the paper; beside them the product's reader (sentence vectors, random Fourier features "
    "of the sound) with least squares, on lyrics, on sound, on both.",
)
