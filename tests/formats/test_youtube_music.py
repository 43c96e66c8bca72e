"""YouTube Music in Google's Takeout: what was played, in any language, and the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import gather, recognise
from tests.formats.reading import imported, whole, written

SONGS = ("Slow Ebb", "Gull Song", "Salt", "Salt and Rope", "Mast")


def watched(minute: int, title: str, channel: str | None = "Ines Calder - Topic", **more: object) -> dict[str, object]:
    return {
        "header": "YouTube Music",
        "title": title,
        "titleUrl": "https://music.youtube.com/watch?v=abcdefghijk",
        **({"subtitles": [{"name": channel, "url": "https://www.youtube.com/channel/x"}]} if channel else {}),
        "time": f"2023-01-04T21:{minute:02}:05.500Z",
        "products": ["YouTube"],
        "activityControls": ["YouTube watch history"],
        **more,
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Watched ", ""),
        ("", " angesehen"),
        ("Vous avez regardé ", ""),
        ("Has visto ", ""),
        ("", " を視聴しました"),
        ("Yoʻl-yoʻl: ", " koʻrildi"),  # a language that is in no table
    ],
)
def test_a_history_in_any_language(before: str, after: str, tmp_path: Path) -> None:
    history = [watched(4 * at, before + title + after) for at, title in enumerate(reversed(SONGS))]
    contents = imported(written(tmp_path, "watch-history.json", history), "youtube music history", tmp_path)
    assert contents.plays == dict.fromkeys(SONGS, 1)
    assert contents.playlists == {"Session 2023-01-04 21:00": list(reversed(SONGS))}
    assert {song.artist for song in contents.songs.values()} == {"Ines Calder"}


def test_clips_videos_and_what_is_gone(tmp_path: Path) -> None:
    history = [
        watched(0, "Watched Slow Ebb"),
        watched(3, "Watched The Quays - Gull Song (Official Video)", "QuaysVEVO"),
        watched(6, "Watched Salt [Lyric Video]", "InesCalderVEVO"),
        watched(9, "Watched https://www.youtube.com/watch?v=abcdefghijk", None),
        watched(12, "Watched how to tie knots", "Rope", header="YouTube", titleUrl="https://www.youtube.com/watch?v=x"),
    ]
    contents = imported(written(tmp_path, "x.json", history), "youtube music history", tmp_path)
    assert {title: song.artist for title, song in contents.songs.items()} == {
        "Slow Ebb": "Ines Calder",
        "Gull Song": "The Quays",
        "Salt": "InesCalder",
    }
    assert contents.remarks[("listen", "a video of YouTube, not of YouTube Music")] == 1
    gone = "a video that is private or no longer there: it has no title or no channel"
    assert contents.remarks[("listen", gone)] == 1


def test_the_library_of_both_layouts(tmp_path: Path) -> None:
    new = (
        "Video-ID,Song Title,Album Title,Artist Name 1,Artist Name 2\n"
        "abcdefghijk,Slow Ebb,Tides,Ines Calder,The Quays\nabcdefghijl,Salt,Tides,Ines Calder,\n"
    )
    old = (
        "Song URL,Song Title,Album Title,Artist Names\n"
        "https://music.youtube.com/watch?v=abcdefghijk,Slow Ebb,Tides,Ines Calder\n"
    )
    contents = imported(
        written(tmp_path / "n", "music library songs.csv", new), "youtube music library", tmp_path / "n"
    )
    assert contents.playlists == {"YouTube Music Library": ["Slow Ebb", "Salt"]}
    assert contents.songs["Slow Ebb"].artist == "Ines Calder, The Quays"
    assert contents.songs["Salt"].artist == "Ines Calder"
    contents = imported(
        written(tmp_path / "o", "music-library-songs.csv", old), "youtube music library", tmp_path / "o"
    )
    assert (contents.songs["Slow Ebb"].artist, contents.songs["Slow Ebb"].album) == ("Ines Calder", "Tides")
    assert len(whole(tmp_path / "o" / "music-library-songs.csv", "youtube music library").entries) == 1


@pytest.mark.parametrize("header", ["Video ID,Playlist Video Creation Timestamp", "ID vidéo,Date d'ajout"])
def test_a_list_of_video_ids_says_what_to_do(header: str, tmp_path: Path) -> None:
    rows = "".join(f"abcdefghij{at},2024-01-0{at + 1}T10:00:00+00:00\n" for at in range(3))
    path = written(tmp_path, "takeout/Evenings-videos.csv", f"{header}\n{rows}")
    with pytest.raises(SourceError, match=r"holds no songs: it is a list of YouTube's video ids.*TuneMyMusic"):
        recognise(path)
    songs = "Video ID,Song Title,Album Title,Artist Name 1\nabcdefghijk,Salt,Tides,Ines Calder\n"
    written(tmp_path, "takeout/music library songs.csv", songs)
    with gather([tmp_path / "takeout"]) as gathered:
        assert [source.format.name for source in gathered.sources] == ["youtube music library"]
        assert [name for name, _ in gathered.skipped] == ["Evenings-videos.csv"]


def test_a_history_of_videos_alone_has_no_songs(tmp_path: Path) -> None:
    """It is known all the same: in a long history the first song may stand far below."""
    about = {"header": "YouTube", "titleUrl": "https://www.youtube.com/watch?v=abcdefghijk"}
    history = [watched(at % 60, f"Watched how to tie knot {at}", "Rope", **about) for at in range(400)]
    batch = whole(written(tmp_path, "x.json", history))
    assert not batch.songs
    assert [(each.what, each.count) for each in batch.refusals] == [("listen", 400)]
    contents = imported(
        written(tmp_path, "y.json", [*history, watched(9, "Watched Salt", header="YouTube")]),
        "youtube music history",
        tmp_path,
    )
    assert contents.plays == {"Salt": 1}


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "x.json", [watched(0, "Watched Salt")] * 2)
    path.write_text(path.read_text("utf-8")[:-9], "utf-8")
    with pytest.raises(SourceError, match="not whole JSON after item 1"):
        whole(path)
