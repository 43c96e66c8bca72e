"""Retrieval: flat and coarse indexes agree about which songs can come back; masks; what has no weight is not asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.answer.answer import LEAST, answer, pool
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.retrieve.pool import Pool
from engine.retrieve.ranking import Ranking
from engine.retrieve.retriever import first_allowed
from engine.retrieve.vectors import LyricsRetriever, VectorRetriever
from engine.score.weights import DEFAULT_WEIGHTS
from indexer import Catalogue, IndexConfig, build_index
from indexer.search.allowed import Allowed

SONGS = 120
WORDS = ["rain grey window", "neon city night", "porch banjo river"]


@pytest.fixture(scope="module")
def flat_and_coarse(tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig) -> tuple[Path, Path]:
    """One catalogue, every second song without lyrics and every third without sound, as a flat and as an IVF index."""
    folder = tmp_path_factory.mktemp("coarse")
    rng = np.random.default_rng(0)
    songs = []
    for i in range(SONGS):
        song = {"song_id": f"s{i:03d}", "title": f"Number {i}", "artist": f"Band {i % 9}"}
        if i % 2:
            song["lyrics"] = "\n".join(" ".join(rng.permutation(WORDS[i % 3].split())) for _ in range(4))
        if i % 3:
            song |= {"energy": float(rng.random()), "valence": float(rng.random()), "tempo": 70.0 + i}
        songs.append(song)
    (folder / "songs.jsonl").write_text("\n".join(map(json.dumps, songs)), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(folder / "songs.jsonl")
        build_index(catalogue, folder / "flat.index", tiny_config)
        build_index(catalogue, folder / "coarse.index", replace(tiny_config, exact_below=10))
    return folder / "flat.index", folder / "coarse.index"


@pytest.fixture(scope="module")
def scenes(scenes_index: Path) -> Iterator[Engine]:
    """Three scenes of 30 songs, one of them deleted since the build."""
    with Engine.open(scenes_index) as engine:
        yield engine


@pytest.mark.parametrize("part", ["lyrics", "audio"])
def test_only_songs_that_have_the_part_are_found_by_it(flat_and_coarse: tuple[Path, Path], part: str) -> None:
    """One byte a number turns the zero of a missing part into noise, which is no likeness."""
    answers = []
    for path in flat_and_coarse:
        with Engine.open(path) as engine:
            index = engine.index
            seed = Seed.of_row(index, index.songs.row_of("s001") or 0)
            ranking = VectorRetriever("vectors", {part: 1.0}).retrieve(Query(index, seeds=(seed,)), SONGS, None)
            has = index.songs.has_lyrics if part == "lyrics" else index.songs.has_audio
            assert set(ranking.rows.tolist()) == set(np.flatnonzero(has).tolist())
            answers.append({index.songs.song_ids[row] for row in ranking.rows.tolist()})
    assert answers[0] == answers[1]


@pytest.mark.parametrize("filters", [None, {"artist": "Band 4"}])
def test_flat_and_coarse_indexes_return_the_same_songs(
    flat_and_coarse: tuple[Path, Path], filters: dict[str, str] | None
) -> None:
    words, similar = [], []
    for path in flat_and_coarse:
        with Engine.open(path) as engine:
            hits = engine.search("rain on a window", SONGS, filters)
            assert all(engine.song(hit.song_id).lyrics for hit in hits), "songs without a word were found by words"
            words.append({hit.song_id for hit in hits})
            similar.append({hit.song_id for hit in engine.similar("s001", SONGS, filters)})
    assert words[0] == words[1]
    assert similar[0] == similar[1]


def test_a_pool_leaves_the_callers_mask_as_it_was(scenes: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    index = scenes.index
    allowed = np.array(index.songs.alive)
    before = allowed.copy()
    for excluded, few in ((frozenset({5}), 1), (frozenset(range(4, 60)), 1), (frozenset(range(4, 60)), 50)):
        monkeypatch.setattr("engine.answer.answer.FEW_EXCLUDED", few)
        query = Query(index, seeds=(Seed.of_row(index, 3),), exclude=excluded)
        candidates = pool(query, DEFAULT_WEIGHTS["one"], 10, Allowed(allowed))
        np.testing.assert_array_equal(allowed, before)
        assert not set(candidates.rows.tolist()) & {3, *excluded}


def test_excluded_and_dead_songs_never_come_back_and_the_others_all_do(scenes: Engine) -> None:
    index = scenes.index
    rng = np.random.default_rng(1)
    living = set(np.flatnonzero(index.songs.alive).tolist())
    for size in (0, 1, 60, len(index) - 1):
        excluded = frozenset(rng.permutation(sorted(living - {3}))[:size].tolist())
        query = Query(index, seeds=(Seed.of_row(index, 3),), exclude=excluded)
        rows = set(answer(query, DEFAULT_WEIGHTS["one"], 200).ranking.rows.tolist())
        assert rows == living - excluded - {3}


def test_what_has_no_weight_is_not_retrieved(scenes: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    index = scenes.index
    query = Query(index, seeds=(Seed.of_row(index, 3),))
    weights = DEFAULT_WEIGHTS["one"]
    assert "lexical" not in pool(query, weights, 10, None).rankings
    assert "lexical" in pool(query, weights | {"lexical": 0.5}, 10, None).rankings
    assert "cooccurrence" not in pool(query, weights | {"cooccurrence": 0.0}, 10, None).rankings
    assert "lexical" not in pool(replace(query, text="rain"), weights, 10, None).rankings
    assert list(pool(replace(query, text="“grey rain”"), weights, 10, None).rankings) == ["lexical"]


def test_columns_are_gathered_once_and_only_when_asked_for(scenes: Engine) -> None:
    candidates = Pool(scenes.index, np.array([2, 5]), {}, 2)
    assert not candidates.columns
    column = candidates.column("popularity")
    assert candidates.column("popularity") is column
    assert list(candidates.columns) == ["popularity"]
    given = Pool(scenes.index, np.array([2, 5]), {}, 2, {"popularity": np.array([0.25, 0.75], np.float32)})
    assert given.column("popularity").tolist() == [0.25, 0.75], "what a backend hands over is not read again"


def test_the_first_that_are_allowed_are_those_of_a_plain_filter() -> None:
    rng = np.random.default_rng(0)
    for n in (0, 1, 7, 400):
        rows, allowed = rng.permutation(n), rng.random(n) < 0.2
        for k in (1, 3, 50):
            assert first_allowed(rows, k, Allowed(allowed)).tolist() == rows[allowed[rows]][:k].tolist()
            assert first_allowed(rows, k, None).tolist() == rows[:k].tolist()


def test_without_is_the_ranking_less_the_rows() -> None:
    ranking = Ranking.of(np.arange(50), np.random.default_rng(0).random(50))
    unwanted = [3, 9, 70]
    assert ranking.without(unwanted).rows.tolist() == [row for row in ranking.rows.tolist() if row not in unwanted]
    assert ranking.without([]) is ranking


def test_the_songs_of_the_seeds_artists_are_candidates(scenes: Engine) -> None:
    """However little else they have in common: an artist of few songs weighs more than all likeness."""
    index = scenes.index
    column = index.songs.column("artist_key")
    for row in np.flatnonzero(index.songs.alive).tolist():
        own = set(column.codes_of(row))
        alike = [r for r in np.flatnonzero(index.songs.alive).tolist() if own & set(column.codes_of(r))]
        assert index.facts.by_artists(own).tolist() == alike
    seed = Seed.of_row(index, 3)
    candidates = pool(Query(index, seeds=(seed,)), {"artist": 1.0}, 1, None)
    own_songs = set(index.facts.by_artists(column.codes_of(3)).tolist()) - {3}
    assert len(own_songs & set(candidates.rows.tolist())) == min(len(own_songs), 1 + LEAST)


def test_under_a_filter_all_songs_with_lyrics_are_proposed_for_words(flat_and_coarse: tuple[Path, Path]) -> None:
    """A song without lyrics is at 0, above lyrics that say the opposite: it takes no place of theirs."""
    for path in flat_and_coarse:
        with Engine.open(path) as engine:
            index = engine.index
            query = Query(index, text="neon city")
            if index.lyrics_vectors is None:
                continue
            with_lyrics = np.flatnonzero(index.songs.has_lyrics)[:20]
            mask = ~np.asarray(index.songs.has_lyrics)
            mask[with_lyrics] = True
            ranking = LyricsRetriever().retrieve(query, len(with_lyrics), Allowed(mask))
            assert sorted(ranking.rows.tolist()) == with_lyrics.tolist()
