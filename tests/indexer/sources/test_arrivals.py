"""Arrivals: each state of a file is given out once, when it is whole; real files, and a clock of the test's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from indexer.sources.arrivals import LONGEST_S, REST_S, Arrivals, Arrived


class Looking:
    """A folder that is looked at, and the time."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        folder.mkdir(exist_ok=True)
        self.folder = folder
        own = (str(folder / "refrain.db"), str(folder / "refrain.index"))
        self.arrivals = Arrivals(folder, lambda path: path in own, clock=lambda: self.now)

    def look(self, after_s: float = 0.0) -> Arrived:
        self.now += after_s
        return self.arrivals.look()

    def names(self, after_s: float = REST_S) -> list[str]:
        """Of what is given out."""
        return [path.relative_to(self.folder).as_posix() for path in self.look(after_s).files]

    def write(self, name: str, text: str = "text") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    return Looking(tmp_path / "inbox")


def test_a_file_is_given_out_once_when_it_has_rested(looking: Looking) -> None:
    looking.write("a.csv")
    assert looking.names(0) == []
    assert looking.names(REST_S / 2) == []
    assert looking.names(REST_S / 2) == ["a.csv"]
    assert looking.names(100) == []
    looking.write("a.csv", "other text")
    assert looking.names(0) == []
    assert looking.names() == ["a.csv"], "a change is as good as a new file"


def test_a_file_that_grows_waits_until_it_grows_no_more(looking: Looking) -> None:
    for size in range(1, 30):
        looking.write("export.json", "x" * size)
        assert looking.names(1.0) == []
    assert looking.names() == ["export.json"]


def test_times_in_the_past_and_in_the_future_are_times(looking: Looking) -> None:
    for name, when in (("old.csv", 0), ("new.csv", 4_000_000_000)):
        os.utime(looking.write(name), (when, when))
    assert looking.names(0) == []
    assert looking.names() == ["new.csv", "old.csv"]


def test_a_file_that_is_renamed_into_place_is_new_and_its_unfinished_name_is_none(looking: Looking) -> None:
    part = looking.write("album.zip.part")
    assert looking.names(0) == looking.names() == []
    part.rename(looking.folder / "album.zip")
    assert looking.names(0) == []
    assert looking.names() == ["album.zip"]


def test_those_that_are_ready_wait_for_the_rest_of_the_copy_but_not_for_ever(looking: Looking) -> None:
    looking.write("a.csv")
    looking.look()
    for turn in range(int(LONGEST_S) - 1):
        looking.write("endless.log", "x" * turn)
        assert looking.names(1.0) == []
    looking.write("endless.log", "x" * 1000)
    arrived = looking.look(REST_S)
    assert [path.name for path in arrived.files] == ["a.csv"]
    assert {path.name for path in arrived.unfinished} == {"endless.log"}
    assert looking.names() == ["endless.log"]


def test_hidden_unfinished_and_own_files_are_passed_over(looking: Looking) -> None:
    for name in (
        ".hidden.csv", ".stfolder/a.csv", "b.crdownload", "b.csv~", "~lock.b.csv", "@eaDir/x.csv", "__MACOSX/b.csv",
        "refrain.db", "refrain.index/generations/000001/manifest.json", "x.tmp",
    ):  # fmt: skip
        looking.write(name)
    looking.write("refrain.db.csv")
    os.mkfifo(looking.folder / "pipe.csv")
    looking.look()
    assert looking.names() == ["refrain.db.csv"]


def test_links_are_followed_and_each_folder_is_entered_once(looking: Looking, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "song.csv").write_text("text")
    looking.write("below/a.csv")
    (looking.folder / "linked").symlink_to(tmp_path / "elsewhere")
    (looking.folder / "b.csv").symlink_to(tmp_path / "elsewhere" / "song.csv")
    (looking.folder / "below" / "loop").symlink_to(looking.folder)
    (looking.folder / "nowhere.csv").symlink_to(tmp_path / "nowhere")
    looking.look()
    assert looking.names() == ["b.csv", "below/a.csv", "linked/song.csv"]


def test_what_is_gone_is_counted_once_and_is_not_new_when_it_comes_back(looking: Looking, tmp_path: Path) -> None:
    for name in ("a.csv", "music/b.mp3", "music/c.mp3"):
        looking.write(name)
    looking.look()
    assert len(looking.names()) == 3
    (looking.folder / "music").rename(tmp_path / "away")
    assert looking.look().gone == 2
    assert looking.look().gone == 0
    (tmp_path / "away").rename(looking.folder / "music")
    assert looking.names(0) == looking.names() == []
    (looking.folder / "a.csv").unlink()
    assert looking.look().gone == 1
    looking.write("a.csv", "another text")
    looking.look()
    assert looking.names() == ["a.csv"]


def test_a_folder_that_is_not_there_is_an_error_and_nothing_in_it_is_gone(looking: Looking) -> None:
    looking.write("a.csv")
    looking.look()
    assert looking.names() == ["a.csv"]
    away = looking.folder.rename(looking.folder.with_name("away"))
    with pytest.raises(FileNotFoundError):
        looking.look()
    away.rename(looking.folder)
    arrived = looking.look(REST_S)
    assert (arrived.files, arrived.gone) == ((), 0)
    shutil.rmtree(looking.folder)
    looking.folder.touch()
    with pytest.raises(NotADirectoryError):
        looking.look()


def test_a_folder_that_is_closed_is_named_and_what_was_in_it_is_not_gone(ordinary_user: Path) -> None:
    looking = Looking(ordinary_user / "inbox")
    looking.write("below/a.csv")
    looking.look()
    assert looking.names() == ["below/a.csv"]
    below = looking.folder / "below"
    below.chmod(0)
    try:
        arrived = looking.look()
        assert (arrived.closed, arrived.gone) == ({below: "Permission denied"}, 0)
    finally:
        below.chmod(0o755)
    assert looking.look(REST_S) == Arrived((), frozenset(), frozenset(), 0, {})


def test_rights_that_are_given_are_a_change(looking: Looking) -> None:
    path = looking.write("a.csv")
    path.chmod(0)
    looking.look()
    assert looking.names() == ["a.csv"], "whoever reads it says that it cannot be read"
    path.chmod(0o644)
    looking.look()
    assert looking.names() == ["a.csv"]


def test_what_could_not_be_taken_comes_again(looking: Looking) -> None:
    path = looking.write("a.csv")
    looking.write("b.csv")
    looking.look()
    assert looking.names() == ["a.csv", "b.csv"]
    looking.arrivals.give_again([path])
    assert looking.names(0) == ["a.csv"]
    assert looking.names() == []
