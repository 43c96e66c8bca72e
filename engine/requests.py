"""Requests: everything that can be asked of an engine, as frozen values that go to JSON and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Annotated, Any, Literal, NoReturn, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from rapidfuzz import process

from engine.query.filters import Filters
from engine.query.targets import target_values
from engine.score.weights import checked_weights
from indexer.errors import RequestError
from indexer.models.moods.vocabulary import mood_named
from indexer.records import AUDIO_NAMES, Song

MOST_SONGS = 5_000  # k and length at most: what a reranker downstream may ask for
MOST_STEPS = 200  # songs of a path: the search for it grows with the cube of its length
MOST_SEEDS = 1_000
MOST_EXCLUDED = 100_000  # what somebody heard in a year
MOST_TEXT = 10_000  # characters
MOST_LYRICS = 100_000  # characters; the longest songs have a tenth
MOST_NAME = 500  # characters
MOST_MILLISECONDS = 30 * 24 * 3_600_000  # of a playlist: a month of music
SHOWN = 60  # characters of a wrong value that a message repeats

Arc = Literal["flat", "rise", "fall", "peak", "wave"]

_SORTS = ("name", "artist", "album", "year", "popularity", *AUDIO_NAMES)
SORTS = (*_SORTS, *(f"-{name}" for name in _SORTS))


class Values(Mapping[str, float]):
    """Numbers by name, which nobody can change.

    >>> Values({"energy": 0.8})
    {'energy': 0.8}
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, float] | None = None):
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return repr(self._values)


def _whole(low: int, high: int) -> Any:
    """A whole number in low..high, or its digits; True is none, though Python counts it as 1."""

    def checked(value: Any) -> int:
        try:
            number = int(value)
            if isinstance(value, bool) or (not isinstance(value, str) and number != value):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"a whole number, {low}..{high}") from None
        if not low <= number <= high:
            raise ValueError(f"{low}..{high}")
        return number

    return BeforeValidator(checked, json_schema_input_type=Annotated[int, Field(ge=low, le=high)])


def _mapping(field: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return value
    raise RequestError(field=field, found=_shown(value), expected="values by name, such as {name: value}")


def _filters(value: Any) -> Filters:
    return value if isinstance(value, Filters) else Filters.of(_mapping("filters", {} if value is None else value))


def _target(value: Any) -> Values:
    return Values(target_values(_mapping("target", {} if value is None else value)))


def _weights(value: Any) -> Values:
    return Values(checked_weights(_mapping("weights", {} if value is None else value)))


def _several(value: Any) -> Any:
    """A list where one value was given would read a name letter by letter."""
    if isinstance(value, str | Song):
        raise ValueError(f"a list: [{_shown(value)}]")
    return value


def _mood(word: str) -> str:
    return mood_named(word).name


def _sort(name: str) -> str:
    if name not in SORTS:
        raise ValueError(f"one of {', '.join(_SORTS)}, or one with a minus before it")
    return name


def _letters(text: str) -> str:
    """The text; half a surrogate pair is no letter, and no file can hold it."""
    if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    raise ValueError("text without halves of surrogate pairs")


@cache
def _song_reader() -> TypeAdapter[Song]:
    return TypeAdapter(Song)


def _song(value: Any) -> str | Song:
    """A song as a Song, as its fields by name, or as words or an id."""
    if isinstance(value, str):
        if not value.strip() or len(value) > MOST_TEXT:
            raise ValueError(f"a name or a song_id of 1..{MOST_TEXT} characters")
        return _letters(value)
    if isinstance(value, Mapping):
        if unknown := set(value) - {field.name for field in fields(Song)}:
            raise ValueError(f"a song without {', '.join(map(_shown, sorted(map(str, unknown))))}")
        try:
            value = _song_reader().validate_python({"title": "", "artist": "", **value})
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc'])) or 'a song'}: {_expected(first)}") from None
    if not isinstance(value, Song):
        raise ValueError("a song: a name, a song_id, or its title, artist, lyrics and audio by name")
    if value.lyrics is not None and len(_letters(value.lyrics)) > MOST_LYRICS:
        raise ValueError(f"a song whose lyrics have at most {MOST_LYRICS} characters")
    _letters(value.title + value.artist)
    if value.popularity is not None and not math.isfinite(value.popularity):
        raise ValueError("a song whose popularity is a number or unknown")
    return value


def _song_fields(song: str | Song) -> str | dict[str, Any]:
    """What is known of a song, as JSON has it."""
    if isinstance(song, str):
        return song
    known = {f.name: getattr(song, f.name) for f in fields(song)}
    if song.year is not None:
        del known["decade"]  # follows from the year
    if song.audio is not None:
        known["audio"] = song.audio.known()
    return {name: value for name, value in known.items() if value not in (None, (), "")}


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) or len(value) <= SHOWN else repr(value[:SHOWN])
    return text if len(text) <= SHOWN + 2 else text[:SHOWN] + "..."


def _expected(error: Mapping[str, Any]) -> str:
    """What pydantic expected, as the end of the sentence "k is 0, expected ..."."""
    if "ctx" in error and "error" in error["ctx"]:
        return str(error["ctx"]["error"])
    message = str(error["msg"])
    for start in ("Input should be ", "Value should have ", "Tuple should have ", "String should have "):
        message = message.removeprefix(start)
    return message


