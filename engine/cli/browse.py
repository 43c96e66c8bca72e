"""Commands that look at songs one by one or in order: find, songs, show."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.options import (
    INDEX,
    FilterOptions,
    IndexOption,
    JsonOption,
    SongArgument,
    flag,
    open_engine,
    with_options,
)
from engine.cli.render import song, songs

PANEL = "Look at songs"

browse = typer.Typer()


@browse.command(rich_help_panel=PANEL)
def find(
    text: Annotated[str, typer.Argument(metavar="WORDS", help="A title, an artist or both.")],
    k: Annotated[int, typer.Option("-k", "--count", metavar="N", min=1, max=5_000, help="How many songs.")] = 10,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """Look up songs by name."""
    with open_engine(index) as engine:
        songs.show_songs(engine.find(text, k), {"kind": "find", "text": text, "k": k}, as_json=as_json)


@browse.command("songs", rich_help_panel=PANEL)
@with_options
def list_songs(
    filters: FilterOptions,
    sort: Annotated[
        str,
        typer.Option(
            "--sort", metavar="COLUMN", help="name, artist, year, popularity, tempo, ...; -year turns it round."
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
        page = engine.answer(request)
        songs.show_songs(page.songs, request.to_dict(), total=page.total, as_json=as_json)


@browse.command("show", rich_help_panel=PANEL)
def show_song(
    name: SongArgument,
    lyrics: Annotated[bool, flag("--lyrics", help="Its lyrics too.")] = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """Show one song whole: what the index knows of it."""
    with open_engine(index) as engine:
        song.show_song(engine.show(name), lyrics=lyrics, as_json=as_json)
