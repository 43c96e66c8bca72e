"""The index folder: whole or not at all, checked on opening, pruned when nobody reads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import BusyError, IndexFormatError, IndexMissingError, RefrainError
from indexer.store import artefacts
from indexer.store.generations import open_generation, verify
from indexer.store.publish import new_generation, tidy

NUMBERS, NAMES, MODEL = artefacts.POPULARITY, artefacts.TITLE, artefacts.TOPIC_MODEL
FACTS: dict[str, Any] = {"stages": {}, "config": "{}"}


def write(index: Path, value: int, **options: bool) -> None:
    with new_generation(index, {**FACTS, "songs": value}, **options) as (draft, _):
        draft.write_array(NUMBERS, np.full(3, value, np.float32))
        draft.write_strings(NAMES, ["a", "", "ü"])
        (draft.folder(MODEL) / "m.txt").write_text("x")
        draft.finish("key", (NUMBERS, NAMES, MODEL), {})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "ix", 7)
    generation = open_generation(tmp_path / "ix")
    assert generation.array(NUMBERS).tolist() == [7, 7, 7]
    assert list(generation.strings(NAMES)) == ["a", "", "ü"]
    assert (generation.place(MODEL) / "m.txt").read_text() == "x"
    assert generation.has(MODEL)
    assert not generation.has(artefacts.TASTE_MODEL)
    assert generation.manifest["songs"] == 7
    assert verify(tmp_path / "ix") == []


@settings(max_examples=40)
@given(
    before=st.lists(st.text(max_size=5), max_size=6), after=st.lists(st.text(max_size=5), max_size=5), data=st.data()
)
def test_extended_texts_are_the_old_ones_but_the_blank_and_the_new(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str], data: st.DataObject
) -> None:
    index = tmp_path_factory.mktemp("ix")
    stored = [[t.encode("utf-8", "replace").decode() for t in texts] for texts in (before, after)]
    blank = np.array(data.draw(st.lists(st.booleans(), min_size=len(before), max_size=len(before))), bool)
    with new_generation(index, dict(FACTS)) as (draft, _):
        draft.write_strings(NAMES, before)
        draft.finish("key", (NAMES,), {})
    with new_generation(index, dict(FACTS)) as (draft, _):
        assert draft.base is not None
        draft.write_strings(NAMES, after, after=draft.base.strings(NAMES), blank=blank)
        draft.finish("key", (NAMES,), {})
    expected = ["" if gone else text for text, gone in zip(stored[0], blank, strict=True)]
    generation = open_generation(index)
    assert list(generation.strings(NAMES)) == expected + stored[1]
    raw = (generation.path / f"{NAMES.name}.utf8").read_bytes()
    assert raw == "".join(expected + stored[1]).encode(), "a blank text leaves no byte"


def test_a_failed_build_leaves_what_was_there(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)

    def fail() -> None:
        with new_generation(index, dict(FACTS)) as (draft, _):
            draft.write_array(NUMBERS, np.zeros(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert open_generation(index).manifest["songs"] == 1
    assert [p.name for p in (index / "generations").iterdir()] == ["000001"], "nothing was finished, nothing is left"


def test_what_a_failed_build_had_finished_is_taken_over(tmp_path: Path) -> None:
    index = tmp_path / "ix"

    def fail() -> None:
        with new_generation(index, dict(FACTS)) as (draft, left_over):
            assert left_over == []
            draft.write_array(NUMBERS, np.arange(3, dtype=np.float32))
            draft.finish("numbers 1", (NUMBERS,), {"songs": 3})
            draft.write_strings(NAMES, ["unfinished"])
            raise RuntimeError("a stage failed")

    with pytest.raises(RuntimeError):
        fail()
    with new_generation(index, dict(FACTS)) as (draft, left_over):
        assert draft.recover("numbers 2", left_over) is None, "other work has another key"
        assert draft.recover("numbers 1", left_over) == {"songs": 3}
        draft.write_strings(NAMES, ["finished"])
        draft.finish("names", (NAMES,), {})
    generation = open_generation(index)
    assert generation.array(NUMBERS).tolist() == [0, 1, 2]
    assert list(generation.strings(NAMES)) == ["finished"]
    assert verify(index) == []
    assert sorted(p.name for p in (index / "generations").iterdir()) == ["000001"]


@pytest.mark.parametrize("damage", ["cut", "link", "no journal", "hostile journal", "deep journal"])
def test_what_does_not_fit_any_more_is_not_taken_over(tmp_path: Path, damage: str) -> None:
    index = tmp_path / "ix"
    (tmp_path / "secret").write_text("secret")

    def fail() -> None:
        with new_generation(index, dict(FACTS)) as (draft, _):
            draft.write_array(NUMBERS, np.arange(3, dtype=np.float32))
            draft.finish("numbers", (NUMBERS,), {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    (draft_folder,) = (index / "generations").glob(".*")
    file, journal = draft_folder / "popularity.npy", draft_folder / "journal.json"
    if damage == "cut":
        os.truncate(file, 100)
    elif damage == "link":
        file.unlink()
        file.symlink_to(tmp_path / "secret")
    elif damage == "no journal":
        journal.unlink()
    elif damage == "hostile journal":
        journal.write_text(json.dumps({"numbers": {"files": {"../../../secret": {"bytes": 6}}, "result": {}}}))
    else:
        journal.write_text("[" * 100_000)
    with new_generation(index, dict(FACTS)) as (draft, left_over):
        assert draft.recover("numbers", left_over) is None
        draft.write_array(NUMBERS, np.zeros(2))
        draft.finish("numbers", (NUMBERS,), {})
    assert (tmp_path / "secret").read_text() == "secret"


def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "ix"
    write(index, 1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.posix_fallocate", full)
        with pytest.raises(RefrainError, match=r"No space left.*make room"):
            write(index, 2)
    with monkeypatch.context() as patched:
        patched.setattr("indexer.store.publish._seal", full)
        with pytest.raises(RefrainError, match=r"No space left.*unchanged; make room.*goes on where it stopped"):
            write(index, 2)
    assert open_generation(index).manifest["songs"] == 1


@pytest.mark.parametrize("moment", ["_seal", "os.replace", "replace_whole"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "killed"])
def test_what_a_build_had_finished_survives_an_end_at_any_moment_of_publishing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, error: BaseException
) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    place = moment if moment == "os.replace" else f"indexer.store.publish.{moment}"

    def end(*_: object) -> None:
        raise error

    def build() -> None:
        with new_generation(index, dict(FACTS)) as (draft, _):
            draft.write_array(NUMBERS, np.arange(4, dtype=np.float32))
            draft.finish("numbers", (NUMBERS,), {"songs": 4})
            patched.setattr(place, end)

    with monkeypatch.context() as patched, pytest.raises((RefrainError, KeyboardInterrupt)):
        build()
    assert open_generation(index).manifest["songs"] == 1
    with new_generation(index, dict(FACTS) | {"songs": 4}) as (draft, left_over):
        assert draft.recover("numbers", left_over) == {"songs": 4}
    assert open_generation(index).array(NUMBERS).tolist() == [0, 1, 2, 3]
    assert verify(index) == []
    assert len(list((index / "generations").iterdir())) == 2, "the one before, and the current one"


def test_a_writer_killed_right_after_publishing_leaves_a_sound_index(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    (open_generation(index).path / "journal.json").write_text("{}")
    assert verify(index) == []
    reader = open_generation(index)
    write(index, 2)
    assert reader.array(NUMBERS).tolist() == [1, 1, 1], "it was published, and somebody reads it"
    assert verify(index) == []


def test_errors_of_a_stage_are_not_called_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_generation(tmp_path / "ix", dict(FACTS)):
        (tmp_path / "no such file").read_text()


def test_kill_9_in_the_middle_leaves_the_old_state(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    script = (
        "import numpy as np, sys, time; from indexer.store.publish import new_generation\n"
        "from indexer.store.artefacts import POPULARITY\n"
        f"with new_generation({str(index)!r}, {{}}) as (draft, _):\n"
        "    draft.write_array(POPULARITY, np.zeros(3)); print('in', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(BusyError, match=rf"is being written by process {writer.pid} \("):
            write(index, 3)
        writer.send_signal(signal.SIGKILL)
    assert open_generation(index).manifest["songs"] == 1
    write(index, 2)
    assert open_generation(index).manifest["songs"] == 2
    assert not list((index / "generations").glob(".*")), "what the dead writer left is cleaned away"


def test_readers_keep_their_generation_and_the_one_before_stays(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    reader = open_generation(index)
    for value in (2, 3, 4):
        write(index, value)
    assert reader.array(NUMBERS).tolist() == [1, 1, 1]
    assert {p.name for p in (index / "generations").iterdir()} == {"000001", "000003", "000004"}
    reader.close()
    write(index, 5)
    assert {p.name for p in (index / "generations").iterdir()} == {"000004", "000005"}
    write(index, 6, purge=True)
    assert {p.name for p in (index / "generations").iterdir()} == {"000006"}
    reader = open_generation(index)
    write(index, 7, purge=True)
    reader.close()
    tidy(index)
    assert {p.name for p in (index / "generations").iterdir()} == {"000007"}, "by whoever comes after the reader"


def test_opening_while_generations_are_published_and_purged_never_fails(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 0)
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                generation = open_generation(index)
                value = generation.manifest["songs"]
                assert generation.array(NUMBERS).tolist() == [value] * 3
                generation.close()
            except BaseException as error:  # whatever it is, the test shows it
                errors.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for value in range(1, 25):
        write(index, value, purge=True)
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []


def test_what_is_not_the_indexs_own_is_left_alone(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    for foreign in (".git", ".000001.backup", ".cache", "notes"):
        (index / "generations" / foreign).mkdir(parents=True)
        (index / "generations" / foreign / "mine").write_text("mine")
    for value in (1, 2, 3):
        write(index, value)
    for foreign in (".git", ".000001.backup", ".cache", "notes"):
        assert (index / "generations" / foreign / "mine").read_text() == "mine"


def test_a_linked_generations_folder_is_refused_and_what_it_leads_to_is_untouched(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "000001").mkdir(parents=True)
    (home / "000001" / "mine").write_text("mine")
    index = tmp_path / "ix"
    index.mkdir()
    (index / "generations").symlink_to(home)
    with pytest.raises(IndexFormatError, match="is a link, expected a folder"):
        write(index, 1)
    assert (home / "000001" / "mine").read_text() == "mine"


@pytest.mark.parametrize("kind", ["pipe", "endless", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    current = index / "CURRENT"
    current.unlink()
    {"pipe": lambda: os.mkfifo(current), "endless": lambda: current.symlink_to("/dev/zero"), "folder": current.mkdir}[
        kind
    ]()
    with pytest.raises(IndexFormatError, match=r"CURRENT is (a pipe|a symbolic link|a folder)"):
        open_generation(index)


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
        os.truncate(folder / "popularity.npy", 135)
    elif damage == "remove array":
        (folder / "popularity.npy").unlink()
    elif damage == "cut CURRENT":
        (index / "CURRENT").write_text("0000")
    else:
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(manifest | {"version": 99}))
    with pytest.raises(IndexFormatError, match=r"rebuild|refrain build"):
        open_generation(index)


@pytest.mark.parametrize(
    "hostile", ["foreign file", "way out", "link", "link to a folder", "deep", "no stages", "huge"]
)
def test_a_manifest_made_to_fit_opens_nothing_outside_the_index(tmp_path: Path, hostile: str) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    (tmp_path / "secret").write_text("x" * 24)
    folder = index / "generations" / "000001"
    manifest = json.loads((folder / "manifest.json").read_text())
    if hostile == "foreign file":
        manifest["files"]["evil.py"] = {"bytes": 0, "sha256": ""}
    elif hostile == "way out":
        manifest["files"]["topic_model/../../../../secret"] = {"bytes": 24, "sha256": ""}
    elif hostile == "link":
        (folder / "topic_model" / "m.txt").unlink()
        (folder / "topic_model" / "m.txt").symlink_to(tmp_path / "secret")
        manifest["files"]["topic_model/m.txt"]["bytes"] = 24
    elif hostile == "link to a folder":
        (folder / "topic_model" / "m.txt").unlink()
        (folder / "topic_model").rmdir()
        (folder / "topic_model").symlink_to(tmp_path)
        manifest["files"] |= {"topic_model/secret": {"bytes": 24, "sha256": ""}}
        del manifest["files"]["topic_model/m.txt"]
    elif hostile == "no stages":
        del manifest["stages"]
    elif hostile == "huge":
        manifest["songs"] = 10**400
    raw = json.dumps(manifest).encode() if hostile != "deep" else b"[" * 100_000
    (folder / "manifest.json").write_bytes(raw)
    (index / "CURRENT").write_text(f"000001 {sha256(raw).hexdigest()}\n")
    with pytest.raises(IndexFormatError, match="rebuild"):
        open_generation(index)


def test_verify_finds_one_flipped_byte(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    flip(index / "generations" / "000001" / "popularity.npy", 130)
    assert [problem.split(":")[0] for problem in verify(index)] == ["popularity.npy"]


def test_hard_links_share_and_never_change_the_old(tmp_path: Path) -> None:
    index = tmp_path / "ix"
    write(index, 1)
    reader = open_generation(index)
    with new_generation(index, dict(FACTS)) as (draft, _):
        draft.adopt(reader, (NUMBERS, MODEL))
    new = open_generation(index)
    assert os.stat(new.path / "popularity.npy").st_ino == os.stat(reader.path / "popularity.npy").st_ino
    assert (new.place(MODEL) / "m.txt").read_text() == "x"
    assert verify(index) == []


def test_another_user_may_read_what_one_user_wrote(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with new_generation(tmp_path / "ix", dict(FACTS)) as (draft, _):
            file = draft.folder(MODEL) / "m.safetensors"
            file.write_bytes(b"x")
            file.chmod(0o600)  # as libraries do
            draft.finish("key", (MODEL,), {})
    finally:
        os.umask(before)
    modes = {p: p.stat().st_mode & 0o777 for p in (tmp_path / "ix" / "generations").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o644}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o755}


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
