"""Information: what an index holds and how it was made, as JSON has it; which version of this program it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.score.weights import Profile


def index_record(
    path: Path, generation: int, manifest: Mapping[str, Any], weights: Mapping[Profile, Mapping[str, float]]
) -> dict[str, Any]:
    """What `refrain info` says of an index."""
    return {
        "index": str(path),
        "generation": generation,
        "built": manifest["created"],
        "bytes": sum(file["bytes"] for file in manifest["files"].values()),
        "songs": manifest["songs"],
        "with_lyrics": manifest["with_lyrics"],
        "with_audio": manifest["with_audio"],
        "deleted": manifest["rows"] - manifest["songs"],
        "playlists": manifest["playlists"],
        "parts": dict(manifest["parts"]),
        "encoder": manifest["encoder"],
        # None: there was nothing to learn from, which nobody has to hear of at each build
        "models": {name: {**model, "learned": bool(model["learned"])} for name, model in manifest["models"].items()},
        "weights": weights,
        "config": json.loads(manifest["config"]),
        "libraries": manifest["libraries"],
    }


def version() -> str:
    """The version of this program that is installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("refrain")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
