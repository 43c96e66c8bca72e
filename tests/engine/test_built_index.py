"""Build and update: the same answers, nothing lost, nothing done twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.index import OpenIndex
from engine.verify import verify_index
from indexer import Catalogue, IndexConfig, build_index, update_index
from indexer.demo import demo_files
from indexer.errors import CatalogueError, EncoderError, IndexMissingError
from indexer.models.moods.vocabulary import VOCABULARY
from indexer.records import Song


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    made = Catalogue(tmp_path / "refrain.db")
    for file in demo_files():
        made.load(file)
    return made


def song_line(number: int, title: str = "Lamplighter", lyrics: str = "seven lamps along the harbour wall") -> str:
    return f'{{"song_id": "new-{number}", "title": "{title} {number}", "artist": "Nobody", "lyrics": "{lyrics}"}}\n'


def test_a_build_holds_every_song_and_verifies(catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig) -> None:
    report = build_index(catalogue, tmp_path / "ix", tiny_config)
    assert (report.kind, report.songs) == ("built", len(catalogue))
    assert verify_index(tmp_path / "ix") == []
    index = OpenIndex(tmp_path / "ix")
    songs = {song.song_id: song for song in catalogue.songs()}
    for row in range(len(index.songs)):
        stored, given = index.songs.song(row), songs.pop(index.songs.song_ids[row])
        assert (stored.title, stored.artist, stored.year, stored.genres, stored.tags, stored.explicit) == (
            given.title, given.artist, given.year, given.genres, given.tags, given.explicit,
        )  # fmt: skip
        assert stored.audio == given.audio
        assert (stored.lyrics is None) == (given.lyrics is None)
        for name, known in (("lyrics", given.lyrics is not None), ("audio", given.audio is not None)):
            length = float(np.linalg.norm(index.parts[name][row]))
            assert length == pytest.approx(1.0 if known else 0.0, abs=1e-3), "each part is unit or zero"
    assert not songs


def test_building_again_does_nothing_and_another_configuration_does(
    catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig
) -> None:
    build_index(catalogue, tmp_path / "ix", tiny_config)
    start = time.perf_counter()
    again = build_index(catalogue, tmp_path / "ix", tiny_config)
    assert (again.kind, again.generation) == ("unchanged", 1)
    assert time.perf_counter() - start < 5
    assert update_index(catalogue, tmp_path / "ix").kind == "unchanged"


def test_builds_are_the_same_whenever_they_run(catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig) -> None:
    for name in ("a", "b"):
        build_index(catalogue, tmp_path / name, tiny_config)
    a, b = OpenIndex(tmp_path / "a"), OpenIndex(tmp_path / "b")
    np.testing.assert_allclose(a.parts, b.parts, atol=1e-5)
    assert list(a.keywords) == list(b.keywords)
    files = [i.manifest["files"] for i in (a, b)]
    for name in ("sentence.npy", "audio.npy", "songs/lyrics.utf8", "songs/genre.codes.npy"):
        assert files[0][name]["sha256"] == files[1][name]["sha256"]


def test_an_update_adds_changes_and_deletes_while_readers_go_on(
    catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig
) -> None:
    index = tmp_path / "ix"
    build_index(catalogue, index, tiny_config)
    reader = Engine.open(index)
    before = len(reader)
    victim, changed = reader.index.songs.song_ids[5], reader.index.songs.song_ids[9]
    catalogue.delete([victim])
    (tmp_path / "new.jsonl").write_text("".join(song_line(i) for i in range(3)), "utf-8")
    (tmp_path / "changed.jsonl").write_text(
        f'{{"song_id": "{changed}", "title": "Zanzibar Weathervane", "artist": "Nobody", "lyrics": "weathervane"}}\n',
        "utf-8",
    )
    for name in ("new.jsonl", "changed.jsonl"):
        catalogue.load(tmp_path / name)
    report = update_index(catalogue, index)
    assert (report.kind, report.added, report.changed, report.removed) == ("updated", 3, 1, 1)
    assert len(reader) == before
    assert victim in reader
    assert reader.search('"seven lamps along the harbour wall"') == [], "an open reader stays with what it opened"
    with Engine.open(index) as new:
        assert len(new) == before + 2
        assert victim not in new
        assert {h.song_id for h in new.search('"seven lamps along the harbour wall"')} == {"new-0", "new-1", "new-2"}
        assert new.find("Zanzibar Weathervane")[0].song_id == changed
        assert [h.song_id for h in new.search("weathervane", 1)] == [changed]
        everything = new.recommend([changed], k=len(new))
        assert victim not in {h.song_id for h in everything}
        assert len({h.song_id for h in everything}) == len(everything)
    assert verify_index(index) == []
    assert update_index(catalogue, index).kind == "unchanged"


def test_an_update_writes_what_a_build_would(catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig) -> None:
    """Rows that do not depend on learning again are those of a fresh build, song by song."""
    build_index(catalogue, tmp_path / "ix", tiny_config)
    (tmp_path / "new.jsonl").write_text(song_line(1), "utf-8")
    catalogue.load(tmp_path / "new.jsonl")
    update_index(catalogue, tmp_path / "ix")
    build_index(catalogue, tmp_path / "fresh", tiny_config)
    updated, fresh = OpenIndex(tmp_path / "ix"), OpenIndex(tmp_path / "fresh")
    for row in range(len(fresh.songs)):
        other = updated.songs.row_of(fresh.songs.song_ids[row])
        assert other is not None
        assert updated.songs.song(other) == fresh.songs.song(row)
        np.testing.assert_array_equal(updated.sentence[other], fresh.sentence[row])


def test_unchanged_lyrics_are_not_encoded_again(
    catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer.encoders.sentence import SentenceEncoder

    build_index(catalogue, tmp_path / "ix", tiny_config)
    seen: list[str] = []
    encode = SentenceEncoder.encode

    def counting(self: SentenceEncoder, texts: list[str], **options: object) -> object:
        seen.extend(texts)
        return encode(self, texts, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(SentenceEncoder, "encode", counting)
    (tmp_path / "new.jsonl").write_text(song_line(1, lyrics="one new line"), "utf-8")
    catalogue.load(tmp_path / "new.jsonl")
    build_index(catalogue, tmp_path / "ix", tiny_config)
    sentences = {mood.sentence for mood in VOCABULARY.values()}
    assert [text for text in seen if " " in text and text not in sentences] == ["one new line"]


def test_kill_9_in_a_build_keeps_the_old_index_and_the_encoded_lyrics(
    catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig, tiny_encoder: Path
) -> None:
    index = tmp_path / "ix"
    (tmp_path / "config.toml").write_text(
        f'[encoder]\nmodel = "{tiny_encoder}"\nprecision = "float32"\nwindow = 64\n', "utf-8"
    )
    command = [
        sys.executable, "-m", "engine.cli", "build", "--quiet",
        "--catalogue", str(tmp_path / "refrain.db"), "--index", str(index), "--config", str(tmp_path / "config.toml"),
    ]  # fmt: skip
    with subprocess.Popen(command, env={**os.environ, "HF_HUB_OFFLINE": "1"}) as build:
        wait_for(lambda: list((index / "encoded").glob("*.hashes.npy")) if index.exists() else [], build)
        build.send_signal(signal.SIGKILL)
    with pytest.raises(IndexMissingError):
        Engine.open(index)
    assert list((index / "encoded").glob("*.vectors.npy")), "what was encoded is there for the next build"
    assert build_index(catalogue, index, tiny_config).kind == "built"
    assert not (index / "encoded").exists()
    assert not list((index / "generations").glob(".*"))


def wait_for(condition: object, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if condition():  # type: ignore[operator]
            return
        assert process.poll() is None, "the build ended before it encoded anything"
        time.sleep(0.1)
    raise AssertionError("nothing was encoded in two minutes")


def test_another_catalogue_is_not_taken_for_an_update(
    catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig
) -> None:
    build_index(catalogue, tmp_path / "ix", tiny_config)
    other = Catalogue(tmp_path / "other.db")
    (tmp_path / "new.jsonl").write_text("".join(song_line(i) for i in range(5)), "utf-8")
    other.load(tmp_path / "new.jsonl")
    with pytest.raises(CatalogueError, match="looks like another one"):
        update_index(other, tmp_path / "ix")
    assert len(Engine.open(tmp_path / "ix")) == len(catalogue)


def test_no_songs_no_index_no_encoder(tmp_path: Path, tiny_config: IndexConfig) -> None:
    empty = Catalogue(tmp_path / "empty.db")
    with pytest.raises(CatalogueError, match="refrain import"):
        build_index(empty, tmp_path / "ix", tiny_config)
    with pytest.raises(IndexMissingError, match="refrain build"):
        update_index(empty, tmp_path / "ix")
    (tmp_path / "new.jsonl").write_text(song_line(1), "utf-8")
    empty.load(tmp_path / "new.jsonl")
    missing = IndexConfig.from_json('{"encoder": {"model": "no-such/model"}}')
    with pytest.raises(EncoderError, match="neither a folder nor available"):
        build_index(empty, tmp_path / "ix", missing)
    with pytest.raises(IndexMissingError):
        Engine.open(tmp_path / "ix")


def test_a_handful_of_songs_is_enough(tmp_path: Path, tiny_config: IndexConfig) -> None:
    """Too few to learn anything from: the stages that learn are skipped, everything else works."""
    small = Catalogue(tmp_path / "small.db")
    (tmp_path / "new.jsonl").write_text(
        song_line(1, lyrics="rain on tin") + song_line(2, lyrics="tin roof rain") + song_line(3, lyrics="sun"), "utf-8"
    )
    small.load(tmp_path / "new.jsonl")
    build_index(small, tmp_path / "ix", tiny_config)
    with Engine.open(tmp_path / "ix") as engine:
        assert engine.similar("new-1", 1)[0].song_id == "new-2"
        assert engine.search("rain on tin", 1)[0].song_id == "new-1"
        assert len(engine.playlist(["new-1"], 2)) == 2


def test_an_update_places_songs_without_learning_again(
    catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig
) -> None:
    """A new song has its artist's place at once, a changed one keeps what playlists taught of it."""
    build_index(catalogue, tmp_path / "ix", tiny_config)
    before = OpenIndex(tmp_path / "ix")
    residuals = before.generation.array("taste_residuals")
    row = int(np.flatnonzero(residuals.any(axis=1) & before.songs.has_lyrics)[0])
    song_id, artist = before.songs.song_ids[row], before.songs.artists[row]
    (tmp_path / "more.jsonl").write_text(
        song_line(1).replace("Nobody", artist)
        + json.dumps(
            {"song_id": song_id, "title": before.songs.titles[row], "artist": artist, "lyrics": "other words"}
        ),
        "utf-8",
    )
    catalogue.load(tmp_path / "more.jsonl")
    report = update_index(catalogue, tmp_path / "ix")
    assert (report.kind, report.added, report.changed) == ("updated", 1, 1)
    after = OpenIndex(tmp_path / "ix")
    files = [index.manifest["files"] for index in (before, after)]
    for name in ("taste_model/taste.safetensors", "tbert_model/tbert.safetensors"):
        assert files[0][name]["sha256"] == files[1][name]["sha256"]
    changed, new = after.songs.row_of(song_id), after.songs.row_of("new-1")
    assert changed is not None
    assert new is not None
    kept = after.generation.array("taste_residuals")
    np.testing.assert_array_equal(kept[changed], residuals[row])
    assert not kept[new].any()
    assert after.cooccurrence.of(changed)[0].size == before.cooccurrence.of(row)[0].size > 0
    assert after.factors[changed].any()
    assert not after.factors[[row, new]].any(), "the old row is dead, no playlist holds the new song"
    places = after.parts["taste"]
    assert np.linalg.norm(places[new]) == pytest.approx(1.0, abs=1e-5)


