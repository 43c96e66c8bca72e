"""Where the indexer's tests put a catalogue, SQLite or PostgreSQL, and the bundled one with a small index."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from indexer import Catalogue, build_index
from indexer.waiting import Patience
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL

_START_S = 60


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL (without a database) of a PostgreSQL server on loopback that lives as long as the tests."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        pytest.skip("no PostgreSQL here (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL here (pip install 'psycopg[binary]')")
    user = _unprivileged_user()
    as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="refrain-postgres-"))  # pytest's own folders are closed to other users
    try:
        if as_user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # A language's own order of letters: keys must sort by code point in spite of it.
        order = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]
        made = [initdb, "--pgdata", str(folder / "data"), "--auth=trust", "--username=refrain", "--no-sync", *order]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, timeout=_START_S, **as_user)
        control = [str(Path(initdb).with_name("pg_ctl")), "--pgdata", str(folder / "data"), "--wait"]
        settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        start = [*control, "--log", str(folder / "log"), "--options", settings, "start"]
        subprocess.run(start, check=True, capture_output=True, cwd=folder, timeout=_START_S, **as_user)
        try:
            yield f"postgresql+psycopg://refrain@127.0.0.1:{port}"
        finally:
            stop = [*control, "--mode=immediate", "stop"]
            subprocess.run(stop, check=True, capture_output=True, cwd=folder, timeout=_START_S, **as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture
def ordinary_user() -> Iterator[Path]:
    """An empty folder, and the rights of a user who is not root while the test runs."""
    with tempfile.TemporaryDirectory(prefix="refrain-") as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        nobody = pwd.getpwnam("nobody").pw_uid
        os.chown(folder, nobody, -1)
        os.seteuid(nobody)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


_numbers = count(1)


@pytest.fixture
def postgres_place(postgres_server: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    import psycopg

    name = f"refrain_{next(_numbers)}"
    administration = postgres_server.replace("+psycopg", "") + "/postgres"
    with psycopg.connect(administration, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{postgres_server}/{name}"
    with psycopg.connect(administration, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new catalogue can be made."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_place")
        return url
    return f"sqlite:///{tmp_path / 'refrain.db'}"


@pytest.fixture
def catalogue(place: str) -> Iterator[Catalogue]:
    """An empty catalogue that does not wait long."""
    with Catalogue(place, patience=Patience(0.3)) as opened:
        yield opened


@pytest.fixture(scope="session")
def built(demo_catalogue: Path, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A folder with the bundled catalogue, refrain.db, and its index by the small configuration, ix."""

    def build(folder: Path) -> None:
        shutil.copy(demo_catalogue, folder)
        with Catalogue(folder / "refrain.db") as catalogue:
            build_index(catalogue, folder / "ix", SMALL, encoder=HashEncoder())

    return once("built", build)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty catalogue: copying it is quicker than making one."""
    path = tmp_path_factory.mktemp("template") / "refrain.db"
    Catalogue(path).close()
    return path
