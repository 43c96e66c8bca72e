"""Files that appear whole, helpers that never leave the index folder, and messages for disks that are full."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import IndexFormatError, RefrainError
from indexer.store.files import (
    inside,
    link,
    open_regular,
    parse_json,
    read_json,
    replace_whole,
    reserve,
    share_modes,
    write_whole,
    writing,
)

# ---- written whole -------------------------------------------------------------------------------


def test_an_error_names_the_file_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("nowhere", "file"):
        with pytest.raises(OSError, match="dogs") as refused:
            write_whole(tmp_path / folder / "dogs.txt", "new")
        assert refused.value.filename == str(tmp_path / folder / "dogs.txt")


def test_a_link_and_a_mode_outlast_writing(tmp_path: Path) -> None:
    target, named = tmp_path / "target.txt", tmp_path / "named.txt"
    target.write_text("old")
    target.chmod(0o640)
    named.symlink_to(target)
    write_whole(named, "new")
    assert named.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["named.txt", "target.txt"]


def test_inside_an_index_a_link_is_replaced(tmp_path: Path) -> None:
    outside, planted = tmp_path / "diary.txt", tmp_path / "CURRENT"
    outside.write_text("dear diary")
    planted.symlink_to(outside)
    replace_whole(planted, "000001")
    assert outside.read_text() == "dear diary"
    assert not planted.is_symlink()
    assert planted.read_text() == "000001"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from indexer.store.files import write_whole\n"
    code += "write_whole(Path('/dev/stdout'), 'slow rain')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=os.getcwd(), timeout=60)
    assert (ran.stdout, ran.stderr) == ("slow rain", "")


def test_what_a_killed_writer_left_goes_and_a_living_ones_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, living = (tmp_path / f".list[1].m3u.{pid}.abcd.new" for pid in (ended.pid, os.getppid()))
    other = tmp_path / f".list1.m3u.{ended.pid}.abcd.new"
    for path in (dead, living, other):
        path.touch()
    write_whole(tmp_path / "list[1].m3u", "x")
    assert not dead.exists()
    assert living.exists()
    assert other.exists(), "another file's"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.json"
    write_whole(path, "old")

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("indexer.store.files.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


# ---- reading what others wrote -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "", "a\0b", "linked/x", "linked"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "linked").symlink_to(tmp_path)
    with pytest.raises(IndexFormatError, match="rebuild with"):
        inside(tmp_path / "root", name)


def test_names_within_are_paths(tmp_path: Path) -> None:
    assert inside(tmp_path, "songs/titles.npy") == tmp_path / "songs" / "titles.npy"
    assert inside(tmp_path, "..titles") == tmp_path / "..titles", "two dots that begin a name lead nowhere"


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "missing", "closed"])
def test_only_regular_files_are_opened_and_nothing_waits(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    match kind:
        case "link":
            path.symlink_to("/etc/hostname")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "closed":
            if os.geteuid() == 0:
                pytest.skip("root reads everything")
            path.touch(mode=0)
    with pytest.raises(IndexFormatError, match=r"file.*rebuild with"):
        open_regular(path)
    assert not (kind == "missing" and path.exists())


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "NaN", "-Infinity", "1e999", "9" * 30, "9" * 5_000, "{", "", '"\\ud8', "\xff"]
)
def test_json_that_no_build_writes_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(IndexFormatError, match=r"facts.json cannot be read .*rebuild with"):
        read_json(path)


def test_json_longer_than_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text("[1, 2, 3]")
    assert read_json(tmp_path / "facts.json", limit=9) == [1, 2, 3]
    with pytest.raises(IndexFormatError, match="longer than 8 bytes"):
        read_json(tmp_path / "facts.json", limit=8)


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_json_or_a_value_error(text: str | bytes) -> None:
    with contextlib.suppress(ValueError):
        parse_json(text)


# ---- writing into an index -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "library"),
    [(OSError(errno.ENOSPC, "No space left on device"), OSError), (RuntimeError("write_index: no"), RuntimeError)],
)
def test_a_disk_error_says_what_to_do(tmp_path: Path, error: Exception, library: type[Exception]) -> None:
    with (
        pytest.raises(RefrainError, match=r"vectors could not be written: .*; make room"),
        writing(tmp_path / "vectors", library),
    ):
        raise error


def test_a_mistake_in_the_program_is_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a bug"), writing(tmp_path / "vectors", RuntimeError):
        raise ValueError("a bug")


def test_room_is_reserved_or_refused(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+b") as file:
        reserve(file.fileno(), 1 << 20)
        assert os.fstat(file.fileno()).st_blocks * 512 >= 1 << 20
        with pytest.raises(OSError, match=r"."):
            reserve(file.fileno(), 1 << 62)


def test_a_linked_file_is_one_file_and_a_planted_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("words")
    link(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").stat().st_ino == (tmp_path / "b").stat().st_ino
    (tmp_path / "diary").write_text("dear diary")
    (tmp_path / "planted").symlink_to(tmp_path / "diary")
    with pytest.raises(IndexFormatError, match="symbolic link"):
        link(tmp_path / "planted", tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_a_disk_without_hard_links_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_text("words")
    link(str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / "b").read_text() == "words"


def test_modes_are_those_of_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "generation"
    (folder / "lexical").mkdir(parents=True)
    for name in ("meta.json", "lexical/words"):
        (folder / name).touch(mode=0o600)
    outside = tmp_path / "diary"
    outside.touch(mode=0o600)
    (folder / "planted").symlink_to(outside)
    before = os.umask(0o027)
    try:
        share_modes(folder)
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("lexical", "meta.json", "lexical/words")}
    assert modes == {"lexical": 0o750, "meta.json": 0o640, "lexical/words": 0o640}
    assert stat.S_IMODE(outside.stat().st_mode) == 0o600
