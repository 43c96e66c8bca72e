"""Commands that keep a catalogue and its index, on a catalogue of one's own."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from engine.cli.app import DONE, REFUSED, STOPPED
from indexer.catalogue import Catalogue
from tests.engine.cli.running import run
from tests.engine.cli.shapes import NUMBER, Each, misfits

STAGE = {"name": str, "action": str, "reason": str}
BUILT = {
    "kind": str, "index": str, "generation": int, "songs": int, "added": int, "changed": int, "removed": int,
    "stages": [{**STAGE, "seconds": NUMBER}], "notes": [str],
}  # fmt: skip
MODEL = {"learned": bool, "songs": int, "playlists": int, "date": str, "why": str}


@pytest.fixture
def own(tmp_path: Path, tiny_encoder: Path) -> Path:
    """A folder with songs.jsonl and a configuration whose builds take a second."""
    lines = [
        {"title": f"{word.title()} Song", "artist": f"Band {i % 3}",
         "lyrics": f"{word} in the {word} morning\n{word} again",
         "energy": i / 10, "tempo": 90 + i, "year": 1990 + i}
        for i, word in enumerate(["copper", "velvet", "marble", "timber", "cotton", "granite"])
    ]  # fmt: skip
    (tmp_path / "songs.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (tmp_path / "config.toml").write_text(f'[encoder]\nmodel = "{tiny_encoder}"\nwindow = 64\n', "utf-8")
    return tmp_path


def test_the_whole_road_on_a_file_of_ones_own(own: Path) -> None:
    imported = run("import", "songs.jsonl", "--json", cwd=own).json
    assert imported["imports"][0]["counts"]["songs"]["added"] == 6
    assert run("import", "songs.jsonl", "--json", cwd=own).json["imports"][0]["counts"]["songs"]["unchanged"] == 6
    plan = run("build", "--config", "config.toml", "--plan", "--json", cwd=own).json
    assert misfits(plan["stages"], [{**STAGE, "rows": int}]) == []
    assert not (own / "refrain.index").exists(), "a plan does nothing"
    built = run("build", "--config", "config.toml", "--json", cwd=own).json
    assert misfits(built, BUILT) == []
    assert (built["kind"], built["songs"]) == ("built", 6)
    assert run("build", "--config", "config.toml", cwd=own).out == "refrain.index: nothing changed, 6 songs\n"
    update = run("update", "--json", cwd=own).json
    assert update["kind"] == "unchanged", "what could not be learned is not tried again while nothing has changed"
    assert run("verify", "--json", cwd=own).json == {"sound": True, "problems": []}
    found = run("search", "velvet in the velvet morning", "--json", cwd=own).json["songs"]
    assert (found[0]["title"], found[0]["line"]) == ("Velvet Song", "velvet in the velvet morning")
    assert run("playlist", "--seed", "Velvet Song", "--length", "3", "--out", "mix.m3u8", cwd=own).code == DONE
    assert (own / "mix.m3u8").read_text("utf-8").startswith("#EXTM3U")
    deleted = run("delete", "Velvet Song, Band 1", "--yes", "--json", cwd=own)
    assert [song["title"] for song in deleted.json["deleted"]] == ["Velvet Song"]
    assert "run `refrain update`" in deleted.err
    assert run("update", "--json", cwd=own).json["removed"] == 1
    assert run("show", "Velvet Song, Band 1", cwd=own).code == REFUSED
    staged = run("build", "--config", "config.toml", "--stage", "moods", "--json", cwd=own).json
    assert {stage["name"]: stage["action"] for stage in staged["stages"]}["moods"] != "keep"


def test_info_says_what_was_learned(place: dict[str, str]) -> None:
    shape = {
        "index": str, "generation": int, "built": str, "bytes": int, "songs": int, "with_lyrics": int,
        "with_audio": int, "deleted": int, "playlists": int, "parts": Each(int, 2), "encoder": dict,
        "models": Each(MODEL, 2), "weights": {"one": Each(NUMBER, 5), "several": Each(NUMBER, 5)}, "config": dict,
        "libraries": dict,
    }  # fmt: skip
    assert misfits(run("info", "--json", env=place).json, shape) == []
    assert run("info", env=place).code == DONE


@pytest.fixture
def catalogue(demo_catalogue: Path, tmp_path: Path) -> dict[str, str]:
    """A copy of the bundled catalogue, to delete from; its index is not there."""
    shutil.copy(demo_catalogue, tmp_path / "refrain.db")
    return {"REFRAIN_CATALOGUE": str(tmp_path / "refrain.db"), "REFRAIN_INDEX": str(tmp_path / "nothing")}


def songs_of(place: dict[str, str]) -> list[str]:
    with Catalogue(place["REFRAIN_CATALOGUE"]) as opened:
        return [song.song_id for song in opened.songs()]


def test_songs_are_deleted_by_id_or_name(catalogue: dict[str, str], demo_index: Path) -> None:
    first, second, *rest = songs_of(catalogue)
    done = run("delete", first, second, first, "-y", env=catalogue)
    assert (done.code, done.out) == (DONE, "")
    assert done.err.endswith("2 songs deleted; run `refrain update` to take their words out of the index\n")
    assert songs_of(catalogue) == rest
    named = run(
        "delete",
        "Chlorine Hair, Milkthistle Year",
        "--json",
        typed="y\n",
        env={**catalogue, "REFRAIN_INDEX": str(demo_index)},
    )
    assert [song["title"] for song in named.json["deleted"]] == ["Chlorine Hair"]
    assert len(songs_of(catalogue)) == len(rest) - 1


@pytest.mark.parametrize("name", ["Chlorine Hair, Milkthistle Yeah", "Chlorine Hair", "no-such-id", "caf\udce9"])
def test_what_is_not_named_exactly_is_not_deleted(catalogue: dict[str, str], demo_index: Path, name: str) -> None:
    first, *_ = before = songs_of(catalogue)
    for index in (catalogue["REFRAIN_INDEX"], str(demo_index)):
        done = run("delete", first, name, "--yes", env={**catalogue, "REFRAIN_INDEX": index})
        assert (done.code, done.out) == (REFUSED, "")
        assert len(done.err.splitlines()) == 1
        assert "nothing was deleted" in done.err
        assert songs_of(catalogue) == before


@pytest.mark.parametrize(("reply", "deleted"), [("y\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_a_person_is_asked_first(catalogue: dict[str, str], reply: str, deleted: int) -> None:
    before = songs_of(catalogue)
    done = run("delete", before[0], typed=reply, env=catalogue)
    assert len(songs_of(catalogue)) == len(before) - deleted
    assert done.code == (DONE if deleted else STOPPED)
    assert before[0] in done.err, "what will be deleted is named before the question"


def test_imports_report_what_they_refused(tmp_path: Path) -> None:
    (tmp_path / "songs.jsonl").write_text(
        '{"title": "A", "artist": "B"}\n{"title": "C", "artist": "D", "energy": 900}\n'
    )
    done = run("import", "songs.jsonl", cwd=tmp_path)
    assert done.code == DONE
    assert "row 2: C: energy is 900" in done.err
    assert "energy is 900" in run("refused", cwd=tmp_path).out
    remark = {"file": str, "what": str, "kind": str, "count": int, "rows": [int]}
    refusal = {"file": str, "row": int, "what": str, "reason": str, "kind": str, "count": int}
    remarks = run("refused", "--json", cwd=tmp_path).json
    refusals = run("refused", "--rows", "--json", cwd=tmp_path).json
    assert misfits(remarks, {"remarks": [remark]}) + misfits(refusals, {"refused": [refusal]}) == []
    assert len(remarks["remarks"]) == len(refusals["refused"]) == 1


def test_a_file_whose_name_is_no_text_is_imported_or_refused_in_a_line(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jsonl")
    (tmp_path / name).write_text('{"title": "A", "artist": "B"}\n', "utf-8")
    done = run("import", name, cwd=tmp_path)
    assert done.code in (DONE, REFUSED)
    assert "caf" in done.out + done.err
    assert "Traceback" not in done.err


@pytest.mark.slow  # builds the bundled index again
def test_the_demo_as_json(tmp_path: Path) -> None:
    value = run("demo", "--folder", "here", "--json", cwd=tmp_path).json
    assert {"catalogue", "index", "playlist", "search"} == set(value)
    assert len(value["playlist"]["songs"]) == 10
    assert len(value["search"]["songs"]) == 5
