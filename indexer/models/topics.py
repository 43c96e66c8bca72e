"""Topics of lyrics: latent Dirichlet allocation, fitted by scikit-learn, applied with numpy, saved as plain arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.progress import Track, quiet
from indexer.store.weights import Arrays, load_model, save_model
from indexer.text.stopwords import stop_words
from indexer.text.tokens import tokenise

FloatMatrix = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

TOPICS = 7  # of the best coherence in Kelly et al. 2021
MAX_TOPICS = 30
MAX_WORDS = 10_000  # the commonest words by songs; rarer ones are names and typing errors
MIN_SHARE = 0.0005  # a word must be in this share of the songs, and in two
MAX_SHARE = 0.35  # a word in more songs than this tells no topic from another (as "love")
SAMPLE = 25_000  # songs that are read for fitting; more change the topics little and cost linearly
PASSES = 3
BATCH = 256  # songs a step

# scikit-learn's own limits of the variational step, kept so that `infer` gives its numbers.
_MAX_STEPS = 100
_TOLERANCE = 1e-3
_TINY = np.finfo(np.float64).eps
_INFER_BATCH = 1024  # songs; bounds the memory of the variational step


@dataclass(frozen=True)
class TopicModel:
    """Topics as weights of words.

    components   float32 (topics, words): the variational parameter of each topic's word distribution
    vocabulary   the words of the columns, sorted
    rest         float32 (topics,): the weight of words that were taken out; None for none
    """

    components: FloatMatrix
    vocabulary: tuple[str, ...]
    rest: FloatMatrix | None = None

    def __post_init__(self) -> None:
        if self.components.ndim != 2 or self.components.shape[1] != len(self.vocabulary):
            raise ValueError(
                f"components have shape {self.components.shape}, expected (topics, {len(self.vocabulary)} words)"
            )
        if not len(self.components) or not (np.isfinite(self.components) & (self.components > 0)).all():
            raise ValueError("components must be at least one row of finite numbers above 0")
        if any(a >= b for a, b in zip(self.vocabulary, self.vocabulary[1:], strict=False)):
            raise ValueError("the vocabulary must be sorted and name no word twice")

    @property
    def topics(self) -> int:
        return len(self.components)

    def infer(
        self, lyrics: Sequence[str], *, languages: Sequence[str | None] | None = None, track: Track = quiet
    ) -> FloatMatrix:
        """Each song's mixture of topics, float32 (songs, topics), rows sum to 1.

        languages   as in `fit_topics`

        A song without lyrics, or without any word of the vocabulary, is a zero row: unknown, not even.
        A song's mixture does not depend on the songs inferred with it.
        """
        out = np.zeros((len(lyrics), self.topics), np.float32)
        for start in track(range(0, len(lyrics), _INFER_BATCH), "infer topics"):
            batch = slice(start, start + _INFER_BATCH)
            documents = [
                _words(text, language) if text else []
                for text, language in zip(lyrics[batch], _languages(languages, lyrics)[batch], strict=True)
            ]
            starts, words, counts = _count(documents, self._column_of)
            out[start : start + _INFER_BATCH] = _mixtures(starts, words, counts, self._word_factors)
        return out

    def top_words(self, k: int = 10) -> list[list[str]]:
        """The k words that weigh most in each topic, best first, ties in alphabetical order."""
        if k < 1:
            raise ValueError(f"k is {k}, expected at least 1")
        return [[self.vocabulary[i] for i in np.argsort(-row, kind="stable")[:k]] for row in self.components]

    def of_words(self, words: Collection[str]) -> TopicModel:
        """The model without the other words; songs that have none of those keep their mixtures."""
        keep = np.array([word in words for word in self.vocabulary], bool)
        rest = self.components[:, ~keep].sum(axis=1) + (0 if self.rest is None else self.rest)
        vocabulary = tuple(word for word in self.vocabulary if word in words)
        return TopicModel(np.ascontiguousarray(self.components[:, keep]), vocabulary, rest.astype(np.float32))

    def save(self, folder: Path) -> None:
        """Write topics.safetensors and topics.json into `folder`."""
        rest = {} if self.rest is None else {"rest": self.rest}
        save_model(folder, "topics", {"components": self.components, **rest}, {"vocabulary": self.vocabulary})

    @cached_property
    def _column_of(self) -> dict[str, int]:
        return {word: column for column, word in enumerate(self.vocabulary)}

    @cached_property
    def _word_factors(self) -> Doubles:
        """exp(E[log beta]), (words, topics): digamma of each weight less digamma of the topic's sum."""
        from scipy.special import digamma

        weights = self.components.astype(np.float64)
        total = weights.sum(axis=1, keepdims=True)
        if self.rest is not None:
            total += self.rest[:, np.newaxis]
        factors = np.exp(digamma(weights) - digamma(total))
        return np.ascontiguousarray(factors.T)


def load_topics(folder: Path) -> TopicModel:
    """Read what TopicModel.save wrote; scikit-learn is not needed."""

    def read(arrays: Arrays, facts: dict[str, Any]) -> TopicModel:
        vocabulary = tuple(map(str, facts["vocabulary"]))
        components = arrays.take("components", (None, len(vocabulary)))
        rest = arrays.take("rest", (len(components),)) if "rest" in arrays else None
        return TopicModel(components, vocabulary, rest)

    return load_model(folder, "topics", read, what="a topic model")


