"""The page without JavaScript: what words are taken for, lists, playlists as addresses, sign-in, hostile titles."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from engine import Engine
from engine.service.guard import MOST_QUERY
from indexer import Catalogue, IndexConfig, build_index
from tests.engine.service.pages import Element, read_page, site_of
from tests.indexer.sources.sound.collection import sound_file

SONG = "big-cleve-and-the-municipal-works/pothole-on-garfield-street"
TITLE, OTHER = "Pothole on Garfield Street", "Dentist Chair Blues"
FIRST_PAGE = 120_000  # bytes of HTML, style and program together
TOKEN = "a-token-that-nobody-guesses"
ISRC = "GBAYE0601498"


@pytest.fixture(scope="module")
def site(demo_index: Path) -> Iterator[TestClient]:
    with site_of(demo_index) as client:
        yield client


def page(site: TestClient, address: str, status: int = 200) -> Element:
    answer = site.get(address)
    assert answer.status_code == status, answer.text[-2000:]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return read_page(answer.text)


def titles(root: Element) -> list[str]:
    return [song.one("div", class_="name").one("a").text for song in root.all("li", class_="song")]


def playlist_ids(root: Element) -> list[str]:
    links = [song.one("div", class_="name").one("a").attributes["href"] for song in root.all("li", class_="song")]
    return [unquote(urlsplit(link).path).removeprefix("/songs/") for link in links]


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("angry", "Taken as a mood"),
        ("Slow and tender songs", "Taken as a mood"),
        ("Blues", "Taken as a genre"),
        ("Delphine Marrow", "Taken as an artist"),
        (TITLE, "Taken as a song"),
        ("pothole on garfeld street", "Taken as a song"),
        (f"{OTHER}, Big Corliss Dray", "Taken as a song"),
        ("rain on the window", "Taken as words"),
        ('"angry"', "Taken as words"),
        ("angry neighbours", "Taken as words"),
    ],
)
def test_the_box_takes_what_is_typed_as_a_newcomer_means_it(site: TestClient, typed: str, taken: str) -> None:
    root = page(site, f"/search?{urlencode({'q': typed})}")
    assert taken in root.one("section", class_="taken").text
    assert titles(root)


def test_the_page_offers_the_other_readings(site: TestClient) -> None:
    links = {link.text: link.attributes["href"] for link in page(site, "/search?q=angry").one("section").all("a")}
    assert "Taken as words" in page(site, links["words"]).one("section", class_="taken").text
    assert "Taken as words" in page(site, "/search?q=nonsense&as=song").one("section", class_="taken").text


def test_results_are_those_of_the_engine_with_reason_facts_and_shares(site: TestClient, demo_index: Path) -> None:
    root = page(site, f"/search?{urlencode({'q': SONG, 'as': 'song'})}")
    with Engine.open(demo_index) as engine:
        hits = engine.similar(SONG)
        assert titles(root) == [hit.title for hit in hits]
        for song, hit in zip(root.all("li", class_="song"), hits, strict=True):
            assert hit.reason in song.text
            assert hit.artist in song.text
            assert str(hit.year) in song.one("p", class_="facts").text
            shares = re.findall(r"(\d+)%", song.one("span", class_="signals").text)
            raised = sorted((value for value in hit.signals.values() if value > 0), reverse=True)
            assert [int(share) for share in shares] == [round(100 * value / sum(raised)) for value in raised[:4]]
    assert root.all("ol", class_="songs")


def test_a_song_s_page_says_its_facts_its_moods_and_what_it_shares(site: TestClient, demo_index: Path) -> None:
    root = page(site, f"/songs/{SONG}?{urlencode({'against': OTHER})}")
    with Engine.open(demo_index) as engine:
        song, moods, explained = engine.song(SONG), engine.moods(SONG), engine.explain(SONG, OTHER)
    for fact in (song.title, song.artist, song.album, song.year, "5:12", "B minor, 10A", *song.genres, *song.tags):
        assert str(fact) in root.text
    shown = [mood.one("strong").text for mood in root.one("ul", class_="moods").all("li")]
    assert shown == [mood.name for mood in moods.moods[:5]]
    assert all(word in root.one("ul", class_="moods").text for word in moods.moods[0].words)
    compared = root.one("section", id="compare")
    assert explained.reason in compared.text
    both = [feature.likeness for feature in explained.features if feature.likeness is not None]
    rows = compared.one("tbody").all("tr")
    assert [row.text.split()[-1] for row in rows] == [f"{round(100 * alike)}%" for alike in both]
    assert "key B E 17%" in compared.text
    assert "length 5:12 3:19" in compared.text
    headings = [heading.text for heading in root.all("h2")]
    assert [h for h in headings if h.startswith("Nearest")] == [
        "Nearest in all", "Nearest by taste", "Nearest by sound", "Nearest by meaning of the words"
    ]  # fmt: skip


def test_a_playlist_is_its_address(site: TestClient, demo_index: Path) -> None:
    asked = {"seed": SONG, "arc": "rise", "energy": "0.8", "year": "1960..1999", "length": "9", "avoid": OTHER}
    root = page(site, f"/playlist?{urlencode(asked)}")
    with Engine.open(demo_index) as engine:
        made = engine.playlist(
            [SONG], 9, avoid=[OTHER], arc="rise", target={"energy": 0.8}, filters={"year": "1960..1999"},
            with_seeds=True,
        )  # fmt: skip
    assert playlist_ids(root) == [song.song_id for song in made]
    figure = root.one("figure", class_="arc")
    known = [song for song in made if song.energy is not None]
    assert len(figure.one("polyline").attributes["points"].split()) == len(known)
    heights = [float(dot.attributes["cy"]) for dot in figure.all("svg")[0].all("circle")]
    order = sorted(range(len(known)), key=lambda i: known[i].energy)  # type: ignore[arg-type,return-value]
    assert sorted(heights, reverse=True) == [heights[i] for i in order], "more energy lies higher"
    assert f"ends at {known[-1].energy:.2f}" in figure.one("figcaption").text
    assert page(site, f"/playlist?{urlencode(asked)}").text == root.text, "the same address, the same page"


def press(site: TestClient, root: Element, what: str, place: int) -> tuple[Element, str]:
    """Press a button of a playlist's song, as a browser without JavaScript does: the page that follows, its address."""
    form = root.one("form", id="arrange")
    values = [(each.attributes["name"], each.attributes["value"]) for each in form.all("input", type="hidden")]
    song = form.all("li", class_="song")[place]
    button = next(b for b in song.all("button") if b.attributes["value"].startswith(f"{what}:"))
    answer = site.get(f"/playlist?{urlencode([*values, ('change', button.attributes['value'])])}")
    assert answer.status_code == 200
    assert "change=" not in str(answer.url)
    return read_page(answer.text), str(answer.url)


