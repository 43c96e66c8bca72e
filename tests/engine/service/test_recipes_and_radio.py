"""Recipes and radio over HTTP: requests that last, and songs that go on without repeating."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.testclient import TestClient

from engine import Engine
from engine.bounds import MOST_NAMES
from engine.service.app import make_app
from engine.service.subsonic.ids import public_song_id
from tests.engine.service.conftest import Running, settings_of

BOAT = "My Landlord Bought a Boat"
PLAYLIST = {"kind": "playlist", "seeds": [BOAT], "length": 6, "arc": "rise"}


@pytest.fixture
def client(demo_index: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A service of a copy, whose recipes and history are its own."""
    shutil.copytree(demo_index, tmp_path / "refrain.index", symlinks=True)
    with TestClient(make_app(settings_of(tmp_path / "refrain.index")), base_url="http://127.0.0.1") as client:
        yield client


def test_a_recipe_is_saved_listed_run_and_forgotten(client: TestClient, demo: Engine) -> None:
    assert client.put("/api/v1/recipes/my evening", json=PLAYLIST).status_code == 204
    assert client.get("/api/v1/recipes").json()["recipes"]["my evening"]["seeds"] == [BOAT]
    assert client.get("/api/v1/recipes/my evening").json()["kind"] == "playlist"
    answer = client.post("/api/v1/recipes/my evening/run").json()
    expected = demo.playlist([BOAT], 6, arc="rise")
    assert [song["song_id"] for song in answer["songs"]] == [song.song_id for song in expected]
    assert client.delete("/api/v1/recipes/my evening").status_code == 204
    missing = client.post("/api/v1/recipes/my evening/run")
    assert missing.status_code == 404
    assert "no recipe" in missing.json()["error"]["message"]
    assert client.put("/api/v1/recipes/x", json={"kind": "dance"}).status_code == 400


def test_a_name_may_hold_a_slash(client: TestClient) -> None:
    """One law for names here and on the command line: what can be saved can be read, run and forgotten."""
    for name in ("evenings/late", "a/run", "50%/x?#"):
        url = f"/api/v1/recipes/{quote(name, safe='')}"
        assert client.put(url, json=PLAYLIST).status_code == 204
        assert list(client.get("/api/v1/recipes").json()["recipes"]) == [name]
        assert client.get(url).json()["kind"] == "playlist"
        assert len(client.post(f"{url}/run").json()["songs"]) == 6
        assert client.delete(url).status_code == 204
        assert client.get(url).status_code == 404
    for name in ("a//b", "%2E%2E", "a/", " "):
        assert client.put(f"/api/v1/recipes/{name}", json=PLAYLIST).status_code in (400, 404, 405), name
    assert client.get("/api/v1/recipes").json()["recipes"] == {}


def test_a_recipe_of_another_version_is_listed_with_the_reason(client: TestClient, tmp_path: Path) -> None:
    client.put("/api/v1/recipes/good", json=PLAYLIST)
    with closing(sqlite3.connect(tmp_path / "refrain.index.sessions.db")) as connection, connection:
        connection.execute("INSERT INTO recipes VALUES (?, ?)", ("old", '{"kind":"playlist","gone_field":1}'))
    listed = client.get("/api/v1/recipes").json()
    assert list(listed["recipes"]) == ["good"]
    assert "no field 'gone_field'" in listed["unreadable"]["old"]
    assert client.get("/api/v1/recipes/old").status_code == 400
    assert client.post("/api/v1/recipes/old/run").status_code == 400
    assert client.delete("/api/v1/recipes/old").status_code == 204
    assert client.get("/api/v1/recipes").json()["unreadable"] == {}


def test_a_broken_file_is_named(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "refrain.index.sessions.db").write_bytes(b"song_id,title\n" * 100)
    for answer in (client.get("/api/v1/recipes"), client.post("/api/v1/radio", json={"client": "a"})):
        assert answer.status_code == 503
        message = answer.json()["error"]["message"]
        assert "refrain.index.sessions.db" in message
        assert "move the file away" in message
        assert str(tmp_path) not in message


