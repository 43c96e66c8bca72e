"""Songs of any id: the page's addresses are short enough for every server, and each song's routes are its own."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from engine import Engine
from engine.service.guard import MOST_QUERY
from engine.service.page.short import ShortIds
from engine.service.page.wishes import MOST_LENGTH, MOST_PARAMS, SONGS, Wishes

from ...conftest import Once
from .conftest import Running
from .odd_ids import LIKE_ROUTES, build_odd_ids, song_ids
from .pages import Element, read_page, site_of


@pytest.fixture(scope="module")
def odd(once: Once) -> Path:
    return once("odd-ids", build_odd_ids) / "refrain.index"


@pytest.fixture(scope="module")
def site(odd: Path) -> Iterator[TestClient]:
    with site_of(odd) as client:
        yield client


@pytest.fixture(scope="module")
def ids(odd: Path) -> Iterator[ShortIds]:
    with Engine.open(odd) as engine:
        yield ShortIds(engine.index)


def addresses(root: Element) -> list[str]:
    """Every address that a page leads to: of its links, and of its forms with each of their buttons."""
    links = [link.attributes["href"] for link in root.all("a") if link.attributes["href"].startswith("/")]
    for form in root.all("form"):
        if form.attributes.get("method") == "post":
            continue
        fields = [
            (field.attributes["name"], field.attributes.get("value", ""))
            for field in form.all("input")
            if field.attributes.get("type") == "hidden"
        ]
        pressed = [
            (button.attributes["name"], button.attributes["value"]) for button in form.all("button", name="change")
        ]
        for more in [[each] for each in pressed] or [[]]:
            links.append(f"{form.attributes['action']}?{urlencode([*fields, *more])}")
    return links


def test_whatever_the_page_leads_to_is_answered(site: TestClient) -> None:
    answer = site.get("/playlist", params={"seed": song_ids()[0], "length": MOST_LENGTH})
    root = read_page(answer.text)
    assert len(root.all("li", class_="song")) == MOST_LENGTH
    asked = addresses(root)
    assert any(address.startswith("/playlist.m3u8?") for address in asked)
    assert any("change=down" in address for address in asked)
    assert max(map(len, asked)) < MOST_QUERY // 2
    # Links are of a few kinds: one of each kind is asked, and all moves of the first and the last song.
    kinds = {address.partition("?")[0][:30] + address[-30:-24]: address for address in asked}
    for address in [*kinds.values(), *asked[-8:]]:
        assert site.get(address).status_code < 400, address[:200]


def test_a_playlist_that_goes_from_page_to_page_stays_what_it_is(site: TestClient, ids: ShortIds) -> None:
    songs = [*song_ids()[3:40], *song_ids()[-7:]]
    params = [("song", ids.short(song)) for song in songs]
    root = read_page(site.get("/playlist", params=params).text)
    shown = [ids.song_id(song.attributes["data-song"]) for song in root.all("li", class_="song")]
    assert shown == songs
    up = next(
        button.attributes["value"] for button in root.all("button", name="change")
        if button.attributes["value"] == f"down:{ids.short(songs[0])}"
    )  # fmt: skip
    moved = read_page(site.get("/playlist", params=[*params, ("change", up)]).text)
    shown = [ids.song_id(song.attributes["data-song"]) for song in moved.all("li", class_="song")]
    assert shown == [songs[1], songs[0], *songs[2:]]


@given(st.sampled_from(song_ids()) | st.text(max_size=60) | st.text(string.ascii_letters + string.digits, max_size=22))
def test_what_is_written_short_is_read_back(ids: ShortIds, text: str) -> None:
    known = ids.index.songs.row_of(text) is not None
    assert len(quote(ids.short(text))) <= 22 or not known
    if known or ids.index.songs.row_of(ids.song_id(text)) is None:
        assert ids.song_id(ids.short(text)) == text


def test_the_longest_address_of_a_page_is_let_in(ids: ShortIds) -> None:
    songs = song_ids()[:MOST_LENGTH]
    params = [(name, song) for name in SONGS for song in songs][: MOST_PARAMS - 1]
    wishes = Wishes.of([*params, ("text", "\U0001f600" * 500)], ids)
    assert len(wishes.url()) <= MOST_QUERY
    assert Wishes.of(wishes.written, ids) == wishes


def test_a_real_server_takes_the_longest_address_twice(serve: Callable[..., Running], odd: Path) -> None:
    service = serve(odd)
    address = f"{service.url}/api/v1/health?{'q' * MOST_QUERY}"
    with urlopen(Request(address, headers={"referer": address})) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("song_id", [*song_ids()[:2], *LIKE_ROUTES])
def test_a_song_of_any_id_has_its_own_routes(site: TestClient, song_id: str) -> None:
    address = f"/api/v1/songs/{quote(song_id, safe='')}"
    assert site.get(address).json()["song_id"] == song_id
    title = site.get(address).json()["title"]
    for last in ("sound", "cover"):
        answer = site.get(f"{address}/{last}")
        assert answer.status_code == 404, "the catalogue has no files"
        assert title in answer.json()["error"]["message"]
    page = read_page(site.get(f"/songs/{quote(song_id, safe='/')}").text)
    assert page.one("h1").text == title
