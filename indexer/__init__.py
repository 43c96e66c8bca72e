"""Catalogue in, index folder out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from indexer.records import AudioFeatures, SavedPlaylist, Song

if TYPE_CHECKING:
    from indexer.build.run import BuildReport, build_index, update_index
    from indexer.catalogue import Catalogue
    from indexer.config import IndexConfig

__all__ = [
    "AudioFeatures",
    "BuildReport",
    "Catalogue",
    "IndexConfig",
    "SavedPlaylist",
    "Song",
    "build_index",
    "update_index",
]

_HOMES = {
    "BuildReport": "indexer.build.run",
    "Catalogue": "indexer.catalogue",
    "IndexConfig": "indexer.config",
    "build_index": "indexer.build.run",
    "update_index": "indexer.build.run",
}


def __getattr__(name: str) -> Any:
    """Names that bring SQLAlchemy along are loaded when they are used: a query needs none of it."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
