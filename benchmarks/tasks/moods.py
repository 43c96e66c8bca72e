"""Moods against labels that others gave: happy or sad, four quadrants, valence and arousal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.data.dataset import Dataset
from benchmarks.report.run import Result, Run
from benchmarks.tasks.running import Job, opened, run_of
from indexer.models.moods.evidence import Evidence
from indexer.models.moods.model import MoodsConfig, Scores
from indexer.models.moods.reader import Known, MoodReader
from indexer.models.moods.training import train_moods
from indexer.models.moods.vocabulary import VOCABULARY
from indexer.progress import Track
from indexer.store.files import file_sha256
from indexer.text.clean import clean
from indexer.text.names import artist_key
from indexer.text.tokens import unique_lines

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

FOLDS = 5
FILES = ("happy_sad.parquet", "four_quadrants.parquet", "deezer_valence_arousal.parquet")
HAPPY, QUADRANTS, DEEZER = "happy or sad", "four quadrants", "Deezer"
QUADRANT_OF = {"happy": 0, "angry": 1, "sad": 2, "relaxed": 3}
READ = {  # what of a song the setting shows -> lyrics, sound, listeners
    "lyrics": (True, False, False),
    "sound": (False, True, False),
    "lyrics and sound": (True, True, False),
    "lyrics, sound and listeners": (True, True, True),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Songs with labels of one set.

    texts     lyrics;  wanted  int64 (songs,) classes;  groups  int64 (songs,): artists, never on both sides of a fold
    """

    ids: Sequence[str]
    texts: Sequence[str]
    wanted: Rows
    groups: Rows

    @property
    def digest(self) -> str:
        """12 digits for the songs and their classes."""
        return digest_of([f"{song} {wanted}" for song, wanted in zip(self.ids, self.wanted.tolist(), strict=True)])


def digest_of(texts: Sequence[str]) -> str:
    """12 digits for texts in an order."""
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=6).hexdigest()


def label_files() -> Path:
    """The folder of mood labels: moods/ in REFRAIN_DATA."""
    folder = Path(os.environ.get("REFRAIN_DATA", Path(__file__).parents[3] / "shared" / "data")) / "moods"
    for name in FILES:
        if not (folder / name).is_file():
            raise ValueError(f"{folder} holds no {name}; set REFRAIN_DATA to the folder that holds moods/")
    return folder


def label_digests() -> dict[str, dict[str, str]]:
    """What runs record of the labels: 16 digits of each file's sha256, by name."""
    folder = label_files()
    return {"labels": {name: file_sha256(folder / name)[:16] for name in FILES}}


def labelled(name: str, limit: int | None) -> Labelled:
    """happy_sad.parquet or four_quadrants.parquet."""
    import pyarrow.parquet as parquet

    file = {HAPPY: "happy_sad.parquet", QUADRANTS: "four_quadrants.parquet"}[name]
    rows = parquet.read_table(label_files() / file).to_pylist()
    rows = sorted(rows, key=lambda row: digest_of([row["lyrics"]]))[:limit]
    classes = {HAPPY: {"sad": 0, "happy": 1}, QUADRANTS: QUADRANT_OF}[name]
    artists = [artist_key(row.get("artist") or f"nobody {i}") for i, row in enumerate(rows)]
    number = {artist: i for i, artist in enumerate(sorted(set(artists)))}
    return Labelled(
        [digest_of([row["lyrics"]]) for row in rows],
        [unique_lines(clean(row["lyrics"])) for row in rows],
        np.array([classes[row["mood"]] for row in rows]),
        np.array([number[artist] for artist in artists]),
    )


