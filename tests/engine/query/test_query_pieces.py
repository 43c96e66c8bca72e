"""Retrievers, signals and tuning on playlists, on a catalogue whose answers are known by construction."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Engine
from engine.answer.answer import POOL, pool
from engine.query.query import AVOID, Query
from engine.query.reading import read
from engine.query.seeds import Seed
from engine.requests import Recommend
from engine.retrieve.pool import Pool
from engine.retrieve.ranking import Ranking
from engine.score.signals import BY_NAME
from engine.score.weights import DEFAULT_WEIGHTS
from engine.tune.playlists import draw, judge, metrics, tune_on_playlists
from engine.tune.reactions import MOST_PAIRS, pairs, weights_from_reactions
from indexer import Catalogue, IndexConfig, build_index
from indexer.errors import CatalogueError, RequestError
from indexer.models.factors import TRAINING_SEEDS
from indexer.search.allowed import Allowed
from indexer.songs.popularity import play_popularity, playlist_popularity
from indexer.songs.splits import split_of
from tests.indexer.timbres import grouped, store_timbres

SCENES = {"rain": "rain grey window slow", "neon": "neon city night bass", "porch": "porch banjo river dust"}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig) -> tuple[Path, Path]:
    """90 songs of three scenes with words, sound, files, artists, years and playlists of their own."""
    folder = tmp_path_factory.mktemp("scenes")
    rng = np.random.default_rng(0)
    songs, playlists = [], []
    for i in range(90):
        scene = i % 3
        words = list(SCENES.values())[scene].split()
        # Words of a third of the songs are no keywords; these, of a tenth, are.
        words += [f"{list(SCENES)[scene]}{letter}" for letter in rng.choice(list("abcdef"), 2, replace=False)]
        lines = "\n".join(" ".join(rng.permutation(words)) for _ in range(5))
        songs.append(
            {"song_id": f"s{i:02d}", "title": f"{list(SCENES)[scene]} {i}", "artist": f"artist {scene}-{i % 5}",
             "lyrics": lines, "energy": 0.2 + 0.3 * scene, "tempo": 70 + 30 * scene, "year": 1970 + 20 * scene + i % 5,
             "genre": list(SCENES)[scene], "language": "en", "popularity": i}
        )  # fmt: skip
    for p in range(400):
        rows = rng.choice(30, 14, replace=False) * 3 + p % 3
        playlists.append(
            {
                "playlist_id": f"p{p}",
                "name": ("sad rain", "party", "chill")[p % 3],
                "song_ids": [f"s{r:02d}" for r in rows],
            }
        )
    (folder / "songs.jsonl").write_text("\n".join(map(json.dumps, songs)), "utf-8")
    (folder / "playlists.jsonl").write_text("\n".join(map(json.dumps, playlists)), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(folder / "songs.jsonl")
        catalogue.load(folder / "playlists.jsonl")
        store_timbres(folder / "refrain.db", {f"s{i:02d}": timbre for i, timbre in enumerate(grouped(3, 30))})
        build_index(catalogue, folder / "refrain.index", replace(tiny_config, held_out=0.2))
    return folder / "refrain.db", folder / "refrain.index"


def test_every_song_finds_its_own_scene(scenes: tuple[Path, Path]) -> None:
    with Engine.open(scenes[1]) as engine:
        for i in range(0, 90, 7):
            found = [int(hit.song_id[1:]) % 3 for hit in engine.similar(f"s{i:02d}", 10)]
            assert set(found) == {i % 3}


def test_one_word_of_a_scene_finds_the_scene(scenes: tuple[Path, Path]) -> None:
    with Engine.open(scenes[1]) as engine:
        for scene, words in enumerate(SCENES.values()):
            for word in words.split():
                hits = engine.search(f'"{word}"', 30)
                assert {int(hit.song_id[1:]) % 3 for hit in hits} == {scene}


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"popularity", "target", "language"}))
def test_each_signal_alone_prefers_the_seeds_scene(scenes: tuple[Path, Path], name: str) -> None:
    with Engine.open(scenes[1]) as engine:
        index = engine.index
        row = index.songs.row_of("s30") or 0
        query = Query(index, seeds=(Seed.of_row(index, row),))
        candidates = pool(query, DEFAULT_WEIGHTS["one"] | {"lexical": 0.1}, 20, None)
        values = BY_NAME[name].measure(query, candidates)
        same = np.array([int(index.songs.song_ids[r][1:]) % 3 == 0 for r in candidates.rows])
        assert np.nanmean(values[same]) > np.nanmean(values[~same])


def test_factors_solve_for_the_playlist_that_holds_the_seeds(scenes: tuple[Path, Path]) -> None:
    with Engine.open(scenes[1]) as engine:
        index, config = engine.index, engine.index.config.factors
        held = index.cooccurrence.history
        seeds = np.flatnonzero(held)[[3, 40]]
        avoided = np.flatnonzero(held)[[11]]
        table = index.factors.astype(np.float64)

        def solved(rows: np.ndarray) -> np.ndarray:
            matrix = table.T @ table + config.confidence * table[rows].T @ table[rows]
            matrix += config.regularization * TRAINING_SEEDS / len(rows) * np.eye(table.shape[1])
            return np.linalg.solve(matrix, (1 + config.confidence) * table[rows].sum(axis=0))

        query = Query(
            index,
            seeds=tuple(Seed.of_row(index, int(row)) for row in seeds),
            avoid=tuple(Seed.of_row(index, int(row)) for row in avoided),
        )
        rows = np.arange(len(index.songs))
        expected = np.where(held, table @ (solved(seeds) - AVOID * solved(avoided)), np.nan)
        np.testing.assert_allclose(
            BY_NAME["factors"].measure(query, Pool(index, rows, {}, len(rows))), expected, rtol=1e-2, atol=1e-3
        )
        content = Query(index, seeds=(replace(Seed.of_row(index, 0), row=None),))
        assert np.isnan(BY_NAME["factors"].measure(content, Pool(index, rows, {}, len(rows)))).all(), (
            "no playlist can hold it"
        )


def test_popularity_counts_the_playlists_that_may_be_learned_from(scenes: tuple[Path, Path]) -> None:
    with Engine.open(scenes[1]) as engine, Catalogue(scenes[0]) as catalogue:
        counts = np.zeros(90)
        for playlist in catalogue.playlists():
            if split_of(playlist.playlist_id, engine.index.config.held_out) == "train":
                counts[[int(song_id[1:]) for song_id in playlist.song_ids]] += 1
        rows = [engine.index.songs.row_of(f"s{i:02d}") for i in range(90)]
        expected = np.log1p(counts) / np.log1p(counts).max()
        np.testing.assert_allclose(engine.index.popularity[rows], expected, rtol=1e-5)
        few = playlist_popularity(engine.index.songs, [])
        np.testing.assert_allclose(few[rows], np.arange(90) / 100, rtol=1e-5)


def test_plays_are_compared_within_their_file_and_stand_in_for_an_unknown_popularity(scenes: tuple[Path, Path]) -> None:
    with Engine.open(scenes[1]) as engine:
        songs = engine.index.songs
        mine = [("s00", 1.0), ("s01", 9.0), ("s02", 9.0), ("s03", 40.0), ("gone", 99.0)]
        streams = [("s00", 5e8), ("s01", 1e6)]
        played = play_popularity(songs, {"plays:mine": mine, "plays:world": streams})
        rows = [songs.row_of(f"s{i:02d}") for i in range(5)]
        np.testing.assert_allclose(played[rows], [1.0, 0.75, 0.75, 1.0, np.nan])
        known = playlist_popularity(songs, [], played)
        np.testing.assert_allclose(known[rows], np.arange(5) / 100, err_msg="what the source says goes before plays")


def test_splits_are_disjoint_stable_and_of_the_shares_asked_for() -> None:
    splits = [split_of(str(i), 0.2) for i in range(20_000)]
    assert splits == [split_of(str(i), 0.2) for i in range(20_000)]
    assert splits.count("train") / 20_000 == pytest.approx(0.8, abs=0.02)
    assert splits.count("tune") / 20_000 == pytest.approx(0.1, abs=0.02)
    for i in range(500):
        if split_of(str(i), 0.1) != "train":
            assert split_of(str(i), 0.2) != "train", "a larger share holds what a smaller one held"


def test_tuning_mends_a_weight_that_misleads(scenes: tuple[Path, Path]) -> None:
    with Engine.open(scenes[1]) as engine, Catalogue(scenes[0]) as catalogue:
        popular = dict.fromkeys(DEFAULT_WEIGHTS["one"], 0.0) | {"popularity": 3.0}
        misled = Engine(engine.index, {"one": popular, "several": popular})
        reports = tune_on_playlists(misled.index, misled.weights, catalogue.playlists(), rounds=1)
        assert [report.metric for report in reports.values()] == ["NDCG@500, 1 seed", "NDCG@500, 5 seeds"]
        for report in reports.values():
            assert report.accepted
            assert report.check.after > report.check.before + 0.1
            assert report.tuned.trace[0].metric == pytest.approx(report.tuned.before)
            assert report.weights["target"] == 0.0, "what a user asks for is not tuned"


def test_tuning_on_queries_of_ones_own(scenes: tuple[Path, Path], tmp_path: Path) -> None:
    with Engine.open(scenes[1]) as engine:
        engine.use({"one": dict.fromkeys(engine.weights["one"], 0.0) | {"popularity": 3.0}})
        queries = [([f"s{i:02d}"], [f"s{(i + 3 * j) % 90:02d}" for j in range(1, 9)]) for i in range(80)]
        report = engine.tune(queries)["one"]
        assert report.accepted
        assert report.check.queries == 40
        assert engine.weights["one"] == report.weights
        assert engine.weights["several"] == DEFAULT_WEIGHTS["several"], "no query had several seeds"
        for few, message in (
            (queries[:39], "39 queries have one seed, expected at least 40"),
            ([(["s00"], [])], "no songs that should come back"),
            ([([], ["s00"])], "no seeds"),
        ):
            with pytest.raises(RequestError, match=message) as refused:
                engine.tune(few)
            assert refused.value.field == "queries"
        assert engine.weights["one"] == report.weights, "a refusal changes nothing"


def test_likes_and_skips_bend_the_weights_of_one_answer(scenes: tuple[Path, Path]) -> None:
    """Songs of the seed's scene are liked, popular ones of another are skipped: the scene comes back more."""
    with Engine.open(scenes[1]) as engine:
        engine.use({"one": dict.fromkeys(engine.weights["one"], 0.0) | {"popularity": 1.0}})
        liked, skipped = ["s03", "s06", "s09"], ["s88", "s85", "s82"]
        saved = {profile: dict(weights) for profile, weights in engine.weights.items()}
        before = [int(hit.song_id[1:]) % 3 for hit in engine.recommend(["s00"], k=20)]
        hits = engine.recommend(["s00"], liked=liked, skipped=skipped, k=20)
        after = [int(hit.song_id[1:]) % 3 for hit in hits]
        assert after.count(0) > before.count(0) + 5
        assert not {hit.song_id for hit in hits} & {"s00", *liked, *skipped}
        assert engine.weights == saved
        with pytest.raises(RequestError, match="both liked and skipped"):
            engine.recommend(["s00"], liked=["s03"], skipped=["s03"])


