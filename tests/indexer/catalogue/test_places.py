"""A message never shows the user, the password or the options of a URL, whatever is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from indexer.catalogue.places import shown_place
from indexer.errors import CatalogueError

SECRET = "hunter2"


@pytest.mark.parametrize(
    "place",
    [
        f"chaos:{SECRET}@127.0.0.1/songs",
        f"chaos:{SECRET}@127.0.0.1:5432",
        f"postgresql:/chaos:{SECRET}@127.0.0.1/songs",
        f"postgresql//chaos:{SECRET}@127.0.0.1/songs",
        f"postgresq://chaos:{SECRET}@127.0.0.1/songs",
        f"postgres://chaos:{SECRET}@127.0.0.1/songs",
        f"mysql+pymysql://chaos:{SECRET}@127.0.0.1/songs",
        f"postgresql://chaos:{SECRET}@127.0.0.1:port/songs",
        f"postgresql://chaos:x@{SECRET}@127.0.0.1/songs",
        f"postgresql://chaos:{SECRET}/@127.0.0.1/songs",
        f"127.0.0.1/songs?password={SECRET}",
        f"://{SECRET}@127.0.0.1",
        f"sqlite:///nowhere/{SECRET}@host/songs.db",
        f"sqlite:///nowhere/songs.db?password={SECRET}",
    ],
)
@pytest.mark.parametrize("create", [True, False])
def test_a_url_that_cannot_be_read(place: str, create: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CatalogueError) as caught:
        Catalogue(place, create=create)
    assert SECRET not in str(caught.value)
    assert SECRET not in shown_place(place)
    assert not list(tmp_path.iterdir())


def test_a_url_without_a_scheme_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="is a URL without its beginning; expected"):
        Catalogue(f"chaos:{SECRET}@127.0.0.1/songs")
    with pytest.raises(CatalogueError, match=r"the URL of a database begins with postgresql://"):
        Catalogue(f"{SECRET}@127.0.0.1/songs")
    with Catalogue(f"{tmp_path}/songs@home.db") as catalogue:
        assert len(catalogue) == 0


def test_what_is_shown_of_a_url() -> None:
    assert shown_place(f"postgresql://ada:{SECRET}@db.example:5433/songs?sslpassword={SECRET}") == (
        "postgresql://db.example:5433/songs"
    )
    assert shown_place("sqlite:///refrain.db") == shown_place(Path("refrain.db")) == "refrain.db"


def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    with pytest.raises(CatalogueError, match=r"caf.*does not exist") as caught:
        Catalogue(f"{folder}/refrain.db")
    str(caught.value).encode("utf-8")


def test_a_pipe_is_no_catalogue(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CatalogueError, match="is a device or a pipe"):
        Catalogue(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"postgresql://chaos:{SECRET}@127.0.0.1:9/songs", "check that the server runs"),
        (f"postgresql://127.0.0.1:9/songs?password={SECRET}", "check that the server runs"),
        (f"postgresql://127.0.0.1:9/songs?sslpassword={SECRET}", "check that the server runs"),
        (f"postgresql://127.0.0.1:9/songs?pasword={SECRET}", "check the options at the end of the URL"),
        (f"postgresql://127.0.0.1:9/songs?sslmode={SECRET}", "check"),
    ],
)
def test_a_driver_that_refuses_a_url(url: str, message: str) -> None:
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL here (pip install 'psycopg[binary]')")
    with pytest.raises(CatalogueError, match=message) as caught:
        Catalogue(url)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
