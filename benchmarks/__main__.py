"""python -m benchmarks: list, run, reproduce, records, table, plot, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from engine.cli.progress import progress
from engine.cli.render.console import stdout
from indexer.errors import RefrainError

if TYPE_CHECKING:
    from benchmarks.papers.record import Record
    from benchmarks.report.run import Run

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Quality beside every time, against peers.")

RUNS = Path(__file__).parent / "runs"
RECORDS = Path(__file__).parent / "records"
README = Path(__file__).parents[1] / "README.md"
RunsFolder = Annotated[Path, typer.Option("--runs", help="where runs lie")]


@app.command("list")
def list_() -> None:
    """Tasks and the systems that each can measure."""
    from benchmarks.tasks.registry import TASKS

    table = Table("task", "what it measures", "systems", box=None)
    for task in TASKS.values():
        table.add_row(task.name, task.says, ", ".join(task.systems))
    Console().print(table)


@app.command()
def run(
    task: Annotated[str, typer.Argument(help="a task, or the first word of several")],
    system: Annotated[list[str] | None, typer.Option(help="one of the task's systems; all without")] = None,
    catalogue: Annotated[str, typer.Option(envvar="REFRAIN_CATALOGUE", help="file or URL")] = "refrain.db",
    work: Annotated[Path, typer.Option(help="folder of the indexes, kept for the next run")] = Path(".benchmarks"),
    out: Annotated[Path | None, typer.Option(help="where runs are written; with --limit WORK/runs")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file for the indexes, as for `refrain build`")] = None,
    encoded: Annotated[Path | None, typer.Option(help="an index whose sentence vectors are taken over")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="queries a setting at most, for a quick look")] = None,
) -> None:
    """Measure systems on a task and write a run of each."""
    from benchmarks.report.run import Run
    from benchmarks.report.tables import overview
    from benchmarks.systems.peers import PeerUnavailableError
    from benchmarks.tasks.registry import run_tasks, tasks_named
    from indexer.config import IndexConfig

    found = run_tasks(
        tasks_named(task),
        system or (),
        catalogue=catalogue,
        work=work,
        out=out or (RUNS if limit is None else work / "runs"),
        config=None if config is None else IndexConfig.from_toml(config),
        encoded=encoded,
        limit=limit,
        track=progress(),
    )
    for what, done in found:
        if isinstance(done, PeerUnavailableError):
            Console(stderr=True).print(f"[yellow]{what}: left out, {done}[/yellow]")
            continue
        for file in done:
            Console().print(overview(Run.load(file)))
            Console(stderr=True).print(f"written to {file}")


@app.command()
def reproduce(
    name: Annotated[str, typer.Argument(help="spotify-mood, song-bert, quadrants, neural-playlist or preference")],
    catalogue: Annotated[str, typer.Option(envvar="REFRAIN_CATALOGUE", help="file or URL")] = "refrain.db",
    work: Annotated[Path, typer.Option(help="folder of indexes and finished steps, kept")] = Path(".benchmarks"),
    out: Annotated[Path | None, typer.Option(help="where the record is written; with --quick WORK/records")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file for the index, as for `refrain build`")] = None,
    encoded: Annotated[Path | None, typer.Option(help="an index whose sentence vectors are taken over")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="small samples, under two minutes; no record")] = False,
) -> None:
    """Train and evaluate one of the five published systems; its figures stand beside ours in brackets."""
    from benchmarks.papers import reproduce as reproduced
    from indexer.config import IndexConfig

    record = reproduced(
        name,
        catalogue=catalogue,
        work=work,
        command=f"python -m benchmarks reproduce {name}{' --quick' * quick}",
        quick=quick,
        config=None if config is None else IndexConfig.from_toml(config),
        encoded=encoded,
        track=progress(),
    )
    _show(record)
    file = record.save(out or (work / "records" if quick else RECORDS))
    Console(stderr=True).print(f"{record.seconds:g} s; written to {file}")


@app.command()
def records(
    name: Annotated[str | None, typer.Argument(help="one reproduction; all without")] = None,
    folder: Annotated[Path, typer.Option("--records", help="where records lie")] = RECORDS,
    plots: Annotated[Path | None, typer.Option("--plots", help="draw their curves into this folder")] = None,
) -> None:
    """What the reproductions found: the papers' figures in brackets, and what differs."""
    from benchmarks.papers.record import Record
    from benchmarks.report.plots import plot_record

    files = sorted(folder.glob(f"{name or '*'}.json"))
    if not files:
        raise ValueError(f"{folder} holds no record of {name or 'any'}; make one with `python -m benchmarks reproduce`")
    for file in files:
        record = Record.load(file)
        _show(record)
        for drawn in plot_record(record, plots) if plots is not None else ():
            Console(stderr=True).print(str(drawn))


