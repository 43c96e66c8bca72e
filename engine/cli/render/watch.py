"""What a watch does, as it does it: a line for each file or many, one for each generation; or a line of JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.cli.render.build import summary
from engine.cli.render.console import NAMED, json_line, line, message

if TYPE_CHECKING:
    from indexer.build.run import BuildReport
    from indexer.build.watch import Round
    from indexer.catalogue import LoadReport

_COUNTS = ("added", "changed", "unchanged", "refused")


class Rounds:
    """Shows one round after the other; notes of a build are said when they are others than those before."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._notes: tuple[str, ...] = ()

    def show(self, done: Round | None) -> None:
        """Show a round; None is one in which nothing was done."""
        if done is None:
            return
        if self._as_json:
            skipped = [{"file": name, "why": why} for name, why in done.skipped]
            json_line({"at": _now(), "imports": done.imports, "skipped": skipped, "gone": done.gone,
                       "published": done.published, "problem": done.problem})  # fmt: skip
            return
        _show_imports(done.imports)
        _show_skipped(done.skipped)
        if done.gone:
            what = (
                "1 file is gone; what it brought stays"
                if done.gone == 1
                else (f"{done.gone:,} files are gone; what they brought stays")
            )
            message(f"{_clock()} {what} (`refrain delete SONG`; of sound: `refrain import FOLDER --prune`)")
        if done.published is not None:
            self._show_published(done.published)
        if done.problem:
            message(f"{_clock()} {done.problem}; trying again until it works", style="red")

    def _show_published(self, report: BuildReport) -> None:
        if report.notes != self._notes:
            for note in report.notes:
                message(note)
        self._notes = report.notes
        line(f"{_clock()} {summary(report)}")


def _show_imports(reports: Sequence[LoadReport]) -> None:
    if len(reports) <= NAMED:
        for report in reports:
            line(f"{_clock()} {report.file}: {_counts([report])}")
    else:
        line(f"{_clock()} {len(reports):,} files: {_counts(reports)}")
    left_out = sum(counts.refused for report in reports for counts in report.counts.values())
    remarked = sum(bool(report.remarks) for report in reports)
    if left_out:
        rows = "1 row was" if left_out == 1 else f"{left_out:,} rows were"
        message(f"{rows} left out; list why with `refrain refused`")
    elif remarked:
        files = "1 of them has" if remarked == 1 else f"{remarked:,} of them have"
        message(f"{files} remarks; list them with `refrain refused`")


def _show_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    for name, why in skipped[:NAMED]:
        message(f"{_clock()} not imported: {why if name in why else f'{name}: {why}'}", style="yellow")
    if len(skipped) > NAMED:
        message(f"and {len(skipped) - NAMED:,} more files were not imported")


def _counts(reports: Iterable[LoadReport]) -> str:
    """What became of the rows of some files, in words; kinds of which there is no row are left out."""
    totals: dict[str, Counter[str]] = {}
    for report in reports:
        for kind, counts in report.counts.items():
            totals.setdefault(kind, Counter()).update({name: getattr(counts, name) for name in _COUNTS})
    parts = []
    for kind, rows in totals.items():
        words = [f"{rows[name]:,} {'left out' if name == 'refused' else name}" for name in _COUNTS if rows[name]]
        if words:
            parts.append(f"{kind} {', '.join(words)}")
    return "; ".join(parts) or "nothing in it"


def _clock() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
