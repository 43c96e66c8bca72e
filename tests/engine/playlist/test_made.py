"""Playlists of the demonstration's songs: journeys under caps, seeds that open the list, total durations, paths."""

from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest

from engine.answer import answer as answers
from engine.answer.answer import answer
from engine.engine import Engine
from engine.playlist import playlist as playlists
from engine.playlist import requested
from engine.playlist.path import path_through
from engine.playlist.playlist import make_playlist, songs_to_rank
from engine.playlist.select import Rules, usual_duration
from engine.playlist.tracks import Candidates
from engine.query.query import Query
from engine.query.seeds import Seed
from indexer import Catalogue, build_index
from indexer.records import AUDIO_NAMES
from tests.engine.names import NOBODY
from tests.engine.songs import named

NO_ROWS = np.zeros(0, np.int64)


def ranked(engine, *names, k=200):
    seeds = tuple(Seed.of(engine.index, name) for name in names)
    return answer(Query(engine.index, seeds=seeds), engine.weights["one"], k)


@pytest.mark.parametrize("per_artist", [1, 2])
@pytest.mark.parametrize("per_album", [None, 1, 2])
def test_a_journey_keeps_the_caps_from_its_first_leg_to_its_last(demo, per_artist, per_album):
    """Every 29th of all pairs of moods: a cap is kept, or the sentence that names it is there."""
    songs = demo.index.songs
    pairs = list(permutations(songs.moods.names, 2))
    for start, end in [("angry", "breakup"), *pairs[:: max(1, len(pairs) // 6)]]:
        made = demo.playlist(
            length=25, from_mood=start, to_mood=end, max_per_artist=per_artist, max_per_album=per_album
        )
        rows = [songs.row_of(hit.song_id) for hit in made]
        everyone = Candidates.of_rows(songs, np.array(rows, np.int64))
        sentences = " / ".join(made.relaxed)
        assert ("artist cap" in sentences) == (everyone.most_of("artists") > per_artist), (start, end)
        assert ("album cap" in sentences) == (everyone.most_of("albums") > (per_album or 25)), (start, end)
        assert ("no other song is left" in sentences) == (len(made) < 25)
        pairs = Counter(named(everyone))
        assert not pairs or max(pairs.values()) == 1, "two versions of one song"
        assert [hit.rank for hit in made] == list(range(1, len(made) + 1))


def test_seeds_open_the_playlist_in_their_order_and_count_as_songs(demo):
    first, second = (song.song_id for song in demo.find("love", 2))
    found = ranked(demo, first, second)
    songs = demo.index.songs
    seeds = np.array(sorted(seed.row for seed in found.query.seeds), np.int64)
    never = Candidates.of_rows(songs, seeds)
    made = make_playlist([found], "mix", 12, Rules(max_per_artist=1, never=never), opening=2)
    ids = [hit.song_id for hit in made]
    assert ids[:2] == [first, second]
    assert len(set(ids)) == 12
    assert [hit.reason for hit in made][:2] == ["One of the seeds"] * 2
    others = [hit.artist for hit in made if hit.song_id not in (first, second)]
    assert not set(others) & {hit.artist for hit in made.songs[:2]} or "artist cap" in " ".join(made.relaxed)
    assert [hit.song_id for hit in make_playlist([found], "mix", 1, Rules(never=never), opening=2)] == [first]
    assert not {first, second} & {hit.song_id for hit in make_playlist([found], "mix", 12, Rules(never=never))}


def test_caps_that_the_seeds_break_are_said(demo):
    ids = [song.song_id for song in demo.songs({"artist": "Ludie Sparrow"})][:3]
    fields = {"with_seeds": True, "max_per_artist": 1}
    sentence = "artist cap 1 -> 3: the songs that come first break it"
    assert sentence in demo.playlist(ids, 3, **fields).relaxed
    assert sentence in demo.playlist(ids, 9, **fields).relaxed
    for more in ({"duration_total_ms": 600_000}, {"length": 9, "from_mood": "angry", "to_mood": "tender"}):
        assert any("artist cap 1 ->" in each for each in demo.playlist(ids, **more, **fields).relaxed)
    assert not demo.playlist(ids[:1], 3, **fields).relaxed


def test_a_playlist_takes_every_song_that_its_rules_allow_before_it_says_that_none_is_left(names_index, monkeypatch):
    """One song of each artist, where few songs are ranked at first: the others are looked for."""
    monkeypatch.setattr(playlists, "RANKED_PER_SONG", 0)
    monkeypatch.setattr(requested, "POOL", 3)
    monkeypatch.setattr(answers, "LEAST", 3)
    monkeypatch.setattr(answers, "SPARE", 0)
    monkeypatch.setattr(answers, "EVERY_UP_TO", 0)
    with Engine.open(names_index) as engine:
        artists = {song.artist for song in engine if song.artist}
        everyone = len(artists) + NOBODY
        made = engine.playlist(["word-000"], everyone, max_per_artist=1)
        assert (len(made), [each for each in made.relaxed if "artist gap" not in each]) == (everyone, [])
        more = engine.playlist(["word-000"], len(engine), max_per_artist=1)
        assert len(more) == len(engine) - 1
        assert any(f"only {everyone} of {len(engine)} songs fit" in sentence for sentence in more.relaxed)


def test_what_a_song_usually_lasts_is_that_of_living_songs():
    audio = np.full((3, len(AUDIO_NAMES)), np.nan, np.float32)
    audio[:, AUDIO_NAMES.index("duration_ms")] = [100_000, 900_000, 120_000]
    assert usual_duration(SimpleNamespace(alive=np.array([True, False, True]), audio=audio)) == 110_000


def test_a_playlist_lasts_as_long_as_was_asked(demo):
    seed = demo.find("love", 1)[0].song_id
    found = ranked(demo, seed)
    never = Candidates.of_rows(demo.index.songs, NO_ROWS)
    for minutes in (20, 60):
        made = make_playlist([found], "mix", 100, Rules(never=never), duration_ms=minutes * 60_000.0)
        known = [hit.duration_ms for hit in made if hit.duration_ms is not None]
        if len(known) == len(made):
            assert abs(sum(known) - minutes * 60_000) <= 30_000 or "instead of" in made.relaxed[-1]
        assert len(made) > 2
    assert songs_to_rank(demo.index, 25, None) == 200
    assert songs_to_rank(demo.index, 5_000, 60 * 60_000.0) < 1_000


def test_a_catalogue_too_small_to_learn_from_has_paths_by_its_words_and_sound(tmp_path, tiny_config):
    songs = [
        {"title": f"Song {i}", "artist": f"Artist {i % 7}", "lyrics": f"harbour light number {i} burning",
         "energy": i / 20, "valence": 0.5, "tempo": 90 + i}
        for i in range(20)
    ]  # fmt: skip
    (tmp_path / "songs.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs), "utf-8")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(tmp_path / "songs.jsonl")
        build_index(catalogue, tmp_path / "refrain.index", tiny_config)
    with Engine.open(tmp_path / "refrain.index") as engine:
        made = path_through(ranked(engine, "Song 0", "Song 19"), 5)
        assert [made.songs[0].title, made.songs[-1].title] == ["Song 0", "Song 19"]
        assert len(made) == 5


def test_a_request_with_its_seeds_or_of_a_duration(demo):
    first = demo.find("love", 1)[0].song_id
    made = demo.playlist([first], 8, with_seeds=True)
    assert made.songs[0].song_id == first
    assert len(made) == 8
    assert made.query["with_seeds"] is True
    assert first not in [hit.song_id for hit in demo.playlist([first], 8, with_seeds=True, exclude=[first])]
    hour = demo.playlist([first], duration_total_ms=3_600_000)
    assert sum(hit.duration_ms or 0 for hit in hour) > 3_000_000 or hour.relaxed
    journey = demo.playlist([first], 8, with_seeds=True, from_mood="angry", to_mood="tender")
    assert next(iter(journey)).song_id == first
    assert len(journey) == 8
    assert [hit.rank for hit in journey] == list(range(1, 9))
    half = demo.playlist(from_mood="angry", to_mood="tender", duration_total_ms=1_800_000)
    total = sum(hit.duration_ms or 0 for hit in half)
    assert abs(total - 1_800_000) <= 30_000 or any("a journey is counted in songs" in s for s in half.relaxed)
