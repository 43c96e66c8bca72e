"""Normalised PMI against its formula, pair by pair, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.models.moods import association
from indexer.models.moods.association import CLEAR, LEAST_TOGETHER, clear_labels, count, labels, npmi
from indexer.songs.splits import PlaylistRows

NAMES = ("sad songs", "happy days", "sad and happy", "untitled", "not sad")
MOODS = {"sad songs": {"sad"}, "happy days": {"happy"}, "sad and happy": {"sad", "happy"}}
PLAYLISTS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.lists(st.integers(0, 5), min_size=1, max_size=6, unique=True)), max_size=25
).map(lambda drawn: [PlaylistRows(name, np.array(rows, np.int64)) for name, rows in drawn])


@given(PLAYLISTS)
def test_npmi_is_its_formula(playlists: list[PlaylistRows]) -> None:
    counted = count(playlists, 6)
    found = npmi(counted)
    total = sum(len(each.rows) for each in playlists)
    for column, mood in enumerate(counted.moods):
        of_mood = sum(len(each.rows) for each in playlists if mood in MOODS.get(each.name, ()))
        for song in range(6):
            of_song = sum(song in each.rows for each in playlists)
            both = sum(song in each.rows and mood in MOODS.get(each.name, ()) for each in playlists)
            expected = of_song * of_mood / total
            if max(both, expected) < LEAST_TOGETHER:
                assert np.isnan(found[song, column])
            elif both == 0:
                assert found[song, column] == -1
            elif both < total:
                wanted = math.log(both / expected) / -math.log(both / total)
                assert found[song, column] == pytest.approx(min(1, max(-1, wanted)), abs=1e-4)


@given(PLAYLISTS)
def test_npmi_is_bounded_and_labels_follow_it(playlists: list[PlaylistRows]) -> None:
    found = npmi(count(playlists, 6))
    known = found[~np.isnan(found)]
    assert (np.abs(known) <= 1).all()
    labelled = labels(found)
    assert (labelled[np.isnan(found)] == 0).all()
    assert (labelled[np.nan_to_num(found) >= CLEAR] == 1).all()
    assert (labelled[np.nan_to_num(found) <= -CLEAR] == -1).all()
    assert set(np.unique(labelled)) <= {-1, 0, 1}


@given(PLAYLISTS, st.integers(1, 7))
def test_labels_in_parts_are_the_labels_of_the_whole(playlists: list[PlaylistRows], rows: int) -> None:
    counted = count(playlists, 6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(association, "_ROWS", rows)
        assert clear_labels(counted).tolist() == labels(npmi(counted)).tolist()


def test_a_description_says_moods_too_and_each_once() -> None:
    counted = count([PlaylistRows("sad", np.array([0, 1]), "the saddest, for crying")], 2)
    assert counted.moods == ("cry", "sad")
    assert counted.together.toarray().tolist() == [[1, 1], [1, 1]]


def test_nothing_said_is_nothing_known() -> None:
    counted = count([PlaylistRows("untitled", np.array([0]))], 3)
    assert counted.moods == ()
    assert npmi(counted).shape == (3, 0)
