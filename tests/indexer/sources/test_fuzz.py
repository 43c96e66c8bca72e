"""Damaged files of every kind: an import reports, or refuses in one line and changes nothing; it is quick.

Each file is an example of tests/formats to which a seed did something: `mutated(seed)` makes it again.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import random
import re
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

from indexer.catalogue import Catalogue
from indexer.errors import CatalogueError, SourceError
from indexer.text.printable import HARMFUL

FORMATS = Path(__file__).parents[2] / "formats"
SECONDS_PER_MIB = 5.0  # of a processor to itself, of the kind on which `pace` takes PACE_S
PACE_S = 0.1
MOST_BYTES = 1_200_000
LONGEST_MESSAGE = 3_000  # characters

Mutation = Callable[[random.Random, bytes, list[bytes]], bytes]

HUGE = (b"9" * 400, b"-1", b"1e999", b"NaN", b"0x1F", b"99999999999999999999", b"1.7976931348623157e309", b"2147483648")
TOKENS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xf0\x9f\x8e\xb5", b"\r", b"\n\n", b'"', b"'", b"<", b">",
    b"&", b"&x;", b"{", b"}", b"[", b"]", b",", b":", b";", b"\t", b"null", b"true", b"{}", b"[]", b"\\u0000",
    b"\\ud800",
    b"]]>", b"<![CDATA[", b"<!--", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"#EXTINF:", b"#EXTM3U", b"file:///%00",
    b"//[", b"=1",
    "\u202e".encode(), "İ".encode(), "ﬀ".encode(), b"[ti:", b"[00:00.00]", b"PK\x03\x04", b"\x1f\x8b", b"PAR1",
)  # fmt: skip


def flipped(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] if rng.random() < 0.7 else data[at:]


def without_a_piece(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start, end = piece(rng, data)
    return data[:start] + data[end:]


def doubled(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    start, end = piece(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 1, 1, 7, 300)) + data[end:]


def with_lines_swapped(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def nested(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b"(", b")"), (b'"', b'"')))
    start, end = piece(rng, data)
    depth = rng.choice((1, 10, 1_000, 20_000))
    return data[:start] + opening * depth + data[start:end] + closing * rng.choice((depth, depth, 0)) + data[end:]


def with_huge_numbers(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    numbers = list(re.finditer(rb"\d+", data))
    if not numbers:
        return data + rng.choice(HUGE)
    found = rng.choice(numbers)
    return data[: found.start()] + rng.choice(HUGE) + data[found.end() :]


def with_tokens(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice(TOKENS) + data[at:]
    return data


def in_another_encoding(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = rng.choice(
        ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1", "cp1251", "shift_jis", "utf-32", "utf-7")
    )
    return text.encode(encoding, "replace")


def spliced(rng: random.Random, data: bytes, examples: list[bytes]) -> bytes:
    other = rng.choice(examples)
    return data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]


def grown(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """A MiB of one piece: what is slow shows here."""
    start, end = piece(rng, data)
    part = data[start:end] or b" "
    return data[:end] + part * (1_000_000 // len(part)) + data[end:] if rng.random() < 0.15 else data


MUTATIONS: tuple[Mutation, ...] = (
    flipped, cut, without_a_piece, doubled, with_lines_swapped, nested, with_huge_numbers, with_tokens,
    in_another_encoding, spliced, grown,
)  # fmt: skip


def piece(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.choice((1, 8, 80, 800)))


def packed(rng: random.Random, data: bytes) -> bytes:
    """Now and then a compressed file or an archive, of which a byte may be wrong."""
    if rng.random() > 0.1:
        return data
    if rng.random() < 0.5:
        data = gzip.compress(data, mtime=0)
    else:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo("a/b.txt"), data)
        data = buffer.getvalue()
    return flipped(rng, data, []) if rng.random() < 0.5 else data


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    files = sorted(path for path in FORMATS.iterdir() if path.is_file() and path.suffix != ".py")
    folder = tmp_path_factory.mktemp("examples")
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(FORMATS / "songs.csv"), folder / "songs.parquet")
    return [path.read_bytes() for path in [*files, folder / "songs.parquet"]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with songs, playlists and tags."""
    path = tmp_path_factory.mktemp("base") / "songs.db"
    with Catalogue(path) as catalogue:
        for name in ("songs.csv", "playlists.csv", "song_tags.csv"):
            catalogue.load(FORMATS / name)
    return path


