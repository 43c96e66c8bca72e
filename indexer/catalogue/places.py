"""Where a catalogue is: its name or URL read, and shown without what nobody else may see."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from indexer.errors import CatalogueError

_DRIVERS = {"sqlite": "sqlite", "sqlite+pysqlite": "sqlite"} | dict.fromkeys(
    ("postgresql", "postgresql+psycopg"), "postgresql+psycopg"
)
_CREDENTIALS = re.compile(r"(?:\w+:?//?)?[^/@]+:[^/@]*@")
_EXPECTED = "expected a file such as refrain.db, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def read_place(place: str | Path) -> URL:
    """The URL of a file name or URL of SQLite or PostgreSQL; any other is a `CatalogueError`."""
    if isinstance(place, Path) or "://" not in place:
        if not str(place):
            raise CatalogueError("the catalogue has no name; give a file such as refrain.db")
        if isinstance(place, str) and _CREDENTIALS.match(place):
            raise CatalogueError(f"the catalogue is a URL without its beginning; {_EXPECTED}")
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        raise CatalogueError(f"the catalogue's URL cannot be read; {_EXPECTED}") from None
    if url.drivername not in _DRIVERS:
        kind = url.drivername.split("://")[0][:40]
        raise CatalogueError(f"a catalogue lives in SQLite or PostgreSQL, not in {kind!r}; {_EXPECTED}")
    if "@" in (url.host or ""):
        raise CatalogueError("the catalogue's URL has two signs @; write that of the password as %40")
    return url.set(drivername=_DRIVERS[url.drivername])


def files_of(place: str | Path) -> tuple[str, ...]:
    """The paths that a catalogue in SQLite has or may have, without links; none for one on a server."""
    url = read_place(place)
    if url.get_backend_name() != "sqlite" or not url.database:
        return ()
    return tuple(f"{os.path.realpath(url.database)}{ending}" for ending in ("", "-wal", "-shm", "-journal"))


def shown_place(place: str | Path | URL) -> str:
    """A place for messages: never a user, a password or an option, also of what was meant to be a URL.

    >>> shown_place("postgresql://ada:secret@db.example/songs?sslpassword=secret")
    'postgresql://db.example/songs'
    >>> shown_place("postgresql:/ada:secret@db.example/songs"), shown_place("refrain.db")
    ('...@db.example/songs', 'refrain.db')
    """
    if isinstance(place, str) and "://" in place:
        try:
            place = make_url(place)
        except (ArgumentError, ValueError):
            return "..."
    if isinstance(place, URL):
        if place.get_backend_name() != "sqlite":
            port = f":{place.port}" if place.port else ""
            return f"postgresql://{(place.host or '').rpartition('@')[2]}{port}/{place.database or ''}"
        place = place.database or ""
    name = os.fsencode(place).decode("utf-8", "replace")
    name = name.split("?")[0] + ("?..." if "?" in name else "")
    return f"...{name[name.rindex('@') :]}" if "@" in name else name


def without_secrets(text: str, url: URL) -> str:
    """What a driver says, without the words of the URL that are no one's business."""
    options = (value for values in url.query.values() for value in ([values] if isinstance(values, str) else values))
    for secret in (url.password, *options):
        if secret:
            text = text.replace(str(secret), "...")
    return text
