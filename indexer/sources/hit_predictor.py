"""The Kaggle "Spotify hit predictor" layout: `track,artist,uri,` features `,chorus_hit,sections,target`."""

from __future__ import annotations

from collections.abc import Iterator

from indexer.records import AUDIO_NAMES
from indexer.sources.base import Batch, Format
from indexer.sources.tabular import OpenedFile, batches
from indexer.sources.validate import identifier, spotify_track

_NEEDED = frozenset({"track", "artist", "uri", "chorus_hit"})
_COLUMNS = {"title": "track", "artist": "artist", "decade": "decade", **{name: name for name in AUDIO_NAMES}}


def _fits(opened: OpenedFile) -> bool:
    return set(opened.columns) >= _NEEDED


def _read(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    for rows in batches(opened):
        batch = Batch()
        for row, values in batch.valid_rows(rows, file, "song"):
            track = spotify_track(values.get("uri")) or identifier(values.get("uri"))
            facts = {name: values.get(column) for name, column in _COLUMNS.items()}
            batch.add_song(file, row, facts, ids=[("spotify", track)] if track else [])
        yield batch


FORMATS = (Format("hit predictor", 1, "track, artist, uri, chorus_hit (Spotify hit predictor)", _fits, _read),)
