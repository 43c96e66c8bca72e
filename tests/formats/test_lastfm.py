"""Last.fm's listens: CSV of two exporters, JSON of the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats.reading import imported, whole, written

MBID = "0f3a1c9e-0000-4000-8000-00000000000"  # and a digit: an id of MusicBrainz
PLAIN = """\
Ines Calder,Tides,Slow Ebb,04 Mar 2021 10:15
"Quays, The",Low Water,Gull Song,04 Mar 2021 10:11
Ines Calder,Tides,Time,04 Mar 2021 10:08
Ines Calder,Tides,Slow Ebb,04 Mar 2021 09:01
"""
QUOTED = PLAIN.replace("04 Mar 2021 ", '"04 Mar 2021, ').replace("\n", '"\n')
WITH_IDS = f"""\
uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid
"1614852900","04 Mar 2021, 10:15","Ines Calder","","Tides","","Slow Ebb","{MBID}1"
"1614852660","04 Mar 2021, 10:11","The Quays","{MBID}7","Low Water","","Gull Song",""
"1614852480","04 Mar 2021, 10:08","Ines Calder","","Tides","","Time","{MBID}2"
"1614848460","04 Mar 2021, 09:01","Ines Calder","","Tides","","Slow Ebb",""
"0","01 Jan 1970, 00:00","The Quays","","Low Water","","Gull Song",""
"""


@pytest.mark.parametrize("text", [PLAIN, PLAIN.replace("04 Mar 2021 10:15", ""), QUOTED])
def test_a_table_without_a_header_is_known_by_its_times(text: str, tmp_path: Path) -> None:
    """The first row may be of a song that is playing, and a song called "Time" makes no header."""
    contents = imported(written(tmp_path, "somebody.csv", text), "last.fm", tmp_path)
    assert contents.plays == {"Slow Ebb": 2, "Gull Song": 1, "Time": 1}
    assert contents.songs["Gull Song"].artist == "Quays, The"
    assert contents.songs["Gull Song"].album == "Low Water"


def test_sessions_are_in_order_of_time_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "somebody.csv", PLAIN), "last.fm", tmp_path)
    assert contents.playlists == {"Session 2021-03-04 10:08": ["Time", "Gull Song", "Slow Ebb"]}
    backwards = "".join(reversed(PLAIN.splitlines(keepends=True)))
    assert imported(written(tmp_path / "b", "other.csv", backwards), "last.fm", tmp_path / "b").ids == contents.ids


def test_a_table_with_ids_of_musicbrainz(tmp_path: Path) -> None:
    contents = imported(written(tmp_path, "recenttracks.csv", WITH_IDS), "last.fm", tmp_path)
    assert contents.plays == {"Slow Ebb": 2, "Gull Song": 2, "Time": 1}, "the song without an id is the one with it"
    assert contents.playlists == {"Session 2021-03-04 10:08": ["Time", "Gull Song", "Slow Ebb"]}
    batch = whole(tmp_path / "recenttracks.csv")
    assert {song.facts["title"]: song.ids for song in batch.songs} == {
        "Time": (("mbid", f"{MBID}2"),),
        "Gull Song": (),
        "Slow Ebb": (("mbid", f"{MBID}1"),),
    }
    assert contents.remarks[("listen", "no time at which it was played: a play, but in no session")] == 1


def page(*tracks: object) -> dict[str, object]:
    return {"recenttracks": {"track": list(tracks), "@attr": {"user": "somebody", "page": "1", "totalPages": "2"}}}


def played(title: str, uts: int | None, mbid: str = "") -> dict[str, object]:
    when = {"date": {"uts": str(uts), "#text": "04 Mar 2021, 10:15"}} if uts else {"@attr": {"nowplaying": "true"}}
    return {
        "artist": {"mbid": MBID + "7", "#text": "Ines Calder"},
        "streamable": "0",
        "image": [{"size": "small", "#text": "https://lastfm.example/i.png"}],
        "mbid": mbid,
        "album": {"mbid": MBID + "8", "#text": "Tides"},
        "name": title,
        "url": "https://www.last.fm/music/x",
        **when,
    }


def test_pages_of_the_api_one_or_several(tmp_path: Path) -> None:
    tracks = [
        played("Mast", None),
        played("Slow Ebb", 1614852900, MBID + "1"),
        played("Salt", 1614852660),
        played("Time", 1614852480, MBID + "2"),
    ]
    for name, value in {
        "one.json": page(*tracks),
        "pages.json": [page(*tracks[:2]), page(*tracks[2:], tracks[1])],
        "bare.json": tracks,
        "nested.json": [tracks[:2], tracks[2:]],
    }.items():
        contents = imported(written(tmp_path / name, name, value), "last.fm", tmp_path / name)
        assert contents.plays == {"Slow Ebb": 1, "Salt": 1, "Time": 1}, name
        assert contents.playlists == {"Session 2021-03-04 10:08": ["Time", "Salt", "Slow Ebb"]}, name
        assert contents.songs["Slow Ebb"].artist == "Ines Calder"
        assert contents.remarks[("listen", "playing while the file was made: no listen yet")] == 1
    again = [
        each.count for each in whole(tmp_path / "pages.json" / "pages.json").refusals if "same time" in each.reason
    ]
    assert again == [1]


def test_loved_tracks_are_a_playlist_and_no_listens(tmp_path: Path) -> None:
    tracks = [played("Slow Ebb", 1614852900, MBID + "1"), played("Salt", 1614852660)]
    pages = [{"lovedtracks": {"track": [track], "@attr": {"page": "1"}}} for track in tracks]
    contents = imported(written(tmp_path, "x.json", pages), "last.fm loved", tmp_path)
    assert contents.playlists == {"Loved on Last.fm": ["Slow Ebb", "Salt"]}
    assert contents.ids == ["last.fm:loved"]
    assert contents.plays == {}


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "cut.csv", PLAIN[:-1] + '\n"Ines Calder,Tides,Slow Ebb,04 Mar 2021 09:01\n')
    with pytest.raises(SourceError, match="a quote is opened and never closed"):
        whole(path)


def test_rows_with_too_many_cells_are_listed(tmp_path: Path) -> None:
    batch = whole(written(tmp_path, "x.csv", PLAIN + "Ines,Calder,Tides,Salt,04 Mar 2021 09:01\n"))
    assert [each.reason for each in batch.refusals if each.what == "listen"] == ["line 5 has 5 cells, the header has 4"]


def test_charts_with_dates_are_no_listens(tmp_path: Path) -> None:
    chart = "date,artist,title,album\n2021-03-04,Ines Calder,Slow Ebb,Tides\n2021-03-05,The Quays,Salt,Low Water\n"
    assert recognise(written(tmp_path, "chart.csv", chart)).format.name == "songs"
    top = {"toptracks": {"track": [{"name": "Salt", "artist": {"name": "Ines Calder"}, "playcount": "9"}]}}
    assert recognise(written(tmp_path, "top.json", top)).format.name == "json songs"
    assert len(whole(written(tmp_path, "y", PLAIN), "last.fm").songs) == 3


def test_tracks_with_a_day_or_a_place_in_a_chart_are_no_listens(tmp_path: Path) -> None:
    """spotdl and others write when a song came out; the API's charts say how often each was played in all."""
    saved = [{"name": "Slow Ebb", "artists": ["Ines Calder"], "artist": "Ines Calder", "date": "2011-03-04"}]
    contents = imported(written(tmp_path / "a", "liked.spotdl", saved), "json songs", tmp_path / "a")
    assert (contents.songs["Slow Ebb"].year, contents.plays) == (2011, {})
    track = {"name": "Slow Ebb", "playcount": "12", "artist": {"name": "Ines Calder"}, "@attr": {"rank": "1"}}
    top = written(tmp_path / "b", "top.json", {"toptracks": {"track": [track]}})
    assert imported(top, "json songs", tmp_path / "b").plays == {"Slow Ebb": 12}


def test_files_of_lastfmstats(tmp_path: Path) -> None:
    table = "Artist;Album;AlbumId;Track;Date#somebody\nInes Calder;Tides;;Slow Ebb;1614852900000\n"
    listed = {"track": "Slow Ebb", "artist": "Ines Calder", "album": "Tides", "albumId": "", "date": 1614852900000}
    for name, content in {"a.csv": table, "b.json": {"username": "somebody", "scrobbles": [listed]}}.items():
        contents = imported(written(tmp_path / name, name, content), "last.fm", tmp_path / name)
        assert contents.plays == {"Slow Ebb": 1}
        assert contents.playlists == {}, "one song is no session"
        assert contents.songs["Slow Ebb"].album == "Tides"