def measure(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    dataset = opened(job.warm)
    labels = label_digests()
    sets = {name: labelled(name, job.limit) for name in (HAPPY, QUADRANTS)}
    vectors = {name: dataset.index.encoder.encode(each.texts, track=track) for name, each in sets.items()}
    for system in systems:
        settings = {
            f"{name}, lyrics": classified(SYSTEMS[system], dataset, each, vectors[name]) for name, each in sets.items()
        }
        settings |= valence_and_arousal(system, dataset, job.limit)
        yield run_of(job, system, settings, dataset, tuning=TUNING[system], data=labels)


def classified(classify: Classify, dataset: Dataset, songs: Labelled, vectors: Floats) -> Result:
    """Accuracy song by song, each predicted by a model of four fifths of the songs, by other artists."""
    fold = np.random.default_rng(0).integers(0, FOLDS, int(songs.groups.max()) + 1)[songs.groups]
    predicted = np.zeros(len(songs.wanted), np.int64)
    for each in range(FOLDS):
        seen, unseen = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
        predicted[unseen] = classify(dataset, songs, vectors, seen, unseen)
    facts = {"macro F1": macro_f1(songs.wanted, predicted)}
    scores = {"accuracy": (predicted == songs.wanted).astype(float).tolist()}
    return Result(digest=songs.digest, scores=scores, facts=facts)


def macro_f1(wanted: Rows, predicted: Rows) -> float:
    """Mean of the classes' F1."""
    from sklearn.metrics import f1_score

    return float(f1_score(wanted, predicted, average="macro"))


Classify = Callable[[Dataset, Labelled, Floats, Rows, Rows], Rows]


def majority(dataset: Dataset, songs: Labelled, vectors: Floats, seen: Rows, unseen: Rows) -> Rows:
    """The commonest class."""
    return np.full(len(unseen), np.bincount(songs.wanted[seen]).argmax())


def tfidf(dataset: Dataset, songs: Labelled, vectors: Floats, seen: Rows, unseen: Rows) -> Rows:
    """TF-IDF and logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(sublinear_tf=True, min_df=2), LogisticRegression(C=3, max_iter=1000))
    texts = np.array(songs.texts, object)
    found: Rows = model.fit(texts[seen], songs.wanted[seen]).predict(texts[unseen])
    return found


def minilm(dataset: Dataset, songs: Labelled, vectors: Floats, seen: Rows, unseen: Rows) -> Rows:
    """Sentence vectors and logistic regression."""
    from sklearn.linear_model import LogisticRegression

    found: Rows = LogisticRegression(C=3, max_iter=1000).fit(vectors[seen], songs.wanted[seen]).predict(vectors[unseen])
    return found


def refrain(dataset: Dataset, songs: Labelled, vectors: Floats, seen: Rows, unseen: Rows) -> Rows:
    """The product's mood model, trained on the labels of the seen songs and nothing else."""
    two = songs.wanted.max() == 1
    label = np.full(len(songs.wanted), -1, np.int8)
    label[seen] = songs.wanted[seen]
    nothing = np.full(len(label), -1, np.int8)
    labels = {"happy": label, "named": nothing} if two else {"happy": nothing, "named": label}
    widths = dataset.index.audio.shape[1], taste(dataset).shape[1]
    blocks = [vectors, *(np.zeros((len(label), width), np.float32) for width in widths)]
    scores = scored(dataset, blocks, only(songs.groups, **labels), blocks)
    return (scores.happy[unseen] >= 0.5).astype(np.int64) if two else scores.quadrants[unseen].argmax(axis=1)


TUNING = {
    "refrain": "penalties by cross-validation inside the training",
    "minilm": "of the regression on Deezer by leave-one-out, otherwise nothing",
    "tfidf": "nothing",
    "majority": "nothing",
}
SYSTEMS: Mapping[str, Classify] = {"refrain": refrain, "minilm": minilm, "tfidf": tfidf, "majority": majority}


def only(artists: Rows, **labels: Any) -> Evidence:
    """Evidence of songs that have these labels and no others."""
    rows = len(artists)
    none, no_moods = np.full(rows, -1, np.int8), np.zeros((rows, 0), np.int8)
    unknown = np.full((rows, 2), np.nan, np.float32)
    facts: dict[str, Any] = {"affect": unknown, "named": none, "happy": none} | labels
    return Evidence((), no_moods, np.zeros(rows, bool), (no_moods, no_moods), artists=artists, **facts)


def scored(dataset: Dataset, blocks: Sequence[Floats], evidence: Evidence, shown: Sequence[Floats]) -> Scores:
    """Scores of the songs as shown, by a mood model trained on the evidence with all blocks: vectors, audio, taste."""
    index = dataset.index
    sentence, audio, places = blocks
    reader = MoodReader.fit(np.asarray(index.sentence, np.float32), index.audio, places.shape[1])
    sentences = index.encoder.encode([mood.sentence for mood in VOCABULARY.values()])
    known = Known(sentence, audio, places)
    return train_moods(reader, known, evidence, sentences, MoodsConfig()).score(*shown)


def taste(dataset: Dataset) -> Floats:
    """float32 (rows, columns): places in taste; no columns where the index has none."""
    index = dataset.index
    if "taste" not in index.parts:
        return np.zeros((len(index.songs), 0), np.float32)
    return np.asarray(index.parts["taste"])


def valence_and_arousal(system: str, dataset: Dataset, limit: int | None) -> dict[str, Result]:
    """R2 of the validation songs with lyrics and sound, learned from the training songs with either.

    A song's score is 1 - (error / standard deviation)^2, so that the mean is R2.
    """
    import pyarrow.parquet as parquet

    table = parquet.read_table(label_files() / "deezer_valence_arousal.parquet").to_pylist()
    known = [row for row in table if row["song_id"] in dataset.row_of]
    if not known:
        return {}
    rows = np.array([dataset.row_of[row["song_id"]] for row in known], np.int64)
    labels = np.array([(row["valence"], row["arousal"]) for row in known], np.float32)
    index = dataset.index
    sentence, audio, places = np.asarray(index.sentence[rows], np.float32), index.audio[rows], taste(dataset)[rows]
    both = sentence.any(axis=1) & audio.any(axis=1)
    unseen = np.array([row["split"] != "train" for row in known])
    queries = np.flatnonzero(unseen & both)[:limit]
    seen = np.flatnonzero(~unseen & (sentence.any(axis=1) | audio.any(axis=1)))
    if not len(queries) or len(seen) < FOLDS:
        return {}
    blocks = [sentence, audio, places]
    scores: Floats | None = None
    results = {}
    for name, shown in READ.items():
        parts = [block if show else np.zeros_like(block) for block, show in zip(blocks, shown, strict=True)]
        if system == "refrain":
            affect = np.full((len(rows), 2), np.nan, np.float32)
            affect[seen] = labels[seen]
            artists = index.songs.single("artist_key")[rows].astype(np.int64)
            scores = scored(dataset, blocks, only(artists, affect=affect), parts).affect
        elif system == "minilm" and not shown[2]:
            scores = _ridge(np.hstack([parts[0], parts[1] * np.float32(0.13)]), labels, seen)
        else:
            continue
        errors = (scores[queries] - labels[queries]) / labels[queries].std(axis=0)
        marks = 1 - errors**2
        results[f"{DEEZER}, {name}"] = Result(
            digest=digest_of([f"{known[i]['song_id']} {labels[i].tolist()}" for i in queries.tolist()]),
            scores={"R2 valence": marks[:, 0].tolist(), "R2 arousal": marks[:, 1].tolist()},
        )
    return results


def _ridge(features: Floats, labels: Floats, seen: Rows) -> Floats:
    """float32 (songs, 2): plain ridge regression, its penalty by leave-one-out."""
    from sklearn.linear_model import RidgeCV

    found: Floats = RidgeCV(alphas=(1.0, 3.0, 10.0, 30.0)).fit(features[seen], labels[seen]).predict(features)
    return found
