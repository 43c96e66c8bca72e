"""Latency: every row of the bars is measured, filters keep what they should, and answers under them are whole."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.dataset import Place
from benchmarks.judge.bars import FEW_SONGS, Bar, with_bar
from benchmarks.report.latency import is_latency, latency_table
from benchmarks.report.readme import page
from benchmarks.report.run import Result, Run
from benchmarks.tasks.conditions import NEAR, conditions, in_turn
from benchmarks.tasks.drawn import PHRASE_WORDS, Draws, mistyped
from benchmarks.tasks.filtered import MOOD, SHARES, K, whole_answer
from benchmarks.tasks.fresh import command_ms
from benchmarks.tasks.latency import BARS, COMMANDS
from benchmarks.tasks.registry import TASKS
from benchmarks.tasks.running import Job
from engine.engine import Engine
from engine.query.filters import Filters
from indexer.progress import quiet


@pytest.fixture(scope="module")
def engine(warm: Place) -> Engine:
    return Engine.open(warm.index)


@pytest.fixture(scope="module")
def run(warm: Place) -> Run:
    (only,) = TASKS["latency"].measure(Job("latency", warm, None, 3, "test"), ["refrain"], quiet)
    return only


def test_every_row_of_the_bars_is_measured(run: Run, warm: Place, engine: Engine) -> None:
    assert run.task == f"latency-{len(engine)}"
    assert run.build_s == warm.build_s
    assert BARS.keys() <= run.settings.keys()
    under = {f"{kind}, filter {share}" for kind in (f"similar k={K}", "search, a sentence") for share in SHARES}
    assert under <= run.settings.keys()
    assert (f"search, a sentence, mood {MOOD}" in run.settings) == (MOOD in engine.index.songs.moods.names)
    for name, result in run.settings.items():
        if name in BARS or "ratio" in result.facts:
            assert any(fact.endswith("_bar") for fact in result.facts), name
            assert result.facts["met"] in (0.0, 1.0)
        if "ms" in result.scores and not name.startswith(("open", "command")):
            assert result.queries + result.facts.get("refused", 0) == 3, name
    assert run.settings["command: refrain search"].queries == min(3, COMMANDS)
    memory = run.settings["memory"].facts
    assert memory["answered"] + 1 >= 3  # one in seven is a mistyped name, which may be refused
    assert memory["own_mib"] > 10
    assert memory["mib"] > memory["opened_mib"]


def test_answers_under_filters_are_whole(run: Run) -> None:
    for name, result in run.settings.items():
        if "ratio" in result.facts:
            assert (result.facts["missing"], result.facts["outside"]) == (0, 0), name
            assert result.facts["songs_each"] > 0, name
            assert result.facts["filters"] == (1 if "mood" in name else 3), name


def test_a_run_of_latency_holds_nothing_of_what_was_asked(run: Run, engine: Engine) -> None:
    text, draws = run.to_json(), Draws(engine.index.songs)
    asked = [*draws.ids(300), *draws.sentences(50), *draws.phrases(50), *(name for _, name in draws.mistyped(50))]
    assert not any(json.dumps(each)[1:-1] in text for each in asked)


def test_what_an_answer_lacks_is_counted(engine: Engine) -> None:
    songs = engine.index.songs
    (few,) = conditions(songs, 0.04, 1, seed=3)
    whole = engine.similar(songs.song_ids[0], K, filters=few.filters)
    assert whole_answer(engine, whole, few.filters) == (0, 0)
    assert whole_answer(engine, whole[:2], few.filters) == (len(whole) - 2, 0)  # type: ignore[arg-type]
    unfiltered = engine.similar(songs.song_ids[0], K)
    kept = Filters.of(few.filters).mask(songs)[unfiltered.rows]
    assert whole_answer(engine, unfiltered, few.filters) == (0, np.count_nonzero(~kept))


@pytest.mark.parametrize("share", [0.3, 0.1, 0.05])
def test_filters_keep_their_share(engine: Engine, share: float) -> None:
    songs = engine.index.songs
    found = conditions(songs, share, 30, seed=1)
    assert len({repr(each.filters) for each in found}) == 30
    assert {name for each in found for name in each.filters} == {"genre", "tag", "year"}
    for each in found:
        assert each.songs == np.count_nonzero(Filters.of(each.filters).mask(songs))
        assert 1 / NEAR <= each.songs / (share * len(engine)) <= NEAR
    assert found != conditions(songs, share, 30, seed=2)
    assert found == conditions(songs, share, 30, seed=1)


def test_a_filter_keeps_a_song_where_a_share_would_keep_none(engine: Engine) -> None:
    found = conditions(engine.index.songs, 1e-6, 5, seed=1)
    assert [each.songs for each in found] == [1] * 5
    assert [each.songs for each in in_turn(found[:1], 3)] == [1, 1, 1]
    assert in_turn([], 3) == []


def test_sentences_and_phrases_are_of_lines_of_the_index(engine: Engine) -> None:
    songs = engine.index.songs
    lyrics = [text.replace('"', " ") for row in range(len(songs)) if (text := songs.lyrics[row])]
    lines = {" ".join(line.split()) for text in lyrics for line in text.split("\n")}
    draws = Draws(songs)
    for phrase in draws.phrases(30):
        assert phrase[0] == phrase[-1] == '"'
        assert len(phrase.split()) == PHRASE_WORDS
        assert any(phrase[1:-1] in line for line in lines)
    for sentence in draws.sentences(30):
        words = sentence.split()
        halves = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
        assert any(
            any(line.startswith(one) for line in lines) and any(line.endswith(other) for line in lines)
            for one, other in halves
        )
    again = Draws(songs)
    assert again.ids(5) != again.ids(5)
    assert all(len(set(seeds)) == 5 for seeds in again.seeds(200))
    assert {each.kind for each in again.mixed(14)} == {"recommend", "playlist", "path", "search"}


@pytest.mark.parametrize("title", ["Tides", "Été à Saint-Tropez", "99 Luftballons", "aaaa"])
def test_a_mistyped_title_has_one_slip(title: str) -> None:
    for seed in range(40):
        wrong = mistyped(title, random.Random(seed))
        assert wrong != title
        assert wrong[0] == title[0] or not title[0].isalpha()
        dropped = any(title[:at] + title[at + 1 :] == wrong for at in range(len(title)))
        assert dropped or sorted(wrong) == sorted(title)
    assert mistyped("Oh, no", random.Random(0)) != "Oh, no"
    assert mistyped("Up!", random.Random(0)) == "Up!"


def test_a_command_that_fails_is_no_quick_command(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="refrain similar ended with 1: "):
        command_ms(tmp_path / "none.index", "similar", "x")


def test_bars_are_those_of_the_size() -> None:
    result = Result.of_times("q", [2.0] * 99 + [50.0])
    bar = Bar.of_times((1.5, 4), (3, 10))
    assert with_bar(result, bar, 79_000).facts == {"median_ms_bar": 1.5, "p99_ms_bar": 4, "met": 0.0}
    assert with_bar(result, bar, FEW_SONGS + 1).facts == {"median_ms_bar": 3, "p99_ms_bar": 10, "met": 1.0}
    quick = Result(digest="q", scores={}, facts={"a_second": 950.0})
    assert with_bar(quick, Bar({"a_second": 1000}, {"a_second": 500}), 10).facts["met"] == 0.0
    assert with_bar(quick, Bar({"a_second": 1000}, {"a_second": 500}), 10**6).facts["met"] == 1.0


def test_the_page_shows_bars_and_whether_they_are_met(run: Run, tmp_path: Path) -> None:
    settings = {
        "open": Result.of_times("open", [50.0, 60.0], {"songs": 79062, "resident_mib": 156.0}),
        "slow": with_bar(Result.of_times("q", [2.0]), Bar.of_times((1.5, 4), (3, 10)), 79062),
        "memory": with_bar(
            Result(digest="q", scores={"MiB": [250.0]}, facts={"mib": 250.0}), Bar({"mib": 300}, {"mib": 1024}), 79062
        ),
    }
    shown = latency_table(run.model_copy(update={"settings": settings}))
    assert "| slow | 2.000 | 2.000 | 1 | 1.5 / 4 | no |" in shown
    assert "| memory |  |  | 1 | 250 MiB, of 300 | yes |" in shown
    assert "79,062 songs, 156 MiB resident; the index was built in" in shown
    run.save(tmp_path / "2026-01-01-0a1b2c3")
    assert f"**Latency, ms: median / 99th percentile; {run.data['songs']:,} songs**" in page(tmp_path)
    assert is_latency("latency")
    assert not is_latency("latency-of-load")
