"""Our own API: the same answers as in Python, the document that says so, and errors that help."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine import Engine, Find, ListSongs, MakePath, MakePlaylist, Recommend, Request, Search
from engine.plain import plain
from engine.service.answers import ErrorAnswer, SongsAnswer

BOAT, HAIR = "My Landlord Bought a Boat", "Chlorine Hair, Milkthistle Year"
REQUESTS: list[Request] = [
    Recommend(seeds=(BOAT, HAIR), k=7, target={"energy": 0.9}, filters={"year": "1980.."}),
    Recommend(text="driving home through the rain", k=5),
    Search(text="dog", k=5),
    MakePlaylist(seeds=(BOAT,), length=8, arc="rise"),
    MakePath(start=BOAT, end=HAIR, length=6),
    Find(text="boat landlord", k=3),
    ListSongs(filters={"year": "1990..1999"}, sort="-year", offset=2, limit=4),
]
PLACES = {"find": "answer"}  # of requests that have no body of their own


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.kind)
def test_answers_are_those_of_the_engine(client: TestClient, demo: Engine, request_: Request) -> None:
    place = PLACES.get(request_.kind, request_.kind)
    expected = json.loads(json.dumps(plain(demo.answer(request_).to_dict())))
    for path in (place, "answer"):
        answer = client.post(f"/api/v1/{path}", json=request_.to_dict())
        assert answer.status_code == 200, answer.text
        assert answer.json() == expected
    SongsAnswer.model_validate(answer.json())
    assert answer.json()["query"] == request_.to_dict()


def test_short_forms(client: TestClient, demo: Engine) -> None:
    for path, given, expected in (
        ("find", {"text": "boat", "k": 3}, demo.answer(Find(text="boat", k=3))),
        ("similar", {"song": BOAT, "k": 3}, demo.similar(BOAT, 3)),
        ("search", {"text": "dog", "k": 3}, demo.search("dog", 3)),
        ("songs", {"sort": "year", "offset": 1, "limit": 2}, demo.songs(sort="year", offset=1, limit=2)),
    ):
        answer = client.get(f"/api/v1/{path}", params=given)
        assert answer.json() == json.loads(json.dumps(plain(expected.to_dict())))
    song_id = demo.named(BOAT).song_id
    assert client.get(f"/api/v1/songs/{song_id}").json()["title"] == BOAT
    assert "lyrics" not in client.get(f"/api/v1/songs/{song_id}").json(), "they may belong to somebody"
    explained = client.get("/api/v1/explain", params={"a": BOAT, "b": HAIR}).json()
    assert explained == json.loads(json.dumps(plain(demo.explain(BOAT, HAIR).to_dict())))
    moods = client.get("/api/v1/moods", params={"song": BOAT}).json()
    assert moods == json.loads(json.dumps(plain(demo.moods(BOAT))))
    assert client.get("/api/v1/index").json()["songs"] == len(demo)
    health = client.get("/api/v1/health").json()
    assert health == {"status": "ok", "songs": len(demo), "generation": demo.index.generation.number}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "recommend", {"seedz": ["x"]}, 400, "nearest: 'seeds'"),
        ("POST", "recommend", {"seeds": ["xqzw vvv"]}, 404, "no song"),
        ("POST", "recommend", {}, 400, ""),
        ("POST", "recommend", {"seeds": [BOAT], "k": 0}, 400, "k is 0"),
        ("POST", "recommend", {"seeds": [BOAT], "filters": {"yeer": 1990}}, 400, "year"),
        ("POST", "recommend", [1], 400, ""),
        ("POST", "answer", {"kind": "dance"}, 400, "recommend"),
        ("POST", "path", {"start": BOAT}, 400, "end"),
        ("GET", "similar", None, 400, "song"),
        ("GET", "similar?song=a&k=x", None, 400, "k"),
        ("GET", "songs/nobody", None, 404, "no song has the id"),
        ("GET", "nothing", None, 404, "openapi.json"),
        ("DELETE", "find", None, 405, ""),
    ],
)
def test_errors_say_what_was_expected(
    client: TestClient, method: str, path: str, body: Any, status: int, words: str
) -> None:
    answer = client.request(method, f"/api/v1/{path}", json=body) if body is not None else client.request(
        method, f"/api/v1/{path}"
    )  # fmt: skip
    assert answer.status_code == status, answer.text
    error = ErrorAnswer.model_validate(answer.json()).error
    assert error.status == status
    assert words in error.message


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"k": NaN}', b'{"k": 1e999}', b"[" * 5_000, b'"' + b"\\ud800" + b'"']
)
def test_bodies_that_are_no_request(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/v1/recommend", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text


def test_nothing_of_the_machine_is_in_an_error(client: TestClient) -> None:
    text = "".join(
        client.get(f"/api/v1/{path}").text for path in ("songs/%2e%2e%2f%2e%2e%2fetc/passwd", "index", "nope")
    )
    assert "/tmp" not in text
    assert "root:" not in text


def test_the_document_lists_routes_with_examples(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    for path in ("recommend", "search", "playlist", "path", "explain", "songs", "answer"):
        content = document["paths"][f"/api/v1/{path}"]["post"]["requestBody"]["content"]["application/json"]
        assert content["examples"]
        for example in content["examples"].values():
            assert isinstance(example["value"], dict)
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation.get("summary") for operation in operations)
