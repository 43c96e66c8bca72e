"""The files and names that people have, from the command line: each road from a file of a kind to the answer."""

# ruff: noqa: E501  (headers of tables are as long as people make them)
from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cli.app import DONE
from indexer.catalogue import Catalogue
from indexer.records import Song
from tests.engine.cli.running import run

TRACK = "4aaaaaaaaaaaaaaaaaaaa"
FEATURES = ("Danceability", "Energy", "Key", "Loudness", "Mode", "Valence", "Tempo")


def table(path: Path, header: list[str], *rows: list[Any], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([header, *rows])
    return path


def write(path: Path, content: str | dict[str, Any] | list[Any]) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), "utf-8")
    return path


def imported(folder: Path, *files: Path) -> tuple[dict[str, Song], dict[str, list[str]]]:
    """Songs by title and playlists' titles by name after `refrain import` of the files into one catalogue."""
    done = run("import", *map(str, files), "--catalogue", "own.db", cwd=folder)
    assert done.code == DONE, done.err
    with Catalogue(folder / "own.db") as catalogue:
        songs = {song.song_id: song for song in catalogue.songs()}
        lists = {each.name: [songs[song_id].title for song_id in each.song_ids] for each in catalogue.playlists()}
    by_title = {song.title: song for song in songs.values()}
    assert len(by_title) == len(songs), "these tests give each song a title of its own"
    return by_title, lists


def features(song: Song) -> dict[str, float]:
    return song.audio.known() if song.audio else {}


def test_exportify_old_and_new(tmp_path: Path) -> None:
    new = table(
        tmp_path / "harbour_lights.csv",
        [
            "Track URI",
            "Track Name",
            "Album Name",
            "Artist Name(s)",
            "Release Date",
            "Duration (ms)",
            "Added At",
            "Genres",
        ],
        [
            f"spotify:track:{TRACK}1",
            "Oar",
            "Quay",
            "Ida Holm",
            "2011-03-04",
            200_000,
            "2024-01-01T00:00:00Z",
            "folk,pop",
        ],
        [f"spotify:track:{TRACK}2", "Gull", "Quay", "Ida Holm", "2011-03-04", 201_000, "2024-01-01T00:00:00Z", ""],
        encoding="utf-8-sig",
    )
    old = table(
        tmp_path / "late.csv",
        ["Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album Release Date", "Track Duration (ms)", "ISRC",
         "Added By", "Added At", "Artist Genres"],
        [f"spotify:track:{TRACK}2", "Gull", "spotify:artist:x", "Ida Holm", "2011-03-04", 201_000, "XXABC1100002", "", "",
         "folk, indie folk"],
    )  # fmt: skip
    songs, lists = imported(tmp_path, new, old)
    assert lists == {"harbour lights": ["Oar", "Gull"], "late": ["Gull"]}
    assert {song.year for song in songs.values()} == {2011}
    assert {features(song)["duration_ms"] for song in songs.values()} == {200_000, 201_000}
    assert songs["Gull"].genres == ("folk", "indie folk")


def test_exportify_in_other_languages(tmp_path: Path) -> None:
    german = table(
        tmp_path / "de.csv", ["Track-URI", "Track-Name", "Künstler-URI(s)", "Künstlername(n)", "Album-Name"],
        [f"spotify:track:{TRACK}1", "Oar", "x", "Ida Holm", "Quay"],
    )  # fmt: skip
    japanese = table(
        tmp_path / "ja.csv", ["トラックURI", "トラック名", "アーティストURI", "アーティスト名", "アルバム名"],
        [f"spotify:track:{TRACK}2", "Gull", "x", "Ida Holm", "Quay"],
    )  # fmt: skip
    songs, lists = imported(tmp_path, german, japanese)
    assert {(song.title, song.artist, song.album) for song in songs.values()} == {
        ("Oar", "Ida Holm", "Quay"),
        ("Gull", "Ida Holm", "Quay"),
    }
    assert lists == {"de": ["Oar"], "ja": ["Gull"]}


