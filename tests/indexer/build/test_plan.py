"""The plan: what is stale is done again, with everything that reads it, and nothing else; and it says why."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from indexer import Catalogue, IndexConfig, build_index, update_index
from indexer.build import plan as planning
from indexer.build.plan import Plan
from indexer.build.run import plan_index
from indexer.build.stages import STAGE_NAMES, STAGES
from indexer.config import EncoderConfig, TopicsConfig
from indexer.errors import ConfigError
from indexer.models.cooccurrence import CoOccurrenceConfig
from indexer.store.artefacts import ARTEFACTS
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL


def done(plan: Plan) -> set[str]:
    return {stage.name for stage in plan if stage.action != "keep"}


def readers(*names: str) -> set[str]:
    """The stages and all that read them, over any number of steps: what the recipe says, walked from the front."""
    found = set(names)
    for stage in STAGES:
        if found & {*stage.reads, *stage.looks_at}:
            found.add(stage.name)
    return found


def test_the_recipe_reads_only_what_stands_before_it_and_every_artefact_has_one_stage() -> None:
    for place, stage in enumerate(STAGES):
        assert {*stage.reads, *stage.looks_at} <= set(STAGE_NAMES[:place])
    assert {artefact.stage for artefact in ARTEFACTS} == set(STAGE_NAMES)
    names = [file for artefact in ARTEFACTS for file in artefact.files()]
    assert len(names) == len(set(names))


def test_without_an_index_everything_is_done(catalogue: Catalogue, tmp_path: Path) -> None:
    plan = plan_index(catalogue, tmp_path / "new", SMALL, encoder=HashEncoder())
    assert done(plan) == set(STAGE_NAMES)
    assert {stage.reason for stage in plan} == {"there is no index to go on from"}
    assert not (tmp_path / "new").exists(), "a plan does nothing"


def test_nothing_changed_nothing_to_do(catalogue: Catalogue, work: Path) -> None:
    assert plan_index(catalogue, work / "ix", SMALL, encoder=HashEncoder()).idle
    start = time.perf_counter()
    report = build_index(catalogue, work / "ix", SMALL, encoder=HashEncoder())
    assert (report.kind, report.generation) == ("unchanged", 1)
    assert time.perf_counter() - start < 5
    assert update_index(catalogue, work / "ix", encoder=HashEncoder()).kind == "unchanged"


@pytest.mark.parametrize(
    ("config", "first", "reason"),
    [
        (replace(SMALL, keywords=9), {"keywords"}, "keywords was 10, is 9"),
        (replace(SMALL, salient_keywords=3), {"keywords"}, "salient_keywords was 8, is 3"),
        (replace(SMALL, topics=TopicsConfig(topics=3)), {"topics"}, "topics was 7, is 3"),
        (replace(SMALL, lyrics=replace(SMALL.lyrics, epochs=1)), {"lyrics_latents"}, "epochs was 2, is 1"),
        (replace(SMALL, audio=replace(SMALL.audio, latent=5)), {"audio_latents"}, "latent was 6, is 5"),
        (replace(SMALL, factors=replace(SMALL.factors, iterations=2)), {"factors"}, "factors.iterations was 3, is 2"),
        (replace(SMALL, cooccurrence=CoOccurrenceConfig(9.0)), {"cooccurrence"}, "shrinkage was 5.0, is 9.0"),
        (replace(SMALL, taste=replace(SMALL.taste, epochs=1)), {"taste"}, "taste.epochs was 2, is 1"),
        (replace(SMALL, tbert=replace(SMALL.tbert, epochs=1)), {"tbert"}, "tbert.epochs was 2, is 1"),
        (replace(SMALL, moods=replace(SMALL.moods, seed=1)), {"moods"}, "moods.seed was 0, is 1"),
        (replace(SMALL, exact_below=10), {"vectors"}, "the setting was 50000, is 10"),
        (
            replace(SMALL, held_out=0.2),
            {"popularity", "cooccurrence", "factors", "taste", "tbert", "moods", "mood_labels"},
            "was 0.05, is 0.2",
        ),
    ],
)  # fmt: skip
def test_one_setting_is_one_stage_and_what_reads_it(
    catalogue: Catalogue, work: Path, config: IndexConfig, first: set[str], reason: str
) -> None:
    plan = plan_index(catalogue, work / "ix", config, encoder=HashEncoder())
    assert done(plan) == readers(*first)
    for stage in plan:
        if stage.name in first:
            assert reason in stage.reason
        elif stage.action != "keep":
            assert stage.reason.startswith("reads "), stage


def test_another_encoder_or_window_is_another_vector(catalogue: Catalogue, work: Path) -> None:
    for encoder in (HashEncoder(seed=1), HashEncoder(window=3)):
        plan = plan_index(catalogue, work / "ix", SMALL, encoder=encoder)
        assert done(plan) == readers("sentences", "query_encoder", "keywords", "tbert", "moods")
        assert plan.of("sentences").reason == "the encoder or its settings have changed"


@pytest.mark.parametrize(
    ("file", "content", "first"),
    [
        ("songs.jsonl", '{"song_id": "n1", "title": "Lamplighter", "artist": "Nobody"}', {"songs"}),
        ("playlists.jsonl", '{"playlist_id": "p1", "name": "sad harbour", "song_ids": ["ID0", "ID1"]}',
         {"popularity", "cooccurrence", "factors", "taste", "tbert", "moods", "mood_labels"}),
        ("tags.csv", "artist,tag,count\nNobody at all,folk,3\n", {"artist_tags"}),
    ],
    ids=["a song", "a playlist", "a tag of an artist"],
)  # fmt: skip
def test_a_build_does_again_what_reads_the_part_of_the_catalogue_that_changed(
    catalogue: Catalogue, work: Path, file: str, content: str, first: set[str]
) -> None:
    some = [song.song_id for song in catalogue.songs()][:2]
    (work / file).write_text(content.replace("ID0", some[0]).replace("ID1", some[1]), "utf-8")
    catalogue.load(work / file)
    plan = plan_index(catalogue, work / "ix", SMALL, encoder=HashEncoder())
    assert done(plan) == readers(*first)
    assert any("not" in plan.of(name).reason or "changed" in plan.of(name).reason for name in first)


def test_one_stage_alone_and_what_reads_it(catalogue: Catalogue, work: Path) -> None:
    index, encoder = work / "ix", HashEncoder()
    plan = plan_index(catalogue, index, SMALL, stage="moods", encoder=encoder)
    assert done(plan) == {"moods", "mood_labels"}
    assert plan.of("moods").reason == "asked for"
    report = build_index(catalogue, index, SMALL, stage="moods", encoder=encoder)
    assert {stage.name for stage in report.stages if stage.action != "keep"} == {"moods", "mood_labels"}
    assert done(plan_index(catalogue, index, SMALL, force=True, encoder=encoder)) == set(STAGE_NAMES)
    with pytest.raises(ConfigError, match="no stage is called 'mods', expected one of songs, title_stems"):
        plan_index(catalogue, index, SMALL, stage="mods", encoder=encoder)
    with pytest.raises(ConfigError, match="there is no index yet"):
        plan_index(catalogue, work / "none", SMALL, stage="moods", encoder=encoder)


def test_a_changed_program_is_said_by_an_update_and_done_by_a_build(
    catalogue: Catalogue, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tuple(replace(s, version=s.version + 1) if s.name == "tbert" else s for s in STAGES)
    monkeypatch.setattr(planning, "STAGES", newer)
    update = plan_index(catalogue, work / "ix", SMALL, update=True, encoder=HashEncoder())
    assert update.idle
    assert update.notes == ("the program has changed what tbert does: run `refrain build` to do it again",)
    build = plan_index(catalogue, work / "ix", SMALL, encoder=HashEncoder())
    assert done(build) == {"tbert", "moments"}
    assert build.of("tbert").reason == "the program has changed what it does"


def test_a_build_without_a_configuration_keeps_that_of_the_index(catalogue: Catalogue, work: Path) -> None:
    assert plan_index(catalogue, work / "ix", encoder=HashEncoder()).idle
    other = replace(SMALL, encoder=EncoderConfig(window=64))
    assert not plan_index(catalogue, work / "ix", replace(other, keywords=3), encoder=HashEncoder()).idle


def test_songs_of_another_file_do_not_matter_to_what_was_read(catalogue: Catalogue, work: Path) -> None:
    """A song that comes and goes leaves the catalogue as it was, and nothing to do."""
    catalogue.load(rows(work, {"song_id": "n1", "title": "Lamplighter", "artist": "Nobody"}))
    catalogue.delete(["n1"])
    assert plan_index(catalogue, work / "ix", SMALL, encoder=HashEncoder()).idle


def test_a_stage_alone_takes_no_settings_that_others_were_not_made_with(work: Path, catalogue: Catalogue) -> None:
    changed = replace(SMALL, topics=TopicsConfig(topics=3))
    with pytest.raises(ConfigError, match=r"topics is stale: topics was 7, is 3; run `refrain build`"):
        plan_index(catalogue, work / "ix", changed, stage="keywords", encoder=HashEncoder())


def test_fewer_keywords_encode_no_word_again(catalogue: Catalogue, work: Path) -> None:
    encoder = HashEncoder()
    build_index(catalogue, work / "ix", replace(SMALL, keywords=9), encoder=encoder)
    assert encoder.texts == []