def mutated(seed: int, examples: list[bytes]) -> tuple[bytes, str]:
    """A damaged file, and what was done to it."""
    rng = random.Random(seed)
    data = rng.choice(examples)
    done = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        mutation = rng.choice(MUTATIONS)
        data = mutation(rng, data or b"x", examples)[:MOST_BYTES]
        done.append(mutation.__name__)
    return packed(rng, data), ", ".join(done)


def content(path: Path) -> str:
    """A digest of all that a catalogue holds."""
    with sqlite3.connect(path) as connection:
        digest = hashlib.sha256("\n".join(connection.iterdump()).encode("utf-8", "surrogatepass")).hexdigest()
    connection.close()
    return digest


def pace() -> float:
    """How many times as long as it should this processor takes for a piece of work, at least 1: some are slower, and
    tests that run side by side share one."""
    started = time.process_time()
    rows = csv.reader(f"Title {number},Artist {number % 90},0.{number}" for number in range(60_000))
    named = [dict(zip(("title", "artist", "energy"), row, strict=True)) for row in rows]
    assert len({row["title"].casefold() + row["artist"] for row in named if float(row["energy"])}) > 50_000
    return max(1.0, (time.process_time() - started) / PACE_S)


def import_all(seeds: range, examples: list[bytes], base: Path, folder: Path) -> None:
    before = content(base)
    wrong = []
    for seed in seeds:
        data, done = mutated(seed, examples)
        path, place = folder / "file", folder / "songs.db"
        path.write_bytes(data)
        shutil.copy(base, place)
        started = time.process_time()
        try:
            with Catalogue(place) as catalogue:
                reports = list(catalogue.load_all([path]))
            assert reports, "neither a report nor an error"
        except (SourceError, CatalogueError) as error:
            message = str(error)
            if "\n" in message or len(message) > LONGEST_MESSAGE or HARMFUL.search(message):
                wrong.append(f"seed {seed} ({done}): a message of {len(message)} characters: {message[:200]!r}")
            if content(place) != before:
                wrong.append(f"seed {seed} ({done}): a refused file left something: {message[:200]}")
        except Exception as error:  # whatever else comes is what this test is for
            wrong.append(f"seed {seed} ({done}): {type(error).__name__}: {str(error)[:200]}")
        seconds = time.process_time() - started
        limit = SECONDS_PER_MIB * max(len(data) / 2**20, 1.0)
        if seconds > limit and seconds > limit * pace():
            wrong.append(f"seed {seed} ({done}): {seconds:.1f} s for {len(data):,} bytes")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("#EXTM3U\na.mp3\n".encode("utf-16") + b"\x00", "not UTF-16 text"),
        (b'{"a\\ud8": [1], "b": 2}\n', "not whole JSON"),
        (b"a," * 60_000 + b"a\n1\n", "columns, expected a table of songs"),
    ],
    ids=["half a character", "key", "columns of one name"],
)
def test_damage_that_was_found_so(data: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    started = time.process_time()
    with Catalogue(tmp_path / "songs.db") as catalogue, pytest.raises(SourceError, match=why):
        catalogue.load(tmp_path / "file")
    assert time.process_time() - started < SECONDS_PER_MIB * pace()


def test_one_tag_in_every_row(tmp_path: Path) -> None:
    """What comes twice in a file is looked up once, however often it comes and whether or not it is counted."""
    rows = 60_000
    (tmp_path / "tags.csv").write_text("artist,tag,count\n" + "Oda Finch,folk,\n" * rows + "Oda Finch,folk,3\n")
    started = time.process_time()
    with Catalogue(tmp_path / "songs.db") as catalogue:
        counts = catalogue.load(tmp_path / "tags.csv").counts["tags"]
        assert list(catalogue.artist_tags()) == [("oda finch", "folk", 3)]
    assert counts.added == 1
    assert time.process_time() - started < SECONDS_PER_MIB * pace()


@pytest.mark.parametrize("chunk", range(3))
def test_damaged_files(chunk: int, examples: list[bytes], base: Path, tmp_path: Path) -> None:
    import_all(range(40 * chunk, 40 * (chunk + 1)), examples, base, tmp_path)


@pytest.mark.fuzz
@pytest.mark.parametrize("chunk", range(20))
def test_ten_thousand_damaged_files(chunk: int, examples: list[bytes], base: Path, tmp_path: Path) -> None:
    import_all(range(1_000 + 500 * chunk, 1_500 + 500 * chunk), examples, base, tmp_path)
