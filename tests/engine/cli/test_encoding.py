"""What goes into a file or a pipe is UTF-8, whatever encoding the system would choose for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-16", "latin-1"])
def test_json_and_tables_in_files_and_pipes_are_utf_8(demo_index: Path, tmp_path: Path, encoding: str) -> None:
    command = [sys.executable, "-m", "engine.cli", "find", "tia soltera", "--index", str(demo_index), "-k", "1"]
    env = os.environ | {"PYTHONIOENCODING": encoding}
    with (tmp_path / "answer.json").open("wb") as file:
        done = subprocess.run([*command, "--json"], stdout=file, stderr=subprocess.PIPE, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads((tmp_path / "answer.json").read_bytes().decode("utf-8"))["songs"][0]["title"] == "Tía Soltera"
    piped = subprocess.run(command, capture_output=True, env=env, check=True)
    assert "Tía Soltera" in piped.stdout.decode("utf-8")
