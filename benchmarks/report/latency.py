"""What a user waits for, as Markdown: each kind of question beside its bar."""

from __future__ import annotations

from benchmarks.judge.bars import MET
from benchmarks.judge.metrics import means
from benchmarks.report.run import Run
from benchmarks.report.tables import bar_cells, number


def is_latency(task: str) -> bool:
    """Whether runs of a task are of latency, of one size ("latency-79062") or, the older ones, without it."""
    name, _, songs = task.rpartition("-")
    return task == "latency" or (name == "latency" and songs.isdecimal())


def latency_table(run: Run) -> str:
    """A line a kind of question; bars stand in runs that have some."""
    barred = any(MET in result.facts for result in run.settings.values())
    heads = ["median", "p99", "n", *(["bar", "met"] if barred else [])]
    facts = run.settings["open"].facts
    size = f"{facts['songs']:,.0f} songs"
    lines = [f"**Latency, ms: median / 99th percentile{f'; {size}' if barred else ''}**", ""]
    lines += [f"| | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    for name, result in run.settings.items():
        median = means(result.scores).get("ms")
        times = ["" if ms is None else number(ms) for ms in (median, result.p99_ms)]
        lines.append(f"| {' | '.join([name, *times, f'{result.queries:,}', *(bar_cells(result) if barred else ())])} |")
    built = "" if run.build_s is None else f"; the index was built in {run.build_s:,.0f} s"
    return "\n".join(lines) + f"\n\n{size}, {facts['resident_mib']:,.0f} MiB resident{built}.\n"
