"""Which song a row is: the rules of `Catalogue` as a table, and laws that hold for any rows in any order."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.catalogue import Catalogue, RowCounts
from indexer.records import AUDIO_NAMES, AUDIO_RANGES
from tests.indexer.catalogues import everything, rows

S1, S2, S3 = "1" * 22, "2" * 22, "3" * 22
ROAD = {"title": "Salt Road", "artist": "Marrow"}


@pytest.mark.parametrize(
    ("rule", "described", "songs"),
    [
        ("1: its song_id", [{"song_id": "a", "title": "A"}, {"song_id": "a", "year": 1990}], [[0, 1]]),
        (
            "2: its first id that any song has",
            [ROAD | {"spotify_id": S1}, {"spotify_id": S1, "deezer_id": 9}],
            [[0, 1]],
        ),
        ("2: a less good id", [ROAD | {"spotify_id": S1, "deezer_id": 9}, {"deezer_id": 9, "year": 1990}], [[0, 1]]),
        (
            "2: a song with another id in a better namespace is not meant",
            [ROAD | {"spotify_id": S1, "deezer_id": 9}, ROAD | {"spotify_id": S2, "deezer_id": 9}],
            [[0], [1]],
        ),
        (
            "2: nor the other way round",
            [
                ROAD | {"deezer_id": 9, "spotify_id": S2},
                {"deezer_id": 9, "spotify_id": S1},
                {"deezer_id": 9, "year": 1990},
            ],
            [[0, 2], [1]],
        ),
        (
            "2: the best id decides, a second id in a less good namespace is left out",
            [ROAD | {"spotify_id": S1, "deezer_id": 5}, {"spotify_id": S1, "deezer_id": 6}],
            [[0, 1]],
        ),
        (
            "3: the name",
            [ROAD | {"spotify_id": S1}, {"title": "salt road", "artist": "MARROW", "lyrics": "la"}],
            [[0, 1]],
        ),
        ("3: not of a song with another id", [ROAD | {"spotify_id": S1}, ROAD | {"spotify_id": S2}], [[0], [1]]),
        ("3: ids of different namespaces meet", [ROAD | {"deezer_id": 9}, ROAD | {"spotify_id": S2}], [[0, 1]]),
        (
            "3: the most popular of several",
            [
                ROAD | {"spotify_id": S1, "popularity": 5},
                ROAD | {"spotify_id": S2, "popularity": 7},
                ROAD | {"year": 1990},
            ],
            [[0], [1, 2]],
        ),
        (
            "4: without an artist songs of one title stay apart",
            [
                {"title": "Hello", "lyrics": "one"},
                {"title": "Hello", "lyrics": "two"},
                {"title": "Hello", "year": 1990},
            ],
            [[0], [1], [2]],
        ),
        (
            "4: and are known by their lyrics",
            [{"title": "Hello", "lyrics": "one"}, {"title": "hello!", "lyrics": "one", "year": 1990}],
            [[0, 1]],
        ),
        (
            "4: half a name joins nothing that has an id",
            [
                {"title": "Hello", "spotify_id": S1},
                {"title": "Hello", "lyrics": "one"},
                {"title": "Hello", "deezer_id": 4},
            ],
            [[0], [1], [2]],
        ),
        ("5: two names are two songs", [ROAD | {"year": 1990}, ROAD | {"title": "Pepper Road"}], [[0], [1]]),
    ],
)
def test_the_rules(
    catalogue: Catalogue, tmp_path: Path, rule: str, described: list[dict[str, Any]], songs: list[list[int]]
) -> None:
    """In one file and in one file each, rows become the songs that the rule says, and again."""
    marked = [row | {"tags": [f"t{number}"]} for number, row in enumerate(described)]
    expected = sorted([f"t{number}" for number in group] for group in songs)
    path = rows(tmp_path, *marked)
    catalogue.load(path)
    assert sorted(sorted(song.tags) for song in catalogue.songs()) == expected, rule
    before = everything(catalogue)
    assert not catalogue.load(path).changed
    catalogue.delete(song.song_id for song in list(catalogue.songs()))
    for number, row in enumerate(marked):
        catalogue.load(rows(tmp_path, row, name=f"{number}.jsonl"))
    assert sorted(sorted(song.tags) for song in catalogue.songs()) == expected, rule
    assert everything(catalogue) == before


@pytest.mark.parametrize("known", [{"spotify_id": S1}, {"song_id": "a"}, {"deezer_id": 9}, {"isrc": "GBAYE0000001"}])
def test_a_row_without_ids_does_not_rename_the_song_that_it_meets(
    catalogue: Catalogue, tmp_path: Path, known: dict[str, Any]
) -> None:
    rich = rows(tmp_path, {"title": "Salt Road", "artist": "The Marrow"} | known, name="a.jsonl")
    poor = {"title": "SALT ROAD - 2011 Remaster", "artist": "marrow", "year": 1990}
    plain = rows(tmp_path, poor, poor | {"title": "salt road", "lyrics": "la"}, name="b.jsonl")
    # What has a song_id is that song: it comes first here, for afterwards it would be another one.
    for paths in ((rich, plain), *([(plain, rich)] if "song_id" not in known else [])):
        for path in paths:
            catalogue.load(path)
        (song,) = catalogue.songs()
        assert (song.title, song.artist, song.year, song.lyrics) == ("Salt Road", "The Marrow", 1990, "la")
        assert not any(catalogue.load(path).changed for path in paths)
        catalogue.delete([song.song_id])


def test_a_second_id_of_a_namespace_is_left_out_and_listed(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, {"song_id": "a", "title": "A", "spotify_id": S1}))
    report = catalogue.load(rows(tmp_path, {"song_id": "a", "title": "A", "spotify_id": S2}, name="b.jsonl"))
    assert [refusal.reason for refusal in report.refusals] == [
        f"a: spotify id {S2} is left out: the song has the spotify id {S1} already"
    ]
    song = catalogue.song("a")
    assert song is not None
    assert song.spotify_id == S1


def test_genres_of_the_rows_of_a_file_are_united_and_replaced_by_another_file(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    path = rows(tmp_path, *(ROAD | {"spotify_id": S1, "track_genre": genre} for genre in ("folk", "pop", "folk")))
    catalogue.load(path)
    assert [song.genres for song in catalogue.songs()] == [("folk", "pop")]
    assert not catalogue.load(path).changed
    other = rows(tmp_path, {"spotify_id": S1, "track_genre": "Rock"}, name="other.jsonl")
    assert catalogue.load(other).counts["songs"] == RowCounts(changed=1)
    assert [song.genres for song in catalogue.songs()] == [("rock",)]


_ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "song_id": st.sampled_from(["a", "b", S1]),
            "spotify_id": st.sampled_from([S1, S2, S3]),
            "deezer_id": st.sampled_from([1, 2]),
            "title": st.sampled_from(["Hello", "hello", "Hello - Live", "Hello - Remastered 2011", "Salt"]),
            "duration_ms": st.sampled_from([200_000, 204_000, 207_000, 300_000]),
            "artist": st.sampled_from(["Cats", "The Cats", "Dogs"]),
        },
    ).filter(lambda row: row.keys() - {"artist", "duration_ms"}),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25)
@given(_ROWS, st.randoms(use_true_random=False))
@example([{"spotify_id": S1, "deezer_id": 1}, {"spotify_id": S2, "deezer_id": 1}], Random(0))
def test_no_song_has_two_ids_twice_is_once_and_no_order_loses_a_fact(
    template: Path, described: list[dict[str, Any]], random: Random
) -> None:
    """Each row brings a tag and an audio feature that no other brings, so nothing may overwrite them."""
    marked = [
        row | {"tags": [f"t{number}"], AUDIO_NAMES[number]: AUDIO_RANGES[AUDIO_NAMES[number]][1]}
        for number, row in enumerate(described)
    ]
    with tempfile.TemporaryDirectory() as folder:
        paths = [rows(Path(folder), row, name=f"{number}.jsonl") for number, row in enumerate(marked)]
        paths.append(rows(Path(folder), *marked, name="all.jsonl"))
        place = shutil.copy(template, folder)
        with Catalogue(place) as catalogue:
            for path in random.sample(paths, len(paths)):
                catalogue.load(path)
                before = everything(catalogue)
                assert not catalogue.load(path).changed
                assert everything(catalogue) == before
            songs = list(catalogue.songs())
        assert {tag for song in songs for tag in song.tags} == {f"t{number}" for number in range(len(marked))}
        features = {name for song in songs if song.audio for name in song.audio.known()} - {"duration_ms"}
        assert features == set(AUDIO_NAMES[: len(marked)])
        with sqlite3.connect(place) as connection:
            ids = connection.execute("SELECT song_id, namespace FROM external_ids WHERE namespace != 'name'").fetchall()
        connection.close()
        assert max(Counter(ids).values(), default=1) == 1, "a song has two ids of one namespace"
