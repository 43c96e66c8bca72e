"""The page in Chromium: what JavaScript adds, how it looks to eyes, keys and screen readers. `pytest -m browser`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qs, quote, urlsplit
from urllib.request import urlopen

import pytest

from indexer import Catalogue
from tests.indexer.sources.sound.collection import sound_file

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

SONG = "big-cleve-and-the-municipal-works/pothole-on-garfield-street"
PAGES = {
    "home": "/", "search": "/search?q=rain+on+the+window", "mood": "/search?q=angry",
    "song": f"/songs/{SONG}?against=dentist+chair+blues", "playlist": f"/playlist?seed={SONG}&arc=rise&length=8",
    "empty playlist": "/playlist", "map": f"/map?seed={SONG}", "api": "/api/docs", "sign-in": "/sign-in",
    "error": "/songs/nobody",
}  # fmt: skip
STARTS_S = 30
MAP, PEN = "document.querySelector('.map')", "document.querySelector('canvas').getContext('2d')"
HOSTILE = ("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "javascript:alert(1)")


@pytest.fixture(scope="module")
def url(demo_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`refrain serve` of the bundled catalogue, all of whose songs have a file of sound."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(demo_index.parent / "refrain.db", folder)
    shutil.copytree(demo_index, folder / "refrain.index")
    with Catalogue(folder / "refrain.db") as catalogue:
        songs = sorted(catalogue.songs(), key=lambda song: song.song_id)
        rows = folder / "ids.jsonl"
        known = {song.song_id: f"GBAYE{number:07d}" for number, song in enumerate(songs)}
        rows.write_text(
            "".join(
                json.dumps({"song_id": s.song_id, "title": s.title, "isrc": known[s.song_id]}) + "\n" for s in songs
            )
        )
        for number, isrc in enumerate(known.values()):
            sound_file(folder / "Music" / f"{number}.ogg", pitch=200.0 + number, seconds=1.5, isrc=isrc)
        catalogue.load(rows)
        catalogue.load_folder(folder / "Music")
    with running(folder) as address:
        yield address


@contextmanager
def running(folder: Path, *words: str) -> Iterator[str]:
    """The address of a process of `refrain serve` in the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "engine.cli", "serve", "--port", str(port), *words]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    try:
        deadline = time.monotonic() + STARTS_S
        while not _answers(f"http://127.0.0.1:{port}/sign-in"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        urlopen(address, timeout=5).close()
    except URLError:
        return False
    return True


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    path = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on the path; apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Any, url: str) -> Iterator[Callable[..., Any]]:
    """tab(address, ...): a page of a new context; what its console complains of, and policies, fail the test."""
    contexts, wrong = [], []

    def opened(address: str, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if _complains(line) else None)
        page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else wrong.append(asked.url))
        with_sound(page)
        page.goto(url + address)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")  # sound that is still being fetched
        context.close()
    assert not wrong, wrong


def _complains(line: Any) -> bool:
    return line.type in ("error", "warning") and not any(status in line.text for status in ("404 (", "400 ("))


def with_sound(page: Any) -> None:
    """Where the service has no route of sound, one second of a tone stands for every song."""

    def answer(route: Any) -> None:
        reply = route.fetch()
        if reply.status != 404:
            route.fulfill(response=reply)
            return
        file = Path(os.environ.get("TMPDIR", "/tmp")) / f"tone-{os.getpid()}.wav"
        if not file.exists():
            sound_file(file, seconds=1.5)
        route.fulfill(status=200, content_type="audio/wav", body=file.read_bytes())

    page.route("**/api/v1/songs/**/sound", answer)


def order(page: Any) -> list[str]:
    return [each.get_attribute("data-song") for each in page.query_selector_all("#arrange .song")]


def until(page: Any, condition: str, arg: Any = None) -> None:
    """Playwright's own `wait_for_function` evaluates text inside the page, which its policy forbids."""
    deadline = time.monotonic() + 15
    while not page.evaluate(condition, arg):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def settled(page: Any, before: str) -> None:
    until(page, "before => location.href !== before", arg=before)


