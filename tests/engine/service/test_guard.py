"""The guard: who may ask, how much and how long; around an application that answers everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from engine.service.guard import COOKIE, MOST_BODY, MOST_QUERY, Guard

TOKEN = "a-token-that-nobody-guesses"
Scope = MutableMapping[str, Any]


async def echo(scope: Scope, receive: Any, send: Any) -> None:
    """Answers with the size of the body."""
    body = (await receive())["body"]
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


def client_of(guard: Guard, host: str = "127.0.0.1") -> TestClient:
    return TestClient(guard, base_url=f"http://{host}", raise_server_exceptions=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"])
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert client_of(Guard(echo)).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.5", "0.0.0.0", "", "a:b:c"]
)
def test_other_names_are_not_answered_without_a_token(host: str) -> None:
    answer = client_of(Guard(echo)).get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "127.0.0.1 or localhost" in answer.json()["error"]["message"]
    assert client_of(Guard(echo, TOKEN)).get("/", headers={"host": host, "authorization": f"Bearer {TOKEN}"}).is_success


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1", 200), ("http://evil.example", 403), ("null", 403), ("http://127.0.0.1:9", 403), ("//", 403)],
)
def test_what_a_browser_sends_for_another_page_is_refused(origin: str, status: int) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert client_of(Guard(echo)).request(method, "/", headers={"origin": origin}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
        ({"authorization": f"bearer  {TOKEN} "}, 200),
        ({"cookie": f"other=1; {COOKIE}={TOKEN}"}, 200),
        ({"authorization": f"Bearer {TOKEN}x"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"cookie": f"{COOKIE}=x"}, 401),
        ({"cookie": "\x01;;=,=;"}, 401),
    ],
)
def test_a_token_lets_in(headers: dict[str, str], status: int) -> None:
    answer = client_of(Guard(echo, TOKEN)).get("/", headers=headers)
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) == (status == 401)


@given(st.text(max_size=40))
def test_no_other_text_lets_in(text: str) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {text}".encode())],
    }
    assert asyncio.run(_status(Guard(echo, TOKEN), scope, [b""])) == (200 if text.strip() == TOKEN else 401)


def test_bodies_end_somewhere() -> None:
    client = client_of(Guard(echo))
    assert client.post("/", content=b"x" * MOST_BODY).text == str(MOST_BODY)
    assert client.post("/", content=b"x" * (MOST_BODY + 1)).status_code == 413
    assert client.post("/", content=pieces(MOST_BODY // 1024 + 1)).status_code == 413, "without a length"
    assert client.post("/", content=pieces(8)).text == "8192"
    assert client.get("/?" + "q" * MOST_QUERY).status_code == 200
    assert client.get("/?" + "q" * (MOST_QUERY + 1)).status_code == 414


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * 1024


def test_a_slow_client_and_a_slow_answer_come_to_an_end() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError

    async def sleeps(scope: Scope, receive: Any, send: Any) -> None:
        await never()

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"localhost")]}
    assert asyncio.run(_status(Guard(echo, body_s=0.05), scope, [b"x", None])) == 408
    assert asyncio.run(_status(Guard(sleeps, answer_s=0.05), scope, [b""])) == 503


def test_an_answer_that_has_begun_may_last() -> None:
    async def long(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(4):
            await asyncio.sleep(0.05)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    assert client_of(Guard(long, answer_s=0.05)).get("/").text == "xxxx"


def test_a_head_is_answered_without_what_a_get_would_send() -> None:
    sent = []

    async def endless(scope: Scope, receive: Any, send: Any) -> None:
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        while True:
            sent.append(1)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0)

    answer = client_of(Guard(endless)).head("/")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "9")
    assert len(sent) < 5, "nobody reads the rest"


def test_every_answer_says_what_a_browser_may_do() -> None:
    client = client_of(Guard(echo))
    for answer in (client.get("/"), client.get("/", headers={"host": "evil.example"})):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


async def _status(guard: Guard, scope: Scope, body: Iterable[bytes | None]) -> int:
    """The status for a request whose body comes in pieces; None is a piece that never comes."""
    waiting, statuses = list(body), []

    async def receive() -> dict[str, Any]:
        piece = waiting.pop(0)
        if piece is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await guard(scope, receive, send)
    (status,) = statuses
    return int(status)
