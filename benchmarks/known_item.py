"""Known-item lyric search: does one line of a song, quoted rightly or nearly, bring the song back?

    python -m benchmarks.known_item [--index DIR] [--seeds 11] [--no-lines]

Songs are those of catalogue/songs.parquet whose lyrics have line breaks; a line of 5 words or more is drawn
from each by seed. Only the song itself counts: a cover, or another song that has the very same line, does not.
DIR is an inverted index of that catalogue, row = position (built in a temporary folder if not given).
The data belong to others: no lyric is printed or written.
"""

from __future__ import annotations

import argparse
import os
import random
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from indexer.lexical import LexicalIndex, build_lexical
from indexer.text import clean, tokenise

SONGS, MIN_WORDS = 300, 5


def catalogue_path() -> Path:
    """songs.parquet in REFRAIN_DATA, by default ../shared/data beside the checkout."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("REFRAIN_DATA", default)) / "catalogue" / "songs.parquet"


def read_songs(path: Path) -> list[tuple[int, str, str, str | None]]:
    """(row, title, artist, cleaned lyrics) of every song, row = position in the file."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["title", "artist", "lyrics"])
    columns = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    return [
        (row, title or "", artist or "", (clean(lyrics) or None) if lyrics else None)
        for row, (title, artist, lyrics) in enumerate(columns)
    ]


def draw(songs: list[tuple[int, str, str, str | None]], seed: int) -> list[tuple[int, str]]:
    """SONGS pairs of (row, one of its lines)."""
    rng = random.Random(seed)
    with_lines = [(row, lyrics.split("\n")) for row, _, _, lyrics in songs if lyrics and "\n" in lyrics]
    drawn: list[tuple[int, str]] = []
    for row, lines in rng.sample(with_lines, len(with_lines)):
        long_enough = [line for line in lines if len(tokenise(line)) >= MIN_WORDS]
        if long_enough:
            drawn.append((row, rng.choice(long_enough)))
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


def measure(
    search: Callable[[str], list[int]], songs: list[tuple[int, str, str, str | None]], seeds: list[int]
) -> Iterator[tuple[int, str, float, float, float, float]]:
    """(seed, kind, share in first place, share in the top ten, median ms, 99th percentile ms)."""
    for seed in seeds:
        drawn = draw(songs, seed)
        for kind, change in KINDS.items():
            rng = random.Random(f"{seed} {kind}")
            first, ten, took = 0, 0, []
            for row, line in drawn:
                query = change(line, rng).replace('"', " ")  # quotes would ask for an exact phrase
                start = time.perf_counter()
                found = search(query)
                took.append(1000 * (time.perf_counter() - start))
                first += found[:1] == [row]
                ten += row in found[:10]
            shares = first / len(drawn), ten / len(drawn)
            yield seed, kind, *shares, float(np.median(took)), float(np.percentile(took, 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--index", type=Path, help="an inverted index of the catalogue")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    parser.add_argument("--no-lines", action="store_true", help="without the comparison of lines")
    chosen = parser.parse_args()
    songs = read_songs(catalogue_path())
    with tempfile.TemporaryDirectory() as folder:
        index = chosen.index
        if index is None:
            index = Path(folder) / "lexical"
            build_lexical(index, songs)
        lexical = LexicalIndex(index)

        def lines_of(row: int) -> str:
            _, title, artist, lyrics = songs[row]
            return f"{title} {artist}\n{title}\n{lyrics or ''}"

        def search(text: str) -> list[int]:
            rows, _ = lexical.search_text(text, 10, lines_of=None if chosen.no_lines else lines_of)
            return [int(row) for row in rows]

        print(f"{len(lexical)} songs, {'without' if chosen.no_lines else 'with'} comparison of lines")
        print("seed  kind               first  top 10  median ms  p99 ms")
        for seed, kind, first, ten, median, p99 in measure(search, songs, chosen.seeds):
            print(f"{seed:4}  {kind:17}  {first:5.3f}  {ten:6.3f}  {median:9.1f}  {p99:6.1f}")


if __name__ == "__main__":
    main()
