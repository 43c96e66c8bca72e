"""Ids to songs: what names one recording exactly, however it is written."""

from __future__ import annotations

import re

from engine.index import OpenIndex
from indexer.errors import SongNotFoundError
from indexer.sources.identifiers import spotify_track

_LINK = re.compile(r"spotify:\w+:|(?:https?://)?\w+\.spotify\.com/", re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"(?:https?://)?(?:open\.|play\.)?spotify\.com/", re.IGNORECASE)


def row_of_id(index: OpenIndex, text: str) -> int | None:
    """The living row that a song_id, or the id, URI or link of a Spotify track, names; None where it names none.

    SongNotFoundError for a link of Spotify whose track the index does not hold: it is no name that others are like.

    A name is none of these but by chance: 22 letters without a space that some song of the index has for its id.
    """
    row = index.songs.row_of(text)
    if row is not None:
        return row
    link = _WITHOUT_SCHEME.sub("https://open.spotify.com/", text.strip()).split("#")[0]
    before, mark, query = link.partition("?")
    track = spotify_track(before.rstrip("/") + mark + query)
    if track and track in index.by_spotify:
        return index.by_spotify[track]
    if _LINK.match(text.strip()):
        what = f"the Spotify id {track}" if track else "this link, which is of no track"
        raise SongNotFoundError(f"no song of this index has {what}; look it up by title and artist")
    return None
