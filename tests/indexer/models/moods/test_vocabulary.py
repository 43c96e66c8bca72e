"""The vocabulary and what titles say: lemmas, whole words, phrases, emoji, denials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import FilterError
from indexer.models.moods.lexicon import Lexicon, Negation
from indexer.models.moods.vocabulary import TEMPLATES, VOCABULARY, mood_named, mood_of, moods_of
from indexer.text.tokens import tokenise


def test_the_vocabulary_is_as_large_as_the_papers_and_sound() -> None:
    assert len(VOCABULARY) >= 287  # Naseri et al. 2022
    assert {mood.part for mood in VOCABULARY.values()} == set(TEMPLATES)
    for mood in VOCABULARY.values():
        assert -1 <= mood.valence <= 1
        assert -1 <= mood.arousal <= 1
        assert mood.name in mood.sentence
        assert mood.sentence.endswith(".")


def test_no_word_or_emoji_means_two_moods() -> None:
    words = [tuple(tokenise(word)) for mood in VOCABULARY.values() for word in (mood.name, *mood.forms)]
    assert len(words) == len(set(words))
    emoji = "".join(mood.emoji for mood in VOCABULARY.values())
    assert len(emoji) == len(set(emoji))


@pytest.mark.parametrize(
    ("text", "moods"),
    [
        ("sad songs", {"sad"}),
        ("SAAAAD", {"sad"}),
        ("sadness & tears", {"sad", "tears"}),
        ("crusade, Sadie, disadvantage", set()),  # whole words only
        ("not sad", set()),
        ("not a sad song", set()),
        ("not sad, happy", {"happy"}),
        ("don't cry", set()),
        ("no sleep till brooklyn", set()),
        ("chillin", {"chill"}),
        ("dancing in summer16", {"dance", "summer"}),
        ("work out!!", {"work out"}),
        ("workout", {"work out"}),
        ("working out", {"work out"}),
        ("laid-back", {"laidback"}),
        ("moving on", {"move on"}),
        ("💔", {"heartbroken"}),
        ("🎄🎄", {"christmas"}),
        ("❤", set()),  # a heart alone says nothing
        ("", set()),
        ("canciones tristes", {"sad"}),
        ("triste", {"sad"}),
    ],
)
def test_what_titles_say(text: str, moods: set[str]) -> None:
    assert moods_of(text) == moods


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_every_mood_says_itself(name: str) -> None:
    mood = VOCABULARY[name]
    assert moods_of(f"songs {name.upper()}!") == {name}
    assert mood_named(name) is mood
    for form in mood.forms:
        assert mood_of(form) == name
    for letter in mood.emoji:
        assert moods_of(letter) == {name}


@given(st.text(max_size=40))
def test_reading_never_fails_and_says_only_moods(text: str) -> None:
    assert moods_of(text) <= VOCABULARY.keys()
    assert moods_of(text + " ") == moods_of(text)


def test_a_word_that_is_no_mood_is_refused_with_the_nearest() -> None:
    assert mood_of("hard rock") is None
    with pytest.raises(FilterError, match=r"no mood is called 'melancolic'; nearest: melancholic"):
        mood_named("melancolic")


def test_a_phrase_wins_over_its_first_word() -> None:
    lexicon = Lexicon.of({"fall": "autumn", "fall asleep": "sleep"}, {})
    assert lexicon.meanings("fall asleep") == {"sleep"}
    assert lexicon.meanings("falling asleep in fall") == {"sleep", "autumn"}


def test_a_denial_reaches_two_words_and_one_meaning() -> None:
    negation = Negation()
    words = ["no", "really", "very", "sad"]
    assert [negation.affirms(place, word, word == "sad") for place, word in enumerate(words)] == [
        False,
        False,
        False,
        True,
    ]
