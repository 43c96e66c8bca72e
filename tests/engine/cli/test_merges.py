"""`refrain merges`: the list, the near ones, and undoing one."""

from __future__ import annotations

import json
from pathlib import Path

from engine.cli.app import DONE, MISUSED, REFUSED
from tests.engine.cli.running import run

S1, S2 = "1" * 22, "2" * 22


def import_rows(folder: Path, name: str, *songs: dict[str, object]) -> str:
    (folder / name).write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    return run("import", name, cwd=folder).err


def test_merges_are_listed_and_undone(tmp_path: Path) -> None:
    road = {"title": "Salt Road", "artist": "Marrow"}
    import_rows(tmp_path, "features.jsonl", road | {"spotify_id": S1, "energy": 0.5})
    said = import_rows(tmp_path, "lyrics.jsonl", road | {"lyrics": "la"}, road | {"spotify_id": S2})
    assert "1 row met songs of other files by artist and title" in said
    assert "1 row became other songs than those of their name" in said
    (merge,) = run("merges", "--json", cwd=tmp_path).json["merges"]
    assert (merge["song_id"], merge["file"], merge["replaced"]) == (S1, "lyrics.jsonl", ["lyrics"])
    assert "another spotify id" in run("merges", "--near", cwd=tmp_path).out
    wrong = run("merges", "--undo", S2, cwd=tmp_path)
    assert (wrong.code, len(wrong.err.splitlines())) == (REFUSED, 1)
    done = run("merges", "--undo", S1, "lyrics.jsonl", "--json", cwd=tmp_path)
    assert done.code == DONE
    assert done.json["separated"]["new_id"] == "marrow|salt road"
    assert run("merges", "--json", cwd=tmp_path).json == {"merges": []}


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    import_rows(tmp_path, "a.jsonl", {"title": "A", "artist": "B"})
    assert run("merges", "a.jsonl", cwd=tmp_path).code == MISUSED
    assert run("merges", "--near", "--undo", "x", cwd=tmp_path).code == MISUSED
