"""The map: its page needs nothing else, holds what was put into it, and its program finds what is there."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.atlas.map import COLOURS, EXTENT, NO_CODE, PAGE, SongMap, _colours, draw_map, page
from engine.atlas.names import Moods
from engine.atlas.neighbours import known_songs
from engine.cli.app import MISUSED
from engine.index import OpenIndex
from engine.score.weights import DEFAULT_WEIGHTS
from indexer.errors import RequestError
from tests.engine.atlas.reading_maps import Tags, contents, unpacked
from tests.engine.cli.running import run
from tests.engine.scenes import ODD_TITLES, SCENES

WEIGHTS = DEFAULT_WEIGHTS["one"]
MOODS = ("angry", "sleepy", "hopeful", "</script>")


@pytest.fixture(scope="module")
def scenes(scenes_index: Path) -> OpenIndex:
    return OpenIndex(scenes_index)


@pytest.fixture(scope="module")
def moods(scenes: OpenIndex) -> Moods:
    """Every third song is sleepy, the others angry, as is usual then; of one song no mood is known."""
    table = np.full((len(scenes.songs), len(MOODS)), 0.1, np.float32)
    sleepy = np.arange(len(scenes.songs)) % 3 == 0
    table[sleepy, 1] = 0.8
    table[~sleepy, 0] = 0.6
    table[9] = np.nan
    return MOODS, table


@pytest.fixture(scope="module")
def drawn(scenes: OpenIndex, moods: Moods) -> SongMap:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.atlas.map.moods_of", lambda index: moods)  # its catalogue has too few to learn any
        return draw_map(scenes, WEIGHTS)


def test_the_page_refers_to_nothing_outside_itself(scenes: OpenIndex, drawn: SongMap) -> None:
    html = page(scenes, drawn)
    tags = Tags(html)
    assert [tag for tag, _ in tags.tags].count("script") == 2, "the data and the program"
    assert {"link", "img", "iframe", "object", "embed", "base", "form"}.isdisjoint(tag for tag, _ in tags.tags)
    assert all({"src", "href", "srcset", "action"}.isdisjoint(attributes) for _, attributes in tags.tags)
    assert all(not name.startswith("on") for _, attributes in tags.tags for name in attributes)
    own = "".join(path.read_text("utf-8") for path in PAGE.iterdir())
    outside = (
        r"https?:|//[a-z]+\.|url\(|@import|\bfetch\b|XMLHttpRequest|WebSocket|sendBeacon|import\(|innerHTML|\beval\b"
    )
    assert re.findall(outside, own) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", own) == [], "titles as markup"
    policy = next(a["content"] for tag, a in tags.tags if tag == "meta" and a.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def test_titles_stay_data_whatever_they_hold(scenes: OpenIndex, drawn: SongMap) -> None:
    html = page(scenes, drawn)
    assert html.count("</script") == 2
    assert "<!-- <script>" not in html
    data = contents(html)
    assert data["titles"] == [scenes.songs.titles[row] for row in drawn.rows.tolist()]
    assert set(ODD_TITLES) <= set(data["titles"])
    assert data["moods"] == list(MOODS)
    assert "/*" not in Tags(html).scripts[1].replace("/**", ""), "every part of the page is filled in"


def test_the_arrays_of_the_page_are_those_of_the_map(scenes: OpenIndex, drawn: SongMap) -> None:
    data = contents(page(scenes, drawn))
    rows = drawn.rows.tolist()
    places = np.stack([unpacked(data["x"], "<u2"), unpacked(data["y"], "<u2")], axis=1)
    span = np.ptp(drawn.places, axis=0).max()
    np.testing.assert_allclose(places, (drawn.places - drawn.places.min(axis=0)) / span * EXTENT, atol=0.51)
    assert places.min() == 0
    assert places.max() == EXTENT
    assert unpacked(data["cluster"], "<u2").tolist() == drawn.clusters.labels[drawn.rows].tolist()
    np.testing.assert_array_equal(unpacked(data["neighbours"], "<u4").reshape(len(rows), -1), drawn.neighbours)
    artists = [data["artists"][code] for code in unpacked(data["artist"], "<u4")]
    assert artists == [scenes.songs.artists[row] for row in rows]
    told = unpacked(data["mood"], "<u2").reshape(len(rows), 3)
    assert told[:, 0].tolist() == [1 if row % 3 == 0 and row != 9 else NO_CODE for row in rows]
    assert (told[:, 1:] == NO_CODE).all(), "what is usual is not told"
    for number, cluster in enumerate(data["clusters"]):
        kept = drawn.clusters.clusters[number]
        assert (cluster["name"], cluster["size"]) == (kept.name, len(kept.rows))
        own = places[unpacked(data["cluster"], "<u2") == number]
        assert [cluster["x"], cluster["y"]] in own.tolist(), "a label stands on a song"
    assert data["left_out"] == 1


def test_neighbours_are_the_most_alike_of_all(scenes: OpenIndex, drawn: SongMap) -> None:
    rows, vectors = known_songs(scenes, WEIGHTS)
    assert rows.tolist() == drawn.rows.tolist()
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    best = -np.sort(-cosines, axis=1)[:, :8]
    np.testing.assert_allclose(np.take_along_axis(cosines, drawn.neighbours, 1), best, atol=1e-5)


def test_songs_that_belong_together_lie_together(scenes: OpenIndex, drawn: SongMap) -> None:
    scene = np.array([scenes.songs.song_ids[row].split("-")[0] for row in drawn.rows.tolist()])
    middles = np.array([drawn.places[scene == name].mean(axis=0) for name in SCENES])
    nearest = np.linalg.norm(drawn.places[:, None] - middles, axis=2).argmin(axis=1)
    assert (np.array(list(SCENES))[nearest] == scene).all()


def test_a_sample_is_drawn_by_chance_and_the_same_again(scenes: OpenIndex, drawn: SongMap) -> None:
    some, again = (draw_map(scenes, WEIGHTS, sample=60, clusters=3) for _ in range(2))
    assert len(some.rows) == 60
    assert set(some.rows.tolist()) < set(drawn.rows.tolist())
    assert some.neighbours.max() < 60
    assert some.left_out == 1
    assert page(scenes, some) == page(scenes, again)
    assert (some.clusters.labels >= 0).sum() == 60
    assert len(draw_map(scenes, WEIGHTS, sample=1_000, clusters=3).rows) == len(drawn.rows)
    with pytest.raises(RequestError, match="5 songs are known, expected at least 30"):
        draw_map(scenes, WEIGHTS, sample=5)


def test_clusters_of_one_colour_lie_far_apart() -> None:
    rng = np.random.default_rng(0)
    middles = rng.integers(0, EXTENT, (40, 2))
    colours = np.array(_colours(middles, COLOURS))
    assert set(colours) == set(range(COLOURS))
    apart = np.hypot(*(middles[:, None] - middles).transpose(2, 0, 1)) + np.where(np.eye(40), np.inf, 0)
    alike = np.where(colours[:, None] == colours, apart, np.inf).min()
    by_chance = [np.where(c[:, None] == c, apart, np.inf).min() for c in rng.integers(0, COLOURS, (200, 40))]
    assert alike > np.percentile(by_chance, 99)


# Machado, Oliveira & Fernandes 2009, severity 1: linear RGB as it is seen without the first, second or third cone.
VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb.clip(0, 1)
    xyz = xyz / [0.9505, 1.0, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_are_seen_on_their_ground_and_told_apart_with_any_colour_vision(theme: int) -> None:
    css = (PAGE / "page.css").read_text("utf-8").split("prefers-color-scheme: dark")[theme]
    colours = [re.search(rf"--c{i}: (#\w{{6}})", css)[1] for i in range(COLOURS)]  # type: ignore[index]
    ground = re.search(r"--ground: (#\w{6})", css)[1]  # type: ignore[index]
    luminance = [float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (ground, *colours)]
    assert all(max(luminance[0], each) / min(luminance[0], each) >= 3.0 for each in luminance[1:])
    for name, vision in VISION.items():
        seen = [lab(np.array(vision) @ linear(colour)) for colour in colours]
        assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 20, name


def test_everything_that_can_be_used_has_a_name(scenes: OpenIndex, drawn: SongMap) -> None:
    html = page(scenes, drawn)
    tags = Tags(html).tags
    labelled = {a.get("for") for tag, a in tags if tag == "label"}
    assert all(a.get("aria-label") or a.get("id") in labelled for tag, a in tags if tag == "input")
    for tag, attributes in tags:
        if tag == "button" and not attributes.get("aria-label"):
            assert re.search(rf'id="{attributes["id"]}">\w', html), "a button says what it does"
    by_id = {a["id"]: a for _, a in tags if "id" in a}
    assert by_id["chosen"]["aria-live"] == "polite"
    assert by_id["count"]["role"] == "status"
    assert by_id["marks"]["tabindex"] == "0"
    for _, attributes in tags:
        for reference in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
            assert attributes.get(reference) is None or attributes[reference] in by_id


def test_the_command_writes_the_page_whole_or_not_at_all(demo_index: Path, tmp_path: Path) -> None:
    place = {"REFRAIN_INDEX": str(demo_index)}
    done = run("map", "--out", "map.html", "--clusters", "5", "--json", cwd=tmp_path, env=place)
    assert done.code == 0, done.err
    told = done.json
    html = (tmp_path / "map.html").read_text("utf-8")
    data = contents(html)
    assert len(data["titles"]) == sum(cluster["songs"] for cluster in told["clusters"]) == 255
    assert [cluster["name"] for cluster in data["clusters"]] == [cluster["name"] for cluster in told["clusters"]]
    assert "255 songs written to map.html" in done.err
    for arguments, message in (
        (["--clusters", "1"], "expected 2..127"),
        (["--out", "nowhere/map.html"], "a folder that exists"),
    ):
        failed = run("map", "--out", "map.html", *arguments, cwd=tmp_path, env=place)
        assert failed.code == MISUSED
        assert failed.err.startswith("refrain: ")
        assert message in failed.err
        assert len(failed.err.strip().splitlines()) == 1
    assert (tmp_path / "map.html").read_text("utf-8") == html
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]


def test_a_map_without_moods_tells_none(scenes: OpenIndex, drawn: SongMap) -> None:
    nothing = replace(drawn, mood_codes=np.full_like(drawn.mood_codes, -1), moods=())
    data = contents(page(scenes, nothing))
    assert data["moods"] == []
    assert set(unpacked(data["mood"], "<u2")) == {NO_CODE}
