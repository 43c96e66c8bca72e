"""What only a server does: to be away, to hold something else, to serve two importers at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from indexer.catalogue import Catalogue
from indexer.errors import CatalogueError
from indexer.waiting import Patience
from tests.indexer.catalogues import FORMATS

pytestmark = pytest.mark.postgres


def test_a_server_that_is_away_is_said_without_the_password(postgres_server: str) -> None:
    with pytest.raises(CatalogueError, match="check that the server runs") as caught:
        Catalogue("postgresql+psycopg://refrain:secret@127.0.0.1:9/refrain")
    assert "secret" not in str(caught.value)
    with pytest.raises(CatalogueError, match='database "nowhere" does not exist'):
        Catalogue(f"{postgres_server}/nowhere")


def test_an_empty_database_is_filled_only_when_it_may_be(postgres_place: str) -> None:
    with pytest.raises(CatalogueError, match="holds no catalogue; make one with: refrain import"):
        Catalogue(postgres_place, create=False)
    Catalogue(postgres_place).close()
    with Catalogue(postgres_place, create=False) as catalogue:
        assert len(catalogue) == 0


def test_a_database_of_something_else_is_left_alone(postgres_place: str) -> None:
    engine = create_engine(postgres_place)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))
    with pytest.raises(CatalogueError, match="something else"):
        Catalogue(postgres_place)
    engine.dispose()


def test_two_programs_that_make_a_catalogue_at_once(postgres_place: str) -> None:
    problems: list[BaseException] = []

    def make() -> None:
        try:
            Catalogue(postgres_place).close()
        except BaseException as error:
            problems.append(error)

    threads = [Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_an_import_waits_for_another_and_then_sees_what_it_did(postgres_place: str) -> None:
    sentences: list[str] = []
    waits = Event()

    def say(sentence: str) -> None:
        sentences.append(sentence)
        waits.set()

    patience = Patience(20, say)
    with Catalogue(postgres_place) as one, Catalogue(postgres_place, patience=patience) as other:
        waiting: list[Thread] = []
        reports: list[Any] = []

        def track(steps: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
            waiting.append(Thread(target=lambda: reports.append(other.load(FORMATS / "songs.csv"))))
            waiting[0].start()
            assert waits.wait(20)
            yield from steps

        one.load(FORMATS / "songs.csv", track=track)
        waiting[0].join()
        assert not reports[0].changed
    assert len(sentences) == 1
    assert f" is being written by process {os.getpid()} (" in sentences[0]
    assert " since " in sentences[0]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_in_another_encoding_is_refused(postgres_server: str, encoding: str) -> None:
    import psycopg

    administration = postgres_server.replace("+psycopg", "") + "/postgres"
    name = f"refrain_{encoding.lower()}"
    with psycopg.connect(administration, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C' LOCALE_PROVIDER libc"
        )
        try:
            with pytest.raises(CatalogueError, match=f"database in {encoding}, a catalogue needs UTF8; make one with"):
                Catalogue(f"{postgres_server}/{name}")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_user_without_rights(postgres_place: str) -> None:
    Catalogue(postgres_place).close()
    engine = create_engine(postgres_place)
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE guest LOGIN"))
    try:
        guest = postgres_place.replace("refrain@", "guest@")
        with pytest.raises(CatalogueError, match=r"permission denied .*; ask the owner of the database for the right"):
            Catalogue(guest)
        with engine.begin() as connection:
            connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest"))
        with Catalogue(guest) as catalogue:
            assert len(catalogue) == 0
            with pytest.raises(CatalogueError, match="permission denied"):
                catalogue.load(FORMATS / "songs.csv")
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP OWNED BY guest"))
            connection.execute(text("DROP ROLE guest"))
        engine.dispose()
