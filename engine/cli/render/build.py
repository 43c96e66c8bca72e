"""What a build would do, and what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.render.console import Column, json_document, line, message, table

if TYPE_CHECKING:
    from indexer.build.plan import Plan
    from indexer.build.run import BuildReport

_STAGE: Column = ("stage", "left")


def show_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        stages = [
            {"name": each.name, "action": each.action, "reason": each.reason, "rows": each.rows} for each in plan.stages
        ]
        json_document({"stages": stages, "notes": plan.notes})
        return
    for note in plan.notes:
        message(note)
    columns: list[Column] = [_STAGE, ("will", "left"), ("songs", "right"), ("why", "left")]
    table(None, columns, ((each.name, each.action, f"{each.rows:,}", each.reason) for each in plan.stages))


def summary(report: BuildReport) -> str:
    """One line on what was done."""
    if report.kind == "unchanged":
        return f"{report.index}: nothing changed, {report.songs:,} songs"
    changes = f" (+{report.added:,} new, {report.changed:,} changed, -{report.removed:,})"
    return (
        f"{report.index}: {report.kind}, {report.songs:,} songs{changes if report.kind == 'updated' else ''}, "
        f"generation {report.generation}"
    )


def show_build(report: BuildReport, *, as_json: bool) -> None:
    if as_json:
        json_document(report)
        return
    for note in report.notes:
        message(note)
    line(summary(report))
    done = [each for each in report.stages if each.action != "keep"]
    if done:
        columns: list[Column] = [_STAGE, ("did", "left"), ("seconds", "right"), ("why", "left")]
        table(None, columns, ((each.name, each.action, f"{each.seconds:.1f}", each.reason) for each in done))
