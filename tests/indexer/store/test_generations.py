"""The index folder: whole or not at all, checked on opening, pruned when nobody reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import IndexFormatError, IndexMissingError, RefrainError
from indexer.store.generations import new_generation, open_generation, verify


def write(index: Path, value: int) -> None:
    with new_generation(index, {"songs": value}) as draft:
        draft.write_array("numbers", np.full(3, value))
        draft.write_strings("names", ["a", "", "ü"])
        (draft.folder("models") / "m.txt").write_text("x")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "ix", 7)
    generation = open_generation(tmp_path / "ix")
    assert generation.array("numbers").tolist() == [7, 7, 7]
    assert list(generation.strings("names")) == ["a", "", "ü"]
    assert generation.manifest["songs"] == 7
    assert verify(tmp_path / "ix") == []


@settings(max_examples=25)
@given(before=st.lists(st.text(max_size=5), max_size=5), after=st.lists(st.text(max_size=5), max_size=5))
def test_extended_strings_and_arrays_are_the_concatenation(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str]
) -> None:
    index = tmp_path_factory.mktemp("ix")
    clean = [[t.encode("utf-8", "replace").decode() for t in texts] for texts in (before, after)]
    with new_generation(index, {}) as draft:
        draft.write_strings("s", clean[0])
        draft.write_array("a", np.arange(len(before)))
    with new_generation(index, {}) as draft:
        assert draft.base is not None
        draft.write_strings("s", clean[1], after=draft.base.strings("s"))
        draft.write_array("a", np.arange(len(after)), after=draft.base.array("a"))
    generation = open_generation(index)
    assert list(generation.strings("s")) == clean[0] + clean[1]
    assert generation.array("a").tolist() == [*range(len(before)), *range(len(after))]


def test_a_failed_build_leaves_what_was_there(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)

    def fail() -> None:
        with new_generation(index, {}) as draft:
            draft.write_array("numbers", np.zeros(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert open_generation(index).manifest["songs"] == 1
    assert [p.name for p in (index / "generations").iterdir()] == ["000001"]


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)

    def fill() -> None:
        with new_generation(index, {}):
            raise OSError(28, "No space left on device")

    with pytest.raises(RefrainError, match=r"No space left.*unchanged.*make room"):
        fill()
    assert open_generation(index).manifest["songs"] == 1


def test_kill_9_in_the_middle_leaves_the_old_state(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    script = (
        "import numpy as np, sys, time; from indexer.store.generations import new_generation\n"
        f"with new_generation({str(index)!r}, {{}}) as draft:\n"
        "    draft.write_array('numbers', np.zeros(3)); print('in', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(RefrainError, match="another `refrain build`"):
            write(index, 3)
        writer.send_signal(signal.SIGKILL)
    assert open_generation(index).manifest["songs"] == 1
    write(index, 2)
    assert open_generation(index).manifest["songs"] == 2
    assert not list((index / "generations").glob(".*")), "what the dead writer left is cleaned away"


def test_readers_keep_their_generation_and_old_ones_are_pruned(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    reader = open_generation(index)
    for value in (2, 3):
        write(index, value)
    assert reader.array("numbers").tolist() == [1, 1, 1]
    assert {p.name for p in (index / "generations").iterdir()} == {"000001", "000003"}
    reader.close()
    write(index, 4)
    assert {p.name for p in (index / "generations").iterdir()} == {"000004"}


def test_no_index_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="refrain build"):
        open_generation(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["flip manifest", "cut array", "remove array", "cut CURRENT", "other version"])
def test_damage_is_seen_on_opening(tmp_path: Path, damage: str) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    folder = index / "generations" / "000001"
    if damage == "flip manifest":
        flip(folder / "manifest.json", 40)
    elif damage == "cut array":
        os.truncate(folder / "numbers.npy", 140)
    elif damage == "remove array":
        (folder / "numbers.npy").unlink()
    elif damage == "cut CURRENT":
        (index / "CURRENT").write_text("0000")
    else:
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(manifest | {"version": 99}))
    with pytest.raises(IndexFormatError, match=r"rebuild|refrain build"):
        open_generation(index)


def test_verify_finds_one_flipped_byte(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    flip(index / "generations" / "000001" / "numbers.npy", 130)
    assert [problem.split(":")[0] for problem in verify(index)] == ["numbers.npy"]


def test_hard_links_share_and_never_change_the_old(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    reader = open_generation(index)
    with new_generation(index, {}) as draft:
        draft.adopt(reader, "numbers.npy", "models")
    new = open_generation(index)
    assert os.stat(new.path / "numbers.npy").st_ino == os.stat(reader.path / "numbers.npy").st_ino
    assert (new.path / "models" / "m.txt").read_text() == "x"


def test_a_file_where_the_index_should_be(tmp_path: Path) -> None:
    (tmp_path / "ix").write_text("not a folder")
    with pytest.raises(RefrainError, match="expected a folder"), new_generation(tmp_path / "ix", {}):
        pass
    with pytest.raises(IndexMissingError):
        open_generation(tmp_path / "ix")


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
