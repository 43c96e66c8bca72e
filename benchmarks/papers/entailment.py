"""Entailment: does a lyric entail "This is a sad song."? Published heads without training, or a transformer fine-tuned.

After Naseri et al. 2022: natural language inference and next-sentence prediction, zero-shot and fine-tuned, and the
hybrid, whose head also reads the acoustics through a multilayer perceptron.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from pydantic import Field

from benchmarks.papers.product import (
    Count,
    EncoderError,
    NotNegative,
    Positive,
    Rows,
    SentenceEncoder,
    Track,
    Whole,
    batches,
    copy_of,
    last_layers,
    learn,
    quiet,
    settings,
    without_bars,
)

if TYPE_CHECKING:
    import torch

FloatMatrix = npt.NDArray[np.float32]
FloatVector = npt.NDArray[np.float32]
EntailmentTask = Literal["nli", "nsp"]

_BATCH = 32


@settings()
class EntailmentConfig:
    """Of fine-tuning.

    layers         last layers of the encoder that learn, with the head
    max_length     tokens of lyric and sentence together; the lyric is cut
    neutral        a third class for pairs that listeners neither make nor avoid
    acoustics      width of the perceptron's two layers; 0 leaves the acoustics out
    learning_rate  of the layers; head and perceptron, which start from nothing, have `head_rate`
    """

    layers: Count = 3
    max_length: Annotated[Whole, Field(ge=16)] = 128
    epochs: Count = 2
    batch: Count = 32
    neutral: bool = False
    acoustics: Annotated[Whole, Field(ge=0)] = 0
    learning_rate: Positive = 5e-5
    head_rate: Positive = 1e-3
    weight_decay: NotNegative = 0.01
    seed: Whole = 0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Songs and moods to be judged together.

    lyrics      texts of the songs;  acoustics  float32 (songs, columns), scaled
    sentences   of the moods
    songs, moods   int64 (pairs,): places in `lyrics` and `sentences`
    """

    lyrics: Sequence[str]
    acoustics: FloatMatrix
    sentences: Sequence[str]
    songs: Rows
    moods: Rows

    def __len__(self) -> int:
        return len(self.songs)


Entails = Callable[[Pairs], FloatVector]


def fine_tuned(
    encoder: SentenceEncoder,
    pairs: Pairs,
    labels: npt.NDArray[np.int8],
    held_out: npt.NDArray[np.bool_],
    config: EntailmentConfig,
    *,
    track: Track = quiet,
) -> Entails:
    """Fine-tune a copy of the encoder to read both texts at once; returns what gives P(entailment) of other pairs.

    labels     int8 (pairs,): 1 entailment, -1 contradiction, 0 neutral, left out where config.neutral is False
    held_out   bool (pairs,): pairs that only choose the epoch
    Where there is a neutral class, its probability is left out of P(entailment), as the paper does.
    """
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    usable = np.ones(len(pairs), bool) if config.neutral else labels != 0
    seen, unseen = np.flatnonzero(usable & ~held_out), np.flatnonzero(usable & held_out)
    if len(np.unique(labels[seen])) < 2:
        raise ValueError(f"{len(seen)} pairs to learn from have one label, expected entailments and contradictions")
    classes = torch.from_numpy(np.where(labels == 0, 2, labels < 0).astype(np.int64))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        transformer = copy_of(encoder)
        layers = last_layers(transformer, config.layers)
        sound = nn.Identity() if not config.acoustics else _perceptron(pairs.acoustics.shape[1], config.acoustics)
        head = nn.Linear(encoder.dim + config.acoustics, 3 if config.neutral else 2)

        def logits(batch: Pairs, rows: Rows) -> torch.Tensor:
            vectors = _read(transformer, batch, rows, config.max_length) * math.sqrt(encoder.dim)
            if config.acoustics:
                vectors = torch.cat([vectors, sound(torch.from_numpy(batch.acoustics[batch.songs[rows]]))], dim=1)
            found: torch.Tensor = head(vectors)
            return found

        def loss(rows: Rows, learning: bool) -> torch.Tensor:
            transformer.train(learning)
            return cross_entropy(logits(pairs, rows), classes[rows])

        learn(
            [(layers, config.learning_rate), (nn.ModuleList([sound, head]), config.head_rate)],
            loss, seen, unseen, np.random.default_rng(config.seed),
            epochs=config.epochs, batch=config.batch, weight_decay=config.weight_decay, track=track,
        )  # fmt: skip
        transformer.eval()

    def entails(batch: Pairs) -> FloatVector:
        return _judged(batch, lambda rows: logits(batch, rows)[:, :2].softmax(dim=1)[:, 0])

    return entails


