"""The documentation: every example of the document and every line of curl is asked, in order, and answered."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from engine import Engine
from engine.service.app import make_app
from engine.service.examples import with_examples

from .conftest import settings_of
from .pages import read_page

FILES = ("/sound", "/cover")  # which the bundled catalogue has not
PLAYLIST = b"Dentist Chair Blues, Big Corliss Dray\n"  # what is in a file that a line of curl names
ORDER = ("put", "get", "post", "delete")


@pytest.fixture
def fresh(demo_index: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A service that nobody has asked for anything yet: no recipe, no history."""
    import shutil

    index = tmp_path / "refrain.index"
    shutil.copytree(demo_index, index)
    shutil.copy(demo_index.parent / "refrain.db", tmp_path)
    with TestClient(make_app(settings_of(index)), base_url="http://127.0.0.1") as client:
        yield client


def test_every_line_of_curl_is_answered(fresh: TestClient) -> None:
    lines = [
        element.text for element in read_page(fresh.get("/api/docs").text).all("code") if element.text[:5] == "curl "
    ]
    assert len(lines) > 40
    wrong = []
    for line in lines:
        verb, url, headers, body = read_curl(line)
        answer = fresh.request(verb, url, headers=headers, content=body)
        path = url.partition("?")[0]
        if path.endswith(FILES):
            assert "no file of sound" in answer.text or "no cover" in answer.text
        elif "/audio-analysis/" in path:
            assert answer.status_code == 404
        elif not answer.is_success:
            wrong.append((line, answer.text))
    assert not wrong


def test_every_example_is_answered(fresh: TestClient) -> None:
    document = fresh.get("/api/openapi.json").json()
    asked = [
        (verb, path, operation, body)
        for verb in ORDER
        for path, verbs in document["paths"].items()
        if (operation := verbs.get(verb)) is not None
        for body in bodies_of(operation)
    ]
    assert sum(body is not None for *_, body in asked) > 12
    for verb, path, operation, body in asked:
        parameters = operation.get("parameters", ())
        assert all("example" in each for each in parameters if each.get("required")), path
        url = path
        query = {each["name"]: each["example"] for each in parameters if "example" in each and each["in"] == "query"}
        for each in parameters:
            if each["in"] == "path":
                url = url.replace("{" + each["name"] + "}", quote(str(each["example"]), safe="/"))
        how = {"content": body} if isinstance(body, str) else {"json": body}
        answer = fresh.request(verb, url, params=query, **how)  # type: ignore[arg-type]
        documented = [int(status) for status in operation["responses"] if status.startswith("2")]
        if url.endswith(FILES):
            documented = [404]
        assert answer.status_code in (documented or [404]), (verb, url, answer.text)


def bodies_of(operation: Any) -> list[Any]:
    content = next(iter(operation.get("requestBody", {}).get("content", {}).values()), {})
    return [example["value"] for example in content.get("examples", {}).values()] or [None]


def read_curl(line: str) -> tuple[str, str, dict[str, str], bytes | None]:
    """What curl would send: method, address, headers and body."""
    words = shlex.split(line)[1:]
    verb, headers, body = "", {}, None
    while len(words) > 1:
        option, value, *words = words
        if option == "-X":
            verb = value
        elif option == "-H":
            name, _, rest = value.partition(": ")
            headers[name] = rest
        else:
            assert option in ("-d", "--data-binary")
            body = PLAYLIST if value == "@playlist.m3u8" else value.encode()
    return verb or ("GET" if body is None else "POST"), words[0], headers, body


def test_examples_of_what_an_index_has_not_are_left_out(demo: Engine, client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    text = json.dumps(document["paths"], ensure_ascii=False)
    assert "{song}" not in text
    assert "{mood}" not in text
    assert with_examples(document, demo) == document, "examples that are filled stay as they are"


def test_every_route_that_answers_get_answers_head(client: TestClient) -> None:
    paths = [path for path, verbs in client.get("/api/openapi.json").json()["paths"].items() if "get" in verbs]
    pages = ["/", "/search?q=rain", "/playlist", "/map", "/api/docs", "/api/openapi.json", "/static/refrain.js"]
    for path in [*paths, *pages, "/rest/ping", "/nowhere"]:
        get, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.headers["content-length"] == get.headers["content-length"]
    assert client.head("/api/v1/recommend").status_code == 405
