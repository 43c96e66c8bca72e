"""What cleaning takes out of real lyrics (REFRAIN_DATA), by kind: each kind stays within what was read by people."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pyarrow.parquet
import pytest

from indexer.text import clean as cleaning

pytestmark = pytest.mark.realdata

DATA = Path(os.environ.get("REFRAIN_DATA", Path(__file__).parents[4] / "shared" / "data"))

# kind -> the share of lyrics that may hold it, from and to. Of a sample of each kind, read in full: round headings
# and credits 0 of 105 sung; square brackets without a heading 3 of 100 sung, the others speakers, samples and notes.
BOUNDS = {
    "heading": (0.35, 0.45),
    "bracketed": (0.07, 0.11),
    "round heading": (0.010, 0.016),
    "advert": (0.12, 0.18),
    "stray NA": (0.002, 0.005),
    "credit": (0.0008, 0.0020),
    "embed": (0.0004, 0.0015),
    "contributors": (0.0, 0.0005),
}


def removals(lyrics: str) -> Counter[str]:
    lines = lyrics.replace("\r\n", "\n")
    found = Counter(
        {
            "heading": len(cleaning.HEADING.findall(lines)),
            "round heading": len(cleaning.ROUND_HEADING.findall(lines)),
            "bracketed": len(cleaning.BRACKETED.findall(cleaning.HEADING.sub("", lines))),
            "advert": len(cleaning.ADVERT.findall(lines)),
            "stray NA": len(cleaning.STRAY_NA.findall(lines)),
            "embed": len(cleaning.EMBED_TAIL.findall(lines)),
            "contributors": len(cleaning.CONTRIBUTORS.findall(lines)),
            "credit": sum(cleaning.is_credit(" ".join(line.split())) for line in lines.split("\n")),
        }
    )
    return +found


def test_what_is_removed_stays_within_bounds() -> None:
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}; set REFRAIN_DATA")
    table = pyarrow.parquet.read_table(DATA / "catalogue" / "songs.parquet", columns=["lyrics"])
    lyrics = [text for text in table["lyrics"].to_pylist() if text]
    rows: Counter[str] = Counter()
    times: Counter[str] = Counter()
    emptied = shortened = 0
    for text in lyrics:
        found = removals(text)
        times += found
        rows.update(found.keys())
        left = cleaning.clean(text)
        emptied += not left
        outside = cleaning.BRACKETED.sub("", cleaning.HEADING.sub("", cleaning.ADVERT.sub("", text)))
        shortened += len("".join(left.split())) < 0.8 * len("".join(outside.split()))
    print({kind: (times[kind], rows[kind]) for kind in BOUNDS}, "emptied", emptied, "shortened", shortened)
    for kind, (low, high) in BOUNDS.items():
        assert low <= rows[kind] / len(lyrics) <= high, kind
    assert emptied <= 2
    assert shortened <= 10, "beside brackets and adverts cleaning takes a few lines, never a fifth of a song"
