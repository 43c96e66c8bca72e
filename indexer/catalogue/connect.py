"""Opening a catalogue: the engine, SQLite's settings, the schema's version, and the world's errors as ours."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError

from indexer.catalogue.places import read_place, shown_place, without_secrets
from indexer.catalogue.schema import SCHEMA_VERSION, ImportTable
from indexer.errors import CatalogueError
from indexer.waiting import Patience, Writer, sqlite_writer, take_turn, this_process

T = TypeVar("T")

_WRITER_LOCK = 7_265_667_261  # of PostgreSQL's advisory locks; any number that no other program on the server takes
_SILENT_S = 1.0  # that SQLite itself waits, during which Ctrl-C is not heeded and nobody hears for whom
_CACHE_KIB = 65_536  # of pages per connection; an import touches keys at random
_WAL_KEPT_BYTES = 64 << 20
_FIRST_READ = select(ImportTable.import_id).limit(1)
_LONGEST_NAME = 63  # that PostgreSQL keeps of an application's name
_NAMED = re.compile(r"(\d{1,10}) (\S*) (.*)")  # how a writer calls itself there: process, machine, command
_POSTGRESQL_WRITER = text(
    "SELECT application_name, xact_start FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE granted "
    "AND locktype = 'advisory' AND classid = :high AND objid = :low AND xact_start IS NOT NULL"
)
IDS_AT_A_TIME = 10_000  # SQLite takes 32,766 values in one statement, PostgreSQL 65,535
_NEXT_IMPORT = "make one with: refrain import FILE..."


def open_engine(place: str | Path, *, create: bool, patience: Patience) -> Engine:
    """An engine on a catalogue whose schema is the one that this program knows.

    A new database gets the schema, an older schema is brought up to date; Alembic is imported only then.
    """
    url = read_place(place)
    if url.get_backend_name() == "sqlite":
        _check_sqlite_file(url, create=create)
    try:
        engine = create_engine(url)
    except ImportError as error:
        raise CatalogueError(
            f"{shown_place(url)}: no driver for PostgreSQL ({error}); pip install 'psycopg[binary]', or use a file"
        ) from None
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine, patience)
    else:
        _set_up_postgresql(engine)
    try:
        with explained(engine):
            _bring_up_to_date(engine, create=create, patience=patience)
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
def writing(engine: Engine, patience: Patience) -> Iterator[Connection]:
    """A transaction that alone may write; BusyError where another one does not end while `patience` lasts."""
    with explained(engine), ExitStack() as stack:
        # A list, for what a failed attempt has opened is closed before the next one.
        begun: list[Connection] = []

        def attempt() -> bool:
            connection = engine.connect().execution_options(refrain_writes=True)
            try:
                transaction = connection.begin()
                if locked := engine.dialect.name == "sqlite" or _lock_postgresql(connection):
                    begun.append(stack.enter_context(connection))
                    stack.enter_context(transaction)
                return locked
            except OperationalError as error:
                if not _is_locked(error):
                    raise
                return False
            finally:
                if not begun:
                    connection.close()

        take_turn(attempt, shown_place(engine.url), lambda: _writer(engine), patience)
        yield begun[0]


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turns what the database says about files, disks, locks and rights into a `CatalogueError` with the next step.

    What it says about our SQL is a bug of ours and stays what it is.
    """
    try:
        yield
    except DBAPIError as error:
        if _is_of_the_world(error):
            raise CatalogueError(f"{shown_place(engine.url)}: {_advice(error, engine.url)}") from error
        raise


def _is_of_the_world(error: DBAPIError) -> bool:
    if isinstance(error, OperationalError) or type(error.orig) is sqlite3.DatabaseError:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return False
    state = getattr(error.orig, "sqlstate", None)
    # None: the driver itself refuses the URL; 42501 rights, 22021 and 22P05 characters, 25006 a read-only server
    return state is None or state in ("42501", "22021", "22P05", "25006")


