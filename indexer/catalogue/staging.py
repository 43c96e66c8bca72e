"""Tags and labels of a file, gathered in temporary tables and merged at its end, where the whole file is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from indexer.catalogue.connect import chunks
from indexer.catalogue.keys import digest_of
from indexer.catalogue.reports import RowCounts
from indexer.catalogue.schema import SONG_TAGS, SONGS
from indexer.catalogue.values import checked


class Staged:
    """Rows (owner, name, value) on their way into `target`, a table of just these three columns.

    The same owner and name twice in a file: the last known value counts. A value of None is unknown: it leaves what
    the catalogue has and is 1 where it has nothing.
    """

    def __init__(self, connection: Connection, target: Table) -> None:
        self._connection = connection
        self._target = target
        owner, name, value = target.c
        self._staged = Table(
            f"staged_{target.name}",
            MetaData(),
            Column("owner", owner.type, primary_key=True),
            Column("name", name.type, primary_key=True),
            Column("row", BigInteger, primary_key=True, autoincrement=False),
            Column("value", value.type, nullable=True),
            prefixes=["TEMPORARY"],
        )
        self._created = False

    def add(self, rows: Mapping[tuple[str, str, int], float | None]) -> None:
        """Gather rows: (owner, name, row in the file) -> value."""
        if not rows:
            return
        if not self._created:
            self._staged.create(self._connection, checkfirst=False)
            self._created = True
        self._connection.execute(
            insert(self._staged), [{"owner": o, "name": n, "row": r, "value": v} for (o, n, r), v in rows.items()]
        )

    def merge(self) -> tuple[RowCounts, list[str]]:
        """Write what was gathered; what became of it, and the owners that are not as they were."""
        if not self._created:
            return RowCounts(), []
        staged, target, run = self._staged, self._target, self._connection.execute
        owner, name, value = target.c
        self._keep_last()
        same_key = (owner == staged.c.owner) & (name == staged.c.name)
        same_value = or_(staged.c.value.is_(None), staged.c.value == value)
        known = select(func.count()).select_from(staged.join(target, same_key))
        total = run(select(func.count()).select_from(staged)).scalar_one()
        unchanged = run(known.where(same_value)).scalar_one()
        changed = run(known).scalar_one() - unchanged
        different = select(staged.c.owner).where(~exists().where(same_key, same_value)).distinct()
        owners = list(self._connection.scalars(different)) if total > unchanged else []
        if changed:
            run(delete(target).where(exists().where(same_key, ~same_value)))
        if owners:
            fresh = select(staged.c.owner, staged.c.name, func.coalesce(staged.c.value, 1))
            run(insert(target).from_select([owner, name, value], fresh.where(~exists().where(same_key))))
        staged.drop(self._connection, checkfirst=False)
        return RowCounts(added=total - unchanged - changed, changed=changed, unchanged=unchanged), owners

    def _keep_last(self) -> None:
        staged = self._staged.c
        place = func.row_number().over(
            partition_by=(staged.owner, staged.name), order_by=(staged.value.is_(None), staged.row.desc())
        )
        ranked = select(staged.owner, staged.name, staged.row, place.label("place")).subquery()
        others = select(ranked.c.owner, ranked.c.name, ranked.c.row).where(ranked.c.place > 1)
        self._connection.execute(delete(self._staged).where(tuple_(staged.owner, staged.name, staged.row).in_(others)))


def tags_of(connection: Connection, song_ids: Iterable[str]) -> dict[str, list[str]]:
    """The tags of those songs that have any, most frequent first."""
    columns = SONG_TAGS.c
    tags: dict[str, list[str]] = {}
    for chunk in chunks(song_ids):
        query = select(columns.song_id, columns.tag).where(columns.song_id.in_(chunk))
        ordered = query.order_by(columns.song_id, columns.count.desc(), columns.tag)
        for song_id, tag in checked(query, connection.execute(ordered)):
            tags.setdefault(song_id, []).append(tag)
    return tags


def refresh_tags_digests(connection: Connection, song_ids: Iterable[str]) -> None:
    """Bring the tags_digest of songs whose tags changed up to date."""
    statement = update(SONGS).where(SONGS.c.song_id == bindparam("of_song")).values(tags_digest=bindparam("digest"))
    for chunk in chunks(song_ids):
        tags = tags_of(connection, chunk)
        digests = [{"of_song": each, "digest": digest_of(tags[each]) if each in tags else ""} for each in chunk]
        connection.execute(statement, digests)
