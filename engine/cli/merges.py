"""`refrain merges`: what was merged by name, what nearly was, and how one of these is undone."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.options import CATALOGUE, CatalogueOption, JsonOption, flag
from engine.cli.render import merges as shown
from engine.cli.render.console import json_document, message
from engine.cli.waiting import NoWaitOption, patience

merging = typer.Typer()


@merging.command(rich_help_panel="Keep a catalogue and its index")
def merges(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="With --undo: the file, where several met the song.")
    ] = None,
    undo: Annotated[
        str | None,
        typer.Option("--undo", metavar="SONG_ID", help="Make a song of its own of what a file brought into this one."),
    ] = None,
    near: Annotated[bool, flag("--near", help="Songs of one name that stayed two, and why.")] = False,
    catalogue: CatalogueOption = CATALOGUE,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """List what files brought into songs of other files by artist and title; undo one of these merges."""
    from indexer.catalogue import Catalogue

    if undo is not None and near:
        raise typer.BadParameter("it lists, --undo changes; leave out one of them", param_hint="--near")
    if undo is None and file is not None:
        raise typer.BadParameter("a file is named only with --undo SONG_ID", param_hint="FILE")
    with Catalogue(catalogue, create=False, patience=patience(no_wait)) as opened:
        if undo is not None:
            separation = opened.undo_merge(undo, file)
            message(
                f"what {separation.file} brought is the song {separation.new_id} now; "
                "run `refrain update` to bring the index up to it"
            )
            for sentence in separation.lost:
                message(sentence)
            if as_json:
                json_document({"separated": separation})
        elif near:
            shown.show_near_merges(opened.near_merges(), as_json=as_json)
        else:
            shown.show_merges(opened.merges(), as_json=as_json)
