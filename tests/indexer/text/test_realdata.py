"""What cleaning takes out of real lyrics (REFRAIN_DATA), by kind: each kind stays within what was read by people."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from indexer.songs.write import lyrics_hash
from indexer.text.clean import clean
from indexer.text.guess import guess_language
from indexer.text.no_lyrics import no_lyrics

pytestmark = pytest.mark.realdata

DATA = Path(os.environ.get("REFRAIN_DATA", Path(__file__).parents[4] / "shared" / "data"))

# kind -> the share of lyrics that may hold it, from and to. Of 200 removals drawn from all kinds alike and read, one
# was sung (words without a name or remark in square brackets).
BOUNDS = {
    "heading": (0.35, 0.45),
    "bracketed": (0.06, 0.11),
    "round heading": (0.010, 0.018),
    "advert": (0.12, 0.18),
    "notice": (0.009, 0.018),
    "look-alike": (0.010, 0.020),
    "stray NA": (0.002, 0.005),
    "preface": (0.002, 0.004),
    "label": (0.001, 0.004),
    "credit": (0.0008, 0.0020),
    "embed": (0.0004, 0.0015),
    "chord": (0.0004, 0.0015),
    "repeat": (0.0004, 0.0015),
    "title": (0.004, 0.012),
    "lrc": (0.0, 0.0005),
    "markup": (0.0, 0.0005),
    "head": (0.0, 0.0005),
    "description": (0.0, 0.0005),
    "address": (0.0, 0.0005),
}
# Languages of which the catalogue has enough songs, and the share that must be guessed right. Labels are a program's,
# too: a Korean song that is English for the most part is "ko" there.
LANGUAGES = {
    **dict.fromkeys(("en", "es", "de", "fr", "nl", "it", "tr", "pt", "ru", "sv", "fi"), 0.97),
    **dict.fromkeys(("ko", "ja"), 0.90),
}

Row = dict[str, str]


@pytest.fixture(scope="module")
def songs() -> list[Row]:
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set REFRAIN_DATA")
    columns = ["title", "artist", "language", "lyrics"]
    table = pyarrow.parquet.read_table(DATA / "catalogue" / "songs.parquet", columns=columns).to_pylist()
    return [{name: value or "" for name, value in row.items()} for row in table if row["lyrics"]]


@pytest.fixture(scope="module")
def cleaned(songs: list[Row]) -> list[str]:
    return [clean(row["lyrics"], title=row["title"], artist=row["artist"]) for row in songs]


def test_what_is_removed_stays_within_bounds(songs: list[Row], cleaned: list[str]) -> None:
    rows: defaultdict[str, set[int]] = defaultdict(set)
    times: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    emptied = shortened = 0
    for number, (row, left) in enumerate(zip(songs, cleaned, strict=True)):
        in_brackets = 0

        def log(kind: str, text: str, number: int = number) -> None:
            nonlocal in_brackets
            rows[kind].add(number)
            times[kind] += 1
            letters[kind] += len(text)
            in_brackets += len(text) if kind in ("heading", "bracketed", "advert") else 0

        clean(row["lyrics"], title=row["title"], artist=row["artist"], log=log)
        emptied += not left
        shortened += len("".join(left.split())) < 0.8 * (len("".join(row["lyrics"].split())) - in_brackets)
    print(f"\n{'kind':<15}{'lyrics':>8}{'times':>8}{'characters':>12}")
    for kind, at in sorted(rows.items(), key=lambda item: -len(item[1])):
        print(f"{kind:<15}{len(at):>8}{times[kind]:>8}{letters[kind]:>12}")
    print("emptied", emptied, "shortened by more than a fifth", shortened)
    assert rows.keys() <= BOUNDS.keys()
    for kind, (low, high) in BOUNDS.items():
        assert low <= len(rows[kind]) / len(songs) <= high, kind
    assert emptied <= 2
    assert shortened <= 20, "beside brackets and adverts cleaning takes a few lines, never a fifth of a song"


def test_few_real_lyrics_are_none(songs: list[Row]) -> None:
    kinds = Counter(no_lyrics(row["lyrics"]) for row in songs)
    print(kinds)
    assert kinds["track list"] >= 3
    assert kinds["unavailable"] >= 2
    assert sum(count for kind, count in kinds.items() if kind) <= 15


def test_lyrics_without_new_residue_keep_their_vectors(cleaned: list[str]) -> None:
    """Vectors are stored by the hash of the cleaned lyric: what cleaning leaves as it was is not encoded again."""
    stored = sorted((DATA / "encoded").glob("*.hashes.npy"))
    if not stored:
        pytest.skip("no encoded lyrics")
    known = {row.tobytes() for path in stored for row in np.load(path)}
    same = sum(lyrics_hash(text) in known for text in cleaned)
    print("cleaned as when encoded:", same, "of", len(cleaned))
    assert same >= 0.93 * len(cleaned)


def test_languages_are_guessed_as_labelled(songs: list[Row], cleaned: list[str]) -> None:
    right: defaultdict[str, list[bool]] = defaultdict(list)
    unknown = 0
    for row, text in zip(songs, cleaned, strict=True):
        if row["language"] in LANGUAGES and len(right[row["language"]]) < 300:
            guess = guess_language(text)
            unknown += guess is None
            if guess is not None:
                right[row["language"]].append(guess == row["language"])
    shares = {language: sum(answers) / len(answers) for language, answers in right.items()}
    print({language: f"{share:.3f}" for language, share in shares.items()}, "unknown", unknown)
    for language, least in LANGUAGES.items():
        assert shares[language] >= least, language
    assert unknown <= 0.03 * sum(map(len, right.values()))