def test_a_playlist_is_rearranged_by_buttons(site: TestClient) -> None:
    root = page(site, f"/playlist?{urlencode({'seed': SONG, 'length': 6})}")
    first = playlist_ids(root)
    moved, _ = press(site, root, "down", 1)
    assert playlist_ids(moved) == [first[0], first[2], first[1], *first[3:]]
    back, _ = press(site, moved, "up", 2)
    assert playlist_ids(back) == first
    fewer, _ = press(site, back, "remove", 2)
    assert playlist_ids(fewer) == [*first[:2], *first[3:]]
    other, address = press(site, fewer, "replace", 1)
    replaced = playlist_ids(other)
    assert replaced[:1] + replaced[2:] == [first[0], *first[3:]]
    assert replaced[1] not in first, "neither the song that was replaced nor one that was taken out comes back"
    reasons = other.all("li", class_="song")[1].one("div", class_="why").text
    assert reasons != ""
    exports = {link.text: link.attributes["href"] for link in other.one("section", class_="made").all("a")}
    table = list(csv.DictReader(io.StringIO(site.get(exports["CSV"]).text)))
    assert [row["song_id"] for row in table] == replaced
    tracks = json.loads(site.get(exports["JSPF"]).text)["playlist"]["track"]
    assert len(tracks) == len(replaced)
    m3u8 = site.get(exports["M3U8"])
    assert m3u8.text.count("#EXTINF") == len(replaced)
    assert m3u8.headers["content-disposition"].startswith("attachment; ")
    assert urlsplit(address).path == "/playlist"


