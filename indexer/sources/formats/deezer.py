"""The Deezer mood table (Delbouys et al. 2018): z-scored valence and arousal per song, as labels.

`dzr_sng_id,MSD_sng_id,MSD_track_id,valence,arousal,artist_name,track_name`. Its valence is a listener's mark around
0, not Spotify's feature in 0..1, so it never becomes an audio feature.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.sources.base import CERTAIN, Batch, Fit, Format, Refusal
from indexer.sources.cells import identifier
from indexer.sources.identifiers import deezer_track, is_number
from indexer.sources.meanings import column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.tabular import batches
from indexer.sources.validate import number

_NEEDED = frozenset({"dzr_sng_id", "valence", "arousal"})
_Z_BOUND = 10.0  # z-scores of this table stay within 3


def _recognise(opened: OpenedFile) -> Fit | None:
    if {column_key(column) for column in opened.columns} >= _NEEDED:
        return Fit(CERTAIN, "the columns dzr_sng_id, valence and arousal")
    return None


def _read(opened: OpenedFile) -> Iterator[Batch]:
    file = opened.name
    for rows in batches(opened):
        batch = Batch()
        for row, cells in batch.valid_rows(rows, file, "song"):
            values = {column_key(name): cell for name, cell in cells.items()}
            deezer, song_id = deezer_track(values.get("dzr_sng_id")), identifier(values.get("song_id"))
            problems: list[str] = []
            labels = {
                f"deezer_{name}": number(values.get(name), name, -_Z_BOUND, _Z_BOUND, problems)
                for name in ("valence", "arousal")
            }
            batch.refusals.extend(Refusal.about(file, row, "label", deezer, problem) for problem in problems)
            batch.add_song(
                file,
                row,
                {"title": values.get("track_name"), "artist": values.get("artist_name")},
                song_id="" if is_number(song_id) else song_id,
                ids=[("deezer", deezer)] if deezer else [],
                labels={name: value for name, value in labels.items() if value is not None},
            )
        yield batch


FORMATS = (Format("deezer moods", 1, "dzr_sng_id, valence, arousal (Deezer mood table)", _recognise, _read),)
