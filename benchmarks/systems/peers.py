"""The systems that Refrain is compared with, each as good as its authors would make it on the same data."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.systems.content.published import NeuralPlaylist, SongBert
from benchmarks.systems.content.vectors import Audio, ContentMix, MiniLM
from benchmarks.systems.content.words import Bm25s, RankBm25, Tfidf
from benchmarks.systems.mix import Mix
from benchmarks.systems.playlists.factors import ImplicitAls, ImplicitBm25, ImplicitBpr
from benchmarks.systems.playlists.neighbours import Ease, ItemItem
from benchmarks.systems.playlists.sequences import Vsknn
from benchmarks.systems.playlists.walks import Rp3Beta
from benchmarks.systems.scoring import PeerUnavailableError
from benchmarks.systems.simple import Popularity, Random, SameArtist
from benchmarks.systems.system import System

__all__ = ["PEERS", "PeerUnavailableError"]

PEERS: dict[str, Callable[[], System]] = {
    "random": Random,
    "popularity": Popularity,
    "same-artist": SameArtist,
    "rank-bm25": RankBm25,
    "bm25s": Bm25s,
    "tfidf": Tfidf,
    "minilm": MiniLM,
    "audio": Audio,
    "content-mix": ContentMix,
    "item-item": ItemItem,
    "ease": Ease,
    "rp3beta": Rp3Beta,
    "vsknn": Vsknn,
    "implicit-als": ImplicitAls,
    "implicit-bpr": ImplicitBpr,
    "implicit-bm25": ImplicitBm25,
    "mix": Mix,
    "neural-playlist": NeuralPlaylist,
    "song-bert": SongBert,
}
