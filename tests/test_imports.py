"""Architecture: imports run one way, heavy libraries have one home and are loaded when they are needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {"indexer": {"engine", "benchmarks", "tests"}, "engine": {"benchmarks", "tests"}, "benchmarks": {"tests"}}
HOMES = {
    "sqlalchemy": "indexer/catalogue/",
    "alembic": "indexer/catalogue/",
    "keras": "indexer/models/autoencoder",
    "faiss": "indexer/search/vectors/",
    "tantivy": "indexer/search/lexical/",
    "umap": "engine/atlas/",
}
HEAVY = {"torch", "keras", "sentence_transformers", "transformers", "sklearn", "matplotlib", "umap", "numba"}


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def imported(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.append(node.module.split(".")[0])
    return found


def test_imports_go_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for package, banned in FORBIDDEN.items()
        for path in modules(package)
        for name in imported(ast.parse(path.read_text("utf-8")))
        if name in banned
    ]
    assert not wrong, "\n".join(wrong)


def test_each_heavy_library_has_one_home() -> None:
    wrong = [
        f"{name} imports {library}"
        for path in modules("indexer", "engine")
        for library in imported(ast.parse(path.read_text("utf-8")))
        if library in HOMES and not (name := path.relative_to(ROOT).as_posix()).startswith(HOMES[library])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", modules("indexer", "engine"), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_modules_say_what_they_are_for_and_stay_small(path: Path) -> None:
    source = path.read_text("utf-8")
    if source.strip():
        assert ast.get_docstring(ast.parse(source)), "the first line of a module says what it is for"
    assert source.count("\n") <= 350, "two rooms in one?"
    assert not re.search(r"\bpickle\b|\bjoblib\b|weights_only\s*=\s*False", source)


@pytest.mark.parametrize("command", ["import engine.engine, engine.cli.app", "import indexer, indexer.songs.table"])
def test_nothing_heavy_is_loaded_before_it_is_needed(command: str) -> None:
    code = f"{command}; import sys; print(' '.join(sorted(set(sys.modules) & {HEAVY | {'sqlalchemy'}!r})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.strip() == ""


def test_no_folder_of_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    names = {part for folder in folders for part in folder.relative_to(ROOT).parts}
    names |= {path.name for room in ("engine", "indexer") for path in (ROOT / room).rglob("*") if path.is_dir()}
    left_out = [name for name in names for rule in pytestconfig.getini("norecursedirs") if fnmatch(name, rule)]
    assert left_out == []
