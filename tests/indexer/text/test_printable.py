"""Outside text on a terminal: nothing in it is obeyed, hidden or turned round, and everything else stays."""

from __future__ import annotations

import os
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.text.printable import HARMFUL, printable

EVERY = "".join(map(chr, range(sys.maxunicode + 1)))
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_controls_turns_and_surrogates_are_harmful_and_letters_are_not() -> None:
    harmful = set(HARMFUL.findall(EVERY))
    for letter in EVERY:
        category = unicodedata.category(letter)
        if category in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(letter) in BIDI:
            assert letter in harmful, f"U+{ord(letter):04X}"
        if category[0] in "LMNPS" or category == "Zs":
            assert letter not in harmful, f"U+{ord(letter):04X}"


@given(st.text(st.characters(codec=None)))
def test_what_is_printed_holds_no_harm(text: str) -> None:
    shown = printable(text)
    assert not HARMFUL.search(shown)
    assert printable(shown) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize("text", ["", "Tía Soltera", "사랑 ❤ 🎵", "می‌خواهم", "👩‍👩‍👧", "a\\b", "[bold]x[/]"])
def test_harmless_text_stays(text: str) -> None:
    assert printable(text) == text


def test_a_file_name_that_is_no_text_shows_its_bytes() -> None:
    assert printable(os.fsdecode(b"caf\xe9.csv")) == r"caf\xe9.csv"
