"""A `refrain serve` of the bundled catalogue on a free port, and the same service without a process."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from engine.service.app import make_app
from engine.service.settings import Settings


@pytest.fixture(scope="session")
def spotify_url(demo_index: Path) -> Iterator[str]:
    """Where /v1/ is served, with a slash at its end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "serve", "--port", str(port)], cwd=demo_index.parent
    ) as process:
        try:
            _wait(url, process)
            yield f"{url}/v1/"
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "refrain serve ended"
        try:
            httpx.get(f"{url}/api/v1/health")
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("refrain serve does not answer")


@pytest.fixture(scope="session")
def spotify(demo_index: Path) -> Iterator[TestClient]:
    settings = Settings(index=str(demo_index), catalogue=str(demo_index.parent / "refrain.db"))
    with TestClient(make_app(settings), base_url="http://127.0.0.1") as client:
        yield client
