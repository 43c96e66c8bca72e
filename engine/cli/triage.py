"""`refrain triage`: which songs of a list to keep, going by songs that are liked and others that are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.catalogue_songs import files_for
from engine.cli.opening import open_engine
from engine.cli.options import INDEX, IndexOption, JsonOption, OutOption, file_to_read
from engine.cli.render import preference as preferences
from engine.cli.render.console import message, some_of

triaging = typer.Typer()


@triaging.command(rich_help_panel="Ask")
def triage(
    like: Annotated[Path, file_to_read("--like", "A file of songs that are liked, 5 or more.")],
    new: Annotated[Path, file_to_read("--from", "A file of songs to keep or leave.")],
    other: Annotated[
        Path | None, file_to_read("--other", "A file of songs not liked; without it, some of the catalogue.")
    ] = None,
    out: OutOption = None,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """Which songs of a list you would like: how far the answer is to be believed, then keep or leave for each.

    A file is any table that `refrain import` reads, or a text with a song per line: a name, an id or a Spotify link.
    """
    from engine.listen.preference import to_keep
    from engine.lookup.files import read_list

    with open_engine(index) as engine:
        lists = {file: read_list(engine.index, file) for file in (like, new, other) if file is not None}
        for file, listed in lists.items():
            _missing(file, listed.missing)
        preference = engine.taste_of(lists[like].songs, None if other is None else lists[other].songs)
        judged = preference.rank(lists[new].songs)
        if out is not None:
            keep = to_keep(judged)
            keep.save(out, files_for(out, keep))
            message(f"{len(keep)} songs written to {out}")
    missing = {str(file): listed.missing for file, listed in lists.items()}
    preferences.show_preference(preference, judged, missing, as_json=as_json)


def _missing(file: Path, names: Sequence[str]) -> None:
    if names:
        message(f"{file.name}: not found, left out: {some_of(names)}")
