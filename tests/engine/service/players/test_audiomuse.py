"""AudioMuse-AI's routes, as its plugins call them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.engine.service.players.shapes import misfits

TRACK = {"item_id": str, "title": str, "author": str, "album": str, "album_artist": str}


def get(client: TestClient, route: str, **values: Any) -> Any:
    answer = client.get(f"/api/{route}", params=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def ids(client: TestClient) -> dict[str, str]:
    songs = get(client, "search_tracks", search_query="heron", end=5) + get(client, "search_tracks", title="Pike 3")
    return {song["title"]: song["item_id"] for song in songs}


def test_health(client: TestClient) -> None:
    assert get(client, "health") == {"status": "ok"}


def test_search(client: TestClient) -> None:
    tracks = get(client, "search_tracks", title="Vale 3", artist="Mo Vale")
    assert misfits(tracks, [TRACK]) == []
    assert (tracks[0]["title"], tracks[0]["author"], tracks[0]["album"]) == ("Vale 3", "Mo Vale", "Mo Vale Sings")
    both = get(client, "search_tracks", search_query="vale", start=0, end=4)
    assert get(client, "search_tracks", search_query="vale", start=2, end=4) == both[2:]
    assert get(client, "search_tracks") == get(client, "search_tracks", search_query="vale", start=3, end=3) == []


def test_similar_tracks_by_id_and_by_name(client: TestClient, ids: dict[str, str]) -> None:
    near = get(client, "similar_tracks", item_id=ids["Heron 2"], n=7)
    assert misfits(near, [TRACK | {"distance": float}]) == []
    distances = [track["distance"] for track in near]
    assert len(near) == 7
    assert distances == sorted(distances)
    assert 0 <= distances[0] <= distances[-1] <= 1
    assert get(client, "similar_tracks", title="Heron 2", artist="Tin Heron", n=7) == near
    few = get(client, "similar_tracks", item_id=ids["Heron 2"], n=9, eliminate_duplicates="true")
    assert max(sum(track["author"] == each["author"] for track in few) for each in few) <= 3


def test_a_path(client: TestClient, ids: dict[str, str]) -> None:
    values = {"start_song_id": ids["Heron 1"], "end_song_id": ids["Pike 3"], "path_fix_size": "true"}
    for name in ("max_steps", "count"):
        answer = get(client, "find_path", **values, **{name: 4})
        assert misfits(answer, {"path": [TRACK], "total_distance": float}) == []
        assert [answer["path"][0]["title"], answer["path"][-1]["title"]] == ["Heron 1", "Pike 3"]
        assert len(answer["path"]) == 4


def test_similar_artists_by_name_and_by_id(client: TestClient) -> None:
    near = get(client, "similar_artists", artist="tin heron", n=5)
    assert misfits(near, [{"artist": str, "artist_id": str, "divergence": float}]) == []
    assert {each["artist"] for each in near} == {"Mo Vale", "Uma Pike"}
    assert near == sorted(near, key=lambda each: each["divergence"])
    back = get(client, "similar_artists", artist_id=near[0]["artist_id"], include_component_matches="true")
    assert {each["artist"]: each["component_matches"] for each in back}["Tin Heron"] == []
    assert get(client, "similar_artists", artist_id="Tin Heron", n=5) == near


@pytest.mark.parametrize(
    ("route", "status"),
    [
        ("similar_tracks", 400), ("similar_tracks?title=Heron", 400), ("similar_tracks?item_id=nobody", 404),
        ("similar_tracks?item_id=x&n=many", 400), ("similar_tracks?title=Zzzz&artist=Qqqq", 404), ("find_path", 400),
        ("find_path?start_song_id=a&end_song_id=b", 404), ("similar_artists", 400),
        ("similar_artists?artist=Nobody%20At%20All", 404), ("similar_artists?artist_id=ar-bm9ib2R5", 404),
    ],
)  # fmt: skip
def test_errors(route: str, status: int, client: TestClient) -> None:
    answer = client.get(f"/api/{route}")
    assert answer.status_code == status
    assert misfits(answer.json(), {"error": str}) == []


def test_hostile_values_are_answered(client: TestClient) -> None:
    hostile = ["", " ", "\x00", "???", "\u202e", "<script>", "-1", "9" * 30, "ar-gICA", "ar-", "é" * 450, "&"]
    names = ("item_id", "title", "artist", "artist_id", "search_query", "start_song_id", "end_song_id")
    for route in ("similar_tracks", "find_path", "similar_artists", "search_tracks"):
        for value in hostile:
            for number in ("3", value):
                numbers = dict.fromkeys(("n", "max_steps", "start", "end"), number)
                answer = client.get(f"/api/{route}", params=dict.fromkeys(names, value) | numbers)
                assert answer.status_code < 500, (route, value)
                assert isinstance(answer.json(), list | dict)
