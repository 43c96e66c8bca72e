"""Requests are values: what one holds survives JSON, and what none can hold is refused in one line."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.bounds import MOST_STEPS
from engine.fields import MOST_EXCLUDED, SORTS
from engine.query.filters import Filters
from engine.requests import (
    KINDS,
    Explain,
    Find,
    ListSongs,
    MakePath,
    MakePlaylist,
    Recommend,
    Request,
    Search,
    request_from_dict,
    request_from_json,
)
from indexer.errors import RefrainError, RequestError
from indexer.records import AudioFeatures, Song

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = TEXT.filter(str.strip)
SONGS = st.builds(
    Song,
    title=TEXT,
    artist=TEXT,
    song_id=TEXT,
    album=st.none() | NAME,
    year=st.none() | st.integers(1900, 2030),
    decade=st.none() | st.sampled_from([1980, 1990]),
    genres=st.lists(NAME, max_size=2).map(tuple),
    explicit=st.none() | st.booleans(),
    popularity=st.none() | st.floats(0, 100),
    lyrics=st.none() | NAME,
    audio=st.none() | st.builds(AudioFeatures, energy=st.floats(0, 1), tempo=st.none() | st.floats(20, 400)),
)
SEED = NAME | SONGS
SEEDS = st.lists(SEED, max_size=3)
WORDS = st.lists(NAME, max_size=3)
COUNT = st.integers(1, 5000)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "year": st.tuples(st.none() | st.integers(1950, 1990), st.integers(1991, 2020)),
        "genre": WORDS,
        "not_tag": NAME,
        "mood": st.sampled_from(["sad", "party"]),
        "energy": st.tuples(st.floats(0, 0.4), st.none() | st.floats(0.5, 1)),
        "tempo": st.tuples(
            st.sampled_from([None, 60, "-inf", -math.inf]), st.sampled_from([None, 90.5, "inf", math.inf])
        )
        | st.sampled_from(["-inf..inf", "..90", "-inf..90"]),
        "explicit": st.booleans(),
        "has": st.sampled_from(["lyrics", "audio"]),
    },
)
COMMON = {"filters": FILTERS, "weights": st.dictionaries(st.sampled_from(["audio", "taste"]), st.floats(-9, 9))}
FIELDS: dict[type[Request], dict[str, st.SearchStrategy[Any]]] = {
    Recommend: {
        "seeds": SEEDS, "seed_artists": WORDS, "seed_genres": WORDS, "avoid": SEEDS, "exclude": SEEDS, "text": TEXT,
        "target": st.fixed_dictionaries(
            {}, optional={"energy": st.floats(0, 1), "popularity": st.floats(0, 100), "sad": st.floats(0, 1)}
        ),
        "liked": SEEDS, "skipped": SEEDS, "max_per_artist": st.none() | COUNT, "versions": st.booleans(), "k": COUNT,
        **COMMON,
    },
    Search: {"text": TEXT, "exclude": SEEDS, "max_per_album": st.none() | COUNT, "k": COUNT, **COMMON},
    MakePlaylist: {
        "seeds": SEEDS, "length": COUNT, "duration_total_ms": st.none() | st.integers(1, 10**8), "text": TEXT,
        "arc": st.sampled_from(["flat", "wave"]), "variation": st.integers(0, 2**63 - 1), "with_seeds": st.booleans(),
        "name": st.none() | NAME, **COMMON,
    },
    MakePath: {"start": SEED, "end": SEED, "length": st.integers(2, MOST_STEPS), "exclude": SEEDS, **COMMON},
    Explain: {"a": SEED, "b": SEED, "weights": COMMON["weights"]},
    Find: {"text": TEXT, "k": COUNT},
    ListSongs: {"filters": FILTERS, "sort": st.sampled_from(SORTS), "offset": st.integers(0, 10**6), "limit": COUNT},
}  # fmt: skip
REQUESTS = st.one_of(
    *(st.fixed_dictionaries(fields).map(lambda values, kind=kind: kind(**values)) for kind, fields in FIELDS.items())
)


@given(REQUESTS)
@example(Explain(a="0", b=Song("", "")))
@example(Recommend(seeds=[Song("", "", audio=AudioFeatures(energy=0.0))]))
def test_a_request_survives_json(request: Request) -> None:
    again = request_from_json(request.to_json())
    assert again == request
    assert type(again) is type(request)
    assert hash(again) == hash(request)
    assert "\n" not in request.to_json()
    assert request_from_dict(request.to_dict()) == request


@given(FILTERS)
def test_filters_survive_json(conditions: dict[str, Any]) -> None:
    filters = Filters.of(conditions)
    assert Filters.of(json.loads(json.dumps(filters.conditions()))) == filters


def test_a_range_without_ends_says_that_the_value_is_known() -> None:
    for ends in ((None, None), "-inf..inf", ["-inf", None]):
        assert Filters.of({"tempo": ends}).ranges == (("tempo", -math.inf, math.inf),)
    assert Filters.of({"tempo": (None, None)}).conditions() == {"tempo": "-inf..inf"}


LONG = "a" * 10**6


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Filters.of({LONG: 1}),
        lambda: Filters.of({"tempo": LONG}),
        lambda: Filters.of({"explicit": LONG}),
        lambda: Filters.of({"has": LONG[:999]}),
        lambda: Search(weights={LONG: 1}),
        lambda: Recommend(target={LONG: 1}),
        lambda: Search(**{LONG: 1}),
        lambda: request_from_json(f'{{"kind": "search", "{LONG}": 1, "{LONG}": 1}}'),
        lambda: request_from_dict({"kind": LONG}),
        lambda: ListSongs(sort=LONG),
        lambda: Find(text=LONG),
        lambda: MakePlaylist(from_mood=LONG, to_mood="sad"),
        lambda: Find(text="a", k=5001),
        lambda: Find(text="a", k=0),
    ],
)
def test_what_is_too_long_is_refused_at_once_and_in_short(refused: Callable[[], object]) -> None:
    started = time.process_time()
    with pytest.raises(RequestError) as error:
        refused()
    assert time.process_time() - started < 0.5
    for text in (str(error.value), error.value.field, error.value.found, error.value.expected):
        assert len(text) < 1_500


def test_a_journey_has_no_target_of_its_own_moods() -> None:
    with pytest.raises(RequestError, match="target is 'sad'") as error:
        MakePlaylist(from_mood="sad", to_mood="happy", target={"sadness": 0})
    assert error.value.field == "target"
    assert MakePlaylist(from_mood="sad", to_mood="happy", target={"energy": 0.5})


def test_every_kind_of_request_is_tried() -> None:
    assert set(KINDS.values()) == set(FIELDS)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["kind", "k", "seeds", "filters", "weights", "text", "year", "self"]) | st.text(), x)))  # fmt: skip
def test_any_json_is_a_request_or_refused_in_one_line(values: Any) -> None:
    for each in (values, *({**values, "kind": kind} for kind in KINDS if isinstance(values, dict))):
        try:
            request = request_from_json(json.dumps(each))
        except RequestError as error:
            refusal = str(error)
        else:
            refusal = ""
            assert request_from_json(request.to_json()) == request
        assert "\n" not in refusal


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "7", "null", "[" * 100_000, '{"a":' * 100_000, b"\xff\xfe\xfa", '{"kind": "dance"}',
        '{"kind": ["search"]}', '{"kind": "search", "k": %s}' % ("9" * 10_000), '{"kind": "search", "k": 1e999}',
        '{"kind": "search", "k": NaN}', '{"kind": "search", "k": 3, "k": 4}',
        '{"kind": "search", "filters": {"mood": "sad", "mood": "party"}}',
        '{"kind": "search", "filters": {"energy": %s}}' % ("9" * 4_000),
        '{"kind": "search", "weights": {"audio": 1e308}}', '{"kind": "search", "weights": {"audio": -Infinity}}',
        '{"kind": "search", "filters": [["year", 1990]]}', '{"kind": "recommend", "seeds": ["\\ud800"]}',
    ],
)  # fmt: skip
def test_hostile_json_is_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(RequestError) as caught:
        request_from_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("kind", "values", "field", "expected"),
    [
        (Recommend, {"k": 0}, "k", "1..5000"),
        (Recommend, {"k": 5001}, "k", "1..5000"),
        (Recommend, {"k": True}, "k", "whole number"),
        (Recommend, {"k": 2.5}, "k", "whole number"),
        (Recommend, {"seeds": "one song"}, "seeds", "a list"),
        (Recommend, {"seeds": Song("a", "b")}, "seeds", "a list"),
        (Recommend, {"seeds": ["a", " "]}, "seeds[1]", "a name"),
        (Recommend, {"seeds": [7]}, "seeds[0]", "a song"),
        (Recommend, {"seeds": [{"title": "a", "colour": "red"}]}, "seeds[0]", "without 'colour'"),
        (Recommend, {"seeds": [{"title": "a", "audio": {"energy": 8}}]}, "seeds[0]", "0..1"),
        (Recommend, {"seeds": [{"lyrics": "rain", "popularity": 1e99}]}, "seeds[0]", "popularity"),
        (Recommend, {"seeds": [{"lyrics": "rain", "year": 10**400}]}, "seeds[0]", "year"),
        (Recommend, {"seeds": ["a"] * 1001}, "seeds", "1000"),
        (Recommend, {"exclude": ["a"] * (MOST_EXCLUDED + 1)}, "exclude", "100000"),
        (Recommend, {"text": "a" * 10_001}, "text", "10000"),
        (Recommend, {"max_per_artist": 0}, "max_per_artist", "1..5000"),
        (Recommend, {"sedes": []}, "sedes", "seeds"),
        (Recommend, {"target": {"popularity": 101}}, "target.popularity", "0..100"),
        (Recommend, {"target": {"sad": 2}}, "target.sad", "0..1"),
        (Recommend, {"weights": {"sound": 1}}, "weights", "audio"),
        (Recommend, {"weights": {"audio": "x"}}, "weights.audio", "number"),
        (Recommend, {"filters": {"yeer": 1990}}, "filters.yeer", "year"),
        (MakePath, {"start": "a"}, "end", "a value"),
        (MakePath, {"start": "a", "end": "b", "length": 201}, "length", "2..200"),
        (MakePlaylist, {"length": 5001}, "length", "1..5000"),
        (MakePlaylist, {"name": ""}, "name", "at least 1"),
        (MakePlaylist, {"arc": "zigzag"}, "arc", "'flat'"),
        (MakePlaylist, {"from_mood": "sad"}, "to_mood", "or neither"),
        (MakePlaylist, {"from_mood": "sad", "to_mood": "party", "arc": "rise"}, "arc", "no arc"),
        (MakePlaylist, {"from_mood": "sad", "to_mood": "sadness"}, "to_mood", "another mood"),
        (ListSongs, {"sort": "colour"}, "sort", "one of name"),
        (ListSongs, {"offset": -1}, "offset", "0.."),
    ],
)
def test_a_wrong_value_names_its_field_and_what_was_expected(
    kind: type[Request], values: dict[str, Any], field: str, expected: str
) -> None:
    with pytest.raises(RequestError) as caught:
        kind(**values)
    assert caught.value.field == field
    assert expected in caught.value.expected
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, RefrainError)


def test_a_request_cannot_be_changed() -> None:
    request = Recommend(seeds=["a"], target={"energy": 0.5})
    with pytest.raises(Exception, match="frozen"):
        request.k = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        request.target["energy"] = 1  # type: ignore[index]


def test_importing_the_engine_or_asking_for_help_does_not_load_pydantic() -> None:
    code = "import sys, engine, engine.cli; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.filterwarnings("error")
def test_every_request_has_a_schema_for_programs() -> None:
    for kind, request in KINDS.items():
        schema = request.model_json_schema()
        assert schema["properties"]["kind"]["const"] == kind
        assert schema["additionalProperties"] is False


@pytest.mark.parametrize("fields", [{"seeds": None}, {"seeds": ["a"] * 2000}], ids=["nothing", "too many"])
def test_a_list_that_cannot_be_is_refused_in_plain_words(fields: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as refused:
        Recommend(**fields)
    assert refused.value.expected in ("a list", "at most 1000 of them, not 2000")
