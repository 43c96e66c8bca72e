"""IndexConfig: every number that shapes an index, its default and where it comes from."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, ValidationError

from indexer.encoders.sentence import DEFAULT_ENCODER, Precision
from indexer.errors import ConfigError
from indexer.models.autoencoder import AUDIO, TIMBRE, AutoencoderConfig
from indexer.models.cooccurrence import CoOccurrenceConfig
from indexer.models.factors import FactorsConfig
from indexer.models.moods.model import MoodsConfig
from indexer.models.taste.model import TasteConfig
from indexer.models.tbert.inputs import TBertConfig
from indexer.settings import Number, Seed, Whole, explained, settings


@settings("encoder")
class EncoderConfig:
    """model: a sentence-transformers name or folder; window: tokens read at once (256, MiniLM's own limit)."""

    model: str = DEFAULT_ENCODER
    precision: Precision = "auto"
    window: Annotated[Whole, Field(ge=8, le=8192)] = 256


@settings("topics")
class TopicsConfig:
    """LDA. 7 topics gave the song paper its best coherence (Kelly et al. 2021)."""

    topics: Annotated[Whole, Field(ge=2, le=30)] = 7
    seed: Seed = 0


@settings()
class IndexConfig:
    """How an index is built. `IndexConfig()` is the default; `from_toml` reads changes from a file.

    lyrics, audio, timbre   the autoencoders: 384 -> 48, 14 -> 12 and 66 -> 16
    cooccurrence    neighbours by shared playlists
    factors         what playlists have in common, as a product of two thin matrices
    taste           the space in which songs that share playlists are close
    tbert           coarse moods, and the embedding beneath them
    moods           which moods of the vocabulary are learned
    keywords        TF-IDF keywords of a song; the reference figures are with 25
    salient_keywords  of these, how many are chosen by meaning to describe the song
    held_out        share of playlists (by hash of playlist_id) no stage learns from: `refrain tune` needs them
    exact_below     songs up to which FAISS searches exhaustively
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    topics: TopicsConfig = field(default_factory=TopicsConfig)
    lyrics: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    audio: AutoencoderConfig = field(default_factory=lambda: AUDIO)
    timbre: AutoencoderConfig = field(default_factory=lambda: TIMBRE)
    cooccurrence: CoOccurrenceConfig = field(default_factory=CoOccurrenceConfig)
    factors: FactorsConfig = field(default_factory=FactorsConfig)
    taste: TasteConfig = field(default_factory=TasteConfig)
    tbert: TBertConfig = field(default_factory=TBertConfig)
    moods: MoodsConfig = field(default_factory=MoodsConfig)
    keywords: Annotated[Whole, Field(ge=1, le=200)] = 25
    salient_keywords: Annotated[Whole, Field(ge=1, le=200)] = 8
    held_out: Annotated[Number, Field(ge=0, le=0.9)] = 0.05
    exact_below: Annotated[Whole, Field(ge=0, le=10_000_000)] = 50_000

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """The defaults with the changes of a TOML file; an unknown name is an error that lists the known ones."""
        try:
            values = tomllib.loads(Path(path).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise ConfigError(f"{path} cannot be read as TOML: {error}") from error
        return cls._with(values, str(path))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The configuration that `to_json` wrote into a manifest."""
        try:
            values = json.loads(text)
            if not isinstance(values, dict):
                raise ConfigError("the index's manifest holds no configuration")
            return cls._with(values, "the index's manifest")
        except (ConfigError, ValueError, RecursionError) as error:
            raise ConfigError(f"{error}; another version of refrain built it: rebuild with `refrain build`") from error

    @classmethod
    def from_older(cls, text: str) -> tuple[Self, list[str]]:
        """As `from_json`, for a build: settings that are unknown or cannot be are left out, and named."""
        try:
            return cls.from_json(text), []
        except ConfigError:
            pass
        config, left_out = cls(), list[str]()
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            return config, ["all"]
        parts: dict[str, dict[str, Any]] = {}
        for name, change in sorted(values.items()):
            table = change.items() if isinstance(change, dict) else ()
            parts |= {f"{name}.{key}": {name: {key: each}} for key, each in table} or {name: {name: change}}
        for name, part in parts.items():
            try:
                config = cls._with(_merged(_plain(config), part), "the index's manifest")
            except (ConfigError, RecursionError):
                left_out.append(name)
        return config, left_out

    def to_json(self) -> str:
        """As a manifest holds it."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def _with(cls, values: dict[str, Any], where: str) -> Self:
        try:
            made: Self = TypeAdapter(cls).validate_python(_merged(_plain(cls()), values))
        except ValidationError as error:
            raise ConfigError(f"{where}: {explained(error.errors()[0], cls)}") from None
        return made


def _plain(config: Any) -> dict[str, Any]:
    return dataclasses.asdict(config)


def _merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The values with the changes, table by table."""
    merged = dict(values)
    for name, change in changes.items():
        current = merged.get(name)
        merged[name] = _merged(current, change) if isinstance(current, dict) and isinstance(change, dict) else change
    return merged