def rows_among(connection: Connection, query: str, values: Iterable[str], *more: object) -> Sequence[Any]:
    """The rows of an SQL text whose last words are the column that must hold one of `values`.

    `more` are the values of the question marks before. One parameter for all values: thousands of them cost no parsing.
    """
    listed = list(values)
    if not listed:
        return ()
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(f"{query} IN (SELECT value FROM json_each(?))", (*more, json.dumps(listed)))
    else:
        found = connection.exec_driver_sql(f"{query} = ANY(?)".replace("?", "%s"), (*more, listed))
    return found.fetchall()


def write_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run an SQL text with question marks for each of `rows`: past the machinery that costs more than the database."""
    if rows:
        positional = statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")
        connection.exec_driver_sql(positional, list(rows))


def insertion(table: str, columns: Sequence[str], *, ignore: bool = False) -> str:
    """An INSERT for `write_rows`; `ignore` leaves out rows whose key is there.

    >>> insertion("songs", ["song_id", "title"], ignore=True)
    'INSERT INTO songs (song_id, title) VALUES (?, ?) ON CONFLICT DO NOTHING'
    """
    marks = ", ".join("?" * len(columns))
    end = " ON CONFLICT DO NOTHING" if ignore else ""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}){end}"


def chunks(values: Iterable[T], size: int = IDS_AT_A_TIME) -> Iterator[list[T]]:
    """`values` by rising value in lists of `size`: as many as one statement takes."""
    ordered = sorted(values)  # type: ignore[type-var]
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _check_sqlite_file(url: URL, *, create: bool) -> None:
    if not url.database or url.database == ":memory:":
        raise CatalogueError("a catalogue lives in a file, not in memory; give a file such as sqlite:///refrain.db")
    path, name = Path(url.database), shown_place(url)
    if path.is_dir():
        raise CatalogueError(f"{name} is a directory, expected a catalogue file; give a file such as {name}/refrain.db")
    if path.exists() and not path.is_file():
        raise CatalogueError(f"{name} is a device or a pipe, expected a catalogue file; give another name")
    if not path.exists():
        hint = "; the URL of a database begins with postgresql://" if "@" in name else ""
        if not create:
            raise CatalogueError(f"{name} does not exist; {_NEXT_IMPORT}{hint}")
        if not path.parent.is_dir():
            raise CatalogueError(f"{name}: the folder {shown_place(path.parent)} does not exist; make it first{hint}")


def _set_up_sqlite(engine: Engine, patience: Patience) -> None:
    @event.listens_for(engine, "connect")
    def settings(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver would begin late and not at all for reads: BEGIN is ours
        for setting in (
            f"busy_timeout = {int(min(patience.seconds, _SILENT_S) * 1000)}",
            "foreign_keys = ON",
            "trusted_schema = OFF",  # a file that somebody else made runs no functions of its own
            "synchronous = NORMAL",  # with WAL: a power cut may cost the last import, never the file
            f"cache_size = -{_CACHE_KIB}",
            f"journal_size_limit = {_WAL_KEPT_BYTES}",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("refrain_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _: object, arguments: Any, options: Any) -> Any:
        me = this_process()  # for those that wait: the server's own number of this process means nothing to them
        options.setdefault("application_name", f"{me.pid} {me.host} {me.command}"[:_LONGEST_NAME])
        connection = dialect.connect(*arguments, **options)
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":  # SQLAlchemy's first questions would fail on the answers already
            connection.close()
            raise CatalogueError(
                f"{shown_place(engine.url)} is a database in {encoding}, a catalogue needs UTF8; "
                "make one with: createdb --template=template0 --encoding=UTF8 NAME"
            )
        return connection


def _bring_up_to_date(engine: Engine, *, create: bool, patience: Patience) -> None:
    with engine.connect() as connection:
        version = _version(connection)
    if version == SCHEMA_VERSION:
        return
    if version is None and not create:
        raise CatalogueError(f"{shown_place(engine.url)} holds no catalogue; {_NEXT_IMPORT}")
    if engine.dialect.name == "sqlite":
        driver = engine.raw_connection()  # the journal mode cannot change inside a transaction
        try:
            driver.cursor().execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            raise OperationalError("PRAGMA journal_mode", {}, error) from error
        finally:
            driver.close()
    from indexer.catalogue.migrations import upgrade  # Alembic takes a while to import and is rarely needed

    with writing(engine, patience) as connection:
        upgrade(connection, version=_version(connection), place=shown_place(engine.url))


def _version(connection: Connection) -> str | None:
    """The schema version of a catalogue, None for an empty database; anything else in it is an error."""
    tables = set(inspect(connection).get_table_names())
    if connection.dialect.name == "sqlite":
        _refuse_programs(connection)
    if not tables:
        return None
    if "alembic_version" not in tables or not tables & {"songs", "imports"}:
        names = ", ".join(ascii(name)[1:-1][:40] for name in sorted(tables)[:5])
        raise CatalogueError(
            f"{shown_place(connection.engine.url)} is a database of something else (tables: {names}); "
            "expected a catalogue of Refrain or an empty database: give another name"
        )
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def _refuse_programs(connection: Connection) -> None:
    """Triggers and views are programs, and may never end; a catalogue has none."""
    query = text("SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1")
    if program := connection.execute(query).first():
        raise CatalogueError(
            f"{shown_place(connection.engine.url)} holds the {program[0]} {ascii(program[1])[:60]}, a catalogue of "
            "Refrain holds none: do not use this file, import your own files into a new one"
        )


def _lock_postgresql(connection: Connection) -> bool:
    """Take the lock of the one transaction that writes, until it ends; False where another one has it."""
    statement = text("SELECT pg_try_advisory_xact_lock(:lock)")
    return bool(connection.execute(statement, {"lock": _WRITER_LOCK}).scalar())


def _is_locked(error: OperationalError) -> bool:
    return isinstance(error.orig, sqlite3.Error) and "database is locked" in str(error.orig)


def _writer(engine: Engine) -> Writer | None:
    """Who writes now, where that can be known."""
    if engine.dialect.name == "sqlite":
        return sqlite_writer(Path(engine.url.database or ""))
    high, low = divmod(_WRITER_LOCK, 2**32)
    with engine.connect() as connection:
        row = connection.execute(_POSTGRESQL_WRITER, {"high": high, "low": low}).first()
    if row is None or not (named := _NAMED.fullmatch(row.application_name)):
        return None  # it has ended by now, or is another program
    pid, host, command = named.groups()
    return Writer(int(pid), command, row.xact_start.isoformat(), "" if host == os.uname().nodename else host)


_FULL = "the disk is full; make room and import again (the catalogue is as it was before)"
_SQLITE_ADVICE = {
    "database is locked": "another process writes it; wait until that has ended and try again (nothing was changed)",
    "disk is full": _FULL,
    "not a database": "this is no SQLite database; expected a catalogue of Refrain: give another name",
    "malformed": "the file is damaged; restore it from a copy or import the files again into a new catalogue",
    "readonly database": "this user may not write here; give yourself the right (chmod u+w) on the file and its folder",
    "disk I/O error": "the disk cannot be read or written: it is full or failing; nothing was changed",
    "unable to open": "it cannot be opened; check that its folder exists and that you may read and write there",
}


def _advice(error: DBAPIError, url: URL) -> str:
    message = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
    if isinstance(error.orig, sqlite3.Error):
        known = (advice for sign, advice in _SQLITE_ADVICE.items() if sign in message)
        return next(known, f"{message}; nothing was changed")
    if "No space left" in message:
        return _FULL
    message = without_secrets(message, url)
    state = getattr(error.orig, "sqlstate", None)
    if state == "42501":
        return f"{message}; ask the owner of the database for the right (GRANT), or give a database of your own"
    if state == "25006":
        return f"{message}; give the address of the server that takes writes"
    if not isinstance(error, OperationalError) and state is None:
        return f"{message}; check the options at the end of the URL"
    return f"{message}; check that the server runs and that host, database, user and password are right"
