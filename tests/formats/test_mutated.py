"""Exports whose values are not what they should be: one sentence, or songs; never another exception."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from indexer.catalogue import Catalogue
from indexer.errors import SourceError
from indexer.sources import recognise
from tests.formats import (
    test_apple_privacy,
    test_beets,
    test_genius,
    test_lastfm,
    test_listenbrainz,
    test_lrc,
    test_shazam,
    test_soundiiz,
    test_spotify_account,
    test_tunemymusic,
    test_youtube_music,
)

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, 10**400, "", " ", "inf", "nan", "-5", "1e999", "\u0000", "\ud800x", "x" * 5_000,
    [], {}, [None], [[]], {"name": None}, {"": {}}, ["a", 1],
    {"#text": ["a"]}, "9999-12-31T23:59:59Z", "0001-01-01 00:00",
)  # fmt: skip
JSON: dict[str, Any] = {
    "playlists": test_spotify_account.PLAYLISTS,
    "history": [test_spotify_account.listen(at, f"Song {at}", 200_000) for at in range(5)],
    "extended": [test_spotify_account.extended(at, at % 9, f"Song {at}") for at in range(5)],
    "library": {"tracks": [{"artist": "A", "album": "B", "track": "C", "uri": "spotify:track:x"}], "albums": []},
    "last.fm": test_lastfm.page(*(test_lastfm.played(f"Song {at}", 1_614_852_000 + 200 * at) for at in range(5))),
    "listenbrainz": test_listenbrainz.LISTENS,
    "youtube": [test_youtube_music.watched(at, f"Watched Song {at}") for at in range(5)],
    "genius": test_genius.SHAPES["artist.json"],
    "beets": test_beets.ITEMS,
}
TEXTS = {
    "last.fm": test_lastfm.PLAIN,
    "last.fm with ids": test_lastfm.WITH_IDS,
    "shazam": test_shazam.HEADER + test_shazam.ROWS,
    "soundiiz": test_soundiiz.LONG,
    "tunemymusic": test_tunemymusic.TEXT,
    "lrc": test_lrc.TEXT,
    "apple": test_apple_privacy.ACTIVITY,
    "beets": test_beets.table(test_beets.ITEMS),
}


MUTANTS = 25


def places(value: object) -> list[tuple[Any, Any]]:
    """Every container in a value with each of its keys."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            found += [(value, key), *places(inner)]
    return found


def read_or_refused(path: Path, catalogue: Catalogue) -> None:
    """A report or a SourceError; whatever it was, the catalogue can be read."""
    try:
        recognise(path)
        catalogue.load(path)
    except SourceError:
        pass
    assert all(song.song_id for song in catalogue.songs())


@pytest.mark.parametrize("name", JSON)
def test_values_of_other_types(name: str, tmp_path: Path) -> None:
    random = Random(name)
    with Catalogue(tmp_path / "songs.db") as catalogue:
        for number in range(MUTANTS):
            value = copy.deepcopy(JSON[name])
            for _ in range(random.choice((1, 1, 2, 5))):
                container, key = random.choice(places(value) or [({}, "nothing is left")])
                if random.random() < 0.2 and isinstance(container, dict):
                    container.pop(key, None)
                else:
                    container[key] = copy.deepcopy(random.choice(VALUES))
            path = tmp_path / f"{number}.json"
            path.write_text(json.dumps(value), "utf-8")
            read_or_refused(path, catalogue)


@pytest.mark.parametrize("name", TEXTS)
def test_bytes_that_are_lost_or_altered(name: str, tmp_path: Path) -> None:
    random = Random(name)
    with Catalogue(tmp_path / "songs.db") as catalogue:
        for number in range(MUTANTS):
            content = bytearray(TEXTS[name].encode())
            for _ in range(random.choice((1, 2, 9))):
                at = random.randrange(len(content))
                match random.randrange(4):
                    case 0:
                        content[at] = random.randrange(256)
                    case 1:
                        del content[at : at + random.randrange(1, 40)]
                    case 2:
                        content[at:at] = random.choice((b'"', b"\n", b",", b"\x00", b"\xff", b";;;;", b"[00:"))
                    case _:
                        content = content[: max(at, 1)] if len(content) > 1 else bytearray(b"x")
                content = content or bytearray(b"x")
            path = tmp_path / f"{number}"
            path.write_bytes(bytes(content))
            read_or_refused(path, catalogue)
