"""Commands that write beside another writer, and `refrain update --watch`: real processes, which are killed, too."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.cli.app import BUSY, DONE, MISUSED
from indexer import Catalogue, IndexConfig, build_index
from indexer.store.generations import verify
from indexer.store.locks import writer_lock
from tests.engine.cli.running import run
from tests.indexer.catalogues import rows

ENDS_S = 60
SONGS = [
    {"song_id": f"s{i}", "title": f"Rain {i}", "artist": f"Ada {i % 3}", "lyrics": f"rain on the roof {i}"}
    for i in range(12)
]


@pytest.fixture(scope="module")
def small(tiny_config: IndexConfig, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """refrain.db and refrain.index of ten songs, to copy."""

    def make(folder: Path) -> None:
        with Catalogue(folder / "refrain.db") as catalogue:
            catalogue.load(rows(folder, *SONGS[:10], name="ten.jsonl"))
            build_index(catalogue, folder / "refrain.index", tiny_config)

    return once("small-for-writers", make)


@pytest.fixture
def own(small: Path, tmp_path: Path) -> Path:
    """A copy of it, with an empty folder `inbox`."""
    shutil.copytree(small, tmp_path, dirs_exist_ok=True)
    (tmp_path / "inbox").mkdir()
    return tmp_path


@contextmanager
def started(*words: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """`refrain WORDS` as a process of its own; its stderr goes to the file err.txt."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with (cwd / "err.txt").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", *words],
            cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=err, text=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def until(done: Callable[[], Any]) -> Any:
    """What `done` returns when it is true."""
    deadline = time.monotonic() + ENDS_S
    while not (result := done()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


@pytest.mark.parametrize("command", ["update", "build"])
def test_who_writes_an_index_is_named_to_those_that_will_not_wait(own: Path, command: str) -> None:
    with writer_lock(own / "refrain.index"):
        done = run(command, "--no-wait", cwd=own)
    assert (done.code, done.out) == (BUSY, "")
    assert f"refrain.index is being written by process {os.getpid()} (" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("words", ["import ten.jsonl", "delete s1 --yes", "merges --undo s1"])
def test_who_writes_a_catalogue_is_named_to_those_that_will_not_wait(own: Path, words: str) -> None:
    code = (
        "import sqlite3; c = sqlite3.connect('refrain.db', isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE'); print('in', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        done = run(*words.split(), "--no-wait", cwd=own)
        writer.kill()
    assert done.code == BUSY
    assert "refrain.db is being written by " in done.err
    if Path("/proc/locks").exists():
        assert f"by process {writer.pid} (python) since " in done.err


@pytest.mark.slow
def test_an_update_waits_for_another_writer_and_says_for_whom(own: Path) -> None:
    with Catalogue(own / "refrain.db") as catalogue:
        catalogue.load(rows(own, *SONGS[10:], name="more.jsonl"))
    with ExitStack() as stack:
        with writer_lock(own / "refrain.index"):
            second = stack.enter_context(started("update", "--json", cwd=own))
            line = until((own / "err.txt").read_text)
            assert f"by process {os.getpid()} (" in line
            assert line.endswith("waiting until that has ended\n")
            with Catalogue(own / "refrain.db") as catalogue:
                catalogue.delete(["s0"])
            assert second.poll() is None
        out, _ = second.communicate(timeout=ENDS_S)
    assert second.returncode == DONE
    report = json.loads(out)
    assert (report["added"], report["removed"]) == (2, 1), "what was deleted while it waited is in it"


def test_a_watch_waits_for_nobody_but_writers(own: Path) -> None:
    done = run("update", "--watch", "inbox", "--no-wait", cwd=own)
    assert done.code == MISUSED
    assert run("update", "--watch", "nowhere", cwd=own).code == MISUSED


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_watch_publishes_what_appears_until_a_signal_ends_it(own: Path, number: signal.Signals) -> None:
    with started("update", "--watch", "inbox", "--json", cwd=own) as watch:
        assert watch.stdout is not None
        begun = json.loads(watch.stdout.readline())
        assert begun["published"]["kind"] == "unchanged"
        rows(own / "inbox", *SONGS[10:], name="more.jsonl")
        (own / "inbox" / "empty.csv").touch()
        done = json.loads(watch.stdout.readline())
        assert [report["file"] for report in done["imports"]] == ["more.jsonl"]
        assert [each["file"] for each in done["skipped"]] == ["empty.csv"]
        assert (done["published"]["added"], done["published"]["songs"], done["problem"]) == (2, 12, "")
        watch.send_signal(number)
        rest, _ = watch.communicate(timeout=ENDS_S)
        assert (watch.returncode, rest) == (DONE, "")
    assert verify(own / "refrain.index") == []
    assert run("show", "s11", "--json", cwd=own).code == DONE


@pytest.mark.slow
def test_a_watch_that_is_killed_leaves_no_lock_and_the_next_one_goes_on(own: Path) -> None:
    for after_s in (0.0, 0.3, 0.6, 1.0, 1.5):
        name = f"more-{after_s}"
        with started("update", "--watch", "inbox", "--json", cwd=own) as watch:
            assert watch.stdout is not None
            watch.stdout.readline()
            rows(own / "inbox", {"song_id": name, "title": f"Killed {after_s}", "artist": "Ada"}, name=f"{name}.jsonl")
            with Catalogue(own / "refrain.db") as catalogue:
                until(lambda: catalogue.song(name))  # noqa: B023  it is read at once
            time.sleep(after_s)
            watch.kill()
        assert run("update", cwd=own).code == DONE, "what the watch began ends with it, and nobody waits for ever"
        assert run("show", name, "--json", cwd=own).code == DONE
        assert verify(own / "refrain.index") == []
