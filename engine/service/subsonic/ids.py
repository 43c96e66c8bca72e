"""Ids: what songs, artists and albums are called towards players, the same as long as they are what they are.

Players write ids into URLs and file names. A song_id of letters, digits, "-" and "_" stays as it is; others, and the
keys of artists and albums, are written in base 64 after a mark, so that nobody needs a table to read them.
"""

from __future__ import annotations

import base64
import re

SONG, ARTIST, ALBUM = "so-", "ar-", "al-"

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")


def public_song_id(song_id: str) -> str:
    """
    >>> public_song_id("3n3Ppam7vgaVa1iaRUc9Lp"), public_song_id("ada/salt-road")
    ('3n3Ppam7vgaVa1iaRUc9Lp', 'so-YWRhL3NhbHQtcm9hZA')
    """
    marked = song_id.startswith((SONG, ARTIST, ALBUM))
    return song_id if _SAFE.match(song_id) and not marked else marked_id(SONG, song_id)


def song_id_of(public: str) -> str:
    """The song_id that `public_song_id` was given; a song_id as it is.

    >>> song_id_of("so-YWRhL3NhbHQtcm9hZA"), song_id_of("ada/salt-road")
    ('ada/salt-road', 'ada/salt-road')
    """
    key = key_of(SONG, public)
    return public if key is None else key


def marked_id(mark: str, key: str) -> str:
    """The id of an artist's or an album's key."""
    return mark + base64.urlsafe_b64encode(key.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def key_of(mark: str, public: str) -> str | None:
    """The key that `marked_id` was given; None for an id of something else.

    >>> key_of(ARTIST, marked_id(ARTIST, "tin heron")), key_of(ARTIST, "al-YQ"), key_of(ARTIST, "ar-%")
    ('tin heron', None, None)
    """
    if not public.startswith(mark):
        return None
    text = public.removeprefix(mark)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return raw.decode("utf-8", "surrogatepass")
    except ValueError:
        return None
