"""What an index holds, whether it is sound, and how its weights were tuned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.render.console import Column, json_document, line, message, table

if TYPE_CHECKING:
    from engine.score.weights import Profile
    from engine.tune.acceptance import TuningReport


def show_index(record: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        json_document(record)
        return
    apart = ("index", "models", "weights", "config", "libraries")
    facts = {name: value for name, value in record.items() if name not in apart}
    facts["parts"] = ", ".join(f"{name} {dim}" for name, dim in record["parts"].items())
    facts["encoder"] = record["encoder"]["name"]
    for profile, weights in record["weights"].items():
        seeds = "one seed" if profile == "one" else f"{profile} seeds"
        facts[f"weights, {seeds}"] = ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items())
    rows = [
        (name.replace("_", " "), f"{value:,}" if isinstance(value, int) else value) for name, value in facts.items()
    ]
    table(record["index"], [("", "left"), ("", "left")], rows)
    columns: list[Column] = [("model", "left"), ("songs", "right"), ("playlists", "right"), ("learned", "left")]
    table(
        None,
        columns,
        (
            (name, _count(model, "songs"), _count(model, "playlists"), _learned(model))
            for name, model in record["models"].items()
        ),
    )


def _count(model: Mapping[str, Any], name: str) -> str:
    return f"{model[name]:,}" if model.get(name) is not None else ""


def _learned(model: Mapping[str, Any]) -> str:
    return str(model["date"]) if model["learned"] else f"not learned: {model['why']}"


def show_problems(problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        json_document({"sound": not problems, "problems": problems})
        return
    if not problems:
        line("sound: every file as it was written, and a sample derived again alike")
    for sentence in problems:
        line(sentence)
    if problems:
        message("the index is damaged; rebuild it with `refrain build`", style="red")


def show_tuning(reports: Mapping[Profile, TuningReport], file: Path | None, *, as_json: bool) -> None:
    """`file` is where the weights were written, None where the old ones stay."""
    if as_json:
        json_document({"file": file, "profiles": {profile: each.to_dict() for profile, each in reports.items()}})
        return
    for report in reports.values():
        before = report.tuned.start
        rows = [(name, f"{before[name]:.2f}", f"{report.tuned.weights[name]:.2f}") for name in before]
        table(report.metric, [("weight", "left"), ("before", "right"), ("tuned", "right")], rows)
        check = report.check
        table(
            None,
            [("split", "left"), ("before", "right"), ("after", "right"), ("playlists", "right"), ("p", "right")],
            [
                ("tuned on", f"{report.tuned.before:.4f}", f"{report.tuned.after:.4f}", "", ""),
                ("not seen", f"{check.before:.4f}", f"{check.after:.4f}", check.queries, f"{check.p_value:.4f}"),
            ],
        )
        line("accepted" if report.accepted else "not accepted: the old weights stay")
    if file is not None:
        line(f"written to {file}")
