"""Updates: whatever changes in a catalogue, the index follows; models grow with it; what is deleted is gone."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer import Catalogue, build_index, update_index
from indexer.build.run import plan_index
from indexer.demo import demo_files
from indexer.errors import CatalogueError, IndexFormatError, IndexMissingError
from indexer.models.topics import load_topics
from indexer.search.lexical import LexicalIndex
from indexer.songs.table import Songs
from indexer.store import artefacts
from indexer.store.generations import FORMAT_VERSION, TAKEN_OVER, Generation, open_generation, verify
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL

KINDS = ("new", "changed", "deleted", "playlist", "artist tags", "label")


def change(catalogue: Catalogue, work: Path, kinds: Iterable[str]) -> None:
    """Change a catalogue in each of these ways."""
    ids = [song.song_id for song in catalogue.songs() if song.lyrics]
    for kind in kinds:
        if kind == "new":
            known = {"artist": "Nobody", "lyrics": "seven lamps by the sea", "energy": 0.5}
            songs = ({"song_id": f"n{i}", "title": f"Lamplighter {i}", **known} for i in range(3))
            catalogue.load(rows(work, *songs, name="new.jsonl"))
        elif kind == "changed":
            song = {"song_id": ids[4], "title": "Zanzibar Weathervane", "artist": "Nobody", "lyrics": "weathervane"}
            catalogue.load(rows(work, song, name="changed.jsonl"))
        elif kind == "deleted":
            catalogue.delete([ids[7]])
        elif kind == "playlist":
            playlist = {"playlist_id": "p-new", "name": "sad harbour nights", "song_ids": [ids[1], ids[2], ids[3]]}
            catalogue.load(rows(work, playlist, name="playlists.jsonl"))
        elif kind == "artist tags":
            (work / "tags.csv").write_text("artist,tag,count\nMarrow & Lantern,sea shanty,30\n", "utf-8")
            catalogue.load(work / "tags.csv")
        elif kind == "label":
            (work / "moods.csv").write_text(f"song_id,mood\n{ids[0]},happy\n", "utf-8")
            catalogue.load(work / "moods.csv")


MIXES = [("new", "deleted"), KINDS]
SLOW_MIXES = [(), *((kind,) for kind in KINDS), ("new", "playlist"), ("deleted", "playlist")]


@pytest.mark.parametrize(
    "kinds",
    [*MIXES, *(pytest.param(mix, marks=pytest.mark.slow) for mix in SLOW_MIXES)],
    ids=lambda kinds: " and ".join(kinds) or "nothing",
)
def test_every_mix_of_changes_updates(catalogue: Catalogue, work: Path, kinds: tuple[str, ...]) -> None:
    index, encoder = work / "ix", HashEncoder()
    change(catalogue, work, kinds)
    report = update_index(catalogue, index, encoder=encoder)
    counts = [int(kind in kinds) * many for kind, many in (("new", 3), ("changed", 1), ("deleted", 1))]
    assert [report.added, report.changed, report.removed] == counts
    assert report.kind == ("updated" if kinds else "unchanged")
    assert report.songs == len(catalogue)
    assert verify(index) == []
    assert update_index(catalogue, index, encoder=encoder).kind == "unchanged"
    build_index(catalogue, work / "fresh", SMALL, encoder=encoder)
    assert_same(open_generation(index), open_generation(work / "fresh"))


def assert_same(updated: Generation, fresh: Generation) -> None:
    """What does not depend on learning again is that of a fresh build, song by song."""
    one, other = Songs(updated), Songs(fresh)
    place = {other.song_ids[row]: row for row in range(len(other))}
    living = [row for row in range(len(one)) if one.alive[row]]
    assert sorted(one.song_ids[row] for row in living) == sorted(place)
    there = [place[one.song_ids[row]] for row in living]
    assert [one.song(row) for row in living] == [other.song(row) for row in there]
    for artefact in (artefacts.SENTENCE, artefacts.POPULARITY):
        np.testing.assert_array_equal(updated.array(artefact)[living], fresh.array(artefact)[there])
    texts = [[source.strings(artefacts.KEYWORDS)[row].count(" ") > 0 for row in some]
             for source, some in ((updated, living), (fresh, there))]  # fmt: skip
    assert texts[0] == texts[1]
    found = [
        LexicalIndex(source.place(artefacts.LEXICAL)).search_text("lamps harbour weathervane", 5)
        for source in (updated, fresh)
    ]
    assert [one.song_ids[row] for row in found[0][0]] == [other.song_ids[row] for row in found[1][0]]
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5)


def test_an_index_grows_with_its_catalogue(tmp_path: Path) -> None:
    """Ten songs first, all that a build learns nothing from; then the rest: an update leaves no song out."""
    index, encoder = tmp_path / "ix", HashEncoder()
    songs, playlists = demo_files()
    lines = songs.read_text("utf-8").splitlines(keepends=True)
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        (tmp_path / "ten.jsonl").write_text("".join(lines[:10]), "utf-8")
        catalogue.load(tmp_path / "ten.jsonl")
        first = build_index(catalogue, index, SMALL, encoder=encoder)
        assert any(note.startswith("taste was not learned: 0 playlists, needs 20") for note in first.notes)
        for file in (songs, playlists):
            catalogue.load(file)
        update_index(catalogue, index, encoder=encoder)
        assert_complete(open_generation(index))
        again = build_index(catalogue, index, SMALL, encoder=encoder)
        assert again.kind == "built"
        reasons = {stage.name: stage.reason for stage in again.stages}
        assert reasons["songs"] == "was continued by an update, and is made anew from the whole catalogue"
        assert reasons["topics"] == "reads songs, which is done again"
        assert_complete(open_generation(index))
        assert build_index(catalogue, index, SMALL, encoder=encoder).kind == "unchanged"


def assert_complete(generation: Generation) -> None:
    songs = Songs(generation)
    known = songs.has_lyrics | songs.has_audio
    columns = {
        **dict.fromkeys((artefacts.SENTENCE, artefacts.TOPICS, artefacts.LYRICS_PART), songs.has_lyrics),
        artefacts.AUDIO: songs.has_audio, artefacts.AUDIO_PART: songs.has_audio, artefacts.TBERT: known,
        artefacts.TASTE_PART: known,
    }  # fmt: skip
    for artefact, expected in columns.items():
        rows_ = generation.array(artefact)
        assert len(rows_) == len(songs)
        assert rows_[songs.alive & expected].any(axis=1).all(), artefact.name
        assert not rows_[~songs.alive & ~expected].any()
    scores = generation.array(artefacts.MOOD_SCORES)
    assert (np.isfinite(scores.astype(np.float32)).all(axis=1) == known).all()


def test_an_update_says_when_the_catalogue_has_outgrown_its_models(catalogue: Catalogue, work: Path) -> None:
    change(catalogue, work, ["new"])
    assert update_index(catalogue, work / "ix", encoder=HashEncoder()).notes == ()
    songs = ({"song_id": f"m{i}", "title": f"Number {i}", "artist": f"Band {i}", "energy": i / 400} for i in range(400))
    catalogue.load(rows(work, *songs, name="many.jsonl"))
    notes = update_index(catalogue, work / "ix", encoder=HashEncoder()).notes
    assert len(notes) == 1
    assert "run `refrain build` to learn them again" in notes[0]
    reasons = {stage.name: stage.reason for stage in plan_index(catalogue, work / "ix", encoder=HashEncoder())}
    assert reasons["topics"] == "reads songs, which is done again"


def test_songs_without_lyrics_do_not_count_as_growth_of_its_models(tmp_path: Path) -> None:
    lyrics = {"lyrics": "a ferry on the grey water, and seven lamps"}
    songs = [{"song_id": f"m{i}", "title": f"Number {i}", "artist": f"Band {i}", "energy": i / 400} for i in range(400)]
    songs[:60] = [{**song, **lyrics} for song in songs[:60]]
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(rows(tmp_path, *songs, name="many.jsonl"))
        build_index(catalogue, tmp_path / "ix", SMALL, encoder=HashEncoder())
        catalogue.load(rows(tmp_path, {"song_id": "n1", "title": "Lamplighter", "artist": "Band", "energy": 0.5}))
        notes = update_index(catalogue, tmp_path / "ix", encoder=HashEncoder()).notes
        assert not [note for note in notes if "learn them again" in note]


def test_models_are_applied_and_a_song_keeps_what_playlists_taught_of_it(catalogue: Catalogue, work: Path) -> None:
    before = open_generation(work / "ix")
    songs = Songs(before)
    residuals, factors = before.array(artefacts.TASTE_RESIDUALS), before.array(artefacts.FACTORS)
    row = int(np.flatnonzero(residuals.any(axis=1) & songs.has_lyrics)[0])
    song_id, artist = songs.song_ids[row], songs.artists[row]
    other = {"song_id": song_id, "title": songs.titles[row], "artist": artist, "lyrics": "other words"}
    catalogue.load(
        rows(work, other, {"song_id": "n1", "title": "Lamplighter", "artist": artist, "lyrics": "seven lamps"})
    )
    update_index(catalogue, work / "ix", encoder=HashEncoder())
    after = open_generation(work / "ix")
    for model in (artefacts.TASTE_MODEL, artefacts.TBERT_MODEL, artefacts.TOPIC_MODEL, artefacts.MOOD_MODEL):
        assert after.facts_of(model) == before.facts_of(model)
    changed, new = (Songs(after).row_of(each) for each in (song_id, "n1"))
    assert changed is not None
    assert new is not None
    np.testing.assert_array_equal(after.array(artefacts.TASTE_RESIDUALS)[changed], residuals[row])
    assert not after.array(artefacts.TASTE_RESIDUALS)[new].any()
    one, two = (f.astype(np.float32) for f in (factors[row], after.array(artefacts.FACTORS)[changed]))
    assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) > 0.95, "factors go on from those it had"
    assert not after.array(artefacts.FACTORS)[[row, new]].any(), "the old row is dead, no playlist has the new song"


def test_only_new_words_are_encoded(catalogue: Catalogue, work: Path) -> None:
    encoder = HashEncoder()
    catalogue.load(rows(work, {"song_id": "n1", "title": "T", "artist": "A", "lyrics": "one new line of quartz"}))
    update_index(catalogue, work / "ix", encoder=encoder)
    assert [text for text in encoder.texts if " " in text] == ["one new line of quartz"]
    encoder = HashEncoder()
    build_index(catalogue, work / "ix", SMALL, encoder=encoder)
    lines = [text for text in encoder.texts if " " in text and not text.startswith(("This is", "This song"))]
    assert lines == [], "the base has the vectors of all lyrics"


def test_words_of_deleted_and_changed_songs_are_gone_from_every_file(work: Path, catalogue: Catalogue) -> None:
    lyrics = "zyxomma quellstone brindlewick\nand the fenrowan thistlequay"
    words = ["zyxomma", "quellstone", "brindlewick", "fenrowan", "thistlequay", "unkemptmoss", "vantablue", "gorsetide"]
    songs = [
        {"song_id": f"gone-{i}-vantablue", "title": "Unkemptmoss", "artist": "Gorsetide", "album": "Vantablue",
         "lyrics": lyrics, "genres": ["unkemptmoss core"], "tags": ["quellstone"]} for i in range(3)
    ]  # fmt: skip
    catalogue.load(rows(work, *songs))
    index, encoder = work / "ix", HashEncoder()
    update_index(catalogue, index, encoder=encoder)
    assert found(index, words) == set(words)
    catalogue.delete([song["song_id"] for song in songs[:2]])  # type: ignore[misc]
    other = {"title": "T", "artist": "A", "album": "B", "lyrics": "plain", "genres": ["rock"], "tags": ["slow"]}
    catalogue.load(rows(work, {**songs[2], **other}, name="changed.jsonl"))
    update_index(catalogue, index, encoder=encoder)
    left = found(index, [word for word in words if word != "vantablue"])
    assert left <= {"quellstone"}, "tags add up: the catalogue itself still has this one"
    assert sorted(p.name for p in (index / "generations").iterdir()) == ["000003"], (
        "nor does a generation before it stay"
    )
    assert verify(index) == []


def test_words_that_taste_and_tbert_learned_go_with_the_last_song_that_has_them(work: Path) -> None:
    """Enough songs have them to be learned; none of them is left."""
    words = ["zyxomma", "quellstone", "brindlewick", "fenrowan", "thistlequay"]
    songs = [
        {"song_id": f"gone-{i}", "title": f"Zyxomma {i}", "artist": f"Fenrowan {i % 4}", "genres": ["quellstone"],
         "tags": ["brindlewick " * 4 + "core", "sad"], "lyrics": f"{line} thistlequay"}
        for i, line in enumerate(["rain on the roof", "a boat in the night", "never again"] * 8)
    ]  # fmt: skip
    others = [
        {"song_id": f"stays-{i}", "title": f"Rain {i}", "artist": f"Somebody {i % 7}", "tags": ["happy"],
         "lyrics": f"rain {i}"}
        for i in range(60)
    ]  # fmt: skip
    lists = [
        {"playlist_id": f"p{i}", "name": "rainy", "song_ids": [f"{kind}-{(i * 5 + j) % 24}" for j in range(6)]}
        for i in range(40)
        for kind in (("gone", "stays")[i % 2],)
    ]
    with Catalogue(work / "own.db") as catalogue:
        catalogue.load(rows(work, *songs, *others, name="own.jsonl"))
        catalogue.load(rows(work, *lists, name="lists.jsonl"))
        index, encoder = work / "own", HashEncoder()
        built = build_index(catalogue, index, replace(SMALL, held_out=0.0), encoder=encoder)
        models = open_generation(index).manifest["models"]
        assert models["taste"]["learned"]
        assert models["tbert"]["learned"]
        assert found(index, words) == set(words)
        catalogue.delete([str(song["song_id"]) for song in songs])
        report = update_index(catalogue, index, encoder=encoder)
        assert {s.name: s.action for s in report.stages}["taste"] == "apply"
        assert found(index, words) == set()
        assert verify(index) == []
        assert built.songs - report.songs == len(songs)


@pytest.mark.slow
def test_words_that_topics_were_learned_from_go_with_the_last_song_that_has_them(
    work: Path, catalogue: Catalogue
) -> None:
    words = ["zyxomma", "quellstone", "brindlewick"]
    songs = [{"song_id": f"s{i}", "title": f"T{i}", "artist": "A", "lyrics": " ".join(words)} for i in range(3)]
    catalogue.load(rows(work, *songs))
    index, encoder = work / "new", HashEncoder()
    build_index(catalogue, index, SMALL, encoder=encoder)
    before = load_topics(open_generation(index).place(artefacts.TOPIC_MODEL))
    assert set(words) < set(before.vocabulary)
    catalogue.delete(["s0", "s1"])
    update_index(catalogue, index, encoder=encoder)
    assert found(index, words) == set(words)
    catalogue.delete(["s2"])
    update_index(catalogue, index, encoder=encoder)
    assert found(index, words) == set()
    after = load_topics(open_generation(index).place(artefacts.TOPIC_MODEL))
    some = [song.lyrics or "" for song in list(catalogue.songs())[:20]]
    np.testing.assert_allclose(after.infer(some), before.infer(some), atol=1e-6)
    assert verify(index) == []


def found(index: Path, words: Iterable[str]) -> set[str]:
    """Which of the words are in the bytes of the generation in use."""
    generation = open_generation(index)
    raw = b"".join(path.read_bytes().lower() for path in generation.path.rglob("*") if path.is_file())
    generation.close()
    return {word for word in words if word.encode() in raw}


def test_many_deleted_songs_are_compacted(catalogue: Catalogue, work: Path) -> None:
    ids = [song.song_id for song in catalogue.songs()]
    deleted = [song.song_id for song in catalogue.songs() if not song.featured][::4]  # guests would go with their songs
    catalogue.delete(deleted)
    before = open_generation(work / "ix")
    report = update_index(catalogue, work / "ix", encoder=HashEncoder())
    after = open_generation(work / "ix")
    assert report.removed == len(deleted)
    assert len(Songs(after)) == report.songs == len(catalogue), "rows are numbered anew"
    assert after.facts_of(artefacts.TASTE_MODEL) == before.facts_of(artefacts.TASTE_MODEL), "and nothing learned again"
    place = {Songs(after).song_ids[row]: row for row in range(report.songs)}
    there = [row for row in range(len(ids)) if Songs(before).song_ids[row] in place]
    here = [place[Songs(before).song_ids[row]] for row in there]
    for artefact in (artefacts.TASTE_RESIDUALS, artefacts.SENTENCE, artefacts.LYRICS_PART):
        np.testing.assert_allclose(after.array(artefact)[here], before.array(artefact)[there], atol=1e-6)


@pytest.mark.slow
def test_songs_imported_during_a_build_come_with_the_next_update(catalogue: Catalogue, work: Path) -> None:
    """Imported between any two stages, even while songs are read: the build sees one state of the catalogue."""
    late = iter(range(1000))

    def importing(steps: Iterable[object], label: str, total: int | None = None) -> Iterable[object]:
        number = next(late)
        with Catalogue(work / "refrain.db") as other:
            other.load(rows(work, {"song_id": f"late-{number}", "title": f"Late {number}", "artist": "Nobody"}))
        return steps

    before = len(catalogue)
    report = build_index(catalogue, work / "ix", SMALL, force=True, encoder=HashEncoder(), track=importing)  # type: ignore[arg-type]
    assert report.songs == before
    many = len(catalogue) - before
    assert many == next(late) > 3
    update = update_index(catalogue, work / "ix", encoder=HashEncoder())
    assert (update.kind, update.added, update.songs) == ("updated", many, before + many)


def test_another_catalogue_is_not_taken_for_an_update(work: Path) -> None:
    with Catalogue(work / "other.db") as other:
        other.load(rows(work, {"song_id": "n1", "title": "Lamplighter", "artist": "Nobody"}))
        with pytest.raises(CatalogueError, match="looks like another one"):
            update_index(other, work / "ix", encoder=HashEncoder())


def test_no_songs_or_no_index(tmp_path: Path) -> None:
    with Catalogue(tmp_path / "empty.db") as empty:
        with pytest.raises(CatalogueError, match="refrain import"):
            build_index(empty, tmp_path / "ix", SMALL, encoder=HashEncoder())
        with pytest.raises(IndexMissingError, match="refrain build"):
            update_index(empty, tmp_path / "ix", encoder=HashEncoder())
    assert not (tmp_path / "ix").exists()


def test_an_index_of_an_older_format_is_refused_with_the_way_out(tmp_path: Path) -> None:
    old = Path(__file__).parents[2] / "old" / "format-5.index"
    shutil.copytree(old, tmp_path / "ix")

    with pytest.raises(
        IndexFormatError, match=r"has format version 5, this program reads version 9; rebuild with `refrain build`"
    ):
        open_generation(tmp_path / "ix")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(
            rows(tmp_path, {"song_id": "n1", "title": "Lamplighter", "artist": "Nobody", "lyrics": "seven lamps"})
        )
        assert build_index(catalogue, tmp_path / "ix", SMALL, encoder=HashEncoder()).kind == "built"
    manifest = json.loads((open_generation(tmp_path / "ix").path / "manifest.json").read_bytes())
    assert manifest["version"] == FORMAT_VERSION


def test_most_of_a_catalogue_can_be_deleted(catalogue: Catalogue, work: Path) -> None:
    ids = [song.song_id for song in catalogue.songs()]
    catalogue.delete(ids[40:])
    report = update_index(catalogue, work / "ix", encoder=HashEncoder())
    assert (report.songs, report.removed) == (40, len(ids) - 40)
    assert sorted(p.name for p in (work / "ix" / "generations").iterdir()) == ["000002"]


def test_an_index_of_the_format_before_keeps_its_stages_in_a_build(catalogue: Catalogue, work: Path) -> None:
    """It lacks stages alone: an update refuses it, a build adds these and writes today's format."""
    index = work / "ix"
    number, _ = (index / "CURRENT").read_text().split()
    manifest = index / "generations" / number / "manifest.json"
    raw = json.dumps({**json.loads(manifest.read_bytes()), "version": TAKEN_OVER[0]}).encode()
    manifest.write_bytes(raw)
    (index / "CURRENT").write_text(f"{number} {hashlib.sha256(raw).hexdigest()}\n")
    for refused in (lambda: open_generation(index), lambda: update_index(catalogue, index, encoder=HashEncoder())):
        with pytest.raises(
            IndexFormatError, match=rf"format version {TAKEN_OVER[0]}, .*; rebuild with `refrain build`"
        ):
            refused()
    report = build_index(catalogue, index, encoder=HashEncoder())
    assert (report.kind, {stage.action for stage in report.stages}) == ("built", {"keep"})
    assert open_generation(index).manifest["version"] == FORMAT_VERSION
