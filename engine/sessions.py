"""Sessions: what outlives one answer: requests with a name (recipes), and what each client has had (history)."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rapidfuzz import process

from engine.fields import MOST_NAME
from engine.plain import shown
from engine.requests import Request, request_from_json
from indexer.errors import RecipeNotFoundError, RefrainError, RequestError

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

    Several threads and processes may use one file. RefrainError where it cannot be read or written.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def recipes(self) -> dict[str, Request]:
        """Name -> request, by name."""
        with self._reading() as connection:
            rows = connection.execute("SELECT name, request FROM recipes ORDER BY name").fetchall()
        return {name: request_from_json(request) for name, request in rows}

    def recipe(self, name: str) -> Request:
        """The request of this name; RecipeNotFoundError, with the nearest names, where there is none."""
        with self._reading() as connection:
            row = connection.execute("SELECT request FROM recipes WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise _no_recipe(name, (each[0] for each in connection.execute("SELECT name FROM recipes")))
        return request_from_json(row[0])

    def save_recipe(self, name: str, request: Request) -> None:
        """Give a request a name; another request of that name is replaced."""
        if not name.strip() or len(name) > MOST_NAME or not name.isprintable():
            raise RequestError(field="name", found=shown(name), expected=f"1..{MOST_NAME} letters, digits or signs")
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO recipes VALUES (?, ?)", (name, request.to_json()))

    def delete_recipe(self, name: str) -> None:
        """Forget a recipe; RecipeNotFoundError where there is none of this name."""
        self.recipe(name)
        with self._writing() as connection:
            connection.execute("DELETE FROM recipes WHERE name = ?", (name,))

    def note_plays(self, client: str, song_ids: Iterable[str], at: float | None = None) -> None:
        """Note that a client had these songs, in this order, at a time in seconds since 1970 (now)."""
        if not client.strip() or len(client) > MOST_NAME:
            raise RequestError(field="client", found=shown(client), expected=f"a name of 1..{MOST_NAME} characters")
        at = time.time() if at is None else at
        rows = [(client, song_id, at + place * 1e-6) for place, song_id in enumerate(song_ids)]
        with self._writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO plays VALUES (?, ?, ?)", rows)
            connection.execute("DELETE FROM plays WHERE client = ? AND at < ?", (client, at - KEPT_S))

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
            raise RefrainError(
                f"{self.path} cannot be read or written ({error}); give yourself the right to write there, or remove "
                "the file, which holds recipes and history only"
            ) from None


def _no_recipe(name: str, known: Iterable[str]) -> RecipeNotFoundError:
    nearest = [each for each, *_ in process.extract(name[:MOST_NAME], list(known), limit=3, score_cutoff=50)]
    listed = ", ".join(nearest) if nearest else "none; save one with: refrain recipe save"
    return RecipeNotFoundError(f"no recipe is called {shown(name)}; nearest: {listed}", nearest=nearest)
