"""Playlist names: what a playlist is known by that a file names without an id."""

from __future__ import annotations

from typing import NamedTuple

from indexer.sources.validate import MAX_ID


class PlaylistName(NamedTuple):
    """A playlist that records stand in: the id that it has in the catalogue, and what it is called."""

    playlist_id: str
    name: str

    @classmethod
    def of(cls, kind: str, name: str) -> PlaylistName:
        """A playlist without an id of its own: known by its kind and its name, so that a new export replaces it.

        >>> PlaylistName.of("exportify", "Night  Ferry!")
        PlaylistName(playlist_id='exportify:night ferry!', name='Night  Ferry!')
        """
        return cls(f"{kind}:{' '.join(name.casefold().split())}"[:MAX_ID], name)