@given(st.integers(1, 400), st.integers(1, 400))
def test_reactions_are_compared_in_a_bounded_number_of_pairs_in_which_each_stands_as_often(
    first: int, second: int
) -> None:
    columns = pairs(np.arange(first), np.arange(second))
    assert len(columns[0]) == len(columns[1]) == min(first * second, MOST_PAIRS)
    for count, column in zip((first, second), columns, strict=True):
        times = np.bincount(column, minlength=count)
        assert times.max() - times.min() <= (len(column) % count > 0)
    assert len(set(zip(*(column.tolist() for column in columns), strict=True))) > 0.6 * len(columns[0])


def test_words_weigh_the_same_wherever_they_are_ranked(scenes: tuple[Path, Path]) -> None:
    """What is quoted must be sung, and then its meaning decides nothing: in a search, a journey, after reactions."""
    with Engine.open(scenes[1]) as engine:
        index = engine.index
        asked = Recommend(
            text='"rain"', liked=["s03"], filters={"artist": index.songs.artists[index.songs.row_of("s03")]}
        )
        alone = read(index, asked.model_copy(update={"liked": ()}), engine.weights).candidates(POOL)[1]
        gone = tuple(index.songs.song_ids)
        only = read(index, Recommend(text='"rain"', liked=["s03"], exclude=gone), engine.weights)
        assert only.weights == alone, "nothing to compare with: the weights are those of a search"
        for hits in (engine.search('"rain"'), engine.answer(asked)):
            assert not {"lyrics", "taste"} & {name for hit in hits for name in hit.signals}
        moods = index.songs.moods.names
        made = engine.playlist(text='"rain"', length=10, from_mood=moods[0], to_mood=moods[-1])
        assert len(made) == 10
        assert not {"lyrics", "taste"} & {name for hit in made for name in hit.signals}


