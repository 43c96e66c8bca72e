"""What holds of every peer, on the demo's songs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.systems.peers import PEERS
from benchmarks.systems.scoring import PeerUnavailableError
from benchmarks.systems.system import Fold, System, TextSystem

IMPLICIT = [name for name in PEERS if name.startswith("implicit")]
HEAVY = ["neural-playlist", "song-bert"]  # tested in test_papers
LIGHT = [name for name in PEERS if name not in IMPLICIT + HEAVY]
READS_ORDER = "vsknn"
ANSWER_WORDS = {"bm25s", "rank-bm25", "tfidf", "minilm", "popularity"}


@pytest.fixture(scope="module", params=LIGHT)
def peer(request: pytest.FixtureRequest, fold: Fold) -> System:
    made = PEERS[request.param]()
    made.fit(fold)
    assert made.name == request.param
    return made


def check(peer: System, fold: Fold, seeds: list[int], k: int) -> None:
    asked = np.array(seeds, np.int64)
    found = peer.rank(asked, k)
    assert found.dtype == np.int64
    assert len(found) <= k
    assert len(set(found.tolist())) == len(found), "a song is ranked twice"
    assert set(found.tolist()) <= set(fold.candidates.tolist()) - set(seeds)
    assert peer.rank(asked, k).tolist() == found.tolist(), "the same question, another answer"
    assert peer.rank(asked, 10_000)[:k].tolist() == found.tolist(), "k must only cut the list"


@settings(max_examples=15)
@given(seeds=st.lists(st.integers(0, 254), min_size=1, max_size=6, unique=True), k=st.integers(1, 300))
def test_ranks_candidates_that_are_no_seeds(peer: System, fold: Fold, seeds: list[int], k: int) -> None:
    check(peer, fold, seeds, k)


def test_two_fits_rank_alike(peer: System, fold: Fold) -> None:
    again = PEERS[peer.name]()
    again.fit(fold)
    assert again.tuning == peer.tuning
    seeds = fold.train[0][:5]
    assert again.rank(seeds, 300).tolist() == peer.rank(seeds, 300).tolist()


def test_order_of_seeds_does_not_matter(peer: System, fold: Fold) -> None:
    if peer.name == READS_ORDER:
        return
    seeds = fold.train[1][:5]
    first, second = peer.rank(seeds, 10), peer.rank(seeds[::-1], 10)
    assert len(set(first.tolist()) & set(second.tolist())) >= 9, "more than rounding changed"


def test_words(peer: System, fold: Fold) -> None:
    assert isinstance(peer, TextSystem) == (peer.name in ANSWER_WORDS)
    if not isinstance(peer, TextSystem):
        return
    found = peer.search("rain on the river road", 20)
    assert 0 < len(found) <= 20
    assert set(found.tolist()) <= set(fold.candidates.tolist())
    assert peer.search("rain on the river road", 5).tolist() == found[:5].tolist()


def test_no_known_word_no_song(fold: Fold) -> None:
    for name in ("bm25s", "rank-bm25", "tfidf"):
        peer = PEERS[name]()
        peer.fit(fold)
        assert isinstance(peer, TextSystem)
        assert len(peer.search("qqzzx", 5)) == len(peer.search("", 5)) == 0


@pytest.mark.peers
@pytest.mark.parametrize("name", IMPLICIT)
def test_implicit(name: str, fold: Fold) -> None:
    try:
        first, second = PEERS[name](), PEERS[name]()
    except PeerUnavailableError as error:
        pytest.skip(str(error))
    small = Fold(fold.index, fold.train, fold.tune[:3], fold.candidates)
    for peer in (first, second):
        peer.fit(small)
    for seeds in ([3], [10, 11, 12], [200, 4]):
        check(first, fold, seeds, 20)
        assert first.rank(np.array(seeds), 20).tolist() == second.rank(np.array(seeds), 20).tolist()
    assert "tuning playlists" in first.tuning
