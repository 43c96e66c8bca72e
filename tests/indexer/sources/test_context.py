"""Context: what a plain name means beside other columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from indexer.catalogue import Catalogue
from indexer.sources import recognise
from indexer.sources.mapping import map_columns
from indexer.sources.reader import PLAYS_LABEL

CHARTS = {
    "Kaggle's, by day": (
        "Position,Track Name,Artist,Streams,Date,Region",
        ["1,Low Tide,Ada,300,2017-01-01,ec", "2,Salt Road,Bo,200,2017-01-01,ec", "1,Low Tide,Ada,50,2017-01-02,ec"],
        "Date",
    ),
    "Billboard's": (
        "date,rank,song,artist,last-week,peak-rank,weeks-on-board",
        ["2021-11-06,1,Low Tide,Ada,1,1,3", "2021-11-06,2,Salt Road,Bo,2,1,9", "2021-11-13,1,Low Tide,Ada,1,1,4"],
        "date",
    ),
    "another of Billboard": (
        "WeekID,Week Position,Song,Performer,Peak Position",
        ["7/17/1965,34,Low Tide,Ada,34", "7/24/1965,22,Low Tide,Ada,22"],
        "WeekID",
    ),
    "with a time": (
        "timestamp,rank,title,artist,chart",
        ["2021-11-06 00:00:00,1,Low Tide,Ada,top200", "2021-11-06 00:00:00,2,Salt Road,Bo,top200"],
        "timestamp",
    ),
    "by week": (
        "chart_week,current_week,title,performer",
        ["2022-01-01,1,Low Tide,Ada", "2022-01-01,2,Salt Road,Bo"],
        "chart_week",
    ),
    "German": ("Datum,Platz,Titel,Interpret", ["2021-05-06,1,Low Tide,Ada", "2021-05-06,2,Salt Road,Bo"], "Datum"),
}


def fields(header: str, rows: list[str]) -> dict[str, tuple[str, str]]:
    """(field, remark) of each column of a table."""
    names = header.split(",")
    cells: list[dict[str, Any]] = [dict(zip(names, row.split(","), strict=True)) for row in rows]
    return {column.name: (column.field, column.remark) for column in map_columns(names, cells).columns}


def table(folder: Path, header: str, rows: list[str], name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


@pytest.mark.parametrize("chart", CHARTS)
def test_the_day_of_a_chart_is_no_year_of_a_song(chart: str, tmp_path: Path) -> None:
    header, rows, day = CHARTS[chart]
    assert fields(header, rows)[day] == ("", "the day of a chart, not when the song came out")
    path = table(tmp_path, header, rows)
    assert recognise(path).format.name == "songs"
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load(path)
        songs = list(catalogue.songs())
        assert len(songs) == len({song.title for song in songs})
        assert {song.year for song in songs} == {None}


@pytest.mark.parametrize(
    ("header", "rows", "reason"),
    [
        ("title,artist,date,added_by", ["Low Tide,Ada,2021-05-06,me"], "the day on which it was added"),
        ("title,artist,date,user_id", ["Low Tide,Ada,2021-05-06,7"], "of a listen or a show, as 'user_id' says"),
        ("date,venue,artist,song", ["2021-05-06,Quay,Ada,Low Tide"], "of a listen or a show, as 'venue' says"),
        ("date,title,artist,plays", ["2021-05-06,A,Ada,4", "2021-05-07,A,Ada,2", "2021-05-08,A,Ada,1"],
         "the day whose plays are counted"),
    ],
)  # fmt: skip
def test_other_days_are_no_years_of_songs(header: str, rows: list[str], reason: str) -> None:
    field, remark = fields(header, rows)["date"]
    assert field == ""
    assert remark.startswith(reason)


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("title,artist,date,genre", ["Low Tide,Ada,2001-05-06,folk", "Salt Road,Bo,2001-05-06,folk"]),
        ("rank,title,artist,date", ["1,Low Tide,Ada,1967-05-06", "2,Salt Road,Bo,1999-05-06", "3,Quay,Cy,2001-01-01"]),
        ("playlist,position,title,artist,date", ["Sea,1,Low Tide,Ada,2001-05-06", "Sea,2,Salt Road,Bo,2001-05-06"]),
        ("title,artist,date,views", ["Low Tide,Ada,2001-05-06,9", "Salt,Bo,2002-05-06,7", "Quay,Cy,2003-05-06,5"]),
    ],
)
def test_a_date_that_nothing_contradicts_is_the_year(header: str, rows: list[str]) -> None:
    """Also of a list of the best songs, in which each has a place and a date of its own."""
    assert fields(header, rows)["date"] == ("year", "the year of the date")


def test_streams_of_a_chart_are_plays_that_add_up(tmp_path: Path) -> None:
    header, rows, _ = CHARTS["Kaggle's, by day"]
    assert fields(header, rows)["Streams"] == (
        "plays",
        "those of a day, a week or a listener: a song's rows are added up",
    )
    with Catalogue(tmp_path / "songs.db") as catalogue:
        for _ in range(2):  # importing again changes nothing
            catalogue.load(table(tmp_path, header, rows))
            titles = {song.song_id: song.title for song in catalogue.songs()}
            plays = {titles[song]: count for song, count in catalogue.labels(f"{PLAYS_LABEL}table.csv")}
            assert plays == {"Low Tide": 350.0, "Salt Road": 200.0}


def test_days_in_parquet_are_days(tmp_path: Path) -> None:
    """There a day is a time at midnight: it makes no listening history of a chart."""
    from datetime import datetime

    rows = [
        {"date": datetime(2021, 11, 6), "rank": rank, "title": f"Song {rank}", "artist": "Ada", "streams": 100 - rank}
        for rank in range(1, 30)
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "chart.parquet")
    source = recognise(tmp_path / "chart.parquet")
    assert source.format.name == "songs"
    assert all("year" not in song.facts for batch in source.batches() for song in batch.songs)


def test_names_that_say_that_they_are_of_the_song_come_first() -> None:
    row = "p1,Sea,Low Tide,Ada,5400000,213000"
    found = fields("playlist_id,name,track_name,artist_name,duration_ms,track_duration_ms", [row])
    assert found["track_name"] == ("title", "")
    assert found["name"] == ("playlist", "the song's name stands in 'track_name'")
    assert found["duration_ms"] == ("duration_ms", "read where 'track_duration_ms' is empty")
    found = fields("name,artist_name,track", ["Sea,Ada,Low Tide"])
    assert found["name"] == ("", "of something else: the song's name stands in 'track'")
    assert fields("name,artist,track", ["Low Tide,Ada,3", "Salt Road,Bo,4"])["name"][0] == "title"


def test_a_count_without_a_noun_is_said() -> None:
    assert fields("artist,title,count", ["Ada,Low Tide,44"])["count"][0] == ""
    assert fields("artist,tag,count", ["Ada,folk,44"])["count"][0] == "count"
