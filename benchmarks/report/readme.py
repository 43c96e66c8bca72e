"""benchmarks/README.md and the README's small table as Markdown, from the runs of one campaign and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.judge.metrics import means
from benchmarks.judge.paired import SIGNIFICANT
from benchmarks.report.campaigns import MIXED, campaigns, is_mixed, latest
from benchmarks.report.latency import is_latency, latency_table
from benchmarks.report.peers import kind_of, peers_table
from benchmarks.report.run import Run, load_runs
from benchmarks.report.tables import against_best_peer, cells, difference, differences, number
from benchmarks.tasks import ablation, continuation
from indexer.store.files import write_whole

BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"
Runs = Mapping[str, Sequence[Run]]
Column = tuple[str, str, str]  # task, setting, metric


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: systems down, these columns across; those that no run has are left out.

    columns   heading -> one or more (task, setting, metric), shown as "0.188 / 0.440"
    timed     task, setting: the milliseconds of one query, in a column beside them
    """

    title: str
    columns: Mapping[str, Sequence[Column]]
    timed: tuple[str, str] | None = None


def _continuation(pool: str) -> tuple[Sheet, Sheet]:
    """Quality beside time, and clicks; seeds at random beside the first of the playlist."""
    task = f"continuation-{pool}"
    counts = [f"{n} seed{'s' * (n > 1)}" for n in continuation.SEEDS]
    settings = [f"{count}, {way}" for count in counts for way in ("random", "first")] + [continuation.NAME_ONLY]
    title = f"Playlist continuation ({pool}), {continuation.POOLS[pool]}"
    both = {name: [(task, name, "R-precision"), (task, name, "NDCG@500")] for name in settings}
    clicks = {name: [(task, name, "clicks")] for name in settings}
    return (
        Sheet(f"{title}: R-precision / NDCG@500", both, (task, "5 seeds, random")),
        Sheet(f"{title}: clicks, fewer are better", clicks),
    )


SHEETS = (
    *(sheet for pool in continuation.POOLS for sheet in _continuation(pool)),
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
        "A lyric line searched: first / in the top ten",
        {
            kind: [("known-item", kind, "first"), ("known-item", kind, "top ten")]
            for kind in ("exact", "two letters wrong", "one word missing")
        },
        ("known-item", "exact"),
    ),
    Sheet(
        "Lyrics vectors compressed, share of the 10 nearest songs preserved (songs not trained on)",
        {f"{latent} dimensions": [("compression", f"{latent}, new songs", "preserved")] for latent in (16, 48, 96)},
    ),
    Sheet(
        "Approximate search, recall@100 / ms",
        {"both parts": [("ann", "weights 1.0, 1.0", "recall@100"), ("ann", "weights 1.0, 1.0", "ms")]},
    ),
    Sheet("Encoding, lyrics a second", {"one window each": [("encoding", "one-window lyrics", "lyrics/s")]}),
)
SMALL = (  # the README's table: what, and its task, setting, metric
    ("playlist from 1 song, at random", "continuation-a", "1 seed, random", "NDCG@500"),
    ("playlist from its first song", "continuation-a", "1 seed, first", "NDCG@500"),
    ("playlist from 5 songs, at random", "continuation-a", "5 seeds, random", "NDCG@500"),
    ("playlist from its first 5 songs", "continuation-a", "5 seeds, first", "NDCG@500"),
    ("playlist from its first 25 songs", "continuation-a", "25 seeds, first", "NDCG@500"),
    ("playlist from its name alone", "continuation-b", "name only", "NDCG@500"),
    ("playlist from 5 songs, new songs only", "continuation-c", "5 seeds, random", "NDCG@500"),
    ("song from a line of it", "known-item", "exact", "top ten"),
    ("happy or sad, by lyrics", "moods", "happy or sad, lyrics", "accuracy"),
)
INTRODUCTION = """# Benchmarks

Written by `python -m benchmarks table --readme` from the runs in [results](results), each of which holds the score of
every query; change the runs, not this file.

```
python -m benchmarks list                                       # tasks and systems
python -m benchmarks run continuation-a --system refrain        # goes on where it was cut; --again measures anew
python -m benchmarks run continuation-b --system item-item --limit 200   # a quick look, no run of record
python -m benchmarks table; python -m benchmarks compare refrain item-item; python -m benchmarks plot
python -m benchmarks reproduce spotify-mood                     # the five papers: papers/, extra `papers`
```

A campaign is what one state of the code measured: results/DATE-COMMIT/. Runs of different code are never put in one
table, unless `--mixed` asks for it.

How to read the tables: means over n queries, medians of times; the best of a column in bold; * where refrain and its
best peer differ beyond chance (p < {sure}, two-sided paired t-test, Holm's correction over all comparisons of the
task), on whichever of the two is better. Test playlists are a fifth of all, by a hash of their ids; nothing learns,
tunes or builds from them. What was chosen for each system, on what and in how many trials, stands below the tables:
peers are tuned on tuning playlists of the same catalogue and then learn from these, too; refrain's index does not.
Refrain's default weights and settings were chosen on development playlists of the data set that is measured here, in
more trials than the peers had; nobody has measured on a data set where nothing was chosen.

There is no task "songs by the same artist" or "of the same genre": refrain's taste vectors are learned from artists,
genres and tags, so that such a task would measure what it was given.
"""


