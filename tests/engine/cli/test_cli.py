"""The command line as a user meets it: data on stdout, the rest on stderr, one line for an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import app


def run(
    *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    code = "from engine.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=cwd, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).parents[3]), **(env or {})},
    )  # fmt: skip


@pytest.fixture
def place(demo_index: Path) -> dict[str, str]:
    return {"REFRAIN_INDEX": str(demo_index), "REFRAIN_CATALOGUE": str(demo_index.with_name("refrain.db"))}


@pytest.mark.parametrize(
    "command",
    [
        ["find", "landlord boat", "--json"],
        ["similar", "Chlorine Hair", "-k", "3", "--year", "1980..1999", "--json"],
        ["search", '"bought a boat"', "--json"],
        ["search", "--mood", "angry", "--mood", "tender", "--json"],
        ["moods", "Chlorine Hair", "--json"],
        ["recommend", "--seed", "Chlorine Hair", "--target", "energy=0.8", "--min", "tempo=60", "--json"],
        ["playlist", "--seed", "Chlorine Hair", "--length", "5", "--arc", "rise", "--json"],
        ["path", "Chlorine Hair", "Tía Soltera", "--length", "4", "--json"],
        ["explain", "Chlorine Hair", "High Board", "--json"],
        ["info", "--json"],
        ["refused", "--json"],
    ],
    ids=lambda command: "-".join(command[:2]),
)
def test_json_is_all_that_stands_on_stdout(place: dict[str, str], command: list[str]) -> None:
    done = run(*command, env=place)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) is not None


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["similar", "No Such Song At All Anywhere"], "nearest:"),
        (["similar", "Chlorine Hair", "-k", "0"], "expected 1"),
        (["similar", "Chlorine Hair", "--year", "1999..1990"], "range is empty"),
        (["similar", "Chlorine Hair", "--where", "enrgy=0.5"], "no filter is called"),
        (["similar", "Chlorine Hair", "--genre", "polkacore"], "no song has the genre"),
        (["recommend"], "expected a seed song"),
        (["moods", "Chlorine Hair", "--audio", "energy=0.5"], "expected a song, or else lyrics or audio"),
        (["recommend", "--seed", "Chlorine Hair", "--target", "energy=9"], "expected 0..1"),
        (["recommend", "--seed", "Chlorine Hair", "--target", "energy"], "expected NAME=VALUE"),
        (["search", " "], "query is empty"),
        (["playlist", "--seed", "Chlorine Hair", "--out", "mix.mp3"], "expected one of .m3u8"),
        (["playlist", "--seed", "Chlorine Hair", "--arc", "zigzag"], "expected one of flat"),
        (["find", "boat", "--index", "/nowhere/at/all"], "refrain build"),
        (["build", "--catalogue", "/nowhere/at/all.db"], "refrain import"),
        (["import", "/nowhere/at/all.csv"], "all.csv"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_an_error_is_one_line_without_a_traceback(place: dict[str, str], command: list[str], message: str) -> None:
    done = run(*command, env=place)
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.startswith("refrain: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.slow  # four of its processes load torch and sentence-transformers, ten seconds each
def test_the_whole_road_on_a_file_of_ones_own(tmp_path: Path, tiny_encoder: Path) -> None:
    lines = [
        {"title": f"{word.title()} Song", "artist": f"Band {i % 3}",
         "lyrics": f"{word} in the {word} morning\n{word} again",
         "energy": i / 10, "tempo": 90 + i, "year": 1990 + i}
        for i, word in enumerate(["copper", "velvet", "marble", "timber", "cotton", "granite"])
    ]  # fmt: skip
    (tmp_path / "songs.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (tmp_path / "config.toml").write_text(f'[encoder]\nmodel = "{tiny_encoder}"\nwindow = 64\n', "utf-8")
    imported = run("import", "songs.jsonl", "--json", cwd=tmp_path)
    assert json.loads(imported.stdout)[0]["counts"]["songs"]["added"] == 6
    again = run("import", "songs.jsonl", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)[0]["counts"]["songs"]["unchanged"] == 6
    assert json.loads(run("build", "--config", "config.toml", "--json", cwd=tmp_path).stdout)["songs"] == 6
    assert json.loads(run("update", "--json", cwd=tmp_path).stdout)["kind"] == "unchanged"
    assert json.loads(run("verify", "--json", cwd=tmp_path).stdout) == {"sound": True, "problems": []}
    found = json.loads(run("search", "velvet in the velvet morning", "--json", cwd=tmp_path).stdout)
    assert found[0]["title"] == "Velvet Song"
    assert found[0]["line"] == "velvet in the velvet morning"
    made = run("playlist", "--seed", "Velvet Song", "--length", "3", "--out", "mix.m3u8", cwd=tmp_path)
    assert made.returncode == 0
    assert (tmp_path / "mix.m3u8").read_text("utf-8").startswith("#EXTM3U")
    (tmp_path / "words.txt").write_text("granite in the morning", "utf-8")
    by_content = run("recommend", "--seed-lyrics", "words.txt", "--seed-audio", "energy=0.5", "--json", cwd=tmp_path)
    assert json.loads(by_content.stdout)[0]["title"] == "Granite Song"


def test_every_command_has_help_and_the_readme_names_it() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")
    names = [c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands]
    assert all(c.callback is not None and c.callback.__doc__ for c in app.registered_commands)
    assert [name for name in names if f"refrain {name}" not in readme] == []
