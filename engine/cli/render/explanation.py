"""What two songs have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.render.console import json_document, line, notes, table
from engine.cli.render.song import number

if TYPE_CHECKING:
    from engine.answer.compare import Explanation


def show_explanation(explanation: Explanation, *, as_json: bool) -> None:
    notes(explanation.notes)
    if as_json:
        json_document(explanation.to_dict())
        return
    line(f"{explanation.a.name}  +  {explanation.b.name}", style="bold")
    line(f"{explanation.reason}.")
    for label, words in (("shared words", explanation.shared_words), ("shared topic", explanation.topics)):
        if words:
            line(f"{label}: {', '.join(words)}")
    if explanation.line:
        line(f"line: {explanation.line}")
    rows = [(name, "unknown" if value is None else f"{value:.3f}") for name, value in explanation.signals.items()]
    table("signals", [("", "left"), ("value", "right")], rows)
    table(
        "sound",
        [("", "left"), ("a", "right"), ("b", "right"), ("likeness", "right")],
        ((each.name, number(each.a), number(each.b), number(each.likeness)) for each in explanation.features),
    )
