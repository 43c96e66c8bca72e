"""Workers: processes that answer at one address, each with connections of its own."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

from indexer.errors import ConfigError

BACKLOG = 2048  # connections that wait to be taken


class ReservedAddress(socket.socket):
    """A socket that keeps an address from others and takes no connections; each process that it is handed to has a
    socket of its own in its place.

    Processes that take connections from one socket do not share them evenly: who is awake takes the next, and clients
    keep their connections, so that one worker may have nearly all of them. Linux deals them out over several sockets,
    those that listen: a worker that has ended, or cannot begin, is dealt none.
    """

    @classmethod
    def at(cls, address: tuple[Any, ...], family: socket.AddressFamily) -> ReservedAddress:
        reserved = cls(family)
        try:
            # Not SO_REUSEADDR: with that, others could have what nobody listens to yet.
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                reserved.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            reserved.bind(address)
        except OSError:
            reserved.close()
            raise
        return reserved

    def __reduce__(self) -> tuple[Any, ...]:
        return ReservedAddress.at, (self.getsockname(), self.family)


def run_workers(config: Config, sockets: Sequence[socket.socket]) -> None:
    """Answer until a signal ends it; a worker that ends begins again."""
    Multiprocess(config, list(sockets)).run()


@contextmanager
def socket_at(host: str, port: int, workers: int) -> Iterator[socket.socket]:
    """A socket at an address, open for the block: one that listens, or on Linux for several workers a
    `ReservedAddress`.

    ConfigError where the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = (host.strip("[]"), port)
    with _listening(address, family) as alone:  # refused where another service has the port, shared or not
        if sys.platform != "linux":
            yield alone
            return
        address = alone.getsockname()
    # One worker shares, too: else the connections that it has closed would keep the port from several for a minute.
    with _listening(address, family, shared=True) if workers == 1 else ReservedAddress.at(address, family) as ours:
        yield ours


def _listening(address: tuple[str, int], family: socket.AddressFamily, *, shared: bool = False) -> socket.socket:
    host, port = address
    try:
        return socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=shared)
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                what = f"port {port} of {host} is in use; choose another with --port, or --port 0 for any that is free"
            case errno.EACCES:
                what = f"port {port} of {host} is for the system's own services; choose one from 1024 on with --port"
            case _:
                what = f"nothing can listen at {host} ({error.strerror or error}); choose an address with --host"
        raise ConfigError(what) from None