def _refuse(request: type[_Request], error: ValidationError) -> NoReturn:
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    if first["type"] == "extra_forbidden":
        names = [name for name in request.model_fields if name != "kind"]
        near = process.extractOne(place, names)
        raise RequestError(
            f"{request.__name__} has no field {place!r}; nearest: {near[0]!r}, all: {', '.join(names)}",
            field=place, found=_shown(first["input"]), expected=f"one of {', '.join(names)}",
        )  # fmt: skip
    found, expected = _shown(first["input"]), _expected(first)
    if first["type"] == "missing":
        found, expected = "missing", "a value"
    raise RequestError(field=place or request.__name__, found=found, expected=expected)


Seed = Annotated[str | Song, BeforeValidator(_song), PlainSerializer(_song_fields)]
Seeds = Annotated[tuple[Seed, ...], BeforeValidator(_several), Field(max_length=MOST_SEEDS)]
Excluded = Annotated[tuple[Seed, ...], BeforeValidator(_several), Field(max_length=MOST_EXCLUDED)]
Word = Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_several), Field(max_length=MOST_SEEDS)]
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Mood = Annotated[str, AfterValidator(_mood)]
Name = Annotated[str, Field(max_length=MOST_NAME)]
Count = Annotated[int, _whole(1, MOST_SONGS)]
Conditions = Annotated[
    Filters,
    PlainValidator(_filters),
    PlainSerializer(Filters.conditions),
    WithJsonSchema({"type": "object", "examples": [{"year": "1990..1999", "genre": ["rock"]}]}),
]
_numbers = WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}})
Target = Annotated[Values, PlainValidator(_target), PlainSerializer(dict), _numbers]
Weights = Annotated[Values, PlainValidator(_weights), PlainSerializer(dict), _numbers]


class _Request(BaseModel):
    """What all requests share. A value that a field cannot hold raises RequestError, or FilterError within filters."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, **values: Any):
        try:
            super().__init__(**values)
        except ValidationError as error:
            _refuse(type(self), error)
        except RecursionError:
            raise RequestError(field=type(self).__name__, found="nested too deep", expected="plain values") from None

    def to_dict(self) -> dict[str, Any]:
        """The request as JSON has it; what is empty is left out, every number is in it."""
        values = self.model_dump(mode="json")
        return {name: value for name, value in values.items() if value not in (None, "", [], {}, False)}

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
    versions           whether two versions of one song may stand in one answer
    """

    kind: Literal["recommend"] = "recommend"
    seeds: Seeds = ()
    seed_artists: Words = ()
    seed_genres: Words = ()
    avoid: Seeds = ()
    exclude: Excluded = ()
    text: Text = ""
    target: Target = Values()
    filters: Conditions = Filters()
    weights: Weights = Values()
    liked: Seeds = ()
    skipped: Seeds = ()
    max_per_artist: Count | None = None
    max_per_album: Count | None = None
    versions: bool = False
    k: Count = 20


class Search(_Request):
    """Songs for words: "in double quotes" they must be sung word for word, the rest is words or a meaning.

    Without words, the songs under the filters: the likeliest of a mood, else the best known.
    """

    kind: Literal["search"] = "search"
    text: Text = ""
    filters: Conditions = Filters()
    exclude: Excluded = ()
    weights: Weights = Values()
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
    with_seeds          whether the seeds that are songs of the index come first
    name                None calls it after what it was made from
    """

    kind: Literal["playlist"] = "playlist"
    seeds: Seeds = ()
    seed_artists: Words = ()
    seed_genres: Words = ()
    text: Text = ""
    avoid: Seeds = ()
    exclude: Excluded = ()
    target: Target = Values()
    filters: Conditions = Filters()
    weights: Weights = Values()
    length: Count = 25
    duration_total_ms: Annotated[int, _whole(1, MOST_MILLISECONDS)] | None = None
    max_per_artist: Count = 2
    max_per_album: Count | None = None
    arc: Arc = "flat"
    from_mood: Mood | None = None
    to_mood: Mood | None = None
    variation: Annotated[int, _whole(0, 2**63 - 1)] = 0
    with_seeds: bool = False
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
        return self


class MakePath(_Request):
    """A playlist that leads from one song to another in even steps, both included.

    length   songs, 2..200
    """

    kind: Literal["path"] = "path"
    start: Seed
    end: Seed
    length: Annotated[int, _whole(2, MOST_STEPS)] = 15
    exclude: Excluded = ()
    filters: Conditions = Filters()
    weights: Weights = Values()
    max_per_artist: Count = 2
    max_per_album: Count | None = None
    name: Name | None = None


class Explain(_Request):
    """What two songs have in common."""

    kind: Literal["explain"] = "explain"
    a: Seed
    b: Seed
    weights: Weights = Values()


class ListSongs(_Request):
    """The songs under filters, sorted, a page at a time.

    sort     names, artists and albums run from A to Z, numbers from the highest (newest, best known) down;
             a minus before the name turns it around; unknown values come last
    offset   songs before the page
    """

    kind: Literal["songs"] = "songs"
    filters: Conditions = Filters()
    sort: Annotated[str, AfterValidator(_sort)] = "name"
    offset: Annotated[int, _whole(0, 2**63 - 1)] = 0
    limit: Count = 50


Request = Recommend | Search | MakePlaylist | MakePath | Explain | ListSongs
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
        raise RequestError(field="request", found=_shown(values), expected="an object with its kind")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RequestError(field="kind", found="missing" if kind is None else _shown(kind), expected=kinds)
    return KINDS[kind](**values)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RequestError(
            f"{_shown(twice)} is given twice; give it once", field=twice, found="two values", expected="one"
        )
    return values


def _no_number(word: str) -> NoReturn:
    raise RequestError(field="request", found=word, expected="numbers that are finite")
