"""Mood classes from listeners' tags: the paper's rule, condition by condition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.papers.tag_rule import FOUR_MOODS, HAPPY_SAD, PAPER, TagRule, class_of, classes_of
from indexer.errors import ConfigError

pytestmark = pytest.mark.papers

ANY = TagRule(least_users=1, least_tags=1)
CLASSES = {"up": ("u1", "u2"), "down": ("d1", "d2")}
TAGS = st.dictionaries(st.sampled_from(["u1", "u2", "d1", "d2", "x", "y", "z"]), st.integers(1, 30))


def others(number: int, count: int) -> dict[str, int]:
    return {f"other {i}": count for i in range(number)}


def test_the_papers_numbers() -> None:
    assert (PAPER.least_users, PAPER.least_tags, PAPER.top, PAPER.margin) == (3, 11, 5, 0.1)


def test_a_song_needs_eleven_tags_of_three_users_each() -> None:
    assert class_of({"happy": 20} | others(10, 3), HAPPY_SAD) == "happy"
    assert class_of({"happy": 20} | others(9, 3), HAPPY_SAD) is None
    assert class_of({"happy": 20} | others(9, 3) | {"rare": 2}, HAPPY_SAD) is None
    assert class_of({"happy": 2} | others(12, 3), HAPPY_SAD) is None


def test_a_tag_of_too_few_users_neither_wins_nor_stands_in_the_way() -> None:
    rule = TagRule(least_tags=1)
    assert class_of({"happy": 3, "sad": 2}, HAPPY_SAD, rule) == "happy"
    assert class_of({"happy": 3, "sad": 3}, HAPPY_SAD, rule) is None


def test_the_tag_is_among_the_five_most_used() -> None:
    assert class_of({"happy": 10} | others(4, 11), HAPPY_SAD, ANY) == "happy"
    assert class_of({"happy": 10} | others(5, 11), HAPPY_SAD, ANY) is None
    assert class_of({"happy": 10} | others(5, 10), HAPPY_SAD, ANY) == "happy", "nobody is before a tie"
    assert class_of({"happy": 10} | others(2, 11), HAPPY_SAD, TagRule(1, 1, top=2)) is None


@pytest.mark.parametrize(("sad", "found"), [(8, "happy"), (9, None), (10, None), (11, None), (13, "sad")])
def test_a_class_leads_by_a_tenth_of_all_that_was_tagged(sad: int, found: str | None) -> None:
    """10 for happy; with 8 for sad and 2 others 20 in all, and a lead of 2 is exactly a tenth."""
    assert class_of({"happy": 10, "sad": sad, "rain": 2}, HAPPY_SAD, ANY) == found


def test_synonyms_stand_in_for_one_another_and_are_not_added_up() -> None:
    assert class_of({"happy": 10, "sad": 6, "melancholy": 6, "depressing": 6}, HAPPY_SAD, ANY) == "happy"
    assert class_of({"cheerful": 10, "sad": 6}, HAPPY_SAD, ANY) == "happy"


def test_case_does_not_tell_tags_apart() -> None:
    assert class_of({"Happy": 9, "HAPPY": 11, "sad": 10}, HAPPY_SAD, ANY) is None, "a lead of 1 in 21"
    assert class_of({"Happy": 9, "HAPPY": 13, "sad": 10}, HAPPY_SAD, ANY) == "happy", "a lead of 3 in 23"
    assert class_of({"Sadness": 5}, {"a": ["SADNESS"], "b": ["joy"]}, ANY) == "a"


@given(TAGS)
def test_the_winner_has_the_most_used_tag_and_leads(tags: dict[str, int]) -> None:
    found = class_of(tags, CLASSES, ANY)
    best = {name: max(tags.get(tag, 0) for tag in each) for name, each in CLASSES.items()}
    lead = abs(best["up"] - best["down"])
    clear = lead > 0 and 10 * lead >= sum(tags.values())
    winner = max(best, key=best.__getitem__)
    in_front = sum(count > best[winner] for count in tags.values()) < 5
    assert found == (winner if clear and in_front else None)


@given(TAGS, st.permutations(["up", "down"]))
def test_neither_the_order_of_classes_nor_of_tags_matters(tags: dict[str, int], order: list[str]) -> None:
    turned = dict(reversed(tags.items()))
    assert class_of(tags, CLASSES, ANY) == class_of(turned, {name: CLASSES[name] for name in order}, ANY)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["u1", "u2", "d1", "x"]), st.integers(1, 9))))
def test_songs_are_classed_one_by_one(rows: list[tuple[str, str, int]]) -> None:
    found = classes_of(rows, CLASSES, ANY)
    for song in "abc":
        own = {tag: count for each, tag, count in rows if each == song}
        assert found.get(song) == class_of(own, CLASSES, ANY)
    assert [*found] == sorted(found)


def test_classes_that_share_a_tag_or_are_alone_are_refused() -> None:
    with pytest.raises(ValueError, match="'Blue' is of the classes 'a' and 'b'"):
        class_of({}, {"a": ["blue"], "b": ["Blue", "red"]}, ANY)
    with pytest.raises(ValueError, match="at least two"):
        classes_of([], {"a": ["blue"]})
    assert {*HAPPY_SAD} == {"happy", "sad"}
    assert len(FOUR_MOODS) == 4


@pytest.mark.parametrize(("name", "value"), [("least_users", 0), ("least_tags", 0), ("top", 0), ("margin", 1.0)])
def test_a_rule_that_makes_no_sense_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"tags\.{name} is {value:g}"):
        TagRule(**{name: value})
