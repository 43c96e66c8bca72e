"""M3U in all its habits: with and without directives, paths of three systems, links, encodings, iTunes' order."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources import recognise
from indexer.sources.formats.m3u import m3u_entries
from indexer.sources.lists import values_of
from tests.formats.reading import imported, whole, written

FERRY = Path(__file__).parent / "ferry.m3u8"


def test_songs_and_the_playlist(tmp_path: Path) -> None:
    contents = imported(FERRY, "m3u", tmp_path)
    assert contents.playlists == {"Night ferry": ["Salt & Rope", "Tide Table", "Lantern", "Gull Song"]}
    assert {title: song.artist for title, song in contents.songs.items()} == {
        "Salt & Rope": "Inès Quay", "Tide Table": "The Moorings", "Lantern": "The Moorings", "Gull Song": "Ada Pier",
    }  # fmt: skip
    assert contents.songs["Tide Table"].spotify_id == "0000000000000000000007"
    assert contents.songs["Lantern"].album == "Low Water"
    rope = contents.songs["Salt & Rope"]
    assert rope.audio is not None
    assert rope.audio.duration_ms == 201_000
    assert sum(count for (what, _), count in contents.remarks.items() if what == "entry") == 2, "two streams"


@pytest.mark.parametrize(
    ("text", "title", "artist"),
    [
        ("#EXTINF:225,Ada Pier - Gull - Live\na.mp3", "Gull - Live", "Ada Pier"),
        ("#EXTINF:225, Ada Pier – Gull\na.mp3", "Gull", "Ada Pier"),
        ('#EXTINF:-1 tvg-name="a, b" group-title="c",Ada Pier - Gull\na.mp3', "Gull", "Ada Pier"),
        ("#EXTINF:225.5,Gull\n/m/Ada Pier/Sheds/02 Gull.mp3", "Gull", "Ada Pier"),
        ("#EXTINF:225,Gull - Ada Pier\n/m/Ada Pier/Sheds/02 Gull.mp3", "Gull", "Ada Pier"),
        ("#EXTINF:225,Ada - Pier - Gull\n#EXTART:Ada - Pier\na.mp3", "Gull", "Ada - Pier"),
        ("#EXTART:Ada Pier\n#EXTALB:Sheds\n#EXTINF:1,Gull\na.mp3", "Gull", "Ada Pier"),
        ("#EXTVDJ:<time>21:03</time><artist>Ada &amp; Pier</artist><title>Gull</title>\na.mp3", "Gull", "Ada & Pier"),
        ("C:\\Users\\ada\\Music\\Ada Pier\\Sheds\\02 - Gull.mp3", "Gull", "Ada Pier"),
        ("file:///home/ada/Music/Ada%20Pier/Sheds/CD%201/1-02%20Gull.flac", "Gull", "Ada Pier"),
        ("../Ada Pier - Gull.ogg", "Gull", "Ada Pier"),
        ("ada_pier - gull_song.mp3", "gull_song", "ada_pier"),
        ("Ada_Pier_-_Gull.mp3", "Gull", "Ada Pier"),
        ("/home/ada/Music/Various Artists/Hits/03 Gull.mp3", "Gull", ""),
        ("/media/ada/disk/01 99 Boats.mp3", "99 Boats", ""),
        ("\\\\server\\Music\\Ada Pier\\Sheds\\Gull.mp3", "Gull", "Ada Pier"),
    ],
)
def test_what_an_entry_is_called(text: str, title: str, artist: str) -> None:
    ((entry, _),) = m3u_entries(text.splitlines())
    values = values_of(entry)
    assert (values["title"], values.get("artist", "")) == (title, artist)


def test_a_list_without_names_is_called_after_its_file_and_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        written(tmp_path, f"mixes/{folder}/playlist.m3u", "Ada Pier - Gull.mp3\n")
    from indexer.catalogue import Catalogue

    with Catalogue(tmp_path / "songs.db") as catalogue:
        list(catalogue.load_all([tmp_path / "mixes"]))
        assert len(list(catalogue.playlists())) == 2, "two files of one name are two playlists"


@pytest.mark.parametrize(
    ("encoding", "mark"), [("latin-1", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe")]
)
def test_encodings(encoding: str, mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mix.m3u"
    path.write_bytes(mark + "#EXTM3U\r\n#EXTINF:1,Los Faros - Señal\r\nC:\\Señal.mp3\r\n".encode(encoding))
    batch = whole(path)
    assert [song.facts["title"] for song in batch.songs] == ["Señal"]
    guesses = [each.reason for each in batch.refusals if each.what == "file"]
    assert len(guesses) == (encoding == "latin-1"), "what was guessed is said"


def test_paths_are_those_of_this_machine(tmp_path: Path) -> None:
    text = "#EXTM3U\n../b/./Ada - A.mp3\n/x//y/../Ada - B.mp3\nC:\\Ada - C.mp3\nhttps://a.example/Ada%20-%20D.mp3\n"
    batch = whole(written(tmp_path, "lists/mix.m3u", text))
    assert [song.files for song in batch.songs] == [(f"{tmp_path}/b/Ada - A.mp3",), ("/x/Ada - B.mp3",), ()]


def test_a_stream_in_pieces_is_no_list(tmp_path: Path) -> None:
    path = written(tmp_path, "live.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.0,\nseg1.ts\n")
    with pytest.raises(SourceError, match="stream in pieces"):
        whole(path)


def test_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read as xspf"):
        recognise(FERRY, kind="xspf")
