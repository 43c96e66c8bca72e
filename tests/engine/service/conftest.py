"""A service of the bundled catalogue: in this process for single answers, as `refrain serve` for real clients."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from starlette.testclient import TestClient

from engine.service.app import make_app
from engine.service.settings import Settings

TOKEN = "a-token-that-nobody-guesses"
STARTS_S = 30


@dataclass(frozen=True)
class Running:
    """A process of `refrain serve`, and the file that it logs to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


def settings_of(index: Path, **more: object) -> Settings:
    return Settings(index=str(index), catalogue=str(index.parent / "refrain.db"), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def token_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("token") / "token.txt"
    file.write_text(TOKEN + "\n")
    return file


@pytest.fixture(scope="session")
def client(demo_index: Path) -> Iterator[TestClient]:
    with TestClient(make_app(settings_of(demo_index)), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Running]]:
    """Starts `refrain serve INDEX` with more words; what was started ends with the session."""
    logs = tmp_path_factory.mktemp("logs")
    with ExitStack() as running:

        def start(index: Path, *words: str | Path) -> Running:
            command = [sys.executable, "-m", "engine.cli", "serve", "--port", "0", "--index", str(index)]
            command += ["--catalogue", str(index.parent / "refrain.db"), *map(str, words)]
            environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
            log = logs / f"{len(list(logs.iterdir()))}.txt"
            with log.open("wb") as file:
                process = subprocess.Popen(command, stderr=file, env=environment)
            running.callback(process.wait)
            running.callback(process.terminate)
            url = address_in(log, process)
            wait_for(url)
            return Running(url, process, log)

        yield start


def address_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Where the process says that it answers."""
    deadline = time.monotonic() + STARTS_S
    while True:
        if found := re.search(r"http://[\d.]+:(\d+)", log.read_text()):
            return f"http://127.0.0.1:{found[1]}"
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def wait_for(url: str) -> None:
    """Until the service answers, whatever."""
    deadline = time.monotonic() + STARTS_S
    while True:
        try:
            urlopen(f"{url}/api/v1/health", timeout=5).close()
        except HTTPError:  # it asks for a token
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def service(serve: Callable[..., Running], demo_index: Path) -> Running:
    """`refrain serve` of the bundled catalogue, for whoever on this machine asks."""
    return serve(demo_index)
