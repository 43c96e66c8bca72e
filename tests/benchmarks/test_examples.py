"""Doctests of the benchmarks; those of the reproductions with their other tests."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import benchmarks

HOME = Path(benchmarks.__file__).parent


def modules() -> list[object]:
    """Those that hold an example."""
    found = []
    for path in sorted(HOME.rglob("*.py")):
        if ">>> " in path.read_text("utf-8"):
            name = ".".join(path.relative_to(HOME.parent).with_suffix("").parts).removesuffix(".__init__")
            found.append(pytest.param(name, marks=[pytest.mark.papers] * ("papers" in path.parts)))
    return found


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    done = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert done.attempted
    assert not done.failed
