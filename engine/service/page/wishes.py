"""Wishes: what the address of a page asks for, as requests of the engine; every state of the page is an address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self, get_args
from urllib.parse import urlencode

from engine.bounds import Arc
from engine.playlist.formats import ENDINGS
from engine.query.filters import Filters, number
from engine.requests import MakePlaylist
from engine.service.page.short import ShortIds
from indexer.errors import RequestError

Params = tuple[tuple[str, str], ...]

TARGETS = ("energy", "valence", "danceability", "acousticness")  # 0..1; below 0 is "any", for a slider has a value
LISTS = ("seed", "artist", "avoid", "gone", "song", "genre", "language", "mood")
SONGS = ("seed", "avoid", "gone", "song")  # lists of songs, by their ids where the page wrote them
FILTERS = ("genre", "language", "mood", "year", "tempo", "explicit", "versions")
SINGLE = ("q", "as", "text", "year", "tempo", "explicit", "versions", "arc", "length", *TARGETS, "k")
ARCS: tuple[str, ...] = get_args(Arc)
EXPORTS = (".m3u8", ".jspf", ".csv")
LENGTH, MOST_LENGTH = 15, 100  # songs of a playlist
K, MOST_K = 20, 100  # results of a search
MOST_PARAMS = 400  # with ids of 22 characters and the longest words half of what `guard.MOST_QUERY` lets in

assert set(EXPORTS) <= set(ENDINGS)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The parameters of an address, in the order of LISTS and SINGLE; what is empty or means "any" is left out.

    seed, artist, avoid   songs and artists to be like, songs to be unlike
    song                  the playlist as somebody put it together, song by song; without it the engine chooses
    gone                  songs that were taken out and do not come back
    q, as                 what was typed into the search box, and what it is to be taken for
    ids                   the short ids of songs, as addresses have them; here songs go by their song_ids
    """

    params: Params = ()
    ids: ShortIds | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, params: Iterable[tuple[str, str]], ids: ShortIds | None = None) -> Self:
        """The wishes in the parameters of an address; parameters that nobody knows are passed over."""
        given: dict[str, list[str]] = {}
        for count, (name, value) in enumerate(params):
            if count >= MOST_PARAMS:
                raise RequestError(
                    field="the address", found="more parameters", expected=f"at most {MOST_PARAMS} of them"
                )
            if not value.strip():
                continue
            if name in LISTS:
                values = given.setdefault(name, [])
                value = ids.song_id(value) if ids and name in SONGS else value
                if value not in values:
                    values.append(value)
            elif name in SINGLE and not (name in TARGETS and number(name, value) < 0):
                given[name] = [value.strip()]
        if given.get("arc") == ["flat"]:
            del given["arc"]
        if ids and given.get("as") == ["song"]:
            given["q"] = [ids.song_id(value) for value in given.get("q", ())]
        names = dict.fromkeys((*LISTS, *SINGLE))
        return cls(tuple((name, value) for name in names for value in given.get(name, ())), ids)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for each, value in self.params if each == name)

    def one(self, name: str, default: str = "") -> str:
        return next((value for each, value in self.params if each == name), default)

    def with_(self, name: str, *values: str) -> Self:
        """The wishes with these values more, or of what has but one with the last of them."""
        before = self.params if name in LISTS else self.without(name).params
        return self.of((*before, *((name, value) for value in values)), self.ids)

    def without(self, *names: str) -> Self:
        return type(self)(tuple(each for each in self.params if each[0] not in names), self.ids)

    def less(self, name: str, value: str) -> Self:
        """The wishes without one value."""
        return type(self)(tuple(each for each in self.params if each != (name, value)), self.ids)

    def only(self, *names: str) -> Self:
        return type(self)(tuple(each for each in self.params if each[0] in names), self.ids)

    @property
    def written(self) -> Params:
        """The parameters as addresses and forms have them: songs by short ids."""
        if self.ids is None:
            return self.params
        songs = (*SONGS, "q") if self.one("as") == "song" else SONGS
        return tuple((name, self.ids.short(value) if name in songs else value) for name, value in self.params)

    def url(self, path: str = "/playlist") -> str:
        return f"{path}?{urlencode(self.written)}" if self.params else path

    @property
    def basket(self) -> Self:
        """What goes along from page to page while a playlist is put together."""
        return self.only("seed", "artist", "avoid")

    @property
    def fresh(self) -> Self:
        """The wishes without the playlist that was made of them: the engine chooses again."""
        return self.without("song", "q", "as", "k")

    @property
    def conditions(self) -> dict[str, Any]:
        """The filters, as `Filters.of` takes them."""
        conditions: dict[str, Any] = {
            name: list(values) for name in ("genre", "language", "mood") if (values := self.all(name))
        }
        conditions |= {name: value for name in ("year", "tempo", "explicit") if (value := self.one(name))}
        if self.one("versions") == "studio":
            conditions["not_version_kind"] = ["live", "acoustic", "remix", "demo"]
        return conditions

    @property
    def filters(self) -> Filters:
        return Filters.of(self.conditions)

    @property
    def target(self) -> dict[str, float]:
        return {name: number(name, value) for name in TARGETS if (value := self.one(name))}

    def playlist(self) -> MakePlaylist:
        """The playlist that is wished for."""
        arc = self.one("arc", "flat")
        if arc not in ARCS:
            raise RequestError(field="arc", found=repr(arc[:60]), expected=f"one of {', '.join(ARCS)}")
        wished: dict[str, Any] = {
            "seeds": self.all("seed"), "seed_artists": self.all("artist"), "avoid": self.all("avoid"),
            "exclude": self.all("gone"), "text": self.one("text"), "target": self.target, "filters": self.filters,
            "arc": arc, "length": self.count("length", LENGTH, MOST_LENGTH), "with_seeds": True,
        }  # fmt: skip
        return MakePlaylist(**wished)

    @property
    def empty(self) -> bool:
        """Whether nothing says what a playlist should be like."""
        return not (self.fresh.without("gone", "avoid", "length", "arc").params)

    def count(self, name: str, default: int, most: int) -> int:
        value = self.one(name)
        if not value:
            return default
        if not value.isdecimal() or not 1 <= int(value[:9]) <= most:
            raise RequestError(field=name, found=repr(value[:60]), expected=f"a whole number, 1..{most}")
        return int(value)
