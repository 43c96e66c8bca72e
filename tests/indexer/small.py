"""A configuration whose builds take a second."""

from __future__ import annotations

from indexer import IndexConfig
from indexer.models.autoencoder import AutoencoderConfig
from indexer.models.factors import FactorsConfig
from indexer.models.moods.model import MoodsConfig
from indexer.models.taste import TasteConfig
from indexer.models.tbert import TBertConfig

SMALL = IndexConfig(
    lyrics=AutoencoderConfig(latent=8, widths=(16,), epochs=2, batch=64),
    audio=AutoencoderConfig(latent=6, widths=(16,), epochs=2, batch=64),
    factors=FactorsConfig(size=8, iterations=3),
    taste=TasteConfig(size=8, hidden=16, epochs=2, batch=128, negatives=64),
    tbert=TBertConfig(hidden=8, width=16, epochs=2, batch=64),
    moods=MoodsConfig(),
    keywords=10,
)
