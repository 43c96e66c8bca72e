"""Every kind of result, made of hostile text: printed, it is harmless; as JSON, it is the same text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.answer.compare import Explanation, Feature
from engine.answer.hits import Hit
from engine.cli.render import build, clusters, explanation, imports, index, moods, playlist, preference, song, songs
from engine.information import index_record
from engine.listen.moods import MoodScore, SongMoods
from engine.listen.preference import Judged
from engine.lookup.listing import Page
from engine.lookup.record import SongRecord
from engine.playlist.playlist import Playlist
from engine.requests import Find
from indexer.catalogue import LoadReport, Refusal, Remark, RowCounts
from indexer.records import AudioFeatures, Song
from indexer.text.printable import HARMFUL

X = "x\x1b]0;owned\x07\x9b2J\u202e\n[red]y"
SONG = Song(X, X, X, album=X, year=1999, language=X, genres=(X,), spotify_id=X, lyrics=X, tags=(X,),
            audio=AudioFeatures(energy=0.5))  # fmt: skip
HIT = Hit(X, X, X, 1.5, 1, {"taste": 1.5}, X, X, X, 200_000, 1999, 120.0, 1, 1, 0.5, X)
MODEL = {"learned": True, "songs": 1200, "playlists": 30, "date": "2026-01-01", "why": ""}
MANIFEST = {
    "created": X, "files": {"a": {"bytes": 5}, "b": {"bytes": 7}}, "songs": 9, "with_lyrics": 8, "with_audio": 7,
    "rows": 10, "playlists": 6, "parts": [["lyrics", 48], ["audio", 12]], "encoder": {"name": X, "sha256": "0"},
    "models": {"topics": MODEL, X: {**MODEL, "learned": False, "why": X}}, "config": json.dumps({"a": X}),
    "libraries": {"numpy": X},
}  # fmt: skip
WEIGHTS = {"one": {"taste": 2.0}, "several": {"taste": 2.25}}
REMARKS = (Remark(X, "song", X, 1, (3,)), *(Remark(X, "song", X, 1200, (1, 2, 3)) for _ in range(6)))
BUILT = SimpleNamespace(name=X, action="learn", reason=X, seconds=1.25, rows=1200)


def tuning() -> Any:
    tuned = SimpleNamespace(start={"taste": 1.0}, weights={"taste": 2.0}, before=0.1, after=0.2)
    check = SimpleNamespace(before=0.1, after=0.2, queries=5, p_value=0.01)
    return SimpleNamespace(metric=X, tuned=tuned, check=check, accepted=True, to_dict=lambda: {"metric": X})


def judged() -> Any:
    measures = dict.fromkeys(("accuracy", "balanced_accuracy", "chance", "threshold"), 0.5)
    return SimpleNamespace(summary=X, liked=5, other=5, sampled=True, **measures)


def cluster() -> Any:
    one = SimpleNamespace(name=X, rows=np.arange(3), words=(X,), genres=(X,), moods=(X,), features=(X,))
    curves = SimpleNamespace(clusters=np.arange(2), distortion=np.ones(2), silhouette=np.array([0.5, np.nan]))
    return SimpleNamespace(clusters=(one,), curves=curves)


def mood() -> SongMoods:
    return SongMoods((X,), (MoodScore(X, 0.5, 0.1, True, {"lyrics": 1.0, "sound": 0.0, "listeners": 0.0}, (X,), (X,)),),
                     0.1, 0.2, "Q1", {"Q1": 1.0}, 0.7)  # fmt: skip


QUERY = {"kind": "search", "text": X}
RESULTS: dict[str, Callable[[bool], None]] = {
    "songs": lambda as_json: songs.show_songs(Page((SONG,), Find(text=X), 3), as_json=as_json),
    "hits": lambda as_json: songs.show_hits(Playlist(X, (HIT,), (), QUERY), as_json=as_json),
    "song": lambda as_json: song.show_song(SongRecord(SONG, 3, (X,), ((X, 0.9),)), lyrics=True, as_json=as_json),
    "playlist": lambda as_json: playlist.show_playlist(Playlist(X, (HIT,), (X,), QUERY), as_json=as_json),
    "moods": lambda as_json: moods.show_moods(mood(), 5, as_json=as_json),
    "explanation": lambda as_json: explanation.show_explanation(
        Explanation(SONG, SONG, X, {X: 0.5}, (X,), (X,), (Feature(X, 1.0, None, None),), X), as_json=as_json
    ),
    "refusals": lambda as_json: imports.show_refusals([Refusal(X, 3, "song", X)], as_json=as_json),
    "remarks": lambda as_json: imports.show_remarks(REMARKS, as_json=as_json),
    "index": lambda as_json: index.show_index(index_record(Path(X), 1, MANIFEST, WEIGHTS), as_json=as_json),  # type: ignore[arg-type]
    "problems": lambda as_json: index.show_problems([X], as_json=as_json),
    "tuning": lambda as_json: index.show_tuning({"one": tuning()}, Path(X), as_json=as_json),
    "preference": lambda as_json: preference.show_preference(
        judged(), [Judged(SONG, 0.5, True)], {X: (X,)}, as_json=as_json
    ),
    "clusters": lambda as_json: clusters.show_clusters(cluster(), as_json=as_json),
}


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("as_json", [False, True], ids=["table", "json"])
def test_every_result_is_harmless(capsys: pytest.CaptureFixture[str], result: str, as_json: bool) -> None:
    RESULTS[result](as_json)
    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert not HARMFUL.search(text.replace("\n", ""))
    if as_json:
        assert X in _strings(json.loads(printed.out))
    else:
        shown = printed.out.replace("\n", "") + printed.err
        assert r"\x1b]0" in shown
        assert "[red]" in shown


def _strings(value: Any) -> set[str]:
    match value:
        case str():
            return {value}
        case dict():
            return set(value) | {text for each in value.values() for text in _strings(each)}
        case list():
            return {text for each in value for text in _strings(each)}
        case _:
            return set()


def test_reports_of_imports_and_builds(capsys: pytest.CaptureFixture[str]) -> None:
    imports.show_import(LoadReport(X, X, {"songs": RowCounts(1200, 0, 3, 1)}, (Refusal(X, 3, "song", X),), 1, REMARKS))
    report: Any = SimpleNamespace(
        kind="updated", index=X, generation=3, songs=1200, added=5, changed=0, removed=1, stages=(BUILT,), notes=(X,)
    )
    build.show_build(report, as_json=False)
    plan: Any = SimpleNamespace(stages=(BUILT,), notes=(X,))
    build.show_plan(plan, as_json=False)
    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert not HARMFUL.search(text.replace("\n", ""))
    for shown in ("1,200", "(+5 new, 0 changed, -1), generation 3", "1.2", "learn"):
        assert shown in printed.out
    assert "row 3: x" in printed.err
    assert "1,200 rows (1, 2, 3, ...): x" in printed.err
    assert "and 2 more kinds of remarks" in printed.err


def test_an_index_says_what_its_models_were_learned_from(capsys: pytest.CaptureFixture[str]) -> None:
    record = index_record(Path("ix"), 4, MANIFEST, WEIGHTS)  # type: ignore[arg-type]
    assert (record["bytes"], record["deleted"], record["parts"]) == (12, 1, {"lyrics": 48, "audio": 12})
    assert all(name.isidentifier() for name in record)
    index.show_index({**record, "encoder": {"name": "minilm"}}, as_json=False)
    shown = capsys.readouterr().out
    assert "weights, one seed" in shown
    assert "weights, several seeds" in shown
    topics = next(line for line in shown.splitlines() if "topics" in line)
    assert topics.split() == ["topics", "1,200", "30", "2026-01-01"]
    assert "not learned: x" in shown


def test_tuning_names_the_file_that_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    index.show_tuning({"one": tuning()}, Path("ix.weights.json"), as_json=True)
    index.show_tuning({"one": tuning()}, None, as_json=True)
    first, second = capsys.readouterr().out.split("\n}\n")[:2]
    assert json.loads(first + "}")["file"] == "ix.weights.json"
    assert json.loads(second + "}")["file"] is None
