"""What is computed when it is first needed, and kept, without a lock: attributes, and values by key."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class lazy(Generic[T]):
    """`functools.cached_property` without its lock, which up to Python 3.11 is one for all objects of a class.

    Two threads that ask at the same moment may both compute; the first to finish is kept, so that all see one value.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> lazy[T] | T:
        if instance is None:
            return self
        value: T = instance.__dict__.setdefault(self._name, self._compute(instance))
        return value


class Remembered(Generic[K, T]):
    """Values by key, each computed once; all are forgotten where there are too many.

    Two threads that ask at the same moment may both compute.

    >>> squares = Remembered[int, int](most=2)
    >>> [squares.get(n, lambda: n * n) for n in (3, 3, 4)]
    [9, 9, 16]
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, T] = {}

    def get(self, key: K, compute: Callable[[], T]) -> T:
        values = self._values
        if key in values:
            return values[key]
        if len(values) >= self._most:
            values = self._values = {}
        values[key] = value = compute()
        return value
