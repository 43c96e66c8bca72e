"""Weights of models on disk: one safetensors file and one JSON file each, checked when they are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.store.files import writing

Model = TypeVar("Model")
Shape = tuple[int | None, ...]

# What reading a damaged or hostile file can raise besides OSError: deep nesting, integers beyond float, missing names.
DAMAGED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)


class Arrays:
    """The arrays of one safetensors file, each taken by name and checked as it is taken."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]):
        self._arrays = arrays

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def take(self, name: str, shape: Shape) -> npt.NDArray[np.float32]:
        """The array float32 `name`, finite and of this shape (None: any length); ValueError where it is not so.

        >>> Arrays({"bias": np.zeros(3, np.float32)}).take("bias", (3,)).tolist()
        [0.0, 0.0, 0.0]
        >>> Arrays({"bias": np.zeros(3, np.float32)}).take("bias", (None, 3))
        Traceback (most recent call last):
        ValueError: the array 'bias' has shape (3,), expected (any, 3)
        """
        if name not in self._arrays:
            raise ValueError(f"the array {name!r} is missing, found {', '.join(self._arrays) or 'none'}")
        array = self._arrays[name]
        fits = len(array.shape) == len(shape) and all(
            length is None or length == found for length, found in zip(shape, array.shape, strict=True)
        )
        if not fits:
            expected = ", ".join("any" if length is None else str(length) for length in shape)
            raise ValueError(
                f"the array {name!r} has shape {array.shape}, expected ({expected}{',' * (len(shape) == 1)})"
            )
        if array.dtype != np.float32:
            raise ValueError(f"the array {name!r} is {array.dtype}, expected float32")
        if not np.isfinite(array).all():
            raise ValueError(f"the array {name!r} holds a value that is not finite")
        return array


def save_model(folder: Path, name: str, arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> None:
    """Write `name`.safetensors (arrays as float32) and `name`.json (facts, no NaN) into a folder that exists."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    floats = {key: np.ascontiguousarray(a, np.float32) for key, a in arrays.items()}
    path = folder / f"{name}.safetensors"
    with writing(path, SafetensorError):
        save_file(floats, path)
    save_facts(folder / f"{name}.json", facts)


def save_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Write facts as JSON; ValueError where a number is not finite."""
    text = json.dumps(facts, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    with writing(path):
        path.write_text(text, encoding="utf-8")


def load_facts(path: Path, read: Callable[[dict[str, Any]], Model], *, what: str) -> Model:
    """What `read` makes of the facts that `save_facts` wrote; IndexFormatError where it cannot."""
    try:
        return read(_facts(path))
    except (OSError, *DAMAGED) as error:
        raise IndexFormatError(
            f"{path} is no {what.removeprefix('a ').removeprefix('an ')} that this program can read "
            f"({type(error).__name__}: {error}); expected the JSON that a build writes; rebuild with `refrain build`"
        ) from error


def _facts(path: Path) -> dict[str, Any]:
    facts = json.loads(path.read_text("utf-8"))
    if not isinstance(facts, dict):
        raise ValueError(f"{path.name} is no JSON object")
    return facts


def load_model(folder: Path, name: str, read: Callable[[Arrays, dict[str, Any]], Model], *, what: str) -> Model:
    """What `read` makes of the arrays and facts that `save_model` wrote; IndexFormatError where it cannot.

    read   takes arrays by `Arrays.take` and facts by key; a ValueError of its own says what is wrong with them
    what   the model's name in the message: "a topic model"
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        facts = _facts(folder / f"{name}.json")
        return read(Arrays(load_file(folder / f"{name}.safetensors")), facts)
    except (OSError, SafetensorError, *DAMAGED) as error:
        raise IndexFormatError(
            f"{folder} holds no {what.removeprefix('a ').removeprefix('an ')} that this program can read "
            f"({type(error).__name__}: {error}); expected {name}.safetensors and {name}.json as a build writes them; "
            "rebuild with `refrain build`"
        ) from error