def test_account_data(tmp_path: Path) -> None:
    def item(title: str, uri: str = "") -> dict[str, Any]:
        track = {"trackName": title, "artistName": "Ida Holm", "albumName": "Quay"} | ({"trackUri": uri} if uri else {})
        return {"track": track, "episode": None, "localTrack": None, "addedDate": "2024-01-01"}

    episode = {"track": None, "episode": {"episodeName": "Knots 3", "showName": "Knots"}, "localTrack": None}
    playlists = [
        {"name": "Rowing", "items": [item("Oar", f"spotify:track:{TRACK}1"), item("Gull", f"spotify:track:{TRACK}2")]},
        {"name": "Older", "items": [item("Mast"), episode], "numberOfFollowers": 2},
    ]
    first = write(tmp_path / "Playlist1.json", {"playlists": playlists})
    saved = {"artist": "Ida Holm", "album": "Quay", "track": "Keel", "uri": f"spotify:track:{TRACK}3"}
    library = write(tmp_path / "YourLibrary.json", {"tracks": [saved], "albums": [], "shows": [], "artists": []})
    songs, lists = imported(tmp_path, first, library)
    assert set(songs) == {"Oar", "Gull", "Mast", "Keel"}
    assert lists.pop("Rowing") == ["Oar", "Gull"]
    assert lists.pop("Older") == ["Mast"]
    assert list(lists.values()) == [["Keel"]]


def test_row_numbers_called_id(tmp_path: Path) -> None:
    header = ["track_id", "name", "artist"]
    a = table(tmp_path / "a.csv", header, *([n, f"Left {n}", "Ida Holm"] for n in range(1, 4)))
    b = table(tmp_path / "b.csv", header, *([n, f"Right {n}", "Ida Holm"] for n in range(1, 4)))
    assert len(imported(tmp_path, a, b)[0]) == 6


def test_tables_of_genius(tmp_path: Path) -> None:
    path = table(
        tmp_path / "lyrics.csv",
        [
            "title",
            "tag",
            "artist",
            "year",
            "views",
            "features",
            "lyrics",
            "id",
            "language_cld3",
            "language_ft",
            "language",
        ],
        [
            "Oar",
            "rock",
            "Ida Holm",
            2011,
            12,
            '{"Bo Lind"}',
            "[Verse 1]\nwe row the fog\ninto the bay",
            1,
            "en",
            "en",
            "en",
        ],
        [
            "Remo",
            "pop",
            "Ida Holm",
            2004,
            3,
            "{}",
            "[Estribillo]\nremamos otra vez\nhasta la isla",
            2,
            "es",
            "es",
            "es",
        ],
    )
    songs, _ = imported(tmp_path, path)
    oar = songs["Oar"]
    assert (oar.year, oar.genres, oar.language) == (2011, ("rock",), "en")
    assert oar.lyrics is not None
    assert "we row the fog" in oar.lyrics
    assert oar.featured == ("Bo Lind",)
    assert songs["Remo"].language == "es"


def test_short_names_percent_and_keys_in_letters(tmp_path: Path) -> None:
    short = table(
        tmp_path / "top.csv",
        ["", "title", "artist", "top genre", "year", "bpm", "nrgy", "dnce", "dB", "live", "val", "dur", "acous", "pop"],
        [1, "Oar", "Ida Holm", "neo mellow", 2010, 97, 89, 67, -4, 8, 80, 217, 19, 83],
    )
    percent = table(
        tmp_path / "2023.csv",
        [
            "track_name",
            "artist(s)_name",
            "released_year",
            "bpm",
            "key",
            "mode",
            "danceability_%",
            "energy_%",
            "liveness_%",
        ],
        ["Mañana", "Ida Holm", 2023, 125, "C#", "Minor", 80, 1, 8],
        encoding="cp1252",
    )
    camelot = table(tmp_path / "dj.csv", ["title", "artist", "Camelot", "BPM"], ["Gull", "Ida Holm", "8A", 100])
    plain = table(
        tmp_path / "plain.csv",
        ["title", "artist", "energy", "valence"],
        ["Mast", "Ida Holm", 73, 1],
        ["Keel", "I", 1, "64%"],
    )
    songs, _ = imported(tmp_path, short, percent, camelot, plain)
    oar = features(songs["Oar"])
    assert (oar["energy"], oar["danceability"], oar["liveness"], oar["valence"]) == (0.89, 0.67, 0.08, 0.8)
    assert (oar["tempo"], oar["loudness"], oar["duration_ms"], songs["Oar"].popularity) == (97, -4, 217_000, 83)
    assert songs["Oar"].genres == ("neo mellow",)
    assert features(songs["Mañana"]) == {
        "danceability": 0.8, "energy": 0.01, "liveness": 0.08, "key": 1, "mode": 0, "tempo": 125,
    }  # fmt: skip
    assert (features(songs["Gull"])["key"], features(songs["Gull"])["mode"]) == (9, 0)
    assert features(songs["Mast"]) == {"energy": 0.73, "valence": 0.01}
    assert features(songs["Keel"]) == {"energy": 0.01, "valence": 0.64}


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        ([{"title": "Oar", "artist": "I"}, {"title": "Gull", "artist": "I"}], ["Gull", "Oar"]),
        ({"songs": [{"title": "Oar", "artist": "I"}]}, ["Oar"]),
        ({"title": "Oar", "artist": "I"}, ["Oar"]),
        ({"name": "Ida", "songs": [{"id": 7, "title": "Oar", "artist": "Ida", "lyrics": "row", "album": {"name": "Q"}}]}, ["Oar"]),
        ({"href": "h", "items": [{"added_at": "2024", "track": {"id": f"{TRACK}1", "name": "Oar", "artists": [{"name": "I"}],
          "album": {"name": "Q", "release_date": "2011-03-04"}}}], "next": None}, ["Oar"]),
    ],
)  # fmt: skip
def test_json_of_any_shape(content: Any, titles: list[str], tmp_path: Path) -> None:
    songs, lists = imported(tmp_path, write(tmp_path / "file.json", content))
    assert sorted(songs) == titles
    assert lists == {}


