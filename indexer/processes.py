"""Work in a process of its own: what it loaded is gone when it ends, and it ends with the process that began it."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

from indexer.errors import RefrainError

T = TypeVar("T")


def run_apart(function: Callable[..., T], *arguments: object) -> T:
    """What `function(*arguments)` returns, or raises, in a new process; all of it can be pickled.

    Where this process is stopped, so is that one. Raises RefrainError where somebody else ends it.
    """
    # spawn: a fork of a process with threads (progress, a database) may hang
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, function, arguments), daemon=True)
    process.start()
    sender.close()
    try:
        result, error = receiver.recv()
    except EOFError:
        process.join()
        raise RefrainError(
            f"a process of this program was ended from outside (exit code {process.exitcode}), as the system does when "
            "memory runs out; what was there before is unchanged"
        ) from None
    finally:
        receiver.close()
        process.kill()
        process.join()
    if error is not None:
        raise error
    value: T = result
    return value


def _run(sender: connection.Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    end_with_parent()
    result = raised = None
    try:
        result = function(*arguments)
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # or nobody would see where it was raised
        raised = error
    sender.send((result, raised))


def end_with_parent() -> None:
    """Let this process, which another one began, end where that one is killed, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
