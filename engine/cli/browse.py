"""Commands that look at songs one by one or in order: find, songs, show."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.opening import open_engine
from engine.cli.options import (
    INDEX,
    CountOption,
    ExactOption,
    FilterOptions,
    IndexOption,
    JsonOption,
    SongArgument,
    flag,
    with_options,
)
from engine.cli.render import song, songs

PANEL = "Look at songs"

browse = typer.Typer()


@browse.command(rich_help_panel=PANEL)
def find(
    text: Annotated[str, typer.Argument(metavar="WORDS", help="A title, an artist or both.")],
    k: CountOption = 10,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """Look up songs by name."""
    from engine.requests import Find

    with open_engine(index) as engine:
        songs.show_songs(engine.answer(Find(text=text, k=k)), as_json=as_json)


def _sort(name: str) -> str:
    """One of the columns; they are many, and known to what is loaded for an answer only."""
    from engine.fields import sort_name

    try:
        return sort_name(name)
    except ValueError as error:
        raise typer.BadParameter(f"{name!r}, expected {error}") from None


@browse.command("songs", rich_help_panel=PANEL)
@with_options
def list_songs(
    filters: FilterOptions,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="COLUMN",
            help="name, artist, year, popularity, tempo, ...; -year turns it round.",
            callback=_sort,
        ),
    ] = "name",
    offset: Annotated[int, typer.Option("--offset", metavar="N", help="Leave out the first N.")] = 0,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="Print N at most.")] = 50,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """List the songs that meet the filters, in order, page by page."""
    from engine.requests import ListSongs

    request = ListSongs(**filters.values(), sort=sort, offset=offset, limit=limit)
    with open_engine(index) as engine:
        songs.show_songs(engine.answer(request), as_json=as_json)


@browse.command("show", rich_help_panel=PANEL)
def show_song(
    name: SongArgument,
    lyrics: Annotated[bool, flag("--lyrics", help="Its lyrics too.")] = False,
    exact: ExactOption = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """Show one song whole: what the index knows of it."""
    with open_engine(index) as engine:
        song.show_song(engine.show(name, exact=exact), lyrics=lyrics, as_json=as_json)
