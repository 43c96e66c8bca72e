"""Opening a catalogue: new, foreign, damaged and full databases, schema versions, kill -9 in the middle of a load."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, event, text

from indexer.catalogue import Catalogue, Refusal
from indexer.catalogue.migrations import history
from indexer.catalogue.schema import SCHEMA_VERSION, Base
from indexer.errors import CatalogueError
from tests.indexer.catalogues import FORMATS, many, rows

ROOT = FORMATS.parent.parent


def test_migrations_make_the_tables_that_the_program_knows(place: str) -> None:
    Catalogue(place).close()
    engine = create_engine(place)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == SCHEMA_VERSION
    engine.dispose()
    assert history().get_current_head() == SCHEMA_VERSION


def test_a_path_and_a_url_are_the_same_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "100% mine, ümlaut & co.db"
    with Catalogue(path) as catalogue:
        catalogue.load(FORMATS / "songs.csv")
    with Catalogue(str(path), create=False) as catalogue:
        assert len(catalogue) == 3
    plain = tmp_path / "plain.db"
    with Catalogue(f"sqlite:///{plain}") as catalogue:
        assert len(catalogue) == 0
    assert plain.exists()
    assert list(tmp_path.glob("plain.db-*")) == [], "nothing stays beside a closed catalogue"


def test_opening_an_existing_catalogue_imports_no_alembic(tmp_path: Path) -> None:
    path = tmp_path / "refrain.db"
    Catalogue(path).close()
    code = (
        "import sys, logging; from indexer.catalogue import Catalogue; c = Catalogue(sys.argv[1]); len(c); c.close();"
        "print([m for m in ('alembic', 'pyarrow', 'torch', 'pandas') if m in sys.modules], logging.root.handlers)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[] []", "")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", ""])
def test_a_catalogue_lives_in_a_file(url: str) -> None:
    with pytest.raises(CatalogueError, match="give a file such as"):
        Catalogue(url)


def test_urls_that_nobody_can_read() -> None:
    with pytest.raises(CatalogueError, match=r"expected a file such as refrain\.db, sqlite:///FILE"):
        Catalogue("://")
    for url in ("cassette://tape", "mysql://ada:secret@host/songs", "postgres://ada:secret@host/songs"):
        with pytest.raises(CatalogueError, match="lives in SQLite or PostgreSQL, not in") as caught:
            Catalogue(url)
        assert "secret" not in str(caught.value)


def test_a_missing_catalogue_is_not_made_when_it_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "refrain.db"
    with pytest.raises(CatalogueError, match="does not exist; make one with: refrain import"):
        Catalogue(path, create=False)
    assert not path.exists()
    path.touch()
    with pytest.raises(CatalogueError, match="holds no catalogue; make one with: refrain import"):
        Catalogue(path, create=False)
    with pytest.raises(CatalogueError, match=r"the folder .* does not exist; make it first"):
        Catalogue(tmp_path / "nowhere" / "refrain.db")
    with pytest.raises(CatalogueError, match="is a directory, expected a catalogue file"):
        Catalogue(tmp_path)


def test_other_files_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(b"song_id,title\n" * 100)
    with pytest.raises(CatalogueError, match=r"no SQLite database; expected a catalogue of Refrain: give another name"):
        Catalogue(path)
    assert path.read_bytes() == b"song_id,title\n" * 100
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = foreign.read_bytes()
    with pytest.raises(CatalogueError, match=r"database of something else \(tables: recipes\)"):
        Catalogue(foreign)
    assert foreign.read_bytes() == before


def test_every_older_schema_is_brought_up_to_date(place: str, tmp_path: Path) -> None:
    """A catalogue that the first version wrote opens, keeps what it holds and takes a new import."""
    engine = create_engine(place)
    oldest, *_ = reversed(list(history().walk_revisions()))
    with engine.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            oldest.module.upgrade()
            context.stamp(history(), oldest.revision)
        connection.execute(
            text(
                "INSERT INTO imports (file, sha256, format, at, counts) "
                "VALUES ('old.csv', 'abc', 'songs', '2026-01-01 00:00:00', '{}')"
            )
        )
        connection.execute(
            text("INSERT INTO refusals (import_id, row, what, reason) VALUES (1, 7, 'song', 'no title')")
        )
        song = text(
            "INSERT INTO songs (song_id, content_digest, tags_digest, added_by, facts_by, name_key, title, artist, "
            "genres) VALUES (:song_id, :song_id, '', 1, 1, :key, :title, 'Oda', '[]')"
        )
        for song_id, key, title, namespace in (
            ("1" * 22, "oda|road", "Road", "spotify"),
            ("oda|road remastered 2011", "oda|road remastered 2011", "Road - Remastered 2011", "name"),
        ):
            connection.execute(song, {"song_id": song_id, "key": key, "title": title})
            connection.execute(
                text("INSERT INTO external_ids VALUES (:namespace, :song_id, :song_id)"),
                {"namespace": namespace, "song_id": song_id},
            )
    engine.dispose()
    with Catalogue(place) as catalogue:
        assert list(catalogue.refused()) == [Refusal("old.csv", 7, "song", "no title")]
        again = rows(
            tmp_path,
            {"title": "Road - Remastered 2011", "artist": "Oda", "tags": ["its name"]},
            {"title": "Road", "artist": "Oda", "tags": ["another name"]},
            {"title": "Road", "spotify_id": "1" * 22, "tags": ["its id"]},
            {"title": "Road - 2012 Remaster", "artist": "Oda", "deezer_id": 4, "tags": ["the stem"]},
        )
        assert catalogue.load(again).counts["songs"].added == 0, (
            "two songs stay two, and rows meet both by the new names"
        )
        assert {song.song_id: sorted(song.tags) for song in catalogue.songs()} == {
            "1" * 22: ["another name", "its id", "the stem"],
            "oda|road remastered 2011": ["its name"],
        }
        catalogue.delete(["1" * 22, "oda|road remastered 2011"])
        assert catalogue.load(FORMATS / "songs.csv").counts["songs"].added == 3
    engine = create_engine(place)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_names_with_initials_get_the_key_that_they_have_now(place: str, tmp_path: Path) -> None:
    with Catalogue(place) as catalogue:
        songs = [
            {"title": "Oar", "artist": "R.O.W.", "spotify_id": "1" * 22},
            {"title": "Sill", "artist": "R.O.W. & Bo"},
        ]
        catalogue.load(rows(tmp_path, *songs))
        catalogue.load(rows(tmp_path, {"artist": "R.O.W.", "tag": "rock", "count": 3}, name="artist_tags.jsonl"))
    engine = create_engine(place)
    with engine.begin() as connection:  # as the version before wrote it
        for table, column in (("songs", "name_key"), ("artist_tags", "artist_key"), ("open_artists", "part")):
            connection.execute(text(f"UPDATE {table} SET {column} = replace({column}, 'row', 'r o w')"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    engine.dispose()
    with Catalogue(place) as catalogue:
        report = catalogue.load(
            rows(tmp_path, {"title": "Oar", "artist": "ROW"}, {"title": "T", "artist": "Bo"}, name="b.jsonl")
        )
        assert (report.counts["songs"].added, report.met_by_name) == (1, 1)
        assert {song.title: song.artists for song in catalogue.songs()}["Sill"] == ("R.O.W.", "Bo")
        assert [tag.artist_key for tag in catalogue.artist_tags()] == ["row"]


def test_a_newer_schema_is_refused_and_kept(place: str) -> None:
    with Catalogue(place) as catalogue:
        catalogue.load(FORMATS / "songs.csv")
    engine = create_engine(place)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(
        CatalogueError, match=r"schema version '9999', this program knows 0001 to .*; upgrade the program"
    ):
        Catalogue(place)


def test_damage_is_said(tmp_path: Path) -> None:
    path = tmp_path / "refrain.db"
    with Catalogue(path) as catalogue:
        catalogue.load(many(tmp_path))
    content = bytearray(path.read_bytes())
    for start in range(8_192, len(content), 4_096):
        content[start : start + 200] = b"\xff" * 200
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match="damaged; restore it from a copy"), Catalogue(path) as catalogue:
        list(catalogue.songs())


def test_a_full_disk_leaves_the_old_state(tmp_path: Path) -> None:
    path = tmp_path / "refrain.db"
    with Catalogue(path) as catalogue:
        catalogue.load(FORMATS / "songs.csv")
        before = list(catalogue.digests())

        @event.listens_for(catalogue._engine, "checkout")
        def small_disk(connection: sqlite3.Connection, *_: object) -> None:
            connection.execute("PRAGMA max_page_count = 100")

        with pytest.raises(CatalogueError, match="disk is full; make room and import again"):
            catalogue.load(many(tmp_path))
        assert list(catalogue.digests()) == before
    with Catalogue(path) as catalogue:
        assert len(catalogue) == 3
        assert catalogue.statistics().imports == 1


def test_a_catalogue_that_may_not_be_written(ordinary_user: Path) -> None:
    path = ordinary_user / "refrain.db"
    Catalogue(path).close()
    path.chmod(stat.S_IRUSR)
    with Catalogue(path) as catalogue:
        assert len(catalogue) == 0
        with pytest.raises(CatalogueError, match="may not write here"):
            catalogue.load(FORMATS / "songs.csv")


_IMPORT = """
import sys, time
from indexer.catalogue import Catalogue

def track(steps, label, total=None):
    for number, step in enumerate(steps):
        if number == 2:
            print("written", flush=True)
            time.sleep(60)
        yield step

Catalogue(sys.argv[1]).load(sys.argv[2], track=track)
"""


def test_kill_9_in_the_middle_of_an_import(tmp_path: Path) -> None:
    path, songs = tmp_path / "refrain.db", many(tmp_path)
    with Catalogue(path) as catalogue:
        catalogue.load(FORMATS / "songs.csv")
        before = (list(catalogue.songs()), catalogue.fingerprint())
    importing = subprocess.Popen(
        [sys.executable, "-c", _IMPORT, path, songs], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with importing:
        assert importing.stdout is not None
        assert importing.stdout.readline() == "written\n"
        with Catalogue(path) as catalogue:
            assert len(catalogue) == 3, "a reader sees the old state while it is written"
        importing.send_signal(signal.SIGKILL)
    assert importing.returncode == -signal.SIGKILL
    with Catalogue(path) as catalogue:
        assert (list(catalogue.songs()), catalogue.fingerprint()) == before
        assert catalogue.load(songs).counts["songs"].added == 5_000
