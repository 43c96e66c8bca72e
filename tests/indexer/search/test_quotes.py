"""Quotation marks: whatever kind a keyboard makes, the same parts are quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.search.lexical import split_quotes


@pytest.mark.parametrize("pair", ['""', "“”", "„“", "„”", "«»", "»«", "＂＂", '“"'])
def test_every_kind_of_marks_quotes(pair: str) -> None:
    opening, closing = pair
    assert split_quotes(f"slow {opening}bought a boat{closing} rain") == (["bought a boat"], "slow rain")
    assert split_quotes(f"slow {opening}bought a boat") == ([], "slow bought a boat"), "a lone mark quotes nothing"


def test_apostrophes_are_no_quotation_marks() -> None:
    assert split_quotes("don’t stop ‘til 'you' drop") == ([], "don’t stop ‘til 'you' drop")


@given(st.text(alphabet='ab "“”«', max_size=30))
def test_no_word_is_lost_and_no_mark_stays(text: str) -> None:
    quoted, rest = split_quotes(text)
    assert not set('"“”«') & set("".join([*quoted, rest]))
    assert sorted("".join([*quoted, rest]).replace(" ", "")) == sorted(c for c in text if c in "ab")
