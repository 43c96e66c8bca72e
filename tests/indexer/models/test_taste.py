"""Taste on scenes made by hand: playlists stay inside a scene, so what is learned is which scene a song is of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from indexer.errors import ConfigError
from indexer.models.taste import Content, Reader, Taste, TasteConfig, train_taste
from indexer.records import Song
from indexer.songs.splits import PlaylistRows

SCENES, PER_SCENE = 4, 40
CONFIG = TasteConfig(size=8, hidden=16, epochs=20, batch=128, negatives=64, learning_rate=0.01)
Rows = npt.NDArray[np.int64]


def song(scene: int, number: int, **known: object) -> Song:
    """Song `number` of a scene; by default nothing but its names says which."""
    return Song(f"t{number}", f"artist {scene}", song_id=f"{scene}/{number}", **known)  # type: ignore[arg-type]


def scene_playlists(seed: int = 0) -> list[Rows]:
    rng = np.random.default_rng(seed)
    return [scene * PER_SCENE + rng.choice(PER_SCENE, 10, replace=False) for scene in range(SCENES) for _ in range(30)]


def scene_word(scene: int) -> str:
    return ("amber", "birch", "cedar", "delta")[scene]


def named(playlists: list[Rows]) -> list[PlaylistRows]:
    """Playlists called after the scene of their first song."""
    return [PlaylistRows(f"Scene: {scene_word(rows[0] // PER_SCENE % SCENES)}!", rows) for rows in playlists]


def learn(
    songs: list[Song], parts: dict[str, npt.NDArray[np.float32]], artists: Rows, playlists: list[Rows]
) -> tuple[Taste, npt.NDArray[np.float32], Content]:
    reader, content = Reader.learn([(s, []) for s in songs], parts)
    learned = train_taste(content, reader, artists, named(playlists), CONFIG)
    assert learned is not None
    model, residuals = learned
    return model, residuals, content


def own_scene(places: npt.NDArray[np.float32], scenes: Rows) -> float:
    """The share of songs whose nearest other song is of their scene."""
    likeness = places @ places.T
    np.fill_diagonal(likeness, -np.inf)
    return float((scenes[likeness.argmax(axis=1)] == scenes).mean())


ALL_SCENES = np.repeat(np.arange(SCENES), PER_SCENE)
NOBODY = np.full(SCENES * PER_SCENE, -1)


def catalogue(kind: str) -> tuple[list[Song], dict[str, npt.NDArray[np.float32]], Rows]:
    """Songs whose scene only one kind of knowledge tells: "genre", "sentence", "artist" or nothing."""
    rng = np.random.default_rng(1)
    genres = [(f"g{scene}",) if kind == "genre" else () for scene in ALL_SCENES]
    songs = [song(int(s), i, genres=g) for i, (s, g) in enumerate(zip(ALL_SCENES, genres, strict=True))]
    sentence = np.zeros((len(songs), 6), np.float32)
    if kind == "sentence":
        sentence = (np.eye(SCENES, 6)[ALL_SCENES] + 0.1 * rng.standard_normal((len(songs), 6))).astype(np.float32)
    return songs, {"sentence": sentence}, ALL_SCENES.copy() if kind == "artist" else NOBODY


@pytest.mark.parametrize("kind", ["genre", "sentence", "artist"])
def test_songs_without_a_history_are_placed_by_what_tells_their_scene(kind: str) -> None:
    songs, parts, artists = catalogue(kind)
    seen = np.arange(len(songs)) % 4 > 0
    playlists = [rows[seen[rows]] for rows in scene_playlists()]
    model, residuals, content = learn(songs, parts, artists, playlists)
    assert not residuals[~seen].any()
    places = model.place(content, artists, residuals)
    likeness = places[~seen] @ places[seen].T
    assert (ALL_SCENES[seen][likeness.argmax(axis=1)] == ALL_SCENES[~seen]).mean() > 0.95


def test_without_content_the_residuals_learn_the_scenes_and_content_alone_cannot() -> None:
    songs, parts, artists = catalogue("nothing")
    model, residuals, content = learn(songs, parts, artists, scene_playlists())
    assert own_scene(model.place(content, artists, residuals), ALL_SCENES) > 0.95
    assert own_scene(model.place(content, artists), ALL_SCENES) < 0.6


def test_a_name_lies_where_the_playlists_of_that_name_are() -> None:
    songs, parts, artists = catalogue("genre")
    model, residuals, content = learn(songs, parts, artists, scene_playlists())
    places = model.place(content, artists, residuals)
    for scene in range(SCENES):
        nearest = np.argsort(-(places @ model.place_words(f"my {scene_word(scene).upper()}")))[:10]
        assert (ALL_SCENES[nearest] == scene).all()
    assert not model.place_words("words that no playlist has").any()


def test_the_same_seed_gives_the_same_space() -> None:
    songs, parts, artists = catalogue("genre")
    one, two = (learn(songs, parts, artists, scene_playlists()) for _ in range(2))
    np.testing.assert_array_equal(one[0].place(one[2], artists, one[1]), two[0].place(two[2], artists, two[1]))


def test_places_are_of_length_one_or_zero_where_nothing_is_known() -> None:
    songs, parts, artists = catalogue("sentence")
    model, _, _ = learn(songs, parts, artists, scene_playlists())
    strangers = [(Song("", "nobody"), []), (song(0, 1, genres=("g0",)), [])]
    sentence = np.concatenate([np.zeros((1, 6)), np.ones((1, 6))]).astype(np.float32)
    places = model.place(model.reader.read(strangers, {"sentence": sentence}), np.array([-1, 99_999]))
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), [0, 1], atol=1e-6)


def test_too_few_playlists_teach_nothing() -> None:
    songs, parts, artists = catalogue("genre")
    reader, content = Reader.learn([(s, []) for s in songs], parts)
    lonely = [np.array([i]) for i in range(100)]  # one song says nothing of another
    assert train_taste(content, reader, artists, named(lonely), CONFIG) is None
    assert train_taste(content, reader, artists, [], CONFIG) is None


def test_a_saved_model_places_songs_alike(tmp_path: Path) -> None:
    songs, parts, artists = catalogue("genre")
    model, residuals, content = learn(songs, parts, artists, scene_playlists())
    model.save(tmp_path)
    again = Taste.load(tmp_path)
    assert again.reader == model.reader
    np.testing.assert_array_equal(
        again.place(content, artists, residuals), model.place(content, artists, residuals)
    )  # fmt: skip


def test_numbers_and_terms_of_a_song() -> None:
    parts = {"sentence": np.array([[3.0, 4.0]] * 10 + [[0.0, 0.0]], np.float32)}
    songs = [(Song("Salt Road", "A", year=1995, genres=("rock", "folk"), popularity=50.0), [("sad", 1.0)])] * 10
    songs += [(Song("Other", "B"), [])]
    reader, content = Reader.learn(songs, parts)
    terms = dict(zip(np.array(reader.terms)[content.terms[[0]].indices].tolist(), content.terms[[0]].data, strict=True))
    half = 1 / np.sqrt(2)
    assert terms == pytest.approx({
        "genre:rock": half, "genre:folk": half, "decade:1990": 1.0,
        "artist tag:sad": 1.0, "title:salt": half, "title:road": half,
    })  # fmt: skip
    np.testing.assert_allclose(content.numbers[0, reader.columns["sentence"]], [0.6, 0.8], rtol=1e-6)
    assert not content.numbers[-1].any()
    assert not content.terms[[10]].nnz  # the words of one song are no terms


def test_a_year_after_the_last_era_is_of_the_last_era() -> None:
    known = [(song(0, i, year=year), []) for i, year in enumerate((2025, 2036, 2090, 1950, 1871))]
    reader, _ = Reader.learn(known, {})
    eras = reader.read(known, {}).numbers[:, reader.columns["era"]]
    np.testing.assert_array_equal(eras[0], eras[1])
    np.testing.assert_array_equal(eras[0], eras[2])
    np.testing.assert_array_equal(eras[3], eras[4])
    assert eras[0].max() == eras[0][-1] > 0


def test_songs_learned_from_are_read_as_any_others() -> None:
    songs, parts, _ = catalogue("genre")
    tagged = [(s, [("rainy", 0.6), (f"tag {i % 7}", 0.8)]) for i, s in enumerate(songs)]
    reader, learned = Reader.learn(iter(tagged), parts)
    read = reader.read(iter(tagged), parts)
    assert "artist tag:tag 3" in reader.terms
    assert (learned.numbers == read.numbers).all()
    assert (learned.terms.toarray() == read.terms.toarray()).all()
    assert read.terms.dtype == read.numbers.dtype == np.float32


def test_no_songs_are_no_rows() -> None:
    """An update in which nothing is new reads no songs."""
    parts = {"sentence": np.ones((40, 3), np.float32)}
    reader, _ = Reader.learn([(song(0, i), []) for i in range(40)], parts)
    content = reader.read([], {"sentence": np.zeros((0, 3), np.float32)})
    assert content.numbers.shape == (0, 3 + 2 + 16)
    assert content.terms.shape == (0, len(reader.terms))


def test_steps_are_bounded_and_the_answers_of_a_playlist_are_not_negatives() -> None:
    from indexer.models.taste.training import _Batches

    lists = named(scene_playlists())
    batches = _Batches(lists, [], SCENES * PER_SCENE, CONFIG)
    drawn = list(batches.draw(np.random.default_rng(0), most=3))
    assert len(drawn) == 3
    for batch in drawn:
        rows = np.arange(len(batch.queries))
        assert batch.in_softmax[rows, rows].all(), "the answer itself"
        for query, shown, mask in zip(batch.queries, batch.shown, batch.in_softmax, strict=True):
            inside = set(query[shown].tolist())
            assert not mask[len(rows) :][np.isin(batch.answers[len(rows) :], [*inside])].any()
    songs, parts, artists = catalogue("genre")
    reader, content = Reader.learn([(s, []) for s in songs], parts)
    few = train_taste(content, reader, artists, lists, replace(CONFIG, epochs=4, max_steps=4))
    assert few is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "taste.epochs is 0"),
        ({"seed": -1}, "taste.seed is -1, expected 0 or more"),
        ({"seed": 10**30}, "taste.seed is 10+, expected 4294967295 or less"),
        ({"drop_song": 1.0}, "taste.drop_song is 1"),
        ({"temperature": 0.0}, "taste.temperature is 0.0, expected more than 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(CONFIG, **change)  # type: ignore[arg-type]