def test_search_play_and_keys(tab: Callable[..., Any]) -> None:
    page = tab("/")
    page.get_by_role("searchbox").fill("dentist chair blues")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?*")
    assert page.locator("h1").inner_text() == "Dentist Chair Blues"
    page.locator(".song .play").first.click()
    playing = page.locator("#playing")
    first = page.locator(".song .name a").first.inner_text()
    assert playing.inner_text().startswith(first)
    until(page, "document.querySelector('audio').currentTime > 0.1")
    page.locator("main").focus()
    page.keyboard.press("Space")
    until(page, "document.querySelector('audio').paused")
    page.keyboard.press("ArrowRight")
    second = page.locator(".song .name a").nth(1).inner_text()
    until(page, "title => document.querySelector('#playing').textContent.startsWith(title)", arg=second)
    page.keyboard.press("ArrowLeft")
    until(page, "title => document.querySelector('#playing').textContent.startsWith(title)", arg=first)
    source = page.evaluate("document.querySelector('audio').src")
    page.locator(".song .name a").nth(3).click()
    page.wait_for_url("**/songs/**")
    assert page.evaluate("document.querySelector('audio').src") == source, "what plays goes on on the next page"
    page.go_back()
    page.wait_for_url("**/search?*")
    assert page.locator(".song.now .name a").inner_text() == first


def test_what_plays_is_followed_by_the_next_song(tab: Callable[..., Any]) -> None:
    page = tab(f"/playlist?seed={SONG}&length=4")
    page.locator("#play-all").click()
    second = page.locator(".song .name a").nth(1).inner_text()
    until(page, "title => document.querySelector('#playing').textContent.startsWith(title)", arg=second)


def test_a_playlist_is_built_reordered_replaced_and_exported(tab: Callable[..., Any], url: str) -> None:
    page = tab("/search?q=angry", viewport={"width": 1280, "height": 3000})  # all songs in sight: nothing scrolls
    page.locator("text=Add to seeds").first.click()
    page.wait_for_url("**/playlist?seed=*")
    page.get_by_label("Add a song by its name").fill("Dentist Chair Blues")
    page.get_by_role("button", name="Add", exact=True).click()
    until(page, "document.querySelectorAll('.wishes ul[aria-label^=Songs] a').length === 2")
    page.get_by_text("Sliders and filters").click()
    page.get_by_label("Energy", exact=True).fill("0.8")
    assert page.locator("output[for=energy]").inner_text() == "0.8"
    page.get_by_label("Songs", exact=True).fill("7")
    page.get_by_role("button", name="Make the playlist").click()
    page.wait_for_url("**length=7*")
    first, line = order(page), page.locator(".arc polyline").get_attribute("points")
    assert len(first) == 7
    before = page.url
    page.locator("#arrange .song").nth(5).drag_to(page.locator("#arrange .song").nth(1))
    settled(page, before)
    assert order(page) == [first[0], first[5], *first[1:5], first[6]]
    assert page.locator(".arc polyline").get_attribute("points") != line, "the curve is drawn anew"
    before = page.url
    down = page.locator("#arrange .song").nth(0).locator("button[value^='down:']")
    down.focus()
    page.keyboard.press("Enter")
    settled(page, before)
    assert order(page)[:2] == [first[5], first[0]]
    assert page.evaluate("document.activeElement.value") == f"down:{first[0]}", "the focus goes with the song"
    before, last = page.url, order(page)
    page.locator("#arrange .song").nth(3).get_by_role("button", name="Replace").click()
    settled(page, before)
    replaced = order(page)
    assert replaced[3] not in last
    assert replaced[:3] + replaced[4:] == last[:3] + last[4:]
    page.reload()
    assert order(page) == replaced, "the address is the playlist"
    with page.expect_download() as saved:
        page.get_by_role("link", name="M3U8").click()
    text = Path(saved.value.path()).read_text("utf-8")
    assert text.count("#EXTINF") == 7
    page.go_back()
    until(page, "id => document.querySelectorAll('#arrange .song')[3].dataset.song === id", arg=last[3])


