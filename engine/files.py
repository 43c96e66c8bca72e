"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write `text` as UTF-8, line ends as given: a reader sees the file that was there before, or all of the new one.

    The text goes to a sibling first, so that a full disk or Ctrl-C leaves an older file as it was. Half
    of a surrogate pair, which UTF-8 cannot hold, becomes "?".
    """
    staging = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with staging.open("w", encoding="utf-8", errors="replace", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(staging, path)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise
