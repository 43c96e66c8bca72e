"""The doctor: every gap of a catalogue is counted, with what to do; a whole one has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from indexer.catalogue import Catalogue
from indexer.catalogue.doctor import Finding

WHOLE = {"artist": "Ada", "lyrics": "we walked along the salt road until the morning came", "energy": 0.5, "year": 1999,
         "genres": ["folk"], "popularity": 40}  # fmt: skip


def findings(folder: Path, *rows: dict[str, Any], playlists: int = 0) -> dict[str, Finding]:
    songs = folder / "songs.jsonl"
    songs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(songs)
        ids = [song.song_id for song in catalogue.songs()]
        if playlists:
            lists = folder / "playlists.jsonl"
            lists.write_text(
                "".join(json.dumps({"playlist_id": f"p{n}", "song_ids": ids}) + "\n" for n in range(playlists))
            )
            catalogue.load(lists)
        diagnosis = catalogue.diagnose()
        assert all(each.examples and each.of == len(rows) for each in diagnosis.findings)
        assert set(ids) >= {song_id for each in diagnosis.findings for song_id in each.examples}
        return {each.what: each for each in diagnosis.findings}


def test_a_whole_catalogue_lacks_nothing(tmp_path: Path) -> None:
    songs = ({**WHOLE, "title": f"Song {n}", "tempo": 90 + n, "lyrics": f"{WHOLE['lyrics']} {n}"} for n in range(4))
    assert findings(tmp_path, *songs, playlists=1) == {}


@pytest.mark.parametrize(
    ("what", "absent"),
    [("lyrics", "lyrics"), ("sound", "energy"), ("year", "year"), ("genres and tags", "genres"), ("artist", "artist")],
)
def test_what_is_absent_is_counted(what: str, absent: str, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{**WHOLE, "title": f"Song {n}", "tempo": 90 + n} for n in range(4)]
    for row in rows[:3]:
        row.pop(absent)
        if absent == "energy":
            row.pop("tempo")
            row["duration_ms"] = 200_000
        row.setdefault("lyrics", "") if absent == "lyrics" else None
    found = findings(tmp_path, *rows, playlists=1)
    assert (found[what].kind, found[what].songs) == ("lacks", 3)
    assert found[what].advice


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("shorter than", {"duration_ms": 900}),
        ("a tempo", {"tempo": 300}),
        ("a year that has not come", {"year": 2100}),
        ("lyrics of fewer", {"lyrics": "la la"}),
        ("artists such as", {"artist": "Various Artists"}),
    ],
)
def test_what_looks_wrong_is_counted(what: str, values: dict[str, Any], tmp_path: Path) -> None:
    good = [{**WHOLE, "title": f"Song {n}", "tempo": 90 + n, "lyrics": f"{WHOLE['lyrics']} {n}"} for n in range(4)]
    found = findings(
        tmp_path, *good, {**WHOLE, "title": "Odd", "lyrics": f"{WHOLE['lyrics']} odd", **values}, playlists=1
    )
    (finding,) = found.values()
    assert finding.what.startswith(what)
    assert (finding.kind, finding.songs) == ("suspicious", 1)


def test_one_text_and_one_sound_for_many_songs_are_suspicious(tmp_path: Path) -> None:
    same = {**WHOLE, "danceability": 0.5, "valence": 0.5, "tempo": 120}
    found = findings(tmp_path, *({**same, "title": f"Song {n}"} for n in range(3)), playlists=1)
    assert {each.songs for each in found.values()} == {3}
    assert len(found) == 2
    assert all(what.startswith("the very same") for what in found)


def test_an_empty_catalogue_is_told_to_import(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        diagnosis = catalogue.diagnose()
    assert (diagnosis.songs, tuple(diagnosis.findings)) == (0, ())
    assert "refrain import" in diagnosis.next
