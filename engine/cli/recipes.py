"""Commands for recipes: requests with a name, run again when songs arrive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.ask import show_made
from engine.cli.opening import open_engine
from engine.cli.options import INDEX, IndexOption, JsonOption, OutOption
from engine.cli.render import explanation as explanations
from engine.cli.render import songs
from engine.cli.render.console import json_document, message, table
from indexer.errors import RequestError
from indexer.store.files import parse_json

if TYPE_CHECKING:
    from engine.sessions import Sessions

recipe_commands = typer.Typer(help="Requests with a name, run again when songs arrive.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What the recipe is called.")]
MOST_CHARACTERS = 1 << 22  # the longest answers have some hundred thousand


@recipe_commands.command("save")
def save(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A request or an answer as JSON; - for stdin.")],
    index: IndexOption = INDEX,
) -> None:
    """Give the request of an answer a name: refrain playlist --seed X --json | refrain recipe save mine -"""
    from engine.requests import request_from_dict

    sessions = _sessions(index)
    try:
        text = sys.stdin.read(MOST_CHARACTERS + 1) if file == Path("-") else file.read_text("utf-8")
        values = parse_json(text[: MOST_CHARACTERS + 1])
    except ValueError as error:
        expected = "what a command prints with --json"
        raise RequestError(field=str(file), found=f"no JSON ({error})", expected=expected) from None
    if isinstance(values, dict) and "kind" not in values:
        values = values.get("query", values)
    request = request_from_dict(values)
    sessions.save_recipe(name, request)
    message(f"saved; run it with: refrain recipe run {name!r}")


@recipe_commands.command("run")
def run(name: NameArgument, out: OutOption = None, index: IndexOption = INDEX, as_json: JsonOption = False) -> None:
    """Answer a recipe from what the index holds now."""
    from engine.requests import Explain, Find, ListSongs, MakePath, MakePlaylist

    request = _sessions(index).recipe(name)
    if out is not None and not isinstance(request, MakePlaylist | MakePath):
        raise RequestError(field="--out", found=str(out), expected=f"none, for the recipe is a {request.kind}")
    with open_engine(index) as engine:
        match request:
            case MakePlaylist() | MakePath():
                show_made(engine, request, out, as_json=as_json)
            case Explain():
                explanations.show_explanation(engine.answer(request), as_json=as_json)
            case Find() | ListSongs():
                songs.show_songs(engine.answer(request), as_json=as_json)
            case _:
                songs.show_hits(engine.answer(request), as_json=as_json)


@recipe_commands.command("list")
def list_recipes(index: IndexOption = INDEX, as_json: JsonOption = False) -> None:
    """List the recipes of an index."""
    from engine.sessions import recipes_dict

    listed = recipes_dict(_sessions(index).recipes())
    for why in listed["unreadable"].values():
        message(why, style="yellow")
    if as_json:
        json_document(listed)
        return
    rows = [(name, request["kind"], _outline(request)) for name, request in listed["recipes"].items()]
    table(None, [("recipe", "left"), ("kind", "left"), ("request", "left")], rows)


@recipe_commands.command("delete")
def delete(name: NameArgument, index: IndexOption = INDEX) -> None:
    """Forget a recipe."""
    _sessions(index).delete_recipe(name)


def _sessions(index: Path) -> Sessions:
    """The recipes of an index; IndexMissingError where there is none, whose recipes nobody could run."""
    from engine.sessions import Sessions, sessions_file
    from indexer.store.generations import current_digest

    current_digest(index)
    return Sessions(sessions_file(index))


def _outline(request: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in request.items() if name != "kind")
