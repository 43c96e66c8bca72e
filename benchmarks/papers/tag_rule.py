"""Tags: a song's mood by the tags that listeners gave it, by the rule of Kelly et al. 2021 for Last.fm."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from benchmarks.papers.product import COUNT, SHARE, check

# The paper's two sets (of its tags, "synonyms of happy and sad"), with the nouns and adjectives they come from.
HAPPY = frozenset(["happy", "happiness", "cheerful", "cheerfulness", "joy", "joyful"])
SAD = frozenset(["sad", "sadness", "melancholy", "melancholic", "depressing", "depressive", "depression"])
HAPPY_SAD: Mapping[str, frozenset[str]] = {"happy": HAPPY, "sad": SAD}
# Four moods of the paper's base classifier, which it does not name: those of the labelled sets that people have.
FOUR_MOODS: Mapping[str, frozenset[str]] = {
    "angry": frozenset(["angry", "anger", "rage", "aggressive", "aggressiveness", "aggression"]),
    "happy": HAPPY,
    "relaxed": frozenset(["relaxed", "relaxing", "calm", "calming", "calmness", "peaceful", "comfort"]),
    "sad": SAD,
}


@dataclass(frozen=True, slots=True)
class TagRule:
    """What tags must be to give a song its class; the paper's numbers.

    least_users   listeners who gave a tag; with fewer it is not read
    least_tags    different tags of a song, of those that are read; with fewer the song has no class
    top           the class's tag is among the song's so many most used
    margin        its lead over the other classes' tags, as a share of all times the song was given a tag
    """

    least_users: int = 3
    least_tags: int = 11
    top: int = 5
    margin: float = 0.1

    def __post_init__(self) -> None:
        ranges = dict.fromkeys(("least_users", "least_tags", "top"), COUNT) | {"margin": SHARE}
        check(self, ranges, "tags.")


PAPER = TagRule()


def class_of(tags: Mapping[str, int], classes: Mapping[str, Collection[str]], rule: TagRule = PAPER) -> str | None:
    """The class of a song that so many listeners gave each tag; None where the rule finds none.

    A class counts as often as its most used tag does: synonyms stand in for one another and are not added up, for
    then a class with more of them would win. Its lead is (its count - the next class's) / the song's count of all tags,
    the next class being 0 where no tag is of another. The paper prints that this be at most 0.1, which would keep the
    songs between two moods and drop the clear ones; as it means the tag to dominate, here it is at least 0.1. Classes
    that are equal have no winner, whatever the margin.

    >>> rule = TagRule(least_tags=2)
    >>> class_of({"sadness": 9, "Melancholic": 8, "rain": 3}, HAPPY_SAD, rule)
    'sad'
    >>> class_of({"sadness": 9, "happiness": 8, "rain": 3}, HAPPY_SAD, rule) is None  # (9 - 8) / 20 is below 0.1
    True
    >>> class_of({"sadness": 9, "happiness": 8, "rain": 3}, HAPPY_SAD, TagRule(least_tags=2, margin=0.05))
    'sad'
    """
    return _class_of(tags, _by_tag(classes), rule)


def classes_of(
    song_tags: Iterable[tuple[str, str, int]], classes: Mapping[str, Collection[str]], rule: TagRule = PAPER
) -> dict[str, str]:
    """song_id -> class, by rising song_id, of (song_id, tag, count) as `catalogue.song_tags()` gives them.

    >>> given = [("b", "sad", 5), ("a", "joyful", 4), ("a", "loud", 2), ("c", "loud", 9)]
    >>> classes_of(given, HAPPY_SAD, TagRule(least_tags=1))
    {'a': 'happy', 'b': 'sad'}
    """
    by_tag = _by_tag(classes)
    tags_of: dict[str, dict[str, int]] = {}
    for song_id, tag, count in song_tags:
        tags_of.setdefault(song_id, {})[tag] = count
    found = {song_id: _class_of(tags_of[song_id], by_tag, rule) for song_id in sorted(tags_of)}
    return {song_id: each for song_id, each in found.items() if each is not None}


def _by_tag(classes: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Tag, in lower case -> its class."""
    if len(classes) < 2:
        raise ValueError(f"{len(classes)} classes are given, expected at least two to tell apart")
    found: dict[str, str] = {}
    for name, tags in classes.items():
        for tag in tags:
            if found.setdefault(tag.casefold(), name) != name:
                raise ValueError(f"the tag {tag!r} is of the classes {found[tag.casefold()]!r} and {name!r}")
    return found


def _class_of(tags: Mapping[str, int], by_tag: Mapping[str, str], rule: TagRule) -> str | None:
    counts: dict[str, int] = {}
    for tag, count in tags.items():
        if count >= rule.least_users:
            folded = tag.casefold()
            counts[folded] = max(count, counts.get(folded, 0))
    if len(counts) < rule.least_tags:
        return None
    best: dict[str, int] = {}
    for tag, count in counts.items():
        if name := by_tag.get(tag):
            best[name] = max(count, best.get(name, 0))
    if not best:
        return None
    first, second = [*sorted(((count, name) for name, count in best.items()), reverse=True), (0, "")][:2]
    more_used = sum(count > first[0] for count in counts.values())
    lead = first[0] - second[0]
    # A lead of exactly the margin counts, and 0.1 x 30 is a little above 3.
    dominates = lead > 0 and lead >= rule.margin * sum(counts.values()) - 1e-9
    return first[1] if more_used < rule.top and dominates else None
