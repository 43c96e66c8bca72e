"""Preprocessing: what a published system did to lyrics before it read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.papers.preprocessing import LEAST_CHARACTERS, STOP_WORDS, expand, preprocess

pytestmark = pytest.mark.papers


@pytest.mark.parametrize(
    ("sung", "meant"),
    [
        ("aren't", "are not"),
        ("Isn't", "is not"),
        ("won't", "will not"),
        ("can't", "can not"),
        ("ain't", "is not"),
        ("I'm", "i am"),
        ("you're", "you are"),
        ("they'll", "they will"),
        ("we've", "we have"),
        ("she'd", "she would"),
        ("wouldn't've", "would not have"),
        ("y'all're", "you all are"),
        ("let's", "let us"),
        ("it's", "it is"),
        ("who's", "who is"),
        ("mother's", "mother"),
        ("sailors'", "sailors"),
        ("'cause", "because"),
        ("'Til", "until"),
        ("o'clock", "oclock"),
        ("rock 'n' roll", "rock n roll"),
        ("don’t", "do not"),
        ("'don't'", "do not"),
        ("n't", "nt"),
        ("'s", "s"),
    ],
)
def test_contractions_are_the_words_they_stand_for(sung: str, meant: str) -> None:
    assert expand(sung) == meant


def test_marks_go_and_letters_of_every_script_stay() -> None:
    assert expand("Élan—déjà-vu!? 사랑해… (हिन्दी) x_y 24/7") == "élan déjà vu 사랑해 हिन्दी x y 24 7"
    assert expand("cafe\u0301") == "café"


def test_words_of_mood_are_no_stop_words() -> None:
    assert not STOP_WORDS & {"cry", "alone", "fire", "empty", "love", "never", "always", "still", "without", "die"}
    assert {"the", "not", "would", "us", "is", "are", "have"} <= STOP_WORDS
    assert all(word.isalpha() and word == word.lower() for word in STOP_WORDS)


def test_what_is_not_longer_than_the_least_is_dropped() -> None:
    exactly = "r" * LEAST_CHARACTERS
    assert preprocess(exactly) is None
    assert preprocess(f"{exactly}r") == f"{exactly}r"
    assert preprocess(f"the {exactly}, and it!") is None, "what counts is what is left"
    assert preprocess("", least=0) is None
    with pytest.raises(ValueError, match="least is -1"):
        preprocess("rain", least=-1)


WORDS = st.lists(
    st.sampled_from(["don't", "The", "she's", "rain", "'cause", "wouldn't've", "it", "—", "o'er", "Ünder", "n't", "'s"])
    | st.text(max_size=6)
).map(" ".join)


@given(WORDS)
def test_only_words_are_left_and_a_second_time_changes_nothing(text: str) -> None:
    found = preprocess(text, least=0)
    if found is None:
        assert not set(expand(text).split()) - STOP_WORDS
        return
    assert found == " ".join(found.split())
    assert not set(found.split()) & STOP_WORDS
    assert "'" not in found
    assert all(c == " " or not c.isascii() or c.isalnum() for c in found)
    assert preprocess(found, least=0) == found


@given(WORDS, st.integers(0, 30))
def test_the_least_only_decides_between_all_and_nothing(text: str, least: int) -> None:
    whole = preprocess(text, least=0)
    found = preprocess(text, least=least)
    assert found == (whole if whole is not None and len(whole) > least else None)
