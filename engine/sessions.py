"""Sessions: what outlives one answer: requests with a name (recipes), and what each client has had (history)."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rapidfuzz import process

from engine.fields import MOST_NAME
from engine.plain import shown
from engine.requests import Request, request_from_json
from indexer.errors import RecipeNotFoundError, RequestError, SessionsError

KEPT_S = 366 * 86_400  # of history; what somebody had a year ago may come again
_PATIENCE_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recipes (name TEXT PRIMARY KEY, request TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS plays (client TEXT NOT NULL, song_id TEXT NOT NULL, at REAL NOT NULL,
                                  PRIMARY KEY (client, song_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS plays_at ON plays (client, at);
"""


def sessions_file(index: str | Path) -> Path:
    """Where the recipes and the history of an index are: beside its folder, so that a rebuild leaves them."""
    path = Path(os.path.abspath(index))
    return path.with_name(f"{path.name}.sessions.db")


class Sessions:
    """Recipes and history in one SQLite file, which is made when the first of them is written.

    Several threads and processes may use one file. SessionsError where it cannot be read or written.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def recipes(self) -> dict[str, Request | RequestError]:
        """Name -> request, by name; of a recipe that cannot be read, as one of another version, why."""
        with self._reading() as connection:
            rows = connection.execute("SELECT name, request FROM recipes ORDER BY name").fetchall()
        recipes: dict[str, Request | RequestError] = {}
        for name, request in rows:
            try:
                recipes[name] = _request(name, request)
            except RequestError as error:
                recipes[name] = error
        return recipes

    def recipe(self, name: str) -> Request:
        """The request of this name.

        RecipeNotFoundError, with the nearest names, where there is none; RequestError where it cannot be read.
        """
        with self._reading() as connection:
            row = connection.execute("SELECT request FROM recipes WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise _no_recipe(connection, name)
        return _request(name, row[0])

    def save_recipe(self, name: str, request: Request) -> None:
        """Give a request a name that can stand in an address; another request of that name is replaced."""
        if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
            raise RequestError(field="name", found=shown(name), expected=f"1..{MOST_NAME} letters, digits or signs")
        if any(part in ("", ".", "..") for part in name.split("/")):  # whoever reads an address leaves them out
            raise RequestError(field="name", found=shown(name), expected='words between "/", none of them "." or ".."')
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO recipes VALUES (?, ?)", (name, request.to_json()))

    def delete_recipe(self, name: str) -> None:
        """Forget a recipe, also one that cannot be read; RecipeNotFoundError where there is none of this name."""
        with self._reading() as connection:
            if connection.execute("SELECT 1 FROM recipes WHERE name = ?", (name,)).fetchone() is None:
                raise _no_recipe(connection, name)
        with self._writing() as connection:
            connection.execute("DELETE FROM recipes WHERE name = ?", (name,))

    def note_plays(self, client: str, song_ids: Sequence[str], at: float | Sequence[float] | None = None) -> None:
        """Note that a client had these songs, in this order, at a time in seconds since 1970 (now), or each at one."""
        rows = _plays(client, song_ids, at)
        with self._writing() as connection:
            _note(connection, rows)

    def claim_plays(self, client: str, song_ids: Sequence[str], *, since: float, at: float | None = None) -> bool:
        """Note the songs, unless the client had one of them after `since`; whether they were noted.

        Of several who chose the same songs at once, in this process or another, one gets them.
        """
        rows = _plays(client, song_ids, at)
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            query = "SELECT 1 FROM plays WHERE client = ? AND song_id = ? AND at >= ?"
            if any(connection.execute(query, (client, song_id, since)).fetchone() for song_id in song_ids):
                return False
            _note(connection, rows)
        return True

    def clients(self) -> list[str]:
        """The names of the clients that had songs, by name."""
        with self._reading() as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT client FROM plays ORDER BY client")]

    def plays(self, client: str, *, since: float = 0.0, limit: int = -1) -> list[str]:
        """song_ids that a client had after a time in seconds since 1970, the last first."""
        query = "SELECT song_id FROM plays WHERE client = ? AND at >= ? ORDER BY at DESC, song_id LIMIT ?"
        with self._reading() as connection:
            return [row[0] for row in connection.execute(query, (client, since, limit))]

    def forget_plays(self, client: str) -> None:
        """Forget what a client had."""
        with self._writing() as connection:
            connection.execute("DELETE FROM plays WHERE client = ?", (client,))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if self.path.exists():
            with self._explained(), closing(self._connect()) as connection:
                yield connection
        else:
            with closing(sqlite3.connect(":memory:")) as empty:
                empty.executescript(_SCHEMA)
                yield empty

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._explained(), closing(self._connect()) as connection, connection:
            yield connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE_S)
        connection.execute("PRAGMA trusted_schema = OFF")  # a file that somebody else made runs no functions of its own
        connection.executescript(_SCHEMA)
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            name = f"{self.path.name}, the file of recipes and history beside the index,"
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise SessionsError(f"{name} is being written by another process; try again") from None
            raise SessionsError(
                f"{name} cannot be read or written ({error}); give yourself the right to write there, or move the file "
                "away: a new one is made"
            ) from None


def recipes_dict(recipes: Mapping[str, Request | RequestError]) -> dict[str, dict[str, Any]]:
    """What `Sessions.recipes` answers, as JSON has it: {"recipes": name -> request, "unreadable": name -> why}."""
    listed: dict[str, dict[str, Any]] = {"recipes": {}, "unreadable": {}}
    for name, recipe in recipes.items():
        if isinstance(recipe, RequestError):
            listed["unreadable"][name] = str(recipe)
        else:
            listed["recipes"][name] = recipe.to_dict()
    return listed


def _request(name: str, text: str) -> Request:
    try:
        return request_from_json(text)
    except RequestError as error:
        raise RequestError(
            f"the recipe {shown(name)} cannot be read: {error}; save it anew, or delete it",
            field=error.field, found=error.found, expected=error.expected,
        ) from None  # fmt: skip


def _plays(client: str, song_ids: Sequence[str], at: float | Sequence[float] | None) -> list[tuple[str, str, float]]:
    """The rows of songs that were had one after the other, those without a time of their own a microsecond apart."""
    if not client.strip() or len(client) > MOST_NAME:
        raise RequestError(field="client", found=shown(client), expected=f"a name of 1..{MOST_NAME} characters")
    begun = time.time() if at is None else at
    times = [begun + place * 1e-6 for place in range(len(song_ids))] if isinstance(begun, int | float) else begun
    return [(client, song_id, when) for song_id, when in zip(song_ids, times, strict=True)]


def _note(connection: sqlite3.Connection, rows: Sequence[tuple[str, str, float]]) -> None:
    """Of a song that was had before, the later time counts."""
    connection.executemany(
        "INSERT INTO plays VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)", rows
    )
    if rows:
        client, newest = rows[0][0], max(at for _, _, at in rows)
        connection.execute("DELETE FROM plays WHERE client = ? AND at < ?", (client, newest - KEPT_S))


def _no_recipe(connection: sqlite3.Connection, name: str) -> RecipeNotFoundError:
    known = [row[0] for row in connection.execute("SELECT name FROM recipes")]
    nearest = [each for each, *_ in process.extract(name[:MOST_NAME], known, limit=3, score_cutoff=50)]
    listed = ", ".join(nearest) if nearest else "none; save one with: refrain recipe save"
    return RecipeNotFoundError(f"no recipe is called {shown(name)}; nearest: {listed}", nearest=nearest)
