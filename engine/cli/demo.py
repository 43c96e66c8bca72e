"""`refrain demo`: the bundled songs from import to playlist, as a newcomer would do it with songs of their own."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from engine.cli.render import playlist as playlists
from engine.cli.render import songs
from engine.cli.render.console import json_document, line, message
from engine.cli.waiting import patience
from indexer.progress import Track

SEED = "My Landlord Bought a Boat, Ludie Sparrow"
WORDS = "a couple who split up let their dog decide who keeps it"


def demonstrate(folder: Path, *, track: Track, as_json: bool) -> None:
    """Import and index the demo into `folder`, print a playlist of 10, a search and what to try next."""
    from engine.engine import Engine
    from engine.requests import MakePlaylist, Search
    from indexer import Catalogue, build_index
    from indexer.demo import demo_files

    folder.mkdir(parents=True, exist_ok=True)
    database, index = folder / "refrain.db", folder / "refrain.index"
    with Catalogue(database, patience=patience(no_wait=False)) as catalogue:
        for file in demo_files():
            catalogue.load(file, track=track)
        counts = catalogue.statistics()
        message(f"indexing {counts.songs} invented songs and {counts.playlists} playlists in {folder} ...")
        build_index(catalogue, index, track=track, patience=patience(no_wait=False))
    like_this, about_this = MakePlaylist(seeds=(SEED,), length=10), Search(text=WORDS, k=5)
    with Engine.open(index) as engine:
        playlist, hits = engine.answer(like_this), engine.answer(about_this)
        if as_json:
            json_document(
                {
                    "catalogue": database,
                    "index": index,
                    "playlist": playlist.to_dict(),
                    "search": hits.to_dict(),
                }
            )
            return
        playlists.show_playlist(playlist, as_json=False)
        line(f'Search: "{WORDS}"')
        songs.show_hits(hits, as_json=False)
    started = sys.argv[0] if not sys.argv[0].endswith(".py") else None  # else by `python -m engine.cli`
    by_hand = shlex.quote(started) if started else f"{shlex.quote(sys.executable)} -m engine.cli"
    refrain = "refrain" if shutil.which("refrain") else by_hand  # a venv that nobody has activated
    where = f"--index {shlex.quote(str(index))}"
    line("Try next:", style="bold")
    for command in (
        f'{refrain} search "swimming at dawn" {where}',
        f'{refrain} moods "Weld the Hull" {where}',
        f"{refrain} playlist --from-mood angry --to-mood tender --length 10 {where}",
        f'{refrain} path "Chlorine Hair" "Tía Soltera" --length 8 {where}',
        f"{refrain} import YOUR_SONGS.csv && {refrain} build",
    ):
        line(f"  {command}")
