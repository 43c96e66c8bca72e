"""What errors say: what was found, what is expected, and no word of the machinery; to a browser, as a page."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from .pages import read_page

JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}
BROWSER = {"accept": "text/html,application/xhtml+xml"}
MACHINERY = ("Input should", "Field required", "JSON decode error", "pattern", "^(", "Value error", "pydantic", "parse")


@pytest.mark.parametrize(
    ("method", "path", "more", "says"),
    [
        ("POST", "/api/v1/recommend", {"content": "{x", "headers": JSON}, "body is no JSON ("),
        ("POST", "/api/v1/recommend", {"content": '{"k": 1}'}, "Content-Type is missing, expected application/json"),
        ("POST", "/api/v1/answer", {"content": "{}", "headers": TEXT}, "expected application/json"),
        ("POST", "/api/v1/recommend", {"data": {"text": "a"}}, "Content-Type is 'application/x-www-form-urlencoded'"),
        ("POST", "/api/v1/recommend", {}, "body is missing, expected an object"),
        ("POST", "/api/v1/recommend", {"json": [1]}, "body is [1], expected an object of names and values"),
        ("POST", "/api/v1/plays", {"json": {"client": "c"}}, "songs is missing"),
        ("POST", "/api/v1/radio", {"content": b'{"client":"c","\\ud800":1}', "headers": JSON}, "expected an object"),
        ("GET", "/api/v1/similar", {}, "song is missing"),
        ("GET", "/api/v1/similar?song=a&k=x", {}, "k is 'x', expected a whole number"),
        ("GET", "/api/v1/similar?song=a&k=0", {}, "expected 1 or more"),
        ("POST", "/api/v1/recommend", {"json": {"text": "a", "filters": {"year": "abc"}}}, "range such as 1990..1999"),
        ("POST", "/api/v1/recommend", {"json": {"text": "a", "filters": {"tempo": "x"}}}, "a range such as 90..120"),
        ("GET", "/v1/tracks?ids=" + "0" * 22 + "&market=Germany", {}, "market is 'Germany', expected two letters"),
        ("GET", "/v1/recommendations?seed_genres=no-such", {}, "with /v1/recommendations/available-genre-seeds"),
        ("GET", "/v1/recommendations?seed_tracks=" + "0" * 22, {}, "with /v1/search"),
        ("GET", "/api/similar_tracks?item_id=a&n=x", {}, "n is 'x', expected a whole number"),
        ("GET", "/api/v1/songs/nobody", {}, "look it up by its name"),
    ],
)  # fmt: skip
def test_errors_say_what_is_expected(client: TestClient, method: str, path: str, more: Any, says: str) -> None:
    answer = client.request(method, path, **more)
    assert answer.status_code in (400, 404), answer.text
    error = answer.json()["error"]
    message = error if isinstance(error, str) else error["message"]
    assert says in message
    assert not any(word in message for word in MACHINERY), message


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nowhere", {}, 404),
        ("/songs/nobody", {}, 404),
        ("/search?q=" + "x" * 30_000, {}, 414),
        ("/", {"host": "evil.example"}, 421),
        ("/", {"origin": "http://evil.example"}, 403),
        ("/playlist?length=x&seed=rain", {}, 400),
        ("/search?q=rain&year=<script>", {}, 400),
        ("/", {"content-length": "9999999"}, 413),
    ],
)
def test_a_browser_is_answered_with_a_page(client: TestClient, path: str, headers: dict[str, str], status: int) -> None:
    answer = client.get(path, headers={**BROWSER, **headers})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    root = read_page(answer.text)
    assert root.one("p", role="alert").text
    assert root.one("a", href="/").text
    assert not root.one("main").all("script")
    program = client.get(path, headers={"accept": "*/*", **headers})
    assert program.status_code == status
    if path not in ("/songs/nobody", "/playlist?length=x&seed=rain", "/search?q=rain&year=<script>"):
        assert program.json()["error"]["status"] == status


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/v1/nothing", "/api/v1/songs/nobody"])
def test_routes_for_programs_answer_a_browser_too_as_programs(client: TestClient, path: str) -> None:
    assert client.get(path, headers=BROWSER).json()["error"]["status"] == 404


@pytest.mark.parametrize(
    "asked",
    ["rubbish", "bytes", "bytes=", "bytes=a-b", "bytes=5-2", "bytes=-", "lines=1-2", f"bytes={'9' * 5000}-", ""],
)  # fmt: skip
def test_a_range_that_is_none_is_passed_over(client: TestClient, asked: str) -> None:
    whole = client.get("/static/refrain.js")
    answer = client.get("/static/refrain.js", headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, whole.content)
    part = client.get("/static/refrain.js", headers={"range": "bytes = 2-4"})
    assert (part.status_code, part.content) == (206, whole.content[2:5])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_is_in_use_is_named_with_its_option(demo_index: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "engine.cli", "serve", "--port", port, "--workers", workers]
        command += ["--index", str(demo_index), "--catalogue", str(demo_index.parent / "refrain.db")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    hint = "choose another with --port, or --port 0 for any that is free"
    assert done.stderr == f"refrain: port {port} of 127.0.0.1 is in use; {hint}\n"
