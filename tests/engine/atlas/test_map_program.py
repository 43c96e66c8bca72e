"""The program of the map's page, run by node where there is one: its parts that need no browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.atlas.map import EXTENT, PAGE, draw_map, page
from engine.index import OpenIndex
from engine.score.weights import DEFAULT_WEIGHTS
from tests.engine.atlas.reading_maps import Tags, contents, unpacked

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node, which runs the page's program, is not installed")


@pytest.fixture(scope="module")
def html(scenes_index: Path) -> str:
    index = OpenIndex(scenes_index)
    return page(index, draw_map(index, DEFAULT_WEIGHTS["one"], clusters=3))


def in_node(code: str, given: object) -> Any:
    """What `code` returns after points.js, with `given` as its argument."""
    program = (PAGE / "points.js").read_text("utf-8")
    script = f"{program}\nconst given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
    script += f"process.stdout.write(JSON.stringify((() => {{ {code} }})()));"
    done = subprocess.run(
        [str(NODE), "-e", script], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_program_is_javascript(tmp_path: Path, html: str) -> None:
    program = tmp_path / "page.js"
    program.write_text(Tags(html).scripts[1], "utf-8")
    subprocess.run([str(NODE), "--check", str(program)], check=True, capture_output=True)


def test_the_program_reads_the_arrays_and_finds_the_point_under_the_pointer(html: str) -> None:
    data = contents(html)
    x, y = unpacked(data["x"], "<u2"), unpacked(data["y"], "<u2")
    rng = np.random.default_rng(0)
    asked = np.vstack([rng.integers(-5_000, EXTENT + 5_000, (200, 2)), np.stack([x, y], axis=1)[::9]])
    got = in_node(
        """const x = decode(given.x, Uint16Array), y = decode(given.y, Uint16Array);
        const near = decode(given.near, Uint32Array), grid = buildGrid(x, y, 65535);
        const find = ([px, py]) => nearest(grid, x, y, px, py, 4000, (i) => i % 2 === 0);
        return {x: [...x], y: [...y], near: [...near], found: given.asked.map(find)};""",
        {"x": data["x"], "y": data["y"], "near": data["neighbours"], "asked": asked.tolist()},
    )
    assert got["x"] == x.tolist()
    assert got["y"] == y.tolist()
    assert got["near"] == unpacked(data["neighbours"], "<u4").tolist()
    apart = np.hypot(x - asked[:, :1], y - asked[:, 1:])
    apart[:, 1::2] = np.inf
    expected = np.where(apart.min(axis=1) <= 4000, apart.argmin(axis=1), -1)
    assert got["found"] == expected.tolist()
    assert -1 in expected
    assert (expected >= 0).sum() > 10


def test_search_forgives_accents_and_puts_beginnings_first() -> None:
    names = ["Tía Soltera", "My TIA", "Tiananmen Sunday", "Soltera tía", "Nothing"]
    found = in_node(
        """const names = given.map(fold);
        const asked = [[" TÍA ", 9], ["soltera tia", 9], ["i", 2], [" ", 9]];
        return asked.map(([text, most]) => search(names, text, most))""",
        names,
    )
    assert found == [
        {"found": [0, 2, 1, 3], "total": 4},
        {"found": [3, 0], "total": 2},
        {"found": [0, 1], "total": 5},
        {"found": [], "total": 0},
    ]


def test_zoom_keeps_what_is_under_the_pointer_and_fits_what_it_should() -> None:
    rng = np.random.default_rng(1)
    zooms = [
        [{"x": 5.0, "y": 9.0, "scale": float(s)}, float(f), float(px), float(py)]
        for s, f, px, py in rng.uniform([0.1, 0.2, 0, 0], [5, 4, 600, 600], (50, 4))
    ]
    after = in_node("return given.map(([v, f, px, py]) => zoomAt(v, f, px, py, 800, 600, 0.5, 8))", zooms)
    for (view, factor, px, py), new in zip(zooms, after, strict=True):
        assert new["scale"] == pytest.approx(min(8, max(0.5, view["scale"] * factor)))
        for name, at, size in (("x", px, 800), ("y", py, 600)):
            before = view[name] + (at - size / 2) / view["scale"]
            assert new[name] + (at - size / 2) / new["scale"] == pytest.approx(before)
    fitted = in_node("return fitView(100, 200, 900, 300, 860, 660)", None)
    assert fitted == {"x": 500, "y": 250, "scale": 1}


def test_labels_never_overlap_and_the_first_has_its_place() -> None:
    rng = np.random.default_rng(2)
    boxes = [
        {"x": float(x), "y": float(y), "width": float(w), "height": 20.0}
        for x, y, w in zip(rng.uniform(60, 740, 80), rng.uniform(20, 580, 80), rng.uniform(20, 110, 80), strict=True)
    ]
    fits = in_node("return declutter(given, 800, 600)", boxes)
    kept = [box for box, fit in zip(boxes, fits, strict=True) if fit]
    assert fits[0]
    assert 10 < len(kept) < 80

    def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
        return abs(a["x"] - b["x"]) < (a["width"] + b["width"]) / 2 and abs(a["y"] - b["y"]) < 20

    assert not any(overlap(a, b) for a, b in combinations(kept, 2))
    for box, fit in zip(boxes, fits, strict=True):
        assert fit or any(overlap(box, other) for other in kept), "what has room is shown"


def test_discs_are_painted_where_the_view_shows_them() -> None:
    view = {"x": 0, "y": 0, "scale": 2}
    painted = in_node(
        """const pixels = new Uint32Array(41 * 31).fill(0xffffffff);
        const points = {x: [3, -5, 900], y: [-4, 2, 0], cluster: [0, 1, 0]};
        paint(pixels, 41, 31, given, 1, points, stamp(1, 1), [0xff0000ff, 0xff00ff00], [true, false]);
        return [[...pixels].map((pixel, at) => [at, pixel]).filter(([, pixel]) => pixel !== 0xffffffff),
          mix(0xff102030, 0xffa0b0c0, 0), mix(0xff102030, 0xffa0b0c0, 256), mix(0xff000000, 0xffffffff, 128)]""",
        view,
    )
    # The middle of 41 x 31 is 20.5, 15.5: the point lies 6 right of it and 8 above. Its edge is half covered.
    middle = 8 * 41 + 27
    pixels = dict(painted[0])
    assert sorted(pixels) == [middle + step for step in (-42, -41, -40, -1, 0, 1, 40, 41, 42)]
    assert pixels[middle] == 0xFF0000FF
    assert {pixels[middle + step] for step in (-41, -1, 1, 41)} == {0xFF7F7FFF}
    assert painted[1:] == [0xFF102030, 0xFFA0B0C0, 0xFF7F7F7F]