def test_seeds_are_added_and_taken_away_by_links(site: TestClient) -> None:
    results = page(site, f"/search?{urlencode({'q': OTHER, 'seed': SONG})}")
    add = next(link for link in results.all("a") if link.text.startswith("Add to seeds"))
    seeds = parse_qs(urlsplit(add.attributes["href"]).query)["seed"]
    assert len(seeds) == 2
    assert page(site, f"/playlist?seed={seeds[0]}").text == page(site, f"/playlist?{urlencode({'seed': SONG})}").text
    made = page(site, add.attributes["href"])
    chips = made.one("ul", aria_label="Songs and artists to be like").all("a")
    assert len(chips) == 2
    less = parse_qs(urlsplit(chips[0].attributes["href"]).query)["seed"]
    assert less == seeds[1:]
    by_name = site.get(f"/playlist?{urlencode({'add': OTHER, 'seed': SONG})}")
    assert OTHER in read_page(by_name.text).one("ul", aria_label="Songs and artists to be like").text


def test_filters_are_chips_that_go_away(site: TestClient) -> None:
    root = page(site, "/search?q=night&genre=blues&year=..1990&explicit=no")
    assert {li.one("bdi").text for li in root.one("ul", aria_label="Wishes").all("li")} == {
        "genre blues", "year ..1990", "explicit no"
    }  # fmt: skip
    for chip in root.one("ul", aria_label="Wishes").all("a"):
        assert len(page(site, chip.attributes["href"]).one("ul", aria_label="Wishes").all("a")) == 2


def test_sliders_at_their_end_ask_for_nothing(site: TestClient) -> None:
    plain = page(site, f"/playlist?{urlencode({'seed': SONG})}")
    ends = page(site, f"/playlist?{urlencode({'seed': SONG, 'energy': '-0.1', 'valence': '-0.1', 'q': ''})}")
    assert playlist_ids(ends) == playlist_ids(plain)


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/songs/nobody", 404, "no song has the id"),
        ("/playlist?seed=nobody-at-all-zz", 404, "no song is called"),
        ("/playlist?mood=angry&energy=7", 400, "energy"),
        ("/playlist?mood=angry&energy=nan", 400, "energy"),
        ("/playlist?mood=angry&length=100000", 400, "length"),
        ("/playlist?mood=angry&length=%EF%BC%93", 200, ""),
        ("/playlist?mood=angry&arc=zigzag", 400, "arc"),
        ("/playlist?genre=zzz", 400, "no song has the genre"),
        ("/playlist?song=gone&seed=" + quote(SONG), 404, "none of the songs"),
        ("/playlist?mood=angry&change=explode:x", 400, "change"),
        ("/search?q=a&as=spell", 400, "as"),
        ("/search?q=" + "x" * 12_000, 400, "text"),
        ("/search?q=a&" + "genre=b&" * 1500, 400, "parameters"),
        ("/search?q=%00", 200, ""),
        ("/search?q=%22%22", 400, "empty"),
        ("/playlist?" + urlencode([("song", f"s{i}") for i in range(101)]), 400, "song"),
    ],
)
def test_wrong_values_are_a_page_that_says_what_is_wrong(
    site: TestClient, address: str, status: int, says: str
) -> None:
    root = page(site, address, status)
    if status >= 400:
        assert says in root.one("p", role="alert").text


def test_an_address_that_is_too_long_is_refused(site: TestClient) -> None:
    assert site.get("/search?q=" + "x" * MOST_QUERY).status_code == 414


def test_the_first_page_is_light_and_nothing_comes_from_outside(site: TestClient) -> None:
    root = page(site, "/")
    parts = [site.get("/").content, site.get("/static/refrain.css").content, site.get("/static/refrain.js").content]
    assert sum(map(len, parts)) < FIRST_PAGE
    assert not re.search(rb"(?:https?:)?//(?!www\.w3\.org)[a-z]", parts[1])
    for name in ("../page/routes.py", "%2e%2e%2froutes.py", "..%2f..%2fapp.py", "secret"):
        assert site.get(f"/static/{name}").status_code == 404
    for address in ("/", f"/songs/{SONG}", "/playlist?mood=angry", "/map", "/api/docs", "/search?q=rain"):
        check_safe(page(site, address))
    assert root.one("form").attributes["action"] == "/search"


def check_safe(root: Element) -> None:
    """No program or style inside the page, nothing from elsewhere, a name for every control, no id twice."""
    assert [each.attributes.get("src") for each in root.all("script")] == ["/static/refrain.js"]
    assert not root.all("style")
    ids = [each.attributes["id"] for each in root.every() if "id" in each.attributes]
    assert len(ids) == len(set(ids)), "an id is given twice"
    labels = {label.attributes.get("for") for label in root.all("label")}
    within = {id(each) for label in root.all("label") for each in label.every()}
    for element in root.every():
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"], element
        for name in ("href", "src", "action"):
            address = element.attributes.get(name, "/")
            assert address.startswith(("/", "#", "data:image/svg+xml,")), address
            assert not address.startswith("//"), address
        if element.tag in ("input", "select") and element.attributes.get("type") != "hidden":
            assert element.attributes.get("id") in labels or id(element) in within, element


