"""A load is one transaction, and laws that hold for any file: twice is once, disjoint files commute."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.catalogue import Catalogue, RowCounts
from indexer.errors import BusyError, SourceError
from indexer.records import Song
from indexer.waiting import Patience
from tests.indexer.catalogues import FORMATS, everything, many, rows


def test_a_file_that_breaks_off_leaves_nothing(catalogue: Catalogue, tmp_path: Path) -> None:
    path = rows(tmp_path, *({"song_id": f"s{i}", "title": "T"} for i in range(5_000)))
    path.write_bytes(path.read_bytes()[:-9])
    before = everything(catalogue)
    with pytest.raises(SourceError, match=r"line 5,000 is not JSON.*get it again"):
        catalogue.load(path)
    assert everything(catalogue) == before
    assert catalogue.statistics().imports == 0


class Interrupted:
    """Progress that calls `action` when the first batch is written."""

    def __init__(self, action: Any) -> None:
        self.action = action

    def __call__(self, steps: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        for number, step in enumerate(steps):
            if number == 1:
                self.action()
            yield step


def test_ctrl_c_leaves_the_old_state(catalogue: Catalogue, tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    catalogue.load(FORMATS / "songs.csv")
    before = everything(catalogue)
    with pytest.raises(KeyboardInterrupt):
        catalogue.load(many(tmp_path), track=Interrupted(stop))
    assert everything(catalogue) == before
    assert catalogue.load(many(tmp_path)).counts["songs"] == RowCounts(added=5_000)


def test_readers_see_the_old_state_and_a_second_import_waits_in_vain(
    catalogue: Catalogue, place: str, tmp_path: Path
) -> None:
    catalogue.load(FORMATS / "songs.csv")
    path = many(tmp_path)
    streaming = catalogue.songs(batch=1)
    next(streaming)
    seen: list[int] = []

    def meanwhile() -> None:
        with Catalogue(place, patience=Patience(0.1)) as other:
            seen.append(len(other))
            with pytest.raises(BusyError, match="is being written by"):
                other.load(FORMATS / "songs.jsonl")

    assert catalogue.load(path, track=Interrupted(meanwhile)).counts["songs"] == RowCounts(added=5_000)
    assert seen == [3]
    assert len(list(streaming)) == 2, "a stream that began before the import does not see it"
    assert len(catalogue) == 5_003


def test_progress_is_told_how_long_it_takes_where_the_file_says_it(catalogue: Catalogue, tmp_path: Path) -> None:
    told: list[tuple[str, int | None, int]] = []

    def track(steps: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        found = list(steps)
        told.append((label, total, len(found)))
        return iter(found)

    path = tmp_path / "table"
    pyarrow.parquet.write_table(
        pyarrow.table({"song_id": [f"s{i}" for i in range(4_001)], "artist": ["A"] * 4_001}), path
    )
    catalogue.load(path, track=track)
    assert told == [("import table", 3, 3)]


_WORDS = st.sampled_from(["", "Salt", "Road", "salt", "Öl", "NA", "!!!", "\x00", "The Cats", "a" * 40])
_SONGS = st.fixed_dictionaries(
    {},
    optional={
        "song_id": st.sampled_from(["", "a", "b", "c", "1" * 22]),
        "spotify_id": st.sampled_from(["", "1" * 22, "2" * 22, "3" * 22]),
        "deezer_id": st.sampled_from([None, 1, 2]),
        "title": _WORDS,
        "artist": _WORDS,
        "year": st.sampled_from([None, 1990, "2001-05-01", 20199]),
        "decade": st.sampled_from([None, 1980, 2000]),
        "genres": st.lists(st.sampled_from(["rock", "Pop", "r-b"]), max_size=2),
        "energy": st.one_of(st.none(), st.floats(-0.5, 1.5)),
        "lyrics": st.sampled_from([None, "", " ", "la la", "lo"]),
        "tags": st.lists(st.sampled_from(["x", "y"]), max_size=2),
    },
)


@settings(max_examples=40)
@given(st.lists(_SONGS, min_size=1, max_size=8))
@example([{"deezer_id": 1, "genres": ["pop"]}, {"deezer_id": 1, "genres": ["rock"], "energy": -0.0}])
def test_any_file_twice_is_unchanged(template: Path, songs: list[dict[str, Any]]) -> None:
    songs = [{"title": "", "artist": "", **song} for song in songs]
    with tempfile.TemporaryDirectory() as folder, Catalogue(shutil.copy(template, folder)) as catalogue:
        path = rows(Path(folder), *songs)
        first = catalogue.load(path)
        before = everything(catalogue)
        second = catalogue.load(path)
        assert everything(catalogue) == before
        assert not second.changed
        assert second.counts["songs"].unchanged == first.counts["songs"].added == len(catalogue)
        known = [song.spotify_id for song in catalogue.songs() if song.spotify_id]
        assert len(set(known)) == len(known), "a Spotify id is of one song"


@settings(max_examples=15)
@given(st.lists(_SONGS, max_size=5), st.lists(_SONGS, max_size=5))
def test_the_order_of_files_with_disjoint_ids_does_not_matter(
    template: Path, ones: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    def named(songs: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
        keep = ("title", "artist", "year", "decade", "genres", "energy", "lyrics", "tags")
        facts = [{name: song[name] for name in keep if name in song} for song in songs]
        return [{"artist": "", **each, "song_id": f"{prefix}{i % 3}"} for i, each in enumerate(facts)] or [
            {"song_id": prefix, "artist": "A"}
        ]

    found: list[list[Song]] = []
    with tempfile.TemporaryDirectory() as folder:
        a, b = (rows(Path(folder), *named(songs, name), name=name) for songs, name in ((ones, "a"), (others, "b")))
        for paths in ((a, b), (b, a)):
            with Catalogue(shutil.copy(template, Path(folder) / f"{paths[0].name}.db")) as catalogue:
                for path in paths:
                    catalogue.load(path)
                found.append(list(catalogue.songs()))
    assert found[0] == found[1]
