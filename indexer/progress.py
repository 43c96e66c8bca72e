"""Progress as a parameter: the library reports through a `Track`, the command line draws it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Passes the items of `steps` through and may show how far it is.

    `total` is the number of items where `steps` has no length, None if nobody knows.
    """

    def __call__(self, steps: Iterable[T], label: str, total: int | None = None) -> Iterable[T]: ...


def quiet(steps: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """The default: shows nothing."""
    return iter(steps)
