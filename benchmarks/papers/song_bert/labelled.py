"""The labelled songs: lyrics with a mood by listeners' tags, by the paper's rule, or by a label of the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.papers.product import MOOD_LABEL, place_of, unique_lines
from benchmarks.papers.steps import Steps
from benchmarks.papers.tag_rule import FOUR_MOODS, HAPPY_SAD, PAPER, TagRule, classes_of

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

TEST, VALIDATION = 0.2, 0.3  # places of song_id: below the first tested, between the two left to choose the epoch
RULE = replace(PAPER, least_tags=1)  # the paper's, but emotion tags are a few a song here: none would be left
LEAST_A_CLASS = 50  # with fewer songs of a class, wider classes and tags of one listener
QUICK_SONGS = 240

# For catalogues whose songs have a handful of tags, each given once.
WIDER_RULE = TagRule(least_users=1, least_tags=1)
_LIGHT = "funny upbeat party playful uplifting fun humor comic silly witty whimsical sassy quirky singalong dancefloor"
_HEAVY = "grief nostalgic nostalgia wistful breakup bittersweet mournful longing lonely heartbreak loss bleak"
_HARD = "heavy loud punk metal protest defiant revenge snotty gritty grunge rap hustle"
_SOFT = "gentle warm tender slow dreamy sweet quiet hushed intimate smooth lullaby meditative acoustic"
_MORE = {"happy": _LIGHT, "sad": _HEAVY, "angry": _HARD, "relaxed": _SOFT}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Songs with lyrics and a class.

    names       of the classes
    rows        in the index
    classes     int64 (songs,), entries of `names`
    tagged      bool (songs,): listeners' tags say so; of the others, and maybe of these, a label
    has_audio       bool (songs,): audio features are known
    test, validation   bool (songs,); the others are learned from
    agreed, disagreed  songs of which both sources tell the same, another class; the latter are left out
    wider       the classes are not the paper's, for want of its tags
    """

    names: tuple[str, ...]
    rows: Rows
    classes: Rows
    tagged: Mask
    has_audio: Mask
    test: Mask
    validation: Mask
    agreed: int
    disagreed: int
    wider: bool

    @property
    def train(self) -> Mask:
        return ~(self.test | self.validation)

    @property
    def positive(self) -> int:
        """The commonest class of those that are learned from; the paper's recall, above its precision, is of it."""
        return int(np.bincount(self.classes[~self.test], minlength=len(self.names)).argmax())

    @property
    def counts(self) -> dict[str, int]:
        return {name: int((self.classes == i).sum()) for i, name in enumerate(self.names)}

    def texts(self, steps: Steps) -> list[str]:
        """Their lyrics, each line once, as the index reads them."""
        lyrics = steps.dataset.index.songs.lyrics
        return [unique_lines(lyrics[row]) for row in self.rows.tolist()]


def labelled(steps: Steps, classes: Mapping[str, frozenset[str]]) -> Labelled:
    """The songs with lyrics that tags or labels `mood:NAME` call by one of the classes, split by the hash of their ids.

    With fewer than LEAST_A_CLASS songs of a class, wider classes are read from tags that one listener gave.
    """
    songs = steps.dataset.index.songs
    row_of = {song: row for song, row in steps.dataset.row_of.items() if songs.has_lyrics[row]}
    found, agreed, disagreed = _both_sources(steps, classes, RULE)
    found = {song: each for song, each in found.items() if song in row_of}
    seen = Counter(name for name, _ in found.values())
    if wider := min(seen[name] for name in classes) < LEAST_A_CLASS:
        more = {name: {*tags, *_MORE[name].split()} for name, tags in classes.items()}
        found, agreed, disagreed = _both_sources(steps, more, WIDER_RULE)
    chosen = sorted((song for song in found if song in row_of), key=lambda song: place_of(f"order|{song}"))
    chosen = chosen[: QUICK_SONGS if steps.quick else None]
    names = tuple(classes)
    rows = np.array([row_of[song] for song in chosen], np.int64)
    places = np.array([place_of(song) for song in chosen])
    return Labelled(
        names,
        rows,
        np.array([names.index(found[song][0]) for song in chosen], np.int64),
        np.array([found[song][1] for song in chosen], bool),
        songs.has_audio[rows],
        places < TEST,
        (places >= TEST) & (places < VALIDATION),
        agreed,
        disagreed,
        wider,
    )


def happy_sad(steps: Steps) -> Labelled:
    """The paper's two classes."""
    return labelled(steps, HAPPY_SAD)


def four_moods(steps: Steps) -> Labelled:
    """The four of its base classifier, which it does not name."""
    return labelled(steps, FOUR_MOODS)


def _both_sources(
    steps: Steps, classes: Mapping[str, frozenset[str] | set[str]], rule: TagRule
) -> tuple[dict[str, tuple[str, bool]], int, int]:
    """Song -> (class, whether by tags); how many both sources call alike, and how many otherwise."""
    by_tags = classes_of(steps.catalogue.song_tags(), classes, rule)
    by_label: dict[str, set[str]] = {}
    for song, name in _labels(steps, classes):
        by_label.setdefault(song, set()).add(name)
    found = {song: (name, True) for song, name in by_tags.items()}
    agreed = disagreed = 0
    for song, said in by_label.items():
        told = said | ({by_tags[song]} if song in by_tags else set())
        if len(told) > 1:
            found.pop(song, None)
        else:
            found.setdefault(song, (said.pop(), False))
        if song in by_tags:
            agreed, disagreed = agreed + (len(told) == 1), disagreed + (len(told) > 1)
    return found, agreed, disagreed


def _labels(steps: Steps, classes: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name in classes:
        for song, value in steps.catalogue.labels(f"{MOOD_LABEL}{name}"):
            if value > 0:
                yield song, name
