"""The bundled demonstration catalogue: invented songs and playlists, dedicated to the public domain (CC0 1.0)."""

from pathlib import Path


def demo_files() -> tuple[Path, Path]:
    """Return the paths of songs.jsonl and playlists.jsonl in this package."""
    here = Path(__file__).resolve().parent
    return here / "songs.jsonl", here / "playlists.jsonl"
