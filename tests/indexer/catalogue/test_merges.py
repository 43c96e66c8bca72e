"""Merges by name: when songs of different files meet, what is listed, and that undoing lasts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indexer.catalogue import Catalogue
from indexer.errors import CatalogueError
from tests.indexer.catalogues import everything, rows

S1, S2 = "1" * 22, "2" * 22
ROAD = {"title": "Salt Road", "artist": "Marrow"}
BOATS = {"title": "Paper Boats", "artist": "Nora Quay"}


def songs_of(catalogue: Catalogue, folder: Path, *described: dict[str, Any]) -> list[list[int]]:
    """In a file each, the rows that became one song, as their places."""
    for number, row in enumerate(described):
        catalogue.load(rows(folder, row | {"tags": [f"t{number}"]}, name=f"{number}.jsonl"))
    return sorted(sorted(int(tag[1:]) for tag in song.tags) for song in catalogue.songs())


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (ROAD, {"title": "Salt Road - Remastered 2011", "artist": "Marrow"}, True),
        (ROAD, {"title": "Salt Road (feat. Rob Quire)", "artist": "Marrow;Rob Quire"}, True),
        (ROAD, {"title": "Salt Road", "artist": ["Marrow", "Béla Tóth"]}, True),
        (ROAD, {"title": "Salt Road", "artist": ["Béla Tóth", "Marrow"]}, False),
        (ROAD, {"title": "Salt Road", "artist": "Marrow, Béla Tóth"}, True),
        (ROAD, {"title": "Salt Road", "artist": "Béla Tóth, Marrow"}, False),
        ({"title": "Salt", "artist": "The Cats"}, {"title": "Salt", "artist": "Cats, The"}, True),
        (ROAD, {"title": "Salt Road (Live)", "artist": "Marrow"}, False),
        (ROAD, {"title": "Salt Road - Karaoke Version", "artist": "Marrow"}, False),
        (ROAD, {"title": "Salt Road - Acoustic", "artist": "Marrow"}, False),
        ({"title": "Salt Road (Live)", "artist": "Marrow"}, {"title": "Salt Road - Live", "artist": "Marrow"}, True),
        (ROAD | {"duration_ms": 200_000}, ROAD | {"duration_ms": 204_900}, True),
        (ROAD | {"duration_ms": 200_000}, ROAD | {"duration_ms": 205_100}, False),
        (ROAD | {"duration_ms": 200_000}, ROAD, True),
        (
            {"title": "Live and Let Go", "artist": "Marrow"},
            {"title": "Live and Let Go (Live)", "artist": "Marrow"},
            False,
        ),
    ],
)
def test_names_meet_by_first_artist_stem_version_and_length(
    catalogue: Catalogue, tmp_path: Path, one: dict[str, Any], other: dict[str, Any], meet: bool
) -> None:
    met = [[0, 1]] if meet else [[0], [1]]
    assert songs_of(catalogue, tmp_path, one | {"spotify_id": S1}, other | {"lyrics": "la"}) == met
    catalogue.delete(song.song_id for song in list(catalogue.songs()))
    assert songs_of(catalogue, tmp_path, other | {"lyrics": "la"}, one | {"spotify_id": S1}) == met
    catalogue.delete(song.song_id for song in list(catalogue.songs()))
    assert songs_of(catalogue, tmp_path, one, other) == met, "rows without any id"


def test_what_met_and_what_nearly_did_is_listed(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, ROAD | {"spotify_id": S1, "duration_ms": 200_000}, name="a.jsonl"))
    live = {"title": "Salt Road - Live", "artist": "Marrow"}
    report = catalogue.load(
        rows(
            tmp_path,
            ROAD | {"lyrics": "la"},
            ROAD | {"spotify_id": S2, "duration_ms": 201_000},
            ROAD | {"duration_ms": 260_000, "lyrics": "lo"},
            live,
            name="b.jsonl",
        )
    )
    assert (report.met_by_name, report.nearly_met) == (1, 2)
    (merge,) = catalogue.merges()
    assert (merge.song_id, merge.song_file, merge.file, merge.row) == (S1, "a.jsonl", "b.jsonl", 1)
    assert (merge.row_name, merge.replaced) == ("Salt Road, Marrow", ("lyrics",))
    assert sorted((near.song_id, near.reason) for near in catalogue.near_merges()) == [
        (S1, "another spotify id"),
        (S1, "another version"),
        (S1, "it lasts 260 s, not 200 s"),
    ]
    again = catalogue.load(tmp_path / "b.jsonl")
    assert not again.changed
    assert list(catalogue.merges()) == [merge], "a file is listed once, however often it is imported"


@pytest.mark.parametrize("ids", [{}, {"deezer_id": 9}])
def test_undoing_gives_both_songs_what_is_theirs_and_lasts(
    catalogue: Catalogue, tmp_path: Path, ids: dict[str, Any]
) -> None:
    first = rows(tmp_path, ROAD | {"spotify_id": S1, "year": 1990, "energy": 0.5, "lyrics": "one"}, name="a.jsonl")
    other = rows(
        tmp_path, ROAD | ids | {"year": 2001, "lyrics": "two", "tags": ["x"], "mood": "sad"}, BOATS, name="b.jsonl"
    )
    catalogue.load(first)
    before = catalogue.song(S1)
    catalogue.load(other)
    separation = catalogue.undo_merge(S1)
    assert (separation.file, separation.lost) == ("b.jsonl", ())
    assert catalogue.song(S1) == before
    song = catalogue.song(separation.new_id)
    assert song is not None
    assert (song.title, song.year, song.lyrics, song.tags, song.audio) == ("Salt Road", 2001, "two", ("x",), None)
    assert list(catalogue.labels("mood:sad")) == [(separation.new_id, 1.0)]
    assert list(catalogue.merges()) == []
    assert [near.reason for near in catalogue.near_merges()] == ["separated by hand"]
    state = everything(catalogue)
    for path in (first, other, first):
        assert not catalogue.load(path).changed
        assert everything(catalogue) == state
    catalogue.delete([separation.new_id])
    assert catalogue.load(other).counts["songs"].added == 1
    assert catalogue.song(S1) == before, "nor do they meet after the song was deleted"
    with pytest.raises(CatalogueError, match="no file brought anything into"):
        catalogue.undo_merge(S1)


def test_undoing_says_what_cannot_be_restored(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, ROAD | {"spotify_id": S1, "year": 1990, "lyrics": "one"}, name="a.jsonl"))
    catalogue.load(rows(tmp_path, ROAD | {"year": 2001, "lyrics": "two"}, name="b.jsonl"))
    catalogue.load(rows(tmp_path, {"spotify_id": S1, "year": 2002, "lyrics": "three"}, name="c.jsonl"))
    separation = catalogue.undo_merge(S1, "b.jsonl")
    assert sorted(sentence.split(":")[0] for sentence in separation.lost) == ["lyrics", "lyrics", "year"]
    song, new = catalogue.song(S1), catalogue.song(separation.new_id)
    assert song is not None
    assert new is not None
    assert (song.year, song.lyrics) == (2002, "three"), "what a later file brought stays"
    assert (new.year, new.lyrics) == (2001, None)


def test_a_file_is_named_where_several_met_a_song(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, ROAD | {"spotify_id": S1}, name="a.jsonl"))
    for name in "bc":
        catalogue.load(rows(tmp_path, ROAD | {"tags": [name]}, name=f"{name}.jsonl"))
    with pytest.raises(CatalogueError, match=r"several files met .* name one of them: b\.jsonl, c\.jsonl"):
        catalogue.undo_merge(S1)
    with pytest.raises(CatalogueError, match=r"'d\.jsonl' brought nothing"):
        catalogue.undo_merge(S1, "d.jsonl")
    new_id = catalogue.undo_merge(S1, "c.jsonl").new_id
    assert {song.song_id: song.tags for song in catalogue.songs()} == {S1: ("b",), new_id: ("c",)}


def test_playlists_of_the_file_hold_the_separated_song(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, ROAD | {"spotify_id": S1}, name="a.jsonl"))
    catalogue.load(rows(tmp_path, ROAD | {"deezer_id": 9}, name="b.jsonl"))
    entries = [{"playlist_id": "p", "deezer_id": 9}]
    catalogue.load(rows(tmp_path, *entries, name="p.jsonl"))
    new_id = catalogue.undo_merge(S1).new_id
    assert [playlist.song_ids for playlist in catalogue.playlists()] == [(S1,)], "another file wrote this playlist"
    catalogue.load(tmp_path / "p.jsonl")
    assert [playlist.song_ids for playlist in catalogue.playlists()] == [(new_id,)]


def test_a_row_without_ids_is_kept_apart_from_a_song_without_ids(catalogue: Catalogue, tmp_path: Path) -> None:
    """Both rows have the same name: only the file says which is which."""
    first, other = (rows(tmp_path, ROAD | {"tags": [name]}, name=f"{name}.jsonl") for name in "ab")
    catalogue.load(first)
    catalogue.load(other)
    new_id = catalogue.undo_merge("marrow|salt road").new_id
    for path in (other, first, other):
        assert not catalogue.load(path).changed
    catalogue.delete(["marrow|salt road"])
    catalogue.load(first)
    tags = {song.song_id: song.tags for song in catalogue.songs()}
    assert tags == {"marrow|salt road": ("a",), new_id: ("b",)}


def test_an_isrc_is_of_several_songs_and_alone_means_the_best_known(catalogue: Catalogue, tmp_path: Path) -> None:
    """Rows made by hand: which columns hold ISRCs is the sources' business."""
    from indexer.catalogue.connect import writing
    from indexer.catalogue.merging import SongWriter
    from indexer.sources.base import SongRow
    from indexer.waiting import Patience

    catalogue.load(rows(tmp_path, BOATS))
    with writing(catalogue._engine, Patience(1)) as connection:
        refused: list[tuple[Any, ...]] = []

        def song_ids(*described: tuple[dict[str, Any], dict[str, str]]) -> list[str]:
            writer = SongWriter(connection, 1, (), "a", lambda *refusal: refused.append(refusal))
            written = [
                SongRow(row, None, tuple(ids.items()), facts) for row, (facts, ids) in enumerate(described, start=1)
            ]
            return writer.write(written)

        isrc = {"isrc": "GBABC1234567"}
        single, album = {"spotify": S1} | isrc, {"spotify": S2} | isrc
        assert song_ids((ROAD | {"popularity": 5.0}, single), (ROAD | {"popularity": 9.0}, album)) == [S1, S2]
        assert song_ids(({"year": 1990}, isrc)) == [S2]
        assert song_ids(({"popularity": 99.0}, single), ({"year": 1990}, isrc)) == [S1, S2], "it stays with its song"
        assert song_ids((ROAD, {"isrc": "GBXYZ7654321"})) == ["isrc:GBXYZ7654321"], "two ISRCs are two songs"
        assert song_ids((ROAD, {"mbid": "m1"})) == [S1], "no id of a kind of its own: the best known of the name"
        assert song_ids(({}, {"mbid": "m1"}), ({}, isrc | {"mbid": "m1"})) == [S1, S2]
        assert [refusal[3] for refusal in refused] == []


def test_a_song_that_a_row_renames_keeps_its_one_spotify_id(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, BOATS | {"spotify_id": S1}, name="a.jsonl"))
    catalogue.load(rows(tmp_path, ROAD | {"spotify_id": S1}, ROAD | {"spotify_id": S2}, name="b.jsonl"))
    assert [(song.song_id, song.spotify_id, song.title) for song in catalogue.songs()] == [
        (S1, S1, "Salt Road"),
        (S2, S2, "Salt Road"),
    ]