def test_without_playlists_taste_is_left_out_and_everything_else_works(
    tmp_path: Path, tiny_config: IndexConfig
) -> None:
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        for file in demo_files():
            if "song" in file.name:
                catalogue.load(file)
        build_index(catalogue, tmp_path / "ix", tiny_config)
    with Engine.open(tmp_path / "ix") as engine:
        assert engine.index.manifest["playlists"] == 0
        assert engine.index.layout.names == ("lyrics", "audio")
        assert engine.index.taste_model is None
        song = engine.song(engine.index.songs.song_ids[0])
        assert len(engine.similar(song, 20)) == 20
        assert engine.search("rain", 5)
        assert engine.recommend([Song("New", "Nobody", lyrics="the river and the rain")], k=5)


def test_an_update_keeps_the_mood_model_and_gives_new_songs_moods(
    catalogue: Catalogue, tmp_path: Path, tiny_config: IndexConfig
) -> None:
    build_index(catalogue, tmp_path / "ix", tiny_config)
    before = OpenIndex(tmp_path / "ix")
    names, chances = before.songs.moods.names, np.array(before.songs.moods.probabilities)
    assert names
    assert before.mood_model.names == names
    new = tmp_path / "new.jsonl"
    new.write_text(song_line(1) + song_line(2, lyrics=""), "utf-8")
    catalogue.load(new)
    update_index(catalogue, tmp_path / "ix")
    after = OpenIndex(tmp_path / "ix")
    assert after.songs.moods.names == names
    old = len(chances)
    assert np.array_equal(after.songs.moods.probabilities[:old], chances, equal_nan=True)
    sung, unknown = (after.songs.row_of(f"new-{number}") for number in (1, 2))
    assert np.isfinite(after.songs.moods.probabilities[sung].astype(np.float32)).all()
    assert np.isnan(after.songs.moods.probabilities[unknown].astype(np.float32)).all()


