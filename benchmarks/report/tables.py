"""Tables, from runs alone: what the terminal shows, and the cells that the README's generator prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from benchmarks.judge.bars import MET
from benchmarks.judge.metrics import means
from benchmarks.judge.paired import SIGNIFICANT, Paired, best, better, compare, corrected
from benchmarks.report.run import Result, Run


@dataclass(frozen=True, slots=True)
class Cell:
    """One mean; whether it is the best of its column; and whether refrain and its best peer differ beyond chance, and
    this is the better of the two.
    """

    mean: float
    best: bool
    sure: bool

    @property
    def text(self) -> str:
        return f"{number(self.mean)}{'*' if self.sure else ''}"


def number(value: float) -> str:
    """Three digits after the point for shares, fewer for what is larger; what is small but not nothing is not called 0.

    >>> number(0.18812), number(14.2071), number(26822.0), number(2e-7)
    ('0.188', '14.2', '26,822', '<0.001')
    """
    if 0 < value < 0.0005:
        return "<0.001"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def overview(run: Run) -> Table:
    """One run: a line a setting."""
    names = list(dict.fromkeys(metric for setting in run.settings.values() for metric in setting.scores))
    barred = any(MET in setting.facts for setting in run.settings.values())
    title = f"{run.task}: {run.system}, fitted in {run.fit_s:g} s, peak {run.peak_mib:,.0f} MiB"
    table = Table(
        "setting", "n", *names, "ms", "p99", *(("bar", "met") if barred else ()), title=title, title_justify="left",
        caption="\n".join([f"chosen: {run.tuning}", f"code: {run.code}", *run.notes]), caption_justify="left",
    )  # fmt: skip
    for name, setting in run.settings.items():
        found = means(setting.scores)
        ms = [("" if value is None else number(value)) for value in (setting.median_ms, setting.p99_ms)]
        table.add_row(name, f"{setting.queries:,}", *(number(found[m]) if m in found else "" for m in names), *ms,
                      *(bar_cells(setting) if barred else ()))  # fmt: skip
    return table


def bar_cells(result: Result) -> tuple[str, str]:
    """A row's bar, with the figures that no other column shows, and whether it is met; empty where it has none.

    >>> facts = {"median_ms_bar": 1.5, "p99_ms_bar": 4.0, "met": 0.0}
    >>> bar_cells(Result(digest="q", scores={}, median_ms=1.7, p99_ms=3.0, facts=facts))
    ('1.5 / 4', 'no')
    >>> bar_cells(Result(digest="q", scores={}, facts={"ratio": 1.31, "ratio_bar": 2.0, "met": 1.0}))
    ('1.31 times the unfiltered, of 2', 'yes')
    """
    facts = result.facts
    if MET not in facts:
        return "", ""
    parts = [" / ".join(f"{facts[name]:g}" for name in ("median_ms_bar", "p99_ms_bar") if name in facts)]
    for name, words in (("ratio", "times the unfiltered"), ("mib", "MiB"), ("a_second", "a second")):
        if f"{name}_bar" in facts:
            parts.append(f"{facts[name]:,.4g} {words}, of {facts[f'{name}_bar']:,g}")
    parts += [f"{facts[name]:g} songs {name}" for name in ("missing", "outside") if facts.get(name, 0) > 0]
    return "; ".join(part for part in parts if part), "yes" if facts[MET] else "no"


def against_best_peer(runs: Sequence[Run]) -> dict[tuple[str, str, str], tuple[str, Paired]]:
    """(system, setting, metric) -> (best peer, comparison) for refrain's runs, corrected over all of them."""
    peers = [run for run in runs if not run.is_refrain]
    keys, names, pairs = [], [], []
    for run in runs:
        if not run.is_refrain:
            continue
        for setting, measured in run.settings.items():
            for metric in measured.scores:
                rivals = [p for p in peers if setting in p.settings and metric in p.settings[setting].scores]
                if rivals:
                    rival = _best_run(rivals, setting, metric)
                    paired = compare(_only(run, setting), _only(rival, setting), [metric])
                    keys.append((run.system, setting, metric))
                    names.append(rival.system)
                    pairs += paired
    return dict(zip(keys, zip(names, corrected(pairs), strict=True), strict=True))


