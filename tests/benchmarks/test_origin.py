"""Origin: whatever decides figures is in the digest that signs them, and nothing else is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.report import origin
from benchmarks.report.origin import MEASURING, NOT_MEASURING, code_digest, measuring_code


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the code that measures, in the place of it."""
    for folder in MEASURING:
        shutil.copytree(origin.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    return tmp_path


def changes_the_digest(path: Path) -> bool:
    before = code_digest(MEASURING, NOT_MEASURING)
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n")
    return code_digest(MEASURING, NOT_MEASURING) != before


def test_programs_and_the_data_that_they_read_decide_figures(root: Path) -> None:
    assert code_digest(MEASURING, NOT_MEASURING) == measuring_code().sha256
    deciding = [path for path in root.rglob("*.*") if path.is_file() and path.suffix in (".py", ".csv", ".jsonl")]
    shown = ("engine/cli/", "engine/service/", "engine/atlas/page/")
    names = {path.relative_to(root).as_posix(): path for path in deciding}
    assert "indexer/models/moods/data/words.csv" in names
    for name, path in [*names.items()][::8]:  # each is a reading of all
        assert changes_the_digest(path) != name.startswith(shown), name


@pytest.mark.parametrize(
    "file", ["engine/README.md", "engine/atlas/page/page.js", "indexer/__pycache__/x.pyc", "indexer/.x.swp"]
)
def test_prose_pages_and_what_programs_leave_do_not(root: Path, file: str) -> None:
    assert not changes_the_digest(root / file)


def test_a_file_that_is_new_renamed_or_empty_is_a_change(root: Path) -> None:
    assert changes_the_digest(root / "indexer" / "new.csv")
    before = code_digest(MEASURING, NOT_MEASURING)
    (root / "indexer" / "new.csv").rename(root / "indexer" / "newer.csv")
    assert code_digest(MEASURING, NOT_MEASURING) != before


def test_a_place_without_code_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="nowhere holds no file of code"):
        code_digest(["nowhere"])
