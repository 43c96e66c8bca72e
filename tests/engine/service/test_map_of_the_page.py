"""The map of the page: its bytes, what lies where, and the file that spares drawing it again."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from starlette.testclient import TestClient

from engine import Engine
from engine.service.page.layout import (
    NO_CLUSTER,
    components,
    drawn_layout,
    file_of,
    read_layout,
    write_layout,
)
from tests.engine.scenes import SCENES
from tests.engine.service.pages import read_page, site_of

DRAWN_S = 120


@pytest.fixture(scope="module")
def scenes(scenes_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the scenes, in a folder where a map may be written."""
    import shutil

    folder = tmp_path_factory.mktemp("map")
    shutil.copy(scenes_index.parent / "refrain.db", folder)
    shutil.copytree(scenes_index, folder / "refrain.index")
    return folder / "refrain.index"


@pytest.fixture(scope="module")
def site(scenes: Path) -> Iterator[TestClient]:
    with site_of(scenes) as client:
        yield client


def unpacked(content: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = len(content) // 5
    assert len(content) == 5 * n
    return (
        np.frombuffer(content, "<u2", n), np.frombuffer(content, "<u2", n, 2 * n),
        np.frombuffer(content, np.uint8, n, 4 * n),
    )  # fmt: skip


@pytest.mark.slow
def test_the_map_is_drawn_aside_while_principal_components_stand_in(site: TestClient, scenes: Path) -> None:
    pytest.importorskip("umap")
    first = site.get("/api/v1/map/about").json()
    assert (first["method"], first["drawing"], first["clusters"]) == ("components", True, [])
    assert "being drawn" in read_page(site.get("/map").text).text
    deadline = time.monotonic() + DRAWN_S
    while (about := site.get("/api/v1/map/about").json())["method"] != "umap":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert about["songs"] == first["songs"] == 3 * 30 - 1, "a deleted song and one of which nothing is known are not"
    x, y, cluster = unpacked(site.get("/api/v1/map").content)
    songs = [site.get(f"/api/v1/map/songs/{place}").json() for place in range(len(x))]
    scene = np.array([song["song_id"].partition("-")[0] for song in songs])
    places = np.stack([x, y], axis=1).astype(float)
    middles = {name: places[scene == name].mean(axis=0) for name in SCENES}
    nearest = [min(middles, key=lambda name: np.linalg.norm(middles[name] - place)) for place in places]
    assert np.mean(np.array(nearest) == scene) > 0.95, "songs of a scene lie together"
    for code, about_cluster in enumerate(about["clusters"]):
        assert (cluster == code).sum() == about_cluster["songs"]
    assert {song["cluster"] for song in songs} <= {each["name"] for each in about["clusters"]}
    assert len(list(scenes.parent.glob("refrain.index.map-*.npz"))) == 1


def test_places_are_songs_and_others_are_refused(site: TestClient) -> None:
    n = len(unpacked(site.get("/api/v1/map").content)[0])
    song = site.get("/api/v1/map/songs/0").json()
    assert site.get(song["url"]).status_code == 200
    assert site.get(f"/api/v1/map/songs/{n}").status_code == 404
    assert site.get("/api/v1/map/songs/-1").status_code == 400


def test_the_playlist_lies_on_the_map(site: TestClient) -> None:
    root = read_page(site.get("/map?seed=porch-01&length=7").text)
    places = [int(place) for place in root.one("canvas").attributes["data-places"].split(",")]
    on_map = [site.get(f"/api/v1/map/songs/{place}").json()["song_id"] for place in places]
    playlist = read_page(site.get("/playlist?seed=porch-01&length=7").text)
    assert on_map == [song.attributes["data-song"] for song in playlist.all("li", class_="song")]
    json.loads(root.one("canvas").attributes["data-labels"])


def test_components_are_the_same_each_time_and_part_the_scenes(scenes: Path) -> None:
    with Engine.open(scenes) as engine:
        one, two = (components(engine.index, engine.weights["one"]) for _ in range(2))
        ids = [engine.index.songs.song_ids[row].partition("-")[0] for row in one.rows]
    assert one.packed() == two.packed()
    assert (one.cluster == NO_CLUSTER).all()
    assert one.places.min() == 0
    assert one.places.max() == 65_535
    own = {name: one.places[np.array(ids) == name].astype(float) for name in SCENES}
    spread = np.mean([places.std(axis=0).mean() for places in own.values()])
    between = np.std([places.mean(axis=0) for places in own.values()], axis=0).mean()
    assert between > spread


def test_what_is_no_layout_of_this_index_is_passed_over(scenes: Path, tmp_path: Path) -> None:
    with Engine.open(scenes) as engine:
        index, weights = engine.index, engine.weights["one"]
        layout, file = components(index, weights), tmp_path / "refrain.index.map-1.npz"
        write_layout(file, layout)
        again = read_layout(file, index)
        assert again is not None
        assert again.packed() == layout.packed()
        whole = file.read_bytes()
        for content in (b"", b"no archive", whole[: len(whole) // 2], b"PK\x03\x04" + whole[4:200]):
            file.write_bytes(content)
            assert read_layout(file, index) is None
        far = layout.rows + len(index.songs)
        np.savez(file, rows=far, places=layout.places, cluster=layout.cluster, names=np.zeros(0, np.uint8))
        assert read_layout(file, index) is None
        other = {**weights, "taste": weights["taste"] + 1}
        assert file_of(index, weights) == file_of(index, weights) != file_of(index, other)


def test_a_second_process_leaves_the_drawn_map_as_it_is(scenes: Path) -> None:
    pytest.importorskip("umap")
    with Engine.open(scenes) as engine:
        file = file_of(engine.index, engine.weights["one"])
        if not file.exists():
            write_layout(file, drawn_layout(engine.index, engine.weights["one"]))
    before = file.read_bytes()
    run([sys.executable, "-m", "engine.service.page.layout", str(scenes), str(file)], check=True)
    assert file.read_bytes() == before
