"""Artists: what listeners call each artist, by the code that an index gives to the artist."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from indexer.errors import IndexFormatError
from indexer.store import artefacts
from indexer.store.columns import Strings, check_lists
from indexer.store.draft import Draft
from indexer.store.generations import Source

MOST_TAGS = 30  # per artist, the most frequent ones


class ArtistTags:
    """The tags of the artists of one generation, weighted by TF-IDF, each artist's weights of length 1."""

    def __init__(self, source: Source):
        self._terms: Strings = source.strings(artefacts.ARTIST_TAG_TERMS)
        self._starts: npt.NDArray[np.int64] = source.array(artefacts.ARTIST_TAG_STARTS)
        self._codes: npt.NDArray[np.int32] = source.array(artefacts.ARTIST_TAG_CODES)
        self._weights: npt.NDArray[np.float32] = source.array(artefacts.ARTIST_TAG_WEIGHTS)
        check_lists(self._starts, self._codes, len(self._terms), self._terms.source)
        if len(self._weights) != len(self._codes):
            raise IndexFormatError(f"{self._terms.source} is damaged: weights lack; rebuild with `refrain build`")

    def of(self, artist: int) -> list[tuple[str, float]]:
        """(tag, weight) of an artist's code, the heaviest first; none for a negative code."""
        if artist < 0:
            return []
        here = slice(int(self._starts[artist]), int(self._starts[artist + 1]))
        return [(self._terms[int(c)], float(w)) for c, w in zip(self._codes[here], self._weights[here], strict=True)]

    def of_each(self, artists: Sequence[int]) -> list[tuple[str, float]]:
        """(tag, weight) of several artists together, the heaviest first: the mean over those who have tags."""
        tagged = [tags for artist in artists if (tags := self.of(artist))]
        if len(tagged) < 2:
            return tagged[0] if tagged else []
        weights: dict[str, float] = {}
        for tag, weight in (each for tags in tagged for each in tags):
            weights[tag] = weights.get(tag, 0.0) + weight / len(tagged)
        return sorted(weights.items(), key=lambda item: (-item[1], item[0]))


def write_artist_tags(draft: Draft, artists: Strings, tags: Iterable[tuple[str, str, int]]) -> None:
    """Write the tags of `artists` (artist keys by code) from (artist_key, tag, count), most frequent first per artist.

    weight = ln(1 + count) x ln(artists with tags / artists with this tag), as in TF-IDF.
    """
    code_of = {artists[code]: code for code in range(len(artists))}
    of_artist: dict[int, list[tuple[str, int]]] = {}
    frequency: Counter[str] = Counter()
    tagged: set[str] = set()
    for artist, tag, count in tags:  # of all artists: how rare a tag is does not depend on who is in this index
        frequency[tag.casefold()] += 1
        tagged.add(artist)
        if artist in code_of and len(of_artist.setdefault(code_of[artist], [])) < MOST_TAGS:
            of_artist[code_of[artist]].append((tag.casefold(), count))
    terms: dict[str, int] = {}
    starts, codes, weights = [0], [], []
    for artist_code in range(len(artists)):
        weighed: dict[str, float] = {}
        for tag, count in of_artist.get(artist_code, ()):
            rarity = math.log(max(len(tagged), 2) / frequency[tag])
            weighed[tag] = weighed.get(tag, 0.0) + math.log1p(count) * max(rarity, 0.0)
        length = math.sqrt(sum(weight**2 for weight in weighed.values()))
        for tag, weight in sorted(weighed.items(), key=lambda item: (-item[1], item[0])):
            if weight > 0:
                codes.append(terms.setdefault(tag, len(terms)))
                weights.append(weight / length)
        starts.append(len(codes))
    draft.write_strings(artefacts.ARTIST_TAG_TERMS, terms)
    draft.write_array(artefacts.ARTIST_TAG_STARTS, np.array(starts, np.int64))
    draft.write_array(artefacts.ARTIST_TAG_CODES, np.array(codes, np.int32))
    draft.write_array(artefacts.ARTIST_TAG_WEIGHTS, np.array(weights, np.float32))
