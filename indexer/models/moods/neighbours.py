"""Neighbours: for moods that were not learned here, the learned ones that mean nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from indexer.models.moods.vocabulary import VOCABULARY

FloatMatrix = npt.NDArray[np.float32]

NEAREST = 8  # learned moods that stand in for a word
# Of the sentences' cosine, and of the squared distance of valence and arousal. Both together recognise a mood that was
# left out with a mean AUC of 0.73; valence and arousal alone with 0.65.
SOFT, FELT = 0.1, 0.05


def learned_neighbours(names: Sequence[str], sentences: FloatMatrix) -> tuple[tuple[str, ...], FloatMatrix]:
    """The words that are not among `names`, and float32 (words, names): what each name counts for them, 1 in all.

    sentences   float32 (len(VOCABULARY), d): the vectors of the moods' sentences, in the vocabulary's order
    """
    place = {name: i for i, name in enumerate(VOCABULARY)}
    learned = np.array([place[name] for name in names], np.int64)
    others = np.setdiff1d(np.arange(len(VOCABULARY)), learned)
    words = tuple(name for name in VOCABULARY if name not in names)
    if not len(learned):
        return words, np.zeros((len(words), 0), np.float32)
    felt = np.array([(mood.valence, mood.arousal) for mood in VOCABULARY.values()], np.float32)
    felt = (felt - felt.mean(axis=0)) / felt.std(axis=0)
    apart = ((felt[others, None] - felt[learned]) ** 2).sum(axis=2)
    likeness = sentences[others] @ sentences[learned].T - FELT * apart
    nearest = np.sort(likeness, axis=1)[:, -NEAREST:]
    counts = np.where(likeness >= nearest[:, :1], np.exp((likeness - nearest[:, -1:]) / SOFT), 0.0)
    return words, (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)
