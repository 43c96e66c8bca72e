"""Opening a catalogue: the engine, SQLite's settings, the schema's version, and the world's errors as ours."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from indexer.catalogue.schema import SCHEMA_VERSION, ImportTable
from indexer.errors import CatalogueError

T = TypeVar("T")

_WRITER_LOCK = 7_265_667_261  # of PostgreSQL's advisory locks; any number that no other program on the server takes
_POLL_S = 0.05
_CACHE_KIB = 65_536  # of pages per connection; an import touches keys at random
_WAL_KEPT_BYTES = 64 << 20
_FIRST_READ = select(ImportTable.import_id).limit(1)
IDS_AT_A_TIME = 10_000  # SQLite takes 32,766 values in one statement, PostgreSQL 65,535
_NEXT_IMPORT = "make one with: refrain import FILE..."


def open_engine(place: str | Path, *, create: bool, patience_s: float) -> Engine:
    """An engine on a catalogue whose schema is the one that this program knows.

    A new database gets the schema, an older schema is brought up to date; Alembic is imported only then.
    """
    url = _url(place)
    if url.get_backend_name() == "sqlite":
        _check_sqlite_file(url, create=create)
    try:
        engine = create_engine(url)
    except (NoSuchModuleError, ImportError) as error:
        raise CatalogueError(
            f"{_shown(url)}: no driver for this kind of database ({error}); "
            "use sqlite:///FILE or install the driver (for PostgreSQL: pip install 'psycopg[binary]')"
        ) from None
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine, patience_s)
    try:
        with explained(engine):
            _bring_up_to_date(engine, create=create)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading_connection(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the catalogue, whatever is imported meanwhile."""
    with explained(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            connection.execute(_FIRST_READ)  # BEGIN alone takes no snapshot, in neither database
            yield connection


@contextmanager
def writing(engine: Engine, patience_s: float) -> Iterator[Connection]:
    """A transaction that alone may write; it waits `patience_s` for another to end."""
    with explained(engine), engine.connect() as connection:
        connection = connection.execution_options(refrain_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                _lock_postgresql(connection, patience_s)
            yield connection


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turns what the database says about files, disks and locks into a `CatalogueError` with the next step."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, OperationalError) or type(error.orig) is sqlite3.DatabaseError:
            raise CatalogueError(f"{_shown(engine.url)}: {_advice(error)}") from error
        raise


def chunks(values: Iterable[T], size: int = IDS_AT_A_TIME) -> Iterator[list[T]]:
    """`values` by rising value in lists of `size`: as many as one statement takes."""
    ordered = sorted(values)  # type: ignore[type-var]
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        if not str(place):
            raise CatalogueError("the catalogue has no name; give a file such as refrain.db")
        return URL.create("sqlite", database=str(place))
    try:
        return make_url(place)
    except ArgumentError:
        raise CatalogueError(
            "the catalogue's URL cannot be read; expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None


def _shown(url: URL) -> str:
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    return url.render_as_string(hide_password=True)


def _check_sqlite_file(url: URL, *, create: bool) -> None:
    if not url.database or url.database == ":memory:":
        raise CatalogueError("a catalogue lives in a file, not in memory; give a file such as sqlite:///refrain.db")
    path = Path(url.database)
    if path.is_dir():
        raise CatalogueError(f"{path} is a directory, expected a catalogue file; give a file such as {path}/refrain.db")
    if not path.exists():
        if not create:
            raise CatalogueError(f"{path} does not exist; {_NEXT_IMPORT}")
        if not path.parent.is_dir():
            raise CatalogueError(f"{path}: the folder {path.parent} does not exist; make it first")


def _set_up_sqlite(engine: Engine, patience_s: float) -> None:
    @event.listens_for(engine, "connect")
    def settings(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver would begin late and not at all for reads: BEGIN is ours
        for setting in (
            f"busy_timeout = {int(patience_s * 1000)}",
            "foreign_keys = ON",
            "synchronous = NORMAL",  # with WAL: a power cut may cost the last import, never the file
            f"cache_size = -{_CACHE_KIB}",
            f"journal_size_limit = {_WAL_KEPT_BYTES}",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("refrain_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _bring_up_to_date(engine: Engine, *, create: bool) -> None:
    with engine.connect() as connection:
        found = _version(connection)
    if found == SCHEMA_VERSION:
        return
    if found is None and not create:
        raise CatalogueError(f"{_shown(engine.url)} holds no catalogue; {_NEXT_IMPORT}")
    if engine.dialect.name == "sqlite":
        driver = engine.raw_connection()  # the journal mode cannot change inside a transaction
        try:
            driver.cursor().execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            raise OperationalError("PRAGMA journal_mode", {}, error) from error
        finally:
            driver.close()
    from indexer.catalogue.migrations import upgrade  # Alembic takes a while to import and is rarely needed

    with engine.connect() as connection:
        connection = connection.execution_options(refrain_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER_LOCK})
            upgrade(connection, found=_version(connection), place=_shown(engine.url))


def _version(connection: Connection) -> str | None:
    """The schema version of a catalogue, None for an empty database; anything else in it is an error."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    if "alembic_version" not in tables or not tables & {"songs", "imports"}:
        raise CatalogueError(
            f"{_shown(connection.engine.url)} is a database of something else (tables: "
            f"{', '.join(sorted(tables)[:5])}); expected a catalogue of Refrain or an empty database: give another name"
        )
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def _lock_postgresql(connection: Connection, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    statement = text("SELECT pg_try_advisory_xact_lock(:lock)")
    while not connection.execute(statement, {"lock": _WRITER_LOCK}).scalar():
        if time.monotonic() > deadline:
            raise CatalogueError(f"{_shown(connection.engine.url)}: {_LOCKED}")
        time.sleep(_POLL_S)


_LOCKED = "locked by another import; wait until that has ended and try again (nothing was changed)"
_FULL = "the disk is full; make room and import again (the catalogue is as it was before)"
_SQLITE_SAYS = {
    "database is locked": _LOCKED,
    "disk is full": _FULL,
    "not a database": "this is no SQLite database; expected a catalogue of Refrain: give another name",
    "malformed": "the file is damaged; restore it from a copy or import the files again into a new catalogue",
    "readonly database": "this user may not write here; give yourself the right (chmod u+w) on the file and its folder",
    "unable to open": "it cannot be opened; check that its folder exists and that you may read and write there",
}


def _advice(error: DBAPIError) -> str:
    said = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
    if isinstance(error.orig, sqlite3.Error):
        return next((advice for sign, advice in _SQLITE_SAYS.items() if sign in said), f"{said}; nothing was changed")
    if "No space left" in said:
        return _FULL
    return f"{said}; check that the server runs and that host, database, user and password are right"