def setting_tables(runs: Sequence[Run]) -> list[Table]:
    """A table for each setting of a task: a line a system, the best of each column in bold."""
    tables = []
    tests = against_best_peer(runs)
    for setting in dict.fromkeys(name for run in runs for name in run.settings):
        taking_part = [run for run in runs if setting in run.settings]
        metrics = list(dict.fromkeys(m for run in taking_part for m in run.settings[setting].scores))
        title = f"{runs[0].task}, {setting} (n = {taking_part[0].settings[setting].queries:,})"
        table = Table("system", *metrics, "ms", "p99", "fit s", "build s", "MiB", title=title, title_justify="left")
        columns = {metric: cells(taking_part, setting, metric, tests) for metric in metrics}
        for run in taking_part:
            shown = [columns[m].get(run.system) for m in metrics]
            texts = ["" if c is None else f"[bold]{c.text}[/bold]" if c.best else c.text for c in shown]
            ms = [
                "" if v is None else number(v) for v in (run.settings[setting].median_ms, run.settings[setting].p99_ms)
            ]
            built = "" if run.build_s is None else number(run.build_s)
            table.add_row(run.system, *texts, *ms, number(run.fit_s), built, f"{run.peak_mib:,.0f}")
        tables.append(table)
    return tables


def cells(
    runs: Sequence[Run], setting: str, metric: str, tests: Mapping[tuple[str, str, str], tuple[str, Paired]]
) -> dict[str, Cell]:
    """One column: each system's mean, by name. A star stands on refrain or on its best peer, whichever is better."""
    measured = {
        run.system: means({metric: run.settings[setting].scores[metric]})[metric]
        for run in runs
        if setting in run.settings and metric in run.settings[setting].scores
    }
    if not measured:
        return {}
    top = best(metric, measured.values())
    starred = set()
    for system in measured:
        rival, paired = tests.get((system, setting, metric), ("", None))
        if paired is not None and paired.adjusted < SIGNIFICANT:
            starred.add(system if paired.a_is_better else rival)
    return {system: Cell(mean, not better(metric, top, mean), system in starred) for system, mean in measured.items()}


def _best_run(runs: Sequence[Run], setting: str, metric: str) -> Run:
    scores = {run.system: means({metric: run.settings[setting].scores[metric]})[metric] for run in runs}
    top = best(metric, scores.values())
    return next(run for run in runs if scores[run.system] == top)


def _only(run: Run, setting: str) -> Run:
    return run.model_copy(update={"settings": {setting: run.settings[setting]}})


def difference_table(runs: Sequence[Run], base: Run) -> Table:
    """What each run loses (-) or gains (+) against one of them, with Holm's correction over the whole table."""
    tests = differences(runs, base)
    columns = list(dict.fromkeys(column for each in tests.values() for column in each))
    heads = [f"{setting}\n{metric}" for setting, metric in columns]
    table = Table("", *heads, title=f"against {base.system}; * p < {SIGNIFICANT}, Holm", title_justify="left")
    table.add_row(base.system, *(number(means(base.settings[s].scores)[m]) for s, m in columns))
    for system, each in tests.items():
        table.add_row(system, *(difference(each[column]) for column in columns))
    return table


def differences(runs: Sequence[Run], base: Run) -> dict[str, dict[tuple[str, str], Paired]]:
    """System -> (setting, metric) -> its comparison with the base, corrected over all of them."""
    pairs = [(run.system, paired) for run in runs if run.system != base.system for paired in compare(run, base)]
    found: dict[str, dict[tuple[str, str], Paired]] = {}
    for (system, _), paired in zip(pairs, corrected([paired for _, paired in pairs]), strict=True):
        found.setdefault(system, {})[paired.setting, paired.metric] = paired
    return found


def difference(paired: Paired) -> str:
    """A difference of means, with * beyond chance."""
    return f"{paired.a - paired.b:+.4f}{'*' if paired.adjusted < SIGNIFICANT else ''}"


def paired_table(lines: Sequence[Paired], a: str, b: str) -> Table:
    """What `compare` prints."""
    table = Table("task", "setting", "metric", "n", a, b, "win / tie / loss", "p", "p, Holm", title=f"{a} against {b}")
    for p in lines:
        first, second = number(p.a), number(p.b)
        sure = p.adjusted < SIGNIFICANT
        table.add_row(
            p.task, p.setting, p.metric, f"{p.queries:,}",
            f"[bold]{first}[/bold]" if sure and p.a_is_better else first,
            f"[bold]{second}[/bold]" if sure and not p.a_is_better else second,
            f"{p.wins} / {p.ties} / {p.losses}", f"{p.p:.2g}", f"{p.adjusted:.2g}",
        )  # fmt: skip
    return table
