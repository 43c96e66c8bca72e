"""Lazy attributes: computed once, and no thread waits for another object's."""

from __future__ import annotations

import threading

from indexer.lazy import lazy


class Slow:
    def __init__(self, started: threading.Barrier):
        self.started = started
        self.computed = 0

    @lazy
    def value(self) -> object:
        """A value."""
        self.started.wait(timeout=10)
        self.computed += 1
        return object()


def test_two_objects_compute_at_the_same_time() -> None:
    """Python 3.11's cached_property would let the second wait for the first, which here waits for the second."""
    barrier = threading.Barrier(2)
    objects = [Slow(barrier), Slow(barrier)]
    threads = [threading.Thread(target=lambda each=each: each.value) for each in objects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not barrier.broken
    assert [each.computed for each in objects] == [1, 1]
    assert objects[0].value is objects[0].value
    assert [each.computed for each in objects] == [1, 1]
    assert Slow.value.__doc__ == "A value."
