"""The music of these tests, and what answers of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from engine.service.app import make_app
from engine.service.settings import Settings
from tests.engine.service.players.music import TOKEN, build_music, running

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def music(once: Once) -> Path:
    """The folder that tests/engine/service/players/music.py describes, to read only."""
    return once("music", build_music)


@pytest.fixture(scope="session")
def client(music: Path) -> Iterator[TestClient]:
    """The service of the music without a token."""
    app = make_app(Settings(index=str(music / "refrain.index"), catalogue=str(music / "refrain.db")))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="session")
def port(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of a process that serves the music to whoever has the token."""
    file = tmp_path_factory.mktemp("token") / "token.txt"
    file.write_text(TOKEN + "\n")
    with running(music, "--token", str(file)) as port:
        yield port
