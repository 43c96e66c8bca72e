"""Cosines of what songs are, computed once more."""

from __future__ import annotations

import numpy as np

from benchmarks.systems.content.vectors import Audio, ContentMix, MiniLM
from benchmarks.systems.content.words import Bm25s
from benchmarks.systems.scoring import Scored
from benchmarks.systems.system import Fold


def cosines(vectors: np.ndarray, fold: Fold, seeds: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1)
    directions = vectors / np.where(lengths > 0, lengths, 1)[:, None]
    middle = directions[seeds].sum(axis=0)
    near = directions[fold.candidates] @ middle / np.linalg.norm(middle)
    return np.where(lengths[fold.candidates] > 0, near, np.nan)


def test_minilm(fold: Fold) -> None:
    peer = MiniLM()
    peer.fit(fold)
    seeds = fold.train[2][:3]
    expected = cosines(np.asarray(fold.index.sentence, np.float64), fold, seeds)
    np.testing.assert_allclose(peer.score(seeds), expected, atol=1e-5)


def test_audio_is_scaled_by_what_is_known(fold: Fold) -> None:
    peer = Audio()
    peer.fit(fold)
    table = np.asarray(fold.index.audio, np.float64)
    known = table.any(axis=1)
    spread = table[known].std(axis=0)
    scaled = np.where(known[:, None], (table - table[known].mean(axis=0)) / np.where(spread > 1e-6, spread, np.inf), 0)
    seeds = fold.train[2][:3]
    np.testing.assert_allclose(peer.score(seeds), cosines(scaled, fold, seeds), atol=1e-4)


def test_the_mix_is_the_sum_of_z_scores(fold: Fold) -> None:
    seeds = fold.train[3][:4]
    parts: list[Scored] = [MiniLM(), Audio(), Bm25s()]
    expected = np.zeros(len(fold.candidates))
    for part in parts:
        part.fit(fold)
        scores = part.score(seeds).astype(np.float64)
        expected += np.nan_to_num((scores - np.nanmean(scores)) / np.nanstd(scores))
    mix = ContentMix()
    mix.fit(fold)
    np.testing.assert_allclose(mix.score(seeds), expected, atol=1e-4)


def test_words_are_encoded_as_lyrics_were(fold: Fold) -> None:
    peer = MiniLM()
    peer.fit(fold)
    sung = fold.candidates[fold.index.songs.has_lyrics[fold.candidates]]
    row = int(sung[7])
    assert peer.search(fold.index.songs.lyrics[row], 1).tolist() == [row]
    assert len(peer.search("  ", 5)) == 0
