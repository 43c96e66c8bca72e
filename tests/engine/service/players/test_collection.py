"""Laws of browsing: every id that an answer holds leads somewhere, and a deleted song is nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from engine.service.app import make_app
from engine.service.settings import Settings
from engine.service.subsonic.ids import ALBUM, ARTIST, key_of, marked_id, public_song_id, song_id_of
from indexer import Catalogue, update_index
from tests.indexer.hash_encoder import HashEncoder

WHO = {"u": "ada", "v": "1.16.1", "c": "tests", "f": "json"}


def ask(client: TestClient, method: str, **values: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/rest/{method}", params={**WHO, **values}).json()["subsonic-response"]
    return answer


def service(index: Path) -> TestClient:
    settings = Settings(str(index), str(index.parent / "refrain.db"))
    return TestClient(make_app(settings), base_url="http://localhost")


@given(st.text(min_size=1))
def test_ids_lead_back_and_are_safe_to_write(key: str) -> None:
    public = public_song_id(key)
    assert song_id_of(public) == key
    assert public.isascii()
    assert public.replace("-", "").replace("_", "").isalnum()
    for mark, other in ((ARTIST, ALBUM), (ALBUM, ARTIST)):
        assert key_of(mark, marked_id(mark, key)) == key
        assert key_of(other, marked_id(mark, key)) is None
        assert song_id_of(marked_id(mark, key)) != key


def test_every_id_of_an_answer_leads_somewhere(demo_index: Path) -> None:
    with service(demo_index) as client:
        everything = ask(client, "search3", query="", songCount=500, albumCount=500, artistCount=500)["searchResult3"]
        songs = everything["song"]
        assert len(songs) == len({song["id"] for song in songs}) == 255
        albums = {album["id"]: ask(client, "getAlbum", id=album["id"])["album"] for album in everything["album"]}
        artists = {each["id"]: ask(client, "getArtist", id=each["id"])["artist"] for each in everything["artist"]}
        for song in songs:
            assert ask(client, "getSong", id=song["id"])["song"] == song
            assert {artist["id"] for artist in song["artists"]} <= artists.keys()
            if "albumId" in song:
                assert song in albums[song["albumId"]]["song"]
        for album in albums.values():
            assert album["songCount"] == len(album["song"])
            assert album["id"] in [each["id"] for each in artists[album["artistId"]]["album"]]
        assert sum(album["songCount"] for album in albums.values()) == sum("albumId" in song for song in songs)


def test_a_deleted_song_is_nowhere(music: Path, tmp_path: Path) -> None:
    shutil.copytree(music, tmp_path / "copy")
    index = tmp_path / "copy" / "refrain.index"
    with Catalogue(tmp_path / "copy" / "refrain.db") as catalogue:
        gone = [song.song_id for song in catalogue.songs() if song.artist == "Uma Pike"]
        one = next(song.song_id for song in catalogue.songs() if song.title == "Vale 3")
        catalogue.delete([*gone, one])
        assert update_index(catalogue, index, encoder=HashEncoder()).kind == "updated"
    with service(index) as client:
        everything = ask(client, "search3", query="")["searchResult3"]
        assert len(everything["song"]) == 9
        assert {artist["name"] for artist in everything["artist"]} == {"Mo Vale", "Tin Heron"}
        assert {album["name"]: album["songCount"] for album in everything["album"]} == {
            "Mo Vale Sings": 4,
            "Tin Heron Sings": 5,
        }
        assert ask(client, "getSong", id=public_song_id(one))["error"]["code"] == 70
        assert ask(client, "getTopSongs", artist="Uma Pike")["topSongs"]["song"] == []
        assert ask(client, "getArtist", id=marked_id(ARTIST, "uma pike"))["error"]["code"] == 70
        left = ask(client, "getSimilarSongs", id=everything["song"][0]["id"])["similarSongs"]["song"]
        assert len(left) == 8
