"""The paper's application: clusters of the model's hidden layer, and BM25's candidates reranked by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.data.dataset import Dataset
from benchmarks.judge.compare import holm, paired_p
from benchmarks.judge.metrics import judge
from benchmarks.papers import Found
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.song_bert.models import Inputs
from benchmarks.papers.steps import Steps
from benchmarks.tasks import reranking
from engine.atlas.clusters import GRID, SONGS_PER_CLUSTER, Curves, choose, trace
from engine.atlas.neighbours import LEAST_SONGS, NEIGHBOURS, nearest
from engine.atlas.umap import graph_of, reduce

FloatMatrix = npt.NDArray[np.float32]

DIMENSIONS = 10  # of UMAP, as in the paper
PUBLISHED_CLUSTERS = 122
QUICK_QUESTIONS, QUICK_SONGS = 30, 1_000
PRECISION = f"P@{reranking.SHOWN}"
PUBLISHED_GAIN = 0.06  # "six percent precision over the vanilla model"; figure 4 has no numbers
BM25, TELLING, OURS = "BM25", "BM25 by telling keywords", "BM25 and happy-sad tBERT"


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


def clustered(steps: Steps, layer: FloatMatrix) -> Found:
    """What so many clusters give, and both curves; nothing but a sentence where there are too few songs."""
    rows = steps.dataset.whole[: QUICK_SONGS if steps.quick else None]
    if len(rows) < max(LEAST_SONGS, SONGS_PER_CLUSTER * GRID[1]):
        return Found([], [f"Clusters: {len(rows)} songs have lyrics and audio features, too few; left out."])
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
    return Found([Comparison(title, lines)], [said], drawn)


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


def retrieved(steps: Steps, layer: FloatMatrix) -> Found:
    """Precision by model, and what golden section tried."""
    limit = QUICK_QUESTIONS if steps.quick else None
    if not any(reranking.questions(steps.dataset, limit=limit).values()):
        return Found([], ["Retrieval: no test playlist has enough songs with lyrics and audio features; left out."])
    models: Mapping[str, tuple[str | None, Callable[[Dataset], None]]] = {
        BM25: (None, lambda dataset: None),
        TELLING: (None, _by_telling),
        "BM25 and lyrics": ("lyrics", lambda dataset: None),
        "BM25 and the index's tBERT": ("tbert", lambda dataset: None),
        OURS: ("tbert", partial(_with_layer, layer)),
    }
    found = {
        name: steps.done(f"retrieval-{number}", partial(_precision, steps, *how))
        for number, (name, how) in enumerate(models.items(), 1)
    }
    settings = list(found[BM25]["scores"])
    others = [name for name in models if name != BM25]
    pairs = [(name, setting) for name in others for setting in settings]
    p_values = holm([paired_p(found[n]["scores"][s], found[BM25]["scores"][s]) for n, s in pairs])
    lines = [Line(name, {s: float(np.mean(each["scores"][s])) for s in settings}) for name, each in found.items()]
    gains: dict[str, dict[str, float]] = {name: {} for name in others}
    for (name, setting), p in zip(pairs, p_values, strict=True):
        gain = float(np.mean(found[name]["scores"][setting]) - np.mean(found[BM25]["scores"][setting]))
        gains[name] |= {f"gain, {setting}": gain, f"p, {setting}": p}
    first = f"gain, {settings[0]}"
    counted = ", ".join(f"{len(found[BM25]['scores'][s]):,} ({s})" for s in settings)
    said = (
        "Retrieval: keywords by TF-IDF (25 a song; the telling ones are the 8 of these nearest to the song's meaning, "
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
    return Found(
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


def _precision(steps: Steps, signal: str | None, change: Callable[[Dataset], None]) -> dict[str, Any]:
    """Each question's precision, the weights that were found, and what golden section tried."""
    dataset = Dataset(steps.dataset.place)  # one of its own, for what `change` does to it
    change(dataset)
    limit = QUICK_QUESTIONS if steps.quick else None
    best = {name: reranking.tuned(dataset, signal, n) for name, n in reranking.SEEDS.items()} if signal else {}
    scores, weights = {}, {}
    for name, asked in reranking.questions(dataset, limit=limit).items():
        if not asked:
            continue
        optimum = best.get(name, best.get("1 seed"))
        weight = 0.0 if optimum is None else optimum.x
        found = reranking.candidates(dataset, signal, asked)
        rankings = [each.rows[each.ranked(weight)] for each in found]
        scores[name] = judge(rankings, [question.relevant for question in asked], [PRECISION])[PRECISION]
        if optimum is not None:
            weights[name] = weight
    dataset.index.close()
    traces = {name: [[round(w, 4), round(v, 4)] for w, v in each.evaluations] for name, each in best.items()}
    return {"scores": scores, "weights": weights, "traces": traces}


def _by_telling(dataset: Dataset) -> None:
    dataset.index.keywords = dataset.index.salient_keywords


def _with_layer(layer: FloatMatrix, dataset: Dataset) -> None:
    dataset.index.__dict__["tbert"] = layer.astype(np.float16)  # where the cached property would put it
