"""Spotify's account data: playlists, the library, and both kinds of listening history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from indexer.catalogue import Catalogue
from indexer.errors import SourceError
from indexer.sources import gather, recognise
from tests.formats.reading import contents_of, imported, whole, written

ID = "4zZzZzZzZzZzZzZzZzZz0"  # and a digit: an id of Spotify


def track(number: int, title: str, artist: str) -> dict[str, Any]:
    return {"trackName": title, "artistName": artist, "albumName": "Tides", "trackUri": f"spotify:track:{ID}{number}"}


def entry(**item: object) -> dict[str, object]:
    return {"track": None, "episode": None, "localTrack": None, "addedDate": "2024-02-03", **item}


PLAYLISTS = {
    "playlists": [
        {
            "name": "Harbour",
            "lastModifiedDate": "2024-02-03",
            "items": [
                entry(track=track(1, "Slow Ebb", "Ines Calder")),
                entry(episode={"episodeName": "Of knots", "showName": "Rope"}),
                entry(localTrack={"uri": "spotify:local:Los+Muelles:Marea:Sal+y+Se%C3%B1al:201"}),
                entry(track=track(2, "Gull Song", "The Quays")),
            ],
            "description": "by the water",
            "numberOfFollowers": 3,
        },
        {
            "name": "Harbour",
            "lastModifiedDate": "2020-02-03",
            "items": [{"trackName": "Slow Ebb", "artistName": "Ines Calder", "albumName": "Tides"}],
            "numberOfFollowers": 0,
        },
    ]
}


def test_playlists_hold_songs_and_local_files_but_no_episodes(tmp_path: Path) -> None:
    batch = whole(written(tmp_path, "Playlist1.json", PLAYLISTS))
    assert [(row.playlist_id, row.facts["name"], row.facts.get("followers")) for row in batch.playlists] == [
        ("spotify:harbour", "Harbour", 3),
        ("spotify:harbour 2", "Harbour", 0),
    ], "two playlists of one name are two"
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load(tmp_path / "Playlist1.json")
        first, second = catalogue.playlists()
        titles = {song.song_id: song.title for song in catalogue.songs()}
        assert [titles[each] for each in first.song_ids] == ["Slow Ebb", "Sal y Señal", "Gull Song"]
        assert [titles[each] for each in second.song_ids] == ["Slow Ebb"]
        assert first.description == "by the water"
        local = next(song for song in catalogue.songs() if song.title == "Sal y Señal")
        assert (local.artist, local.album, local.audio.duration_ms if local.audio else None) == (
            "Los Muelles",
            "Marea",
            201_000,
        )
    assert [(each.what, each.kind) for each in batch.refusals] == [("entry", "an episode of a podcast, no song")]


def test_playlists_are_known_in_every_disguise(tmp_path: Path) -> None:
    one = {"playlists": PLAYLISTS["playlists"][:1]}
    contents = imported(written(tmp_path, "Playlist2.json", one), "spotify playlists", tmp_path)
    assert contents.playlists == {"Harbour": ["Slow Ebb", "Sal y Señal", "Gull Song"]}
    assert contents.songs["Gull Song"].spotify_id == f"{ID}2"


def test_the_library_is_one_playlist_of_saved_songs(tmp_path: Path) -> None:
    saved = {"artist": "Ines Calder", "album": "Tides", "track": "Slow Ebb", "uri": f"spotify:track:{ID}1"}
    hidden = {"artist": "Ned Loud", "album": "Din", "track": "Clatter", "uri": f"spotify:track:{ID}9"}
    library = {
        "tracks": [saved, {**saved, "track": "Gull Song", "uri": f"spotify:track:{ID}2"}],
        "albums": [{"artist": "Ines Calder", "album": "Tides", "uri": "spotify:album:x"}],
        "shows": [],
        "episodes": [],
        "bannedTracks": [hidden],
        "artists": [],
    }
    contents = imported(written(tmp_path, "YourLibrary.json", library), "spotify library", tmp_path)
    assert contents.playlists == {"Liked Songs": ["Slow Ebb", "Gull Song"]}
    assert contents.ids == ["spotify:library"]
    assert "Clatter" not in contents.songs
    assert contents.remarks[("file", "'bannedTracks' is not used: songs that the listener hides")] == 1
    assert contents.remarks[("file", "'albums' is not used: saved albums, which name no songs")] == 1


def listen(minute: int, title: str, ms: int, artist: str = "Ines Calder") -> dict[str, object]:
    return {"endTime": f"2023-01-04 21:{minute:02}", "artistName": artist, "trackName": title, "msPlayed": ms}


def test_a_listening_history_becomes_plays_and_sessions(tmp_path: Path) -> None:
    history = [
        listen(10, "Slow Ebb", 180_000),
        listen(13, "Gull Song", 170_000),
        listen(14, "Rope", 4_000),
        listen(17, "Slow Ebb", 180_000),
        listen(21, "Salt", 190_000),
    ]
    contents = imported(written(tmp_path, "StreamingHistory_music_0.json", history), "spotify history", tmp_path)
    assert contents.plays == {"Slow Ebb": 2, "Gull Song": 1, "Salt": 1}
    assert contents.playlists == {"Session 2023-01-04 21:07": ["Slow Ebb", "Gull Song", "Salt"]}
    assert set(contents.songs) == {"Slow Ebb", "Gull Song", "Rope", "Salt"}
    assert contents.remarks == {("listen", "played for less than 30 s: no play"): 1}


def extended(minute: int, number: int, title: str | None, **more: object) -> dict[str, object]:
    return {
        "ts": f"2022-06-17T19:{minute:02}:06Z",
        "username": "somebody",
        "platform": "linux",
        "ms_played": 120_000,
        "conn_country": "PT",
        "master_metadata_track_name": title,
        "master_metadata_album_artist_name": title and "Ines Calder",
        "master_metadata_album_album_name": title and "Tides",
        "spotify_track_uri": title and f"spotify:track:{ID}{number}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "skipped": False,
        **more,
    }


def test_the_extended_history_has_ids_and_says_what_was_skipped(tmp_path: Path) -> None:
    history = [
        extended(10, 1, "Slow Ebb"),
        extended(12, 2, "Gull Song", skipped=None),
        extended(14, 3, "Rope", skipped=True),
        extended(15, 0, None, episode_name="Of knots", spotify_episode_uri="spotify:episode:x"),
        extended(16, 0, None, audiobook_title="Knots", audiobook_uri="spotify:show:x"),
        extended(17, 0, None),
        extended(59, 4, "Salt"),
    ]
    path = written(tmp_path, "Streaming_History_Audio_2022_1.json", history)
    contents = imported(path, "spotify history", tmp_path)
    assert contents.plays == {"Slow Ebb": 1, "Gull Song": 1, "Salt": 1}
    assert contents.playlists == {}, "two songs, then forty minutes of nothing"
    assert (contents.songs["Salt"].spotify_id, contents.songs["Salt"].album) == (f"{ID}4", "Tides")
    assert contents.remarks[("listen", "skipped: no play")] == 1
    assert contents.remarks[("listen", "an episode of a podcast, no song")] == 1
    assert contents.remarks[("listen", "a chapter of an audiobook, no song")] == 1
    assert contents.remarks[("listen", "it says neither which song nor which episode was played")] == 1
    assert contents.remarks[("column", "'username' is not used: no known meaning")] == 4


def test_the_files_of_one_export_do_not_disturb_each_other(tmp_path: Path) -> None:
    parts = [
        [listen(10, "Slow Ebb", 180_000), listen(13, "Gull Song", 170_000), listen(16, "Salt", 170_000)],
        [listen(19, "Rope", 160_000), listen(22, "Slow Ebb", 170_000), listen(25, "Mast", 170_000)],
    ]
    for number, part in enumerate(parts):
        written(tmp_path, f"MyData/StreamingHistory_music_{number}.json", part)
    written(tmp_path, "MyData/Userdata.json", {"username": "somebody", "country": "PT", "email": "a@b.example"})
    written(tmp_path, "MyData/Payments.json", {"payment_method": "card"})
    written(tmp_path, "MyData/Marquee.json", [{"artistName": "Ines Calder", "segment": "Light listeners"}])
    searches = [{"platform": "X", "searchTime": "2023-01-04T21:10:00Z[UTC]", "searchQuery": "ebb"}]
    written(tmp_path, "MyData/SearchQueries.json", searches)
    podcasts = [{"endTime": "2023-01-04 21:10", "podcastName": "Rope", "episodeName": "Of knots", "msPlayed": 9}]
    written(tmp_path, "MyData/StreamingHistory_podcast_0.json", podcasts)
    with Catalogue(tmp_path / "songs.db") as catalogue:
        reports = list(catalogue.load_all([tmp_path / "MyData"]))
        assert [report.format for report in reports] == ["spotify history"] * 2
        contents = contents_of(catalogue)
        assert contents.plays == {"Slow Ebb": 2, "Gull Song": 1, "Salt": 1, "Rope": 1, "Mast": 1}
        assert sorted(contents.playlists.values()) == [["Rope", "Slow Ebb", "Mast"], ["Slow Ebb", "Gull Song", "Salt"]]
        assert not any(report.changed for report in catalogue.load_all([tmp_path / "MyData"]))
    with gather([tmp_path / "MyData"]) as gathered:
        why = dict(gathered.skipped)
    assert "the profile of an account" in why["Userdata.json"]
    assert "payment data" in why["Payments.json"]
    assert "advertisements" in why["Marquee.json"]
    assert "what was searched for" in why["SearchQueries.json"]
    assert "a listening history of podcasts" in why["StreamingHistory_podcast_0.json"]


@pytest.mark.parametrize("content", [PLAYLISTS, [listen(10, "Slow Ebb", 180_000)] * 3])
def test_a_file_that_breaks_off_is_one_sentence(content: object, tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(content)[:-20], "utf-8")
    with pytest.raises(SourceError, match=r"cut\.json is not whole JSON after item \d+ .*get it again"):
        whole(path)


def test_neighbours_are_no_account_data(tmp_path: Path) -> None:
    """The Million Playlist Dataset, a page of tracks, and a chart with dates have keys alike."""
    mpd = {"playlists": [{"pid": 1, "name": "x", "tracks": [], "modified_at": 1}]}
    assert recognise(written(tmp_path, "a", mpd)).format.name == "mpd slice"
    page = {"tracks": [{"name": "Salt", "artists": [{"name": "Ines Calder"}], "uri": f"spotify:track:{ID}1"}]}
    assert recognise(written(tmp_path, "b", page)).format.name == "json songs"
    chart = [{"trackName": "Salt", "artistName": "Ines Calder", "date": "2023-01-04", "rank": 1}]
    assert recognise(written(tmp_path, "c", chart)).format.name == "json songs"


def test_the_kind_can_be_given(tmp_path: Path) -> None:
    path = written(tmp_path, "x", [listen(10, "Slow Ebb", 180_000)])
    assert len(whole(path, "spotify history").songs) == 1
    with pytest.raises(SourceError, match="cannot be read as spotify library"):
        recognise(path, kind="spotify library")
