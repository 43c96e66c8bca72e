"""Names in which dots join initials: R.E.M. is REM, and meets songs under that name."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from indexer.catalogue.keys import name_key
from indexer.text.artists import parts_of
from indexer.text.names import artist_key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SONGS_AT_A_TIME = 10_000


def upgrade() -> None:
    """Give the songs whose names have dots the key that they have by now. What was two songs stays two."""
    connection = op.get_bind()
    page = sa.text(
        "SELECT song_id, title, artist, artists FROM songs "
        "WHERE song_id > :last AND (title LIKE '%.%' OR artist LIKE '%.%') ORDER BY song_id LIMIT :size"
    )
    write = sa.text("UPDATE songs SET name_key = :key WHERE song_id = :song_id")
    last, dotted = "", set[str]()
    while songs := connection.execute(page, {"last": last, "size": _SONGS_AT_A_TIME}).all():
        rows = []
        for song_id, title, artist, listed in songs:
            artists = json.loads(listed or "[]")
            rows.append({"song_id": song_id, "key": name_key(title, artist, artists)})
            dotted.update(name for name in (artist, *artists) if "." in name)
        connection.execute(write, rows)
        last = songs[-1][0]
    _rename_tagged(connection, dotted)
    _rename_open(connection)


def _rename_tagged(connection: sa.Connection, artists: set[str]) -> None:
    before = {artist_key(name.replace(".", " ")): artist_key(name) for name in artists}
    rows = [{"old": old, "new": new} for old, new in sorted(before.items()) if old != new]
    if rows:
        both = "SELECT 1 FROM artist_tags AS other WHERE other.artist_key = :new AND other.tag = artist_tags.tag"
        rename = f"UPDATE artist_tags SET artist_key = :new WHERE artist_key = :old AND NOT EXISTS ({both})"
        connection.execute(sa.text(rename), rows)


def _rename_open(connection: sa.Connection) -> None:
    names = connection.execute(sa.text("SELECT DISTINCT artist FROM open_artists WHERE artist LIKE '%.%'")).scalars()
    for artist in names.all():
        connection.execute(sa.text("DELETE FROM open_artists WHERE artist = :artist"), {"artist": artist})
        parts = {artist_key(part) for way in parts_of(artist) for part in way}
        rows = [{"part": part, "artist": artist} for part in sorted(parts)]
        if rows:
            connection.execute(sa.text("INSERT INTO open_artists (part, artist) VALUES (:part, :artist)"), rows)
