"""Which songs of a list are worth keeping, and how far the answer is to be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.cli.render.console import json_document, line, table

if TYPE_CHECKING:
    from engine.listen.preference import Judged, Preference

_MEASURES = ("accuracy", "balanced_accuracy", "chance", "threshold", "liked", "other", "sampled")


def show_preference(
    preference: Preference, judged: Sequence[Judged], missing: Mapping[str, Sequence[str]], *, as_json: bool
) -> None:
    """`missing` is what each file lists that was not found."""
    if as_json:
        songs = [
            {
                "song_id": each.song.song_id,
                "title": each.song.title,
                "artist": each.song.artist,
                "probability": each.probability,
                "keep": each.liked,
            }
            for each in judged
        ]
        json_document({**{name: getattr(preference, name) for name in _MEASURES}, "missing": missing, "songs": songs})
        return
    line(preference.summary)
    table(
        None,
        [("song", "left"), ("artist", "left"), ("probability", "right"), ("", "left")],
        (
            (each.song.title or "untitled", each.song.artist, f"{each.probability:.2f}", _verdict(each))
            for each in judged
        ),
    )


def _verdict(judged: Judged) -> str:
    return "keep" if judged.liked else "leave"
