"""How many topics: perplexity of songs that LDA has not read, and the coherence of its topics' words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import numpy.typing as npt

from benchmarks.papers import Findings
from benchmarks.papers.product import TopicModel, fit_topics, place_of, tokenise
from benchmarks.papers.record import Comparison, Line
from benchmarks.papers.song_bert.labelled import TEST
from benchmarks.papers.steps import Steps

Doubles = npt.NDArray[np.float64]

NUMBERS, QUICK_NUMBERS = (3, 5, 7, 10, 14, 20, 30), (2, 7)
SONGS, QUICK_SONGS = 5_000, 400
LEAST_SONGS = 100
PUBLISHED_NUMBER = 7
PUBLISHED = {"log per word": -6.72, "c_v": 0.35}
TOP_WORDS = 10  # of a topic
WINDOW = 110  # tokens that c_v takes as near to each other (Röder, Both, Hinneburg 2015)
_TINY = 1e-12
DEALT = "c_v, words dealt at random"


def topic_numbers(steps: Steps) -> Findings:
    """What so many topics give; nothing but a sentence where there are too few lyrics."""
    texts = _texts(steps)
    if len(texts[0]) < LEAST_SONGS:
        return Findings([], [f"LDA: {len(texts[0])} songs have lyrics to find topics in, too few; left out."])
    numbers = QUICK_NUMBERS if steps.quick else NUMBERS
    found = {k: steps.done(f"topics-{k}", partial(_measured, steps, texts, k)) for k in numbers}
    lines = [Line(f"{k} topics", found[k], PUBLISHED if k == PUBLISHED_NUMBER else {}) for k in numbers]
    best = max(numbers, key=lambda k: found[k]["c_v"])
    least = min(numbers, key=lambda k: found[k]["perplexity"])
    said = (
        f"LDA on {len(texts[0]):,} songs, measured on {len(texts[1]):,} others. The paper's perplexity of -6.72 can "
        "only be a logarithm per word, as gensim prints it; here it is the lower bound of log p per word, in nats, of "
        "songs that were not read, and depends on the vocabulary more than on the topics. Its coherence is taken for "
        "c_v, gensim's default; ours is computed as published (windows of 110 words, NPMI, cosine), u_mass beside it, "
        f"both of each topic's first {TOP_WORDS} words. The second c_v is of the same words dealt to the topics at "
        "random: what a coherence is worth is how far it lies above. Perplexity is lowest with "
        f"{least} topics, c_v highest with {best}; the paper's search ended at {PUBLISHED_NUMBER}."
    )
    curves = {
        f"LDA, {metric}": [[k, found[k][metric]] for k in numbers] for metric in ("log per word", "c_v", "u_mass")
    }
    return Findings([Comparison("LDA by the number of topics", lines)], [said], curves)


def _texts(steps: Steps) -> tuple[list[str], list[str]]:
    """Lyrics to learn from, and others; in English where languages are known, as in the paper."""
    index = steps.dataset.index
    rows = np.flatnonzero(index.songs.alive & index.songs.has_lyrics)
    if "en" in index.language_codes:
        rows = rows[index.songs.single("language_key")[rows] == index.language_codes["en"]]
    places = {row: place_of(f"topics|{index.songs.song_ids[row]}") for row in rows.tolist()}
    drawn = sorted(places, key=places.__getitem__)[: QUICK_SONGS if steps.quick else SONGS]
    held = round(TEST * len(drawn))
    lyrics = [index.songs.lyrics[row] for row in drawn]
    return lyrics[held:], lyrics[:held]


def _measured(steps: Steps, texts: tuple[list[str], list[str]], topics: int) -> dict[str, float]:
    model = fit_topics(texts[0], topics=topics, track=steps.track)
    if model is None:
        raise ValueError(f"too few words recur in {len(texts[0])} songs for {topics} topics; import more lyrics")
    per_word = log_per_word(model, texts[1])
    words = model.top_words(TOP_WORDS)
    kept = set(model.vocabulary)
    read = [[word for word in tokenise(text) if word in kept] for text in texts[0]]
    near = Near.of(chain(*words), read)
    dealt = np.random.default_rng(0).permutation([*chain(*words)]).reshape(topics, -1).tolist()
    found = {
        "log per word": per_word,
        "perplexity": float(np.exp(-per_word)),
        "c_v": c_v(words, near),
        DEALT: c_v(dealt, near),
        "u_mass": u_mass(words, read),
    }
    return {name: round(value, 4) for name, value in found.items()}


def log_per_word(model: TopicModel, lyrics: Sequence[str]) -> float:
    """Lower bound of log p in nats per word of the vocabulary, of songs whose mixtures are inferred.

    For each song E[log p(words | theta, beta)] + E[log p(theta)] - E[log q(theta)] under the variational posterior q
    (Hoffman, Blei, Bach 2010); what the topics themselves cost is left out, as it is of the songs they come from.
    """
    from scipy.special import digamma, gammaln

    weights = model.components.astype(np.float64)
    factors = np.exp(digamma(weights) - digamma(weights.sum(axis=1, keepdims=True)))
    column_of = {word: column for column, word in enumerate(model.vocabulary)}
    prior = 1.0 / model.topics
    total, words = 0.0, 0
    for mixture, text in zip(model.infer(lyrics).astype(np.float64), lyrics, strict=True):
        bag = Counter(column_of[word] for word in tokenise(text) if word in column_of)
        if not bag:
            continue
        counts = np.array([*bag.values()], np.float64)
        gamma = mixture * (1.0 + counts.sum())  # the posterior's parameters sum to those of the prior plus the words
        expected = digamma(gamma) - digamma(gamma.sum())
        total += float(counts @ np.log(np.exp(expected) @ factors[:, [*bag]]))
        total += float((prior - gamma) @ expected + gammaln(gamma).sum() - model.topics * gammaln(prior))
        total -= float(gammaln(gamma.sum()))  # the prior's sum is 1, whose logarithm of the gamma function is 0
        words += int(counts.sum())
    return total / max(words, 1)


def u_mass(topics: Sequence[Sequence[str]], documents: Sequence[Sequence[str]]) -> float:
    """Mean over topics and pairs of words of log((D(a, b) + 1) / D(b)), b the word before a in its topic.

    D counts documents that hold all of the words (Mimno et al. 2011); 0 is best. A word of none counts as of one.
    """
    words_of = [set(document) for document in documents]
    sung = {word for topic in topics for word in topic}
    held = {word: {n for n, each in enumerate(words_of) if word in each} for word in sung}
    scores = [
        np.mean(
            [
                np.log((len(held[a] & held[b]) + 1) / max(len(held[b]), 1))
                for place, a in enumerate(words)
                for b in words[:place]
            ]
        )
        for words in topics
    ]
    return float(np.mean(scores))


@dataclass(frozen=True, slots=True)
class Near:
    """How often words are sung near each other.

    column   of each word
    shares   float64 (words, words): of the windows of so many tokens that slide over the documents, those that hold
             both; the diagonal holds each word's own. A document shorter than a window is one
    """

    column: Mapping[str, int]
    shares: Doubles

    @classmethod
    def of(cls, words: Iterable[str], documents: Sequence[Sequence[str]], window: int = WINDOW) -> Near:
        column = {word: i for i, word in enumerate(sorted(set(words)))}
        joint = np.zeros((len(column), len(column)))
        windows = 0
        for document in documents:
            count = max(1, len(document) - window + 1)
            windows += count
            sung = [(place, column[word]) for place, word in enumerate(document) if word in column]
            columns, local = np.unique([i for _, i in sung], return_inverse=True)
            inside = np.zeros((count, len(columns)), np.float32)
            for (place, _), at in zip(sung, local.tolist(), strict=True):
                inside[max(0, place - window + 1) : place + 1, at] = 1.0
            if sung:
                joint[np.ix_(columns, columns)] += inside.T @ inside
        return cls(column, joint / max(windows, 1))


def c_v(topics: Sequence[Sequence[str]], near: Near) -> float:
    """Mean over topics and their words of cos(v(word), sum of v over the topic's words), 1 is best.

    v(word) are its NPMI with each word of the topic (Röder, Both, Hinneburg 2015).
    """
    scores = []
    for topic in topics:
        at = [near.column[word] for word in topic]
        both = near.shares[np.ix_(at, at)] + _TINY
        alone = np.diag(both)
        npmi = np.log(both / np.outer(alone, alone)) / -np.log(both)
        middle = npmi.sum(axis=0)
        lengths = np.linalg.norm(npmi, axis=1) * np.linalg.norm(middle)
        scores.append(float(np.mean(npmi @ middle / np.maximum(lengths, _TINY))))
    return float(np.mean(scores))
