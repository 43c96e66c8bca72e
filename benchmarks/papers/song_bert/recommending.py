"""The paper's application: clusters of the model's hidden layer, and BM25's candidates reranked by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.judge.metrics import score_rankings
from benchmarks.judge.paired import differences
from benchmarks.papers import Findings
from benchmarks.papers.product import (
    GRID,
    LEAST_SONGS,
    NEIGHBOURS,
    SONGS_PER_CLUSTER,
    Curves,
    choose,
    graph_of,
    nearest,
    reduce,
    trace,
)
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.song_bert.models import Inputs
from benchmarks.papers.steps import Steps
from benchmarks.tasks import reranking

FloatMatrix = npt.NDArray[np.float32]

DIMENSIONS = 10  # of UMAP, as in the paper
PUBLISHED_CLUSTERS = 122
QUICK_QUESTIONS, QUICK_SONGS = 30, 1_000
PRECISION = f"P@{reranking.SHOWN}"
PUBLISHED_GAIN = 0.06  # "six percent precision over the vanilla model"; figure 4 has no numbers
BM25, SALIENT, OURS = "BM25", "BM25 by salient keywords", "BM25 and happy-sad tBERT"


def hidden(inputs: Inputs) -> FloatMatrix:
    """The hidden layer of a tBERT trained on the labelled songs, float32 (rows of the index, hidden), unit or zero."""
    steps, file = inputs.steps, inputs.steps.folder / "hidden.npy"
    index = steps.dataset.index

    def call() -> dict[str, float]:
        trained = inputs.head(inputs.whole, inputs.topics, inputs.audio)
        np.save(file, trained.embed(index.sentence, index.topics, index.audio), allow_pickle=False)
        return {"final loss": round(trained.history[-1][0], 4)}

    steps.done("hidden", call)
    return np.asarray(np.load(file, allow_pickle=False), np.float32)


def clustered(steps: Steps, layer: FloatMatrix) -> Findings:
    """What so many clusters give, and both curves; nothing but a sentence where there are too few songs."""
    rows = steps.dataset.whole[: QUICK_SONGS if steps.quick else None]
    if len(rows) < max(LEAST_SONGS, SONGS_PER_CLUSTER * GRID[1]):
        return Findings([], [f"Clusters: {len(rows)} songs have lyrics and audio features, too few; left out."])
    sound = np.asarray(steps.dataset.index.audio[rows], np.float32)
    sound /= np.maximum(np.linalg.norm(sound, axis=1, keepdims=True), 1e-12)
    vectors = np.asarray(np.hstack([layer[rows], sound]) / np.sqrt(2), np.float32)
    found = steps.done("clusters", partial(_clusters, steps, vectors))
    curves = Curves(*(np.array(found[key]) for key in ("clusters", "distortion", "silhouette")))
    lines = [
        Line(f"{k} clusters", {"distortion": float(d), "silhouette": float(s)})
        for k, d, s in zip(curves.clusters.tolist(), curves.distortion, curves.silhouette, strict=True)
    ]
    nearest_tried = int(np.abs(curves.clusters - PUBLISHED_CLUSTERS).argmin())
    said = (
        "Clusters: the hidden layer of the two-class tBERT beside audio features, both scaled to length 1, of "
        f"{len(vectors):,} songs, UMAP to {DIMENSIONS} dimensions, K-means. The paper finds {PUBLISHED_CLUSTERS}, by "
        "low distortion, high silhouette and a wish for many clusters. Distortion always falls with more. The "
        f"silhouette is highest with {curves.clusters[curves.silhouette.argmax()]} ({curves.silhouette.max():.2f}) and "
        f"{curves.silhouette[nearest_tried]:.2f} with {curves.clusters[nearest_tried]}; from the knee of the "
        f"distortion on, the fewest clusters whose silhouette is as good as any are {choose(curves)}."
    )
    drawn = {
        f"clusters, {name}": [[k, v] for k, v in zip(found["clusters"], found[name], strict=True)]
        for name in ("distortion", "silhouette")
    }
    title = f"K-means on {DIMENSIONS} UMAP dimensions; the paper chose {PUBLISHED_CLUSTERS} clusters"
    return Findings([Comparison(title, lines)], [said], drawn)


def _clusters(steps: Steps, vectors: FloatMatrix) -> dict[str, list[float]]:
    graph = graph_of(vectors, nearest(vectors, NEIGHBOURS - 1, track=steps.track))
    places = reduce(graph, DIMENSIONS, min_dist=0.0, epochs=50 if steps.quick else None)
    numbers = [k for k in sorted({*GRID, PUBLISHED_CLUSTERS}) if k <= len(vectors) // SONGS_PER_CLUSTER]
    curves = trace(places, numbers, track=steps.track)
    return {
        "clusters": curves.clusters.tolist(),
        "distortion": curves.distortion.round(4).tolist(),
        "silhouette": curves.silhouette.round(4).tolist(),
    }


def retrieved(steps: Steps, layer: FloatMatrix) -> Findings:
    """Precision by model, and what golden section tried."""
    limit = QUICK_QUESTIONS if steps.quick else None
    if not any(reranking.questions(steps.dataset, limit=limit).values()):
        return Findings([], ["Retrieval: no test playlist has enough songs with lyrics and audio features; left out."])
    index = steps.dataset.index
    vectors = partial(reranking.vectors_of, steps.dataset)
    # system -> the vectors of its second signal, and the keywords that ask the inverted index
    models: Mapping[str, tuple[reranking.Vectors | None, Sequence[str]]] = {
        BM25: (None, index.keywords),
        SALIENT: (None, index.salient_keywords),
        "BM25 and lyrics": (vectors("lyrics"), index.keywords),
        "BM25 and the index's tBERT": (vectors("tbert"), index.keywords),
        OURS: (layer, index.keywords),
    }
    found = {
        name: steps.done(f"retrieval-{number}", partial(_precision, steps, *how))
        for number, (name, how) in enumerate(models.items(), 1)
    }
    settings = list(found[BM25]["scores"])
    others = [name for name in models if name != BM25]
    pairs = [(name, setting) for name in others for setting in settings]
    by_setting = {f"{name}, {setting}": found[name]["scores"][setting] for name in models for setting in settings}
    compared = differences(by_setting, [(f"{name}, {setting}", f"{BM25}, {setting}") for name, setting in pairs])
    lines = [Line(name, {s: float(np.mean(each["scores"][s])) for s in settings}) for name, each in found.items()]
    gains: dict[str, dict[str, float]] = {name: {} for name in others}
    for (name, setting), difference in zip(pairs, compared, strict=True):
        gains[name] |= {f"gain, {setting}": difference.mean, f"p, {setting}": difference.p}
    first = f"gain, {settings[0]}"
    counted = ", ".join(f"{len(found[BM25]['scores'][s]):,} ({s})" for s in settings)
    said = (
        "Retrieval: keywords by TF-IDF (25 a song; the salient ones are the 8 of these nearest to the song's meaning, "
        f"by MiniLM in the place of DistilBERT) ask the inverted index, whose {reranking.CANDIDATES} best by BM25 are "
        "reranked with the weight that golden section finds on other playlists (weights "
        + ", ".join(f"{n} {found[n]['weights'][settings[0]]:.2f}" for n in others if found[n]["weights"])
        + f"). {PRECISION} over {counted} questions: a song is right if the listener's playlist held it, or for a mood "
        "if a playlist called so holds it. The paper says neither what it counts as right nor over how many songs; its "
        f"gain of {100 * PUBLISHED_GAIN:.0f} points can only be compared in sign."
    )
    curves = {
        f"golden section, {name}, {setting}": trace
        for name, each in found.items()
        for setting, trace in each["traces"].items()
    }
    published = {OURS: {first: PUBLISHED_GAIN}}
    return Findings(
        [
            Comparison(f"Figure 4: {PRECISION} of the same candidates in each model's order", lines),
            Comparison(
                f"Gains of {PRECISION} over BM25; p by paired t-tests, Holm's correction over all of them",
                [Line(name, gain, published.get(name, {})) for name, gain in gains.items()],
            ),
        ],
        [said],
        curves,
    )


def _precision(steps: Steps, vectors: reranking.Vectors | None, keywords: Sequence[str]) -> dict[str, Any]:
    """Each question's precision, the weights that were found, and what golden section tried."""
    dataset = steps.dataset
    limit = QUICK_QUESTIONS if steps.quick else None
    best = {}
    if vectors is not None:
        best = {n: reranking.tuned(dataset, vectors, k, keywords=keywords) for n, k in reranking.SEEDS.items()}
    scores, weights = {}, {}
    for name, questions in reranking.questions(dataset, limit=limit).items():
        if not questions:
            continue
        optimum = best.get(name, best.get("1 seed"))
        weight = 0.0 if optimum is None else optimum.x
        scored = reranking.candidates(dataset, vectors, questions, keywords=keywords)
        rankings = [each.rows[each.ranked(weight)] for each in scored]
        relevant = [question.relevant for question in questions]
        scores[name] = score_rankings(rankings, relevant, [PRECISION])[PRECISION]
        if optimum is not None:
            weights[name] = weight
    traces = {name: [[round(w, 4), round(v, 4)] for w, v in each.evaluations] for name, each in best.items()}
    return {"scores": scores, "weights": weights, "traces": traces}
