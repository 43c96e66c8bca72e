"""What an engine answers from indexes of other catalogues: updated under it, without playlists, labelled, tiny."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.verify import verify_index
from indexer import Catalogue, IndexConfig, build_index, update_index
from indexer.errors import SongNotFoundError
from indexer.records import Song

LAMPS = "seven lamps along the harbour wall"


@dataclass(frozen=True)
class Change:
    """An index before and after an update; `reader` was open meanwhile."""

    reader: Engine
    new: Engine
    folder: Path
    deleted: str
    changed: str


@pytest.fixture(scope="module")
def change(
    demo_catalogue: Path, tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig
) -> Iterator[Change]:
    """The bundled songs, of which one is deleted, one changed, and to which four come, one of them silent."""
    folder = tmp_path_factory.mktemp("updated")
    shutil.copy(demo_catalogue, folder / "refrain.db")
    index = folder / "refrain.index"
    with Catalogue(folder / "refrain.db") as catalogue:
        build_index(catalogue, index, tiny_config)
        reader = Engine.open(index)
        deleted, changed = (reader.index.songs.song_ids[row] for row in (5, 9))
        catalogue.delete([deleted])
        songs = [
            {"song_id": changed, "title": "Zanzibar Weathervane", "artist": "Nobody", "lyrics": "weathervane"},
            *({"song_id": f"new-{i}", "title": f"Lamp {i}", "artist": "Nobody", "lyrics": LAMPS} for i in range(3)),
            {"song_id": "silent", "title": "Unlit", "artist": "Nobody"},
        ]
        (folder / "more.jsonl").write_text("\n".join(map(json.dumps, songs)), "utf-8")
        catalogue.load(folder / "more.jsonl")
        report = update_index(catalogue, index)
    assert (report.kind, report.added, report.changed, report.removed) == ("updated", 4, 1, 1)
    with reader, Engine.open(index) as new:
        yield Change(reader, new, index, deleted, changed)


def test_an_open_reader_stays_with_what_it_opened(change: Change) -> None:
    assert change.reader.song(change.deleted).song_id == change.deleted
    assert change.reader.search(f'"{LAMPS}"') == []
    assert change.reader.stale()
    assert not change.new.stale()


def test_an_update_is_answered_from(change: Change) -> None:
    new = change.new
    assert len(new) == len(change.reader) + 3
    with pytest.raises(SongNotFoundError):
        new.song(change.deleted)
    assert {hit.song_id for hit in new.search(f'"{LAMPS}"', versions=True)} == {"new-0", "new-1", "new-2"}
    assert new.find("Zanzibar Weathervane")[0].song_id == change.changed
    assert new.search("weathervane", 1).song_ids == [change.changed]
    everything = new.recommend([change.changed], k=len(new), versions=True).song_ids
    assert change.deleted not in everything
    assert len(set(everything)) == len(everything)
    assert verify_index(change.folder) == [], "of the silent song nothing is known, and that is sound"


def test_an_update_keeps_the_moods_and_reads_those_of_new_songs(change: Change) -> None:
    before, after = change.reader.index.songs, change.new.index.songs
    assert after.moods.names == before.moods.names != ()
    probabilities = after.moods.probabilities.astype(np.float32)
    rows = [row for row in range(len(before)) if before.song_ids[row] not in (change.deleted, change.changed)]
    there = [after.row_of(before.song_ids[row]) for row in rows]
    np.testing.assert_array_equal(probabilities[there], before.moods.probabilities[rows].astype(np.float32))
    assert np.isfinite(probabilities[after.row_of("new-1")]).all()
    assert np.isnan(probabilities[after.row_of("silent")]).all()
    assert change.new.moods("new-1").known == ("lyrics",)
    assert change.new.moods("silent").known == ()


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig) -> Iterator[Engine]:
    """150 songs that no playlist holds, whose labelled valence is their energy and whose arousal is its opposite."""
    folder = tmp_path_factory.mktemp("labelled")
    songs, labels = [], ["dzr_sng_id,MSD_sng_id,MSD_track_id,valence,arousal,artist_name,track_name"]
    for number in range(150):
        energy = number / 150
        known = {"title": f"Song {number}", "artist": f"Band {number}", "energy": energy, "valence": 0.5}
        songs.append(known | ({"lyrics": "rain on tin"} if number % 10 == 0 else {}))
        labels.append(f"{number},,,{2 * energy - 1:.3f},{1 - 2 * energy:.3f},Band {number},Song {number}")
    (folder / "songs.jsonl").write_text("\n".join(map(json.dumps, songs)), "utf-8")
    (folder / "labels.csv").write_text("\n".join(labels), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(folder / "songs.jsonl")
        catalogue.load(folder / "labels.csv")
        build_index(catalogue, folder / "refrain.index", tiny_config)
    with Engine.open(folder / "refrain.index") as engine:
        yield engine


def test_without_playlists_taste_is_left_out_and_everything_else_works(labelled: Engine) -> None:
    assert labelled.index.manifest["playlists"] == 0
    assert "taste" not in labelled.index.parts
    assert labelled.index.taste_model is None
    assert len(labelled.similar("Song 7, Band 7", 20)) == 20
    assert labelled.search("rain", 5)
    assert labelled.recommend([Song("New", "Nobody", lyrics="the river and the rain")], k=5)
    assert len(labelled.playlist(["Song 7, Band 7"], 12)) == 12


def test_labels_of_a_catalogue_teach_valence_and_arousal(labelled: Engine) -> None:
    assert "labelled with valence and arousal" in labelled.index.mood_model.heads["affect"].source
    calm, loud = (labelled.moods(audio={"energy": energy, "valence": 0.5}) for energy in (0.1, 0.9))
    assert calm.valence is not None
    assert loud.valence is not None
    assert calm.valence < -0.4 < 0.4 < loud.valence
    assert calm.quadrant == "Q2"  # unpleasant and excited, by these labels
    assert loud.quadrant == "Q4"
    assert calm.moods == ()


def test_a_handful_of_songs_is_enough(tmp_path: Path, tiny_config: IndexConfig) -> None:
    """Too few to learn anything from: the stages that learn are skipped, everything else works."""
    lyrics = ["rain on tin", "tin roof rain", "sun"]
    songs = [{"song_id": f"lamp-{i}", "title": f"Lamp {i}", "artist": "Nobody", "lyrics": lyrics[i]} for i in range(3)]
    (tmp_path / "songs.jsonl").write_text("\n".join(map(json.dumps, songs)), "utf-8")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(tmp_path / "songs.jsonl")
        build_index(catalogue, tmp_path / "ix", tiny_config)
    with Engine.open(tmp_path / "ix") as engine:
        assert engine.similar("lamp-0", 1)[0].song_id == "lamp-1"
        assert engine.search("rain on tin", 1)[0].song_id == "lamp-0"
        assert len(engine.playlist(["lamp-0"], 2)) == 2
