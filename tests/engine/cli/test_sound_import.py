"""The command and folders of sound: what it says of them, what it asks, and files that stand for songs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from indexer import Catalogue
from tests.engine.cli.running import run
from tests.engine.cli.shapes import misfits
from tests.indexer.sources.sound.collection import sound_file

DONE, REFUSED, MISUSED = 0, 1, 2
COUNTS = {"added": int, "changed": int, "unchanged": int, "refused": int}


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "Music"
    for number, pitch in enumerate((220, 247, 277), start=1):
        sound_file(folder / f"{number}.ogg", pitch=pitch, seconds=0.5, title=f"Song {number}", artist="Oda Finch")
    return folder


def songs(folder: Path) -> int:
    with Catalogue(folder / "refrain.db") as catalogue:
        return len(catalogue)


def test_a_folder_of_sound_and_a_table_in_one_command(music: Path, tmp_path: Path) -> None:
    (tmp_path / "more.jsonl").write_text('{"title": "A", "artist": "B"}\n')
    (music / "broken.flac").write_bytes(b"fLaC")
    done = run("import", "Music", "more.jsonl", "--workers", "1", "--json", cwd=tmp_path)
    table, folder = done.json["imports"]
    assert (table["counts"]["songs"]["added"], folder["format"]) == (1, "folder of sound")
    assert misfits(folder["counts"], dict.fromkeys(("files", "songs", "playlists", "entries"), COUNTS)) == []
    assert folder["counts"]["files"] == {"added": 4, "changed": 0, "unchanged": 0, "refused": 1}
    assert songs(tmp_path) == 4
    again = run("import", "Music", cwd=tmp_path)
    assert again.code == DONE
    assert "broken.flac: neither tags nor sound are in it" in again.err
    assert "broken.flac: neither tags nor sound are in it" in " ".join(run("refused", cwd=tmp_path).out.split())


def test_one_file_of_sound(music: Path, tmp_path: Path) -> None:
    assert run("import", "Music/2.ogg", cwd=tmp_path).code == DONE
    assert songs(tmp_path) == 1


def test_many_files_that_are_gone_go_with_yes_alone(music: Path, tmp_path: Path) -> None:
    run("import", "Music", cwd=tmp_path)
    (music / "1.ogg").unlink()
    for words in ((), ("--prune",)):
        done = run("import", "Music", *words, cwd=tmp_path)
        assert done.code == DONE
        assert ("give --prune --yes" if words else "give --prune") in done.err
        assert songs(tmp_path) == 3
    done = run("import", "Music", "--prune", "--yes", cwd=tmp_path)
    assert "1 file gone and taken out, with 1 song" in done.err
    assert songs(tmp_path) == 2


def test_a_folder_that_is_not_there_is_one_line(music: Path, tmp_path: Path) -> None:
    run("import", "Music", cwd=tmp_path)
    shutil.rmtree(music)
    done = run("import", "Music", "--prune", "--yes", cwd=tmp_path)
    assert (done.code, len(done.err.splitlines())) == (REFUSED, 1)
    assert "does not exist" in done.err
    assert songs(tmp_path) == 3


def test_a_file_stands_for_its_song(demo_catalogue: Path, demo_index: Path, tmp_path: Path) -> None:
    shutil.copy(demo_catalogue, tmp_path / "refrain.db")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        song = next(catalogue.songs())
    path = sound_file(tmp_path / "Music" / "x.flac", seconds=0.5, title=song.title, artist=song.artist)
    run("import", "Music", cwd=tmp_path)
    place = {"REFRAIN_CATALOGUE": str(tmp_path / "refrain.db"), "REFRAIN_INDEX": str(demo_index)}
    shown = run("show", str(path), "--json", env=place)
    assert shown.json["song_id"] == song.song_id
    assert run("recommend", "--seed", "Music/x.flac", "-k", "3", cwd=tmp_path, env=place).code == DONE
    other = sound_file(tmp_path / "other.flac", seconds=0.5, pitch=300)
    done = run("show", str(other), env=place)
    assert done.code == MISUSED
    assert "other.flac is a file of no imported folder; import it with: refrain import" in done.err
