"""What two songs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.render.console import json_document, line, plain, table
from engine.cli.render.song import number, song_record

if TYPE_CHECKING:
    from engine.answer.compare import Explanation


def show_explanation(found: Explanation, *, as_json: bool) -> None:
    if as_json:
        json_document(plain(found) | {"a": song_record(found.a), "b": song_record(found.b)})
        return
    line(f"{found.a.name}  +  {found.b.name}", style="bold")
    line(f"{found.reason}.")
    for label, words in (("shared words", found.shared_words), ("shared topic", found.topics)):
        if words:
            line(f"{label}: {', '.join(words)}")
    if found.line:
        line(f"line: {found.line}")
    rows = [(name, "unknown" if value is None else f"{value:.3f}") for name, value in found.signals.items()]
    table("signals", [("", "left"), ("value", "right")], rows)
    table(
        "sound",
        [("", "left"), ("a", "right"), ("b", "right"), ("likeness", "right")],
        ((each.name, number(each.a), number(each.b), number(each.likeness)) for each in found.features),
    )