def published(name: str, task: EntailmentTask, *, max_length: int = 512) -> Entails:
    """A published head from a folder or the Hugging Face hub, untrained: P(entailment) of pairs.

    "nli": a sequence classifier whose labels are called entailment and contradiction (any case); what it gives to
    neutral is left out. "nsp": a BERT with the head for next-sentence prediction. EncoderError where it cannot be had.
    """
    from transformers import AutoModelForNextSentencePrediction, AutoModelForSequenceClassification, AutoTokenizer

    if task not in get_args(EntailmentTask):
        raise ValueError(f"the task is {task!r}, expected one of {', '.join(get_args(EntailmentTask))}")
    loader: Any = AutoModelForSequenceClassification if task == "nli" else AutoModelForNextSentencePrediction
    try:
        with without_bars():
            tokenizer: Any = AutoTokenizer.from_pretrained(name)
            model: Any = loader.from_pretrained(name, use_safetensors=True).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise EncoderError(
            f"{name!r} is neither a folder with a {task} model nor available from the hub ({type(error).__name__}); "
            "give the folder of one with safetensors weights, or check the network"
        ) from error
    columns = _entailment_columns(model.config, name) if task == "nli" else (0, 1)

    def chances(batch: Pairs, rows: Rows) -> torch.Tensor:
        texts = [batch.lyrics[i] for i in batch.songs[rows]], [batch.sentences[i] for i in batch.moods[rows]]
        limit = min(max_length, tokenizer.model_max_length)
        tokens = tokenizer(*texts, truncation="only_first", max_length=limit, padding=True, return_tensors="pt")
        logits = model(**tokens.to(model.device)).logits[:, list(columns)].float()
        return logits.softmax(dim=1)[:, 0].cpu()  # type: ignore[no-any-return]

    return lambda batch: _judged(batch, lambda rows: chances(batch, rows))


def _entailment_columns(config: Any, name: str) -> tuple[int, int]:
    """The logits of entailment and of contradiction."""
    places = {str(label).casefold(): int(place) for label, place in config.label2id.items()}
    if not {"entailment", "contradiction"} <= places.keys():
        raise EncoderError(
            f"{name!r} tells {', '.join(sorted(places))} apart, expected entailment and contradiction; "
            "give a model fine-tuned for natural language inference"
        )
    return places["entailment"], places["contradiction"]


def by_similarity(lyrics: FloatMatrix, sentences: FloatMatrix) -> FloatMatrix:
    """float32 (songs, moods): the encoder's cosine of lyric and mood sentence, less the mood's mean over the songs.

    Above 0 counts as entailment. No entailment model: what is left where none can be reached, and named as what it is.
    """
    cosines = lyrics @ sentences.T
    return np.asarray(cosines - cosines.mean(axis=0), np.float32)


def _perceptron(columns: int, width: int) -> torch.nn.Module:
    from torch import nn

    return nn.Sequential(nn.Linear(columns, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())


def _read(transformer: Any, batch: Pairs, rows: Rows, max_length: int) -> torch.Tensor:
    """Unit vectors of lyric and sentence read as one text, one row a pair, through which gradients flow."""
    from torch.nn.functional import normalize

    lyrics, moods = [batch.lyrics[i] for i in batch.songs[rows]], [batch.sentences[i] for i in batch.moods[rows]]
    limit = min(max_length, transformer.max_seq_length or max_length)
    tokens = transformer.tokenizer(
        lyrics, moods, truncation="only_first", max_length=limit, padding=True, return_tensors="pt"
    )
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in tokens]
    features = {name: tokens[name].to(transformer.device) for name in names}
    return normalize(transformer(features)["sentence_embedding"].float(), dim=1).cpu()


def _judged(batch: Pairs, chances: Callable[[Rows], torch.Tensor]) -> FloatVector:
    """What `chances` gives for every pair, in batches of texts of like length."""
    import torch

    order = np.argsort([-len(batch.lyrics[i]) for i in batch.songs], kind="stable")
    out = np.zeros(len(batch), np.float32)
    with torch.inference_mode():
        for rows in batches(order, _BATCH):
            out[rows] = chances(rows).numpy()
    return out
