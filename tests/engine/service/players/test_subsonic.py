"""OpenSubsonic's answers: their shapes, one content in XML and JSON, who may ask, and errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from engine.service.app import make_app
from engine.service.settings import Settings
from engine.service.subsonic.routes import FILES, METHODS
from tests.engine.service.players.music import ISRC, MBID, TOKEN
from tests.engine.service.players.shapes import ANSWERS, ENVELOPE, misfits

WHO = {"u": "ada", "v": "1.16.1", "c": "tests"}
NAMESPACE = "{http://subsonic.org/restapi}"


def ask(client: TestClient, method: str, **values: Any) -> dict[str, Any]:
    """subsonic-response, of a call that asks for JSON."""
    answer = client.get(f"/rest/{method}", params={**WHO, "f": "json", **values})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    content = answer.json()["subsonic-response"]
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="module")
def known(client: TestClient) -> dict[str, str]:
    """An id of each kind, and two songs."""
    everything = ask(client, "search3", query="")["searchResult3"]
    songs = {song["title"]: song["id"] for song in everything["song"]}
    albums = {album["name"]: album["id"] for album in everything["album"]}
    artists = {artist["name"]: artist["id"] for artist in everything["artist"]}
    return {
        "song": songs["Heron 1"], "other": songs["Pike 3"], "odd": songs["Rain < & \u00e9"],
        "album": albums["Tin Heron Sings"], "artist": artists["Tin Heron"],
    }  # fmt: skip


def values_of(method: str, known: dict[str, str]) -> dict[str, Any]:
    ids = {"getArtist": "artist", "getArtistInfo2": "artist", "getAlbum": "album", "getMusicDirectory": "album"}
    return {
        "id": known[ids.get(method, "song")], "startSongId": known["song"], "endSongId": known["other"], "count": 4,
        "artist": "Mo Vale", "query": "rain", "genre": "rock", "type": "alphabeticalByName",
    }  # fmt: skip


@pytest.mark.parametrize("method", ANSWERS)
def test_answers_have_the_shapes_of_the_specification(method: str, client: TestClient, known: dict[str, str]) -> None:
    answer = ask(client, method, **values_of(method, known))
    assert answer["status"] == "ok"
    assert misfits(answer, ENVELOPE | ANSWERS[method]) == []


def content_of_xml(element: ElementTree.Element) -> tuple[Any, ...]:
    children = [(child.tag.removeprefix(NAMESPACE), content_of_xml(child)) for child in element]
    return dict(element.attrib), children, element.text or ""


def content_of_json(value: Any) -> tuple[Any, ...]:
    """What the XML of an object holds: plain values as attributes, the others as elements, "value" as text."""

    def text(plain: Any) -> str:
        return json.dumps(plain) if isinstance(plain, bool) else str(plain)

    if not isinstance(value, dict):
        return {}, [], text(value)
    plain = {name: text(each) for name, each in value.items() if not isinstance(each, dict | list)}
    lists = {name: each if isinstance(each, list) else [each] for name, each in value.items() if name not in plain}
    children = [(name, content_of_json(each)) for name, many in lists.items() for each in many]
    return {name: each for name, each in plain.items() if name != "value"}, children, plain.get("value", "")


@pytest.mark.parametrize("method", [name for name in ANSWERS if name != "getRandomSongs"])
@pytest.mark.parametrize("song", ["song", "odd"])
def test_xml_says_what_json_says(method: str, song: str, client: TestClient, known: dict[str, str]) -> None:
    values = values_of(method, {**known, "song": known[song]})
    answer = client.post(f"/rest/{method}.view", data={**WHO, **values})
    assert answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{NAMESPACE}subsonic-response"
    assert content_of_xml(root) == content_of_json(ask(client, method, **values))


def test_what_is_known_of_a_song(client: TestClient, known: dict[str, str]) -> None:
    song = ask(client, "getSong", id=known["song"])["song"]
    expected = {
        "title": "Heron 1", "artist": "Tin Heron", "album": "Tin Heron Sings", "year": 1991, "genre": "folk",
        "duration": 1, "suffix": "flac", "contentType": "audio/flac", "track": 1, "isrc": [ISRC], "musicBrainzId": MBID,
        "path": "Tin Heron/Tin Heron Sings/Heron 1.flac", "genres": [{"name": "folk"}], "isDir": False,
        "albumId": known["album"], "artistId": known["artist"], "coverArt": known["song"],
        "artists": [{"id": known["artist"], "name": "Tin Heron"}],
    }  # fmt: skip
    assert {name: song.get(name) for name in expected} == expected


def test_every_cover_that_is_named_is_there(client: TestClient) -> None:
    albums = ask(client, "getAlbumList2", type="alphabeticalByName", size=500)["albumList2"]["album"]
    assert {album["name"]: "coverArt" in album for album in albums} == {
        "Tin Heron Sings": True, "Mo Vale Sings": True, "Uma Pike Sings": False,
    }  # fmt: skip
    songs = ask(client, "search3", query="", songCount=500)["searchResult3"]["song"]
    named = [each["coverArt"] for each in (*albums, *songs) if "coverArt" in each]
    assert len(named) == 12
    for public in named:
        answer = client.get("/rest/getCoverArt", params={**WHO, "id": public})
        assert answer.headers["content-type"].startswith("image/"), public


def test_an_album_and_an_artist_hold_their_songs(client: TestClient, known: dict[str, str]) -> None:
    album = ask(client, "getAlbum", id=known["album"])["album"]
    assert [song["title"] for song in album["song"]] == [f"Heron {i}" for i in range(1, 6)]
    assert (album["songCount"], album["duration"], album["year"]) == (5, 5, 1991)
    artist = ask(client, "getArtist", id=known["artist"])["artist"]
    assert [(each["id"], artist["albumCount"]) for each in artist["album"]] == [(known["album"], 1)]


def test_similar_songs_by_song_album_and_artist(client: TestClient, known: dict[str, str]) -> None:
    own = [song["id"] for song in ask(client, "getAlbum", id=known["album"])["album"]["song"]]
    for method, name in (("getSimilarSongs", "similarSongs"), ("getSimilarSongs2", "similarSongs2")):
        assert len(ask(client, method, id=known["song"], count=6)[name]["song"]) == 6
        for seed in ("album", "artist"):
            near = [song["id"] for song in ask(client, method, id=known[seed], count=9)[name]["song"]]
            assert len(set(near)) == 9
            assert set(near).isdisjoint(own)
        assert ask(client, method, id=known["song"], count=0)[name]["song"] == []


def test_the_nearest_comes_first_and_a_path_leads_from_end_to_end(client: TestClient, known: dict[str, str]) -> None:
    matches = ask(client, "getSonicSimilarTracks", id=known["song"], count=8)["sonicMatch"]
    near = [match["similarity"] for match in matches]
    assert len(near) == 8
    assert near == sorted(near, reverse=True)
    assert all(0 <= value <= 1 for value in near)
    assert known["song"] not in [match["entry"]["id"] for match in matches]
    path = ask(client, "findSonicPath", startSongId=known["song"], endSongId=known["other"], count=5)["sonicMatch"]
    ids = [match["entry"]["id"] for match in path]
    assert (ids[0], ids[-1], len(set(ids))) == (known["song"], known["other"], 5)
    assert path[0]["similarity"] == 1
    one = ask(client, "findSonicPath", startSongId=known["song"], endSongId=known["song"])["sonicMatch"]
    assert [match["entry"]["id"] for match in one] == [known["song"]]


def test_an_empty_search_pages_through_everything(client: TestClient) -> None:
    seen: list[str] = []
    for offset in range(0, 20, 4):
        page = ask(client, "search3", query='""', songCount=4, songOffset=offset, artistCount=0, albumCount=0)
        assert page["searchResult3"]["artist"] == []
        seen += [song["title"] for song in page["searchResult3"]["song"]]
    assert len(seen) == len(set(seen)) == 15


def test_lists_of_songs(client: TestClient) -> None:
    rock = ask(client, "getSongsByGenre", genre="rock", count=50)["songsByGenre"]["song"]
    assert len(rock) == 6
    assert ask(client, "getSongsByGenre", genre="polka")["songsByGenre"]["song"] == []
    drawn = ask(client, "getRandomSongs", size=50, genre="folk", fromYear=1993, toYear=1995)["randomSongs"]["song"]
    assert sorted(song["year"] for song in drawn) == [1993] * 3 + [1995] * 3
    genres = ask(client, "getGenres")["genres"]["genre"]
    assert {each["value"]: (each["songCount"], each["albumCount"]) for each in genres} == {
        "folk": (9, 3),
        "rock": (6, 3),
    }
    top = ask(client, "getTopSongs", artist="mo vale")["topSongs"]["song"]
    assert {song["artist"] for song in top} == {"Mo Vale"}
    albums = ask(client, "getAlbumList2", type="byGenre", genre="rock")["albumList2"]["album"]
    assert len(albums) == 3


def test_jsonp_calls_a_function_and_nothing_else(client: TestClient) -> None:
    answer = client.get("/rest/ping", params={**WHO, "f": "jsonp", "callback": "app.on_answer"})
    assert answer.headers["content-type"].startswith("application/javascript")
    assert answer.text.startswith("/**/app.on_answer({")
    for callback in ("alert(1)//", "a b", "1a", "", "a" * 200, "a;b", "\u00e9"):
        refused = client.get("/rest/ping", params={**WHO, "f": "jsonp", "callback": callback})
        assert refused.headers["content-type"] == "application/json"
        assert refused.json()["subsonic-response"]["status"] == "failed"


@pytest.fixture(scope="module")
def guarded(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    file = tmp_path_factory.mktemp("guarded") / "token.txt"
    file.write_text(TOKEN)
    settings = Settings(str(music / "refrain.index"), str(music / "refrain.db"), token=str(file))
    with TestClient(make_app(settings), base_url="http://music.example") as client:
        yield client


def code(client: TestClient, method: str = "ping", **values: str) -> int | None:
    """The code of the error; None where there is none."""
    answer = client.get(f"/rest/{method}", params={"f": "json", **values})
    assert answer.status_code == 200
    error = answer.json()["subsonic-response"].get("error")
    return None if error is None else int(error["code"])


def proof(password: str, salt: str = "c19b2d") -> dict[str, str]:
    return {"t": hashlib.md5((password + salt).encode()).hexdigest(), "s": salt}


def test_who_may_ask(guarded: TestClient) -> None:
    app = {"v": "1.16.1", "c": "tests"}
    right = [
        {"u": "anybody", **proof(TOKEN)},
        {"u": "ada", "p": TOKEN},
        {"u": "ada", "p": "enc:" + TOKEN.encode().hex().upper()},
        {"apiKey": TOKEN},
    ]
    for way in right:
        assert code(guarded, **app, **way) is None
    wrong = [
        ({"u": "ada", **proof("another")}, 40), ({"u": "ada", "p": "another"}, 40), ({"u": "ada", "p": "enc:zz"}, 40),
        ({"u": "ada", "p": ""}, 40), ({"apiKey": "another"}, 44), ({"apiKey": TOKEN, "u": "ada"}, 43),
        ({"u": "ada", "p": TOKEN, **proof(TOKEN)}, 43), ({"u": "ada", "jwt": "x"}, 42), ({"u": "ada"}, 10),
        ({"p": TOKEN}, 10), ({"u": "ada", "t": proof(TOKEN)["t"]}, 10), ({}, 10),
    ]  # fmt: skip
    for way, expected in wrong:
        assert code(guarded, **app, **way) == expected, way
        assert code(guarded, "search3", query="", **app, **way) == expected, way
    assert code(guarded, c="tests", **right[0]) == 10
    assert code(guarded, v="1.16.1", **right[0]) == 10
    assert code(guarded, "getOpenSubsonicExtensions") is None
    assert guarded.get("/rest/stream?id=x", params=app).text.count('code="10"') == 1


def test_without_a_token_any_user_is_let_in(client: TestClient) -> None:
    app = {"v": "1.16.1", "c": "tests"}
    for way in ({"u": "ada", **proof("x")}, {"u": "bo", "p": "y"}, {"apiKey": "z"}, {"u": "ada"}):
        assert code(client, **app, **way) is None
    assert code(client, **app) == 10
    assert code(client, **app, u="ada", p="x", apiKey="y") == 43


def test_errors(client: TestClient, known: dict[str, str]) -> None:
    for method in (
        "getSong",
        "getSimilarSongs",
        "getSonicSimilarTracks",
        "stream",
        "getCoverArt",
        "getAlbum",
        "getArtist",
    ):
        assert code(client, method, **WHO) == 10, method
        for nobody in ("nobody", "so-%%%", "ar-bm9ib2R5", "al-bm9ib2R5", "../../etc/passwd", "\x00", "so-Li4vLi4vZXRj"):
            assert code(client, method, **WHO, id=nobody) == 70, (method, nobody)
    assert code(client, "getSimilarSongs", **WHO, id=known["song"], count="many") == 0
    assert code(client, "noSuchMethod", **WHO) == 0
    assert code(client, "ping", **{**WHO, "v": "2.0"}) == 30
    assert code(client, "ping", **{**WHO, "v": "0.9"}) == 20
    assert code(client, "ping", **{**WHO, "v": "new"}) == 0


def test_a_title_with_what_xml_cannot_hold(client: TestClient) -> None:
    from engine.service.subsonic.document import success
    from engine.service.subsonic.parameters import Parameters

    body = {"song": {"title": "a\x00b\x1b]0;\ud800\uffff<script>\"'&\n\t", "note": "\x85"}}
    root = ElementTree.fromstring(success(Parameters(), body).body)
    content = json.loads(success(Parameters([("f", "json")]), body).body)["subsonic-response"]
    assert content_of_xml(root) == content_of_json(content)


def test_hostile_values_are_answered(client: TestClient, known: dict[str, str]) -> None:
    """Every method with values that nobody means: an answer of this protocol, never a fault."""
    hostile = [
        "", "-1", "9" * 30, "\x00", "'; DROP TABLE songs", "<script>", "*", '"', "???", "\u202e", "é" * 900, "nan",
        "ar-", "al-", "so-", "ar-gICA", "al-gICA", "ar-YQ" * 50, known["album"], known["artist"],
    ]  # fmt: skip
    names = (
        "id", "startSongId", "endSongId", "artist", "query", "genre", "type", "count", "size", "offset", "fromYear",
        "toYear", "songCount", "songOffset", "username",
    )  # fmt: skip
    for method in [*METHODS, *FILES]:
        for value in hostile:
            answer = client.post(f"/rest/{method}", data={**WHO, **dict.fromkeys(names, value)})
            assert answer.status_code == 200, (method, value)
            if method in METHODS:
                assert ElementTree.fromstring(answer.content).get("status") in ("ok", "failed")
