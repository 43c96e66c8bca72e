"""A catalogue that somebody prepared: wrong values are one sentence with table and column, programs are refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from indexer.errors import CatalogueError
from tests.indexer.catalogues import FORMATS, IN_ORDER


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "refrain.db"
    with Catalogue(path) as catalogue:
        for name in IN_ORDER:
            catalogue.load(FORMATS / name)
    return path


def prepare(whole: Path, folder: Path, *statements: str) -> Path:
    path = folder / "refrain.db"
    path.write_bytes(whole.read_bytes())
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


READS: dict[str, Callable[[Catalogue], object]] = {
    "songs": lambda catalogue: list(catalogue.songs()),
    "digests": lambda catalogue: list(catalogue.digests()),
    "playlists": lambda catalogue: list(catalogue.playlists()),
    "labels": lambda catalogue: list(catalogue.labels("deezer_valence")),
    "label_names": lambda catalogue: catalogue.label_names(),
    "song_tags": lambda catalogue: list(catalogue.song_tags()),
    "artist_tags": lambda catalogue: list(catalogue.artist_tags()),
    "refused": lambda catalogue: list(catalogue.refused()),
}


@pytest.mark.parametrize(
    ("statement", "read", "message"),
    [
        ("UPDATE songs SET title = x'00ff'", "songs", r"table songs holds b'.x00.xff' in column title, expected text"),
        ("UPDATE songs SET year = 'x'", "songs", "holds 'x' in column year, expected a whole number"),
        ("UPDATE songs SET year = 99999999999", "songs", r"column year, expected 1860\.\.2100"),
        ("UPDATE songs SET energy = 'loud'", "songs", "column energy, expected a number"),
        ("UPDATE songs SET energy = 9e999", "songs", "column energy, expected a number"),
        ("UPDATE songs SET energy = 7.5", "songs", r"holds 7\.5 in column energy, expected 0\.\.1"),
        ("UPDATE songs SET genres = '{'", "songs", "column genres, expected a list of texts"),
        ("UPDATE songs SET genres = '[1]'", "songs", "column genres, expected a list of texts"),
        ("UPDATE songs SET genres = x'ff'", "songs", "column genres, expected a list of texts"),
        ("UPDATE songs SET lyrics = x'ff'", "songs", "column lyrics, expected text"),
        ("UPDATE songs SET content_digest = x'ff'", "digests", "column content_digest, expected text"),
        ("UPDATE playlists SET name = x'0a1b'", "playlists", "table playlists holds b.* in column name, expected text"),
        ("UPDATE playlists SET followers = 'many'", "playlists", "column followers, expected a whole number"),
        ("UPDATE playlist_entries SET position = 'x' || song_id", "playlists", "column position, expected a whole"),
        (
            "UPDATE song_labels SET value = 'x'",
            "labels",
            "table song_labels holds .x. in column value",
        ),
        ("UPDATE song_labels SET name = CAST(name AS BLOB)", "label_names", "column name, expected text"),
        ("UPDATE song_tags SET count = 'x'", "song_tags", "column count, expected a whole number"),
        ("UPDATE song_tags SET tag = CAST(tag AS BLOB)", "songs", "column tag, expected text"),
        ("UPDATE artist_tags SET count = 1.5", "artist_tags", "column count, expected a whole number"),
        ("UPDATE refusals SET row = 'x'", "refused", "column row, expected a whole number"),
        ("ALTER TABLE songs DROP COLUMN lyrics", "songs", "no such column"),
        ("UPDATE songs SET title = CAST(x'ff' AS TEXT)", "songs", "title"),
    ],
)
def test_a_wrong_value(whole: Path, tmp_path: Path, statement: str, read: str, message: str) -> None:
    path = prepare(whole, tmp_path, "PRAGMA foreign_keys = OFF", statement)
    with Catalogue(path) as catalogue, pytest.raises(CatalogueError, match=message) as caught:
        READS[read](catalogue)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "program",
    [
        "CREATE TRIGGER t AFTER INSERT ON imports BEGIN INSERT INTO refusals (import_id, row, what, reason) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1, i, 'x', 'x' FROM n; END",
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    ],
)
def test_programs_in_a_catalogue_are_refused(whole: Path, tmp_path: Path, program: str) -> None:
    path = prepare(whole, tmp_path, program)
    with pytest.raises(CatalogueError, match="do not use this file, import your own files into a new one"):
        Catalogue(path)


def test_a_schema_version_cannot_write_to_the_terminal(whole: Path, tmp_path: Path) -> None:
    path = prepare(whole, tmp_path, "UPDATE alembic_version SET version_num = char(27) || '[2J' || char(8238)")
    with pytest.raises(CatalogueError, match="schema version") as caught:
        Catalogue(path)
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()
