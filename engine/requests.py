"""Requests: everything that can be asked of an engine, as frozen values that go to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NoReturn, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from rapidfuzz import process

from engine.bounds import MOST_STEPS, Arc
from engine.fields import (
    MOST_MILLISECONDS,
    MOST_NAME,
    Conditions,
    Count,
    Excluded,
    Mood,
    Name,
    Seed,
    Seeds,
    Target,
    Text,
    Values,
    Weights,
    Words,
    expected_of,
    sort_name,
    whole,
)
from engine.plain import shown
from engine.query.filters import Filters
from indexer.errors import RequestError


class _Request(BaseModel):
    """What all requests share. A value that a field cannot hold raises RequestError, or FilterError within filters."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, /, **values: Any):  # "self" may be a name in somebody's JSON
        try:
            super().__init__(**values)
        except ValidationError as error:
            _refuse(type(self), error)
        except RecursionError:
            raise RequestError(field=type(self).__name__, found="nested too deep", expected="plain values") from None

    def to_dict(self) -> dict[str, Any]:
        """The request as JSON has it; what is empty is left out, every number is in it."""
        values = self.model_dump(mode="json")
        return {name: value for name, value in values.items() if value is not False and value not in (None, "", [], {})}

    def to_json(self) -> str:
        """The request as one line of JSON; `request_from_json` reads it."""
        return json.dumps(self.to_dict(), allow_nan=False)


class Recommend(_Request):
    """The k songs that belong beside the seeds, the words, or both; with filters alone the best known of them.

    seeds, avoid       songs that the answer is to be like, and unlike; none of them comes back
    seed_artists       artists who stand for their best known songs
    seed_genres        genres that stand for their best known songs
    exclude            other songs that must not come back, by song_id or name
    text               words beside the seeds: a title for the playlist, a scene, a line
    target             audio features, popularity or moods that pull the ranking towards a value, and exclude nothing
    filters            what every song must be (see `Filters`)
    weights            weights of signals for this answer; the others keep theirs
    liked, skipped     what became of earlier answers to these seeds: the signals that tell the one from the other count
                       more in this answer; neither comes back
    versions           whether two versions of one song may stand in one answer, and what is made of others' recordings
                       (karaoke, tributes, sped up, slowed, nightcore, 8D) though no seed, word or filter names it
    exact              whether a name that several songs have is refused where one of them is far better known, and
                       would be taken
    """

    kind: Literal["recommend"] = "recommend"
    seeds: Seeds = ()
    seed_artists: Words = ()
    seed_genres: Words = ()
    avoid: Seeds = ()
    exclude: Excluded = ()
    text: Text = ""
    target: Target = Field(default_factory=Values)
    filters: Conditions = Field(default_factory=Filters)
    weights: Weights = Field(default_factory=Values)
    liked: Seeds = ()
    skipped: Seeds = ()
    max_per_artist: Count | None = None
    max_per_album: Count | None = None
    versions: bool = False
    exact: bool = False
    k: Count = 20

    @property
    def has_start(self) -> bool:
        """Whether songs, artists, genres or words say what the answer is like."""
        return bool(self.seeds or self.seed_artists or self.seed_genres or self.text)


class Search(_Request):
    """Songs for words: "in double quotes" they must be sung word for word, the rest is words or a meaning.

    Without words, the songs under the filters: the likeliest of a mood, else the best known.
    """

    kind: Literal["search"] = "search"
    text: Text = ""
    filters: Conditions = Field(default_factory=Filters)
    exclude: Excluded = ()
    weights: Weights = Field(default_factory=Values)
    max_per_artist: Count | None = None
    max_per_album: Count | None = None
    versions: bool = False
    k: Count = 20


