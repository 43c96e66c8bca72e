"""Playlists that name files of sound: a player opens each of them, and an import finds the song of each."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.answer.hits import Hit
from engine.playlist.formats import PLAYED, m3u8, playlist_text
from engine.playlist.locations import Files
from engine.playlist.playlist import Playlist
from indexer.catalogue import Catalogue
from indexer.sources.formats.m3u import m3u_entries
from indexer.sources.paths import file_path
from tests.indexer.sources.sound.collection import sound_file

NAMES = (
    "plain.ogg",
    "#1 Dads.ogg",
    " lead.ogg",
    "line\nend.ogg",
    "line\u2028end.ogg",
    "turned \u202eggo.ogg",
    "caf\udce9.ogg",
    "50%20 off?.ogg",
    "AC\\DC.ogg",
    "C:\\x.ogg",
    "spotify:track:4uLU6hMCjMI75M1A2tKUQC.ogg",
    "file:x.ogg",
    "~home.ogg",
    "e\u0301 nfd.ogg",
    "two  spaces.ogg",
    "夜 & <雨>.ogg",
    "deep/#er/dots../x.ogg",
)
SPOTIFY = "4uLU6hMCjMI75M1A2tKUQC"
ABSENT = Hit("absent", "Nowhere", "Nobody", 0.1, 99)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder Music with a song in a file of each of NAMES, beside it the catalogue of the folder."""
    root = Path(os.path.realpath(tmp_path_factory.mktemp("library")))
    for place, name in enumerate(NAMES):
        path = root / f"{place}.ogg"
        sound_file(path, pitch=200 + 9 * place, seconds=0.5, title=f"Song {place}", artist="Ada")
        (root / "Music" / name).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / "Music" / name)
    with Catalogue(root / "songs.db") as catalogue:
        catalogue.load_folder(root / "Music")
    return root


def of_library(root: Path) -> tuple[Playlist, dict[str, str]]:
    """A playlist of all its songs, backwards, with one that has no file at the end; the files."""
    with Catalogue(root / "songs.db") as catalogue:
        songs = sorted(catalogue.songs(), key=lambda song: song.title, reverse=True)
        files = catalogue.files_of_songs([song.song_id for song in songs])
    hits = [Hit(song.song_id, song.title, song.artist, 0.5, rank) for rank, song in enumerate(songs, start=1)]
    return Playlist("Night ferry", (*hits, ABSENT)), files


def played(path: Path) -> Iterator[str]:
    """The paths that a player opens, read by the formats' rules and nothing of ours; addresses as they stand."""
    text = path.read_bytes().decode("utf-8")
    if path.suffix == ".m3u8":
        places = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    elif path.suffix == ".jspf":
        places = [track.get("location", [""])[0] for track in json.loads(text)["playlist"]["track"]]
    else:
        tracks = ElementTree.fromstring(text).iter("{http://xspf.org/ns/0/}track")
        places = [track.findtext("{http://xspf.org/ns/0/}location", "") for track in tracks]
    for place in places:
        if place.startswith("file:"):
            address = urlsplit(place)
            assert (address.netloc, address.query, address.fragment) == ("", "", "")
            yield os.fsdecode(unquote_to_bytes(address.path))
        else:
            yield os.path.join(path.parent, place) if place else ""


def test_the_catalogue_knows_the_file_of_each_song(library: Path) -> None:
    playlist, files = of_library(library)
    assert sorted(files.values()) == sorted(str(library / "Music" / name) for name in NAMES)
    assert files.keys() == {hit.song_id for hit in playlist} - {"absent"}


