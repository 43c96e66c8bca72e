"""ListenBrainz: listens and feedback, as its export and its API write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from indexer.errors import SourceError
from tests.formats.reading import contents_of, imported, lines, whole, written

MBID = "0f3a1c9e-0000-4000-8000-00000000000"
SPOTIFY = "4zZzZzZzZzZzZzZzZzZz0"


def listen(at: int, title: str, number: int = 0, **info: object) -> dict[str, object]:
    mapped = {"mbid_mapping": {"recording_mbid": f"{MBID}{number}", "recording_name": title}} if number else {}
    return {
        "inserted_at": at + 9,
        "listened_at": at,
        "user_name": "somebody",
        "track_metadata": {
            "artist_name": "Ines Calder",
            "track_name": title,
            "release_name": "Tides",
            "additional_info": {"recording_msid": MBID + "9", "media_player": "x", **info},
            **mapped,
        },
    }


LISTENS = [
    listen(1_700_000_000, "Slow Ebb", 1, duration_ms=201_000, spotify_id=f"https://open.spotify.com/track/{SPOTIFY}1"),
    listen(1_700_000_300, "Gull Song", isrc="PTAAA2100001"),
    listen(1_700_000_600, "Salt", recording_mbid=MBID + "3"),
    listen(1_700_000_900, "Slow Ebb", 1),
    listen(1_700_090_000, "Slow Ebb"),
]


def test_listens_of_the_export_and_of_the_api_are_the_same(tmp_path: Path) -> None:
    expected = None
    for name, content in {
        "3.jsonl": lines(*LISTENS),
        "listens.json": LISTENS,
        "api.json": {"payload": {"count": 5, "listens": LISTENS, "user_id": "somebody"}},
    }.items():
        contents = imported(written(tmp_path / name, name, content), "listenbrainz", tmp_path / name)
        assert contents.plays == {"Slow Ebb": 3, "Gull Song": 1, "Salt": 1}, name
        assert contents.playlists == {"Session 2023-11-14 22:13": ["Slow Ebb", "Gull Song", "Salt"]}
        song = contents.songs["Slow Ebb"]
        assert (song.artist, song.album, song.spotify_id) == ("Ines Calder", "Tides", SPOTIFY + "1")
        assert song.audio is not None
        assert song.audio.duration_ms == 201_000
        assert expected in (None, contents.ids)
        expected = contents.ids


def test_ids_of_all_kinds_are_known(tmp_path: Path) -> None:
    ids = {song.facts["title"]: dict(song.ids) for song in whole(written(tmp_path, "x", lines(*LISTENS))).songs}
    assert ids == {
        "Slow Ebb": {"spotify": SPOTIFY + "1", "mbid": MBID + "1"},
        "Gull Song": {"isrc": "PTAAA2100001"},
        "Salt": {"mbid": MBID + "3"},
    }


def test_one_listen_alone(tmp_path: Path) -> None:
    assert imported(written(tmp_path, "x.jsonl", lines(LISTENS[1])), "listenbrainz", tmp_path).plays == {"Gull Song": 1}


def test_loved_songs_are_a_playlist(tmp_path: Path) -> None:
    feedback = [
        {"recording_mbid": MBID + "3", "recording_msid": None, "score": 1, "created": 1_700_000_000},
        {"recording_mbid": MBID + "1", "score": -1, "created": 1_700_000_001},
        {"recording_mbid": MBID + "6", "score": 1, "created": 1_700_000_002},
        {"recording_msid": MBID + "9", "score": 1, "created": 1_700_000_003},
        {"recording_mbid": MBID + "4", "score": 1, "track_metadata": {"track_name": "Mast", "artist_name": "Ada"}},
    ]
    written(tmp_path, "export/listens/3.jsonl", lines(*LISTENS))
    for name, content in {"feedback.jsonl": lines(*feedback), "feedback.json": {"feedback": feedback}}.items():
        written(tmp_path, f"export/{name}", content)
        with Catalogue(tmp_path / f"{name}.db") as catalogue:
            _, report = catalogue.load_all([tmp_path / "export"])
            assert report.format == "listenbrainz feedback"
            contents = contents_of(catalogue)
            assert contents.playlists["Loved on ListenBrainz"] == ["Salt", "Mast"]
            assert not any(each.changed for each in catalogue.load_all([tmp_path / "export"]))
        kinds = {(each.what, each.kind): each.count for each in report.remarks}
        assert kinds[("file", "recordings that are not loved are in no playlist")] == 1
        assert kinds[("entry", "neither a recording_mbid nor a name; expected either")] == 1
        assert sum(each.count for each in report.remarks if "not in the catalogue" in each.kind) == 1
        (tmp_path / "export" / name).unlink()


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"line 5 is not JSON .* cut short or damaged"):
        whole(written(tmp_path, "cut.jsonl", lines(*LISTENS)[:-40]))
    rows = whole(written(tmp_path, "rows.jsonl", lines(LISTENS[0], LISTENS[1], [1]))).refusals
    assert [each.reason for each in rows if each.what == "listen"] == ["line 3 is not a JSON object but list"]
    assert len(whole(tmp_path / "rows.jsonl", "listenbrainz").songs) == 2
