"""Peers beside Refrain in searches, as Markdown: quality beside time, memory and disk; where a peer is ahead, why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.judge.metrics import means
from benchmarks.report.run import Result, Run
from benchmarks.report.tables import number

FEWER = re.compile(r", \d+ of them\Z")  # after the setting of a system that was asked fewer questions


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said of a task whose runs are of one size.

    title     with a place for the number of songs
    quality   metrics that a cell shows, and by which a peer is at least as good
    extra     facts of a setting that a cell shows beside the time: name in the run -> words
    """

    title: str
    quality: tuple[str, ...]
    extra: Mapping[str, str]


CPU = {"cpu_ms": "CPU"}  # the mean of all threads: what is left of the time where others share the machine
KINDS = {
    "words": Kind(
        "A line of a song to 200 of {songs:,} songs, one core: first / in the top ten / found; ms (99th percentile)",
        ("first", "top ten", "found"),
        CPU,
    ),
    "vectors": Kind(
        "Nearest songs by weighted vectors, {songs:,} songs, one core: recall@20 / recall@100; ms (99th percentile)",
        ("recall@20", "recall@100"),
        CPU,
    ),
    "answers": Kind(
        "Words under filters to 20 of {songs:,} songs, one core: first / in the top ten; ms (99th percentile), and "
        "with the encoding of the words",
        ("first", "top ten"),
        {**CPU, "median_ms_with_encoding": "with encoding"},
    ),
}


def kind_of(task: str) -> Kind | None:
    """Of a task whose runs are of one size, "words-79062"; None for any other."""
    name, _, songs = task.rpartition("-")
    return KINDS.get(name) if songs.isdecimal() else None


def peers_table(runs: Sequence[Run]) -> str:
    """One task at one size; a system that has several widths has a line for each."""
    kind = kind_of(runs[0].task)
    if kind is None:
        raise ValueError(f"{runs[0].task} has no table of peers; expected one of {', '.join(KINDS)} and a size")
    lines = [line for run in runs for line in _lines(run)]
    columns = list(dict.fromkeys(name for _, _, cells in lines for name in cells))
    heads = ["system", *columns, "build s", "MiB", "MiB on disk"]
    text = [f"**{kind.title.format(songs=runs[0].data['songs'])}**", "", f"| {' | '.join(heads)} |"]
    text.append("| --- |" + " --- |" * (len(heads) - 1))
    for name, run, cells in lines:
        facts = next(iter(cells.values())).facts
        built = [number(run.fit_s), *(f"{facts[fact]:,.0f}" for fact in ("mib", "disk_mib"))]
        shown = [_cell(cells[column], kind) if column in cells else "" for column in columns]
        text.append(f"| {' | '.join([name, *shown, *built])} |")
    for said, worse in (
        ("Where a peer is ahead (as good or better, in less time)", False),
        ("Where a peer is quicker, and finds less, or nobody knows what is right", True),
    ):
        if behind := list(ahead(runs, worse=worse)):
            text += ["", f"{said}:", "", *behind]
    notes = sorted({note for run in runs for note in run.notes})
    return "\n".join([*text, *(["", *(f"- {note}" for note in notes)] if notes else [])]) + "\n"


def ahead(runs: Sequence[Run], *, worse: bool = False) -> Iterator[str]:
    """A line for each peer that is at least as good as a run of Refrain in less time, somewhere.

    worse   only where it is quicker and not as good
    """
    kind = kind_of(runs[0].task)
    if kind is None:
        return
    lines = [line for run in runs for line in _lines(run)]
    ours = [line for line in lines if line[1].is_refrain]
    for peer in dict.fromkeys(run.system for _, run, _ in lines if not run.is_refrain):
        theirs = [(name, run, cells) for name, run, cells in lines if run.system == peer]
        for mine, _, own in ours:
            found = []
            for setting, result in own.items():
                quicker = [
                    (name, cells[setting]) for name, _, cells in theirs
                    if setting in cells and (cells[setting].median_ms or 0.0) < (result.median_ms or 0.0)
                ]  # fmt: skip
                as_good = [each for each in quicker if _as_good(each[1], result, kind.quality)]
                if chosen := (quicker if worse and not as_good else [] if worse else as_good):
                    name, best = min(chosen, key=lambda each: each[1].median_ms or 0.0)
                    width = name.removeprefix(peer).strip(", ")
                    times = f"{number(best.median_ms or 0.0)} ms to {number(result.median_ms or 0.0)}"
                    found.append(f"{setting}{f' ({width})' if width else ''} {times}")
            if found:
                reason = theirs[0][1].config.get("reason") or "not known"
                yield f"- {peer} of {mine}: {'; '.join(found)}. Why: {reason}."


def _lines(run: Run) -> Iterator[tuple[str, Run, dict[str, Result]]]:
    """The lines of a run, as (name, run, its cells by column).

    "width 100, 1 % allowed" stands in the line of its width; "exact, 50 of them" in the column of the others' "exact".
    """
    by_line: dict[str, dict[str, Result]] = {}
    for setting, result in run.settings.items():
        width, _, column = (
            setting.partition(", ") if setting.startswith(("width ", "one setting")) else ("", "", setting)
        )
        line = f"{run.system}, {width}" if width.startswith("width ") else run.system
        by_line.setdefault(line, {})[FEWER.sub("", column) or "every song allowed"] = result
    for line, cells in by_line.items():
        yield line, run, cells


def _cell(result: Result, kind: Kind) -> str:
    found = means(result.scores)
    quality = " / ".join(number(found[metric]) for metric in kind.quality if metric in found)
    time = f"{number(result.median_ms or 0.0)} ({number(result.p99_ms or 0.0)})"
    beside = [f"{words} {number(result.facts[fact])}" for fact, words in kind.extra.items() if fact in result.facts]
    return "; ".join(part for part in (quality, ", ".join([time, *beside])) if part)


def _as_good(theirs: Result, ours: Result, quality: Sequence[str]) -> bool:
    """Whether some metric was measured of both, and none of theirs is lower."""
    left, right = means(theirs.scores), means(ours.scores)
    shared = [metric for metric in quality if metric in left and metric in right]
    return bool(shared) and all(left[metric] >= right[metric] for metric in shared)