@pytest.mark.parametrize("folder", ["", "Music", "Music/deep", "Lists", "far/Lists"])
@pytest.mark.parametrize("ending", PLAYED)
def test_a_player_opens_every_song_and_an_import_finds_it(
    library: Path, tmp_path: Path, folder: str, ending: str
) -> None:
    playlist, files = of_library(library)
    (library / folder).mkdir(parents=True, exist_ok=True)
    path = playlist.save(library / folder / f"mix{ending}", files)
    places = list(played(path))
    assert len(places) == len(playlist)
    for hit, place in zip(playlist, places, strict=True):
        if hit is ABSENT:
            assert not place or os.path.basename(place) == "Nobody - Nowhere"
        else:
            assert os.path.samefile(place, files[hit.song_id])
    shutil.copy(library / "songs.db", tmp_path / "songs.db")
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load(path)
        songs = {song.song_id: song.title for song in catalogue.songs()}
        (mix,) = catalogue.playlists()
        assert [songs[song_id] for song_id in mix.song_ids] == [hit.title for hit in playlist]
        assert list(mix.song_ids)[:-1] == [hit.song_id for hit in playlist][:-1]
        assert len(songs) == len(NAMES) + 1
    path.unlink()


@pytest.mark.parametrize("ending", PLAYED)
def test_the_paths_alone_name_the_songs(library: Path, tmp_path: Path, ending: str) -> None:
    """Names and keys of the playlist mean nothing to this catalogue; the files of the folder do."""
    playlist, files = of_library(library)
    hits = [Hit(hit.song_id, f"Other {hit.rank}", "Bo", 0.5, hit.rank) for hit in playlist.songs[:-1]]
    shutil.copy(library / "songs.db", tmp_path / "songs.db")
    with Catalogue(tmp_path / "songs.db") as catalogue:
        strange = [Hit(f"x{hit.rank}", hit.title, hit.artist, 0.5, hit.rank) for hit in hits]
        paths = {f"x{hit.rank}": files[hit.song_id] for hit in hits}
        catalogue.load(Playlist("Night ferry", tuple(strange)).save(tmp_path / f"mix{ending}", paths))
        (mix,) = catalogue.playlists()
        assert list(mix.song_ids) == [hit.song_id for hit in hits]


def test_a_list_in_the_folder_of_sound_is_read_with_it(library: Path, tmp_path: Path) -> None:
    """Songs without a file are found by their key or their Spotify id; one that nobody knows is refused."""
    playlist, files = of_library(library)
    streamed = Hit("elsewhere", "Lantern", "Bo", 0.5, 50, spotify_id=SPOTIFY)
    del files[playlist.songs[1].song_id]
    mix = Playlist("Night ferry", (*playlist.songs[:-1], streamed, ABSENT))
    (tmp_path / "one.jsonl").write_text(json.dumps({"title": "Lantern", "artist": "Bo", "spotify_id": SPOTIFY}))
    path = mix.save(library / "Music" / "mix.m3u8", files)
    try:
        with Catalogue(tmp_path / "songs.db") as catalogue:
            catalogue.load(tmp_path / "one.jsonl")
            report = catalogue.load_folder(library / "Music")
            (read,) = catalogue.playlists()
    finally:
        path.unlink()
    assert list(read.song_ids) == [*(hit.song_id for hit in playlist.songs[:-1]), SPOTIFY]
    assert [each.reason for each in report.refusals if each.what == "entry"] == [
        f"mix.m3u8: entry {len(mix)}, 'Nobody - Nowhere', is no file of this folder"
    ]


def test_a_song_with_a_file_keeps_its_spotify_id(tmp_path: Path) -> None:
    hit = Hit("lantern", "Lantern", "Ada", 0.5, 1, spotify_id=SPOTIFY)
    for ending in PLAYED:
        path = Playlist("mix", (hit,)).save(tmp_path / f"mix{ending}", {hit.song_id: str(tmp_path / "a.mp3")})
        with Catalogue(tmp_path / f"{ending}.db") as catalogue:
            catalogue.load(path)
            (song,) = catalogue.songs()
            assert (song.spotify_id, song.title, song.artist) == (SPOTIFY, "Lantern", "Ada")