def drawn(url: str) -> None:
    """Until the map is no more drawn anew."""
    deadline = time.monotonic() + 120
    while json.load(urlopen(f"{url}/api/v1/map/about"))["drawing"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_the_map_names_and_opens_songs_and_shows_the_playlist(tab: Callable[..., Any], url: str) -> None:
    drawn(url)
    page = tab(f"/map?seed={SONG}&length=5")
    canvas = page.locator("canvas")
    page.wait_for_selector("canvas[data-drawn]")
    n = int(canvas.get_attribute("data-drawn"))
    with urlopen(f"{url}/api/v1/map") as answer:
        content = answer.read()
    assert len(content) == 5 * n
    place = int(canvas.get_attribute("data-places").split(",")[0])
    x, y = (int.from_bytes(content[at : at + 2], "little") / 65_535 for at in (2 * place, 2 * n + 2 * place))
    box = canvas.bounding_box()
    side = min(page.evaluate("(({clientWidth, clientHeight}) => [clientWidth, clientHeight])(" + MAP + ")"))
    at = {"x": box["width"] / 2 + (x - 0.5) * (side - 24), "y": box["height"] / 2 + (y - 0.5) * (side - 24)}
    canvas.hover(position=at)
    until(page, "!document.querySelector('.tip').textContent.startsWith('Point')")
    assert "Pothole on Garfield Street" in page.locator(".tip").inner_text()
    pixels = page.evaluate(f"[...{PEN}.getImageData(0, 0, {MAP}.clientWidth, {MAP}.clientHeight).data]")
    colours = zip(pixels[::4], pixels[1::4], pixels[2::4], strict=True)
    ink = sum(red > 240 and green > 180 and blue < 90 for red, green, blue in colours)
    assert ink > 500, "the playlist is a line in the colour of the marker"
    page.get_by_label("Closer").click()
    page.get_by_label("Farther").click()
    canvas.click(position=at)
    page.wait_for_url(f"**/songs/{SONG}*")


def test_the_map_is_walked_with_keys(tab: Callable[..., Any], url: str) -> None:
    drawn(url)
    page = tab("/map")
    page.wait_for_selector("canvas[data-drawn]")
    canvas, tip = page.locator("canvas"), page.locator(".tip")
    canvas.focus()
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    named = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "+", "ArrowLeft"):
        before = tip.inner_text()
        page.keyboard.press(key)
        if key != "+":
            until(page, "before => document.querySelector('.tip').textContent.trim() !== before", arg=before)
        named.append(tip.inner_text())
    title = named[-1].partition(",")[0]
    page.keyboard.press("Enter")
    page.wait_for_url("**/songs/**")
    assert title in page.locator("h1").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_fits_and_axe_finds_nothing_serious(tab: Callable[..., Any], scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    page = tab("/", color_scheme=scheme, viewport={"width": width, "height": 800})
    base = page.url.rstrip("/")
    for name, address in PAGES.items():
        page.goto(base + address)
        for details in page.query_selector_all("details:not([open]) > summary"):
            details.click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {width}"
        found = axe.Axe().run(page).response["violations"]
        bad = [
            f"{each['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]
        assert not bad, f"{name}, {scheme}, {width}:\n" + "\n".join(bad[:6])
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        bright = sum(map(int, background[4:-1].split(","))) / 3
        assert (bright < 60) == (scheme == "dark")


def test_the_page_works_without_javascript(tab: Callable[..., Any]) -> None:
    page = tab("/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("angry")
    page.keyboard.press("Enter")
    assert "Taken as a mood" in page.locator(".taken").inner_text()
    page.locator(".song .name a").first.click()
    assert page.locator("h1").inner_text()
    page.get_by_role("link", name="Add to seeds", exact=True).click()
    songs = order(page)
    page.locator("#arrange .song").nth(1).locator("button[value^='down:']").click()
    assert order(page) == [songs[0], songs[2], songs[1], *songs[3:]]
    assert parse_qs(urlsplit(page.url).query)["song"] == order(page)


def test_hostile_addresses_run_nothing(tab: Callable[..., Any]) -> None:
    page = tab("/")
    base = page.url.rstrip("/")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for text in HOSTILE:
        for path in ("search?q=", "playlist?text=", "playlist?genre=", "map?text=", "sign-in?next="):
            page.goto(f"{base}/{path}{quote(text)}")
            assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0


def test_a_person_signs_in_with_the_token(chromium: Any, demo_index: Path, tmp_path: Path) -> None:
    token = "a-token-that-nobody-guesses"
    (tmp_path / "token.txt").write_text(token)
    shutil.copy(demo_index.parent / "refrain.db", tmp_path)
    with running(tmp_path, "--index", str(demo_index), "--token", "token.txt") as address:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{address}/search?q=angry")
        page.wait_for_url("**/sign-in?*")
        page.get_by_label("Token").fill("another")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/search?q=angry")
        assert page.locator(".song").count() > 3
        assert "refrain_token" not in page.evaluate("document.cookie")
        page.locator(".song .name a").first.click()
        page.wait_for_url("**/songs/**")
        context.close()
