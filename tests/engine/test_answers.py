"""Answers to requests on the bundled catalogue, as laws: what every answer keeps, and what each field does."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import Engine
from engine.answer.answer import answer
from engine.fields import SORTS
from engine.playlist.versions import without_other_versions
from engine.query.filters import Filters
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.requests import (
    Find,
    ListSongs,
    MakePath,
    MakePlaylist,
    Recommend,
    Search,
    request_from_dict,
    request_from_json,
)
from engine.score.weights import DEFAULT_WEIGHTS, weights_file
from indexer.errors import (
    AmbiguousSongError,
    ArtistNotFoundError,
    EmptyQueryError,
    FilterError,
    IndexMissingError,
    RequestError,
    SongNotFoundError,
)
from indexer.records import AUDIO_NAMES, Song
from indexer.text.names import fold

BOAT = "My Landlord Bought a Boat, Ludie Sparrow"
POOL = "Chlorine Hair, Milkthistle Year"


def rows_of(engine: Engine, hits: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([engine.index.songs.row_of(hit.song_id) for hit in hits], np.int64)


@pytest.mark.parametrize(
    "request_",
    [
        Recommend(seeds=[BOAT], avoid=[POOL], k=30, weights={"popularity": 0}, max_per_artist=2),
        Recommend(seed_artists=["Ludie Sparrow"], text="rain on the roof", filters={"has": "lyrics"}),
        Recommend(filters={"year": "1990s"}, k=9),
        Search(text="boat", exclude=[BOAT]),
        MakePlaylist(seeds=[BOAT], length=9, arc="rise", variation=3),
        ListSongs(filters={"year": "1990s"}, sort="-year", limit=7),
    ],
)
def test_a_request_from_json_has_the_same_answer(demo: Engine, request_: Any) -> None:
    first, again = demo.answer(request_), demo.answer(request_from_json(request_.to_json()))
    assert [song.song_id for song in first] == [song.song_id for song in again]
    assert len(first)


def test_the_short_ways_are_the_requests(demo: Engine) -> None:
    song = demo.named(BOAT)
    assert demo.similar(song, 7).song_ids == demo.answer(Recommend(seeds=[BOAT], k=7)).song_ids
    assert demo.search("rain", 7).song_ids == demo.answer(Search(text="rain", k=7)).song_ids
    assert demo.playlist([song], 7).query == MakePlaylist(seeds=[song.song_id], length=7).to_dict(), "ids, not lyrics"
    assert demo.songs({"year": "1990s"}) == demo.answer(ListSongs(filters={"year": "1990s"}))


@pytest.mark.parametrize(
    "request_",
    [
        Recommend(seeds=[BOAT], k=3),
        Search(text="rain", k=3),
        MakePlaylist(seeds=[BOAT], length=3),
        MakePath(start=BOAT, end=POOL, length=3),
        ListSongs(limit=3),
        Find(text="boat", k=3),
    ],
    ids=lambda request: request.kind,
)
def test_every_answer_that_is_a_list_of_songs_has_one_shape(demo: Engine, request_: Any) -> None:
    told = json.loads(json.dumps(demo.answer(request_).to_dict(), allow_nan=False))
    assert (
        {"songs", "relaxed", "notes", "query"} <= set(told) <= {"songs", "relaxed", "notes", "query", "name", "total"}
    )
    assert request_from_dict(told["query"]) == request_
    assert [song["song_id"] for song in told["songs"]] == [song.song_id for song in demo.answer(request_)]
    assert all("lyrics" not in song for song in told["songs"])


def test_without_new_fields_an_answer_is_the_ranking(demo: Engine) -> None:
    for row in range(0, len(demo.index.songs), 25):
        query = Query(demo.index, seeds=(Seed.of_row(demo.index, row),))
        best = answer(query, demo.weights["one"], 20).ranking.rows
        hits = demo.similar(demo.index.songs.song_ids[row], 20, versions=True)
        assert rows_of(demo, hits).tolist() == best.tolist()


def test_no_two_versions_of_a_song_unless_they_are_wanted(demo: Engine) -> None:
    folded = 0
    for row in range(0, len(demo.index.songs), 5):
        seed = demo.index.songs.song_ids[row]
        every = rows_of(demo, demo.similar(seed, 200, versions=True))
        first = without_other_versions(demo.index.songs, every)
        once = rows_of(demo, demo.similar(seed, 200))
        assert once[: first.sum()].tolist() == every[first].tolist(), "folding only leaves songs out"
        folded += int((~first).sum())
    assert folded > 20


@pytest.mark.parametrize("ask", ["recommend", "search"])
def test_caps_hold_and_only_leave_songs_out(demo: Engine, ask: str) -> None:
    fields: dict[str, Any] = {"seeds": [BOAT]} if ask == "recommend" else {"text": "boat on the river"}
    every = getattr(demo, ask)(**fields, k=40)
    few = getattr(demo, ask)(**fields, k=40, max_per_artist=1, max_per_album=1)
    artists, expected = set(), []
    for hit in every:
        if fold(hit.artist) not in artists:
            artists.add(fold(hit.artist))
            expected.append(hit.song_id)
    assert few.song_ids[: len(expected)] == expected
    assert len(few) == 40
    assert max(Counter(fold(hit.artist) for hit in few).values()) == 1
    assert [hit.rank for hit in few] == list(range(1, len(few) + 1))


def test_excluded_songs_do_not_come_back_and_change_nothing_else(demo: Engine) -> None:
    everything = demo.recommend([BOAT], k=len(demo), versions=True).song_ids
    gone = [*everything[::3], demo.named(POOL).song_id]
    rest = demo.recommend([BOAT], k=len(demo), versions=True, exclude=gone).song_ids
    assert set(rest) == set(everything) - set(gone)
    assert demo.recommend([BOAT], k=5, exclude=[POOL, demo.named(POOL)])
    assert POOL.split(",")[0] not in [hit.title for hit in demo.search("chlorine hair", exclude=[POOL])]
    assert not {s.song_id for s in demo.playlist([BOAT], 20, exclude=gone)} & set(gone)
    assert not {s.song_id for s in demo.path(BOAT, POOL, 6, exclude=gone).songs[1:-1]} & set(gone)
    with pytest.raises(SongNotFoundError):
        demo.recommend([BOAT], exclude=["no song of this name at all"])


def test_thousands_of_excluded_songs_do_not_slow_an_answer(demo: Engine) -> None:
    request = Recommend(seeds=[BOAT], exclude=[*demo.index.songs.song_ids[:60], *(f"gone-{i}" for i in range(20_000))])
    demo.answer(request)
    start = time.process_time()
    hits = demo.answer(request)
    assert time.process_time() - start < 0.5
    assert not set(hits.song_ids) & set(demo.index.songs.song_ids[:60])


def test_weights_of_one_answer(demo: Engine) -> None:
    before = {profile: dict(each) for profile, each in demo.weights.items()}
    alone = dict.fromkeys(before["one"], 0.0) | {"lyrics": 1.0}
    hits = demo.similar(POOL, 10, weights=alone)
    other = Engine(demo.index, dict.fromkeys(before, alone))
    assert hits.song_ids == other.similar(POOL, 10).song_ids
    assert {name for hit in hits for name in hit.signals} == {"lyrics"}
    assert demo.weights == before
    with pytest.raises(TypeError):
        demo.weights["one"]["audio"] = 3.0  # type: ignore[index]
    with pytest.raises(FilterError, match="no signal"):
        demo.similar(POOL, weights={"loudness": 1})
    with pytest.raises(FilterError, match="weights audio"):
        demo.similar(POOL, weights={"audio": 1e308})
    assert demo.similar(POOL, weights={"audio": 1e6})
    assert demo.search("rain", weights={"lexical": 0, "lyrics": 1})


def test_artists_stand_for_their_best_known_songs(demo: Engine) -> None:
    hits = demo.recommend(seed_artists=["ludie sparrow"], k=20)
    by_artist = [s for s in demo if s.artist == "Ludie Sparrow"]
    known = {s.song_id: demo.index.popularity[demo.index.songs.row_of(s.song_id) or 0] for s in by_artist}
    best = sorted(known, key=lambda song_id: -known[song_id])
    assert hits
    assert not set(hits.song_ids) & set(best[:1]), "what stands for the artist does not come back"
    assert demo.playlist(seed_artists=["Ludie Sparrow"], length=8).name == "Like Ludie Sparrow"
    with pytest.raises(ArtistNotFoundError) as caught:
        demo.recommend(seed_artists=["Ludie Sparow"])
    assert caught.value.nearest[0] == "Ludie Sparrow"
    assert "Ludie Sparrow" in str(caught.value)


def test_genres_stand_for_their_best_known_songs(demo: Engine) -> None:
    genres = [(genre, count) for genre, count in Counter(g for s in demo for g in s.genres).items() if count >= 12]
    for genre, count in genres:
        hits = demo.recommend(seed_genres=[genre.upper()], k=10)
        share = np.mean([genre in demo.song(hit.song_id).genres for hit in hits])
        assert share > min(0.9, 2 * count / len(demo)), genre
    with pytest.raises(FilterError, match="nearest"):
        demo.recommend(seed_genres=["no such genre"])


def test_words_beside_seeds_move_the_answer_towards_the_words(demo: Engine) -> None:
    songs = demo.index.songs
    before = demo.recommend([POOL], k=len(demo), versions=True)
    moved, gained = [], []
    for row in np.flatnonzero(songs.has_lyrics)[::12].tolist():
        words, song_id = songs.lyrics[row].splitlines()[0], songs.song_ids[row]
        after = demo.recommend([POOL], text=words, k=len(demo), versions=True)
        if song_id in before.song_ids:
            places = [hits.song_ids.index(song_id) for hits in (before, after)]
            moved.append(places[0] - places[1])
            gained.append(after[places[1]].signals.get("lyrics", 0.0) - before[places[0]].signals.get("lyrics", 0.0))
    assert len(moved) > 10
    assert np.mean(moved) > 10, "no playlist is called by these words, so what they mean counts"
    assert np.mean(gained) > 0.2
    assert demo.recommend(text="rain on the roof", k=5).song_ids == demo.search("rain on the roof", 5).song_ids


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"filters": {"mood": "sad"}}, "Sad songs"),
        ({"filters": {"genre": "folk"}}, "Folk"),
        ({"filters": {"year": "1990s"}}, "1990s"),
        ({"filters": {"has": "lyrics"}}, "Songs"),
        ({"text": "songs for the rain"}, "songs for the rain"),
        ({"target": {"energy": 0.9}}, "Songs with energy near 0.9"),
        ({"target": {"popularity": 90}}, "Songs with popularity near 90"),
        ({"seed_genres": ["folk"]}, "Like folk"),
        ({"filters": {"year": "1990s"}, "name": "Mine"}, "Mine"),
    ],
)
def test_a_playlist_needs_no_seed_and_has_a_name(demo: Engine, fields: dict[str, Any], name: str) -> None:
    made = demo.playlist(length=8, **fields)
    assert made.name == name
    assert len(made) == 8
    mask = Filters.of(fields.get("filters", {})).mask(demo.index.songs)
    assert mask[rows_of(demo, made)].all()
    assert demo.playlist(length=8, **fields).songs == made.songs


def test_filters_alone_give_the_best_known(demo: Engine) -> None:
    hits = demo.recommend(filters={"has": "lyrics"}, k=40)
    popularity = demo.index.popularity[rows_of(demo, hits)]
    assert (np.diff(np.nan_to_num(popularity, nan=-1)) <= 0).all()
    assert demo.search(filters={"has": "lyrics"}, k=40).song_ids == hits.song_ids
    for nothing in ("  ", '""', "“”", "« »", '"!"'):
        assert demo.search(nothing, filters={"has": "lyrics"}, k=40).song_ids == hits.song_ids, nothing
    with pytest.raises(EmptyQueryError, match="expected a seed song, words, target values or filters"):
        demo.recommend()
    with pytest.raises(EmptyQueryError):
        demo.playlist()


def test_a_mood_alone_gives_the_likeliest_of_it(demo: Engine) -> None:
    rank = demo.index.songs.moods.rank("sad")
    hits = demo.search(filters={"mood": "sad"}, k=10)
    assert np.mean(rank[rows_of(demo, hits)]) > 0.8
    assert demo.recommend(filters={"mood": "sadness"}, k=10).song_ids == hits.song_ids


def test_seeds_first_and_a_total_duration(demo: Engine) -> None:
    made = demo.playlist([BOAT, POOL], 12, with_seeds=True)
    assert [s.song_id for s in made.songs[:2]] == [demo.named(BOAT).song_id, demo.named(POOL).song_id]
    assert len(made) == 12
    hour = demo.playlist([BOAT], 100, duration_total_ms=3_600_000)
    assert abs(sum(s.duration_ms or 0 for s in hour) - 3_600_000) < 120_000 or hour.relaxed


def test_keys_lie_on_a_circle_and_popularity_is_a_target(demo: Engine) -> None:
    songs = demo.index.songs
    keys = songs.audio[:, AUDIO_NAMES.index("key")]
    near = demo.index.closeness((("key", 11.0),))
    assert near[keys == 0] == pytest.approx(1 - 1 / 6)
    assert near[keys == 5] == pytest.approx(0.0)
    number = {key: song for song in demo if song.audio is not None and (key := song.audio.key) in (0, 11)}
    key = next(each for each in demo.explain(number[0], number[11]).features if each.name == "key")
    assert key.likeness == pytest.approx(1 - 1 / 6), "in an explanation, too"
    near = demo.index.closeness((("popularity", 100.0),))
    known = ~np.isnan(songs.popularity)
    assert np.isnan(near[~known]).all()
    order = np.argsort(songs.popularity[known])
    assert (np.diff(near[known][order]) >= 0).all()


@pytest.mark.parametrize("sort", SORTS)
def test_songs_are_listed_in_order_page_by_page(demo: Engine, sort: str) -> None:
    pages = [demo.songs(sort=sort, limit=100, offset=offset) for offset in range(0, len(demo) + 100, 100)]
    songs = [song for page in pages for song in page]
    assert len({song.song_id for song in songs}) == len(songs) == len(demo) == pages[0].total
    assert not pages[-1].songs
    name = sort.removeprefix("-")

    def value(song: Song) -> Any:
        if name == "name":
            return (fold(song.title), fold(song.artist)) if song.title else None
        if name in AUDIO_NAMES:
            return None if song.audio is None else getattr(song.audio, name)
        if name == "year":
            return song.decade if song.year is None else song.year
        return getattr(song, name) or None if name != "popularity" else song.popularity

    known = [value(song) for song in songs if value(song) is not None]
    assert all(value(song) is None for song in songs[len(known) :]), "unknown values come last"
    if name not in ("name", "artist", "album"):
        assert all((a <= b) if sort != name else (a >= b) for a, b in pairwise(known))
    elif name == "artist":
        assert sum((a.casefold() <= b.casefold()) is (sort == name) for a, b in pairwise(known) if a != b) > 0.9 * sum(
            a != b for a, b in pairwise(known)
        )


def test_an_engine_is_iterated_in_the_order_of_names(demo: Engine) -> None:
    assert [s.song_id for s in demo] == [s.song_id for s in demo.songs(limit=5000)]
    assert len(list(demo)) == len(demo)


def test_one_song_whole(demo: Engine) -> None:
    record = demo.show(BOAT)
    assert record.song == demo.named(BOAT)
    assert "landlord" in record.keywords
    assert record.playlists >= 0
    assert all(0 <= share <= 1 for _, share in record.moods)


def test_errors_carry_what_a_program_needs(demo: Engine) -> None:
    with pytest.raises(SongNotFoundError) as unknown:
        demo.similar("Chlorine Chair Factory Blues")
    assert demo.named(POOL).song_id in unknown.value.nearest
    with pytest.raises(AmbiguousSongError) as several:
        demo.similar("Ludie Sparrow")
    assert len(several.value.candidates) > 1
    assert {demo.song(each).artist for each in several.value.candidates} == {"Ludie Sparrow"}
    with pytest.raises(RequestError) as wrong:
        demo.similar(POOL, k=0)
    assert (wrong.value.field, wrong.value.found, wrong.value.expected) == ("k", "0", "1..5000")
    with pytest.raises(RequestError) as same:
        demo.path(POOL, POOL)
    assert same.value.field == "end"
    for refused, field in (
        (lambda: demo.moods(), "song"),
        (lambda: demo.moods(BOAT, lyrics="rain"), "song"),
        (lambda: demo.find("boat", 0), "k"),
        (lambda: demo.find("boat " * 10_000), "text"),
        (lambda: demo.playlist([BOAT], 3).save("mix.mp3"), "path"),
        (lambda: demo.recommend([BOAT], liked=[POOL], skipped=[POOL]), "skipped"),
        (lambda: demo.tune([([], [BOAT])]), "queries"),
    ):
        with pytest.raises(RequestError) as each:
            refused()
        assert (each.value.field, bool(each.value.found), bool(each.value.expected)) == (field, True, True)


@pytest.fixture
def own_index(demo_index: Path, tmp_path: Path) -> Path:
    return shutil.copytree(demo_index, tmp_path / "own.index")


def test_a_newer_generation_or_weights_file_is_noticed_and_opened(own_index: Path) -> None:
    with Engine.open(own_index) as engine:
        answer = engine.similar(POOL, 20).song_ids
        assert not engine.stale()
        number, digest = (own_index / "CURRENT").read_text().split()
        newer = f"{int(number) + 1:0{len(number)}}"
        shutil.copytree(own_index / "generations" / number, own_index / "generations" / newer)
        (own_index / "CURRENT").write_text(f"{newer} {digest}\n")
        assert engine.stale()
        old, encoder = engine.index, engine.index.encoder
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(lambda: engine.similar(POOL, 20).song_ids) for _ in range(8)]
            engine.reopen()
            answers += [pool.submit(lambda: engine.similar(POOL, 20).song_ids) for _ in range(8)]
            assert all(each.result() == answer for each in answers)
        assert engine.index is not old
        assert engine.index.encoder is encoder, "it takes seconds to load"
        assert engine.index.generation.path.name == newer
        assert not engine.stale()
        with Engine.open(own_index) as other:
            other.use({"one": {"taste": 0.0, "audio": 9.0}})
            other.save_weights()
            assert not other.stale()
        assert engine.stale()
        engine.reopen()
        assert engine.weights["one"]["audio"] == 9.0
        assert not engine.stale()
        weights_file(own_index).write_text("{")
        engine.reopen()
        assert engine.weights == DEFAULT_WEIGHTS
        assert len(engine.notes) == 1


def test_weights_that_were_set_outlive_a_reopening(own_index: Path) -> None:
    with Engine.open(own_index) as engine:
        engine.use({"one": {"audio": 7.0}})
        engine.reopen()
        assert engine.weights["one"] == DEFAULT_WEIGHTS["one"] | {"audio": 7.0}
        engine.save_weights()
        with Engine.open(own_index) as other:
            assert other.weights == engine.weights
            other.use({"one": {"audio": 8.0}})
            other.save_weights()
        engine.reopen()
        assert engine.weights["one"]["audio"] == 8.0, "what was saved is the file's, which somebody else has changed"
        with Engine(engine.index, {"several": {"taste": 9.0}}) as given:
            given.reopen()
            assert given.weights == DEFAULT_WEIGHTS | {"several": DEFAULT_WEIGHTS["several"] | {"taste": 9.0}}


def test_threads_that_set_weights_while_others_reopen_lose_none(own_index: Path) -> None:
    names = sorted(DEFAULT_WEIGHTS["one"])
    with Engine.open(own_index) as engine, ThreadPoolExecutor(8) as pool:
        for turn in range(1, 4):
            work = [pool.submit(engine.use, {"one": {name: turn + i / 100}}) for i, name in enumerate(names)]
            work += [pool.submit(engine.reopen) for _ in range(4)]
            for each in work:
                each.result()
            assert engine.weights["one"] == {name: turn + i / 100 for i, name in enumerate(names)}


def test_weights_of_unknown_profiles_and_signals_are_refused_and_missing_ones_are_the_defaults(demo: Engine) -> None:
    before = demo.weights
    for wrong in (
        {"won": {"audio": 1.0}},
        {"one": {"loudness": 1.0}},
        {"one": 3.0},
        {1: {}},
        {"one": {"audio": "much"}},
    ):
        for set_ in (demo.use, lambda weights: Engine(demo.index, weights)):
            with pytest.raises(RequestError, match="expected") as refused:
                set_(wrong)
            assert refused.value.field.startswith("weights")
    assert demo.weights == before
    few = Engine(demo.index, {"one": {"audio": 2.0}})
    assert few.weights == DEFAULT_WEIGHTS | {"one": DEFAULT_WEIGHTS["one"] | {"audio": 2.0}}
    assert few.recommend([BOAT, POOL], k=3)


def _weights(**changes: Any) -> str:
    return json.dumps({"format": 2, "fingerprint": "", "weights": {"one": {"audio": 1.0}}, **changes})


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[" * 100_000, "\x00\xff", _weights(), _weights(format=1), '{"format": 2}', "9" * 5000, "null",
        _weights(weights=[]), _weights(weights={"one": 3}), _weights(weights={"three": {}}),
        _weights(weights={"one": {"audio": [1]}}), "folder", "loop", "pipe",
        "right" + _weights(weights={"one": {"audio": 1e308}}), "right" + _weights(weights={"one": {"loudness": 1}}),
        "right" + '{"format": 2, "fingerprint": "", "weights": {"one": {"audio": %s}}}' % ("9" * 4000),
    ],
)  # fmt: skip
def test_a_weights_file_of_no_use_locks_nothing(own_index: Path, text: str) -> None:
    file = weights_file(own_index)
    if text == "folder":
        file.mkdir()
    elif text == "loop":
        file.symlink_to(file)
    elif text == "pipe":
        os.mkfifo(file)
    elif text.startswith("right"):
        with Engine.open(own_index) as engine:
            fingerprint = engine.index.manifest["fingerprint"]
        file.write_text(text.removeprefix("right").replace('"fingerprint": ""', f'"fingerprint": "{fingerprint}"'))
    else:
        file.write_text(text)
    with Engine.open(own_index) as engine:
        assert engine.weights == DEFAULT_WEIGHTS
        assert len(engine.notes) == 1
        assert str(file) in engine.notes[0]
        assert "refrain tune" in engine.notes[0]
        assert "\n" not in engine.notes[0]
        assert len(engine.similar(POOL, 3)) == 3
    with Engine.open(own_index, weights="default") as engine:
        assert engine.notes == ()


def test_an_engine_does_not_mind_where_the_process_goes(
    own_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own_index.parent)
    with Engine.open(own_index.name) as engine:
        monkeypatch.chdir("/")
        assert not engine.stale()
        assert len(engine.similar(POOL, 3)) == 3, "what is loaded when it is first needed is found"
        engine.reopen()
        assert engine.save_weights() == weights_file(own_index)
        shutil.rmtree(own_index)
        with pytest.raises(IndexMissingError, match=own_index.name):
            engine.stale()


def test_an_index_is_opened_from_within_its_folder(own_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own_index)
    with Engine.open(".") as engine:
        assert engine.save_weights() == weights_file(own_index)
        assert len(engine.similar(POOL, 3)) == 3
    assert weights_file(own_index).is_file()


def test_eight_threads_answer_as_one(demo: Engine, demo_index: Path) -> None:
    requests = [Recommend(seeds=[song.song_id], k=10) for song in demo.songs(limit=24)]
    expected = [demo.answer(request).song_ids for request in requests]
    with Engine.open(demo_index) as fresh, ThreadPoolExecutor(8) as pool:
        assert [hits.song_ids for hits in pool.map(fresh.answer, requests)] == expected
