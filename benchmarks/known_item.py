"""Known-item lyric search: does one line of a song, quoted rightly or nearly, bring the song back?

    python -m benchmarks.known_item [--index refrain.index] [--seeds 11]

From songs whose lyrics have line breaks a line of 5 words or more is drawn by seed and searched as a user would.
Only the song itself counts: a cover, or another song that has the very same line, does not. No lyric is printed.
"""

from __future__ import annotations

import argparse
import random
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from engine import Engine
from indexer.facets import Songs

SONGS, MIN_WORDS = 300, 5


def draw(songs: Songs, seed: int) -> list[tuple[str, str]]:
    """SONGS pairs of (song_id, one of its lines)."""
    rng = random.Random(seed)
    rows = np.flatnonzero(songs.alive & songs.has_lyrics).tolist()
    drawn: list[tuple[str, str]] = []
    for row in rng.sample(rows, len(rows)):
        lines = songs.lyrics[row].split("\n")
        long_enough = [line for line in lines if len(line.split()) >= MIN_WORDS]
        if len(lines) > 1 and long_enough:
            drawn.append((songs.song_ids[row], rng.choice(long_enough)))
        if len(drawn) == SONGS:
            break
    return drawn


def two_letters_wrong(line: str, rng: random.Random) -> str:
    letters = list(line)
    for at in rng.sample([i for i, letter in enumerate(letters) if letter.isalpha()], 2):
        letters[at] = rng.choice([letter for letter in string.ascii_lowercase if letter != letters[at].lower()])
    return "".join(letters)


def one_word_missing(line: str, rng: random.Random) -> str:
    words = line.split()
    words.pop(rng.randrange(len(words)))
    return " ".join(words)


def as_it_is(line: str, rng: random.Random) -> str:
    return line


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "exact": as_it_is,
    "two letters wrong": two_letters_wrong,
    "one word missing": one_word_missing,
}


def measure(engine: Engine, seeds: list[int]) -> Iterator[tuple[int, str, float, float, float, float]]:
    """(seed, kind, share in first place, share in the top ten, median ms, 99th percentile ms)."""
    for seed in seeds:
        drawn = draw(engine.index.songs, seed)
        for kind, change in KINDS.items():
            rng = random.Random(f"{seed} {kind}")
            first, ten, took = 0, 0, []
            for song_id, line in drawn:
                query = change(line, rng).replace('"', " ")  # quotes would ask for an exact phrase
                start = time.perf_counter()
                found = [hit.song_id for hit in engine.search(query, 10)]
                took.append(1000 * (time.perf_counter() - start))
                first += found[:1] == [song_id]
                ten += song_id in found
            shares = first / len(drawn), ten / len(drawn)
            yield seed, kind, *shares, float(np.median(took)), float(np.percentile(took, 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--index", type=Path, default=Path("refrain.index"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    chosen = parser.parse_args()
    with Engine.open(chosen.index) as engine:
        print(f"{len(engine)} songs")
        print("seed  kind               first  top 10  median ms  p99 ms")
        for seed, kind, first, ten, median, p99 in measure(engine, chosen.seeds):
            print(f"{seed:4}  {kind:17}  {first:5.3f}  {ten:6.3f}  {median:9.1f}  {p99:6.1f}")


if __name__ == "__main__":
    main()