HOSTILE = {
    "markup": "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "quotes": '" onmouseover="alert(1)" x=\'{{ 7*7 }}\' {% raise %} &amp;&lt;',
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069 \u200b",
    "control": "bell \x07 escape \x1b]0;title\x07 tab\tend",
    "long": "Very " * 2_000 + "long",
    "address": "javascript:alert(1)//\\evil.example",
    "half": "emoji ❤ 🎵 사랑 e\u0301",
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig) -> Iterator[TestClient]:
    """A service of songs whose titles, artists, albums, genres, tags and lyrics are each of HOSTILE."""
    folder = tmp_path_factory.mktemp("hostile")
    songs = [
        {"song_id": f"{name}-{i}", "title": f"{text} {i}", "artist": text[:400], "album": text[:400],
         "genres": [text[:60]], "tags": [text[:60]], "lyrics": f"{text[:200]}\nthe window {name} {i}",
         "energy": 0.1 * i, "tempo": 90.0 + i, "key": i, "mode": i % 2, "valence": 0.5, "year": 1980 + i}
        for name, text in HOSTILE.items() for i in range(8)
    ]  # fmt: skip
    file = folder / "songs.jsonl"
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
        build_index(catalogue, folder / "refrain.index", tiny_config)
    with site_of(folder / "refrain.index") as client:
        yield client


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_in_every_page(hostile: TestClient, name: str) -> None:
    text, song = HOSTILE[name][:400], f"{name}-1"
    for address in (
        "/", f"/search?{urlencode({'q': text})}", f"/search?{urlencode({'q': song, 'as': 'song', 'seed': song})}",
        f"/songs/{song}?against={name}-2", f"/playlist?{urlencode({'seed': song, 'length': 8, 'avoid': f'{name}-3'})}",
        f"/playlist?{urlencode({'text': text, 'gone': text})}", f"/map?seed={song}",
        f"/search?{urlencode({'q': 'window', 'genre': text[:60]})}", f"/sign-in?{urlencode({'next': text})}",
        f"/songs/{quote(text)}", f"/playlist?{urlencode({'artist': text, 'arc': text})}",
    ):  # fmt: skip
        answer = hostile.get(address)
        assert answer.status_code in (200, 400, 404, 409), (address, answer.text)
        root = read_page(answer.text)
        check_safe(root)
        assert not root.all("img")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", root.text), address
        assert len(answer.content) < 400_000
    made = page(hostile, f"/playlist?{urlencode({'seed': song, 'length': 8})}")
    moved, _ = press(hostile, made, "down", 2)
    assert sorted(playlist_ids(moved)) == sorted(playlist_ids(made))


