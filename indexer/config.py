"""IndexConfig: every number that shapes an index, its default and where it comes from."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, get_args

from indexer.encoders.sentence import DEFAULT_ENCODER, Precision
from indexer.errors import ConfigError
from indexer.models.autoencoder import AUDIO, AutoencoderConfig
from indexer.models.cooccurrence import CoOccurrenceConfig
from indexer.models.factors import FactorsConfig
from indexer.models.moods.model import MoodsConfig
from indexer.models.taste.model import TasteConfig
from indexer.models.tbert.model import TBertConfig
from indexer.ranges import Range, check


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """model: a sentence-transformers name or folder; window: tokens read at once (256, MiniLM's own limit)."""

    model: str = DEFAULT_ENCODER
    precision: Precision = "auto"
    window: int = 256


@dataclass(frozen=True, slots=True)
class TopicsConfig:
    """LDA. 7 topics gave the song paper its best coherence (Kelly et al. 2021)."""

    topics: int = 7
    seed: int = 0


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How an index is built. `IndexConfig()` is the default; `from_toml` reads changes from a file.

    lyrics, audio   the two autoencoders: 384 -> 48 and 14 -> 12 (DESIGN)
    cooccurrence    neighbours by shared playlists
    factors         what playlists have in common, as a product of two thin matrices
    taste           the space in which songs that share playlists are close
    tbert           coarse moods, and the embedding beneath them
    moods           which moods of the vocabulary are learned
    keywords        TF-IDF keywords kept per song; the reference figures are with 25
    salient_keywords  of these, how many are chosen by meaning to describe the song
    held_out        share of playlists (by hash of playlist_id) no stage learns from: `refrain tune` needs them
    exact_below     songs up to which FAISS searches exhaustively; 50,000 x 60 takes about 1 ms
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    topics: TopicsConfig = field(default_factory=TopicsConfig)
    lyrics: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    audio: AutoencoderConfig = AUDIO
    cooccurrence: CoOccurrenceConfig = field(default_factory=CoOccurrenceConfig)
    factors: FactorsConfig = field(default_factory=FactorsConfig)
    taste: TasteConfig = field(default_factory=TasteConfig)
    tbert: TBertConfig = field(default_factory=TBertConfig)
    moods: MoodsConfig = field(default_factory=MoodsConfig)
    keywords: int = 25
    salient_keywords: int = 8
    held_out: float = 0.05
    exact_below: int = 50_000

    def __post_init__(self) -> None:
        ranges = {
            "topics.topics": Range(2, 30), "encoder.window": Range(8, 8192), "keywords": Range(1, 200),
            "salient_keywords": Range(1, 200), "held_out": Range(0, 0.9), "exact_below": Range(0, 10_000_000),
        }  # fmt: skip
        check(self, ranges)
        if self.encoder.precision not in get_args(Precision):
            raise ConfigError(f"encoder.precision is {self.encoder.precision!r}, expected one of {get_args(Precision)}")

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """The defaults with the changes of a TOML file; an unknown name is an error that lists the known ones."""
        try:
            values = tomllib.loads(Path(path).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path} cannot be read as TOML: {error}") from error
        config: Self = _merged(cls(), values, str(path))
        return config

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The configuration that `to_json` wrote into a manifest."""
        try:
            config: Self = _merged(cls(), json.loads(text), "the index's manifest")
        except ConfigError as error:
            raise ConfigError(f"{error}; another version of refrain built it: rebuild with `refrain build`") from error
        return config

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)


def _merged(default: Any, values: dict[str, Any], where: str) -> Any:
    known = {f.name: getattr(default, f.name) for f in dataclasses.fields(default)}
    changes = {}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"{where} sets {name!r}, expected one of {', '.join(sorted(known))}")
        current = known[name]
        if dataclasses.is_dataclass(current):
            if not isinstance(value, dict):
                raise ConfigError(f"{where}: {name} is {value!r}, expected a table")
            changes[name] = _merged(current, value, where)
        elif isinstance(current, tuple) and isinstance(value, list):
            changes[name] = tuple(value)
        elif isinstance(current, float) and isinstance(value, int):
            changes[name] = float(value)
        elif type(value) is not type(current):
            raise ConfigError(f"{where}: {name} is {value!r}, expected a {type(current).__name__}")
        else:
            changes[name] = value
    return dataclasses.replace(default, **changes)
