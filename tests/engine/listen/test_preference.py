"""Triage: lists that differ are told apart, lists that do not are said not to, and nothing is flattered."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.engine import Engine
from engine.listen.preference import (
    LEAST,
    ROUNDS,
    SLIGHT,
    _accuracy,
    _calibrate,
    _cut,
    _probability,
    _validate,
    to_keep,
)
from engine.listen.traits import NAMES, SHARES, VECTORS, YEARS, Traits
from engine.query.seeds import Seed
from indexer.errors import EmptyQueryError, FilterError, RequestError, SongNotFoundError
from indexer.records import AudioFeatures, Song
from tests.engine.cli.running import run

MACHINES = ("hip hop", "house", "techno-pop", "electro-pop", "electronica")
STRINGS = ("country", "folk", "indie folk", "bluegrass", "americana", "gospel folk", "singer-songwriter")


def songs_of(engine: Engine, *genres: str) -> list[str]:
    column = engine.index.songs.column("genre")
    rows = [row for row in range(len(engine)) if set(genres) & set(column.of(row))]
    return [engine.index.songs.song_ids[row] for row in rows]


@pytest.fixture
def sides(demo: Engine) -> tuple[list[str], list[str]]:
    """Songs of two ways of making music that share nothing."""
    machines, strings = songs_of(demo, *MACHINES), songs_of(demo, *STRINGS)
    assert min(len(machines), len(strings)) >= 28, "the demo's genres have changed"
    assert not set(machines) & set(strings)
    return machines, strings


def test_two_kinds_of_songs_are_told_apart_as_well_as_it_says(demo: Engine, sides: tuple[list[str], list[str]]) -> None:
    liked, other = sides
    taste = demo.taste_of(liked[::2], other[::2])
    judged = taste.judge([*liked[1::2], *other[1::2]])
    right = [each.liked == (each.song.song_id in liked) for each in judged]
    assert np.mean(right) > 0.85
    assert taste.accuracy > 0.85
    assert taste.balanced_accuracy > 0.85
    assert f"accuracy {taste.accuracy:.2f}" in taste.summary
    assert "± 0.00" not in taste.summary, "thirty songs make nothing certain"


def test_lists_that_do_not_differ_are_said_not_to(demo: Engine) -> None:
    ids = [demo.index.songs.song_ids[row] for row in np.random.default_rng(3).permutation(len(demo))[:120]]
    taste = demo.taste_of(ids[:60], ids[60:])
    assert 0.3 < taste.accuracy < 0.65
    probabilities = np.array([each.probability for each in taste.rank()])
    assert np.abs(probabilities - 0.5).max() < 0.35, "what cannot be told must not be told with confidence"


def test_songs_without_a_name_are_told_apart_by_what_they_are(demo: Engine) -> None:
    liked = [Song("", "", audio=AudioFeatures(energy=0.9, tempo=120.0 + i)) for i in range(LEAST)]
    assert demo.taste_of(liked).liked == LEAST
    with pytest.raises(RequestError, match="liked holds 1 songs"):
        demo.taste_of(LEAST * liked[:1])


def test_ranking_is_judging_in_order_and_the_index_is_ranked_alike(
    demo: Engine, sides: tuple[list[str], list[str]]
) -> None:
    liked, other = sides
    taste = demo.taste_of(liked[:12], other[:12])
    everything = taste.rank()
    ids = [each.song.song_id for each in everything]
    assert set(ids) == set(demo.index.songs.song_ids) - {*liked[:12], *other[:12]}
    probabilities = [each.probability for each in everything]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(each.liked == (each.probability >= taste.threshold) for each in everything)
    by_id = {each.song.song_id: each.probability for each in taste.judge(sorted(ids))}
    assert [by_id[i] for i in ids] == pytest.approx(probabilities)
    assert [each.song.song_id for each in taste.rank(ids[::-1], k=7)] == ids[:7]
    only = taste.rank(filters={"year": "1980..1999"}, k=5)
    assert [each.song.song_id for each in only] == [
        each.song.song_id for each in everything if each.song.year is not None and 1980 <= each.song.year <= 1999
    ][:5]
    kept = to_keep(everything)
    assert [hit.song_id for hit in kept] == [each.song.song_id for each in everything if each.liked]


def test_ranking_the_whole_index_reads_no_song(
    demo: Engine, sides: tuple[list[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    taste = demo.taste_of(sides[0][:12], sides[1][:12])
    read: list[int] = []
    song = demo.index.songs.song
    monkeypatch.setattr(demo.index.songs, "song", lambda row: read.append(row) or song(row))
    everything = taste.rank()
    assert len(everything) == len(demo) - 24
    assert not read
    assert [each.probability for each in everything[:3]] == everything.probabilities[:3].tolist()
    assert read == everything.rows[:3].tolist()


def test_one_song_however_it_is_named(demo: Engine, sides: tuple[list[str], list[str]]) -> None:
    liked, other = sides
    songs = [demo.song(song_id) for song_id in liked[:8]]
    by_id = demo.taste_of(liked[:8], other[:8])
    by_song = demo.taste_of(songs, other[:8])
    by_name = demo.taste_of([song.name for song in songs] + liked[:8], other[:8])
    assert by_id.liked == by_name.liked == 8, "named twice counts once"
    assert by_id.accuracy == by_song.accuracy == by_name.accuracy
    assert np.array_equal(by_id.weights, by_song.weights)


def test_a_song_that_was_given_is_judged_by_models_that_had_not_seen_it(
    demo: Engine, sides: tuple[list[str], list[str]]
) -> None:
    """Twelve songs of one kind, one of them put among the others: it stays as likely as its like."""
    liked, other = sides
    taste = demo.taste_of(liked[1:13], [*other[:12], liked[0]])
    stray, *rest = taste.judge([liked[0], *other[:12]])
    assert stray.probability > np.mean([each.probability for each in rest]) + 0.3


def test_songs_that_no_catalogue_holds_are_judged_by_what_they_are(
    demo: Engine, sides: tuple[list[str], list[str]]
) -> None:
    liked, other = sides
    taste = demo.taste_of(liked[::2], other[::2])

    def stranger(song_id: str) -> Song:
        song = demo.song(song_id)
        return Song(f"Not {song.title}", "Nobody", lyrics=song.lyrics, audio=song.audio, genres=song.genres)

    up = [each.probability for each in taste.judge([stranger(i) for i in liked[1:17:2]])]
    down = [each.probability for each in taste.judge([stranger(i) for i in other[1:17:2]])]
    assert np.mean(up) > np.mean(down) + 0.2
    mixed = taste.judge([liked[1], stranger(other[1]), liked[3]])
    alone = [taste.judge([song])[0].probability for song in (liked[1], stranger(other[1]), liked[3])]
    assert [each.probability for each in mixed] == pytest.approx(alone), "songs of both kinds keep their places"
    learned = demo.taste_of([stranger(i) for i in liked[:6]], other[:6])
    assert learned.given_rows == {demo.index.songs.row_of(i) for i in other[:6]}
    assert learned.accuracy > 0.7


def test_without_others_the_catalogue_stands_for_them_and_that_is_said(demo: Engine) -> None:
    liked = songs_of(demo, *STRINGS)
    taste = demo.taste_of(liked[::2])
    assert taste.sampled
    assert taste.other == taste.liked == len(liked[::2])
    assert "drawn from the catalogue" in taste.summary
    assert taste.accuracy > 0.6
    ids = {each.song.song_id for each in taste.rank()}
    assert ids == set(demo.index.songs.song_ids) - set(liked[::2]), "songs that were drawn may still be liked"
    head = [each.song.song_id for each in taste.rank(k=10)]
    assert len(set(head) & set(liked)) >= 4


def test_what_cannot_be_learned_from_is_refused(demo: Engine, sides: tuple[list[str], list[str]]) -> None:
    liked, other = sides
    with pytest.raises(RequestError, match=f"liked holds 4 songs, expected at least {LEAST}"):
        demo.taste_of(liked[:4], other)
    with pytest.raises(RequestError, match="other holds 1 songs, expected"):
        demo.taste_of(liked, [other[0]] * 9)
    with pytest.raises(RequestError, match="is in both lists"):
        demo.taste_of(liked, [*other, liked[2]])
    with pytest.raises(RequestError, match=r"liked is .*, expected a list of songs"):
        demo.taste_of(liked[0], other)
    with pytest.raises(SongNotFoundError, match="nearest"):
        demo.taste_of([*liked, "No Such Song At All Anywhere"], other)
    with pytest.raises(EmptyQueryError, match="neither lyrics nor audio"):
        demo.taste_of([*liked, Song("Nothing", "Nobody")], other)
    taste = demo.taste_of(liked, other)
    for wrong, field in (
        (lambda: taste.rank(k=0), "k"),
        (lambda: taste.judge(liked[0]), "songs"),
        (lambda: demo.taste_of(liked[:2], other), "liked"),
        (lambda: demo.taste_of(liked, [*other, liked[2]]), "other"),
    ):
        with pytest.raises(RequestError) as refused:
            wrong()
        assert (refused.value.field, bool(refused.value.found), bool(refused.value.expected)) == (field, True, True)
    with pytest.raises(SongNotFoundError):
        taste.rank(["No Such Song At All Anywhere"])
    with pytest.raises(RequestError, match="expected a list"):
        taste.rank(liked[0])
    with pytest.raises(RequestError, match="not both"):
        taste.rank(other, filters={"genre": "folk"})
    with pytest.raises(FilterError):
        taste.rank(filters={"genrre": "folk"})
    assert taste.rank([]) == []


def test_few_liked_among_many_are_seldom_said_to_be_liked(demo: Engine, sides: tuple[list[str], list[str]]) -> None:
    liked, other = sides
    taste = demo.taste_of(liked[:6], other[:18])
    assert (taste.share, taste.chance) == (0.25, 0.75)
    said = [each.liked for each in taste.judge([*liked[:6], *other[:18]])]
    assert 3 <= sum(said) <= 9


# What it says of itself, on numbers.


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=50, unique=True), st.floats(0.01, 0.99))
@example([0.0, 1.0, 2.0, 5e-324, -1.0, -2.0], 0.4375)
def test_the_cut_lets_the_share_pass(scores: list[float], share: float) -> None:
    passing = np.sum(np.array(scores) >= _cut(np.array(scores), share))
    assert abs(passing - share * len(scores)) <= 1.0 or passing in (1, len(scores) - 1)


def test_noise_is_not_flattered() -> None:
    """40 songs with 300 random numbers each: any model fits them without an error, and knows nothing."""
    told = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        told.append(
            _accuracy(_validate(rng.normal(size=(40, 300)).astype(np.float32), np.arange(40) < 20), np.arange(40) < 20)
        )
    assert 0.4 < np.mean(told) < 0.6


def test_balanced_accuracy_of_few_against_many_is_not_that_of_the_many() -> None:
    rng = np.random.default_rng(0)
    liked = np.arange(100) < 10
    accuracy, balanced = _accuracy(_validate(rng.normal(size=(100, 50)).astype(np.float32), liked), liked)
    assert accuracy > 0.75
    assert 0.35 < balanced < 0.65


def test_probabilities_are_those_that_scores_were_drawn_by() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(0.0, 2.0, 6000)
    liked = rng.random(6000) < _probability(scores, 1.5, -0.5)
    slope, intercept = _calibrate(np.tile(scores, ROUNDS), np.tile(liked, ROUNDS))
    assert slope == pytest.approx(1.5, abs=0.1)
    assert intercept == pytest.approx(-0.5, abs=0.1)


def test_no_certainty_without_errors_and_no_order_turned_round() -> None:
    scores, liked = np.tile([3.0, 3.1, 3.2, -3.0, -3.1, -3.2], ROUNDS), np.tile([True] * 3 + [False] * 3, ROUNDS)
    assert 0.7 < _probability(np.array([3.1]), *_calibrate(scores, liked))[0] < 0.9, "4 of 5, going by three"
    slope, intercept = _calibrate(-scores, liked)
    assert (slope, intercept) == (SLIGHT, 0.0), "worse than chance says nothing: half, and no more"


# Traits.


def test_a_song_is_as_like_itself_as_all_that_is_known_of_it(demo: Engine) -> None:
    rows = np.arange(len(demo))
    traits = Traits.of_rows(demo.index, rows)
    songs = [demo.index.songs.song(row) for row in rows]
    sound = np.square(demo.index.audio[rows]).mean(axis=1) * VECTORS["audio"]
    known = np.zeros(len(rows))
    for name in demo.index.parts:
        if name != "audio":
            known += demo.index.parts[name].any(axis=1) * VECTORS[name]
    known += (
        demo.index.factors[rows].any(axis=1) * VECTORS["factors"]
        + demo.index.tbert[rows].any(axis=1) * VECTORS["tbert"]
    )
    known += [VECTORS["era"] * (song.decade is not None) for song in songs]
    known += ~np.isnan(demo.index.popularity[rows]) * VECTORS["popularity"]
    for name, has in (("artist_key", "artist"), ("genre", "genres"), ("language_key", "language")):
        known += [NAMES[name] * bool(getattr(song, has)) for song in songs]
    length = np.square(traits.vectors).sum(axis=1) + np.asarray(traits.names.multiply(traits.names).sum(axis=1)).ravel()
    assert length == pytest.approx(known + sound, abs=1e-3)


def test_content_tells_the_same_as_the_index_but_for_its_history(demo: Engine) -> None:
    rows = np.flatnonzero(demo.index.songs.has_lyrics & demo.index.songs.has_audio)[:60:6].tolist()
    inside = Traits.of_rows(demo.index, np.array(rows))
    strangers = [replace(demo.index.songs.song(row), song_id="") for row in rows]
    outside = Traits.of(demo.index, [Seed.of_content(demo.index, song) for song in strangers])
    assert (inside.names != outside.names).nnz == 0
    widths = dict(zip(demo.index.layout.names, demo.index.layout.dims, strict=True)) | {
        "factors": demo.index.factors.shape[1], "tbert": demo.index.tbert.shape[1],
        "audio": demo.index.audio.shape[1], "era": len(YEARS), "popularity": len(SHARES),
    }  # fmt: skip
    at = 0
    for name in VECTORS:
        width = widths[name]
        if name in ("audio", "era", "lyrics", "tbert"):
            gap = np.abs(inside.vectors[:, at : at + width] - outside.vectors[:, at : at + width])
            assert gap.max() < 0.05, name
        at += width
    assert at == inside.vectors.shape[1]


def test_weighing_is_the_product_with_the_table(demo: Engine) -> None:
    traits = Traits.of_rows(demo.index, np.arange(30))
    table, used = traits.table()
    weights = np.zeros(traits.columns)
    weights[used] = np.random.default_rng(0).normal(size=len(used))
    assert traits.weighed(weights) == pytest.approx(table @ weights[used], abs=1e-4)


# The command.


@pytest.fixture
def lists(tmp_path: Path, demo: Engine, sides: tuple[list[str], list[str]]) -> Path:
    liked, other = sides
    with (tmp_path / "likes.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Track Name", "Artist Name(s)"])
        table.writerows([demo.song(i).title, demo.song(i).artist] for i in liked[:12])
        table.writerow(["Nobody Ever Wrote This One", "Nobody At All"])
    (tmp_path / "other.txt").write_text("\n".join(other[:12]), "utf-8")
    (tmp_path / "new.txt").write_text("\n".join([*liked[12:18], *other[12:18]]), "utf-8")
    return tmp_path


def triage(folder: Path, index: Path, *more: str):
    return run(
        "triage", "--like", "likes.csv", "--from", "new.txt", *more, cwd=folder, env={"REFRAIN_INDEX": str(index)}
    )


def test_the_command_tells_its_accuracy_then_what_to_keep(
    lists: Path, demo_index: Path, sides: tuple[list[str], list[str]]
) -> None:
    done = triage(lists, demo_index, "--other", "other.txt", "--out", "keep.csv")
    assert done.code == 0, done.err
    assert done.out.startswith("Cross-validated on 12 songs liked and 12 others: accuracy ")
    assert "likes.csv: not found, left out: Nobody Ever Wrote This One, Nobody At All" in done.err
    words = [line.split()[-1] for line in done.out.splitlines() if line.rstrip().endswith(("keep", "leave"))]
    assert len(words) == 12
    assert words == sorted(words), "those to keep first"
    with (lists / "keep.csv").open(encoding="utf-8", newline="") as file:
        saved = [row["song_id"] for row in csv.DictReader(file)]
    assert len(saved) == words.count("keep")
    assert len(set(saved) & set(sides[0])) >= 5


def test_the_command_as_json_without_others(lists: Path, demo_index: Path) -> None:
    done = triage(lists, demo_index, "--json")
    assert done.code == 0, done.err
    told = done.json
    assert next(iter(told)) == "accuracy"
    assert (told["sampled"], told["other"]) == (True, 12)
    assert told["missing"]["likes.csv"] == ["Nobody Ever Wrote This One, Nobody At All"]
    assert all((song["probability"] >= told["threshold"]) == song["keep"] for song in told["songs"])


def test_the_command_says_in_a_line_what_it_cannot_do(lists: Path, demo_index: Path) -> None:
    (lists / "likes.csv").write_text("title,artist\nNobody Ever Wrote This One,Nobody At All\n", "utf-8")
    done = triage(lists, demo_index)
    assert done.code == 2
    assert done.out == ""
    assert "liked holds 0 songs, expected at least 5" in done.err
    assert "Traceback" not in done.err
    assert triage(lists, Path(os.devnull) / "nothing").code == 1


def test_sound_alone_is_enough_to_be_judged(demo: Engine, sides: tuple[list[str], list[str]]) -> None:
    liked, other = sides
    taste = demo.taste_of(liked, other)
    judged = taste.judge([Song("Hum", "Nobody", audio=AudioFeatures(energy=0.5, tempo=100.0))])
    assert 0.0 < judged[0].probability < 1.0
