"""The two papers' pipelines."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.systems.content.published import AUDIO_LATENT, CANDIDATES, LYRICS_LATENT, NeuralPlaylist, SongBert
from benchmarks.systems.scoring import PeerUnavailableError
from benchmarks.systems.system import Fold

DIMENSIONS = 128


def with_tbert(fold: Fold, vectors: np.ndarray) -> Fold:
    """The same index with other tBERT embeddings; all zero is none."""
    index = copy.copy(fold.index)
    index.tbert = vectors
    return replace(fold, index=index)


def test_neural_playlist(fold: Fold) -> None:
    peer = NeuralPlaylist()
    peer.fit(fold)
    assert peer.places.shape == (len(fold.index.songs), LYRICS_LATENT + AUDIO_LATENT)
    for part in (peer.places[:, :LYRICS_LATENT], peer.places[:, LYRICS_LATENT:]):
        known = part[part.any(axis=1)]
        assert np.isclose((known**2).sum(axis=1).mean(), 1.0, atol=1e-3)
    seed = fold.candidates[[11]]
    distances = np.linalg.norm(peer.places[fold.candidates] - peer.places[seed], axis=1)
    nearest = fold.candidates[np.argsort(distances, kind="stable")]
    assert peer.rank(seed, 5).tolist() == nearest[nearest != seed[0]][:5].tolist()
    again = NeuralPlaylist()
    again.fit(fold)
    assert again.rank(seed, 50).tolist() == peer.rank(seed, 50).tolist()


def test_song_bert_needs_its_embeddings(fold: Fold) -> None:
    with pytest.raises(PeerUnavailableError, match="no tBERT embeddings"):
        SongBert().fit(with_tbert(fold, np.zeros((len(fold.index.songs), DIMENSIONS), np.float32)))


def test_song_bert_finds_by_words_and_orders_by_embeddings(fold: Fold) -> None:
    """Embeddings that know the playlists: the weight goes to them, yet no song without a keyword is found."""
    rng = np.random.default_rng(0)
    vectors = 0.01 * rng.standard_normal((len(fold.index.songs), DIMENSIONS)).astype(np.float32)
    for number, playlist in enumerate((*fold.train, *fold.tune)):
        vectors[playlist, number] += 1
    peer = SongBert()
    peer.fit(with_tbert(fold, vectors))
    assert peer.weight > 0.5
    assert "golden section" in peer.tuning
    seeds = fold.tune[0][:5]
    found = peer.rank(seeds, 500)
    words = peer._seed_words.of(seeds)
    allowed = np.zeros(len(fold.index.songs), bool)
    allowed[np.setdiff1d(fold.candidates, seeds)] = True
    assert set(found.tolist()) == set(fold.index.lexical.search_terms(words, CANDIDATES, allowed=allowed)[0].tolist())
    peer.weight = 0.0
    by_words = peer.rank(seeds, 10)
    expected = fold.index.lexical.search_terms(words, 10, allowed=allowed)[0]
    assert len(set(by_words.tolist()) & set(expected.tolist())) >= 9
