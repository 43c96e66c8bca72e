"""Workers: processes that answer at one address, each with connections of its own."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from uvicorn import Config
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

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
    OSError where the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    name = host.strip("[]")
    with ExitStack() as opened:

        def listen(port: int, *, shared: bool) -> socket.socket:
            return opened.enter_context(
                socket.create_server((name, port), family=family, backlog=BACKLOG, reuse_port=shared)
            )

        if workers == 1 or sys.platform != "linux":
            yield [listen(port, shared=False)]
            return
        with socket.create_server((name, port), family=family) as alone:  # refused where another service has the port
            port = alone.getsockname()[1]
        yield [listen(port, shared=True) for _ in range(workers)]
