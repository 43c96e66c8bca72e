"""Sound in answers: songs are alike by timbre where nothing else is known, and by features whatever their origin."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.verify import verify_index
from indexer import Catalogue, IndexConfig, Song, build_index
from indexer.models.audio_origins import ESTIMATES
from indexer.records import AudioFeatures
from tests.indexer.timbres import grouped, store_timbres

GROUPS, EACH = 4, 12
MEASURED_FROM = 120  # songs of index `mixed` below are Spotify's, those from it on are measured
Once = Callable[[str, Callable[[Path], object]], Path]


def _build(folder: Path, songs: list[dict[str, object]], config: IndexConfig, timbres: bool, measured: int) -> None:
    file = folder / "songs.jsonl"
    file.write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(file)
        if timbres:
            vectors = grouped(GROUPS, EACH)
            store_timbres(folder / "refrain.db", {f"s{i:03}": vector for i, vector in enumerate(vectors)})
        connection = sqlite3.connect(folder / "refrain.db")
        with connection:
            connection.execute("UPDATE songs SET audio_origin = 'measured' WHERE song_id >= ?", (f"s{measured:03}",))
        connection.close()
        build_index(catalogue, folder / "refrain.index", config)


@pytest.fixture
def alike(tiny_config: IndexConfig, once: Once) -> Iterator[Engine]:
    """Songs of which nothing but the timbre is known: song i is of group i % GROUPS; two have none."""
    songs: list[dict[str, object]] = [
        {"song_id": f"s{i:03}", "title": f"Piece {i}", "artist": f"Band {i}"} for i in range(GROUPS * EACH + 2)
    ]
    with Engine.open(once("alike", lambda f: _build(f, songs, tiny_config, True, 999)) / "refrain.index") as engine:
        yield engine


def test_neighbours_are_of_the_group(alike: Engine) -> None:
    for i in range(0, GROUPS * EACH, 5):
        hits = alike.similar(f"s{i:03}", k=EACH - 1)
        assert {int(hit.song_id[1:]) % GROUPS for hit in hits} == {i % GROUPS}
        assert all(hit.reason.startswith("Sounds alike") for hit in hits)
        assert all({name for name, share in hit.signals.items() if share > 0} == {"timbre"} for hit in hits)


def test_a_song_without_a_timbre_is_unknown_rather_than_far(alike: Engine) -> None:
    hits = {hit.song_id: hit for hit in alike.similar("s000", k=GROUPS * EACH + 1)}
    for song_id in ("s048", "s049"):
        if song_id in hits:
            assert hits[song_id].signals.get("timbre", 0.0) == 0.0
    assert all("alike" not in hit.reason for hit in alike.similar("s048", k=5))


def test_the_weight_of_timbre_is_one_of_the_weights(alike: Engine) -> None:
    without = alike.similar("s000", k=5, weights={"timbre": 0.0})
    assert not any(share > 0 for hit in without for share in hit.signals.values())
    assert alike.explain("s000", "s004").signals["timbre"] > 0
    assert verify_index(alike.index.path) == []


def test_an_index_without_sound_answers_as_if_there_were_no_such_signal(scenes_index: Path) -> None:
    with Engine.open(scenes_index) as engine:
        for seeds in (["rain-00"], ["neon-01", "porch-02"]):
            plain, without = engine.recommend(seeds, k=20), engine.recommend(seeds, k=20, weights={"timbre": 0.0})
            assert plain == without
            assert all("timbre" not in hit.signals for hit in plain)
        weights = dict.fromkeys(engine.weights["one"], 0.0) | {"timbre": 1e6, "lyrics": 1.0}
        lyrics = weights | {"timbre": 0.0}
        assert engine.similar("rain-00", weights=weights) == engine.similar("rain-00", weights=lyrics)


def _scaled(origin: str, truth: float, place: int) -> float:
    return float(truth if origin == "spotify" else 0.3 + 0.4 * truth ** (place + 1))


@pytest.fixture
def mixed(tiny_config: IndexConfig, once: Once) -> Iterator[Engine]:
    """Songs in pairs of one truth: song i by Spotify's scale, i + MEASURED_FROM as measured, on scales that bend it."""
    rng = np.random.default_rng(0)
    truths = rng.uniform(0.02, 0.98, (MEASURED_FROM, len(ESTIMATES)))
    songs: list[dict[str, object]] = [
        {"song_id": f"s{i + start:03}", "title": f"Piece {i + start}", "artist": f"Band {i + start}"}
        | {name: _scaled(origin, truths[i, place], place) for place, name in enumerate(ESTIMATES)}
        for origin, start in (("spotify", 0), ("measured", MEASURED_FROM))
        for i in range(MEASURED_FROM)
    ]
    made = once("mixed", lambda folder: _build(folder, songs, tiny_config, False, MEASURED_FROM))
    with Engine.open(made / "refrain.index") as engine:
        yield engine


def test_the_nearest_of_a_song_is_its_twin_of_the_other_origin(mixed: Engine) -> None:
    likeness = mixed.index.audio @ mixed.index.audio.T
    norms = np.linalg.norm(mixed.index.audio, axis=1)
    likeness = likeness / np.outer(norms, norms)
    np.fill_diagonal(likeness, -2.0)
    twins = (np.arange(2 * MEASURED_FROM) + MEASURED_FROM) % (2 * MEASURED_FROM)
    assert (likeness.argmax(axis=1) == twins).mean() > 0.97


def test_filters_and_targets_let_twins_in_together(mixed: Engine) -> None:
    ids = {hit.song_id for hit in mixed.similar("s000", k=200, filters={"energy": "0.7.."})}
    spotify = {int(song_id[1:]) for song_id in ids if int(song_id[1:]) < MEASURED_FROM}
    measured = {int(song_id[1:]) - MEASURED_FROM for song_id in ids} - {number - MEASURED_FROM for number in spotify}
    assert len(spotify) > 20
    assert len(spotify ^ measured) <= 2, "but for one at the very bound, and the seed"
    closeness = mixed.index.closeness([("danceability", 0.9)])
    np.testing.assert_allclose(closeness[:MEASURED_FROM], closeness[MEASURED_FROM:], atol=0.05)


def test_what_is_shown_is_what_was_measured(mixed: Engine) -> None:
    shown, twin = mixed.song("s130"), mixed.song("s010")
    assert shown.audio is not None
    assert twin.audio is not None
    assert (shown.audio_origin, twin.audio_origin) == ("measured", None)
    assert mixed.show("s130").to_dict()["audio_origin"] == "measured"
    truth = twin.audio.energy
    assert truth is not None
    assert shown.audio.energy == pytest.approx(_scaled("measured", truth, 0), abs=1e-6)
    hit = next(hit for hit in mixed.similar("s010", k=239) if hit.song_id == "s130")
    assert hit.energy == pytest.approx(shown.audio.energy)


def test_a_measured_seed_from_outside_is_brought_to_the_scale(mixed: Engine) -> None:
    song = mixed.song("s130")
    assert song.audio is not None
    outside = Song("Elsewhere", "Nobody", audio=AudioFeatures(**song.audio.known()), audio_origin="measured")
    assert {hit.song_id for hit in mixed.similar(outside, k=2)} == {"s010", "s130"}
    assert verify_index(mixed.index.path) == []
