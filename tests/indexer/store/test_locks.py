"""Locks: one writer, readers that are seen, and lock files that somebody planted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.errors import BusyError, RefrainError
from indexer.store.locks import is_gone, lock_shared, unread, writer_lock
from indexer.waiting import Patience


def test_a_second_writer_is_refused_and_the_next_one_is_not(tmp_path: Path) -> None:
    here = rf"is being written by process {os.getpid()} \(.*\) since \d\d:\d\d:\d\d; try again"
    with writer_lock(tmp_path), pytest.raises(BusyError, match=here), writer_lock(tmp_path):
        pass
    with writer_lock(tmp_path):
        pass
    assert (tmp_path / ".writer").read_bytes() == b"", "who has left is named no more"


def test_a_second_writer_waits_for_the_first_and_says_for_whom(tmp_path: Path) -> None:
    sentences: list[str] = []
    waits = threading.Event()

    def waiting(sentence: str) -> None:
        sentences.append(sentence)
        waits.set()

    def second() -> None:
        with writer_lock(tmp_path, Patience(60, waiting)):
            pass

    with ThreadPoolExecutor(1) as pool:
        with writer_lock(tmp_path):
            waited = pool.submit(second)
            assert waits.wait(60)
            assert not waited.done()
        waited.result(60)
    assert len(sentences) == 1
    assert f"by process {os.getpid()} (" in sentences[0]
    assert sentences[0].endswith("waiting until that has ended")


def test_who_waited_for_a_folder_that_is_gone_by_then_writes_nowhere(tmp_path: Path) -> None:
    waits = threading.Event()

    def second() -> None:
        with writer_lock(tmp_path, Patience(60, lambda _: waits.set())):
            raise AssertionError("it has the lock of a file that nobody else can find")

    with ThreadPoolExecutor(1) as pool:
        with writer_lock(tmp_path):
            waited = pool.submit(second)
            assert waits.wait(60)
            (tmp_path / ".writer").unlink()
        with pytest.raises(BusyError, match="was removed while this process waited"):
            waited.result(60)


@pytest.mark.parametrize(
    "words", [b"", b"{", b"[" * 999, b'{"pid": "4"}', b"null", b"\xff\0", b'{"pid":1,"command":2,"since":3,"host":4}']
)
def test_a_lock_file_whose_words_nobody_can_read_names_nobody(tmp_path: Path, words: bytes) -> None:
    with writer_lock(tmp_path):
        (tmp_path / ".writer").write_bytes(words)
        with pytest.raises(BusyError, match="by another process; try again"), writer_lock(tmp_path):
            pass


def test_a_writer_on_another_machine_is_named_with_it(tmp_path: Path) -> None:
    words = {"pid": 7, "command": "refrain build", "since": "yesterday", "host": "nas"}
    with writer_lock(tmp_path):
        (tmp_path / ".writer").write_text(json.dumps(words))
        with pytest.raises(BusyError, match=r"process 7 \(refrain build\) on nas; try again"), writer_lock(tmp_path):
            pass


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    code = "import os, sys; from pathlib import Path; from indexer.store.locks import writer_lock\n"
    code += "with writer_lock(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=os.getcwd(), timeout=60)
    assert (tmp_path / ".writer").exists()
    with writer_lock(tmp_path):
        pass


def test_a_lock_file_that_is_another_name_of_a_file_leaves_it_whole(tmp_path: Path) -> None:
    diary, index = tmp_path / "diary", tmp_path / "index"
    diary.write_text("dear diary")
    index.mkdir()
    (index / ".writer").symlink_to(diary)
    with pytest.raises(RefrainError, match="no regular file"), writer_lock(index):
        pass
    (index / ".writer").unlink()
    os.link(diary, index / ".writer")
    with writer_lock(index):
        pass
    assert diary.read_text() == "dear diary"


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_lock_file_that_is_none_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / ".writer") if kind == "pipe" else (tmp_path / ".writer").mkdir()
    with pytest.raises(RefrainError, match="no regular file"), writer_lock(tmp_path):
        pass


def test_readers_are_seen_until_they_close(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"

    def nobody_reads() -> bool:
        with unread(path) as nobody:
            return nobody

    assert nobody_reads(), "a file that is not there has no readers"
    path.touch()
    assert nobody_reads()
    reader = os.open(path, os.O_RDONLY)
    lock_shared(reader)
    assert not nobody_reads()
    os.close(reader)
    assert nobody_reads()


def test_a_reader_that_waited_for_a_removal_knows_that_the_file_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.touch()
    reader = os.open(path, os.O_RDONLY)
    with ThreadPoolExecutor(1) as pool:
        with unread(path) as nobody:
            assert nobody
            waiting = pool.submit(lock_shared, reader)
            path.unlink()
            with pytest.raises(TimeoutError):
                waiting.result(0.05)
        waiting.result(10)
    assert is_gone(reader)
    os.close(reader)