def _show(record: Record) -> None:
    console = stdout()
    console.print(f"{record.name}: {record.paper}\n", markup=False)
    for comparison in record.comparisons:
        console.print(comparison.table(), "")
    for sentence in record.differs:
        console.print(f"- {sentence}", markup=False, highlight=False)
    console.print()


@app.command()
def table(
    task: Annotated[str | None, typer.Argument(help="a task, or the first word of several; all without")] = None,
    runs: RunsFolder = RUNS,
    readme: Annotated[bool, typer.Option("--readme", help="write the tables into README.md instead")] = False,
) -> None:
    """Means of every system, setting by setting; the best in bold, * where it beats the best peer beyond chance."""
    from benchmarks.report.readme import block
    from benchmarks.report.tables import difference_table, rewrite, setting_tables
    from benchmarks.tasks import ablation

    if readme:
        changed = rewrite(README, block(load(runs, None)))
        Console(stderr=True).print(f"{README}: {'written' if changed else 'already as the runs say'}")
        return
    for name, found in load(runs, task).items():
        if name == ablation.TASK:
            shown = [difference_table(group, base) for base, group in ablation.by_base(found)]
        else:
            shown = setting_tables(found)
        for each in shown:
            Console().print(each)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="a system, or the file of a run")],
    b: Annotated[str, typer.Argument(help="another")],
    task: Annotated[str, typer.Option(help="the task, or the first word of several")] = "continuation",
    runs: RunsFolder = RUNS,
) -> None:
    """Two systems query by query: win, tie, loss, and a paired p with Holm's correction over all lines."""
    from benchmarks.judge.compare import compare as compared
    from benchmarks.judge.compare import corrected
    from benchmarks.report.run import Run
    from benchmarks.report.tables import paired_table

    if a.endswith(".json") and b.endswith(".json"):
        pairs = [(Run.load(Path(a)), Run.load(Path(b)))]
    else:
        by_name = [{run.system: run for run in found} for found in load(runs, task).values()]
        pairs = [(found[a], found[b]) for found in by_name if a in found and b in found]
    if not pairs:
        raise ValueError(f"{runs} has no task {task!r} that both {a} and {b} ran; run it for them first")
    found = corrected([paired for first, second in pairs for paired in compared(first, second)])
    Console().print(paired_table(found, pairs[0][0].system, pairs[0][1].system))


@app.command()
def plot(
    task: Annotated[str | None, typer.Argument(help="a task, or the first word of several; all without")] = None,
    runs: RunsFolder = RUNS,
    out: Annotated[Path, typer.Option(help="folder for the figures")] = Path(".benchmarks/plots"),
) -> None:
    """Figures from the runs: means with bootstrap intervals, and quality against time."""
    from benchmarks.report.plots import plot_task

    for found in load(runs, task).values():
        for file in plot_task(found, out):
            Console().print(str(file))


def load(runs: Path, task: str | None) -> dict[str, list[Run]]:
    """The runs of a task, or of those whose names begin with the word."""
    from benchmarks.report.run import load_runs

    found = {name: each for name, each in load_runs(runs).items() if task is None or f"{name}-".startswith(f"{task}-")}
    if not found:
        raise ValueError(f"{runs} holds no run of {task or 'any task'}; make one with `python -m benchmarks run TASK`")
    return found


def main() -> None:
    try:
        app(standalone_mode=True)
    except (RefrainError, ValueError) as error:
        Console(stderr=True).print(f"[red]{error}[/red]")
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
