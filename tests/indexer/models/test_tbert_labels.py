"""Mood labels: what a title says and denies, and songs labelled by playlists whose moods are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.models.moods.vocabulary import VOCABULARY, moods_of
from indexer.models.tbert.labels import ENOUGH_PLAYLISTS, SongLabels, labels_in, song_labels
from indexer.records import SavedPlaylist, Song
from indexer.songs.splits import playlist_rows, split_of
from indexer.songs.table import Songs
from indexer.songs.write import write_songs
from indexer.store.artefacts import of_stage
from indexer.store.generations import open_generation
from indexer.store.publish import new_generation

TAGS = {"s00": ("Party",)}


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Songs:
    """Thirty songs, s00 to s29; the last one deleted."""
    index = tmp_path_factory.mktemp("labels") / "index"
    with new_generation(index, {"stages": {}, "config": "{}"}) as (draft, _):
        ids = [f"s{i:02}" for i in range(30)]
        write_songs(draft, ((Song(f"title {i}", "artist", i, tags=TAGS.get(i, ())), i) for i in ids))
        draft.finish("songs", of_stage("songs"), {})
    base = open_generation(index)
    with new_generation(index, {"stages": {}, "config": "{}"}) as (draft, _):
        write_songs(draft, [], base=base, dead=[29])
        draft.finish("songs", of_stage("songs"), {})
    return Songs(open_generation(index))


def labels(songs: Songs, playlists: list[SavedPlaylist], held_out: float = 0.0, **least: int) -> SongLabels:
    """The labels as a build makes them."""
    return song_labels(songs, playlist_rows(songs, playlists, held_out, "train"), **least)


def dense(found: SongLabels) -> np.ndarray:
    return np.asarray(found.distributions.toarray())


def playlist(name: str, *rows: int, key: str = "", description: str | None = None) -> SavedPlaylist:
    return SavedPlaylist(key or name, name, description, song_ids=tuple(f"s{row:02}" for row in rows))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("sad", {"sad"}),
        ("SAD Songs For Rainy Mornings", {"sad", "rainy", "morning"}),
        ("saaaad", {"sad"}),
        ("Chillin", {"chill"}),
        ("parties", {"party"}),
        ("☀️", {"summer"}),
        ("not sad", set()),
        ("NOT so sad", set()),
        ("isn’t sad", set()),
        ("nicht traurig", set()),
        ("not sad, happy", {"happy"}),
        ("don't stop the party", {"stop", "party"}),
        ("Saddle up", {"saddle"}),
        ("Erin's mix", {"erin"}),
        ("", set()),
    ],
)
def test_what_a_title_calls_its_songs(title: str, expected: set[str]) -> None:
    assert labels_in(title) - {"stop"} == expected - {"stop"}


@given(st.text())
@example("NO")
def test_the_moods_of_a_title_are_those_of_the_one_vocabulary(text: str) -> None:
    begun = f"xx {text} aa bb cc dd"  # far enough for a "no" in the text to be over
    assert labels_in(f"{begun} not sad yy") == labels_in(f"{begun} yy")
    for mood in ("sad", "chill", "party"):
        assert moods_of(mood) == labels_in(mood) == {mood}


def test_songs_are_called_what_their_playlists_are(songs: Songs) -> None:
    lists = [playlist("sad songs", *range(6)), playlist("party", *range(4, 10)), playlist("mine", 20, 21)]
    found = labels(songs, lists, least_playlists=1, least_songs=2)
    assert found.names == ("party", "sad")
    assert found.distributions.dtype == np.float32
    np.testing.assert_allclose(dense(found)[[1, 9, 20]], [[0, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(found.known, [row < 10 for row in range(30)])
    np.testing.assert_allclose(dense(found)[found.known].sum(axis=1), 1, atol=1e-6)


def test_descriptions_and_tags_count(songs: Songs) -> None:
    lists = [playlist("mix", 3, 4, description="for the party")]
    found = labels(songs, lists, least_playlists=1, least_songs=1)
    assert found.names == ("party",)
    assert np.flatnonzero(found.known).tolist() == [0, 3, 4]


def test_tags_are_not_read_where_playlists_say_enough(songs: Songs) -> None:
    lists = [playlist("sad", 3, 4, key=str(i)) for i in range(ENOUGH_PLAYLISTS)]
    assert labels(songs, lists, least_songs=1).names == ("sad",)


def test_tags_count_the_less_the_more_playlists_there_are(songs: Songs) -> None:
    """No cliff: one playlist more changes what a tag counts by a hundredth of a playlist."""
    shares = []
    for count in (0, 1, 50, ENOUGH_PLAYLISTS - 1, ENOUGH_PLAYLISTS):
        found = labels(
            songs, [playlist("sad", 0, 4, key=str(i)) for i in range(count)], least_playlists=1, least_songs=1
        )
        shares.append(dense(found)[0, found.names.index("party")] if "party" in found.names else 0.0)
    assert shares[0] == 1.0
    assert shares == sorted(shares, reverse=True)
    assert shares[-2] < 0.1
    assert shares[-1] == 0.0


def test_words_beside_the_moods_are_labels_where_playlists_share_them(songs: Songs) -> None:
    lists = [playlist("Sad Cowboys", *range(3)), playlist("the best cowboy songs", 2, 3), playlist("Erin's", 5)]
    found = labels(songs, lists, least_playlists=2, least_songs=1)
    assert found.names == ("cowboy", "party")
    assert set(found.names) & VOCABULARY.keys() == {"party"}


def test_a_rare_mood_says_more_than_a_common_one(songs: Songs) -> None:
    lists = [playlist("party", *range(20)), playlist("angry", 0, 1, 2)]
    found = labels(songs, lists, least_playlists=1, least_songs=1)
    angry, party = dense(found)[1]
    assert angry > party > 0


def test_moods_of_few_songs_are_dropped(songs: Songs) -> None:
    lists = [playlist("sad", *range(6)), playlist("angry", 0, 20)]
    found = labels(songs, lists, least_playlists=1, least_songs=3)
    assert found.names == ("sad",)
    assert not found.known[20]


def test_deleted_and_unknown_songs_are_not_labelled(songs: Songs) -> None:
    found = labels(songs, [playlist("sad", 5, 29, 77)], least_playlists=1, least_songs=1)
    assert np.flatnonzero(found.known[1:]).tolist() == [4]


def test_held_out_playlists_change_nothing(songs: Songs) -> None:
    lists = [playlist("sad", *range(6), key=f"p{i}") for i in range(40) if split_of(f"p{i}", 0.3) == "train"]
    held = [playlist("party", *range(4, 12), key=f"p{i}") for i in range(40) if split_of(f"p{i}", 0.3) != "train"]
    assert lists
    assert held
    expected, found = (
        labels(songs, some, held_out=0.3, least_playlists=1, least_songs=2) for some in (lists, lists + held)
    )
    assert found.names == expected.names == ("sad",)
    np.testing.assert_allclose(dense(found), dense(expected), atol=1e-6)


@given(st.permutations(range(4)))
def test_the_order_of_playlists_changes_nothing(songs: Songs, order: list[int]) -> None:
    lists = [playlist("sad", 1, 2), playlist("party", 2, 3), playlist("sad party", 3, 4), playlist("chill", 1, 4)]
    found = labels(songs, [lists[i] for i in order], least_playlists=1, least_songs=1)
    expected = labels(songs, lists, least_playlists=1, least_songs=1)
    assert found.names == expected.names
    np.testing.assert_allclose(dense(found), dense(expected), atol=1e-6)


def test_no_playlists_and_no_tags_is_no_moods(songs: Songs) -> None:
    found = labels(songs, [])
    assert found.names == ()
    assert found.distributions.shape == (30, 0)
    assert not found.known.any()
