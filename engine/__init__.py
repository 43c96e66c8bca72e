"""Query in, songs and playlists out, with reasons."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.explain import Explanation
    from engine.hits import Hit
    from engine.pipeline import Engine
    from engine.playlists import Playlist
    from engine.triage import Preference

__all__ = ["Engine", "Explanation", "Hit", "Playlist", "Preference"]

_HOMES = {
    "Engine": "engine.pipeline",
    "Explanation": "engine.explain",
    "Hit": "engine.hits",
    "Playlist": "engine.playlists",
    "Preference": "engine.triage",
}


def __getattr__(name: str) -> Any:
    """Loaded when used, so that `refrain --help` answers at once."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
