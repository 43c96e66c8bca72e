"""Fields of requests: their types, their bounds, and what is expected in place of a wrong value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from engine.bounds import MOST_SONGS, MOST_TEXT
from engine.plain import shown
from engine.query.filters import Filters
from engine.query.targets import target_values
from engine.score.weights import checked_weights
from indexer.errors import RequestError
from indexer.models.moods.vocabulary import mood_named
from indexer.records import AUDIO_NAMES, Song

MOST_SEEDS = 1_000
MOST_EXCLUDED = 100_000  # what somebody heard in a year
MOST_LYRICS = 100_000  # characters; the longest songs have a tenth
MOST_NAME = 500  # characters
LAST_YEAR = 9999
MOST_MILLISECONDS = 30 * 24 * 3_600_000  # of a playlist: a month of music

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


def whole(low: int, high: int) -> Any:
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
    raise RequestError(field=field, found=shown(value), expected="values by name, such as {name: value}")


def _filters(value: Any) -> Filters:
    return value if isinstance(value, Filters) else Filters.of(_mapping("filters", {} if value is None else value))


def _target(value: Any) -> Values:
    return Values(target_values(_mapping("target", {} if value is None else value)))


def _weights(value: Any) -> Values:
    return Values(checked_weights(_mapping("weights", {} if value is None else value)))


def _several(value: Any) -> Any:
    """A list where one value was given would read a name letter by letter."""
    if isinstance(value, str | Song):
        raise ValueError(f"a list: [{shown(value)}]")
    return value


def _mood(word: str) -> str:
    return mood_named(word).name


def sort_name(name: str) -> str:
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
            raise ValueError(f"a song without {', '.join(map(shown, sorted(map(str, unknown))))}")
        try:
            value = _song_reader().validate_python({"title": "", "artist": "", **value})
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc'])) or 'a song'}: {expected_of(first)}") from None
    if not isinstance(value, Song):
        raise ValueError("a song: a name, a song_id, or its title, artist, lyrics and audio by name")
    if value.lyrics is not None and len(_letters(value.lyrics)) > MOST_LYRICS:
        raise ValueError(f"a song whose lyrics have at most {MOST_LYRICS} characters")
    _letters(value.title + value.artist)
    if value.popularity is not None and not 0 <= value.popularity <= 100:
        raise ValueError("a song whose popularity is 0..100 or unknown")
    if any(year is not None and not 0 <= year <= LAST_YEAR for year in (value.year, value.decade)):
        raise ValueError(f"a song whose year is 0..{LAST_YEAR} or unknown")
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
    names = {"title": song.title, "artist": song.artist}
    return names | {name: value for name, value in known.items() if value not in (None, (), "")}


_EXPECTED = {
    "int_parsing": "a whole number", "int_type": "a whole number", "int_from_float": "a whole number",
    "float_parsing": "a number", "float_type": "a number",
    "bool_parsing": "true or false", "bool_type": "true or false",
    "greater_than_equal": "{ge} or more", "less_than_equal": "{le} or less", "greater_than": "more than {gt}",
    "less_than": "less than {lt}", "string_type": "a text", "list_type": "a list", "tuple_type": "a list",
    "dict_type": "an object of names and values", "model_type": "an object of names and values",
    "model_attributes_type": "an object of names and values", "extra_forbidden": "no field of this name",
    "missing": "a value", "unexpected_keyword_argument": "no field of this name", "missing_argument": "a value",
}  # fmt: skip


def expected_of(error: Mapping[str, Any]) -> str:
    """What pydantic expected, as the end of the sentence "k is 0, expected ..."."""
    if "ctx" in error and "error" in error["ctx"]:
        return str(error["ctx"]["error"])
    if error["type"] == "too_long":
        return f"at most {error['ctx']['max_length']} of them, not {error['ctx']['actual_length']}"
    if error["type"] == "too_short":
        return f"at least {error['ctx']['min_length']} of them, not {error['ctx']['actual_length']}"
    if expected := _EXPECTED.get(error["type"]):
        return expected.format_map(error.get("ctx", {}))
    message = str(error["msg"])
    for start in ("Input should be ", "Value should have ", "Tuple should have ", "String should have "):
        message = message.removeprefix(start)
    return message


Seed = Annotated[str | Song, BeforeValidator(_song), PlainSerializer(_song_fields)]
Seeds = Annotated[tuple[Seed, ...], BeforeValidator(_several), Field(max_length=MOST_SEEDS)]
Excluded = Annotated[tuple[Seed, ...], BeforeValidator(_several), Field(max_length=MOST_EXCLUDED)]
Word = Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_several), Field(max_length=MOST_SEEDS)]
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Mood = Annotated[str, Field(max_length=MOST_NAME), AfterValidator(_mood)]
Name = Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
Count = Annotated[int, whole(1, MOST_SONGS)]
Conditions = Annotated[
    Filters,
    PlainValidator(_filters),
    PlainSerializer(Filters.conditions, return_type=dict[str, Any]),
    WithJsonSchema({"type": "object", "examples": [{"year": "1990..1999", "genre": ["rock"]}]}),
]
_numbers = WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}})
Target = Annotated[Values, PlainValidator(_target), PlainSerializer(dict, return_type=dict[str, float]), _numbers]
Weights = Annotated[Values, PlainValidator(_weights), PlainSerializer(dict, return_type=dict[str, float]), _numbers]
