"""The README's tables as Markdown, from the runs of record and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.judge.metrics import means
from benchmarks.report.run import Run
from benchmarks.report.tables import against_best_peer, cells, difference, differences, number
from benchmarks.tasks import ablation

Column = tuple[str, str, str]  # task, setting, metric


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: systems down, these columns across; those that no run has are left out.

    columns   heading -> one or two (task, setting, metric), shown as "0.188 / 0.440"
    """

    title: str
    columns: Mapping[str, Sequence[Column]]


def _both(task: str, setting: str) -> tuple[Column, Column]:
    return (task, setting, "R-precision"), (task, setting, "NDCG@500")


SHEETS = (
    Sheet(
        "Playlist continuation, R-precision / NDCG@500",
        {
            "(a) 1 seed": _both("continuation-a", "1 seed, random"),
            "(a) 5 seeds": _both("continuation-a", "5 seeds, random"),
            "(a) 25 seeds": _both("continuation-a", "25 seeds, random"),
            "(b) 1 seed": _both("continuation-b", "1 seed, random"),
            "(b) 5 seeds": _both("continuation-b", "5 seeds, random"),
            "(b) name only": _both("continuation-b", "name only"),
            "(c) cold": _both("continuation-c", "5 seeds, random"),
            "(c) cold, all": _both("continuation-c-all", "5 seeds, random"),
        },
    ),
    Sheet(
        "BM25's hundred best songs in another order, P@10",
        {
            name: [("reranking", f"(a) {setting}", "P@10")]
            for name, setting in (
                ("1 seed", "1 seed"),
                ("5 seeds", "5 seeds"),
                ("of the seed's mood", "same mood, 1 seed"),
            )
        },
    ),
    Sheet(
        "Moods against labels of others: accuracy by lyrics alone; R2 of valence / arousal by what is read",
        {
            "happy or sad": [("moods", "happy or sad, lyrics", "accuracy")],
            "four quadrants": [("moods", "four quadrants, lyrics", "accuracy")],
            **{
                read: [("moods", f"Deezer, {read}", "R2 valence"), ("moods", f"Deezer, {read}", "R2 arousal")]
                for read in ("lyrics", "sound", "lyrics and sound", "lyrics, sound and listeners")
            },
        },
    ),
    Sheet(
        "Neighbours of one song, share of the first ten",
        {
            "by the same artist": [("similar-artist", "songs of artists with 5 or more", "P@10")],
            "of the same finest genre": [("same-genre", "songs with a genre", "P@10")],
        },
    ),
    Sheet(
        "A lyric line searched: first / in the top ten",
        {
            kind: [("known-item", kind, "first"), ("known-item", kind, "top ten")]
            for kind in ("exact", "two letters wrong", "one word missing")
        },
    ),
    Sheet(
        "Lyrics vectors compressed, share of the 10 nearest songs kept (songs not trained on)",
        {f"{latent} dimensions": [("compression", f"{latent}, new songs", "kept")] for latent in (16, 48, 96)},
    ),
    Sheet(
        "Approximate search, recall@100 / ms",
        {"both parts": [("ann", "weights 1.0, 1.0", "recall@100"), ("ann", "weights 1.0, 1.0", "ms")]},
    ),
    Sheet("Encoding, lyrics a second", {"one window each": [("encoding", "one-window lyrics", "lyrics/s")]}),
    Sheet(
        "Latency, median ms",
        {
            name: [("latency", name, "ms")]
            for name in ("similar k=20", "playlist of 25", "search, a sentence", "recommend k=500")
        },
    ),
)


def block(runs: Mapping[str, Sequence[Run]]) -> str:
    """Everything between the README's marks."""
    parts = [text for sheet in SHEETS if (text := _sheet(sheet, runs))]
    parts += [_ablation(group, base) for base, group in ablation.by_base(runs.get(ablation.TASK, ()))]
    if not parts:
        return "No runs yet.\n"
    note = (
        "Means over n queries, medians of times; the best of a column in bold; * better than the best peer, "
        "p < 0.01 (paired t-test, Holm's correction over all comparisons of the task).\n"
    )
    return "\n".join(["", *parts, note, _measured([run for found in runs.values() for run in found]), ""])


def _measured(runs: Sequence[Run]) -> str:
    """When and on what."""
    days = sorted({run.date for run in runs})
    machines = sorted({f"{run.machine.get('cores')} cores of {run.machine.get('cpu')}" for run in runs})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"Measured {when} on {'; '.join(machines)}.\n"


def _ablation(runs: Sequence[Run], base: Run) -> str:
    """What is lost without each signal."""
    tests = differences(runs, base)
    columns = list(dict.fromkeys(column for found in tests.values() for column in found))
    heads = [f"{setting}, {metric} (n = {base.settings[setting].queries:,})" for setting, metric in columns]
    lines = [f"**{base.system}, and what changes without one of them; * p < 0.01**", ""]
    lines += [f"| | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    lines.append(f"| {base.system} | {' | '.join(number(means(base.settings[s].scores)[m]) for s, m in columns)} |")
    for system, found in tests.items():
        what = system.partition(", ")[2]
        lines.append(f"| {what} | {' | '.join(difference(found[column]) for column in columns)} |")
    return "\n".join(lines) + "\n"


def _sheet(sheet: Sheet, runs: Mapping[str, Sequence[Run]]) -> str:
    tests = {task: against_best_peer(found) for task, found in runs.items()}
    found: dict[str, list[dict[str, str]]] = {}
    asked: dict[str, int] = {}
    for heading, columns in sheet.columns.items():
        shown = []
        for task, setting, metric in columns:
            column = cells(runs.get(task, ()), setting, metric, tests.get(task, {}))
            shown.append({name: f"**{c.text}**" if c.best else c.text for name, c in column.items()})
            for run in runs.get(task, ()):
                if setting in run.settings:
                    asked[heading] = run.settings[setting].queries
        if any(shown):
            found[heading] = shown
    if not found:
        return ""
    order = [run.system for columns in sheet.columns.values() for task, _, _ in columns for run in runs.get(task, ())]
    systems = sorted(
        {name for shown in found.values() for column in shown for name in column}, key=list(dict.fromkeys(order)).index
    )
    heads = " | ".join(f"{heading} (n = {asked[heading]:,})" for heading in found)
    lines = [f"**{sheet.title}**", "", f"| system | {heads} |", "| --- |" + " --- |" * len(found)]
    for system in systems:
        row = [" / ".join(column.get(system, "") for column in shown).strip(" /") for shown in found.values()]
        lines.append(f"| {system} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"
