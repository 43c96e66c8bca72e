"""ListenBrainz: listens and feedback, from its export (JSON Lines in a zip), its dumps and its API.

A listen is {"listened_at": 1700000000, "track_metadata": {"artist_name", "track_name", "release_name",
"additional_info": {"recording_mbid", "isrc", "duration_ms", "spotify_id"}, "mbid_mapping": {"recording_mbid"}}}
(https://listenbrainz.readthedocs.io/en/latest/users/json.html), feedback {"recording_mbid", "score": 1 or -1}. Of the
two MusicBrainz ids the one that the server mapped counts where the player sent none.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import CERTAIN, Batch, Fit, Format, Refusal
from indexer.sources.cells import plain
from indexer.sources.flat import flat
from indexer.sources.identifiers import mbid
from indexer.sources.listens import NoListen, Record, listens_format, objects_below, objects_in
from indexer.sources.mapping import map_columns
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import SongReader
from indexer.sources.tabular import BATCH_ROWS, listed_rows

_LOVED = PlaylistName("listenbrainz:loved", "Loved on ListenBrainz")
_TITLE = "track_metadata.track_name"


def _is_listen(value: Record) -> bool:
    return isinstance(value.get("track_metadata"), dict) and "score" not in value


def _is_feedback(value: Record) -> bool:
    return "score" in value and not {"recording_mbid", "recording_msid"}.isdisjoint(value)


def _recognise(opened: OpenedFile) -> Fit | None:
    if opened.kind == "jsonl":
        found = _TITLE in opened.columns and "score" not in opened.columns
    else:
        found = opened.kind == "json" and next(objects_below(opened.outline, _is_listen), None) is not None
    return Fit(CERTAIN, "listens with track_metadata") if found else None


def _listens(opened: OpenedFile) -> Iterator[tuple[int, Record | NoListen]]:
    rows = listed_rows(opened) if opened.kind == "jsonl" else enumerate(map(flat, objects_in(opened, _is_listen)), 1)
    for row, record in rows:
        if isinstance(record, str):
            yield row, NoListen(record)
        elif record.get("playing_now") is True:
            yield row, NoListen("playing while the file was made: no listen yet")
        else:
            yield row, record


def _recognise_feedback(opened: OpenedFile) -> Fit | None:
    if opened.kind == "jsonl":
        found = _is_feedback(dict.fromkeys(opened.columns))
    else:
        found = opened.kind == "json" and next(objects_below(opened.outline, _is_feedback), None) is not None
    return Fit(CERTAIN, "recordings with a score of 1 or -1") if found else None


def _feedback(opened: OpenedFile) -> Iterator[Batch]:
    """Loved songs are a playlist; of a song that is named by its id alone the catalogue must know the rest."""
    file = opened.name
    reader = SongReader(opened, map_columns((_TITLE, "track_metadata.artist_name"), ()), playlist=_LOVED)
    rows = listed_rows(opened) if opened.kind == "jsonl" else enumerate(map(flat, objects_in(opened, _is_feedback)), 1)
    batch, hated = Batch(), 0
    for row, record in rows:
        song = "" if isinstance(record, str) else mbid(record.get("recording_mbid"))
        if isinstance(record, str):
            batch.refusals.append(Refusal(file, row, "entry", record))
        elif plain(record.get("score")) != "1":
            hated += 1
        elif record.get(_TITLE):
            reader.add(batch, row, record)
        elif song:
            reader.add_entry(batch, row, _LOVED, ("mbid", song))
        else:
            batch.refusals.append(Refusal(file, row, "entry", "neither a recording_mbid nor a name; expected either"))
        if len(batch.entries) >= BATCH_ROWS:
            yield batch
            batch = Batch()
    if hated:
        batch.refusals.append(Refusal(file, 0, "file", "recordings that are not loved are in no playlist", count=hated))
    reader.finish(batch)
    yield batch


FORMATS = (
    listens_format("listenbrainz", "listens with track_metadata (ListenBrainz)", _recognise, _listens),
    Format("listenbrainz feedback", 3, "recordings with a score (ListenBrainz)", _recognise_feedback, _feedback),
)
