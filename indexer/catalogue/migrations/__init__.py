"""Migrations: the schema's history, run through Alembic when a catalogue is opened; no alembic.ini, no env.py."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from indexer.errors import CatalogueError


def upgrade(connection: Connection, *, version: str | None, place: str) -> None:
    """Bring the schema from `version` (None: empty) to the newest, inside the transaction of `connection`."""
    script = history()
    newest_first = list(script.walk_revisions())
    known = [revision.revision for revision in newest_first]
    if version is not None and version not in known:
        raise CatalogueError(
            f"{place} has schema version {ascii(version)[:40]}, this program knows {known[-1]} to {known[0]}; "
            "upgrade the program, or import the files into a new catalogue"
        )
    missing = newest_first if version is None else newest_first[: known.index(version)]
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        for revision in reversed(missing):
            revision.module.upgrade()
            context.stamp(script, revision.revision)


def history() -> ScriptDirectory:
    """All schema versions, as Alembic reads them from `versions`."""
    config = Config()
    folder = str(Path(__file__).parent)
    config.set_main_option("script_location", folder.replace("%", "%%"))  # a % would be read as a placeholder
    return ScriptDirectory.from_config(config)