def test_a_browser_without_a_token_is_sent_to_sign_in_and_back(demo_index: Path, tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text(TOKEN)
    with site_of(demo_index, token=str(tmp_path / "token.txt")) as site:
        sent = site.get("/search?q=rain&as=words", follow_redirects=False)
        assert (sent.status_code, urlsplit(sent.headers["location"]).path) == (303, "/sign-in")
        assert site.get("/api/v1/health", headers={"accept": "application/json"}).status_code == 401
        assert site.post("/playlist").status_code == 401, "only what is read is asked again after signing in"
        form = page(site, sent.headers["location"]).one("form")
        values = {each.attributes["name"]: each.attributes.get("value", "") for each in form.all("input")}
        assert values["next"] == "/search?q=rain&as=words"
        wrong = site.post("/sign-in", data={**values, "token": "x" * 30})
        assert wrong.status_code == 401
        assert "another token" in read_page(wrong.text).one("p", role="alert").text
        assert "songs, answered" not in wrong.text, "what the catalogue holds is for those who have signed in"
        right = site.post("/sign-in", data={**values, "token": f" {TOKEN} "}, follow_redirects=False)
        assert (right.status_code, right.headers["location"]) == (303, values["next"])
        cookie = right.headers["set-cookie"].lower()
        assert "refrain_token=" in cookie
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert page(site, values["next"]).all("li", class_="song")
        assert site.get("/api/v1/health", headers={"accept": "application/json"}).status_code == 200
        other = site.post("/sign-in", data={"token": TOKEN, "next": "//evil.example/"}, follow_redirects=False)
        assert other.headers["location"] == "/"


def test_songs_with_a_file_can_be_played_and_their_paths_stay_on_this_machine(demo_index: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copy(demo_index.parent / "refrain.db", tmp_path)
    shutil.copytree(demo_index, tmp_path / "refrain.index")
    row = tmp_path / "ids.jsonl"
    row.write_text(json.dumps({"song_id": SONG, "title": TITLE, "isrc": ISRC}) + "\n")
    sound_file(tmp_path / "Music" / "a.ogg", seconds=0.5, isrc=ISRC)
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(row)
        catalogue.load_folder(tmp_path / "Music")
    (tmp_path / "token.txt").write_text(TOKEN)
    address = f"/playlist?{urlencode({'seed': SONG, 'length': 4})}"
    with site_of(tmp_path / "refrain.index") as site:
        root = page(site, address)
        links = [link.attributes["href"] for link in root.all("a", class_="play")]
        assert links == [f"/api/v1/songs/{SONG}/sound"]
        for place in (f"/search?{urlencode({'q': TITLE})}", f"/songs/{SONG}"):
            head = page(site, place).one("section", class_="taken")
            assert [a.attributes["href"] for a in head.all("a") if a.text == "Play"] == links, "the song that was found"
        head = page(site, f"/search?{urlencode({'q': OTHER})}").one("section")
        assert "Play" not in [a.text for a in head.all("a")]
        assert str(tmp_path) not in site.get(address).text
        assert str(tmp_path / "Music" / "a.ogg") in site.get(address.replace("/playlist", "/playlist.m3u8")).text
    with site_of(tmp_path / "refrain.index", token=str(tmp_path / "token.txt")) as site:
        site.post("/sign-in", data={"token": TOKEN})
        assert str(tmp_path) not in site.get(address.replace("/playlist", "/playlist.m3u8")).text
    (tmp_path / "refrain.db").unlink()
    with site_of(tmp_path / "refrain.index") as site:
        assert len(titles(page(site, address))) == 4, "the index answers without its catalogue"


def test_the_api_s_page_has_every_route_of_the_document(site: TestClient) -> None:
    document = site.get("/api/openapi.json").json()
    shown = [article.one("h3").text for article in page(site, "/api/docs").all("article", class_="route")]
    every = [f"{verb.upper()} {path}" for path, verbs in document["paths"].items() for verb in verbs]
    assert sorted(shown) == sorted(every)
    lines = [each.text for each in page(site, "/api/docs").all("code") if each.text.startswith("curl ")]
    assert len(lines) == len(shown)
    assert not [path for path in document["paths"] if path in ("/", "/search", "/playlist")]


def test_a_wrong_name_in_a_comparison_leaves_the_song_where_it_is(site: TestClient) -> None:
    root = page(site, f"/songs/{SONG}?{urlencode({'against': 'dentist xyzzy qqq', 'seed': SONG})}")
    assert root.one("h1").text == TITLE
    compare = root.one("section", id="compare")
    assert "no song is called" in compare.one("p", role="alert").text
    links = [link for link in compare.all("a") if OTHER in link.text]
    assert links, "what may be meant"
    then = page(site, links[0].attributes["href"])
    assert then.one("h1").text == TITLE
    assert OTHER in then.one("section", id="compare").one("h3").text
    assert len(parse_qs(urlsplit(links[0].attributes["href"]).query)["seed"]) == 1


def test_the_page_counts_and_explains_its_words(site: TestClient) -> None:
    alone = page(site, f"/playlist?{urlencode({'song': SONG})}").one("section", class_="made").text
    assert re.search(r"\b1 song, \d+ minutes?\.", alone)
    for address in (f"/playlist?{urlencode({'seed': SONG})}", f"/songs/{SONG}", "/map"):
        text = page(site, address).text
        assert not re.search(r"\b1 (songs|minutes|seeds)\b", text)
        for word, meaning in (
            ("Valence", "how bright"), ("Acousticness", "electric"), ("UMAP", "a method"), ("seeds", "belong beside"),
            ("Camelot", "neighbours"),
        ):  # fmt: skip
            assert word not in page(site, address).one("main").text or meaning in site.get(address).text, word
    canvas = page(site, "/map").one("canvas")
    assert canvas.attributes["tabindex"] == "0"