def page(results: Path) -> str:
    """benchmarks/README.md: the newest campaign of one commit; then, apart, the one before it."""
    current = latest(results)
    parts = [INTRODUCTION.format(sure=SIGNIFICANT), f"## Campaign {current.name}\n", _campaign(current)]
    earlier = [folder for folder in campaigns(results) if folder != current]
    if earlier:
        parts += [
            f"## An earlier campaign: {earlier[-1].name}\n",
            "Of other code, and not to be compared with the figures above.\n",
            _campaign(earlier[-1]),
        ]
    return "\n".join(parts)


def _campaign(folder: Path) -> str:
    runs = load_runs(folder)
    mixed = is_mixed(folder)
    parts = [(folder / MIXED).read_text("utf-8")] if mixed else []
    parts += [text for sheet in SHEETS if (text := _sheet(sheet, runs, tested=not mixed))]
    parts += [peers_table(listed) for task, listed in runs.items() if kind_of(task)]
    parts += [latency_table(run) for task, listed in runs.items() if is_latency(task) for run in listed]
    parts += [_load(run) for run in runs.get("load", ())]
    parts += [_ablation(group, base) for base, group in ablation.by_base(runs.get(ablation.TASK, ()))]
    every = [run for listed in runs.values() for run in listed]
    return "\n".join([*parts, _chosen(every), _measured(every)])


def small_table(results: Path) -> str:
    """What stands between the README's marks: refrain beside the best other system of the newest campaign."""
    folder = latest(results)
    runs = load_runs(folder)
    lines = ["", "| | metric | refrain | best other system | n |", "| --- | --- | --- | --- | --- |"]
    for what, task, setting, metric in SMALL:
        tests = {} if is_mixed(folder) else against_best_peer(runs.get(task, ()))
        column = cells(runs.get(task, ()), setting, metric, tests)
        if "refrain" not in column:
            continue
        of_refrain = column.pop("refrain")
        peers = {name: cell for name, cell in column.items() if not name.startswith("refrain")}
        first = max(peers, key=lambda name: (peers[name].best, peers[name].mean), default=None)
        other = "not measured" if first is None else f"{peers[first].text} {first}"
        n = next(run.settings[setting].queries for run in runs[task] if setting in run.settings)
        lines.append(f"| {what} | {metric} | {of_refrain.text} | {other} | {n:,} |")
    note = "" if is_mixed(folder) else f"; * better beyond chance, p < {SIGNIFICANT}"
    return "\n".join([*lines, "", f"Campaign [{folder.name}](benchmarks/README.md){note}.", ""])


def write(results: Path, readme: Path, long: Path) -> list[Path]:
    """Write the long page, and the small table where the README has marks for it; the files that changed."""
    texts = {long: page(results)}
    text = readme.read_text("utf-8")
    if BEGIN in text or END in text:
        before, _, after = split_readme(text, str(readme))
        texts[readme] = f"{before}{BEGIN}\n{small_table(results)}{END}{after}"
    changed = [path for path, fresh in texts.items() if not path.is_file() or path.read_text("utf-8") != fresh]
    for path in changed:
        write_whole(path, texts[path])
    return changed


