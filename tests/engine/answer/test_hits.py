"""Hits: columns that are rows when read; JSON without NaN; reasons that say what spoke for a song."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine, Hit
from engine.answer import hits as hits_module
from engine.answer.answer import answer
from engine.answer.hits import rounded
from engine.answer.reasons import reasons
from engine.plain import key_number, mode_number
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.score.signals import BY_NAME, SIGNALS
from engine.score.weights import DEFAULT_WEIGHTS, SEARCH_WEIGHTS
from indexer import Catalogue, IndexConfig, build_index

WEIGHTS = DEFAULT_WEIGHTS["one"] | SEARCH_WEIGHTS


def why(query: Query, row: int, shares: dict[str, float]) -> str:
    columns = np.array([[shares.get(name, 0.0) for name in WEIGHTS]], np.float32)
    return reasons(query, np.array([row]), columns, WEIGHTS, lambda: [None])[0]


@pytest.fixture(scope="module")
def scenes(scenes_index: Path) -> Iterator[Engine]:
    with Engine.open(scenes_index) as engine:
        yield engine


def test_hits_are_a_sequence_of_hits(scenes: Engine) -> None:
    hits = scenes.similar("rain-03", 12)
    rows = list(hits)
    assert len(hits) == len(rows) == 12
    assert [hit.rank for hit in hits] == list(range(1, 13))
    assert hits == rows
    assert hits[3:5] == rows[3:5]
    assert [hit.rank for hit in hits[3:5]] == [4, 5], "a slice keeps the ranks"
    assert (hits[-1], hits[0], hits[::-4]) == (rows[-1], rows[0], rows[::-4])
    assert rows[2] in hits
    assert hits != rows[1:]
    assert hits.song_ids == [hit.song_id for hit in rows]
    np.testing.assert_allclose(hits.scores, [hit.score for hit in rows])
    for place in (12, -13):
        with pytest.raises(IndexError):
            hits[place]
    assert scenes.similar("rain-03", 5, {"year": "1900..1901"}) == []


def test_a_reason_is_made_when_it_is_read_and_once(scenes: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(hits_module, "reasons", lambda query, rows, *_: made.append(rows) or ["because"] * len(rows))
    hits = list(scenes.similar("rain-03", 5))
    assert [hit.title for hit in hits]
    assert not made
    assert (hits[2].reason, hits[2].reason) == ("because", "because")
    assert len(made) == 1


def test_a_hit_is_a_value_like_any_other(scenes: Engine) -> None:
    hit = scenes.search("grey window", 3)[0]
    assert replace(hit, rank=7) == Hit(**(asdict(hit) | {"rank": 7}))
    assert pickle.loads(pickle.dumps(hit)) == hit, "without the index that it came from"
    assert hit.line is not None
    with pytest.raises(AttributeError, match="no attribute 'titel'"):
        hit.titel  # type: ignore[attr-defined]  # noqa: B018


def test_hits_as_json_hold_every_field_and_no_nan(scenes: Engine) -> None:
    hits = scenes.recommend(["rain-03", "neon-02"], k=len(scenes))
    listed = json.loads(json.dumps(hits.to_dict()["songs"], allow_nan=False))
    assert len(listed) == len(scenes) - 2
    unknown = next(song for song in listed if song["song_id"] == "unheard")
    assert (unknown["tempo"], unknown["energy"], unknown["key"], unknown["duration_ms"]) == (None,) * 4
    for hit, song in zip(hits, listed, strict=True):
        assert set(song) == set(asdict(hit))
        assert song["score"] == pytest.approx(hit.score, abs=1e-4)
        assert song["energy"] == scenes.song(hit.song_id).audio.energy if hit.energy is not None else True


@given(st.floats(-1e6, 1e6, width=32))
def test_numbers_are_rounded_as_seven_digits_are_written(value: float) -> None:
    assert rounded(np.array([value], np.float32))[0] == pytest.approx(float(f"{np.float32(value):.7g}"), rel=1e-6)


def test_numbers_come_back_as_they_were_imported() -> None:
    given_ = [0.1, 0.2675, 128.05, 145.4935, 201573.0, -8.53, 0.0, 1e-5]
    assert rounded(np.array(given_, np.float32)) == given_
    assert rounded(np.array([np.nan, np.inf], np.float32)) == [None, None]
    assert [key_number(key) for key in (0.0, 11.0, 5.5, None)] == [0, 11, None, None]
    assert [mode_number(mode) for mode in (0.0, 1.0, 0.5, 0.2, None)] == [0, 1, 1, 0, None]


@pytest.mark.parametrize("name", ["score", "tempo", "energy"])
def test_a_hit_refuses_what_json_cannot_say(name: str) -> None:
    values = {"song_id": "s", "title": "t", "artist": "a", "score": 0.0, "rank": 1}
    with pytest.raises(ValueError, match=f"{name} of s"):
        Hit(**(values | {name: math.nan}))  # type: ignore[arg-type]


def test_every_signal_has_a_clause_that_is_a_verb_phrase(scenes: Engine) -> None:
    index = scenes.index
    rows = [index.songs.row_of(f"neon-{i:02d}") or 0 for i in (3, 4)]
    query = Query(index, seeds=(Seed.of_row(index, rows[0]),), target=(("energy", 0.1),))
    assert len(BY_NAME) == len(SIGNALS)
    for signal in SIGNALS:
        clause = signal.clauses(query, np.array(rows))[1]
        if clause:
            assert clause.split()[0].endswith("s"), "shares, sings, sounds, fits, has, is"
    assert why(query, rows[1], {"genre": 1.0, "audio": 0.5}).startswith("Is also techno and sounds alike (")
    assert why(query, rows[1], {"genre": -1.0}) == "Is the nearest that is left"
    assert why(query, rows[0], {}) == "One of the seeds"


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_signal_that_is_weighed_against_is_no_reason(scenes: Engine, name: str) -> None:
    """Far below the mean times a weight below 0 is a share above 0, and the clause is not true all the same."""
    against = dict.fromkeys(BY_NAME, 0.0) | {name: -5.0}
    nothing = "Is the nearest that is left"
    hits = scenes.recommend(["rain-03"], target={"energy": 0.1}, weights=against, k=80)
    assert {hit.reason for hit in hits} == {nothing}
    assert {hit.reason for hit in scenes.search("umbrella", weights=against, k=80)} == {nothing}
    assert scenes.explain("rain-03", "neon-04", weights=against).reason == nothing
    both = against | {"genre": 1.0}
    reasons = {hit.reason for hit in scenes.recommend(["rain-03"], weights=both, k=80)}
    assert reasons <= {nothing, "Is also slowcore"}, "what speaks for a song is still said"


def test_songs_of_unknown_artists_are_not_by_one_artist(tmp_path: Path, tiny_config: IndexConfig) -> None:
    songs = [
        {"song_id": f"s{i}", "title": f"Song {i}", "artist": "" if i < 10 else f"Band {i}", "energy": i / 20}
        for i in range(20)
    ]
    (tmp_path / "songs.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(tmp_path / "songs.jsonl")
        build_index(catalogue, tmp_path / "refrain.index", tiny_config)
    with Engine.open(tmp_path / "refrain.index") as engine:
        hits = engine.similar("s0", 19, weights=dict.fromkeys(BY_NAME, 0.0) | {"artist": 1.0})
        assert len(hits) == 19
        assert not any(hit.signals for hit in hits)
        assert "also by" not in engine.explain("s0", "s1").reason


def test_explain_compares_with_living_songs_only(scenes: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.answer import compare

    measured: list[int] = []
    original = compare._values

    def values(query: Query, rows: np.ndarray, weights: dict[str, float]) -> np.ndarray:
        measured.extend(rows.tolist())
        return original(query, rows, weights)

    monkeypatch.setattr(compare, "_values", values)
    found = scenes.explain("rain-03", "rain-04")
    assert found.reason
    assert not set(measured) & set(np.flatnonzero(~scenes.index.songs.alive).tolist())
    assert set(np.flatnonzero(scenes.index.songs.alive).tolist()) <= set(measured)


def test_words_beside_seeds_pull_the_answer_their_way(scenes: Engine) -> None:
    index = scenes.index
    seed = Seed.of_row(index, index.songs.row_of("rain-03") or 0)
    weights = dict.fromkeys(DEFAULT_WEIGHTS["one"], 0.0) | {"lyrics": 1.0}
    alone, words = Query(index, seeds=(seed,)), Query(index, text="porch banjo river whiskey fiddle")
    both = Query(index, seeds=(seed,), text=words.text)
    np.testing.assert_allclose(np.linalg.norm(both.sentence), 1.0, atol=1e-5)
    assert alone.sentence @ words.sentence < both.sentence @ words.sentence < 1
    assert alone.sentence @ words.sentence < both.sentence @ alone.sentence < 1
    np.testing.assert_allclose(Query(index, seeds=(seed,)).sentence, alone.sentence)
    assert len(answer(both, weights, 5).ranking) == 5
    silent = replace(seed, sentence=np.zeros_like(seed.sentence))
    np.testing.assert_allclose(Query(index, seeds=(silent,), text=words.text).sentence, words.sentence, atol=1e-6)


@pytest.mark.parametrize("marks", ['""', "“”", "«»", "„“", "„”"])
def test_quotation_marks_of_every_kind_demand_the_words(scenes: Engine, marks: str) -> None:
    quoted = scenes.search(f"{marks[0]}umbrella{marks[1]}", 90)
    assert {hit.song_id.split("-")[0] for hit in quoted} == {"rain"}
    assert len(quoted) == 30


def test_the_moods_that_filters_require_are_named_in_every_reason(
    scenes: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    moods = scenes.index.songs.moods
    monkeypatch.setattr(type(moods), "learned_neighbours", lambda self, word: {word: 1.0})
    seeds = (Seed.of_row(scenes.index, scenes.index.songs.row_of("rain-03") or 0),)
    row = scenes.index.songs.row_of("rain-04") or 0
    beside = Query(scenes.index, seeds=seeds, moods=("anger",))
    assert why(beside, row, {"genre": 1.0, "lyrics": 0.5}) == "Is also slowcore and is likely to be called angry"
    words = Query(scenes.index, text="rain", moods=("angry", "sad"))
    assert why(words, row, {"lyrics": 1.0}) == "Is close in meaning and is likely to be called angry or sad"
    alone = Query(scenes.index, target=(("angry", 1.0),), moods=("anger",))
    assert why(alone, row, {"target": 2.0}) == "Is likely to be called angry"
    assert why(alone, row, {"target": -2.0}) == "Is likely to be called angry", "the filter holds all the same"
    pulled = Query(scenes.index, seeds=seeds, target=(("angry", 1.0), ("energy", 0.2)))
    assert why(pulled, row, {"target": 2.0}) == "Is likely to be called angry"
    assert why(replace(pulled, target=(("popularity", 90.0),)), row, {"target": 1.0}) == "Is near the target values"


def test_threads_that_share_an_engine_answer_as_one_does(scenes: Engine) -> None:
    ids = scenes.index.songs.song_ids
    seeds = [[ids[row], ids[row + 31]] for row in range(0, 48, 2)]
    alone = [scenes.recommend(each, k=10).to_dict() for each in seeds]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda each: scenes.recommend(each, k=10).to_dict(), seeds))
    assert together == alone


def test_an_answer_without_songs_is_json_too(scenes: Engine) -> None:
    for hits in (scenes.search('"no song has this"', 5), scenes.similar("rain-03", 5, {"year": "1900..1901"})):
        assert (len(hits), hits.reasons, hits.lines, hits.to_dict()["songs"]) == (0, [], [], [])
