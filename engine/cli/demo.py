"""`refrain demo`: the bundled songs from import to playlist, as a newcomer would do it with songs of their own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from engine.cli import show
from engine.cli.options import Bars, stderr

SEED = "My Landlord Bought a Boat, Ludie Sparrow"
WORDS = "a couple who split up let their dog decide who keeps it"


def demonstrate(folder: Path) -> None:
    """Import and index the demo into `folder`, print a playlist of 10, a search and what to try next."""
    from engine.engine import Engine
    from indexer import Catalogue, build_index
    from indexer.demo import demo_files

    folder.mkdir(parents=True, exist_ok=True)
    database, index = folder / "refrain.db", folder / "refrain.index"
    console = show.stdout()
    with Catalogue(database) as catalogue:
        for file in demo_files():
            catalogue.load(file, track=Bars())
        counts = catalogue.statistics()
        stderr().print(f"indexing {counts.songs} invented songs and {counts.playlists} playlists in {folder} ...")
        build_index(catalogue, index, track=Bars())
    with Engine.open(index) as engine:
        show.playlist(engine.playlist([SEED], 10), None, as_json=False)
        console.print(f'Search: "{WORDS}"', markup=False, highlight=False)
        show.hits(engine.search(WORDS, 5), as_json=False)
    refrain = "refrain" if shutil.which("refrain") else sys.argv[0]  # in a venv that nobody has activated
    where = f"--index {index}"
    console.print("Try next:", style="bold")
    for command in (
        f'{refrain} search "swimming at dawn" {where}',
        f'{refrain} moods "Weld the Hull" {where}',
        f"{refrain} playlist --from-mood angry --to-mood tender --length 10 {where}",
        f'{refrain} path "Chlorine Hair" "Tía Soltera" --length 8 {where}',
        f"{refrain} import YOUR_SONGS.csv && {refrain} build",
    ):
        console.print(f"  {command}", markup=False, highlight=False, soft_wrap=True)
