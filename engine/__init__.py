"""Query in, songs and playlists out, with reasons."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.answer.compare import Explanation
    from engine.answer.hits import Hit
    from engine.engine import Engine
    from engine.listen.preference import Preference
    from engine.playlist.playlist import Playlist

__all__ = ["Engine", "Explanation", "Hit", "Playlist", "Preference"]

_HOMES = {
    "Engine": "engine.engine",
    "Explanation": "engine.answer.compare",
    "Hit": "engine.answer.hits",
    "Playlist": "engine.playlist.playlist",
    "Preference": "engine.listen.preference",
}


def __getattr__(name: str) -> Any:
    """Loaded when used, so that `refrain --help` answers at once."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
