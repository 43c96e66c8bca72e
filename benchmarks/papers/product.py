"""The product as the reproductions use it: every name of engine and indexer that a paper needs comes from here."""

from __future__ import annotations

from engine.atlas.clusters import GRID, SONGS_PER_CLUSTER, Curves, choose, trace
from engine.atlas.neighbours import LEAST_SONGS, NEIGHBOURS, nearest
from engine.atlas.umap import graph_of, reduce
from engine.engine import Engine
from engine.listen.traits import Traits
from indexer.catalogue import Catalogue
from indexer.config import IndexConfig
from indexer.encoders.finetune import Losses, Rows, batches, copy_of, first_windows, last_layers, learn
from indexer.encoders.sentence import SentenceEncoder, without_bars
from indexer.errors import ConfigError, EncoderError, IndexFormatError
from indexer.models.audio_scaler import AudioScaler
from indexer.models.autoencoder import keras_on_torch, train_autoencoder
from indexer.models.mlp import Activation, load_encoder
from indexer.models.moods.association import count, labels, npmi
from indexer.models.moods.evidence import gather
from indexer.models.moods.fitting import least_squares
from indexer.models.moods.model import MoodsConfig, quadrant_of
from indexer.models.moods.reader import MoodReader
from indexer.models.moods.vocabulary import VOCABULARY
from indexer.models.tbert import LEAST_LABELLED, TBert, TBertConfig, train_tbert
from indexer.models.tbert.inputs import Sizes, join
from indexer.models.tbert.network import cross_entropy, new_network
from indexer.models.tbert.transformer import TunedEncoder
from indexer.models.topics import TopicModel, fit_topics
from indexer.progress import Track, quiet
from indexer.records import AUDIO_NAMES
from indexer.settings import Count, NotNegative, Positive, Share, Whole, settings
from indexer.songs.splits import PlaylistRows, place_of
from indexer.sources.reader import MOOD_LABEL
from indexer.store.files import write_whole
from indexer.text.tokens import tokenise, unique_lines

__all__ = [
    "AUDIO_NAMES",
    "GRID",
    "LEAST_LABELLED",
    "LEAST_SONGS",
    "MOOD_LABEL",
    "NEIGHBOURS",
    "SONGS_PER_CLUSTER",
    "VOCABULARY",
    "Activation",
    "AudioScaler",
    "Catalogue",
    "ConfigError",
    "Count",
    "Curves",
    "EncoderError",
    "Engine",
    "IndexConfig",
    "IndexFormatError",
    "Losses",
    "MoodReader",
    "MoodsConfig",
    "NotNegative",
    "PlaylistRows",
    "Positive",
    "Rows",
    "SentenceEncoder",
    "Share",
    "Sizes",
    "TBert",
    "TBertConfig",
    "TopicModel",
    "Track",
    "Traits",
    "TunedEncoder",
    "Whole",
    "batches",
    "choose",
    "copy_of",
    "count",
    "cross_entropy",
    "first_windows",
    "fit_topics",
    "gather",
    "graph_of",
    "join",
    "keras_on_torch",
    "labels",
    "last_layers",
    "learn",
    "least_squares",
    "load_encoder",
    "nearest",
    "new_network",
    "npmi",
    "place_of",
    "quadrant_of",
    "quiet",
    "reduce",
    "settings",
    "tokenise",
    "trace",
    "train_autoencoder",
    "train_tbert",
    "unique_lines",
    "without_bars",
    "write_whole",
]
