"""`refrain triage`: which songs of a list to keep, going by songs that are liked and others that are not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import show
from engine.cli.options import IndexOption, JsonOption, stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.listen.preference import Judged, Preference

triaging = typer.Typer()

SHOWN = 10  # names of songs that were not found


@triaging.command()
def triage(
    like: Annotated[Path, typer.Option("--like", help="A file of songs that are liked, 5 or more.")],
    new: Annotated[Path, typer.Option("--from", help="A file of songs to keep or leave.")],
    other: Annotated[
        Path | None, typer.Option("--other", help="A file of songs not liked; without it, some of the catalogue.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Save the songs to keep as .m3u8, .jspf, .csv or .json.")
    ] = None,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
) -> None:
    """Which songs of a list you would like: how far the answer is to be believed, then keep or leave for each.

    A file is any table that `refrain import` reads, or a text with a song per line: a name, an id or a Spotify link.
    """
    from engine.engine import Engine
    from engine.listen.preference import to_keep
    from engine.lookup.files import read_list

    with Engine.open(index) as engine:
        lists = {file: read_list(engine.index, file) for file in (like, new, other) if file is not None}
        for file, found in lists.items():
            _say_missing(file, found.missing)
        preference = engine.taste_of(lists[like].songs, None if other is None else lists[other].songs)
        judged = preference.rank(lists[new].songs)
        if out is not None:
            kept = to_keep(judged)
            kept.save(out)
            stderr().print(f"{len(kept)} songs written to {out}", markup=False)
    missing = {str(file): found.missing for file, found in lists.items()}
    _show_json(preference, judged, missing) if as_json else _show(preference, judged)


def _say_missing(file: Path, missing: Sequence[str]) -> None:
    if missing:
        more = f"; and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        stderr().print(
            f"{file.name}: not found, left out: {'; '.join(missing[:SHOWN])}{more}", markup=False, highlight=False
        )


def _show(preference: Preference, judged: Sequence[Judged]) -> None:
    show.stdout().print(preference.summary, markup=False, highlight=False)
    show.table(
        None,
        [("song", "left"), ("artist", "left"), ("probability", "right"), ("", "left")],
        (
            (each.song.title or "untitled", each.song.artist, f"{each.probability:.2f}", _word(each.liked))
            for each in judged
        ),
    )


def _show_json(preference: Preference, judged: Sequence[Judged], missing: dict[str, tuple[str, ...]]) -> None:
    names = ("accuracy", "balanced_accuracy", "chance", "threshold", "liked", "other", "sampled")
    show.as_json(
        {
            **{name: getattr(preference, name) for name in names},
            "missing": missing,
            "songs": [
                {
                    "song_id": each.song.song_id,
                    "title": each.song.title,
                    "artist": each.song.artist,
                    "probability": each.probability,
                    "verdict": _word(each.liked),
                }
                for each in judged
            ],
        }
    )


def _word(liked: bool) -> str:
    return "keep" if liked else "leave"
