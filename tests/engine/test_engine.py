"""The engine on the bundled catalogue, with the real encoder: answers that are known by construction."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.playlist.versions import lyric_overlap
from engine.query.filters import Filters
from engine.query.query import Query
from engine.query.seeds import Seed
from engine.score.signals import BY_NAME
from engine.score.weights import DEFAULT_WEIGHTS
from indexer.errors import (
    AmbiguousSongError,
    EmptyQueryError,
    FilterError,
    RefrainError,
    RequestError,
    SongNotFoundError,
)
from indexer.records import AudioFeatures, Song
from indexer.text.names import fold, title_stem
from indexer.text.tokens import lines

BOAT = "My Landlord Bought a Boat, Ludie Sparrow"
POOL = "Chlorine Hair, Milkthistle Year"


def test_a_song_is_found_by_its_name_however_it_is_written(demo: Engine) -> None:
    wanted = demo.find(BOAT)[0].song_id
    for name in (
        "Ludie Sparrow - My Landlord Bought a Boat",
        "ludie sparrow landlord boat",
        "my landlord bougt a boat",
        "MY LANDLORD BOUGHT A BOAT (feat. Nobody)",
        "my landlord bought a boat - remastered 2011",
        wanted,
    ):
        assert demo.find(name)[0].song_id == wanted, name
    assert demo.find("tia soltera")[0].title.startswith("Tía Soltera")


def test_every_song_is_found_by_title_and_artist(demo: Engine) -> None:
    missed = []
    for row in range(len(demo.index.songs)):
        song = demo.index.songs.song(row)
        if demo.find(f"{song.title}, {song.artist}", 1)[0].song_id != song.song_id:
            missed.append(song.name)
    assert not missed


def test_an_unknown_name_lists_the_nearest_and_an_ambiguous_one_all(demo: Engine) -> None:
    with pytest.raises(SongNotFoundError, match=r"nearest: .*Chlorine Hair"):
        demo.similar("Chlorine Chair Factory Blues")
    artist = demo.find(POOL)[0].artist
    with pytest.raises((AmbiguousSongError, SongNotFoundError), match=artist):
        demo.similar(artist)


def test_seeds_and_songs_to_avoid_never_come_back(demo: Engine) -> None:
    everything = demo.recommend([BOAT], avoid=[POOL], k=len(demo))
    ids = {hit.song_id for hit in everything}
    assert not ids & {demo.find(BOAT)[0].song_id, demo.find(POOL)[0].song_id}
    assert len(everything) == len(ids)
    assert [hit.rank for hit in everything] == list(range(1, len(everything) + 1))
    assert all(a.score >= b.score for a, b in pairwise(everything))


def test_k_only_cuts_and_the_signals_sum_to_the_score(demo: Engine) -> None:
    short, long = demo.similar(POOL, 5), demo.similar(POOL, 50)
    assert [h.song_id for h in short] == [h.song_id for h in long[:5]]
    for hit in long:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, abs=1e-4)
        assert hit.reason
        assert set(hit.signals) <= set(BY_NAME)


def test_another_version_of_a_song_sings_most_like_it(demo: Engine) -> None:
    songs = demo.index.songs
    stems: dict[tuple[str, str], list[int]] = {}
    for row in range(len(songs)):
        stems.setdefault((fold(songs.artists[row]), title_stem(songs.titles[row])), []).append(row)
    pairs = [rows for rows in stems.values() if len(rows) == 2]
    assert len(pairs) >= 12
    for a, b in pairs:
        # Of all songs: what listeners chose decides how near the other version is, its words do not.
        hits = sorted(demo.similar(songs.song_ids[a], len(demo)), key=lambda hit: -hit.signals.get("lyrics", 0.0))
        assert songs.song_ids[b] in [hit.song_id for hit in hits[:3]], songs.titles[a]
        assert lyric_overlap(songs.lyrics[a], songs.lyrics[b]) > 0.65


def test_a_playlist_keeps_its_rules(demo: Engine, tmp_path: Path) -> None:
    made = demo.playlist([BOAT], 25, max_per_artist=2, arc="rise")
    assert len(made) == 25
    artists = [fold(hit.artist) for hit in made]
    assert max(artists.count(artist) for artist in artists) <= 2
    assert len({(fold(h.artist), title_stem(h.title)) for h in made}) == 25
    assert title_stem("My Landlord Bought a Boat") not in {title_stem(h.title) for h in made}
    energies = [hit.energy for hit in made if hit.energy is not None]
    assert np.corrcoef(energies, np.arange(len(energies)))[0, 1] > 0.8
    assert [h.song_id for h in demo.playlist([BOAT], 25, arc="rise")] == [h.song_id for h in made]
    assert {h.song_id for h in demo.playlist([BOAT], 25, variation=7)} != {h.song_id for h in made}
    for ending in ("m3u8", "jspf", "csv", "json"):
        assert made.save(tmp_path / f"mix.{ending}").stat().st_size > 500
    assert len(json.loads((tmp_path / "mix.jspf").read_text("utf-8"))["playlist"]["track"]) == 25


def test_a_playlist_that_cannot_keep_its_rules_says_what_gave_way(demo: Engine) -> None:
    made = demo.playlist([BOAT], 6, filters={"artist": "Ludie Sparrow"}, max_per_artist=1)
    assert len(made) <= 4
    assert any("artist cap 1" in sentence for sentence in made.relaxed)
    assert any("instead of 6" in sentence for sentence in made.relaxed)


def test_a_path_has_both_ends_and_no_song_twice(demo: Engine) -> None:
    walk = demo.path(POOL, "Tía Soltera", 10)
    ids = [hit.song_id for hit in walk]
    assert len(set(ids)) == 10
    assert ids[0] == demo.find(POOL)[0].song_id
    assert walk.songs[-1].title.startswith("Tía Soltera")


def test_filters_hold_in_every_answer(demo: Engine) -> None:
    conditions = {"year": "1980..1999", "explicit": "no", "has": "lyrics", "energy": (0.3, 0.9)}
    mask = Filters.of(conditions).mask(demo.index.songs)
    allowed = {demo.index.songs.song_ids[row] for row in np.flatnonzero(mask)}
    for hits in (
        demo.similar(POOL, 200, conditions),
        demo.search("boat", 200, conditions),
        demo.search("", 200, conditions),
        demo.recommend(filters=conditions, k=200),
        demo.playlist(filters=conditions).songs,
        demo.path(POOL, "Tía Soltera", 6, filters=conditions).songs[1:-1],
        demo.playlist([POOL], 20, filters=conditions).songs,
    ):
        assert {hit.song_id for hit in hits} <= allowed
    wanted = {hit.song_id for hit in demo.similar(POOL, 200, conditions, versions=True)}
    assert wanted == allowed - {demo.find(POOL)[0].song_id}, "few songs pass, so all of them come back"


def test_bounds_and_targets(demo: Engine) -> None:
    hits = demo.recommend([POOL], filters={"tempo": (100, 130)}, k=50)
    assert hits
    assert all(hit.tempo is not None and 100 <= hit.tempo <= 130 for hit in hits)
    quiet = [h.energy for h in demo.recommend([POOL], target={"energy": 0.05}, k=20) if h.energy is not None]
    loud = [h.energy for h in demo.recommend([POOL], target={"energy": 0.95}, k=20) if h.energy is not None]
    assert np.mean(loud) > np.mean(quiet) + 0.2
    assert demo.recommend([], target={"energy": 0.9}, k=5), "targets alone are a query"
    with pytest.raises(RequestError, match="no field 'minimum'"):
        demo.recommend([POOL], minimum={"tempo": 100})


def test_search_finds_a_line_and_shows_it(demo: Engine) -> None:
    songs = demo.index.songs
    rng = np.random.default_rng(3)
    first = 0
    rows = rng.choice(np.flatnonzero(songs.has_lyrics), 40, replace=False)
    for row in rows.tolist():
        sung = [line for line in lines(songs.lyrics[row]) if len(line.split()) >= 5]
        line = sung[int(rng.integers(len(sung)))]
        hits = demo.search(line, 3)
        stems = [title_stem(hit.title) for hit in hits]
        assert title_stem(songs.titles[row]) in stems, line
        first += title_stem(songs.titles[row]) == stems[0]
        quoted = demo.search(f'"{line}"', 5)
        assert title_stem(songs.titles[row]) in [title_stem(hit.title) for hit in quoted]
    assert first >= 38


def test_search_by_meaning(demo: Engine) -> None:
    hits = demo.search("a couple who split up let their dog decide who keeps it", 5)
    assert hits[0].title == "Custody of Biscuit"
    assert demo.search("zzzxqj", 3, {"has": "lyrics"}), "words that nobody sings still have a meaning to the encoder"
    assert demo.search('"zzzxqj wvu"', 3) == [], "quoted words that nobody sings are found nowhere"


def test_a_seed_by_its_content_is_the_song_it_is(demo: Engine) -> None:
    song = demo.song(demo.find(POOL)[0].song_id)
    assert song.audio is not None
    given = Song(song.title, song.artist, lyrics=song.lyrics, audio=song.audio)
    seed, known = (
        Seed.of_content(demo.index, given),
        Seed.of_row(demo.index, demo.index.songs.row_of(song.song_id) or 0),
    )
    assert seed.sentence @ known.sentence > 0.995
    for name in ("lyrics", "audio"):
        assert seed.parts[name] @ known.parts[name] > 0.99, name
    assert np.linalg.norm(seed.parts["taste"]) == pytest.approx(1.0), "placed by its content, though not where it is"
    assert seed.tbert @ known.tbert > 0.99
    np.testing.assert_allclose(seed.audio, known.audio, atol=1e-4)
    assert seed.keywords == known.keywords
    hits = demo.recommend([given], k=10)
    for name in ("taste", "lyrics", "audio", "tbert"):
        nearest = max(hits, key=lambda hit: hit.signals[name])
        assert nearest.song_id == song.song_id, "by content it is a stranger, and its double is nearest"
    assert song.song_id not in {hit.song_id for hit in demo.playlist([given], 10)}, "but no playlist holds a double"


def test_a_seed_of_sound_alone_and_of_nothing(demo: Engine) -> None:
    loud = demo.recommend([Song("x", "", audio=AudioFeatures(energy=0.97, loudness=-3.5, tempo=170))], k=10)
    assert np.mean([hit.energy for hit in loud if hit.energy is not None]) > 0.7
    with pytest.raises(EmptyQueryError, match="neither lyrics nor audio"):
        demo.recommend([Song("x", "y")])


def test_instrumentals_have_neighbours_and_no_lexical_signal(demo: Engine) -> None:
    songs = demo.index.songs
    row = int(np.flatnonzero(~songs.has_lyrics)[0])
    hits = demo.similar(songs.song_ids[row], 10)
    assert len(hits) == 10
    assert all("lexical" not in hit.signals and "lyrics" not in hit.signals for hit in hits)


def test_explain_says_what_two_songs_share(demo: Engine) -> None:
    found = demo.explain(BOAT, "Four Flights Up, No Elevator")
    assert "landlord" in found.shared_words
    assert found.line is not None
    assert "landlord" in found.line.lower() or "hallway" in found.line.lower()
    assert len(found.features) == 12
    assert all(f.likeness is None or 0 <= f.likeness <= 1 for f in found.features)
    itself = demo.explain(BOAT, BOAT)
    assert itself.signals["lyrics"] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("k", [0, -1, 5001])
def test_an_impossible_k(demo: Engine, k: int) -> None:
    with pytest.raises(RequestError, match=r"expected 1\.\.5000"):
        demo.similar(POOL, k)


def test_k_above_the_catalogue_returns_what_there_is(demo: Engine) -> None:
    assert len(demo.recommend([POOL], k=5000, versions=True)) == len(demo) - 1


@pytest.mark.parametrize("text", ["", "   ", '""'])
def test_an_empty_search(demo: Engine, text: str) -> None:
    with pytest.raises(RefrainError, match="expected"):
        demo.search(text)


def test_wrong_arguments_say_what_was_expected(demo: Engine) -> None:
    with pytest.raises(RequestError, match="expected a list"):
        demo.recommend(POOL)
    with pytest.raises(EmptyQueryError, match="expected a seed"):
        demo.recommend([])
    with pytest.raises(FilterError, match="no filter is called"):
        demo.similar(POOL, filters={"yeer": 1990})
    with pytest.raises(RequestError, match="expected 'flat'"):
        demo.playlist([POOL], arc="zigzag")
    assert demo.similar(POOL, filters={"year": "1965..1965", "genre": "synthpop"}) == [], (
        "nothing is left, nothing found"
    )


def test_several_seeds_are_averaged_part_by_part(demo: Engine) -> None:
    rows = [demo.index.songs.row_of(demo.find(name)[0].song_id) or 0 for name in (BOAT, POOL)]
    query = Query(demo.index, seeds=tuple(Seed.of_row(demo.index, row) for row in rows))
    for name in demo.index.parts:
        mean = demo.index.parts[name][rows].mean(axis=0)
        np.testing.assert_allclose(query.parts[name], mean / np.linalg.norm(mean), atol=1e-6)


def test_weights_live_in_the_query(demo: Engine) -> None:
    words_only = Engine(demo.index, {p: dict.fromkeys(w, 0.0) | {"lyrics": 1.0} for p, w in DEFAULT_WEIGHTS.items()})
    hits = words_only.similar(POOL, 10)
    row = demo.index.songs.row_of(demo.find(POOL)[0].song_id)
    vectors = demo.index.sentence.astype(np.float32)
    cosine = vectors @ vectors[row]
    cosine[row] = -1
    best = [demo.index.songs.song_ids[r] for r in np.argsort(-cosine, kind="stable")[:10]]
    assert [hit.song_id for hit in hits] == best
