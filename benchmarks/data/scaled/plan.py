"""The plan of a made catalogue: which song each of its songs is made from, its artists' names and its playlists.

Songs are numbered; the numbers go through the originals again and again, artist by artist, so that each artist of each
round has as many songs as its original. A round's artists are its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from benchmarks.data.scaled.originals import Originals, Rows
from indexer.text.names import artist_key

HEAD = 0.01  # of the originals, those that most playlists hold: they are of all rounds, but not in equal shares
TRIES = 8  # at a song that a playlist does not hold yet
_ORDER, _IDS, _NAMES, _LISTS = range(4)  # streams of random numbers, each by itself


class Plan:
    """What is made of the originals, the same for the same originals, number of songs and seed.

    songs   how many are made
    ids     uint64 (songs,), rising: the song_ids as numbers; number_at  int64 (songs,): which song each one is
    """

    def __init__(self, originals: Originals, songs: int, seed: int):
        if songs < 1 or not len(originals):
            raise ValueError(f"{songs} songs from {len(originals)}; expected at least one of each")
        self.originals, self.songs, self.seed = originals, songs, seed
        rng = np.random.default_rng([seed, _ORDER])
        place = rng.permutation(int(originals.artists.max()) + 1)[originals.artists]
        self._rows = np.argsort(place, kind="stable")  # the originals, artist by artist
        self._position = np.empty(len(originals), np.int64)
        self._position[self._rows] = np.arange(len(originals))
        rng = np.random.default_rng([seed, _IDS])
        ids = np.unique(rng.integers(1 << 60, 1 << 63, songs + songs // 1000 + 8, dtype=np.int64))
        self.ids = np.sort(rng.permutation(ids)[:songs])
        self.number_at = rng.permutation(songs)

    @property
    def rounds(self) -> int:
        return -(-self.songs // len(self.originals))

    def made_from(self, numbers: Rows) -> tuple[Rows, Rows]:
        """The row of the original of each song, and its round."""
        return self._rows[numbers % len(self.originals)], numbers // len(self.originals)

    def number(self, row: int, round_: int) -> int:
        """The song that is made from an original in a round; -1 where the last round ends before."""
        found = round_ * len(self.originals) + int(self._position[row])
        return found if found < self.songs else -1

    @cached_property
    def _place_of(self) -> Rows:
        places = np.empty(self.songs, np.int64)
        places[self.number_at] = np.arange(self.songs)
        return places

    def song_id(self, number: int) -> str:
        return f"{self.ids[self._place_of[number]]:016x}"

    @cached_property
    def artist_names(self) -> list[list[str]]:
        """By round and number of the original: words of one artist and of another; no name twice."""
        names, rng = self.originals.artist_names, np.random.default_rng([self.seed, _NAMES])
        used, made = set[str](), list[list[str]]()
        for _ in range(self.rounds):
            pairs = rng.integers(0, len(names), (len(names), 2 * TRIES)).tolist()
            made.append([_new_name(names, pair, used) if name else "" for name, pair in zip(names, pairs, strict=True)])
        return made

    def artists(self) -> Iterator[tuple[str, str]]:
        """(name, name of its original) of every artist who has a song."""
        last = np.unique(self.originals.artists[self._rows[: (self.songs - 1) % len(self.originals) + 1]])
        everyone = range(len(self.originals.artist_names))
        for round_, names in enumerate(self.artist_names):
            for number in last.tolist() if round_ == self.rounds - 1 else everyone:
                if names[number]:
                    yield names[number], self.originals.artist_names[number]

    def playlists(self) -> Iterator[tuple[int, int, list[int]]]:
        """(number, place of its original, songs) of each playlist: as many for each song as there are originally.

        A song of a playlist stands for its original's copy in the playlist's round. The originals that most playlists
        hold are in those of all rounds: one in r + 1 as often in round r as in the first, so that a few songs of a
        million are in far more playlists than any original. Where fewer songs are made than there are, songs that are
        not made are drawn anew, in proportion to their playlists, from those of the same genre.
        """
        originals = self.originals
        whole = len(originals.playlists)
        many = round(whole * self.songs / len(originals))
        head = set(np.argsort(-originals.counts, kind="stable")[: max(1, int(HEAD * len(originals)))].tolist())
        order = np.random.default_rng([self.seed, _LISTS]).permutation(whole)
        stand_ins = _StandIns(self) if self.songs < len(originals) else None
        for number in range(many):
            rng = np.random.default_rng([self.seed, _LISTS, number])
            round_, place = number // whole, int(order[number % whole])
            songs: dict[int, None] = {}
            for row in originals.entries[place].tolist():
                for _ in range(TRIES):
                    song = self._copy(row, round_, row in head, stand_ins, rng)
                    if song not in songs:
                        songs[song] = None
                        break
            yield number, place, list(songs)

    def _copy(self, row: int, round_: int, of_head: bool, stand_ins: _StandIns | None, rng: np.random.Generator) -> int:
        if stand_ins is not None:
            found = self.number(row, 0)
            return found if found >= 0 else stand_ins.draw(row, rng)
        rounds = self.rounds - (self.number(row, self.rounds - 1) < 0)
        if of_head:
            shares = np.cumsum(1 / np.arange(1, rounds + 1))
            return self.number(row, int(np.searchsorted(shares, rng.random() * shares[-1], "right")))
        return self.number(row, round_ if round_ < rounds else int(rng.integers(rounds)))


class _StandIns:
    """Songs that are made, in the place of originals that are not."""

    def __init__(self, plan: Plan):
        originals = plan.originals
        made = plan._rows[: plan.songs]
        by_genre: defaultdict[str, list[int]] = defaultdict(list)
        for row in made.tolist():
            by_genre[self._genre(originals, row)].append(row)
        self._plan = plan
        groups: dict[str, Sequence[int]] = {**by_genre, "*": made.tolist()}
        self._groups = {name: (rows, np.cumsum(originals.counts[rows])) for name, rows in groups.items()}

    @staticmethod
    def _genre(originals: Originals, row: int) -> str:
        return next(iter(originals.songs[row].genres), "")

    def draw(self, row: int, rng: np.random.Generator) -> int:
        """A song of the row's genre, as likely as many playlists hold its original."""
        rows, sums = self._groups.get(self._genre(self._plan.originals, row), self._groups["*"])
        if not sums[-1]:
            rows, sums = self._groups["*"]
        if not sums[-1]:
            return self._plan.number(rows[int(rng.integers(len(rows)))], 0)
        return self._plan.number(rows[int(np.searchsorted(sums, rng.random() * sums[-1], "right"))], 0)


def _new_name(names: Sequence[str], pairs: Sequence[int], used: set[str]) -> str:
    for a, b in zip(pairs[::2], pairs[1::2], strict=True):
        name = recombined(names[a], names[b])
        if (key := artist_key(name)) not in used:
            break
    else:
        name = f"{name} {len(used)}"
        key = artist_key(name)
    used.add(key)
    return name


def recombined(a: str, b: str) -> str:
    """The first half of one name and the second of another: of its words, or of its letters where it is one word.

    >>> recombined("Salt Road Blues", "Night Ferry"), recombined("Lantern", "Marrows"), recombined("Oh", "")
    ('Salt Road Ferry', 'Lantrows', 'O')
    """
    first, second = a.split(), b.split()
    if len(first) > 1 or len(second) > 1:
        name = " ".join([*first[: (len(first) + 1) // 2], *second[(len(second) + 1) // 2 :]])
    else:
        name = a[: (len(a) + 1) // 2] + b[len(b) // 2 :].lower()
    return name.strip() or a or b
