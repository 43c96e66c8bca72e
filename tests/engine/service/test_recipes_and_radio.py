"""Recipes and radio over HTTP: requests that last, and songs that go on without repeating."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from engine import Engine
from engine.service.app import make_app
from tests.engine.service.conftest import settings_of

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


def test_what_is_gone_from_the_index_does_not_stand_in_the_way(client: TestClient) -> None:
    served = client.app._app.state.served  # type: ignore[attr-defined]
    served.sessions.note_plays("old", ["gone-1", "gone-2"])
    assert client.post("/api/v1/radio", json={"client": "old", "request": {"seeds": [BOAT], "k": 3}}).status_code == 200
    assert client.post("/api/v1/radio", json={"client": "old2", "hours": -1}).status_code == 400
