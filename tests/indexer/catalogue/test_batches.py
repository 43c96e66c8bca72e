"""What a source hands over, as the loader takes it: entries by the place of their song, remarks that stand for many."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalogue import Catalogue, LoadReport, Refusal, Remark, RowCounts
from indexer.catalogue.connect import open_engine
from indexer.catalogue.import_file import load
from indexer.progress import quiet
from indexer.sources import Batch, Format, Source
from indexer.sources.base import EntryRow, Fit
from indexer.sources.opened import OpenedFile
from indexer.waiting import Patience


@pytest.fixture
def file(tmp_path: Path) -> OpenedFile:
    path = tmp_path / "prepared"
    path.write_bytes(b"rows")
    return OpenedFile(path, "jsonl")


def load_batches(place: str, file: OpenedFile, *batches: Batch) -> LoadReport:
    fit = Fit(1.0, "batches made by hand")
    prepared = Format("prepared", 0, "batches made by hand", lambda _: fit, lambda _: iter(batches))
    engine = open_engine(place, create=True, patience=Patience(1))
    try:
        return load(engine, Source(file, prepared, fit), patience=Patience(1), track=quiet)
    finally:
        engine.dispose()


def batch_of(file: OpenedFile, *titles: str) -> Batch:
    """Rows that describe a song and its playlist and have no id; a row without a title is refused."""
    batch = Batch()
    batch.add_playlist(file.name, 1, "night", {"name": "Night ferry"})
    for row, title in enumerate(titles, start=1):
        if batch.add_song(file.name, row, {"title": title, "artist": "Oda"}) is not None:
            batch.entries.append(EntryRow(row, "night", row - 1, len(batch.songs) - 1))
    return batch


def test_entries_point_to_songs_of_their_own_batch(place: str, file: OpenedFile) -> None:
    batches = [batch_of(file, "Kettle", "", "Sill"), batch_of(file, "Boats", "kettle")]
    batches[1].entries[0] = batches[1].entries[0]._replace(position=3)
    report = load_batches(place, file, *batches)
    assert report.counts["songs"] == RowCounts(added=3, refused=1)
    assert report.counts["entries"] == RowCounts(added=3, refused=1), "kettle is in the playlist already"
    with Catalogue(place) as catalogue:
        assert [playlist.song_ids for playlist in catalogue.playlists()] == [("oda|kettle", "oda|sill", "oda|boats")]
    assert not load_batches(place, file, *batches).changed


def test_a_remark_stands_for_many_cells(place: str, file: OpenedFile) -> None:
    batch = batch_of(file, "Kettle")
    columns = [f"column {name!r} is not used" for name in "xw"]
    batch.refusals += [Refusal(file.name, 0, "value", reason, reason, 1_200) for reason in columns]
    batch.refusals += [Refusal(file.name, 4, "value", "'y' is no key", "... is no key", 3)]
    batch.refusals += [Refusal(file.name, 9, "value", "'z' is no key", "... is no key", 4)]
    report = load_batches(place, file, batch)
    assert report.refused == 2_407
    assert report.remarks == (
        Remark(file.name, "value", columns[0], 1_200, (0,)),
        Remark(file.name, "value", columns[1], 1_200, (0,)),
        Remark(file.name, "value", "... is no key", 7, (4, 9)),
    )
    with Catalogue(place) as catalogue:
        assert [refusal.count for refusal in catalogue.refused()] == [1_200, 1_200, 3, 4]
        assert catalogue.remarks() == report.remarks
