"""Options that several commands share, and how they become arguments of the library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from indexer.errors import FilterError

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

CatalogueOption = Annotated[
    str, typer.Option("--catalogue", envvar="REFRAIN_CATALOGUE", help="The catalogue: a file or an SQLAlchemy URL.")
]
IndexOption = Annotated[Path, typer.Option("--index", envvar="REFRAIN_INDEX", help="The index folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of a table.")]
Count = Annotated[int, typer.Option("-k", "--count", help="How many songs.")]

# Filters that every command with a list for an answer takes; names as in `Filters.of`, but for duration and where.
FILTER_OPTIONS: dict[str, Any] = {
    "year": Annotated[str | None, typer.Option("--year", help="1990..1999, 2001, ..1979 or 2010..")],
    "genre": Annotated[list[str] | None, typer.Option("--genre", help="One of these (repeat).")],
    "not_genre": Annotated[list[str] | None, typer.Option("--not-genre", help="None of these (repeat).")],
    "language": Annotated[list[str] | None, typer.Option("--language", help="One of these (repeat): en, es, ...")],
    "artist": Annotated[list[str] | None, typer.Option("--artist", help="By one of these (repeat).")],
    "not_artist": Annotated[list[str] | None, typer.Option("--not-artist", help="By none of these (repeat).")],
    "album": Annotated[list[str] | None, typer.Option("--album", help="On one of these (repeat).")],
    "tag": Annotated[list[str] | None, typer.Option("--tag", help="Called one of these (repeat).")],
    "not_tag": Annotated[list[str] | None, typer.Option("--not-tag", help="Called none of these (repeat).")],
    "mood": Annotated[list[str] | None, typer.Option("--mood", help="Of one of these moods (repeat): sad, chill, ...")],
    "not_mood": Annotated[list[str] | None, typer.Option("--mood-not", help="Of none of these moods (repeat).")],
    "explicit": Annotated[str | None, typer.Option("--explicit", help="yes or no.")],
    "has": Annotated[list[str] | None, typer.Option("--has", help="lyrics, audio (repeat).")],
    "tempo": Annotated[str | None, typer.Option("--tempo", help="Beats per minute: 90..120")],
    "energy": Annotated[str | None, typer.Option("--energy", help="0..1: 0.6.. for energetic songs")],
    "duration": Annotated[str | None, typer.Option("--duration", help="Seconds: ..240")],
    "where": Annotated[
        list[str] | None, typer.Option("--where", help="Any other range: valence=0.5.., popularity=20..60 (repeat).")
    ],
}


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filter options; it takes them as one argument, `conditions`."""

    @wraps(command)
    def filtered(**arguments: Any) -> None:
        given = {name: arguments.pop(name) for name in FILTER_OPTIONS}
        command(**arguments, conditions=_conditions(given))

    # Typer reads names, types and defaults from the signature.
    own = [p for p in signature(command, eval_str=True).parameters.values() if p.name != "conditions"]
    own = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in own]
    options = [Parameter(n, Parameter.KEYWORD_ONLY, default=None, annotation=a) for n, a in FILTER_OPTIONS.items()]
    filtered.__signature__ = Signature([*own, *options])  # type: ignore[attr-defined]
    filtered.__annotations__ = {p.name: p.annotation for p in (*own, *options)}
    del filtered.__wrapped__
    return filtered


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _conditions(given: dict[str, Any]) -> dict[str, Any]:
    """Filter options as conditions by name, as `Filters.of` reads them."""
    from engine.query.filters import parse_range

    conditions = {name: value for name, value in given.items() if name not in ("duration", "where")}
    if given["duration"] is not None:
        low, high = parse_range("duration", given["duration"])
        conditions["duration_ms"] = (low * 1000, high * 1000)
    for name, value in pairs("--where", given["where"]):
        if conditions.get(name) is not None:
            raise FilterError(f"{name} is given twice; give it once")
        conditions[name] = value
    return {name: value for name, value in conditions.items() if value}


def pairs(option: str, given: Iterable[str] | None) -> Iterator[tuple[str, str]]:
    """("energy", "0.8") of "energy=0.8"; several may stand in one word, with commas."""
    for item in (part for word in given or () for part in word.split(",")):
        name, sign, value = item.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise FilterError(f"{option} is {item!r}, expected NAME=VALUE such as energy=0.8")
        yield name.strip().replace("-", "_"), value.strip()


class Bars:
    """Progress bars on stderr, when a person looks at it; the `Track` of the command line."""

    def __call__(self, steps: Iterable[T], label: str, total: int | None = None) -> Iterable[T]:
        if not (sys.stderr.isatty() and sys.stdout.isatty()):
            return iter(steps)
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

        def shown() -> Iterator[T]:
            with Progress(*columns, console=stderr(), transient=True) as progress:
                yield from progress.track(steps, total=total, description=label)

        return shown()
