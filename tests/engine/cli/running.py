"""The command run in this process, as a shell would see it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.cli.app import main


@dataclass(frozen=True)
class Done:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer; a command that failed has none."""
        assert self.code == 0, self.err
        return json.loads(self.out)


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(
    *arguments: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    terminal: bool = False,
    typed: str = "",
) -> Done:
    """`refrain ARGUMENTS` with these words on its input; with `terminal`, both streams of its output are one."""
    kind = Terminal if terminal else io.TextIOWrapper
    out, err = (kind(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, env or {}))
        stack.enter_context(contextlib.chdir(cwd or Path.cwd()))
        stack.enter_context(patch.object(sys, "stdout", out))
        stack.enter_context(patch.object(sys, "stderr", err))
        stack.enter_context(patch.object(sys, "stdin", io.StringIO(typed)))
        code = main(arguments)
        out.flush()
        err.flush()
    texts = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]  # type: ignore[attr-defined]
    return Done(code, *texts)
