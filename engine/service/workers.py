"""Workers: processes that answer at one address, each with connections of its own."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from uvicorn import Config
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from indexer.errors import ConfigError

BACKLOG = 2048  # connections that wait to be taken


class Workers(Multiprocess):
    """Processes of one configuration that begin again where they end; each listens on a socket of its own."""

    def init_processes(self) -> None:
        for number in range(self.processes_num):
            process = Process(self.config, [self.sockets[number % len(self.sockets)]])
            process.start()
            self.processes.append(process)


def run_workers(config: Config, listening: Sequence[socket.socket]) -> None:
    """Answer until a signal ends it."""
    Workers(config, list(listening)).run()


@contextmanager
def listening_at(host: str, port: int, workers: int) -> Iterator[list[socket.socket]]:
    """Sockets that listen at an address, open for the block: one, or on Linux one for each worker.

    Processes that take connections from one socket do not share them evenly: who is awake takes the next, and clients
    keep their connections, so that one worker may have nearly all of them. Linux deals them out over several sockets.
    ConfigError where the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    name = host.strip("[]")
    with ExitStack() as opened:

        def listen(port: int, *, shared: bool) -> socket.socket:
            return opened.enter_context(_listening((name, port), family, shared=shared))

        if workers == 1 or sys.platform != "linux":
            yield [listen(port, shared=False)]
            return
        with _listening((name, port), family) as alone:  # refused where another service has the port
            port = alone.getsockname()[1]
        yield [listen(port, shared=True) for _ in range(workers)]


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