class MakePlaylist(_Request):
    """A playlist: chosen under caps, no second version of any song, ordered to be listened to.

    length              songs; not read where there is a `duration_total_ms`
    duration_total_ms   milliseconds that the songs last together, as nearly as can be
    arc                 how energy runs
    from_mood, to_mood  two moods between which it travels instead
    variation           another number gives another playlist of nearly the same relevance; one number always the same
    with_seeds          whether the seeds that are songs of the index come first, whatever the filters say; one that is
                        excluded does not come
    exact               as in `Recommend`
    name                None calls it after what it was made from
    """

    kind: Literal["playlist"] = "playlist"
    seeds: Seeds = ()
    seed_artists: Words = ()
    seed_genres: Words = ()
    text: Text = ""
    avoid: Seeds = ()
    exclude: Excluded = ()
    target: Target = Field(default_factory=Values)
    filters: Conditions = Field(default_factory=Filters)
    weights: Weights = Field(default_factory=Values)
    length: Count = 25
    duration_total_ms: Annotated[int, whole(1, MOST_MILLISECONDS)] | None = None
    max_per_artist: Count = 2
    max_per_album: Count | None = None
    arc: Arc = "flat"
    from_mood: Mood | None = None
    to_mood: Mood | None = None
    variation: Annotated[int, whole(0, 2**63 - 1)] = 0
    with_seeds: bool = False
    exact: bool = False
    name: Name | None = None

    @model_validator(mode="after")
    def _journey(self) -> Self:
        if (self.from_mood is None) != (self.to_mood is None):
            field = "from_mood" if self.from_mood is None else "to_mood"
            raise RequestError(field=field, found="missing", expected="from_mood and to_mood, or neither")
        if self.from_mood is not None and self.arc != "flat":
            raise RequestError(field="arc", found=repr(self.arc), expected="no arc, for the moods decide the order")
        if self.from_mood is not None and self.from_mood == self.to_mood:
            raise RequestError(field="to_mood", found=repr(self.to_mood), expected="another mood than from_mood")
        for mood in (self.from_mood, self.to_mood):
            if mood in self.target:
                expected = "other targets than the moods of the journey"
                raise RequestError(field="target", found=repr(mood), expected=expected)
        return self


class MakePath(_Request):
    """A playlist that leads from one song to another in even steps, both included, whatever the filters say.

    length   songs, 2..200
    exact    as in `Recommend`
    """

    kind: Literal["path"] = "path"
    start: Seed
    end: Seed
    length: Annotated[int, whole(2, MOST_STEPS)] = 15
    exclude: Excluded = ()
    filters: Conditions = Field(default_factory=Filters)
    weights: Weights = Field(default_factory=Values)
    max_per_artist: Count = 2
    max_per_album: Count | None = None
    exact: bool = False
    name: Name | None = None


class Explain(_Request):
    """What two songs have in common.

    exact   as in `Recommend`
    """

    kind: Literal["explain"] = "explain"
    a: Seed
    b: Seed
    weights: Weights = Field(default_factory=Values)
    exact: bool = False


class Find(_Request):
    """The k songs whose title and artist are most like some words, best first."""

    kind: Literal["find"] = "find"
    text: Text = ""
    k: Count = 10


class ListSongs(_Request):
    """The songs under filters, sorted, a page at a time.

    sort     names, artists and albums run from A to Z, numbers from the highest (newest, best known) down;
             a minus before the name turns it around; unknown values come last
    offset   songs before the page
    """

    kind: Literal["songs"] = "songs"
    filters: Conditions = Field(default_factory=Filters)
    sort: Annotated[str, AfterValidator(sort_name)] = "name"
    offset: Annotated[int, whole(0, 2**63 - 1)] = 0
    limit: Count = 50


Request = Recommend | Search | MakePlaylist | MakePath | Explain | Find | ListSongs
KINDS: dict[str, type[Request]] = {each.model_fields["kind"].default: each for each in get_args(Request)}


def request_from_json(text: str | bytes) -> Request:
    """The request that `to_json` wrote, or that somebody typed: its `kind` says which it is.

    >>> request_from_json('{"kind": "search", "text": "rain", "k": 3}')
    Search(kind='search', text='rain', ...)
    """
    try:
        values = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise RequestError(field="request", found="nested too deep", expected="an object of plain values") from None
    except ValueError as error:  # no JSON, no UTF-8, an integer of thousands of digits
        raise RequestError(field="request", found=f"no JSON ({error})", expected="an object with its kind") from None
    return request_from_dict(values)


def request_from_dict(values: Any) -> Request:
    """The request in values as JSON has them."""
    kinds = f"one of {', '.join(KINDS)}"
    if not isinstance(values, dict):
        raise RequestError(field="request", found=shown(values), expected="an object with its kind")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RequestError(field="kind", found="missing" if kind is None else shown(kind), expected=kinds)
    return KINDS[kind](**values)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RequestError(
            f"{shown(twice)} is given twice; give it once", field=twice[:MOST_NAME], found="two values", expected="one"
        )
    return values


def _no_number(word: str) -> NoReturn:
    raise RequestError(field="request", found=word, expected="numbers that are finite")


def _refuse(request: type[_Request], error: ValidationError) -> NoReturn:
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    if first["type"] == "extra_forbidden":
        names = [name for name in request.model_fields if name != "kind"]
        near = process.extractOne(place[:MOST_NAME], names)
        raise RequestError(
            f"{request.__name__} has no field {shown(place)}; nearest: {near[0]!r}, all: {', '.join(names)}",
            field=place[:MOST_NAME], found=shown(first["input"]), expected=f"one of {', '.join(names)}",
        )  # fmt: skip
    found, expected = shown(first["input"]), expected_of(first)
    if first["type"] == "missing":
        found, expected = "missing", "a value"
    raise RequestError(field=place or request.__name__, found=found, expected=expected)
