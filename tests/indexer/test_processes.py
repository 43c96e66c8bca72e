"""Work in a process of its own: its result, its errors, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.errors import BusyError, RefrainError, SongNotFoundError
from indexer.processes import run_apart


def test_a_result_comes_back_from_another_process() -> None:
    assert run_apart(divmod, 7, 2) == (3, 1)
    assert run_apart(os.getppid) == os.getpid()


def refuse(kind: str) -> None:
    if kind == "busy":
        raise BusyError("somebody writes")
    raise SongNotFoundError("no such song", nearest=["a", "b"])


def test_what_is_raised_comes_back_with_all_that_it_says() -> None:
    with pytest.raises(BusyError, match="somebody writes"):
        run_apart(refuse, "busy")
    with pytest.raises(SongNotFoundError, match="no such song") as raised:
        run_apart(refuse, "song")
    assert raised.value.nearest == ("a", "b")
    with pytest.raises(ZeroDivisionError) as bug:
        run_apart(divmod, 1, 0)
    assert "Traceback" in "".join(bug.value.__notes__)


def test_a_process_that_somebody_kills_is_an_error_in_words() -> None:
    with pytest.raises(RefrainError, match=r"ended from outside \(exit code -9\)"):
        run_apart(kill_this)


def kill_this() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_it_ends_with_the_process_that_began_it(tmp_path: Path) -> None:
    """Killed: nothing of the parent runs any more."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys, time\nfrom indexer.processes import run_apart\n"
        "def wait():\n    print(os.getpid(), flush=True)\n    time.sleep(600)\n"
        "if __name__ == '__main__':\n    run_apart(wait)\n"
    )
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        deadline = time.monotonic() + 20
        while Path(f"/proc/{child}/stat").exists() and state(child) != "Z":
            assert time.monotonic() < deadline
            time.sleep(0.02)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