def fit_topics(
    lyrics: Sequence[str],
    *,
    languages: Sequence[str | None] | None = None,
    topics: int = TOPICS,
    sample: int = SAMPLE,
    seed: int = 0,
    track: Track = quiet,
) -> TopicModel | None:
    """Topics of a collection by online variational Bayes; None where too few words recur to find any.

    languages   of the songs, ISO 639-1, which decide what their stop words are; None where unknown

    At most `sample` songs are read, drawn at random, so a large collection takes no longer. Online LDA
    leans on exchangeable batches: the songs are shuffled before each of the PASSES.
    """
    if not 2 <= topics <= MAX_TOPICS:
        raise ValueError(f"topics is {topics}, expected 2..{MAX_TOPICS}")
    if sample < 1:
        raise ValueError(f"sample is {sample}, expected at least 1")
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import LatentDirichletAllocation

    rng = np.random.default_rng(seed)
    filled = np.flatnonzero([bool(text and text.strip()) for text in lyrics])
    chosen = np.sort(rng.permutation(filled)[:sample])
    language_of = _languages(languages, lyrics)
    documents = [_words(lyrics[i], language_of[i]) for i in track(chosen.tolist(), "read lyrics for topics")]
    vocabulary = _vocabulary(documents)
    if len(vocabulary) < topics:
        return None
    column_of = {word: column for column, word in enumerate(vocabulary)}
    starts, words, counts = _count(documents, column_of)
    bags = csr_matrix((counts, words, starts), shape=(len(documents), len(vocabulary)))
    bags = bags[np.diff(starts) > 0]

    # Offset 10 is Hoffman et al. 2010's and scikit-learn's: it slows the first batches down.
    model = LatentDirichletAllocation(
        topics, learning_method="online", learning_offset=10.0, batch_size=BATCH, total_samples=bags.shape[0],
        random_state=seed,
    )  # fmt: skip
    batches = [order[i : i + BATCH] for order in _orders(rng, bags.shape[0]) for i in range(0, bags.shape[0], BATCH)]
    for batch in track(batches, "fit topics"):
        model.partial_fit(bags[batch])
    return TopicModel(model.components_.astype(np.float32), vocabulary)


def _languages(languages: Sequence[str | None] | None, lyrics: Sequence[str]) -> Sequence[str | None]:
    if languages is not None and len(languages) != len(lyrics):
        raise ValueError(f"{len(languages)} languages and {len(lyrics)} lyrics, expected one for each")
    return [None] * len(lyrics) if languages is None else languages


def _words(text: str, language: str | None) -> list[str]:
    """The tokens of a song that can be topic words: no stop words, lone characters and digits."""
    stopped = stop_words(language)
    return [word for word in tokenise(text) if len(word) > 1 and word not in stopped and not word.isdigit()]


def _orders(rng: np.random.Generator, songs: int) -> Iterable[Counts]:
    return (rng.permutation(songs) for _ in range(PASSES))


def _vocabulary(documents: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The commonest words by documents, sorted."""
    frequency = Counter(word for document in documents for word in set(document))
    low, high = max(2, MIN_SHARE * len(documents)), MAX_SHARE * len(documents)
    frequent = sorted((-count, word) for word, count in frequency.items() if low <= count <= high)
    return tuple(sorted(word for _, word in frequent[:MAX_WORDS]))


def _count(documents: Sequence[Sequence[str]], column_of: dict[str, int]) -> tuple[Counts, Counts, Doubles]:
    """Bags of words in compressed rows: where each document starts, its word columns (rising), their counts."""
    starts, words, counts = [0], [], []
    for document in documents:
        bag = Counter(column for token in document if (column := column_of.get(token)) is not None)
        for column in sorted(bag):
            words.append(column)
            counts.append(bag[column])
        starts.append(len(words))
    return np.array(starts, np.int64), np.array(words, np.int64), np.array(counts, np.float64)


def _mixtures(starts: Counts, words: Counts, counts: Doubles, factors: Doubles) -> FloatMatrix:
    """The variational E-step of LDA for compressed rows of word counts.

    gamma_dk = alpha + theta_dk * sum over words w of n_dw * beta_kw / (theta_d . beta_w), where
    theta = exp(digamma(gamma) - digamma(sum gamma)) and alpha = 1 / topics; repeated per document until
    the mean change of its gamma is below _TOLERANCE. A document that has converged is left alone, so its
    mixture is that of scikit-learn's `transform` and independent of the others.
    """
    from scipy.special import digamma

    topics = factors.shape[1]
    prior = 1.0 / topics
    out = np.zeros((len(starts) - 1, topics), np.float32)
    lengths = np.diff(starts)
    active = np.flatnonzero(lengths)
    gamma = np.ones((len(active), topics))
    word_factors, weights = factors[words], counts[:, None]
    lengths = lengths[active]
    for _ in range(_MAX_STEPS):
        if not len(active):
            break
        theta = np.exp(digamma(gamma) - digamma(gamma.sum(axis=1, keepdims=True)))
        norms = np.einsum("wk,wk->w", np.repeat(theta, lengths, axis=0), word_factors)[:, None] + _TINY
        begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        updated = prior + theta * np.add.reduceat(word_factors * (weights / norms), begins, axis=0)
        going = np.abs(updated - gamma).mean(axis=1) >= _TOLERANCE
        gamma = updated
        out[active] = gamma / gamma.sum(axis=1, keepdims=True)
        if not going.all():
            entries = np.repeat(going, lengths)
            word_factors, weights = word_factors[entries], weights[entries]
            active, gamma, lengths = active[going], gamma[going], lengths[going]
    return out
