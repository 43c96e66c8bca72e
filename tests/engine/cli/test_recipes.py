"""Recipes on the command line: an answer's request gets a name, and is answered again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.cli.app import MISUSED, REFUSED
from tests.engine.cli.running import run


@pytest.fixture
def place(demo_index: Path, tmp_path: Path) -> dict[str, str]:
    """A copy of the demo, whose recipes are its own."""
    shutil.copytree(demo_index, tmp_path / "refrain.index", symlinks=True)
    return {"REFRAIN_INDEX": str(tmp_path / "refrain.index")}


def test_save_list_run_delete(place: dict[str, str], tmp_path: Path) -> None:
    assert run("recipe", "list", "--json", env=place).json == {"recipes": {}, "unreadable": {}}
    made = run("playlist", "--seed", "Chlorine Hair", "--length", "5", "--arc", "rise", "--json", env=place)
    assert run("recipe", "save", "five up", "-", env=place, typed=made.out).code == 0
    assert run("recipe", "run", "five up", "--json", env=place).json == made.json
    (tmp_path / "search.json").write_text('{"kind": "search", "text": "dog", "k": 3}')
    assert run("recipe", "save", "dogs", str(tmp_path / "search.json"), env=place).code == 0
    assert len(run("recipe", "run", "dogs", "--json", env=place).json["songs"]) == 3
    listed = run("recipe", "list", env=place).out
    assert "five up" in listed
    assert "dogs" in listed
    out = tmp_path / "five.m3u8"
    assert run("recipe", "run", "five up", "--out", str(out), env=place).code == 0
    assert out.read_text().startswith("#EXTM3U")
    assert run("recipe", "delete", "dogs", env=place).code == 0
    assert list(run("recipe", "list", "--json", env=place).json["recipes"]) == ["five up"]


@pytest.mark.parametrize(
    ("words", "typed", "code", "message"),
    [
        (["run", "nothing"], "", REFUSED, "no recipe is called"),
        (["delete", "nothing"], "", REFUSED, "no recipe is called"),
        (["save", "x", "-"], "{", MISUSED, "no JSON"),
        (["save", "x", "-"], "[1]", MISUSED, "an object with its kind"),
        (["save", "x", "-"], '{"kind": "search", "words": 1}', MISUSED, "no field"),
        (["save", " ", "-"], '{"kind": "search"}', MISUSED, "name"),
        (["save", "x", "/nowhere/at-all.json"], "", REFUSED, "No such file"),
    ],
)
def test_what_is_no_recipe_is_one_line(
    place: dict[str, str], words: list[str], typed: str, code: int, message: str
) -> None:
    done = run("recipe", *words, env=place, typed=typed)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_only_playlists_are_written_to_a_file(place: dict[str, str], tmp_path: Path) -> None:
    assert run("recipe", "save", "dogs", "-", env=place, typed='{"kind": "search", "text": "dog"}').code == 0
    done = run("recipe", "run", "dogs", "--out", str(tmp_path / "x.m3u8"), env=place)
    assert done.code == MISUSED
    assert "the recipe is a search" in done.err


def test_a_recipe_of_another_version_is_said_and_deleted(place: dict[str, str], tmp_path: Path) -> None:
    assert run("recipe", "save", "dogs", "-", env=place, typed='{"kind": "search", "text": "dog"}').code == 0
    with closing(sqlite3.connect(tmp_path / "refrain.index.sessions.db")) as connection, connection:
        connection.execute("INSERT INTO recipes VALUES (?, ?)", ("old", '{"kind":"playlist","gone_field":1}'))
    listed = run("recipe", "list", env=place)
    assert (listed.code, "dogs" in listed.out, "old" in listed.out) == (0, True, False)
    assert "'old' cannot be read" in listed.err
    assert "gone_field" in run("recipe", "run", "old", env=place).err
    assert run("recipe", "delete", "old", env=place).code == 0
    assert run("recipe", "list", env=place).err == ""


def test_without_an_index_it_says_so(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere" / "refrain.index")
    for words in (["run", "mine"], ["list"], ["delete", "mine"], ["save", "mine", "-"]):
        done = run("recipe", *words, "--index", nowhere, typed='{"kind": "search", "text": "dog"}')
        assert done.code == REFUSED
        assert f"there is no index at {nowhere}" in done.err


def test_a_missing_folder_is_named_before_the_work(place: dict[str, str], tmp_path: Path) -> None:
    made = '{"kind": "playlist", "text": "dog"}'
    assert run("recipe", "save", "dogs", "-", env=place, typed=made).code == 0
    done = run("recipe", "run", "dogs", "--out", str(tmp_path / "nowhere" / "dogs.m3u8"), env=place)
    assert done.code == REFUSED
    assert f"the system refused {tmp_path / 'nowhere'}: No such file" in done.err
    assert ".new" not in done.err
