"""What the command asks the catalogue: which song an ISRC or an MBID is of, and which files songs have."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer import Catalogue
from indexer.records import Song
from tests.engine.cli.running import run
from tests.indexer.sources.sound.collection import sound_file

DONE, REFUSED = 0, 1
ISRC, OTHER_ISRC, MBID = "GBAYE0601498", "GBAYE0601499", "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


@dataclass(frozen=True)
class Place:
    """The demo with a catalogue of its own.

    songs   by falling popularity
    """

    env: dict[str, str]
    songs: list[Song]


@pytest.fixture
def demo_place(demo_catalogue: Path, demo_index: Path, tmp_path: Path) -> Place:
    shutil.copy(demo_catalogue, tmp_path / "refrain.db")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        songs = sorted(catalogue.songs(), key=lambda song: (-(song.popularity or 0), song.song_id))
    return Place({"REFRAIN_CATALOGUE": str(tmp_path / "refrain.db"), "REFRAIN_INDEX": str(demo_index)}, songs)


def bring(folder: Path, *rows: dict[str, object]) -> None:
    """Rows into the catalogue of the folder, which the index knows nothing of."""
    path = folder / "ids.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(path)


@pytest.mark.parametrize(
    "word",
    [ISRC, ISRC.lower(), "GB-AYE-06-01498", f"isrc:{ISRC}", f"ISRC: {ISRC}", MBID, MBID.upper(), f"mbid:{MBID}",
     f"https://musicbrainz.org/recording/{MBID}"],
)  # fmt: skip
def test_an_id_of_a_recording_names_its_song(demo_place: Place, tmp_path: Path, word: str) -> None:
    first, second = demo_place.songs[:2]
    bring(tmp_path, {"song_id": first.song_id, "isrc": ISRC}, {"song_id": first.song_id, "mbid": MBID})
    shown = run("show", word, "--json", env=demo_place.env)
    assert shown.json["song_id"] == first.song_id
    liked = run("recommend", "--seed", second.song_id, "--liked", word, "-k", "3", "--json", env=demo_place.env)
    same = run("recommend", "--seed", second.song_id, "--liked", first.song_id, "-k", "3", "--json", env=demo_place.env)
    assert liked.json["songs"] == same.json["songs"]


def test_of_several_releases_the_best_known_is_meant(demo_place: Place, tmp_path: Path) -> None:
    known, *_, rare = (song for song in demo_place.songs if song.popularity)
    bring(tmp_path, *({"song_id": song.song_id, "isrc": ISRC} for song in (rare, known)))
    assert run("show", ISRC, "--json", env=demo_place.env).json["song_id"] == known.song_id


def test_an_id_that_nobody_has(demo_place: Place, tmp_path: Path) -> None:
    done = run("show", f"isrc:{ISRC}", env=demo_place.env)
    assert (done.code, len(done.err.splitlines())) == (REFUSED, 1)
    assert f"no song of the catalogue has the ISRC {ISRC}; look it up by title and artist" in done.err
    done = run("show", f"mbid:{MBID}", env=demo_place.env)
    assert f"no song of the catalogue has the MusicBrainz id {MBID}" in done.err
    done = run("show", ISRC, env=demo_place.env)
    assert f"no song is called '{ISRC}'" in done.err
    done = run("show", "isrc:tomorrow", env=demo_place.env)
    assert "no song is called 'isrc:tomorrow'" in done.err


def test_a_song_id_goes_first(demo_place: Place, tmp_path: Path) -> None:
    """A row that has nothing but an ISRC is the song isrc:..., which the best known with that ISRC need not be."""
    bring(tmp_path, {"song_id": f"isrc:{ISRC}", "title": "Odd", "artist": "Oda", "isrc": ISRC, "popularity": 1})
    bring(tmp_path, {"song_id": demo_place.songs[0].song_id, "isrc": ISRC})
    done = run("show", f"isrc:{ISRC}", env=demo_place.env)
    assert f"no song is called 'isrc:{ISRC}'" in done.err, "the song that is called so is not in this index"
    assert run("show", ISRC, "--json", env=demo_place.env).json["song_id"] == demo_place.songs[0].song_id


def test_without_a_catalogue_an_id_is_a_word(demo_place: Place, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    env = {"REFRAIN_INDEX": demo_place.env["REFRAIN_INDEX"], "REFRAIN_CATALOGUE": "refrain.db"}
    assert "no song is called" in run("show", ISRC, cwd=tmp_path / "empty", env=env).err
    gone = {**demo_place.env, "REFRAIN_CATALOGUE": str(tmp_path / "gone.db")}
    assert "no song is called" in run("show", MBID, env=gone).err
    assert "gone.db does not exist" in run("show", f"mbid:{MBID}", env=gone).err


def test_a_playlist_names_the_files_of_its_songs(demo_place: Place, tmp_path: Path) -> None:
    seed, other = demo_place.songs[:2]
    paths = {}
    for song, name, isrc in ((seed, "#1\nseed.ogg", ISRC), (other, "other.ogg", OTHER_ISRC)):
        bring(tmp_path, {"song_id": song.song_id, "isrc": isrc})
        path = sound_file(tmp_path / "x.ogg", pitch=200 + 50 * len(paths), seconds=0.5, isrc=isrc)
        (tmp_path / "Music").mkdir(exist_ok=True)
        paths[song.song_id] = path.rename(tmp_path / "Music" / name)
    assert run("import", "Music", cwd=tmp_path, env=demo_place.env).code == DONE
    words = ("path", seed.song_id, other.song_id, "--length", "5", "--json")
    for ending in (".m3u8", ".xspf", ".jspf", ".csv"):
        done = run(*words, "--out", f"mix{ending}", cwd=tmp_path, env=demo_place.env)
        assert [done.json["songs"][end]["song_id"] for end in (0, -1)] == [seed.song_id, other.song_id]
    lines = (tmp_path / "mix.m3u8").read_text("utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert len(entries) == 5
    assert entries[0] == paths[seed.song_id].as_uri()
    assert entries[-1] == "Music/other.ogg"
    assert not any(os.path.exists(tmp_path / entry) for entry in entries[1:-1])
    for ending in (".xspf", ".jspf"):
        text = (tmp_path / f"mix{ending}").read_text("utf-8")
        assert all(path.as_uri() in text for path in paths.values())


def test_a_catalogue_that_cannot_be_read_costs_the_files_alone(demo_place: Place, tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database" * 1000)
    env = {**demo_place.env, "REFRAIN_CATALOGUE": str(tmp_path / "broken.db")}
    words = ("playlist", "--seed", demo_place.songs[0].song_id, "--length", "3", "--out")
    done = run(*words, str(tmp_path / "mix.m3u8"), env=env)
    assert done.code == DONE
    assert "mix.m3u8 names no files of sound: " in " ".join(done.err.split())
    assert (tmp_path / "mix.m3u8").read_text("utf-8").count("#EXTINF") == 3
    assert "names no files" not in run(*words, str(tmp_path / "mix.csv"), env=env).err


def test_of_several_files_one_that_is_there_is_named(demo_place: Place, tmp_path: Path) -> None:
    song = demo_place.songs[0]
    bring(tmp_path, {"song_id": song.song_id, "isrc": ISRC})
    for name in ("a", "b"):
        sound_file(tmp_path / "Music" / f"{name}.ogg", seconds=0.5, isrc=ISRC)
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load_folder(tmp_path / "Music")
        names = []
        for gone in ("", "a", "b"):
            (tmp_path / "Music" / f"{gone}.ogg").unlink(missing_ok=True)
            names.append(Path(catalogue.files_of_songs([song.song_id, "nobody"])[song.song_id]).name)
    assert names == ["a.ogg", "b.ogg", "a.ogg"], "the first where none is there: its disk may come back"
