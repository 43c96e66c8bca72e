"""What each command answers: JSON whole, tables for people, one line where it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.app import MISUSED, REFUSED
from engine.engine import Engine
from engine.requests import request_from_json
from tests.engine.cli.running import run
from tests.engine.cli.shapes import HIT, NUMBER, NUMBER_OR_NULL, RECORD, SONG, TEXT_OR_NULL, Each, answer, misfits

CHLORINE = ["--seed", "Chlorine Hair"]
MOOD = {
    "name": str, "probability": NUMBER, "base_rate": NUMBER, "listeners_agree": (bool, type(None)),
    "shares": Each(NUMBER, 3), "words": [str], "features": [str],
}  # fmt: skip
MOODS = {
    "known": [str], "moods": [MOOD], "valence": NUMBER, "arousal": NUMBER, "quadrant": str,
    "quadrants": Each(NUMBER, 4), "happy": NUMBER, "notes": [str],
}  # fmt: skip
FEATURE = {"name": str, "a": NUMBER_OR_NULL, "b": NUMBER_OR_NULL, "likeness": NUMBER_OR_NULL}
EXPLANATION = {
    "a": SONG, "b": SONG, "reason": str, "signals": Each(NUMBER_OR_NULL, 3), "shared_words": [str], "topics": [str],
    "features": [FEATURE], "line": TEXT_OR_NULL, "notes": [str],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "shape", "songs"),
    [
        (["find", "landlord boat", "-k", "4"], answer(SONG), 4),
        (["songs", "--year", "1980..1999", "--limit", "7"], answer(SONG, total=int), 7),
        (["similar", "Chlorine Hair", "-k", "3", "--year", "1980..1999"], answer(HIT), 3),
        (["search", '"bought a boat"'], answer(HIT), None),
        (["search", "--mood", "angry", "--mood", "tender", "-k", "2"], answer(HIT), 2),
        (["recommend", *CHLORINE, "--target", "energy=0.8", "--where", "tempo=60..", "-k", "5"], answer(HIT), 5),
        (["playlist", *CHLORINE, "--length", "5", "--arc", "rise"], answer(HIT, name=str), 5),
        (["path", "Chlorine Hair", "Tía Soltera", "--length", "4"], answer(HIT, name=str), 4),
        (["show", "Chlorine Hair"], RECORD, None),
        (["show", "Chlorine Hair", "--lyrics"], {**RECORD, "lyrics": str}, None),
        (["moods", "Chlorine Hair"], MOODS, None),
        (["explain", "Chlorine Hair", "High Board"], EXPLANATION, None),
        (["refused"], {"remarks": [{"file": str, "what": str, "kind": str, "count": int, "rows": [int]}]}, None),
        (["refused", "--rows"], {"refused": [dict]}, None),
        (["merges"], {"merges": [dict]}, None),
        (["merges", "--near"], {"near_merges": [dict]}, None),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, list) else "",
)
def test_json_is_whole_and_all_that_is_printed(
    place: dict[str, str], command: list[str], shape: Any, songs: int | None
) -> None:
    done = run(*command, "--json", env=place)
    value = done.json
    assert misfits(value, shape) == []
    assert done.err == ""
    assert songs is None or len(value["songs"]) == songs
    shown = run(*command, env=place)
    assert (shown.code, "{" in shown.out) == (0, False)
    title = value["songs"][0]["title"] if "songs" in value else None
    assert title is None or title in shown.out.replace("\n", " ") or len(title) > 20


def test_the_query_of_an_answer_is_a_request(place: dict[str, str]) -> None:
    command = [
        "playlist", *CHLORINE, "--seed-artist", "Ludie Sparrow", "--text", "boat", "--avoid", "High Board",
        "--exclude", "Weld the Hull", "--target", "energy=0.8", "--year", "1990s", "--not-mood", "sad",
        "--has", "lyrics", "--explicit", "no", "--duration", "60..", "--weight", "era=0.5", "--length", "3",
        "--max-per-artist", "1", "--arc", "peak", "--variation", "2", "--with-seeds", "--name", "Mine", "--json",
    ]  # fmt: skip
    query = run(*command, env=place).json["query"]
    request = request_from_json(json.dumps(query))
    assert request.to_dict() == query
    assert query["kind"] == "playlist"
    assert query["seeds"] == ["Chlorine Hair"]
    assert query["exclude"] == ["Weld the Hull"]
    assert (query["length"], query["arc"], query["variation"], query["with_seeds"]) == (3, "peak", 2, True)
    assert query["weights"] == {"era": 0.5}
    filters = query["filters"]
    assert filters["not_mood"] == ["sad"]
    assert filters["has"] == ["lyrics"]
    assert {"year", "explicit", "duration_ms"} <= set(filters)


def test_a_total_duration_decides_how_many_songs(place: dict[str, str]) -> None:
    query = run("playlist", *CHLORINE, "--duration-total", "10:00", "--json", env=place).json["query"]
    assert query["duration_total_ms"] == 600_000
    assert len(run("playlist", *CHLORINE, "--duration-total", "100:00:00", "--json", env=place).json["songs"]) > 100
    assert run("playlist", *CHLORINE, "--json", env=place).json["query"]["length"] == 25


def test_songs_listed_in_a_file_are_excluded(place: dict[str, str], tmp_path: Path, demo: Engine) -> None:
    first = [hit.song_id for hit in demo.similar("Chlorine Hair", 4)]
    (tmp_path / "known.txt").write_text("\n".join(first), "utf-8")
    query = run("similar", "Chlorine Hair", "--exclude-from", str(tmp_path / "known.txt"), "--json", env=place).json
    assert query["query"]["exclude"] == first


def test_seeds_by_content(place: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\ufeffmy landlord bought a boat", "utf-8")
    command = ["recommend", "--seed-lyrics", "words.txt", "--seed-audio", "energy=0.5,tempo=120", "-k", "3", "--json"]
    found = run(*command, cwd=tmp_path, env=place).json
    assert len(found["songs"]) == 3
    seed = found["query"]["seeds"][0]
    assert (seed["title"], seed["lyrics"]) == ("words", "my landlord bought a boat")
    assert seed["audio"] == {"energy": 0.5, "tempo": 120.0}
    (tmp_path / "words.txt").write_bytes(b"caf\xe9")
    assert "is not text in UTF-8" in run(*command, cwd=tmp_path, env=place).err


@pytest.mark.parametrize("k", [1, 2, 5])
def test_so_many_moods_as_were_wanted(place: dict[str, str], k: int) -> None:
    assert len(run("moods", "Chlorine Hair", "-k", str(k), "--json", env=place).json["moods"]) == k


def test_songs_page_by_page(place: dict[str, str]) -> None:
    pages = [
        run("songs", "--year", "1980..1999", "--offset", str(offset), "--limit", "9", "--json", env=place).json
        for offset in (0, 9)
    ]
    ids = [song["song_id"] for page in pages for song in page["songs"]]
    assert len(set(ids)) == 18
    assert all(1980 <= song["year"] <= 1999 for page in pages for song in page["songs"])
    shown = run("songs", "--year", "1980..1999", "--limit", "9", env=place)
    assert shown.err == f"9 of {pages[0]['total']} songs\n"
    beyond = run("songs", "--year", "1980..1999", "--offset", "100000", env=place)
    assert (beyond.code, beyond.out) == (0, "")


def test_lyrics_only_when_they_are_wanted(place: dict[str, str], demo: Engine) -> None:
    (song,) = demo.find("Chlorine Hair", 1)
    line = next(line for line in (song.lyrics or "").splitlines() if line.strip())
    assert line not in run("show", song.song_id, env=place).out
    assert line in run("show", song.song_id, "--lyrics", env=place).out


@pytest.mark.parametrize("ending", [".m3u8", ".jspf", ".csv", ".json"])
def test_playlists_are_saved(place: dict[str, str], tmp_path: Path, ending: str) -> None:
    done = run("playlist", *CHLORINE, "--length", "3", "--out", f"mix{ending}", cwd=tmp_path, env=place)
    assert done.code == 0
    assert f"3 songs written to mix{ending}" in done.err
    assert (tmp_path / f"mix{ending}").stat().st_size > 100


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["similar", "No Such Song At All Anywhere"], "nearest:"),
        (["similar", "Chlorine Hair", "-k", "0"], "k is 0"),
        (["similar", "Chlorine Hair", "-k", "5001"], "k is 5001"),
        (["playlist", *CHLORINE, "--length", "0"], "length is 0"),
        (["path", "Chlorine Hair", "High Board", "--length", "201"], "length is 201"),
        (["similar", "Chlorine Hair", "--year", "1999..1990"], "range is empty"),
        (["similar", "Chlorine Hair", "--where", "enrgy=0.5"], "no filter is called"),
        (["similar", "Chlorine Hair", "--genre", "polkacore"], "no song has the genre"),
        (["recommend", *CHLORINE, "--target", "energy=9"], "expected 0..1"),
        (["recommend", *CHLORINE, "--weight", "tast=1"], "tast"),
        (["find", "boat", "-k", "5001"], "k is 5001"),
        (["find", "boat", "-k", "0"], "k is 0"),
        (["find", "boat", "--index", "/nowhere/at/all"], "refrain build"),
        (["update", "--catalogue", "/nowhere/at/all.db"], "refrain import"),
        (["import", "/nowhere/at/all.csv"], "all.csv"),
        (["delete", "No Such Song At All Anywhere"], "nearest:"),
        (["playlist", *CHLORINE, "--out", "/nowhere/at/all.csv"], "/nowhere/at"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_an_error_is_one_line_without_a_traceback(place: dict[str, str], command: list[str], message: str) -> None:
    done = run(*command, env=place)
    of_words = {"-k", "--length", "--year", "--where", "--genre", "--target", "--weight"}.intersection(command)
    assert (done.code, done.out) == (MISUSED if of_words else REFUSED, "")
    assert message in done.err
    assert done.err.startswith("refrain: ")
    assert len(done.err.splitlines()) == 1
