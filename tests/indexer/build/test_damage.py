"""Damage, other encoders, other programs: a build mends what is not as it should be; an update goes on from none."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer import Catalogue, build_index, update_index
from indexer.build import plan as planning
from indexer.build import run
from indexer.build.run import plan_index
from indexer.build.stages import STAGES
from indexer.config import IndexConfig
from indexer.errors import ConfigError, EncoderError, IndexFormatError
from indexer.songs.table import Songs
from indexer.store import artefacts
from indexer.store.artefacts import Artefact
from indexer.store.generations import open_generation, verify
from indexer.store.publish import new_generation
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL

SONG = {"title": "Ferry", "artist": "Nobody", "lyrics": "the ferry on the grey water"}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.unlink()  # other generations may hold it, too
    path.write_bytes(content)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1])


def of(index: Path, artefact: Artefact) -> np.ndarray:
    generation = open_generation(index)
    array = np.array(generation.array(artefact))
    generation.close()
    return array


@pytest.mark.parametrize("damage", [flip, cut])
@pytest.mark.parametrize(
    ("name", "stage"), [("sentence.npy", "sentences"), ("word_vectors.npy", "keywords"), ("songs/year.npy", "songs")]
)
def test_a_build_makes_a_damaged_file_anew_and_an_update_refuses_it(
    catalogue: Catalogue, work: Path, damage: Callable[[Path], None], name: str, stage: str
) -> None:
    index = work / "ix"
    generation = open_generation(index)
    before = {a: np.array(generation.array(a)) for a in (artefacts.SENTENCE, artefacts.WORD_VECTORS)}
    path = generation.path / name
    generation.close()
    damage(path)
    catalogue.load(rows(work, SONG))
    with pytest.raises(IndexFormatError, match=rf"{name}.*refrain build"):
        update_index(catalogue, index, encoder=HashEncoder())
    with pytest.raises((ConfigError, IndexFormatError), match=name):
        build_index(catalogue, index, SMALL, stage="mood_labels", encoder=HashEncoder())
    catalogue.delete([song.song_id for song in catalogue.songs() if song.title == SONG["title"]])
    plan = plan_index(catalogue, index, encoder=HashEncoder())
    assert name in plan.of(stage).reason
    report = build_index(catalogue, index, encoder=HashEncoder())
    assert {s.name for s in report.stages if s.action != "keep"} >= {stage}
    assert verify(index) == []
    for artefact, expected in before.items():
        np.testing.assert_array_equal(of(index, artefact), expected)
    assert build_index(catalogue, index, encoder=HashEncoder()).kind == "unchanged"


def test_force_takes_nothing_from_a_damaged_file(catalogue: Catalogue, work: Path) -> None:
    index = work / "ix"
    before = of(index, artefacts.SENTENCE)
    flip(open_generation(index).path / "sentence.npy")
    build_index(catalogue, index, force=True, encoder=HashEncoder())
    np.testing.assert_array_equal(of(index, artefacts.SENTENCE), before)


def test_a_build_keeps_the_settings_of_a_damaged_index(catalogue: Catalogue, work: Path) -> None:
    cut(open_generation(work / "ix").path / "topics.npy")
    build_index(catalogue, work / "ix", encoder=HashEncoder())
    assert IndexConfig.from_json(open_generation(work / "ix").manifest["config"]) == SMALL
    (open_generation(work / "ix").path / "manifest.json").write_text("{")
    with pytest.raises(IndexFormatError, match="refrain build"):
        update_index(catalogue, work / "ix", encoder=HashEncoder())
    assert "could not be read" in plan_index(catalogue, work / "ix", encoder=HashEncoder()).notes[0]


def test_a_build_leaves_out_settings_that_it_does_not_know_and_says_which(catalogue: Catalogue, work: Path) -> None:
    values = json.loads(SMALL.to_json()) | {"horoscope": 3}
    values["taste"] |= {"stars": True, "size": 8}
    values["topics"]["topics"] = -1
    config, left_out = IndexConfig.from_older(json.dumps(values))
    assert config == replace(SMALL, topics=IndexConfig().topics)
    assert sorted(left_out) == ["horoscope", "taste.stars", "topics.topics"]
    assert IndexConfig.from_older(SMALL.to_json()) == (SMALL, [])
    assert IndexConfig.from_older("[" * 10_000) == (IndexConfig(), ["all"])
    index = work / "ix"
    with new_generation(index, dict(open_generation(index).manifest)) as (draft, _):
        assert draft.base is not None
        draft.adopt(draft.base, artefacts.ARTEFACTS)
    generation = open_generation(index)
    manifest = json.dumps(generation.manifest | {"config": json.dumps(values)})
    (generation.path / "manifest.json").write_text(manifest)
    import hashlib

    (index / "CURRENT").write_text(f"{generation.path.name} {hashlib.sha256(manifest.encode()).hexdigest()}\n")
    report = build_index(catalogue, index, encoder=HashEncoder())
    assert "horoscope, taste.stars, topics.topics" in report.notes[0]
    assert IndexConfig.from_json(open_generation(index).manifest["config"]) == config


@pytest.mark.slow
def test_an_update_never_mixes_two_encoders_and_a_build_makes_all_vectors_anew(
    catalogue: Catalogue, work: Path
) -> None:
    index, other = work / "ix", HashEncoder(seed=1)
    catalogue.load(rows(work, SONG))
    with pytest.raises(EncoderError, match=r"built with the encoder hash@.*refrain build"):
        update_index(catalogue, index, encoder=other)
    build_index(catalogue, index, encoder=other)
    build_index(catalogue, work / "fresh", SMALL, encoder=other)
    for artefact in (artefacts.SENTENCE, artefacts.WORD_VECTORS):
        np.testing.assert_array_equal(of(index, artefact), of(work / "fresh", artefact))


@pytest.mark.parametrize("stage", ["sentences", "keywords"])
def test_a_stage_that_does_something_else_takes_no_vectors_from_before(
    catalogue: Catalogue, work: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    newer = tuple(replace(s, version=s.version + 1) if s.name == stage else s for s in STAGES)
    monkeypatch.setattr(planning, "STAGES", newer)
    monkeypatch.setattr(run, "STAGES", newer)
    encoder = HashEncoder()
    build_index(catalogue, work / "ix", encoder=encoder)
    words = set(open_generation(work / "ix").strings(artefacts.WORDS))
    lyrics = [text for text in encoder.texts if len(text.split()) > 20]
    assert bool(lyrics) == (stage == "sentences")
    assert words <= set(encoder.texts) if stage == "keywords" else not words & set(encoder.texts)


def test_a_stage_that_is_new_in_the_program_is_named_where_another_is_to_run_alone(
    catalogue: Catalogue, work: Path
) -> None:
    index = work / "ix"
    generation = open_generation(index)
    stages = {name: record for name, record in generation.manifest["stages"].items() if name != "artist_tags"}
    with new_generation(index, dict(generation.manifest) | {"stages": stages}) as (draft, _):
        assert draft.base is not None
        draft.adopt(draft.base, artefacts.ARTEFACTS)
    with pytest.raises(ConfigError, match="artist_tags is stale: new in this version; run `refrain build`"):
        build_index(catalogue, index, stage="moods", encoder=HashEncoder())
    assert build_index(catalogue, index, encoder=HashEncoder()).kind == "built"


def test_artists_keep_their_places_when_rows_are_numbered_anew(catalogue: Catalogue, work: Path) -> None:
    """A fifth of the songs and all of some artists go: taste is not learned again, and nobody gets another's place."""
    index = work / "ix"
    before = open_generation(index)
    table, places = Songs(before), np.array(before.array(artefacts.TASTE_PART))
    artists = table.single("artist_key")
    first = [table.song_ids[row] for row in range(len(table)) if artists[row] < 15]
    assert len(first) > len(table) / 5
    catalogue.delete(first)
    report = update_index(catalogue, index, encoder=HashEncoder())
    assert {s.name: s.action for s in report.stages}["taste"] == "apply"
    after = open_generation(index)
    table_after = Songs(after)
    assert len(table_after) == report.songs
    for row in range(len(table_after)):
        earlier = table.row_of(table_after.song_ids[row])
        np.testing.assert_allclose(after.array(artefacts.TASTE_PART)[row], places[earlier], atol=2e-3)


def test_a_build_after_a_deletion_forgets_as_an_update_does(catalogue: Catalogue, work: Path) -> None:
    index = work / "ix"
    catalogue.load(rows(work, {**SONG, "song_id": "gone", "lyrics": "zyxomma quellstone"}))
    update_index(catalogue, index, encoder=HashEncoder())
    catalogue.delete(["gone"])
    reader = open_generation(index)
    build_index(catalogue, index, encoder=HashEncoder())
    reader.close()
    assert build_index(catalogue, index, encoder=HashEncoder()).kind == "unchanged"
    raw = b"".join(path.read_bytes() for path in index.rglob("*") if path.is_file())
    assert b"zyxomma" not in raw, "not in a generation before either, once nobody reads it"
    assert len(os.listdir(index / "generations")) == 1