def split_readme(text: str, name: str = "README.md") -> tuple[str, str, str]:
    """What stands before, between and after the two marks."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{name} must hold the lines {BEGIN} and {END} once each, in this order")
    before, _, rest = text.partition(BEGIN)
    between, _, after = rest.partition(END)
    return before, between.removeprefix("\n"), after


def _chosen(runs: Sequence[Run]) -> str:
    """What was chosen for each system, task by task, equal sentences once."""
    sentences: dict[tuple[str, str], list[str]] = {}
    notes = sorted({note for run in runs if kind_of(run.task) is None for note in run.notes})
    for run in runs:
        if run.tuning in ("none", "nothing"):
            continue
        system = run.system.partition(", ")[0]  # of variants, what they are variants of
        tasks = sentences.setdefault((system, run.tuning), [])
        if run.task not in tasks:
            tasks.append(run.task)
    lines = [f"- {system} ({', '.join(tasks)}): {tuning}" for (system, tuning), tasks in sentences.items()]
    return "\n".join(["What was chosen:", "", *lines, *(f"- {note}" for note in notes), ""])


def _measured(runs: Sequence[Run]) -> str:
    """When, by what code and on what machine."""
    days = sorted({run.date for run in runs})
    machines = sorted({f"{run.machine.get('cores')} cores of {run.machine.get('cpu')}" for run in runs})
    codes = sorted({str(run.code) for run in runs})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"Measured {when} by {' and '.join(codes)} on {'; '.join(machines)}.\n"


def _load(run: Run) -> str:
    """What clients of `refrain serve` wait for while requests come at a rate."""
    lines = [f"**{run.system} over HTTP, ms at a rate: median / 99th percentile**", ""]
    lines += ["| requests | median | p99 | n | failed | newer indexes | MiB before, after |", "| --- |" + " --- |" * 6]
    for name, result in run.settings.items():
        facts = result.facts
        cells = ["", "", ""]
        if facts:  # of all kinds together
            memory = f"{facts['mib_before']:,.0f}, {facts['mib_after']:,.0f}"
            cells = [f"{facts['failed']:.0f}", f"{facts['generations']:.0f}", memory]
        times = [number(ms) for ms in (result.median_ms, result.p99_ms) if ms is not None]
        lines.append(f"| {' | '.join([name, *times, f'{result.queries:,}', *cells])} |")
    return "\n".join(lines) + "\n"


def _ablation(runs: Sequence[Run], base: Run) -> str:
    """What is lost without each signal."""
    tests = differences(runs, base)
    columns = list(dict.fromkeys(column for each in tests.values() for column in each))
    heads = [f"{setting}, {metric} (n = {base.settings[setting].queries:,})" for setting, metric in columns]
    lines = [f"**{base.system}, and what changes without one of them; * p < {SIGNIFICANT}**", ""]
    lines += [f"| | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    lines.append(f"| {base.system} | {' | '.join(number(means(base.settings[s].scores)[m]) for s, m in columns)} |")
    for system, each in tests.items():
        what = system.partition(", ")[2]
        lines.append(f"| {what} | {' | '.join(difference(each[column]) for column in columns)} |")
    return "\n".join(lines) + "\n"


def _sheet(sheet: Sheet, runs: Runs, *, tested: bool) -> str:
    tasks = {task for columns in sheet.columns.values() for task, _, _ in columns}
    tests = {task: against_best_peer(runs[task]) if tested else {} for task in tasks if task in runs}
    shown: dict[str, list[dict[str, str]]] = {}
    for heading, columns in sheet.columns.items():
        texts = []
        queries = 0
        for task, setting, metric in columns:
            column = cells(runs.get(task, ()), setting, metric, tests.get(task, {}))
            texts.append({name: f"**{c.text}**" if c.best else c.text for name, c in column.items()})
            sizes = [run.settings[setting].queries for run in runs.get(task, ()) if setting in run.settings]
            queries = max([queries, *sizes])
        if any(texts):
            shown[f"{heading} (n = {queries:,})"] = texts
    if not shown:
        return ""
    listed = [run.system for columns in sheet.columns.values() for task, _, _ in columns for run in runs.get(task, ())]
    order = list(dict.fromkeys(listed))
    systems = [name for name in order if any(name in column for texts in shown.values() for column in texts)]
    times = _times(sheet, runs)
    heads = [*shown, *times]
    lines = [f"**{sheet.title}**", "", f"| system | {' | '.join(heads)} |", "| --- |" + " --- |" * len(heads)]
    for system in systems:
        row = [" / ".join(column.get(system, "") for column in texts).strip(" /") for texts in shown.values()]
        row += [column.get(system, "") for column in times.values()]
        lines.append(f"| {system} | " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def _times(sheet: Sheet, runs: Runs) -> dict[str, dict[str, str]]:
    """Heading -> system -> milliseconds of a query, and seconds of learning."""
    if sheet.timed is None:
        return {}
    task, setting = sheet.timed
    taking_part = [run for run in runs.get(task, ()) if setting in run.settings]
    ms = {run.system: run.settings[setting].median_ms for run in taking_part}
    return {
        f"ms, {setting}": {system: number(value) for system, value in ms.items() if value is not None},
        "fit s": {run.system: number(run.fit_s) for run in taking_part},
    }
