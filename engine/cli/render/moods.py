"""The moods of a song."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.cli.render.console import Column, json_document, line, message, notes, table

if TYPE_CHECKING:
    from engine.listen.moods import SongMoods

_LISTENERS = {True: "call it so", False: "do not", None: ""}


def show_moods(moods: SongMoods, k: int, *, as_json: bool) -> None:
    """The k moods that say most of the song."""
    notes(moods.notes)
    shown = replace(moods, moods=moods.moods[:k])
    if as_json:
        json_document(shown)
        return
    if not shown.known:
        message("unknown: neither lyrics nor sound of this song are known, and nothing is guessed")
        return
    columns: list[Column] = [("mood", "left"), ("probability", "right"), ("base rate", "right"), ("listeners", "left")]
    table(
        None,
        [*columns, ("lyrics", "right"), ("sound", "right"), ("company", "right"), ("what speaks for it", "left")],
        (
            (
                mood.name, f"{mood.probability:.2f}", f"{mood.base_rate:.2f}", _LISTENERS[mood.listeners_agree],
                *(f"{mood.shares[block]:.0%}" for block in ("lyrics", "sound", "listeners")),
                ", ".join((*mood.words, *mood.features)),
            )
            for mood in shown.moods
        ),
    )  # fmt: skip
    if shown.happy is not None and shown.quadrants is not None:
        from engine.listen.moods import QUADRANT_WORDS

        likeliest = str(shown.quadrant)
        quadrant = f"{likeliest}, {QUADRANT_WORDS[likeliest]} ({shown.quadrants[likeliest]:.0%})"
        affect = f"valence {shown.valence:+.1f}, arousal {shown.arousal:+.1f}; happy {shown.happy:.0%}"
        line(f"{quadrant}; {affect}; from {' and '.join(shown.known)}")