def test_a_link_in_front_of_a_list_makes_no_path_relative_that_a_player_may_miss(tmp_path: Path) -> None:
    (tmp_path / "real" / "lists").mkdir(parents=True)
    (tmp_path / "door").symlink_to(tmp_path / "real" / "lists")
    below, beside = (str(tmp_path / "real" / name) for name in ("lists/a.mp3", "b.mp3"))
    files = Files.for_list({"a": below, "b": beside}, tmp_path / "door" / "mix.m3u8")
    assert [files.line(each) for each in "ab"] == ["a.mp3", beside]
    plain = Files.for_list({"a": below, "b": beside}, tmp_path / "real" / "lists" / "mix.m3u8")
    assert [plain.line(each) for each in "ab"] == ["a.mp3", "../b.mp3"]
    (tmp_path / "mix.m3u8").symlink_to(tmp_path / "real" / "lists" / "mix.m3u8")
    linked = Files.for_list({"a": below}, tmp_path / "mix.m3u8")
    assert linked.line("a") == below


def test_drives_and_shares_of_windows() -> None:
    paths = {
        "a": "C:\\Music\\A B\\1.mp3",
        "b": "D:\\x#.mp3",
        "c": "\\\\nas\\music\\c.mp3",
        "d": "c:\\music\\d.mp3",
        "e": "C:\\other\\e.mp3",
    }
    files = Files(paths, PureWindowsPath("C:\\Music\\Lists"), upward=True)
    assert [files.line(each) for each in "abcde"] == [
        "../A B/1.mp3", paths["b"], paths["c"], "../d.mp3", paths["e"],
    ]  # fmt: skip
    assert [files.uri(each) for each in "abc"] == [
        "file:///C:/Music/A%20B/1.mp3", "file:///D:/x%23.mp3", "file://nas/music/c.mp3",
    ]  # fmt: skip


def test_what_is_no_path_is_not_written() -> None:
    files = Files({"a": "relative.mp3", "b": ""}, Path("/m"))
    assert [files.line(each) + files.uri(each) for each in "abc"] == ["", "", ""]


ODD = st.text(st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from("\n\r #:\\%?~.\u2028\udce9\ufeff")))
PART = ODD.map(lambda text: text.replace("/", "").replace("\x00", "")).filter(lambda text: text not in ("", ".", ".."))


@given(st.lists(PART, min_size=1, max_size=4), st.lists(PART, max_size=3), st.booleans())
def test_a_path_is_one_line_that_reads_as_the_path(parts: list[str], folder: list[str], upward: bool) -> None:
    path, base = "/".join(["", *parts]) + "/a.mp3", Path("/", *folder)
    files = Files({"s": path}, base, upward)
    line = files.line("s")
    assert line == " ".join(line.splitlines()) == line.strip("\ufeff \t\r\n\x00")
    assert not line.startswith("#")
    ((entry, _),) = m3u_entries([line])
    drive = os.name != "nt" and len(parts[0]) == 2 and parts[0][1] == ":" and parts[0][0].isascii()
    if not (drive and parts[0][0].isalpha()):  # "/C:/a.mp3" is read as a drive
        assert file_path(entry.locations[0], base) == path
        assert file_path(files.uri("s"), None) == path


def test_words_that_look_like_a_stream_do_not_make_a_list_one(tmp_path: Path) -> None:
    path = Playlist("mix", (Hit("s", "#EXT-X-KEY", "a #EXT-X-b", 0.5, 1),)).save(tmp_path / "mix.m3u8")
    with Catalogue(tmp_path / "songs.db") as catalogue:
        catalogue.load(path)
        assert [song.title for song in catalogue.songs()] == ["#EXT-X-KEY"]


def test_a_list_without_files_is_what_it_was() -> None:
    hits = (Hit("a", "Rain", "Ada", 0.5, 1, spotify_id=SPOTIFY), Hit("b", "Snow", "Bo", 0.5, 2))
    assert m3u8(Playlist("mix", hits)).splitlines()[2:] == [
        "#EXTINF:-1,Ada - Rain", f"spotify:track:{SPOTIFY}", "#EXTINF:-1,Bo - Snow", "#REFRAIN-SONG:b", "Bo - Snow",
    ]  # fmt: skip
    for ending in (".jspf", ".xspf"):
        assert "location" not in playlist_text(Playlist("mix", hits), ending)