def test_objects_of_the_web_api_in_lines_and_tables(tmp_path: Path) -> None:
    track = {"id": f"{TRACK}1", "name": "Oar", "artists": [{"name": "Ida Holm", "id": "x"}, {"name": "Bo Lind", "id": "y"}],
             "album": {"name": "Quay", "release_date": "2011-03-04", "artists": [{"name": "Ida Holm"}]}}  # fmt: skip
    lines = tmp_path / "tracks.jsonl"
    lines.write_text(json.dumps(track) + "\n" + json.dumps({**track, "id": f"{TRACK}2", "name": "Gull"}) + "\n")
    pandas = table(
        tmp_path / "normalised.csv", ["id", "name", "artists", "album.name", "album.release_date"],
        [f"{TRACK}3", "Mast", "[{'external_urls': {'spotify': 'x'}, 'name': 'Ida Holm', 'type': 'artist'}]", "Quay", "2011-03"],
    )  # fmt: skip
    songs, _ = imported(tmp_path, lines, pandas)
    assert (songs["Oar"].artist, songs["Oar"].artists) == ("Ida Holm, Bo Lind", ("Ida Holm", "Bo Lind"))
    assert {(song.album, song.year) for song in songs.values()} == {("Quay", 2011)}
    assert songs["Mast"].artist == "Ida Holm"


def test_an_album_of_the_web_api_is_no_playlist(tmp_path: Path) -> None:
    track = {"id": f"{TRACK}1", "name": "Oar", "artists": [{"name": "Ida Holm"}], "duration_ms": 200_000}
    album = {"album_type": "album", "name": "Quay", "release_date": "2011-03-04", "tracks": {"items": [track]}}
    songs, lists = imported(tmp_path, write(tmp_path / "album.json", album))
    assert (set(songs), lists) == ({"Oar"}, {})


