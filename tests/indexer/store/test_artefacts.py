"""Artefacts: declared once, documented as declared, and nowhere else by name."""

from __future__ import annotations

import re
from pathlib import Path

from indexer.store.artefacts import ARTEFACTS, owner_of, table

ROOT = Path(__file__).parents[3]


def test_the_documentation_is_the_declaration() -> None:
    assert (ROOT / "indexer" / "README.md").read_text("utf-8").endswith(table())


def test_every_file_has_one_owner() -> None:
    for artefact in ARTEFACTS:
        for file in artefact.files() if artefact.kind != "folder" else (f"{artefact.name}/weights.json",):
            assert owner_of(file) is artefact
    assert owner_of("evil.py") is None
    assert owner_of("songs/title") is None


def test_no_artefact_is_named_by_a_string_elsewhere() -> None:
    """Whoever reads or writes a file of an index does it by the declaration."""
    distinctive = {a.name for a in ARTEFACTS if "/" in a.name or "_" in a.name or "." in a.name}
    quoted = re.compile("|".join(f"[\"']{re.escape(name)}(?:\\.npy|\\.utf8)?[\"']" for name in sorted(distinctive)))
    for path in [*(ROOT / "indexer").rglob("*.py"), *(ROOT / "engine").rglob("*.py")]:
        if path.name != "artefacts.py":
            hits = [
                line.strip()
                for line in path.read_text("utf-8").splitlines()
                if re.search(r"array\(|strings\(|place\(|path /", line) and quoted.search(line)
            ]
            assert not hits, f"{path}: {hits}"
