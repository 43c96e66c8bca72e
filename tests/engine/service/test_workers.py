"""Where workers listen: each has its share of the connections, and nobody else has the port."""

from __future__ import annotations

import pickle
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from engine.service.workers import socket_at
from indexer.errors import ConfigError


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers share one socket")
def test_each_worker_has_its_share_of_the_connections(opened: ExitStack) -> None:
    """Of three processes, one of which ends: it is dealt no more."""
    reserved = opened.enter_context(socket_at("127.0.0.1", 0, 3))
    address = reserved.getsockname()
    listening = [opened.enter_context(pickle.loads(pickle.dumps(reserved))) for _ in range(3)]
    for each in listening:
        assert each.getsockname() == address
        each.listen(500)
    assert min(shares(opened, listening, address, 120)) > 10  # even chances give fewer once in a hundred million times
    listening.pop().close()
    assert min(shares(opened, listening, address, 80)) > 10


def shares(opened: ExitStack, listening: list[socket.socket], address: tuple[str, int], connections: int) -> list[int]:
    """How many of so many connections each has."""
    for _ in range(connections):
        opened.enter_context(socket.create_connection(address))
    found = []
    for each in listening:
        each.settimeout(0.2)
        found.append(0)
        try:
            while True:
                opened.enter_context(each.accept()[0])
                found[-1] += 1
        except TimeoutError:
            pass
    assert sum(found) == connections
    return found


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_nobody_else_can_have_the_port(opened: ExitStack, first: int, second: int) -> None:
    port = opened.enter_context(socket_at("127.0.0.1", 0, first)).getsockname()[1]
    with pytest.raises(ConfigError, match="in use"):
        opened.enter_context(socket_at("127.0.0.1", port, second))


def test_ipv6(opened: ExitStack) -> None:
    try:
        reserved = opened.enter_context(socket_at("[::1]", 0, 2))
    except ConfigError:
        pytest.skip("this machine has no IPv6")
    assert reserved.getsockname()[0] == "::1"
