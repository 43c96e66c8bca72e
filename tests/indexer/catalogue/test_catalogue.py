"""The catalogue: which song a row is, what it does to it, playlists, tags, streams. On SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalogue import Catalogue, Refusal, Remark, RowCounts
from indexer.catalogue.import_file import REFUSALS_KEPT
from indexer.catalogue.reports import RemarkCounter
from indexer.text.clean import MAX_LYRIC_CHARACTERS
from tests.indexer.catalogues import ALONE, FORMATS, IN_ORDER, everything, rows


def test_every_format_arrives_and_a_second_import_changes_nothing(catalogue: Catalogue) -> None:
    first = {name: catalogue.load(FORMATS / name) for name in IN_ORDER}
    assert first["songs.csv"].counts["songs"] == RowCounts(added=3)
    assert first["spotify_features.csv"].counts["songs"] == RowCounts(added=4)
    assert first["spotify_features.csv"].counts["entries"] == RowCounts(added=5, refused=1)
    assert first["hit_predictor.csv"].counts["songs"] == RowCounts(added=1, changed=1, unchanged=1)
    assert first["mpd.slice.0-2.json"].counts["playlists"] == RowCounts(added=2)
    assert first["deezer_moods.csv"].counts["labels"] == RowCounts(added=5)
    assert first["playlist_entries.csv"].counts["entries"] == RowCounts(added=4, refused=1)
    assert first["playlist_entries.csv"].counts["playlists"] == RowCounts(added=1, changed=2)
    assert first["song_tags.csv"].counts["tags"] == RowCounts(added=3, refused=1)
    assert first["artist_tags.csv"].counts["tags"] == RowCounts(added=2)
    assert list(catalogue.labels("deezer_arousal")) == [("1aaaaaaaaaaaaaaaaaaaaa", -1.4), ("oda|brass", 0.31)]
    before = everything(catalogue)
    last = catalogue.load(FORMATS / IN_ORDER[-1])
    assert not last.changed
    assert everything(catalogue) == before


@pytest.mark.parametrize("name", IN_ORDER + ALONE)
def test_importing_a_file_twice_counts_all_as_unchanged(catalogue: Catalogue, name: str) -> None:
    for needed in ("songs.csv", "songs.jsonl"):
        catalogue.load(FORMATS / needed)
    first = catalogue.load(FORMATS / name)
    before, refused = everything(catalogue), list(catalogue.refused())
    second = catalogue.load(FORMATS / name)
    assert not second.changed
    assert everything(catalogue) == before
    assert list(catalogue.refused()) == refused, "a second load must not list its refusals beside the first ones"
    for kind, counts in second.counts.items():
        one = first.counts[kind]
        assert counts == RowCounts(unchanged=one.added + one.changed + one.unchanged, refused=one.refused)


def test_refusals_beyond_those_that_are_kept_one_by_one_stand_as_one_row(catalogue: Catalogue, tmp_path: Path) -> None:
    rows = REFUSALS_KEPT + 30
    table = tmp_path / "empty.csv"
    table.write_text("title,artist,energy\nPaper Kite,Wren,7\n" + ",Wren,0.5\n" * rows)
    for _ in range(2):
        report = catalogue.load(table)
        assert report.counts["songs"].refused == rows
        *one_by_one, rest = [each for each in catalogue.refused() if each.what == "song"]
        assert [each.row for each in one_by_one] == list(range(2, REFUSALS_KEPT + 2))
        assert (rest.row, rest.count) == (REFUSALS_KEPT + 2, 30)
        assert rest.reason == one_by_one[0].reason
        assert {remark.what: remark.count for remark in catalogue.remarks()} == {"song": rows, "value": 1}


def test_a_song_comes_back_as_it_was_imported(catalogue: Catalogue) -> None:
    catalogue.load(FORMATS / "songs.jsonl")
    song = catalogue.song("kite|paper")
    assert song is not None
    assert (song.title, song.artist, song.year, song.decade) == (
        "Paper Kite Parade",
        "Wren Abbot, Sol & Tide",
        1999,
        1990,
    )
    assert song.genres == ("folk", "indie folk")
    assert song.tags == ("kites", "windy")
    assert song.explicit is False
    assert song.lyrics == "Paper kite, pull me over\nthe roofs of the town"
    assert song.audio is not None
    assert song.audio.known() == {"energy": 0.4, "tempo": 101.5}
    assert catalogue.song("no|such") is None
    assert len(catalogue) == 3


def test_genres_of_a_track_in_several_playlists_are_united(catalogue: Catalogue) -> None:
    catalogue.load(FORMATS / "spotify_features.csv")
    song = catalogue.song("1aaaaaaaaaaaaaaaaaaaaa")
    assert song is not None
    assert song.genres == ("pop", "dance pop", "r&b", "neo soul", "hip pop"), "row by row, broad before narrow"
    assert [playlist.song_ids for playlist in catalogue.playlists()] == [
        ("1aaaaaaaaaaaaaaaaaaaaa", "2bbbbbbbbbbbbbbbbbbbbb"),
        ("1aaaaaaaaaaaaaaaaaaaaa", "3ccccccccccccccccccccc", "4ddddddddddddddddddddd"),
    ]
    unnamed, without_title = catalogue.song("3ccccccccccccccccccccc"), catalogue.song("4ddddddddddddddddddddd")
    assert unnamed is not None
    assert (unnamed.title, unnamed.artist, unnamed.album) == ("", "", None), "NA, Null, None: nothing is known"
    assert unnamed.audio is not None
    assert unnamed.audio.energy is None, "1.7 is out of range and left out"
    assert without_title is not None
    assert without_title.title == ""
    reasons = [refusal.reason for refusal in catalogue.refused()]
    assert "3ccccccccccccccccccccc: energy is 1.7, expected 0..1" in reasons


def test_lyrics_without_ids_join_the_features_imported_before(catalogue: Catalogue) -> None:
    catalogue.load(FORMATS / "spotify_features.csv")
    report = catalogue.load(FORMATS / "lyrics_only.csv")
    assert report.counts["songs"] == RowCounts(added=2, changed=1)
    song = catalogue.song("1aaaaaaaaaaaaaaaaaaaaa")
    assert song is not None
    assert song.lyrics == "We walked the salt road; nobody sang"
    assert song.audio is not None
    assert catalogue.song("nobody known|cellar door key") is not None
    assert catalogue.origin("1aaaaaaaaaaaaaaaaaaaaa") == {
        "added": "spotify_features.csv",
        "facts": "spotify_features.csv",
        "lyrics": "lyrics_only.csv",
        "audio": "spotify_features.csv",
    }


def test_features_join_lyrics_imported_before_and_a_second_spotify_id_does_not(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    catalogue.load(FORMATS / "lyrics_only.csv")
    one, two = "1" * 22, "2" * 22
    described = {"title": "salt road", "artist": "Marrow and Lantern"}
    catalogue.load(rows(tmp_path, described | {"spotify_id": one}, described | {"spotify_id": two}))
    song = catalogue.song("marrow and lantern|salt road")
    assert song is not None
    assert song.spotify_id == one
    assert song.title == "salt road", "what a row knows replaces what was there"
    other = catalogue.song(two)
    assert other is not None
    assert other.lyrics is None
    again = catalogue.load(FORMATS / "lyrics_only.csv")
    assert again.counts["songs"].added == 0, "the name stays with the song that it met first"


def test_a_name_of_several_recordings_is_the_most_popular_one(catalogue: Catalogue, tmp_path: Path) -> None:
    named = {"title": "Salt Road", "artist": "Marrow"}
    some = [named | {"spotify_id": letter * 22, "popularity": p} for letter, p in (("a", 5), ("b", 70), ("c", 20))]
    catalogue.load(rows(tmp_path, *some))
    catalogue.load(rows(tmp_path, named | {"lyrics": "salt"}, name="lyrics.jsonl"))
    assert [song.song_id for song in catalogue.songs() if song.lyrics] == ["b" * 22]
    catalogue.load(rows(tmp_path, named | {"spotify_id": "a" * 22, "popularity": 90}, name="popular.jsonl"))
    assert not catalogue.load(rows(tmp_path, named | {"lyrics": "salt"}, name="again.jsonl")).changed


def test_names_of_signs_and_empty_titles_are_not_merged(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, {"title": "???", "artist": "!!!"}, {"title": "!!!", "artist": "!!!"}))
    catalogue.load(rows(tmp_path, {"spotify_id": "a" * 22, "artist": "X"}, {"spotify_id": "b" * 22, "artist": "X"}))
    assert len(catalogue) == 4


def test_what_is_unknown_erases_nothing_and_what_is_known_replaces(catalogue: Catalogue, tmp_path: Path) -> None:
    full = {"song_id": "s", "title": "A", "artist": "B", "year": 1999, "lyrics": "la", "energy": 0.5, "tempo": 100,
            "genres": ["rock"], "explicit": True, "album": "C", "language": "en", "popularity": 3}  # fmt: skip
    catalogue.load(rows(tmp_path, full))
    empty = {"song_id": "s", "title": "", "year": None, "lyrics": " ", "energy": None, "genres": [], "explicit": ""}
    assert not catalogue.load(rows(tmp_path, empty, name="empty.jsonl")).changed
    report = catalogue.load(rows(tmp_path, {"song_id": "s", "energy": 0.75, "explicit": "no"}, name="new.jsonl"))
    assert report.counts["songs"] == RowCounts(changed=1)
    song = catalogue.song("s")
    assert song is not None
    assert (song.title, song.lyrics, song.year, song.explicit, song.genres) == ("A", "la", 1999, False, ("rock",))
    assert song.audio is not None
    assert song.audio.known() == {"energy": 0.75, "tempo": 100.0}
    catalogue.load(rows(tmp_path, {"song_id": "s", "decade": 1950}, name="decade.jsonl"))
    assert catalogue.song("s") == song, "the decade follows from the year"


def test_one_id_twice_in_a_file(catalogue: Catalogue, tmp_path: Path) -> None:
    path = rows(
        tmp_path,
        {"song_id": "s", "title": "First", "artist": "A", "lyrics": "one"},
        {"song_id": "s", "title": "first!", "artist": "A", "album": "X"},
        {"song_id": "s", "title": "Second", "artist": "A"},
    )
    report = catalogue.load(path)
    assert report.counts["songs"] == RowCounts(added=1)
    assert [(refusal.row, refusal.what) for refusal in report.refusals] == [(3, "duplicate")]
    assert "duplicate id, other content" in report.refusals[0].reason
    song = catalogue.song("s")
    assert song is not None
    assert (song.title, song.album, song.lyrics) == ("Second", "X", "one")
    assert catalogue.load(path).counts["songs"] == RowCounts(unchanged=1)


def test_an_id_stays_with_the_song_that_has_it(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, {"song_id": "a", "title": "A", "spotify_id": "1" * 22}))
    report = catalogue.load(rows(tmp_path, {"song_id": "b", "title": "B", "spotify_id": "1" * 22}, name="b.jsonl"))
    assert report.counts["songs"] == RowCounts(added=1)
    assert "already that of a" in report.refusals[0].reason
    other = catalogue.song("b")
    assert other is not None
    assert other.spotify_id is None


def test_dirt_is_left_out_and_said(catalogue: Catalogue, tmp_path: Path) -> None:
    report = catalogue.load(
        rows(
            tmp_path,
            {"song_id": "a", "title": "nul\x00 and \x07bell\ud800", "year": 20199, "tempo": 0, "key": -1},
            {"song_id": "b", "title": "long", "lyrics": "la " * 400_000, "energy": float("nan")},
            {"artist": "nobody"},
            {"song_id": "x" * 300, "title": "T"},
            {"song_id": "c", "title": "t" * 5_000, "artist": "é" * 2_000, "tags": ["x" * 500]},
            {"song_id": "d", "title": "big", "tempo": 10**400, "popularity": [1], "explicit": "maybe"},
        )
    )
    assert report.counts["songs"] == RowCounts(added=4, refused=2)
    assert report.refused == len(report.refusals) == len(list(catalogue.refused()))
    reasons = {(refusal.row, refusal.reason) for refusal in report.refusals}
    assert (1, "a: year is 20199, expected 1860..2100") in reasons
    assert (2, f"b: lyrics has 1,200,000 characters, cut to {MAX_LYRIC_CHARACTERS:,}") in reasons
    assert (3, "neither an id nor a title; give it a song_id or a title") in reasons
    songs = {song.song_id: song for song in catalogue.songs()}
    assert songs["a"].title == "nul and bell"
    assert songs["a"].year is None
    assert songs["a"].audio is songs["b"].audio is None
    assert songs["b"].lyrics is not None
    assert len(songs["b"].lyrics) == MAX_LYRIC_CHARACTERS
    assert len(songs["c"].tags[0]) == 100


def test_remarks_are_counted_by_kind(catalogue: Catalogue, tmp_path: Path) -> None:
    tags = [{"song_id": f"s{i}", "tag": f"t{i % 7}"} for i in range(3_000)]
    report = catalogue.load(rows(tmp_path, *tags, name="tags.jsonl"))
    assert (report.refused, len(report.refusals)) == (3_000, 1_000)
    kind = "song_id ... is not in the catalogue; import its song first"
    assert report.remarks == (Remark("tags.jsonl", "tag", kind, 3_000, (1, 2, 3)),)
    songs = [{"song_id": f"s{i}", "title": "T", "energy": 200 + i, "year": "MCM" if i < 7 else 1999} for i in range(10)]
    other = catalogue.load(rows(tmp_path, *songs, {"artist": "nobody"}, name="songs.jsonl"))
    assert {(remark.what, remark.kind, remark.count) for remark in other.remarks} == {
        ("value", "energy is ..., expected 0..1", 10),
        ("value", "year is ..., expected a number", 7),
        ("song", "neither an id nor a title; give it a song_id or a title", 1),
    }
    assert catalogue.remarks() == (*report.remarks, *other.remarks)
    with catalogue.snapshot() as snapshot:
        assert snapshot.remarks() == catalogue.remarks()


def test_hundreds_of_kinds_of_remarks_end_in_one(catalogue: Catalogue, tmp_path: Path) -> None:
    counter = RemarkCounter()
    counter.add(Refusal("a.csv", row, "song", f"reason {chr(0x4E00 + row)}") for row in range(300))
    *kinds, last = counter.remarks()
    assert len(kinds) == 100
    assert (last.kind, last.count, last.rows) == ("other reasons", 200, (100, 101, 102))


def test_several_columns_of_one_name_are_one_remark(catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("song_id,Title,title,TITLE\na,A,,\nb,,B,\nc,C,no,\n", "utf-8")
    report = catalogue.load(path)
    assert [song.title for song in catalogue.songs()] == ["A", "B", "C"]
    assert [(remark.what, remark.kind) for remark in report.remarks] == [
        ("column", "'title' is read as title: read where 'Title' is empty, which is better filled"),
        ("column", "'TITLE' is read as title: read where 'Title' is empty, which is better filled"),
    ]


def test_entries_need_their_songs_and_replace_those_before(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(FORMATS / "songs.csv")
    catalogue.load(FORMATS / "songs.jsonl")
    report = catalogue.load(FORMATS / "playlists.jsonl")
    assert report.counts["entries"] == RowCounts(added=2, refused=1)
    assert "no|such is not in the catalogue" in report.refusals[0].reason
    before = catalogue.fingerprint()
    found = {playlist.playlist_id: playlist for playlist in catalogue.playlists()}
    assert found["rainy"].song_ids == ("kite|paper", "oda|brass")
    assert (found["rainy"].name, found["rainy"].followers) == ("songs for when it rains", 3)
    other = rows(tmp_path, {"playlist_id": "rainy", "song_ids": ["oda|brass", "kite|string", "kite|paper"]})
    report = catalogue.load(other)
    assert report.counts["playlists"] == RowCounts(changed=1)
    assert report.counts["entries"] == RowCounts(added=1, changed=2)
    assert catalogue.fingerprint() != before
    found = {playlist.playlist_id: playlist for playlist in catalogue.playlists()}
    assert found["rainy"].song_ids == ("oda|brass", "kite|string", "kite|paper")
    assert found["rainy"].name == "songs for when it rains"
    assert catalogue.load(other).counts["entries"] == RowCounts(unchanged=3)


def test_tags_come_by_falling_count_and_change_the_digest(catalogue: Catalogue) -> None:
    catalogue.load(FORMATS / "songs.csv")
    before = dict(catalogue.digests())
    report = catalogue.load(FORMATS / "song_tags.csv")
    assert report.counts["tags"] == RowCounts(added=3, refused=1)
    song = catalogue.song("oda|brass")
    assert song is not None
    assert song.tags == ("sadness", "rain")
    now = dict(catalogue.digests())
    assert {song_id for song_id in now if now[song_id] != before[song_id]} == {"oda|brass", "ovens|flour"}
    catalogue.load(FORMATS / "artist_tags.csv")
    assert list(catalogue.artist_tags()) == [("oda finch", "chamber pop", 12), ("quiet ovens", "lo-fi", 9)]
    assert catalogue.song("oda|brass") == song
    of_brass = [(tag, count) for song_id, tag, count in catalogue.song_tags() if song_id == "oda|brass"]
    assert [tag for tag, _ in of_brass] == ["sadness", "rain"]
    assert [count for _, count in of_brass] == sorted((count for _, count in of_brass), reverse=True)


def test_a_column_of_moods_becomes_labels(catalogue: Catalogue, tmp_path: Path) -> None:
    path = rows(
        tmp_path,
        {"song_id": "a", "title": "A", "mood": "Happy"},
        {"song_id": "b", "title": "B", "mood": "sad; relaxed"},
        {"song_id": "c", "title": "C", "mood": ""},
    )
    assert catalogue.load(path).counts["labels"] == RowCounts(added=3)
    assert catalogue.label_names() == ["mood:happy", "mood:relaxed", "mood:sad"]
    assert list(catalogue.labels("mood:sad")) == [("b", 1.0)]
    assert catalogue.load(path).counts["labels"] == RowCounts(unchanged=3)


def test_a_tag_without_a_count_leaves_the_count_that_is_known(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(FORMATS / "songs.csv")
    catalogue.load(FORMATS / "song_tags.csv")
    path = rows(tmp_path, {"song_id": "oda|brass", "tag": "sadness"}, {"song_id": "oda|brass", "tag": "new"})
    assert catalogue.load(path).counts["tags"] == RowCounts(added=1, unchanged=1)
    song = catalogue.song("oda|brass")
    assert song is not None
    assert song.tags == ("sadness", "rain", "new")


def test_streams_are_ordered_by_code_point_whatever_the_batch(catalogue: Catalogue, tmp_path: Path) -> None:
    song_ids = ["b", "B", "a", "Z", "ä", "é|x", "a|b", "a b", "日本", "_", "😀"]
    catalogue.load(rows(tmp_path, *({"song_id": song_id, "title": "T"} for song_id in song_ids)))
    for batch in (1, 2, 100):
        assert [song.song_id for song in catalogue.songs(batch=batch)] == sorted(song_ids)
        assert [song.song_id for song in catalogue.songs(["Z", "a", "none", "a"], batch=batch)] == ["Z", "a"]
    assert [song_id for song_id, _ in catalogue.digests()] == sorted(song_ids)
    with pytest.raises(ValueError, match="batch is 0"):
        next(catalogue.songs(batch=0))


def test_deleting_songs_takes_what_belongs_to_them(catalogue: Catalogue) -> None:
    for name in IN_ORDER:
        catalogue.load(FORMATS / name)
    before, count = catalogue.fingerprint(), len(catalogue)
    assert catalogue.delete(["oda|brass", "no|such"]) == 1
    assert len(catalogue) == count - 1
    assert catalogue.song("oda|brass") is None
    assert all("oda|brass" not in playlist.song_ids for playlist in catalogue.playlists())
    assert catalogue.fingerprint() != before
    for name in IN_ORDER:
        catalogue.load(FORMATS / name)
    assert catalogue.fingerprint() == before, "importing again brings all of it back"


def test_statistics(catalogue: Catalogue) -> None:
    for name in ("songs.csv", "songs.jsonl", "song_tags.csv", "playlists.csv", "playlist_entries.csv"):
        catalogue.load(FORMATS / name)
    found = catalogue.statistics()
    assert (found.songs, found.with_lyrics, found.with_audio, found.with_both) == (6, 4, 3, 2)
    assert (found.playlists, found.entries, found.tags, found.imports) == (3, 4, 5, 5)
    assert found.by_format == {"songs": 6}
