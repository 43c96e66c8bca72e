"""A snapshot is one state of the catalogue, whatever is imported or deleted meanwhile. On SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from tests.indexer.catalogues import FORMATS, IN_ORDER, everything, many, rows

ROOT = FORMATS.parent.parent
_IMPORT = "import sys; from indexer.catalogue import Catalogue; Catalogue(sys.argv[1]).load(sys.argv[2])"


def test_an_import_by_another_program_is_seen_after_the_snapshot_only(
    catalogue: Catalogue, place: str, tmp_path: Path
) -> None:
    catalogue.load(FORMATS / "songs.csv")
    with catalogue.snapshot() as snapshot:
        # nothing has been read yet: the state is that of the first line of the block
        subprocess.run([sys.executable, "-c", _IMPORT, place, many(tmp_path)], cwd=ROOT, check=True, timeout=60)
        assert len(snapshot) == snapshot.statistics().songs == len(list(snapshot.digests())) == 3
        assert len(catalogue) == 5_003, "the import succeeded"
        before = snapshot.fingerprint()
        catalogue.delete(["oda|brass"])
        assert snapshot.song("oda|brass") is not None
        assert snapshot.song("s00001") is None
        assert snapshot.fingerprint() == before
    with catalogue.snapshot() as snapshot:
        assert len(snapshot) == 5_002
        assert snapshot.fingerprint() != before


def test_a_snapshot_answers_what_its_catalogue_answers(catalogue: Catalogue) -> None:
    for name in IN_ORDER:
        catalogue.load(FORMATS / name)
    with catalogue.snapshot() as snapshot:
        assert everything(snapshot) == everything(catalogue)
        assert list(snapshot.song_tags()) == list(catalogue.song_tags())
        assert list(snapshot.refused()) == list(catalogue.refused())
        assert snapshot.label_names() == catalogue.label_names()
        assert snapshot.statistics() == catalogue.statistics()


def test_iterators_of_one_snapshot_stand_inside_each_other(catalogue: Catalogue, tmp_path: Path) -> None:
    """More rows than one page, so that every iterator has to go back to the database while the others wait."""
    songs = ({"song_id": f"s{i:05}", "title": "T", "tags": ["x"], "mood": "sad"} for i in range(10_050))
    catalogue.load(rows(tmp_path, *songs))
    expected = [f"s{i:05}" for i in range(10_050)]
    with catalogue.snapshot() as snapshot:
        streams = zip(
            snapshot.songs(batch=4_000),
            snapshot.digests(),
            snapshot.digests(),
            snapshot.labels("mood:sad"),
            snapshot.song_tags(),
            strict=True,
        )
        found = []
        for song, one, other, label, tag in streams:
            found.append(song.song_id)
            assert one == other
            assert song.song_id == one[0] == label[0] == tag[0]
            if len(found) % 5_000 == 0:
                assert len(snapshot) == 10_050
        assert found == expected


def test_each_fingerprint_changes_with_its_own_kind_only(catalogue: Catalogue, tmp_path: Path) -> None:
    for name in IN_ORDER:
        catalogue.load(FORMATS / name)
    changes = {
        "songs": {"song_id": "oda|brass", "album": "Another"},
        "playlists": {"playlist_id": "rainy", "name": "renamed"},
        "artist_tags": {"artist": "Oda Finch", "tag": "new"},
        "labels": {"song_id": "oda|brass", "title": "Brass Umbrella", "mood": "wistful"},
    }
    for number, (kind, row) in enumerate(changes.items()):
        before, whole = catalogue.fingerprints(), catalogue.fingerprint()
        assert list(before) == ["songs", "playlists", "artist_tags", "labels", "timbres"]
        assert catalogue.load(rows(tmp_path, row, name=f"{number}.jsonl")).changed
        now = catalogue.fingerprints()
        assert {name for name in now if now[name] != before[name]} == {kind}
        assert catalogue.fingerprint() != whole


def test_a_snapshot_is_read_inside_its_block(catalogue: Catalogue) -> None:
    with catalogue.snapshot() as snapshot:
        pass
    with pytest.raises(ValueError, match="block has ended"):
        len(snapshot)
    with pytest.raises(ValueError, match="block has ended"):
        next(snapshot.songs())