def test_radio_goes_on_without_repeating(client: TestClient, demo: Engine) -> None:
    seed = demo.named(BOAT).song_id
    had: list[str] = []
    for _ in range(6):
        body = {"client": "kitchen", "request": {"seeds": [BOAT], "k": 8}}
        songs = [song["song_id"] for song in client.post("/api/v1/radio", json=body).json()["songs"]]
        assert len(songs) == 8
        had += songs
    assert len(had) == len(set(had))
    assert seed not in had
    last = client.get("/api/v1/plays", params={"client": "kitchen", "limit": 100}).json()["songs"]
    assert sorted(last) == sorted(had)
    other = client.post("/api/v1/radio", json={"client": "car", "request": {"seeds": [BOAT], "k": 8}}).json()
    assert [song["song_id"] for song in other["songs"]] == had[:8], "each client has a history of its own"
    assert client.delete("/api/v1/plays", params={"client": "kitchen"}).status_code == 204
    again = client.post("/api/v1/radio", json=body).json()
    assert [song["song_id"] for song in again["songs"]] == had[:8]


def test_without_seeds_it_is_like_what_was_last_played(client: TestClient, demo: Engine) -> None:
    nothing = client.post("/api/v1/radio", json={"client": "phone"})
    assert nothing.status_code == 400
    assert "POST /api/v1/plays" in nothing.json()["error"]["message"]
    names = [BOAT, "Chlorine Hair, Milkthistle Year"]
    assert client.post("/api/v1/plays", json={"client": "phone", "songs": names}).status_code == 204
    ids = [demo.named(name).song_id for name in reversed(names)]
    assert client.get("/api/v1/plays", params={"client": "phone"}).json()["songs"] == ids
    songs = client.post("/api/v1/radio", json={"client": "phone", "request": {"k": 5}}).json()["songs"]
    assert [song["song_id"] for song in songs] == demo.recommend(ids, k=5).song_ids


@pytest.mark.parametrize(
    "request_",
    [{"k": 3, "target": {"energy": 0.9}}, {"k": 3, "filters": {"energy": "0.5.."}}, {"k": 3, "text": "rain"}],
)
def test_whatever_recommend_answers_radio_does(client: TestClient, demo: Engine, request_: dict[str, Any]) -> None:
    answer = client.post("/api/v1/radio", json={"client": "new", "request": request_})
    assert [song["song_id"] for song in answer.json()["songs"]] == demo.recommend(**request_).song_ids
    more = client.post("/api/v1/radio", json={"client": "new", "request": request_}).json()["songs"]
    assert not {song["song_id"] for song in more} & set(demo.recommend(**request_).song_ids)


def test_a_song_to_avoid_that_was_played_stands_for_nothing(client: TestClient) -> None:
    client.post("/api/v1/plays", json={"client": "a", "songs": [BOAT, "Chlorine Hair, Milkthistle Year"]})
    answer = client.post("/api/v1/radio", json={"client": "a", "request": {"avoid": [BOAT], "k": 3}})
    assert len(answer.json()["songs"]) == 3


def test_where_nothing_is_left_it_says_why(client: TestClient, demo: Engine) -> None:
    body = {"client": "kitchen", "request": {"seeds": [BOAT], "k": 5_000}}
    first = client.post("/api/v1/radio", json=body).json()
    assert 0 < len(first["songs"]) < len(demo)
    assert "of 5000 songs are left" in first["notes"][-1]
    had = len(first["songs"])
    while more := (last := client.post("/api/v1/radio", json=body).json())["songs"]:  # versions of songs that were had
        had += len(more)
    assert f"no song is left: 'kitchen' had {had} in the last 12 hours; give fewer hours" in last["notes"][-1]


def test_many_requests_at_once_get_other_songs_each(client: TestClient) -> None:
    body = {"client": "kitchen", "request": {"seeds": [BOAT], "k": 4}}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post("/api/v1/radio", json=body), range(6)))
    had = [song["song_id"] for answer in answers for song in answer.json()["songs"]]
    assert (len(had), len(set(had))) == (24, 24)


@pytest.mark.slow
def test_many_processes_give_other_songs_each(serve: Callable[..., Running], demo_index: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_index, tmp_path / "refrain.index", symlinks=True)
    url = serve(tmp_path / "refrain.index", "--workers", "2").url
    body = {"client": "kitchen", "request": {"seeds": [BOAT], "k": 4}}

    def ask(_: int) -> list[str]:
        answer = httpx.post(f"{url}/api/v1/radio", json=body, timeout=60)
        return [song["song_id"] for song in answer.json()["songs"]]

    with ThreadPoolExecutor(6) as pool:
        had = [song for songs in pool.map(ask, range(12)) for song in songs]
    assert (len(had), len(set(had))) == (48, 48)


