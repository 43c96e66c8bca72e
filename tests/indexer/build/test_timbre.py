"""Timbres in the build: a part of the vector where files have them, and no trace where none has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer import Catalogue, build_index, update_index
from indexer.songs.table import Songs
from indexer.store import artefacts
from indexer.store.generations import Generation, open_generation, verify
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL
from tests.indexer.timbres import forget_timbres, grouped, store_timbres


def timbres_by_song(index: Path) -> dict[str, list[float]]:
    """The part of each living song that has one."""
    generation = open_generation(index)
    songs, part = Songs(generation), generation.array(artefacts.TIMBRE_PART)
    assert len(part) == len(songs)
    return {songs.song_ids[row]: part[row].tolist() for row in np.flatnonzero(songs.alive) if part[row].any()}


def parts_of(generation: Generation) -> list[str]:
    return [name for name, _ in generation.manifest["parts"]]


def test_a_catalogue_without_sound_has_no_such_part(catalogue: Catalogue, work: Path) -> None:
    before = open_generation(work / "ix")
    assert "timbre" not in parts_of(before)
    assert not before.has(artefacts.TIMBRE_PART)
    assert not before.has(artefacts.COMPARABLE_AUDIO)
    song = {"song_id": "n1", "title": "Lamplighter", "artist": "Nobody", "lyrics": "seven lamps"}
    catalogue.load(rows(work, song))
    actions = {each.name: each.action for each in update_index(catalogue, work / "ix", encoder=HashEncoder()).stages}
    assert (actions["timbre"], actions["vectors"]) == ("apply", "apply"), "an update costs what it did"


@pytest.mark.slow
def test_an_update_equals_a_build(catalogue: Catalogue, work: Path) -> None:
    """Files of songs that were there, of new songs, of one that goes, and all files gone."""
    index, database, encoder = work / "ix", work / "refrain.db", HashEncoder()
    ids = [song.song_id for song in catalogue.songs()]
    vectors = grouped(4, 15)
    store_timbres(database, dict(zip(ids[:40], vectors[:40], strict=True)))

    def check(having: list[str]) -> None:
        report = update_index(catalogue, index, encoder=encoder)
        assert report.kind == "updated"
        assert verify(index) == []
        build_index(catalogue, work / f"fresh{len(having)}", SMALL, encoder=encoder)
        updated = timbres_by_song(index)
        assert sorted(updated) == sorted(having)
        assert updated == timbres_by_song(work / f"fresh{len(having)}")
        assert parts_of(open_generation(index)) == ["lyrics", "audio", "taste", "timbre", "popularity", "factors"]

    check(ids[:40])
    catalogue.load(rows(work, *({"song_id": f"n{i}", "title": f"Number {i}", "artist": "Nobody"} for i in range(5))))
    more = [*ids[40:45], *(f"n{i}" for i in range(5))]
    store_timbres(database, dict(zip(more, vectors[40:50], strict=True)), folder="/more")
    check([*ids[:40], *more])
    catalogue.delete([ids[3]])
    check([*ids[:3], *ids[4:40], *more])
    forget_timbres(database, "/more")
    check([*ids[:3], *ids[4:40]])
    forget_timbres(database)
    update_index(catalogue, index, encoder=encoder)
    assert not open_generation(index).has(artefacts.TIMBRE_PART)
    assert parts_of(open_generation(index)) == ["lyrics", "audio", "taste", "popularity", "factors"]


def test_a_changed_song_keeps_its_timbre(catalogue: Catalogue, work: Path) -> None:
    """Its files stay as they are, so nothing is learned again; its new row has what its old one had."""
    index, encoder = work / "ix", HashEncoder()
    ids = [song.song_id for song in catalogue.songs()][:20]
    store_timbres(work / "refrain.db", dict(zip(ids, grouped(4, 5), strict=True)))
    update_index(catalogue, index, encoder=encoder)
    before = timbres_by_song(index)
    catalogue.load(rows(work, {"song_id": ids[4], "title": "Zanzibar Weathervane", "artist": "Nobody"}))
    report = update_index(catalogue, index, encoder=encoder)
    assert {each.name: each.action for each in report.stages}["timbre"] == "apply"
    after = timbres_by_song(index)
    assert after.keys() == before.keys()
    for song_id, latent in before.items():
        np.testing.assert_allclose(after[song_id], latent, atol=1e-5)


def test_of_two_files_of_a_song_the_first_counts(catalogue: Catalogue, work: Path) -> None:
    index, database, encoder = work / "ix", work / "refrain.db", HashEncoder()
    ids = [song.song_id for song in catalogue.songs()][:20]
    vectors = grouped(4, 5)
    store_timbres(database, dict(zip(ids, vectors, strict=True)), folder="/b")
    update_index(catalogue, index, encoder=encoder)
    before = timbres_by_song(index)
    store_timbres(database, dict(zip(ids, vectors[::-1], strict=True)), folder="/a")
    update_index(catalogue, index, encoder=encoder)
    assert timbres_by_song(index) == before
    forget_timbres(database, "/b")
    update_index(catalogue, index, encoder=encoder)
    after = timbres_by_song(index)
    np.testing.assert_allclose(after[ids[0]], before[ids[-1]], atol=1e-4)


def test_one_file_is_compared_with_nothing(catalogue: Catalogue, work: Path) -> None:
    (song_id, *_) = (song.song_id for song in catalogue.songs())
    store_timbres(work / "refrain.db", {song_id: grouped(1, 1)[0]})
    update_index(catalogue, work / "ix", encoder=HashEncoder())
    generation = open_generation(work / "ix")
    assert not generation.has(artefacts.TIMBRE_PART)
    assert generation.manifest["models"]["timbre"]["why"] == "1 songs have files that were measured, needs 2"