def test_reactions_are_weighed_among_the_songs_that_the_filters_leave(scenes: tuple[Path, Path]) -> None:
    """Where nothing was skipped the other candidates stand for it: only those that may come back."""
    with Engine.open(scenes[1]) as engine:
        index, weights = engine.index, engine.weights["one"]
        query = Query(index, seeds=(Seed.of(index, "s00"),))
        liked = [index.songs.row_of("s03")]
        everything = weights_from_reactions(query, weights, liked, [])
        alone = np.zeros(len(index.songs), bool)
        assert weights_from_reactions(query, weights, liked, [], Allowed(alone.copy())) == weights, (
            "nothing to compare with"
        )
        alone[index.songs.row_of("s88")] = True
        assert weights_from_reactions(query, weights, liked, [], Allowed(alone)) != everything
        assert alone.sum() == 1, "the caller's mask stays as it was"


def test_the_metric_of_a_judged_query_is_that_of_the_engine(scenes: tuple[Path, Path]) -> None:
    with Engine.open(scenes[1]) as engine:
        rows = tuple(range(0, 42, 3))
        asked = draw(np.array(rows), 4, number=1)
        judged = judge(engine.index, asked, engine.weights["several"])
        ids = engine.index.songs.song_ids
        ranked = engine.recommend([ids[int(r)] for r in asked.seeds], k=500, versions=True).song_ids
        wanted = {ids[int(r)] for r in asked.wanted}
        gains = [1 / np.log2(i + 2) for i, song_id in enumerate(ranked) if song_id in wanted]
        ideal = sum(1 / np.log2(i + 2) for i in range(10))
        assert metrics([judged], engine.weights["several"])[0] == pytest.approx(sum(gains) / ideal, abs=1e-6)


def test_tuning_without_playlists_says_what_is_missing(demo_catalogue: Path, demo_index: Path) -> None:
    with (
        Engine.open(demo_index) as engine,
        Catalogue(demo_catalogue) as catalogue,
        pytest.raises(CatalogueError, match="held-out playlists"),
    ):
        tune_on_playlists(engine.index, engine.weights, catalogue.playlists())


def test_a_ranking_cannot_be_built_wrong() -> None:
    with pytest.raises(ValueError, match="twice"):
        Ranking.of([1, 1], [0.1, 0.2])
    with pytest.raises(ValueError, match="NaN"):
        Ranking.of([1, 2], [0.1, float("nan")])
    assert Ranking.of([5, 3, 4], [1, 1, 2]).without([3]).rows.tolist() == [4, 5]
