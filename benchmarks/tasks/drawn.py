"""Requests drawn from an index at random, made when they are asked: song_ids, mistyped names, sentences, phrases.

No title, line or id of them is written anywhere.
"""

from __future__ import annotations

import random
from itertools import cycle, islice

import numpy as np

from benchmarks.tasks import known_item
from engine.requests import MakePath, MakePlaylist, Recommend, Request, Search
from indexer.songs.table import Songs

SEED = 13
LINES = 1_000  # that sentences and phrases are made from; two of them make a sentence
PHRASE_WORDS = 4
LEAST_LETTERS = 4  # of a title that is mistyped: of less, too little would be left
SEEDS = 5  # songs that a recommendation is asked for


class Draws:
    """What is drawn from the songs of which something is known: each draw goes on where the last one ended, so that no
    row of a table finds what another has put into memory.
    """

    def __init__(self, songs: Songs, seed: int = SEED):
        self._songs = songs
        self._rng = random.Random(seed)
        known = np.flatnonzero(songs.alive & (songs.has_lyrics | songs.has_audio)).tolist()
        if len(known) <= SEEDS:
            raise ValueError(
                f"the index knows lyrics or sound of {len(known)} songs, expected more than {SEEDS}; import some"
            )
        self._rng.shuffle(known)
        self._rows = cycle(known)
        self._lines = [words for _, line in known_item.draw(songs, seed, LINES) if len(words := _words(line)) > 3]

    @property
    def has_words(self) -> bool:
        """Whether there are lines to make sentences and phrases from."""
        return len(self._lines) > 1

    def rows(self, count: int) -> list[int]:
        return list(islice(self._rows, count))

    def ids(self, count: int) -> list[str]:
        return [self._songs.song_ids[row] for row in self.rows(count)]

    def seeds(self, count: int, each: int = SEEDS) -> list[list[str]]:
        """`count` times as many song_ids, no song twice among them."""
        return [self.ids(each) for _ in range(count)]

    def mistyped(self, count: int) -> list[tuple[int, str]]:
        """Rows and their names, a letter of the title dropped or exchanged with the next; fewer of few songs."""
        drawn: list[tuple[int, str]] = []
        for row in self.rows(4 * count):
            title, artist = self._songs.titles[row], self._songs.artists[row]
            wrong = mistyped(title, self._rng)
            if wrong != title and artist.strip() and len(drawn) < count:
                drawn.append((row, f"{wrong} {artist}"))
        return drawn

    def sentences(self, count: int) -> list[str]:
        """The first half of a line of one song and the second half of another's."""
        pairs = (self._rng.sample(self._lines, 2) for _ in range(count))
        return [" ".join([*one[: len(one) // 2], *other[len(other) // 2 :]]) for one, other in pairs]

    def phrases(self, count: int) -> list[str]:
        """Words of a line that follow each other, in double quotes."""
        drawn = []
        for words in self._rng.choices(self._lines, k=count):
            start = self._rng.randint(0, len(words) - PHRASE_WORDS)
            drawn.append(f'"{" ".join(words[start : start + PHRASE_WORDS])}"')
        return drawn

    def mixed(self, count: int) -> list[Request]:
        """Requests of every kind in turn."""
        drawn: list[Request] = []
        while len(drawn) < count:
            one, start, end = self.ids(3)
            drawn += [
                Recommend(seeds=(one,)),
                Recommend(seeds=tuple(self.ids(SEEDS)), k=500),
                MakePlaylist(seeds=tuple(self.ids(1))),
                MakePath(start=start, end=end),
                *(Recommend(seeds=(name,)) for _, name in self.mistyped(1)),
            ]
            if self.has_words:
                drawn += [Search(text=text) for text in (*self.sentences(1), *self.phrases(1))]
        return drawn[:count]


def mistyped(title: str, rng: random.Random) -> str:
    """A title with a letter dropped or exchanged with the next; as it is where it has too few letters.

    >>> [mistyped("Tides", random.Random(seed)) for seed in range(4)], mistyped("Oh", random.Random(0))
    (['Tide', 'Ties', 'Tdies', 'Ties'], 'Oh')
    """
    letters = [at for at, character in enumerate(title) if character.isalpha()]
    if len(letters) < LEAST_LETTERS:
        return title
    at = rng.choice(letters[1:])  # people see the first letter that they type
    following = title[at + 1 : at + 2]
    if rng.random() < 0.5 and following.isalpha() and following != title[at]:
        return title[:at] + following + title[at] + title[at + 2 :]
    return title[:at] + title[at + 1 :]


def _words(line: str) -> list[str]:
    return line.replace('"', " ").split()
