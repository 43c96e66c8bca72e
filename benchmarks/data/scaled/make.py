"""Making a catalogue of any size and the beginning of its index: the vectors of its lyrics and of single words."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.data.dataset import copy_index
from benchmarks.data.scaled.originals import Originals
from benchmarks.data.scaled.plan import Plan
from benchmarks.data.scaled.songs import AT_ONCE, MadeSong, made_songs
from indexer.build.run import CACHE
from indexer.catalogue import Catalogue
from indexer.errors import RefrainError
from indexer.progress import Track, quiet
from indexer.songs.write import lyrics_hash
from indexer.sources import Source
from indexer.sources.base import CERTAIN, Batch, EntryRow, Fit, Format, PlaylistRow, TagRow
from indexer.sources.opened import OpenedFile
from indexer.store.files import write_whole
from indexer.text.clean import clean
from indexer.text.names import artist_key

RECIPE = 1  # raised whenever the same originals, number and seed would make something else
SAID = (
    "songs, playlists and artists are made from real ones; lyrics are mixed from lines of several songs, so their "
    "words are those of the originals; the sentence vectors of lyrics are drawn from the real ones' mean and "
    "covariance, not encoded"
)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A made catalogue and the index that is to be built of it.

    catalogue   the file; index  its folder, with vectors to build from and with the index of the originals in use
    songs, playlists, entries, lyrics   how many were made
    seconds     that making took
    """

    catalogue: str
    index: str
    songs: int
    playlists: int
    entries: int
    lyrics: int
    seconds: float
    seed: int
    said: str = SAID


def make_scaled(
    folder: Path, songs: int, *, catalogue: str, encoded: Path, seed: int = 0, track: Track = quiet
) -> Scaled:
    """Make a catalogue of so many songs below `folder`, once: the same recipe finds it made.

    catalogue   of the originals; encoded  an index of them, whose vectors are taken
    RefrainError where another catalogue lies in the folder.
    """
    recipe, made = folder / "recipe.json", folder / "made.json"
    originals = Originals(catalogue, encoded)
    wanted = {"recipe": RECIPE, "songs": songs, "seed": seed, "originals": originals.fingerprint}
    wanted["vectors"] = originals.encoder
    text = json.dumps(wanted, sort_keys=True, indent=1) + "\n"
    if made.exists():
        if recipe.read_text("utf-8") != text:
            raise RefrainError(f"{folder} holds a catalogue of another recipe; remove it, or give another folder")
        return Scaled(**json.loads(made.read_text("utf-8")))
    start = time.perf_counter()
    for left in (*folder.glob("refrain.db*"), *folder.glob("refrain.index*"), *folder.glob(".refrain.index*")):
        shutil.rmtree(left) if left.is_dir() else left.unlink()  # of a making that was cut short
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(recipe, text)
    plan = Plan(originals, songs, seed)
    copy_index(encoded, folder / "refrain.index")
    vectors = _Vectors(folder / "refrain.index" / CACHE, originals, plan)
    source = Source(
        OpenedFile(recipe, "json", rows=songs),
        Format("made songs", 0, "", lambda opened: None, lambda opened: _batches(plan, vectors)),
        Fit(CERTAIN, "made here"),
    )
    with Catalogue(folder / "refrain.db") as opened:
        report = opened.load(source, track=track)
        if (added := report.counts["songs"].added) != songs:
            raise RefrainError(f"{added:,} songs of {songs:,} entered the catalogue: {report.refusals[:1]}")
    vectors.close()
    counts = report.counts
    scaled = Scaled(
        str(folder / "refrain.db"), str(folder / "refrain.index"), songs, counts["playlists"].added,
        counts["entries"].added, vectors.count, round(time.perf_counter() - start, 1),
        seed,
    )  # fmt: skip
    write_whole(made, json.dumps(asdict(scaled), indent=1) + "\n")
    return scaled


def _batches(plan: Plan, vectors: _Vectors) -> Iterator[Batch]:
    originals, row = plan.originals, 0
    songs = made_songs(plan)
    while some := list(islice(songs, AT_ONCE)):
        batch = Batch()
        for made in some:
            row += 1
            tags = originals.songs[made.row].tags
            labels = originals.labels.get(made.row)
            ids = [("spotify", str(made.values["spotify_id"]))] if "spotify_id" in made.values else []
            values = {**made.values, "tags": "|".join(tags)} if tags else made.values
            batch.add_song("made songs", row, values, song_id=made.song_id, ids=ids, labels=labels)
        vectors.add(some)
        yield batch
    of_artists = enumerate(_artist_tags(plan), 1)
    rows = (TagRow(row, ("artist", name), tag, count) for row, (name, tag, count) in of_artists)
    while some_tags := list(islice(rows, AT_ONCE)):
        yield Batch(tags=some_tags)
    batch = Batch()
    for number, place, made_of in plan.playlists():
        original = originals.playlists[place]
        facts = {"name": original.name, "description": original.description, "followers": original.followers}
        playlist_id = f"made-{number:08d}"
        batch.playlists.append(PlaylistRow(number, playlist_id, facts))
        batch.entries += [
            EntryRow(number, playlist_id, at, ("song", plan.song_id(song))) for at, song in enumerate(made_of)
        ]
        if len(batch.entries) > AT_ONCE:
            yield batch
            batch = Batch()
    yield batch


def _artist_tags(plan: Plan) -> Iterator[tuple[str, str, int]]:
    for name, original in plan.artists():
        for tag, count in plan.originals.artist_tags.get(artist_key(original), ()):
            yield name, tag, count


class _Vectors:
    """The vectors of made lyrics, in files that a build takes for its own, under the hashes of the cleaned lyrics."""

    def __init__(self, folder: Path, originals: Originals, plan: Plan):
        folder.mkdir(parents=True, exist_ok=True)
        rows, _ = plan.made_from(np.arange(plan.songs))
        many = int((originals.vector_of[rows] >= 0).sum())
        encoder = originals.encoder
        precision = "float32" if encoder["precision"] == "auto" else encoder["precision"]
        settings = f"w{encoder['window']}-{precision}-{encoder['recipe']}-v{originals.sentences_version}"
        model = "".join(c if c.isalnum() else "-" for c in encoder["name"].partition("@")[0])
        stem = f"{model}-{encoder['sha256'][:12]}.{settings}.drawn"

        def array(name: str, dtype: type, width: int) -> np.memmap:
            path = folder / f"{stem}.{name}.npy"
            return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=(many, width))

        self._hashes = array("hashes", np.uint8, 16)
        self._vectors = array("vectors", np.float16, originals.vectors.shape[1])
        self.count = 0

    def add(self, songs: list[MadeSong]) -> None:
        for song in songs:
            if song.vector is None:
                continue
            text = clean(str(song.values["lyrics"]), title=str(song.values["title"]), artist=str(song.values["artist"]))
            if text:  # else nothing of it is sung, and its hash stays zero
                self._hashes[self.count] = np.frombuffer(lyrics_hash(text), np.uint8)
            self._vectors[self.count] = song.vector
            self.count += 1

    def close(self) -> None:
        self._hashes.flush()
        self._vectors.flush()
