"""The encoder that an index was built with, loaded again for what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.config import EncoderConfig
from indexer.encoders.sentence import SentenceEncoder, made_by
from indexer.errors import EncoderError


def encoder_of(settings: EncoderConfig, built_with: Mapping[str, Any]) -> SentenceEncoder:
    """EncoderError where what is here under its name is another one.

    built_with   what the manifest says of the encoder
    """
    # The index names it, not the user: nothing is fetched for it.
    encoder = SentenceEncoder(settings.model, precision=settings.precision, window=settings.window, download=False)
    if not made_by(encoder, built_with):
        raise EncoderError(
            f"the index was built with the encoder {built_with['name']}, found {encoder.name}; "
            "install the one it was built with, or rebuild with `refrain build`"
        )
    return encoder
