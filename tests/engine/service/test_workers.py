"""Where workers listen: each has its share of the connections, and nobody else has the port."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from engine.service.workers import listening_at
from indexer.errors import ConfigError


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers share one socket")
def test_each_worker_has_its_share_of_the_connections(opened: ExitStack) -> None:
    listening = opened.enter_context(listening_at("127.0.0.1", 0, 3))
    address = listening[0].getsockname()
    assert [each.getsockname() for each in listening] == [address] * 3
    for _ in range(120):
        opened.enter_context(socket.create_connection(address))
    shares = []
    for each in listening:
        each.settimeout(0.2)
        shares.append(0)
        try:
            while True:
                opened.enter_context(each.accept()[0])
                shares[-1] += 1
        except TimeoutError:
            pass
    assert sum(shares) == 120
    assert min(shares) > 10  # an even chance each gives fewer once in a hundred million times


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_nobody_else_can_have_the_port(opened: ExitStack, first: int, second: int) -> None:
    port = opened.enter_context(listening_at("127.0.0.1", 0, first))[0].getsockname()[1]
    with pytest.raises(ConfigError, match="in use"):
        opened.enter_context(listening_at("127.0.0.1", port, second))


def test_ipv6(opened: ExitStack) -> None:
    try:
        listening = opened.enter_context(listening_at("[::1]", 0, 2))
    except ConfigError:
        pytest.skip("this machine has no IPv6")
    assert listening[0].getsockname()[0] == "::1"