def test_a_dry_run_of_a_folder_of_sound_says_what_would_be_read(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for name in ("a.mp3", "b.flac", "notes.txt"):
        (tmp_path / "music" / name).write_bytes(b"x")
    done = run("import", "--dry-run", "music", cwd=tmp_path)
    assert done.code == DONE
    assert "music: 2 files of sound" in done.err
    assert not (tmp_path / "refrain.db").exists()


def test_spreadsheets_and_their_habits(tmp_path: Path) -> None:
    commas = write(tmp_path / "commas.csv", "title;artist;year;energy;tempo\nOar;Ida Holm;2011;0,735;120,5\n")
    marked = write(tmp_path / "sep.csv", "sep=;\nTitle;Artist;Year\nGull;Ida Holm;2011\n")
    titled = write(tmp_path / "titled.csv", "My Library\nIndex,Title,Artist\n1,Mast,Ida Holm\n")
    pipes = write(tmp_path / "pipes.csv", "track_name|artist|energy\nKeel|Ida Holm|0.5\n")
    tabs = write(tmp_path / "tabs.tsv", "\tTitle\tArtist\tenergy\n0\tSail\tIda Holm\t0.5\n")
    short = write(tmp_path / "short.csv", "Title,Artist,Album,Year\nRope,Ida Holm\nKnot,Ida Holm,Quay,2020\n")
    songs, _ = imported(tmp_path, commas, marked, titled, pipes, tabs, short)
    assert set(songs) == {"Oar", "Gull", "Mast", "Keel", "Sail", "Rope", "Knot"}
    assert features(songs["Oar"]) == {"energy": 0.735, "tempo": 120.5}


def test_playlist_tables_by_name(tmp_path: Path) -> None:
    rows = [["Rowing", "Oar", "Ida Holm"], ["Rowing", "Gull", "Ida Holm"]]
    for number, (header, given) in enumerate(
        [
            (["playlist", "title", "artist"], rows),
            (["playlist_id", "playlist_name", "title", "artist"], [[1, *row] for row in rows]),
            (
                ["playlist_id", "playlist_name", "track_uri", "track_name", "artist_name"],
                [[9, row[0], f"spotify:track:{TRACK}{n}", *row[1:]] for n, row in enumerate(rows)],
            ),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        songs, lists = imported(folder, table(folder / "lists.csv", header, *given))
        assert (set(songs), lists) == ({"Oar", "Gull"}, {"Rowing": ["Oar", "Gull"]})


def test_songs_of_two_files_meet_by_name(tmp_path: Path) -> None:
    sound = table(
        tmp_path / "sound.csv", ["track_name", "artists", "energy"],
        ["Oar (feat. Bo Lind)", "Ida Holm;Bo Lind", 0.5], ["Gull - Remastered 2011", "The Piers", 0.4],
        ["Mast", "Ida Holm, Cy Dale", 0.2],
    )  # fmt: skip
    words = table(
        tmp_path / "words.csv", ["artist", "song", "text"], ["Ida Holm", "Oar", "we row the fog into the bay at dawn"],
        ["The Piers", "Gull", "one gull above the empty quay tonight"], ["Ida Holm", "Mast", "the mast sings when the wind turns"],
    )  # fmt: skip
    done = run("import", str(sound), str(words), "--catalogue", "own.db", cwd=tmp_path)
    assert done.code == DONE
    with Catalogue(tmp_path / "own.db") as catalogue:
        songs = list(catalogue.songs())
    assert len(songs) == 3
    assert all(song.lyrics and song.audio for song in songs)


LIBRARY: list[dict[str, Any]] = [
    {"title": "दिल", "artist": "मीरा वर्मा", "lyrics": "दिल की नाव किनारे बँधी है\nहवा आज भी चलती है", "language": "hi"},
    {"title": "दाल", "artist": "मीरा वर्मा", "lyrics": "दाल पकती है धीमी आँच पर", "language": "hi"},
    {"title": "காதல்", "artist": "அலை"},
    {"title": "கோதல்", "artist": "அலை"},
    {"title": "حُبّ", "artist": "ليلى حسن"},
    {"title": "港の歌", "artist": "青い帆", "lyrics": "港の歌が聞こえる\n君の声を探していた", "language": "ja"},
    {"title": "夜の港", "artist": "青い帆", "lyrics": "夜の港で待っている", "language": "ja"},
    {"title": "让船靠岸", "artist": "南岸乐队", "lyrics": "让船靠岸 让灯亮着", "language": "zh"},
    {"title": "船中的信", "artist": "南岸乐队", "lyrics": "船中的信没有地址", "language": "zh"},
    {"title": "Tin Kite", "artist": "Ida Holm"},
    {"title": "Tin Kite - Live at the Mill", "artist": "Ida Holm"},
    {"title": "Tin Kite (Acoustic)", "artist": "Ida Holm"},
    {"title": "Tin Kite (Karaoke Version) [Originally Performed by Ida Holm]", "artist": "Sing Club"},
    {"title": "!!!", "artist": "!!!"},
    {"title": "🔥🔥🔥", "artist": "DJ 🐝"},
    {"title": "+", "artist": "±"},
    {"title": "Stone Bridge", "artist": "halyard7 feat. Bo Lind"},
    {"title": "Stone Tower", "artist": "halyard7"},
    {"title": "Stone Garden", "artist": "Bo Lind; halyard7"},
    {"title": "Stone River", "artist": "halyard7, Kess"},
    {"title": "Candle", "artist": "20,000 Lanterns"},
    {"title": "April Again", "artist": "Salt, Rope & Tar"},
    {"title": "Anchor", "artist": "Bo Lind"},
]


@pytest.fixture(scope="module")
def library(tiny_encoder: Path, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A folder with a catalogue and an index of LIBRARY, each song with a sound of its own."""

    def make(folder: Path) -> None:
        rows = ({**row, "energy": n / 50, "tempo": 90 + n, "valence": 0.5} for n, row in enumerate(LIBRARY))
        (folder / "songs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        (folder / "config.toml").write_text(f'[encoder]\nmodel = "{tiny_encoder}"\nwindow = 64\n', "utf-8")
        assert run("import", "songs.jsonl", cwd=folder).code == DONE
        assert run("build", "--config", "config.toml", cwd=folder).code == DONE

    return once("library-of-names", make)


def titles(done: Any) -> list[str]:
    assert done.code == DONE, done.err
    return [song["title"] for song in done.json["songs"]]


def test_no_two_names_of_any_script_are_one(library: Path) -> None:
    with Catalogue(library / "refrain.db") as catalogue:
        assert len(catalogue) == len(LIBRARY)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("दिल", "दिल"),
        ("दाल", "दाल"),
        ("காதல்", "காதல்"),
        ("حب", "حُبّ"),
        ("让船", "让船靠岸"),
        ("tin kite", "Tin Kite"),
        ("tin kite live", "Tin Kite - Live at the Mill"),
        ("tin kite acoustic", "Tin Kite (Acoustic)"),
        ("tin kite karaoke", "Tin Kite (Karaoke Version) [Originally Performed by Ida Holm]"),
        ("!!!", "!!!"),
        ("🔥🔥🔥", "🔥🔥🔥"),
        ("+", "+"),
    ],
)
def test_names_are_found_as_people_write_them(words: str, first: str, library: Path) -> None:
    assert titles(run("find", words, "--json", cwd=library))[0] == first


@pytest.mark.parametrize(("part", "all_of"), [("港", {"港の歌", "夜の港"}), ("船", {"让船靠岸", "船中的信"})])
def test_one_letter_finds_every_name_that_has_it(part: str, all_of: set[str], library: Path) -> None:
    assert set(titles(run("find", part, "--json", cwd=library))) >= all_of


@pytest.mark.parametrize(("phrase", "title"), [('"दिल की नाव"', "दिल"), ('"君の声"', "港の歌")])
def test_a_phrase_finds_its_line_in_any_script(phrase: str, title: str, library: Path) -> None:
    found = run("search", phrase, "--json", cwd=library)
    assert titles(found)[0] == title
    assert phrase.strip('"') in found.json["songs"][0]["line"]


def test_a_version_is_a_song_of_its_own_when_it_is_asked_for(library: Path) -> None:
    done = run("similar", "Tin Kite (Karaoke Version)", "--json", cwd=library)
    assert done.code == DONE
    assert not {title for title in titles(done) if "Karaoke" in title}
    assert "Karaoke" not in " ".join(titles(run("similar", "Anchor", "-k", "20", "--json", cwd=library)))


def test_a_song_is_named_in_many_ways(library: Path) -> None:
    expected = titles(run("similar", "Anchor, Bo Lind", "--json", cwd=library))
    for name in ("Anchor - Bo Lind", "Bo Lind - Anchor", "anchor by bo lind", "anchr bo lind"):
        assert titles(run("similar", name, "--json", cwd=library)) == expected, name


def test_filters_and_caps_work_by_each_artist(library: Path) -> None:
    of_both = {"Stone Bridge", "Stone Tower", "Stone Garden", "Stone River"}
    recommend = ("recommend", "--seed", "Anchor", "-k", "22", "--json")
    assert set(titles(run(*recommend, "--artist", "halyard7", cwd=library))) == of_both
    assert not of_both & set(titles(run(*recommend, "--not-artist", "halyard7", cwd=library)))
    assert titles(run(*recommend, "--artist", "Kess", cwd=library)) == ["Stone River"]
    assert titles(run(*recommend, "--artist", "20,000 Lanterns", cwd=library)) == ["Candle"]
    assert titles(run(*recommend, "--artist", "Salt, Rope & Tar", cwd=library)) == ["April Again"]
    playlist = run("playlist", "--seed", "Candle", "--max-per-artist", "1", "--length", "6", "--json", cwd=library)
    if not playlist.json["relaxed"]:
        assert len(of_both & set(titles(playlist))) <= 1


def test_a_path_through_a_small_catalogue(library: Path) -> None:
    assert len(titles(run("path", "दिल", "夜の港", "--length", "5", "--json", cwd=library))) == 5


def test_what_goes_into_a_file_is_utf8_whatever_the_terminal_can(library: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "engine.cli", "find", "夜の", "--json"]
    with (library / "out.json").open("wb") as out:
        environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
        done = subprocess.run(command, cwd=library, stdout=out, stderr=subprocess.PIPE, env=environment, check=False)
    assert done.returncode == DONE, done.stderr
    assert json.loads((library / "out.json").read_text("utf-8"))["songs"][0]["title"] == "夜の港"
