"""A catalogue made to attack whoever prints it: no command writes a byte of it that a terminal obeys."""

from __future__ import annotations

import csv
import json
import re
import sys
from itertools import islice
from pathlib import Path

import pytest

from engine.cli import triage
from engine.cli.app import DONE, MISUSED, REFUSED
from indexer import Catalogue, IndexConfig, build_index
from indexer.text.printable import HARMFUL
from tests.engine.cli.running import Done, run

ATTACKS = ("\x1b]0;owned\x07", "\x9b2J", "\u202egnp.exe", "\x1b[31m", "\u2066x", "\u200f", "\x7f\b")
WORDS = ("rain", "grey", "window", "umbrella", "puddle", "neon", "taxi", "skyline", "mirror", "porch", "banjo", "river")
SONGS = "songs \x1b[5m.jsonl"
OURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]")  # how the command itself colours a terminal and draws its bars


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig) -> Path:
    """refrain.db and refrain.index of songs whose every text is an attack, and files that list some of them."""
    folder = tmp_path_factory.mktemp("hostile")
    songs = []
    for i in range(60):
        attack = ATTACKS[i % len(ATTACKS)]
        songs.append(
            {"song_id": f"song-{i}{attack}", "title": f"{WORDS[i % 12]} {i}{attack}", "artist": f"Band {i % 9}{attack}",
             "album": f"Album {attack}", "genres": [f"genre{attack}"], "tags": {f"tag{attack}": 3}, "year": 1960 + i,
             "lyrics": "\n".join(f"{WORDS[(i + j) % 12]} {attack} {WORDS[(i * j) % 12]}" for j in range(4)),
             "energy": i / 60, "tempo": 80.0 + i, "valence": 1 - i / 60}
        )  # fmt: skip
    songs += [{"title": f"refused {attack}", "artist": "x", "energy": f"9{attack}"} for attack in ATTACKS]
    file = folder / SONGS
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
        build_index(catalogue, folder / "refrain.index", tiny_config)
    for name, part in (("like.csv", songs[:20]), ("new.csv", songs[20:40])):
        with (folder / name).open("w", encoding="utf-8", newline="") as table:
            rows = csv.writer(table)
            rows.writerow(["title", "artist"])
            rows.writerows(
                [song["title"], song["artist"]] for song in [*part, {"title": "\x9bgone", "artist": "\x1b["}]
            )
    return folder


def song_ids(folder: Path) -> tuple[str, str]:
    """Two of its songs."""
    with Catalogue(folder / "refrain.db") as catalogue:
        first, second = (song.song_id for song in islice(catalogue.songs(), 2))
    return first, second


COMMANDS = [
    (["find", "rain"], DONE),
    (["find", "\x1b\x9b\u202e"], REFUSED),
    (["songs", "--limit", "100"], DONE),
    (["show", "ID"], DONE),
    (["show", "ID", "--lyrics"], DONE),
    (["show", "\x9bnobody"], REFUSED),
    (["show", "neon"], REFUSED),
    (["similar", "ID", "-k", "50"], DONE),
    (["similar", "ID", "--genre", "\x1b[2J"], MISUSED),
    (["search", "rain neon", "-k", "50"], DONE),
    (["search", "rain", "--mood", "\u202esad"], MISUSED),
    (["recommend", "--seed", "ID", "--avoid", "OTHER"], DONE),
    (["recommend", "--seed", "ID", "--target", "\x1b[2Jx=1"], MISUSED),
    (["playlist", "--seed", "ID", "--length", "30"], DONE),
    (["playlist", "--seed", "ID", "--name", "\x1b]0;x\x07\u202e", "--out", "mix\x9b.csv"], DONE),
    (["path", "ID", "OTHER", "--length", "5"], DONE),
    (["explain", "ID", "OTHER"], DONE),
    (["refused"], DONE),
    (["triage", "--like", "like.csv", "--from", "new.csv"], DONE),
    (["import", "\x1b[31mnowhere.csv"], REFUSED),
    (["import", "SONGS"], DONE),
    (["info", "--index", "\x1b[2J"], REFUSED),
    (["build", "--catalogue", "sqlite:///\x1b[2J/x.db"], REFUSED),
    (["delete", "\u202enobody at all"], REFUSED),
    (["show", "caf\udce9"], REFUSED),
    (["search", "caf\udce9"], MISUSED),
    (["songs", "--genre", "caf\udce9"], MISUSED),
    (["delete", "caf\udce9"], REFUSED),
]


def harmless(done: Done, *, terminal: bool = False) -> None:
    for text in (done.out, done.err):
        rest = OURS.sub("", text) if terminal else text.replace("\n", "")
        assert not HARMFUL.search(rest), ascii(rest)


@pytest.mark.parametrize(("command", "code"), COMMANDS, ids=[ascii(" ".join(command)) for command, _ in COMMANDS])
@pytest.mark.parametrize("form", ["table", "terminal", "json"])
def test_nothing_of_a_catalogue_reaches_the_terminal(folder: Path, command: list[str], code: int, form: str) -> None:
    first, second = song_ids(folder)
    stands_for = {"ID": first, "OTHER": second, "SONGS": SONGS}
    words = [stands_for.get(word, word) for word in command]
    done = run(*words, *(["--json"] if form == "json" else []), cwd=folder, terminal=form == "terminal")
    assert done.code == code, done.err
    harmless(done, terminal=form == "terminal")
    if code == DONE and form == "json":
        json.loads(done.out)
    if code == REFUSED:
        assert len(done.err.splitlines()) == 1


def test_missing_names_are_harmless_too(capsys: pytest.CaptureFixture[str]) -> None:
    triage._missing(Path("x\x1b.csv"), ["\x9b" * 3] * 20)
    printed = capsys.readouterr().err
    assert not HARMFUL.search(printed.replace("\n", ""))
    assert "and 10 more" in printed
    assert sys.stderr.isatty() is False
