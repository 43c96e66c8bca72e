"""Listens: plays and sessions against a plain count, whatever the order; ids and names of one song; times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from indexer.sources import Batch
from indexer.sources.listens import NoListen, Record, read_listens
from indexer.sources.opened import OpenedFile
from indexer.sources.reader import PLAYS_LABEL
from indexer.sources.sessions import GAP_S
from indexer.sources.units import moment

START = 1_600_000_000
FILE = OpenedFile(Path("history.json"), "json")


class Listen(NamedTuple):
    song: int
    at: int
    ms: int | None = None
    skipped: bool = False

    @property
    def counts(self) -> bool:
        return not self.skipped and (self.ms is None or self.ms >= 30_000)

    def record(self, time: str = "uts") -> dict[str, object]:
        length = {} if self.ms is None else {"ms_played": self.ms}
        return {"track": f"Song {self.song}", "artist": "Ines Calder", time: START + self.at, **length,
                "skipped": self.skipped}  # fmt: skip


class Result(NamedTuple):
    """Plays by title, sessions by playlist_id in order, remarks by reason."""

    plays: dict[object, float]
    sessions: dict[str, list[object]]
    remarks: dict[str, int]


def result(records: Sequence[Record | NoListen]) -> Result:
    plays: dict[object, float] = {}
    sessions: dict[str, list[object]] = {}
    remarks: dict[str, int] = {}
    titles: dict[tuple[str, str], object] = {}
    for batch in read_listens(FILE, enumerate(records, start=1)):
        _check_positions(batch)
        for song in batch.songs:
            for name, value in song.labels.items():
                assert name == PLAYS_LABEL + FILE.name
                plays[song.facts["title"]] = value
            titles |= dict.fromkeys(song.ids, song.facts["title"])
        for entry in batch.entries:
            song = entry.song
            title = titles[song] if isinstance(song, tuple) else batch.songs[song].facts["title"]
            sessions.setdefault(entry.playlist_id, []).append(title)
        remarks |= {each.reason: each.count for each in batch.refusals}
    return Result(plays, sessions, remarks)


def _check_positions(batch: Batch) -> None:
    places: dict[str, list[int]] = {}
    for entry in batch.entries:
        places.setdefault(entry.playlist_id, []).append(entry.position)
    assert all(each == list(range(len(each))) for each in places.values())
    assert set(places) == {row.playlist_id for row in batch.playlists}


def expected_sessions(listens: Sequence[Listen]) -> list[list[str]]:
    """Sessions by hand: one listen after another."""
    sessions: list[list[str]] = []
    end = float("-inf")
    for listen in sorted((each for each in listens if each.counts), key=lambda each: each.at):
        if listen.at - end > GAP_S:
            sessions.append([])
        end = max(end, listen.at + (listen.ms or 0) / 1000)
        if (title := f"Song {listen.song}") not in sessions[-1]:
            sessions[-1].append(title)
    return [session for session in sessions if len(session) >= 3]


some_listens = st.lists(
    st.builds(
        Listen,
        song=st.integers(0, 6),
        at=st.integers(0, 60_000),
        ms=st.none() | st.integers(0, 400_000),
        skipped=st.booleans(),
    ),
    max_size=40,
    unique_by=lambda listen: listen.at,
)


@given(some_listens, st.randoms(use_true_random=False))
def test_plays_and_sessions_are_those_of_a_plain_count(listens: list[Listen], random: object) -> None:
    found = result([listen.record() for listen in listens])
    assert found.plays == dict(Counter(f"Song {each.song}" for each in listens if each.counts))
    assert list(found.sessions.values()) == expected_sessions(listens)
    shuffled = list(listens)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = result([listen.record() for listen in shuffled])
    assert (other.plays, other.sessions) == (found.plays, found.sessions), "the order of the file does not matter"
    twice = result([listen.record() for listen in [*listens, *listens]])
    assert (twice.plays, twice.sessions) == (found.plays, found.sessions), "a listen counts once"


def test_a_gap_of_thirty_minutes_is_no_end_and_a_second_more_is() -> None:
    near = [Listen(0, 0), Listen(1, GAP_S), Listen(2, 2 * GAP_S)]
    assert len(result([each.record() for each in near]).sessions) == 1
    far = [Listen(0, 0), Listen(1, GAP_S), Listen(2, 2 * GAP_S + 1)]
    assert result([each.record() for each in far]).sessions == {}


def test_a_long_song_is_no_gap() -> None:
    """From the end of one song to the start of the next, whichever of the two the file has."""
    hour = 3_600_000
    starts = [Listen(0, 0, hour), Listen(1, 3_700, hour), Listen(2, 7_400, 40_000)]
    ends = [listen._replace(at=listen.at + (listen.ms or 0) // 1000) for listen in starts]
    found = result([each.record() for each in starts])
    assert list(found.sessions.values()) == [["Song 0", "Song 1", "Song 2"]]
    assert result([each.record("ts") for each in ends]).sessions == found.sessions


def test_a_session_in_a_newer_export_is_the_same_playlist() -> None:
    old = [Listen(at, 60 * at) for at in range(4)]
    new = [*old, *(Listen(at, 100_000 + 60 * at) for at in range(3))]
    before, after = (result([each.record() for each in listens]).sessions for listens in (old, new))
    assert before.items() < after.items()
    assert len(after) == 2


def test_songs_meet_by_any_of_their_ids_and_two_ids_of_one_kind_never() -> None:
    spotify, mbid = "4zZzZzZzZzZzZzZzZzZz0", "0f3a1c9e-0000-4000-8000-00000000000"

    def record(at: int, **ids: object) -> dict[str, object]:
        return {"track": "Salt", "artist": "The Quays", "uts": START + at, **ids}

    records: list[Record | NoListen] = [
        record(0, spotify_id=spotify + "1", mbid=mbid + "1"),
        record(1, mbid=mbid + "1"),
        record(2, spotify_id=spotify + "2", mbid=mbid + "1"),
        record(3),
    ]
    songs = [song for batch in read_listens(FILE, enumerate(records, start=1)) for song in batch.songs]
    plays = {song.ids: dict(song.labels) for song in songs}
    label = PLAYS_LABEL + FILE.name
    assert plays == {
        (("spotify", spotify + "1"), ("mbid", mbid + "1")): {label: 3.0},
        (("spotify", spotify + "2"), ("mbid", mbid + "1")): {label: 1.0},
    }


def test_songs_without_ids_stand_in_each_batch_that_points_to_them() -> None:
    """Twenty thousand entries are one batch: the next brings its songs again, without counting them again."""
    listens = [Listen(at % 50, 120 * at + (at // 50) * 10_000) for at in range(30_000)]
    records = [each.record() for each in listens]
    batches = list(read_listens(FILE, enumerate(records, start=1)))
    with_entries = [batch for batch in batches if batch.entries]
    assert len(with_entries) > 1
    assert all(len(batch.songs) == 50 for batch in with_entries)
    assert sum(bool(song.labels) for batch in batches for song in batch.songs) == 50
    assert result(records).plays == {f"Song {number}": 600 for number in range(50)}


def test_what_is_no_listen_is_counted_by_reason() -> None:
    found = result(
        [
            Listen(0, 0, 200_000).record(),
            Listen(1, 300, 5_000).record(),
            Listen(1, 310, 200_000, skipped=True).record(),
            {"track": "Song 2", "artist": "Ines Calder", "uts": "yesterday"},
            {"track": "", "artist": "Ines Calder", "uts": START},
            NoListen("a video"),
            NoListen("a video"),
        ]
    )
    assert found.plays == {"Song 0": 1, "Song 2": 1}
    assert found.remarks == {
        "played for less than 30 s: no play": 1,
        "skipped: no play": 1,
        "no time at which it was played: a play, but in no session": 1,
        "neither a title nor an id of a song": 1,
        "a video": 2,
    }


def test_no_listens_at_all() -> None:
    assert result([]) == ({}, {}, {})
    assert result([NoListen("a video")]).remarks == {"a video": 1}


@given(st.integers(946_684_800, 4_102_444_800))
def test_a_moment_is_the_same_in_all_spellings(seconds: int) -> None:
    from datetime import UTC, datetime

    time = datetime.fromtimestamp(seconds, UTC)
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][time.month - 1]
    for spelt in (
        seconds,
        str(seconds),
        1000 * seconds,
        1_000_000 * seconds,
        time.isoformat(),
        f"{time:%Y-%m-%dT%H:%M:%SZ}",
        f"{time:%Y-%m-%d %H:%M:%S}",
        f"{time:%Y-%m-%d %H:%M:%S} UTC",
        f"{time:%Y/%m/%d %H:%M:%S}",
        f"{time:%d} {month} {time:%Y, %H:%M:%S}",
        time,
    ):
        assert moment(spelt) == seconds, spelt


@given(st.text(max_size=30) | st.floats() | st.booleans() | st.none() | st.lists(st.integers(), max_size=2))
def test_anything_else_is_a_moment_or_none(value: object) -> None:
    found = moment(value)
    assert found is None or 946_684_800 <= found <= 4_102_444_800
