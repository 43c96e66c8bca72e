"""Indexes that somebody prepared: one file changed each, with hashes that fit; and a program that reads all of one.

Run as a program with MODULE:FUNCTION, it calls the function with each folder named on its standard input, and prints
what became of each.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

Change = Callable[[Path], None]


def current(index: Path) -> Path:
    """The folder of the generation in use."""
    return index / "generations" / (index / "CURRENT").read_text().split()[0]


def reseal(index: Path) -> None:
    """Write a manifest that fits the files, as somebody would who wants his index to be opened."""
    generation = current(index)
    manifest = json.loads((generation / "manifest.json").read_text())
    for name, facts in manifest["files"].items():
        path = generation / name
        if path.is_file():
            content = path.read_bytes()
            facts |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    replace(generation / "manifest.json", json.dumps(manifest).encode())
    believe(index)


def believe(index: Path) -> None:
    """Make CURRENT fit the manifest, whatever is in it."""
    generation = current(index)
    digest = hashlib.sha256((generation / "manifest.json").read_bytes()).hexdigest()
    replace(index / "CURRENT", f"{generation.name} {digest}\n".encode())


def replace(path: Path, content: bytes) -> None:
    """New content in a new file: the old one may have other names."""
    path.unlink()
    path.write_bytes(content)


def linked(index: Path, target: Path) -> Path:
    """A copy whose files are hard links: change them by `replace` only."""
    shutil.copytree(index, target, copy_function=os.link)
    return target


def changes(path: Path) -> Iterator[tuple[str, Change]]:
    """What can be done to a file: (name, change)."""
    content = path.read_bytes()
    rng = np.random.default_rng(len(content))

    def to(new: bytes) -> Change:
        return lambda victim: replace(victim, new)

    def pipe(victim: Path) -> None:
        victim.unlink()
        os.mkfifo(victim)

    def link(victim: Path) -> None:
        other = victim.parent.parent / "elsewhere"
        victim.rename(other)
        victim.symlink_to(other)

    def folder(victim: Path) -> None:
        victim.unlink()
        victim.mkdir()

    yield from (("pipe", pipe), ("link", link), ("folder", folder), ("empty", to(b"")))
    if content:
        yield "half", to(content[: len(content) // 2])
        for at in rng.integers(0, len(content), 3).tolist():
            yield f"byte {at}", to(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        yield "ends in ones", to(content[: len(content) // 2] + b"\xff" * (len(content) - len(content) // 2))
    if path.suffix == ".npy" and content:
        array = np.load(path)
        numbers = array.dtype.kind in "fiu"
        yield "flat", to(npy(array.reshape(-1)[:-1]))
        yield "no rows", to(npy(array[:0]))
        yield "objects", to(content.replace(array.dtype.str.encode(), b"|O".ljust(len(array.dtype.str))))
        yield "other type", to(npy(array.astype(np.complex64) if numbers else np.zeros(len(array))))
        if array.dtype.kind == "f":
            yield "NaN", to(npy(np.full_like(array, np.nan)))
            yield "infinite", to(npy(np.full_like(array, np.inf)))
        elif array.dtype.kind in "iu":
            yield "large", to(npy(np.full_like(array, np.iinfo(array.dtype).max)))
            yield "small", to(npy(np.full_like(array, np.iinfo(array.dtype).min)))
            yield "falling", to(npy(array[::-1]))
    if path.suffix == ".json":
        facts = json.loads(content)
        yield "deep", to(b"[" * 100_000)
        for name, text in (("list", "[]"), ("object", "{}"), ("number", "7"), ("NaN", "NaN"), ("text", '"x"')):
            yield name, to(text.encode())
        for key in facts if isinstance(facts, dict) else ():
            for name, value in (("huge", 10**400), ("null", None), ("deep", [[[[]]]]), ("text", "x"), ("minus", -1)):
                yield f"{key} {name}", to(json.dumps(facts | {key: value}).encode())


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def read_all(index: Path) -> None:
    """Read everything that an index holds, as an engine would; RefrainError for what is not as it should be."""
    from indexer.search.lexical import LexicalIndex
    from indexer.search.vectors.faiss_store import VectorIndex
    from indexer.songs.artist_tags import ArtistTags
    from indexer.songs.table import Songs
    from indexer.store import artefacts
    from indexer.store.generations import open_generation, verify

    verify(index)
    generation = open_generation(index)
    try:
        for artefact in artefacts.ARTEFACTS:
            if artefact.kind == "array" and generation.has(artefact):
                generation.array(artefact)
            elif artefact.kind == "strings" and generation.has(artefact):
                generation.strings(artefact).check()
        songs = Songs(generation)
        for column in ("artist_key", "album_key", "language_key", "genre", "tag"):
            songs.column(column).mask_of(range(len(songs.column(column).terms)))
        songs.row_of(songs.song_ids[len(songs) // 2])
        tags = ArtistTags(generation)
        for artist in range(3):
            tags.of(artist)
        lexical = LexicalIndex(generation.place(artefacts.LEXICAL), rows=len(songs))
        for allowed in (None, songs.alive, np.arange(len(songs)) < 5):
            lexical.search_text('rain on teh windw "the night"', 20, allowed=allowed, lines_of=songs.lyrics.__getitem__)
            lexical.search_name("midnigth rain", 20, allowed=allowed)
            lexical.search_terms({"night": 1.0, "love": 0.5}, 20, allowed=allowed)
        vectors = VectorIndex(generation.place(artefacts.VECTORS))
        queries = np.random.default_rng(0).standard_normal((3, vectors.dim), dtype=np.float32)
        for allowed in (None, np.arange(len(vectors)) % 2 == 0):
            vectors.search_batch(queries, 20, allowed=allowed)
    finally:
        generation.close()


def outcomes(
    folders: list[Path], *, seconds: float, reader: str = "tests.indexer.store.hostile:read_all"
) -> dict[Path, str]:
    """What a process that reads the indexes says of each: "read", "refused", a traceback, or "hung or crashed".

    reader   MODULE:FUNCTION that reads one; it raises RefrainError to refuse
    """
    ran = subprocess.Popen(
        [sys.executable, "-m", "tests.indexer.store.hostile", reader], cwd=Path(__file__).parents[3], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        output, _ = ran.communicate("\n".join(map(str, folders)), timeout=seconds)
    except subprocess.TimeoutExpired:
        ran.kill()
        output, _ = ran.communicate()
    answered = dict(json.loads(line) for line in output.splitlines())
    return {folder: answered.get(str(folder), "hung or crashed, here or before") for folder in folders}


def main() -> None:
    from indexer.errors import RefrainError

    module, name = sys.argv[1].split(":")
    read = getattr(importlib.import_module(module), name)
    for line in sys.stdin.read().splitlines():
        try:
            read(Path(line))
            outcome = "read"
        except RefrainError:
            outcome = "refused"
        except BaseException:
            outcome = traceback.format_exc()
        print(json.dumps([line, outcome]), flush=True)


def prepare(sound: Path, folder: Path, name: str, change: Change) -> Path:
    """A copy of an index in the new `folder`, its file `name` changed and all hashes made to fit."""
    index = linked(sound, folder)
    victim = current(index) / name
    change(victim)
    if name != "manifest.json":
        reseal(index)
    elif victim.is_file():
        believe(index)
    return index


if __name__ == "__main__":
    main()