def test_names_are_looked_up_once_each_and_not_too_many(client: TestClient) -> None:
    begun = time.monotonic()
    misspelt = "My Landlrd Bougt a Boat"
    assert client.post("/api/v1/plays", json={"client": "a", "songs": [misspelt] * 40_000}).status_code == 204
    assert len(client.get("/api/v1/plays", params={"client": "a"}).json()["songs"]) == 1
    names = [f"My Landlord Bought a Boat{' ' * i}" for i in range(MOST_NAMES + 1)]
    for path, body in (
        ("plays", {"client": "a", "songs": names}),
        ("recommend", {"seeds": names}), ("recommend", {"text": "a", "avoid": names}),
        ("recommend", {"seeds": names[:150], "avoid": names[150:]}), ("playlist", {"seeds": names}),
        ("radio", {"client": "a", "request": {"liked": names}}),
        ("recommend", {"seeds": [{"title": f"x {i}", "lyrics": f"word{i}"} for i in range(MOST_NAMES + 1)]}),
        ("playlist", {"seeds": [*names[:100], *({"title": f"x {i}", "lyrics": "la"} for i in range(101))]}),
    ):  # fmt: skip
        refused = client.post(f"/api/v1/{path}", json=body)
        assert refused.status_code == 400, (path, refused.text[:300])
        assert f"at most {MOST_NAMES}; give song_ids" in refused.json()["error"]["message"]
    assert time.monotonic() - begun < 20


def test_a_song_played_is_known_by_its_title_and_artist_too(client: TestClient, demo: Engine) -> None:
    song = {"title": "Chlorine Hair", "artist": "Milkthistle Year"}
    assert client.post("/api/v1/plays", json={"client": "a", "songs": [song]}).status_code == 204
    played = client.get("/api/v1/plays", params={"client": "a"}).json()["songs"]
    assert played == [demo.named("Chlorine Hair, Milkthistle Year").song_id]
    assert client.get("/api/v1/clients").json() == {"clients": ["a"]}


def test_what_a_player_scrobbles_is_history(client: TestClient, demo: Engine) -> None:
    ids = [demo.named(name).song_id for name in (BOAT, "Chlorine Hair, Milkthistle Year", "Dentist Chair Blues")]
    now = time.time()

    def scrobble(**values: Any) -> None:
        answer = client.get("/rest/scrobble", params={"v": "1.16.1", "c": "Tin", "u": "ada", "f": "json"} | values)
        assert answer.json()["subsonic-response"]["status"] == "ok"

    def plays(**values: Any) -> list[str]:
        songs: list[str] = client.get("/api/v1/plays", params={"client": "ada/Tin"} | values).json()["songs"]
        return songs

    scrobble(id=ids[0], submission="false")
    assert plays() == [], "it has only begun"
    public = [public_song_id(song_id) for song_id in ids]
    scrobble(id=public[:2], time=[round((now - 50) * 1000), round((now - 100) * 1000)])
    scrobble(id=["nobody", public[2]], submission="true")
    assert plays() == [ids[2], ids[0], ids[1]]
    scrobble(id=public[2], time=round((now + 10**9) * 1000))
    assert plays() == [ids[2], ids[0], ids[1]], "a clock that is wrong forgets nothing"
    songs = client.post("/api/v1/radio", json={"client": "ada/Tin", "request": {"k": 5}}).json()["songs"]
    assert [song["song_id"] for song in songs] == demo.recommend([ids[2], ids[0], ids[1]], k=5).song_ids


def test_what_is_gone_from_the_index_does_not_stand_in_the_way(client: TestClient) -> None:
    served = client.app._app.state.served  # type: ignore[attr-defined]
    served.sessions.note_plays("old", ["gone-1", "gone-2"])
    assert client.post("/api/v1/radio", json={"client": "old", "request": {"seeds": [BOAT], "k": 3}}).status_code == 200
    assert client.post("/api/v1/radio", json={"client": "old2", "hours": -1}).status_code == 400
