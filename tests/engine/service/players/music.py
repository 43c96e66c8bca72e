"""A folder of music that is imported and indexed, and a running service of it, for tests that play."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer import Catalogue, build_index
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL
from tests.indexer.sources.sound.collection import sound_file

TOKEN = "a-token-of-the-tests"
JPEG = b"\xff\xd8\xff\xe0" + b"inside the file" * 9
PNG = b"\x89PNG\r\n\x1a\n" + b"beside the file" * 9
ENDINGS = (".flac", ".mp3", ".ogg")
ISRC, MBID = "USABC1100002", "189002e7-3285-4e2e-92a3-7f6c30d407a2"


def build_music(folder: Path) -> None:
    """refrain.db, refrain.index and Music: three artists with one album each, in three kinds of files.

    Tin Heron's files lie beside a cover, Mo Vale's hold one, Uma Pike's have none. The first file has an ISRC and an
    MBID; "Rain < & \u00e9" is by Mo Vale.
    """
    for artist, ending, base in zip(("Tin Heron", "Mo Vale", "Uma Pike"), ENDINGS, (200, 300, 400), strict=True):
        for number in range(1, 6):
            more = {"isrc": ISRC, "musicbrainz_trackid": MBID} if (artist, number) == ("Tin Heron", 1) else {}
            title = "Rain < & \u00e9" if (artist, number) == ("Mo Vale", 2) else f"{artist.split()[1]} {number}"
            path = sound_file(
                folder / "Music" / artist / f"{number}{ending}", pitch=base + 9 * number, seconds=1.0, title=title,
                artist=artist, album=f"{artist} Sings", genre="folk" if number % 2 else "rock", date=str(1990 + number),
                tracknumber=str(number), **more,
            )  # fmt: skip
            if ending == ".mp3":
                _embed(path)
    (folder / "Music" / "Tin Heron" / "Folder.PNG").write_bytes(PNG)
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load_folder(folder / "Music")
        build_index(catalogue, folder / "refrain.index", SMALL, encoder=HashEncoder())


def _embed(path: Path) -> None:
    from mutagen.id3 import APIC, ID3

    tags = ID3(path)
    tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="front", data=JPEG))
    tags.save(path)


@contextmanager
def running(folder: Path, *words: str) -> Iterator[int]:
    """`refrain serve` on a free port, which is yielded once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    root = Path(__file__).parents[4]
    command = [sys.executable, "-m", "engine.cli", "serve", "--port", str(port), *words]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/rest/getOpenSubsonicExtensions", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, "the service ended before it answered"
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=60)
