"""The command as a whole: help, usage, exit codes, errors of the world, bugs, and what a shell does to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.main import get_command

from engine.cli import admin, browse
from engine.cli.app import BUG, MISUSED, REFUSED, STOPPED, app
from engine.cli.options import FilterOptions, milliseconds, numbers
from engine.engine import Engine
from indexer.catalogue import Catalogue
from tests.engine.cli.running import run

ROOT = Path(__file__).parents[3]
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]
HEAVY = {"torch", "keras", "sklearn", "numpy", "faiss", "tantivy", "sqlalchemy", "rapidfuzz"}


def process(*arguments: str, **options: object) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "engine.cli", *arguments], text=True, env=env, **options)  # type: ignore[call-overload, no-any-return]


# Help and usage.


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help(command: str, option: str) -> None:
    done = run(*filter(None, [command, option]))
    assert (done.code, done.err) == (0, "")
    assert "Usage: refrain" in done.out
    assert "…" not in done.out, "nothing is cut"


def test_help_names_every_command_and_the_readme_too() -> None:
    help, readme = run("--help").out, (ROOT / "README.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"│ {name} " not in help] == []
    assert run().out.strip() == help.strip()
    assert [name for name in COMMANDS if f"refrain {name}" not in readme and f"`{name}`" not in readme] == []


def test_filters_stand_apart_from_the_options_of_a_command() -> None:
    shown = run("playlist", "-h").out
    own, _, filters = shown.partition("Filters: every song meets them all")
    assert "--arc" in own
    assert "--year" in filters
    assert "--year" not in own


def test_version() -> None:
    done = run("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("refrain ")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["dance"], "No such command 'dance'"),
        (["find"], "Missing argument 'WORDS'"),
        (["find", "x", "--colour"], "No such option: --colour"),
        (["playlist", "--arc", "zigzag"], "'flat', 'rise', 'fall', 'peak', 'wave'"),
        (["songs", "--explicit", "maybe"], "'yes', 'no'"),
        (["songs", "--has", "video"], "'lyrics', 'audio'"),
        (["recommend", "--target", "energy"], "expected NAME=VALUE"),
        (["recommend", "--weight", "era=much"], "expected a number"),
        (["playlist", "--duration-total", "long"], "expected h:mm:ss, mm:ss or minutes"),
        (["playlist", "--out", "mix.mp3"], "expected one of .m3u8, .xspf, .jspf, .csv, .json"),
        (["songs", "--sort", "colour"], "'colour', expected one of name, artist"),
        (["recommend", "--target", "energy=0.1", "--target", "energy=0.9"], "energy is given twice"),
        (["recommend", "--weight", "era=1,era=2"], "era is given twice"),
        (["recommend", "--seed-audio", "tempo=90,tempo=91"], "tempo is given twice"),
        (["moods", "--audio", "energy=0.1,energy=0.9"], "energy is given twice"),
        (["songs", "--where", "tempo=90..,tempo=..80"], "tempo is given twice"),
        (["songs", "--tempo", "90..", "--where", "tempo=..80"], "tempo is given twice"),
        (["moods"], "expected a song, or else --lyrics or --audio"),
        (["moods", "x", "-k", "0"], "greater than or equal to 1"),
        (["moods", "--lyrics", "nowhere.txt"], "'nowhere.txt' does not exist"),
        (["build", "--config", "."], "is a directory"),
        (["find", "\x1b]0;x\x07", "\x9b31m"], r"(\x9b31m)"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_misuse_is_one_line_and_exit_code_2(place: dict[str, str], command: list[str], message: str) -> None:
    done = run(*command, env=place)
    assert (done.code, done.out) == (MISUSED, ""), done
    assert message in done.err
    assert done.err.startswith("refrain: ")
    assert len(done.err.splitlines()) == 1
    assert "\x1b" not in done.err


def test_choices_and_endings_are_those_of_the_library() -> None:
    from engine.bounds import Arc
    from engine.query.filters import HAVE, RANGES, WORDS

    by_name = {name: {p.name: p for p in command.params} for name, command in COMMANDS.items()}
    assert tuple(by_name["playlist"]["arc"].type_descriptor.choices) == get_args(Arc)
    assert tuple(each.value for each in by_name["songs"]["has"].type_descriptor.choices) == HAVE
    own = set(FilterOptions.__dataclass_fields__) - {"duration", "where"}
    assert own <= {*WORDS, *RANGES, "explicit", "has"}
    assert set(WORDS) <= own


def test_one_thing_has_one_name() -> None:
    names = {option for command in COMMANDS.values() for p in command.params for option in p.opts}
    assert {"--mood-not", "--min", "--max"}.isdisjoint(names)
    assert {"--not-mood", "--liked", "--skipped", "--exclude", "--exclude-from", "--weight", "--with-seeds"} <= names
    for command in COMMANDS.values():
        for parameter in command.params:
            long = [option.removeprefix("--") for option in parameter.opts if option.startswith("--")]
            assert all(name == name.lower().replace("_", "-") for name in long)


def test_values_of_options() -> None:
    assert numbers("--target", ["energy=0.8,tempo=120", "in-love=1"]) == {"energy": 0.8, "tempo": 120.0, "in_love": 1.0}
    assert [milliseconds("", text) for text in ("1:00:00", "60:00", "60", "0:30", "1.5")] == [
        3_600_000, 3_600_000, 3_600_000, 30_000, 90_000,
    ]  # fmt: skip
    for text in ("", "1:2:3:4", "-5", "a", "1:", "60:99", "1:60:00"):
        with pytest.raises(typer.BadParameter):
            milliseconds("", text)


# Errors.


def test_a_bug_is_called_one(monkeypatch: pytest.MonkeyPatch, place: dict[str, str]) -> None:
    def broken(*_: object) -> None:
        raise ValueError("operands could not be broadcast\x1b[2J")

    monkeypatch.setattr(Engine, "answer", broken)
    done = run("find", "boat", env=place)
    assert (done.code, done.out) == (BUG, "")
    last = done.err.splitlines()[-1]
    assert "a bug of this program" in last
    assert "ValueError: operands could not be broadcast" in last
    assert "in broken" in done.err
    assert "\x1b" not in done.err


@pytest.mark.parametrize("error", [KeyboardInterrupt, typer.Abort])
def test_stopping_says_so(monkeypatch: pytest.MonkeyPatch, place: dict[str, str], error: type[BaseException]) -> None:
    def stopped(*_: object) -> None:
        raise error

    monkeypatch.setattr(Engine, "answer", stopped)
    done = run("find", "boat", env=place)
    assert (done.code, done.out) == (STOPPED, "")
    assert done.err == "refrain: stopped; what was there before is unchanged\n"


def test_a_refusal_of_the_system_names_the_file(monkeypatch: pytest.MonkeyPatch, place: dict[str, str]) -> None:
    errors = {
        "refrain: the system refused caf\\xe9.db: Permission denied; nothing was changed\n": PermissionError(
            13, "Permission denied", os.fsdecode(b"caf\xe9.db")
        ),
        "refrain: x.json is a folder, expected a file; nothing was changed\n": IsADirectoryError(21, "Is", "x.json"),
        "refrain: the system refused: No space left on device; nothing was changed\n": OSError(
            28, "No space left on device"
        ),
    }
    for text, error in errors.items():

        def refuse(*_: object, error: OSError = error) -> None:
            raise error

        monkeypatch.setattr(Engine, "answer", refuse)
        done = run("find", "boat", env=place)
        assert (done.code, done.out, done.err) == (REFUSED, "", text)


def test_an_index_called_by_a_dot(demo_index: Path) -> None:
    assert run("find", "boat", "--index", ".", cwd=demo_index).code == 0
    assert run("find", "boat", "--index", "..", cwd=demo_index / "generations").code == 0


def test_weights_of_another_index_are_a_note_and_no_error(demo_index: Path, tmp_path: Path) -> None:
    index = shutil.copytree(demo_index, tmp_path / "ix", symlinks=True)
    content = {"format": 2, "fingerprint": "0" * 64, "weights": {}}
    (tmp_path / "ix.weights.json").write_text(json.dumps(content), "utf-8")
    done = run("find", "boat", "--index", str(index), "--json")
    assert done.json["songs"]
    assert len(done.err.splitlines()) == 1
    assert "ix.weights.json" in done.err


def test_completion_knows_commands_options_and_choices() -> None:
    def completed(line: str) -> list[str]:
        words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
        return run(env={"_REFRAIN_COMPLETE": "complete_bash", **words}).out.split()

    assert completed("refrain play") == ["playlist"]
    assert completed("refrain playlist --arc ") == ["flat", "rise", "fall", "peak", "wave"]
    assert "--exclude-from" in completed("refrain similar --exclude")


# Real processes: what only the system can do to a command.


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from engine.cli.app import main\n"
        "with contextlib.redirect_stdout(io.StringIO()): main(['playlist', '--help'])\n"
        f"print(sorted(set(sys.modules) & {HEAVY!r}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.strip() == "[]"
    times = []
    for _ in range(3):
        before = os.times()
        assert process("--help", stdout=subprocess.DEVNULL).wait() == 0
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.5, "0.2 s of a processor with nothing else to do"


def test_a_reader_that_leaves_is_no_error(place: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        command = process("find", "boat", "--index", place["REFRAIN_INDEX"], stdout=pipe, stderr=subprocess.PIPE)
        _, errors = command.communicate(timeout=60)
    assert errors == ""
    assert command.returncode == REFUSED


def test_control_c_stops_an_import(tmp_path: Path) -> None:
    # A shell starts what runs in the background with SIGINT ignored, and whoever ignores it hands that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with (tmp_path / "songs.csv").open("w") as file:
        file.write("title,artist\n")
        file.writelines(f"Song {i},Band {i % 97}\n" for i in range(400_000))
    command = process("import", "songs.csv", "--quiet", cwd=tmp_path, stderr=subprocess.PIPE)
    signal.signal(signal.SIGINT, before)
    while not (tmp_path / "refrain.db").exists() and command.poll() is None:
        time.sleep(0.05)
    command.send_signal(signal.SIGINT)
    _, errors = command.communicate(timeout=60)
    assert errors == "refrain: stopped; what was there before is unchanged\n"
    assert command.returncode == STOPPED
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        assert len(catalogue) == 0


def test_groups_do_not_import_the_whole() -> None:
    for module in (admin, browse):
        assert not hasattr(module, "app")
