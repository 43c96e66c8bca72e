"""Extending a playlist over HTTP and on the page: the same songs as the command gives, from a text that is sent."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.testclient import TestClient

from engine import Engine
from engine.lookup.files import listed_in
from engine.playlist.extension import extension
from engine.requests import MakePlaylist
from tests.engine.playlist.test_extension import MIX, NAMES

URL = "/api/v1/extend"


def new_songs(demo: Engine, length: int) -> list[str]:
    made = extension(demo.index, listed_in(demo.index, MIX), MakePlaylist(length=length), demo.weights)
    return [hit.song_id for hit in made.new]


def test_a_text_is_answered_with_songs(client: TestClient, demo: Engine) -> None:
    for raw in (MIX.encode(), MIX.encode("utf-8-sig"), MIX.encode("utf-16"), MIX.replace("\n", "\r\n").encode(),
                MIX.replace("\n", "\r").encode()):  # fmt: skip
        answer = client.post(URL, params={"length": 5}, content=raw)
        assert answer.status_code == 200, answer.text
        assert [song["song_id"] for song in answer.json()["songs"]] == new_songs(demo, 5)
        assert answer.json()["missing"] == ["Nobody At All - Sung By Nobody"]


def test_the_longer_list_comes_back(client: TestClient) -> None:
    answer = client.post(URL, params={"length": 5, "format": "m3u8"}, content=MIX)
    assert answer.headers["content-type"] == "audio/x-mpegurl; charset=utf-8"
    assert answer.text.startswith(MIX)
    assert answer.text.count("#EXTINF") == 2 + 5
    again = client.post(URL, params={"length": 5}, content=answer.text).json()
    assert again["missing"] == ["Nobody At All - Sung By Nobody"]
    assert not {song["title"] for song in again["songs"]} & set(re.findall(r"#EXTINF:.*? - (.*)", answer.text))


def test_what_is_no_list_is_refused(client: TestClient, demo_index: Path) -> None:
    for raw in (
        b"",
        b"\x00" * 1000,
        b"\xff\xfe\xff",
        f"{demo_index.parent}/refrain.db\n".encode(),
        b"../../etc/passwd",
    ):
        refused = client.post(URL, content=raw)
        assert refused.status_code == 400, raw
        assert "no song of the list is in the catalogue" in refused.json()["error"]["message"]
    for raw, what in (
        (b"title,artist,energy\nRain,Ada,0.5\n", "a table"),
        (b'{"songs": [{"title": "Rain"}]}', "JSON or XML"),
        (b"<?xml version='1.0'?><playlist/>", "JSON or XML"),
    ):
        refused = client.post(URL, params={"format": "m3u8"}, content=raw)
        assert refused.status_code == 400
        assert what in refused.json()["error"]["message"]
    assert client.post(URL, params={"length": 0}, content=MIX).status_code == 400
    assert client.post(URL, content=b"x" * (1 << 21)).status_code == 413


def test_a_browser_that_comes_back_is_led_to_the_form(client: TestClient) -> None:
    assert client.get("/extend", follow_redirects=False).headers["location"] == "/playlist"


def test_the_page_takes_a_file(client: TestClient, demo: Engine) -> None:
    form = client.get("/playlist").text
    assert 'action="/extend" method="post" enctype="multipart/form-data"' in form
    sent = {"list": ("<b>mix</b>.m3u8", MIX.replace("Nobody At All", "<script>alert(1)</script>"), "audio/x-mpegurl")}
    shown = client.post("/extend", data={"length": "5"}, files=sent)
    assert shown.status_code == 200
    for song_id in new_songs(demo, 5):
        assert f"/songs/{song_id}" in shown.text
    assert "<script>alert" not in shown.text
    assert "<b>mix" not in shown.text
    assert "Sung By Nobody" in shown.text
    address = re.search(r'href="(/playlist\?[^"]*)">Arrange', shown.text)
    assert address is not None
    arranged = client.get(address[1].replace("&amp;", "&")).text
    assert all(demo.named(name).title in arranged for name in NAMES)
    saved = client.post("/extend", data={"length": "5", "save": "m3u8"}, files={"list": ("mix.m3u8", MIX)})
    assert saved.text == client.post(URL, params={"length": 5, "format": "m3u8"}, content=MIX).text
    assert "attachment" in saved.headers["content-disposition"]
    for files in ({"list": ("x", b"")}, {"other": ("x", MIX)}):
        refused = client.post("/extend", files=files)
        assert refused.status_code == 400
        assert "<html" in refused.text
    foreign = client.post("/extend", files={"list": ("x", MIX)}, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403


def test_its_line_of_curl_sends_a_file(client: TestClient) -> None:
    text = client.get("/api/docs").text
    assert "curl --data-binary @playlist.m3u8 http://127.0.0.1/api/v1/extend" in text
    assert "Two songs" in text
