"""Query in, songs and playlists out, with reasons."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.answer.compare import Explanation
    from engine.answer.hits import Hit, Hits
    from engine.engine import Engine
    from engine.listen.moods import SongMoods
    from engine.listen.preference import Preference
    from engine.playlist.playlist import Playlist
    from engine.query.filters import Filters
    from engine.requests import (
        Explain,
        Find,
        ListSongs,
        MakePath,
        MakePlaylist,
        Recommend,
        Request,
        Search,
        request_from_dict,
        request_from_json,
    )

__all__ = [
    "Engine",
    "Explain",
    "Explanation",
    "Filters",
    "Find",
    "Hit",
    "Hits",
    "ListSongs",
    "MakePath",
    "MakePlaylist",
    "Playlist",
    "Preference",
    "Recommend",
    "Request",
    "Search",
    "SongMoods",
    "request_from_dict",
    "request_from_json",
]

_HOMES = {
    "engine.answer.hits": ("Hit", "Hits"),
    "engine.answer.compare": ("Explanation",),
    "engine.engine": ("Engine",),
    "engine.listen.moods": ("SongMoods",),
    "engine.listen.preference": ("Preference",),
    "engine.playlist.playlist": ("Playlist",),
    "engine.query.filters": ("Filters",),
    "engine.requests": (
        "Explain", "Find", "ListSongs", "MakePath", "MakePlaylist", "Recommend", "Request", "Search",
        "request_from_dict", "request_from_json",
    ),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Loaded when used, so that `refrain --help` answers at once."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
