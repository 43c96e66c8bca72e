"""Diagnosis: what a catalogue lacks, what looks wrong in it, and what to import next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from indexer.catalogue.schema import ENTRIES, LABELS, PLAYLISTS, SONG_TAGS, SONGS
from indexer.records import SOUND_NAMES
from indexer.sources.reader import PLAYS_LABEL

EXAMPLES = 3  # songs that a finding names
FEW_PLAYLISTS = 100  # below this listeners' signals learn little
_SAME_TIMES = 3  # songs with the very same lyrics or features before it is suspicious
_SHORT_MS, _LONG_MS = 20_000, 1_800_000  # effects and jingles; mixes, albums in one file
_SLOW_BPM, _FAST_BPM = 40, 220
_FEW_CHARACTERS = 40  # of lyrics
_PLACEHOLDERS = ("various artists", "unknown artist", "unknown", "va", "[unknown]")
_songs = SONGS.c


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that songs of a catalogue lack, or that looks wrong in them.

    kind       "lacks", "twice" or "suspicious"
    songs      how many songs it is about, of `of`
    examples   the song_ids of the first of them
    brings     what it would bring to mend it; of something suspicious what it spoils
    advice     what to do next
    """

    kind: str
    what: str
    songs: int
    of: int
    examples: Sequence[str]
    brings: str
    advice: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a catalogue holds in short, its findings (the largest gap first), and the one thing to do next."""

    songs: int
    playlists: int
    findings: Sequence[Finding]
    next: str


def diagnose(connection: Connection) -> Diagnosis:
    """Look through a catalogue."""
    total = _count(connection, select(func.count()).select_from(SONGS))
    playlists = _count(connection, select(func.count()).select_from(PLAYLISTS))
    if not total:
        return Diagnosis(0, playlists, (), "import songs: refrain import FILE...")
    lacking = [each for each in _lacking(connection, total) if each.songs]
    lacking.sort(key=lambda each: -each.songs)
    findings = (*lacking, *_twice(connection, total), *_suspicious(connection, total))
    return Diagnosis(total, playlists, findings, _next(lacking, playlists))


def _lacking(connection: Connection, total: int) -> Iterator[Finding]:
    def lacks(what: str, condition: ColumnElement[bool], brings: str, advice: str) -> Finding:
        return _finding(connection, "lacks", what, condition, total, brings, advice)

    sound = and_(*(_songs[name].is_(None) for name in SOUND_NAMES))
    unlisted = _songs.song_id.not_in(select(ENTRIES.c.song_id))
    untagged = and_(
        _songs.genres == (),
        _songs.song_id.not_in(select(SONG_TAGS.c.song_id)),
    )
    yield lacks(
        "lyrics", _songs.lyrics.is_(None), "search by words, topics, moods by what is sung",
        "import a table with lyrics (Genius, Kaggle), or .lrc files beside the music",
    )  # fmt: skip
    yield lacks(
        "sound", sound, "energy arcs, tempo and key transitions, moods by sound, songs that sound alike",
        "import the folder of music (pip install 'refrain[audio]'), or a table with audio features",
    )  # fmt: skip
    yield lacks(
        "playlists", unlisted, "what listeners put side by side: the strongest signal of all",
        "import your playlists and listening history (Spotify account data, Exportify, M3U, Last.fm)",
    )  # fmt: skip
    yield lacks(
        "genres and tags", untagged, "genre filters, seeds by genre, names of clusters",
        "import a table with genres, or tags of artists (artist,tag,count)",
    )  # fmt: skip
    yield lacks(
        "year", and_(_songs.year.is_(None), _songs.decade.is_(None)), "filters by year and decade",
        "import an export that has release dates (Exportify, a music library)",
    )  # fmt: skip
    plays = select(LABELS.c.song_id).where(LABELS.c.name.startswith(PLAYS_LABEL))
    unknown = and_(_songs.popularity.is_(None), unlisted, _songs.song_id.not_in(plays))
    yield lacks(
        "popularity", unknown, "the better known of several songs with one name; filters by popularity",
        "import a listening history or an export with popularity",
    )  # fmt: skip
    yield lacks(
        "artist", _songs.artist == "", "its other songs, caps for each artist, meeting songs of other files by name",
        "import a file that names the artists of these ids",
    )  # fmt: skip


def _twice(connection: Connection, total: int) -> Iterator[Finding]:
    shared = select(_songs.name_key).where(_songs.name_key != "").group_by(_songs.name_key).having(func.count() > 1)
    yield from _if_any(
        _finding(
            connection, "twice", "one artist and title under several ids", _songs.name_key.in_(shared), total,
            "one song counts as two", "look at them with: refrain merges --near",
        )
    )  # fmt: skip


def _suspicious(connection: Connection, total: int) -> Iterator[Finding]:
    def suspicious(what: str, condition: ColumnElement[bool], spoils: str, advice: str) -> Iterator[Finding]:
        yield from _if_any(_finding(connection, "suspicious", what, condition, total, spoils, advice))

    length = _songs.duration_ms
    yield from suspicious(
        f"shorter than {_SHORT_MS // 1000} s or longer than {_LONG_MS // 60_000} min",
        or_(length < _SHORT_MS, length > _LONG_MS), "effects, jingles and whole albums among songs",
        "leave them out with --duration, or delete them: refrain delete SONG",
    )  # fmt: skip
    yield from suspicious(
        f"a tempo below {_SLOW_BPM} or above {_FAST_BPM} BPM", or_(_songs.tempo < _SLOW_BPM, _songs.tempo > _FAST_BPM),
        "transitions by tempo", "measure the files, or leave tempo out of the import",
    )  # fmt: skip
    yield from suspicious(
        "a year that has not come", _songs.year > datetime.now(UTC).year + 1, "filters by year", "mend the source",
    )  # fmt: skip
    yield from suspicious(
        f"lyrics of fewer than {_FEW_CHARACTERS} characters", func.length(_songs.lyrics) < _FEW_CHARACTERS,
        "search by words finds notes, not songs", "look at their source: refrain show SONG",
    )  # fmt: skip
    head = func.substr(_songs.lyrics, 1, 200)
    same_words = select(head).where(_songs.lyrics.is_not(None)).group_by(head, func.length(_songs.lyrics))
    yield from suspicious(
        f"the very same lyrics as {_SAME_TIMES - 1} other songs or more",
        head.in_(same_words.having(func.count() >= _SAME_TIMES)), "one text stands for many songs",
        "a scraper's page, or one song under many names: look at them with `refrain show SONG`",
    )  # fmt: skip
    features = tuple(_songs[name] for name in ("energy", "danceability", "valence", "tempo"))
    same_sound = (
        select(_songs.energy, _songs.tempo)
        .where(*(each.is_not(None) for each in features))
        .group_by(*features)
        .having(func.count() >= _SAME_TIMES)
        .subquery()
    )
    same = and_(same_sound.c.energy == _songs.energy, same_sound.c.tempo == _songs.tempo)
    alike = _songs.song_id.in_(select(_songs.song_id).join(same_sound, same))
    yield from suspicious(
        f"the very same audio features as {_SAME_TIMES - 1} other songs or more", alike,
        "values that a program made up where it knew none", "import features from another source",
    )  # fmt: skip
    yield from suspicious(
        'artists such as "Various Artists"', func.lower(_songs.artist).in_(_PLACEHOLDERS),
        "an artist who is none", "import a file that names them; tags of the files may say it",
    )  # fmt: skip


def _finding(
    connection: Connection, kind: str, what: str, condition: ColumnElement[bool], total: int, brings: str, advice: str
) -> Finding:
    songs = _count(connection, select(func.count()).select_from(SONGS).where(condition))
    query = select(_songs.song_id).where(condition).order_by(_songs.song_id).limit(EXAMPLES)
    examples = tuple(connection.scalars(query)) if songs else ()
    return Finding(kind, what, songs, total, examples, brings, advice)


def _if_any(finding: Finding) -> Iterator[Finding]:
    if finding.songs:
        yield finding


def _next(lacking: Sequence[Finding], playlists: int) -> str:
    """The gap that costs most: playlists where there are few, else the largest of lyrics, sound and genres."""
    by_name = {each.what: each for each in lacking}
    if playlists < FEW_PLAYLISTS and "playlists" in by_name:
        return by_name["playlists"].advice
    weighty = [each for each in lacking if each.what in ("lyrics", "sound", "genres and tags")]
    return weighty[0].advice if weighty and 2 * weighty[0].songs > weighty[0].of else "refrain build"


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())
