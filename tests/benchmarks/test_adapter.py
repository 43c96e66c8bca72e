"""The reproductions reach the product through one module."""

from __future__ import annotations

import ast
from pathlib import Path

import benchmarks

PAPERS = Path(benchmarks.__file__).parent / "papers"


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
    return names


def test_only_the_adapter_imports_the_product() -> None:
    offenders = [
        str(path.relative_to(PAPERS))
        for path in PAPERS.rglob("*.py")
        if path.name != "product.py" and imported(path) & {"engine", "indexer"}
    ]
    assert not offenders, f"{', '.join(offenders)}: import these names from benchmarks.papers.product"
    assert imported(PAPERS / "product.py") >= {"engine", "indexer"}
