"""Datasets: nobody sees a test playlist, everybody sees the same split."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.dataset import (
    Dataset,
    Place,
    Reserved,
    is_cold,
    is_test,
    prepare,
    whole_fingerprint,
)
from indexer import Catalogue, IndexConfig
from indexer.errors import RefrainError
from indexer.songs.splits import place_of


def test_the_split_is_that_of_the_hash_and_hides_the_test_playlists(demo_catalogue: Path) -> None:
    with Catalogue(demo_catalogue) as whole, Reserved(str(demo_catalogue)) as reserved:
        everything = {p.playlist_id: p for p in whole.playlists()}
        learned = {p.playlist_id: p for p in reserved.playlists()}
        test = {p.playlist_id: p for p in reserved.test_playlists()}
        assert whole_fingerprint(str(demo_catalogue)) == whole.fingerprint() != reserved.fingerprint()
    assert learned | test == everything
    assert not learned.keys() & test.keys()
    assert set(test) == {i for i in everything if place_of(i) >= 0.8}
    assert 0 < len(test) < len(learned)


def test_cold_songs_are_in_no_playlist_that_is_learned_from(demo_catalogue: Path) -> None:
    with Reserved(str(demo_catalogue), cold=True) as cold, Reserved(str(demo_catalogue)) as warm:
        left = {p.playlist_id: p.song_ids for p in cold.playlists()}
        before = {p.playlist_id: p.song_ids for p in warm.playlists()}
        assert [p.song_ids for p in cold.test_playlists()] == [p.song_ids for p in warm.test_playlists()]
        assert cold.fingerprint() != warm.fingerprint()
    for playlist_id, song_ids in before.items():
        assert left[playlist_id] == tuple(s for s in song_ids if not is_cold(s))
    assert any(is_cold(s) for song_ids in before.values() for s in song_ids)


@pytest.mark.parametrize("cold", [False, True])
def test_a_snapshot_hides_what_the_catalogue_hides(demo_catalogue: Path, cold: bool) -> None:
    with (
        Reserved(str(demo_catalogue), cold=cold) as reserved,
        Catalogue(demo_catalogue) as whole,
        reserved.snapshot() as shown,
        whole.snapshot() as everything,
    ):
        assert list(shown.playlists()) == list(reserved.playlists())
        assert not any(is_test(p.playlist_id) for p in shown.playlists())
        ours, theirs = shown.fingerprints(), everything.fingerprints()
        assert [song.song_id for song in shown.songs()] == [song.song_id for song in everything.songs()]
    assert ours["playlists"] != theirs["playlists"]
    assert {k: v for k, v in ours.items() if k != "playlists"} == {k: v for k, v in theirs.items() if k != "playlists"}


def test_warm_and_cold_are_told_apart_by_their_playlists(demo_catalogue: Path) -> None:
    with Reserved(str(demo_catalogue)) as warm, Reserved(str(demo_catalogue), cold=True) as cold:
        assert warm.fingerprints()["playlists"] != cold.fingerprints()["playlists"]


def test_few_test_playlists_are_noted(warm_dataset: Dataset) -> None:
    (note,) = warm_dataset.notes()
    assert note.startswith(f"{len(warm_dataset.test)} test playlists, expected 100")


@pytest.mark.parametrize("fixture", ["warm_dataset", "cold_dataset"])
def test_a_fold_holds_every_playlist_but_those_of_the_test_split(
    fixture: str, request: pytest.FixtureRequest, demo_catalogue: Path
) -> None:
    dataset: Dataset = request.getfixturevalue(fixture)
    fold = dataset.fold(dataset.all)
    ids = dataset.index.songs.song_ids
    told = sorted(tuple(ids[row] for row in rows) for rows in (*fold.train, *fold.tune))
    with Catalogue(demo_catalogue) as whole:
        expected = sorted(
            tuple(s for s in p.song_ids if not (dataset.place.cold and is_cold(s)))
            for p in whole.playlists()
            if not is_test(p.playlist_id)
        )
        held_out = sum(place_of(p.playlist_id) < dataset.index.config.held_out for p in whole.playlists())
    assert told == expected
    assert len(fold.tune) == held_out
    assert (np.diff(fold.candidates) > 0).all()


def test_held_out_playlists_may_not_reach_into_the_test_split(demo_catalogue: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"held_out is 0\.85"):
        prepare(str(demo_catalogue), tmp_path, IndexConfig(held_out=0.85), cold=False)


def test_an_index_of_what_the_catalogue_was_is_refused(
    warm: Place, demo_catalogue: Path, tiny_config: IndexConfig, tmp_path: Path
) -> None:
    copy = shutil.copy(demo_catalogue, tmp_path / "refrain.db")
    place = prepare(str(copy), tmp_path, tiny_config, cold=False, encoded=warm.index)
    Dataset(place)
    with Catalogue(copy) as catalogue:
        test = next(p for p in catalogue.playlists() if is_test(p.playlist_id))
        catalogue.delete(test.song_ids[:1])
    with pytest.raises(RefrainError, match="songs of the catalogue have changed since"):
        Dataset(place)
    Dataset(prepare(str(copy), tmp_path, tiny_config, cold=False))


def test_a_cold_index_is_not_one_for_the_warm_catalogue(warm: Place, cold: Place) -> None:
    with pytest.raises(RefrainError, match="playlists of the catalogue have changed since"):
        Dataset(replace(warm, index=cold.index))