def test_labels_of_a_catalogue_teach_valence_and_arousal(tmp_path: Path, tiny_config: IndexConfig) -> None:
    """A hundred and fifty songs whose labelled valence is their energy: the index finds that out."""
    lines, labels = [], ["dzr_sng_id,MSD_sng_id,MSD_track_id,valence,arousal,artist_name,track_name"]
    for number in range(150):
        energy = number / 150
        lines.append(f'{{"title": "Song {number}", "artist": "Band {number}", "energy": {energy}, "valence": 0.5}}')
        labels.append(f"{number},,,{2 * energy - 1:.3f},{1 - 2 * energy:.3f},Band {number},Song {number}")
    (tmp_path / "songs.jsonl").write_text("\n".join(lines), "utf-8")
    (tmp_path / "labels.csv").write_text("\n".join(labels), "utf-8")
    with Catalogue(tmp_path / "refrain.db") as made:
        made.load(tmp_path / "songs.jsonl")
        made.load(tmp_path / "labels.csv")
        build_index(made, tmp_path / "ix", tiny_config)
    with Engine.open(tmp_path / "ix") as engine:
        assert "labelled with valence and arousal" in engine.index.mood_model.heads["affect"].source
        calm, loud = (engine.moods(audio={"energy": energy, "valence": 0.5}) for energy in (0.1, 0.9))
        assert calm.valence is not None
        assert loud.valence is not None
        assert calm.valence < -0.4 < 0.4 < loud.valence
        assert calm.quadrant == "Q2"  # unpleasant and excited, by these labels
        assert loud.quadrant == "Q4"
        assert calm.moods == ()
