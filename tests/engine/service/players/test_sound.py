"""Files of sound and covers over HTTP: whole, in ranges, and never a file that is none of a song."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from engine.service.app import make_app
from engine.service.settings import Settings
from engine.service.sound_files import SoundFiles
from indexer import Catalogue
from tests.engine.service.players.music import ENDINGS, JPEG, PNG

FOLDERS = dict(zip(ENDINGS, ("Tin Heron", "Mo Vale", "Uma Pike"), strict=True))
TYPES = dict(zip(ENDINGS, ("audio/flac", "audio/mpeg", "audio/ogg"), strict=True))


def song_of(folder: Path, path: Path) -> str:
    with Catalogue(folder / "refrain.db") as catalogue:
        song_id = catalogue.song_of_path(path)
    assert song_id is not None
    return song_id


def url(song_id: str, what: str = "sound") -> str:
    return f"/api/v1/songs/{quote(song_id, safe='')}/{what}"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_whole_and_in_ranges(ending: str, client: TestClient, music: Path) -> None:
    path = music / "Music" / FOLDERS[ending] / f"3{ending}"
    place, content = url(song_of(music, path)), path.read_bytes()
    size = len(content)
    whole = client.get(place)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == TYPES[ending]
    assert whole.headers["accept-ranges"] == "bytes"
    head = client.head(place)
    assert (head.content, head.headers["content-length"]) == (b"", str(size))
    for wanted, start, end in (("0-9", 0, 10), ("100-", 100, size), ("-7", size - 7, size), (f"5-{size * 2}", 5, size)):
        part = client.get(place, headers={"range": f"bytes={wanted}"})
        assert (part.status_code, part.content) == (206, content[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    beyond = client.get(place, headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    same = client.get(place, headers={"range": "bytes=0-3", "if-range": whole.headers["etag"]})
    other = client.get(place, headers={"range": "bytes=0-3", "if-range": '"another"'})
    assert (same.status_code, other.status_code, other.content) == (206, 200, content)


def test_stream_and_download_send_the_same(client: TestClient, music: Path) -> None:
    path = music / "Music" / "Mo Vale" / "2.mp3"
    values = {"u": "a", "v": "1.16.1", "c": "t", "id": song_of(music, path)}
    assert client.get("/rest/stream.view", params=values).content == path.read_bytes()
    part = client.get("/rest/stream", params={**values, "maxBitRate": "64"}, headers={"range": "bytes=1-4"})
    assert (part.status_code, part.content) == (206, path.read_bytes()[1:5])
    saved = client.get("/rest/download", params=values)
    assert saved.content == path.read_bytes()
    assert saved.headers["content-disposition"].startswith("attachment; filename*=utf-8''Rain%20%3C")


def test_covers_inside_beside_and_none(client: TestClient, music: Path) -> None:
    def cover(folder: str, file: str) -> tuple[int, str, bytes]:
        answer = client.get(url(song_of(music, music / "Music" / folder / file), "cover"))
        return answer.status_code, answer.headers["content-type"], answer.content

    assert cover("Mo Vale", "1.mp3") == (200, "image/jpeg", JPEG)
    assert cover("Tin Heron", "1.flac") == (200, "image/png", PNG)
    assert cover("Uma Pike", "1.ogg")[0] == 404


def test_unknown_songs_and_paths(client: TestClient, music: Path) -> None:
    for name in ("nobody", "../../../etc/passwd", str(music / "Music" / "Mo Vale" / "1.mp3"), "\x00", "a" * 400):
        for what in ("sound", "cover"):
            assert client.get(url(name, what)).status_code == 404
    assert client.get("/api/v1/songs//etc/passwd/sound").status_code == 404


@pytest.fixture
def moved(music: Path, tmp_path: Path) -> Iterator[tuple[TestClient, Path, str]]:
    """A service of a folder of its own: (client, the file of a song, its address)."""
    shutil.copytree(music / "Music" / "Tin Heron", tmp_path / "Music" / "Tin Heron")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load_folder(tmp_path / "Music")
    path = tmp_path / "Music" / "Tin Heron" / "1.flac"
    settings = Settings(str(music / "refrain.index"), str(tmp_path / "refrain.db"))
    with TestClient(make_app(settings), base_url="http://localhost") as client:
        place = url(song_of(tmp_path, path))
        assert client.get(place).status_code == 200
        yield client, path, place


def test_a_file_that_is_gone(moved: tuple[TestClient, Path, str]) -> None:
    client, path, place = moved
    path.unlink()
    assert client.get(place).status_code == 404
    values = {"u": "a", "v": "1.16.1", "c": "t", "f": "json", "id": place.split("/")[4]}
    assert client.get("/rest/stream", params=values).json()["subsonic-response"]["error"]["code"] == 70


def test_links_lead_to_sound_or_nowhere(moved: tuple[TestClient, Path, str], tmp_path: Path) -> None:
    client, path, place = moved
    secret = tmp_path / "secret.txt"
    secret.write_text("nobody's business")
    elsewhere = tmp_path / "elsewhere.flac"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)
    assert client.get(place).content == elsewhere.read_bytes()
    path.unlink()
    path.symlink_to(secret)
    assert client.get(place).status_code == 404
    path.unlink()
    path.symlink_to(path)
    assert client.get(place).status_code == 404
    path.unlink()
    os.mkfifo(path)
    assert client.get(place).status_code == 404
    path.unlink()
    path.mkdir()
    assert client.get(place).status_code == 404


def test_a_picture_is_a_picture(moved: tuple[TestClient, Path, str], tmp_path: Path) -> None:
    client, path, place = moved
    beside = path.parent / "Folder.PNG"
    place = place.removesuffix("sound") + "cover"
    assert client.get(place).content == PNG
    for content in (b"<svg onload=alert(1)>", b"", b"root:x:0:0"):
        beside.write_bytes(content)
        assert client.get(place).status_code == 404
    beside.unlink()
    (tmp_path / "key.txt").write_bytes(PNG)
    beside.symlink_to(tmp_path / "key.txt")
    assert client.get(place).status_code == 404


def test_many_threads_share_one_catalogue(music: Path) -> None:
    files = SoundFiles(str(music / "refrain.db"))
    with Catalogue(music / "refrain.db") as catalogue:
        ids = [song.song_id for song in catalogue.songs()]
    with ThreadPoolExecutor(16) as pool:
        counts = set(pool.map(lambda _: len(files.records(ids)), range(200)))
    files.close()
    assert counts == {15}


def test_without_a_catalogue_songs_are_found_and_not_heard(music: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "none.db", tmp_path):
        settings = Settings(str(music / "refrain.index"), str(place))
        with TestClient(make_app(settings), base_url="http://localhost") as client:
            songs = client.get("/rest/search3", params={"u": "a", "v": "1.1", "c": "t", "f": "json", "query": ""})
            assert len(songs.json()["subsonic-response"]["searchResult3"]["song"]) == 15
            song = client.get("/api/v1/songs").json()["songs"][0]
            assert client.get(url(song["song_id"])).status_code == 404
    assert not (tmp_path / "none.db").exists()
