"""Songs by several artists: filters, caps, signals, seeds and names work by each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.listen.traits import Traits
from engine.lookup.groups import songs_of_artist, songs_of_genre
from engine.query.filters import Filters
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.retrieve.pool import Pool
from engine.score.facts import artist
from indexer import IndexConfig
from indexer.errors import ArtistNotFoundError, FilterError
from indexer.records import AudioFeatures, Song
from tests.engine.several import SONGS, build_several

NAMES = ["Tin Heron", "Mo Vale", "Uma Pike", "Slow Ladder", "7,500 Steps", "Salt, Tar & Rope", "Band 3"]


@pytest.fixture(scope="module")
def several(tiny_config: IndexConfig, once: Callable[[str, Callable[[Path], object]], Path]) -> Iterator[Engine]:
    folder = once("several", lambda folder: build_several(folder, tiny_config))
    with Engine.open(folder / "refrain.index") as engine:
        yield engine


def ids(engine: Engine, mask: np.ndarray) -> set[str]:
    return {engine.index.songs.song_ids[row] for row in np.flatnonzero(mask).tolist()}


def by(name: str) -> set[str]:
    """The songs that name an artist, read from the table above."""
    return {song_id for song_id, (_, _, main, guests) in SONGS.items() if name in (*main, *guests)}


def test_the_index_holds_main_artists_and_guests(several: Engine) -> None:
    songs = several.index.songs
    for row in range(len(songs)):
        _, _, main, guests = SONGS[songs.song_ids[row]]
        assert songs.artists_of(row) == (tuple(main), tuple(guests))
        assert (songs.song(row).artists, songs.song(row).featured) == (tuple(main), tuple(guests))
    assert songs.song(songs.row_of("pier") or 0).artist == "Tin Heron feat. Mo Vale", "as written"


@pytest.mark.parametrize("name", NAMES)
def test_an_artist_and_not_the_artist_divide_the_songs_of_known_artists(several: Engine, name: str) -> None:
    songs = several.index.songs
    his = ids(several, Filters.of({"artist": name}).mask(songs))
    others = ids(several, Filters.of({"not_artist": name}).mask(songs))
    assert his == by(name)
    assert not his & others
    assert his | others == set(SONGS) - {"hush"}
    seed = "band-7"
    answers = [several.recommend(seeds=[seed], filters={key: name}, k=50) for key in ("artist", "not_artist")]
    assert [set(answer.song_ids) for answer in answers] == [his - {seed}, others - {seed}]


def test_a_joined_name_asks_for_songs_that_have_all_of_it(several: Engine) -> None:
    def has(name: str) -> set[str]:
        return ids(several, Filters.of({"artist": name}).mask(several.index.songs))

    assert has("Tin Heron & Mo Vale") == has("Mo Vale, Tin Heron") == {"pier", "yard"}
    assert has("Tin Heron feat. Uma Pike") == {"lane"}
    assert has("Salt, Tar & Rope") == {"rope"}
    with pytest.raises(FilterError, match="no song has the artist 'Tin Heron & Nobody'"):
        has("Tin Heron & Nobody")


@given(
    seed=st.sampled_from(sorted(set(SONGS) - {"hush"})),
    cap=st.integers(1, 2),
    k=st.integers(1, 20),
    listed=st.booleans(),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_cap_is_exceeded_by_no_artist(several: Engine, seed: str, cap: int, k: int, listed: bool) -> None:
    if listed:
        answer = several.recommend(seeds=[seed], k=k, max_per_artist=cap)
        chosen, most = answer.song_ids, cap
    else:
        made = several.playlist(seeds=[seed], length=k, max_per_artist=cap)
        chosen = [hit.song_id for hit in made]
        most = cap if not any("artist cap" in line for line in made.relaxed) else len(SONGS)
    counts = Counter(name for song_id in chosen for names in SONGS[song_id][2:] for name in names)
    assert max(counts.values(), default=0) <= most


def test_a_playlist_has_one_song_of_each_artist(several: Engine) -> None:
    made = several.playlist(seeds=["reed"], length=9, max_per_artist=1)
    assert len(made) == 9
    assert made.relaxed == ()
    assert sum(hit.song_id in by("Tin Heron") for hit in made) <= 1


def test_the_artist_signal_is_the_share_of_seeds_that_share_one(several: Engine) -> None:
    index = several.index
    rows = np.arange(len(index.songs))
    seeds = [Seed.of(index, song_id) for song_id in ("pier", "lane", "moss", "hush", "pier")]
    query = Query(index, tuple(seeds))
    measured = artist(query, Pool(index, rows, {}, 5))
    sets = [{*SONGS[song_id][2], *SONGS[song_id][3]} for song_id in index.songs.song_ids]
    of_seeds = [sets[seed.row] for seed in seeds if seed.row is not None]
    expected = [sum(bool(own & each) for each in of_seeds) / len(seeds) for own in sets]
    np.testing.assert_allclose(measured, expected, atol=1e-6)


def test_a_reason_names_the_shared_artist(several: Engine) -> None:
    hit = next(h for h in several.recommend(seeds=["reed"], k=20, weights={"artist": 50.0}) if h.song_id == "pier")
    assert "also with Mo Vale" in hit.reason
    hit = next(h for h in several.recommend(seeds=["mill"], k=20, weights={"artist": 50.0}) if h.song_id == "pier")
    assert "also by Tin Heron" in hit.reason


def test_hits_say_their_artists_one_by_one(several: Engine) -> None:
    answer = several.recommend(seeds=["reed"], filters={"artist": "Mo Vale"}, k=5)
    said = {song["song_id"]: song for song in answer.to_dict()["songs"]}
    assert (said["pier"]["artist"], said["pier"]["artists"], said["pier"]["featured"]) == (
        "Tin Heron feat. Mo Vale", ["Tin Heron"], ["Mo Vale"],
    )  # fmt: skip
    assert said["yard"]["artists"] == ["Mo Vale", "Tin Heron"]


def test_an_artist_stands_for_songs_that_he_made_and_then_for_those_where_he_is_a_guest(several: Engine) -> None:
    index = several.index
    assert [index.songs.song_ids[row] for row in songs_of_artist(index, "uma pike")] == ["lane", "moss"]
    assert {index.songs.song_ids[row] for row in songs_of_artist(index, "Mo Vale")} == by("Mo Vale")
    with pytest.raises(ArtistNotFoundError, match=r"nearest: .*Uma Pike"):
        songs_of_artist(index, "Uma Pyke")


def test_songs_of_a_genre_share_no_artist(several: Engine) -> None:
    index = several.index
    chosen = [SONGS[index.songs.song_ids[row]] for row in songs_of_genre(index, "folk")]
    counts = Counter(name for song in chosen for names in song[2:] for name in names)
    assert len(chosen) == 10
    assert max(counts.values()) == 1


@pytest.mark.parametrize("words", ["Mo Vale", "Uma Pike", "Tin Heron", "Salt, Tar & Rope"])
def test_a_name_finds_the_songs_of_an_artist_and_those_where_he_is_a_guest(several: Engine, words: str) -> None:
    expected = by(words)
    assert {song.song_id for song in several.find(words, k=len(expected))} == expected


@pytest.mark.parametrize(
    "words", ["copper pier mo vale", "Copper Pier, Tin Heron", "Copper Pier by Mo Vale", "lane uma pike"]
)
def test_a_title_with_any_of_its_artists_is_that_song(several: Engine, words: str) -> None:
    assert several.find(words, k=1)[0].song_id == ("pier" if "pier" in words.casefold() else "lane")


def test_a_song_from_outside_is_placed_by_any_of_its_artists(several: Engine) -> None:
    """What a listener likes of an artist counts for a song that names him as a guest."""

    def outside(name: str) -> Song:
        return Song("New", name, audio=AudioFeatures(energy=0.5))

    def codes(song: Song) -> set[str]:
        traits = Traits.of_content(several.index, [Seed.of_content(several.index, song)])
        terms = several.index.songs.column("artist_key").terms
        return {terms[c] for c in traits.names.indices.tolist() if c < len(terms)}

    assert codes(outside("Nobody feat. Mo Vale")) == {"mo vale"}
    assert codes(outside("Uma Pike; Mo Vale")) == {"uma pike", "mo vale"}
