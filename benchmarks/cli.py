"""The command: list, run, make, reproduce, records, table, plot, compare."""

from __future__ import annotations

import shlex
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

HOME = Path(__file__).parent
RESULTS = HOME / "results"
RECORDS = HOME / "papers" / "records"
README = HOME.parent / "README.md"
PAGE = HOME / "README.md"
Campaign = Annotated[
    Path | None, typer.Option("--runs", help="a campaign's folder; the newest of one commit in results/ without")
]
Mixed = Annotated[bool, typer.Option("--mixed", help="show runs of different code beside each other")]


@app.command("list")
def list_() -> None:
    """Tasks and the systems that each can measure."""
    from benchmarks.tasks.registry import TASKS

    table = Table("task", "what it measures", "systems", box=None)
    for task in TASKS.values():
        table.add_row(task.name, task.summary, ", ".join(task.systems))
    Console().print(table)


@app.command()
def run(
    task: Annotated[str, typer.Argument(help="a task, or the first word of several")],
    more_songs: Annotated[list[int] | None, typer.Argument(metavar="", help="more numbers after --songs")] = None,
    songs: Annotated[
        list[int] | None, typer.Option(help="sizes of the catalogues that scale makes: --songs 10000 100000")
    ] = None,
    system: Annotated[list[str] | None, typer.Option(help="one of the task's systems; all without")] = None,
    catalogue: Annotated[str, typer.Option(envvar="REFRAIN_CATALOGUE", help="file or URL")] = "refrain.db",
    work: Annotated[Path, typer.Option(help="folder of the indexes, kept for the next run")] = Path(".benchmarks"),
    out: Annotated[
        Path | None, typer.Option(help="where runs are written; results/DATE-COMMIT without, WORK/runs with --limit")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file for the indexes, as for `refrain build`")] = None,
    encoded: Annotated[Path | None, typer.Option(help="an index whose sentence vectors are taken over")] = None,
    index: Annotated[
        Path | None, typer.Option(help="an index that is built, taken as it is: words, vectors, answers, latency")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="queries a setting at most, for a quick look")] = None,
    again: Annotated[bool, typer.Option("--again", help="measure also what this code has measured before")] = False,
) -> None:
    """Measure systems on a task and write a run of each; an interrupted call goes on where it was."""
    from benchmarks.report.campaigns import campaign_folder
    from benchmarks.report.origin import measuring_code
    from benchmarks.report.run import Run
    from benchmarks.report.tables import overview
    from benchmarks.tasks.registry import run_tasks, tasks_named
    from indexer.config import IndexConfig

    if more_songs and not songs:
        raise ValueError(f"{more_songs[0]} is no option; numbers of songs stand after --songs")
    notice = Console(stderr=True, soft_wrap=True)
    outcomes = run_tasks(
        tasks_named(task),
        system or (),
        catalogue=catalogue,
        work=work,
        out=out or (campaign_folder(RESULTS, measuring_code()) if limit is None else work / "runs"),
        config=None if config is None else IndexConfig.from_toml(config),
        config_file=config,
        encoded=encoded,
        index=index,
        limit=limit,
        songs=[*(songs or ()), *(more_songs or ())],
        again=again,
        track=progress(),
    )
    for outcome in outcomes:
        if outcome.unavailable is not None:
            names = ", ".join(outcome.systems)
            notice.print(f"[yellow]{outcome.task} {names}: left out, {outcome.unavailable}[/yellow]")
        for file in outcome.files:
            if outcome.there:
                notice.print(f"{file}: measured before by this code; --again measures it once more")
            else:
                Console().print(overview(Run.load(file)))
                notice.print(f"written to {file}")


@app.command()
def make(
    folder: Annotated[Path, typer.Argument(help="where refrain.db and refrain.index are made")],
    songs: Annotated[int, typer.Option(min=1, help="how many")],
    encoded: Annotated[Path, typer.Option(help="an index of the catalogue, whose vectors are drawn from")],
    catalogue: Annotated[str, typer.Option(envvar="REFRAIN_CATALOGUE", help="file or URL")] = "refrain.db",
    seed: Annotated[int, typer.Option(min=0, help="another one makes another catalogue")] = 0,
) -> None:
    """Make a catalogue of any size from a real one, and an index folder from which it is built without encoding."""
    from benchmarks.data.scaled.make import make_scaled

    made = make_scaled(folder, songs, catalogue=catalogue, encoded=encoded, seed=seed, track=progress())
    console = Console(soft_wrap=True)
    console.print(
        f"{made.songs:,} songs, {made.lyrics:,} with lyrics, {made.playlists:,} playlists of {made.entries:,} entries "
        f"in {made.seconds:g} s; {made.said}"
    )
    console.print(f"refrain build --catalogue {made.catalogue} --index {made.index}", markup=False)


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
    from benchmarks.report.origin import reading
    from indexer.config import IndexConfig

    words = ["python", "-m", "benchmarks", "reproduce", name, *(["--quick"] if quick else [])]
    record = reproduced(
        name,
        catalogue=catalogue,
        work=work,
        command=shlex.join([*words, *reading(catalogue, config, encoded)]),
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
    runs: Campaign = None,
    mixed: Mixed = False,
    readme: Annotated[bool, typer.Option("--readme", help="write benchmarks/README.md and README.md's table")] = False,
) -> None:
    """Means of every system, setting by setting; the best in bold, * where refrain and its best peer differ."""
    from benchmarks.report.readme import write
    from benchmarks.report.scaling import scaling_tables
    from benchmarks.report.tables import difference_table, setting_tables
    from benchmarks.tasks import ablation, scale

    if readme:
        changed = write(RESULTS, README, PAGE)
        Console(stderr=True).print("\n".join(f"{path}: written" for path in changed) or "already as the runs say")
        return
    for name, listed in load(runs, task, mixed=mixed).items():
        if name == ablation.TASK:
            shown = [difference_table(group, base) for base, group in ablation.by_base(listed)]
        elif name == scale.TASK:
            shown = scaling_tables(listed)
        else:
            shown = setting_tables(listed)
        for each in shown:
            Console().print(each)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="a system, or the file of a run")],
    b: Annotated[str, typer.Argument(help="another")],
    task: Annotated[str, typer.Option(help="the task, or the first word of several")] = "continuation",
    runs: Campaign = None,
    mixed: Mixed = False,
) -> None:
    """Two systems query by query: win, tie, loss, and a paired p with Holm's correction over all lines."""
    from benchmarks.judge.paired import compare as compared
    from benchmarks.judge.paired import corrected
    from benchmarks.report.campaigns import refuse_mixed
    from benchmarks.report.run import Run
    from benchmarks.report.tables import paired_table

    if a.endswith(".json") and b.endswith(".json"):
        pairs = [(Run.load(Path(a)), Run.load(Path(b)))]
        if not mixed:
            refuse_mixed(pairs[0], f"the pair {a} and {b}")
    else:
        listed = load(runs, task, mixed=True)
        by_name = [{run.system: run for run in each} for each in listed.values()]
        pairs = [(each[a], each[b]) for each in by_name if a in each and b in each]
        if not mixed:
            refuse_mixed([run for pair in pairs for run in pair], f"the comparison of {a} and {b}")
    if not pairs:
        raise ValueError(f"no task {task!r} has runs of both {a} and {b}; run it for them first")
    lines = corrected([paired for first, second in pairs for paired in compared(first, second)])
    Console().print(paired_table(lines, pairs[0][0].system, pairs[0][1].system))


@app.command()
def plot(
    task: Annotated[str | None, typer.Argument(help="a task, or the first word of several; all without")] = None,
    runs: Campaign = None,
    mixed: Mixed = False,
    out: Annotated[Path, typer.Option(help="folder for the figures")] = Path(".benchmarks/plots"),
) -> None:
    """Figures from the runs: means with bootstrap intervals, and quality against time."""
    from benchmarks.report.plots import plot_task
    from benchmarks.report.scaling import plot_scaling
    from benchmarks.tasks import scale

    for name, listed in load(runs, task, mixed=mixed).items():
        for file in plot_scaling(listed, out) if name == scale.TASK else plot_task(listed, out):
            Console().print(str(file))


def load(campaign: Path | None, task: str | None, *, mixed: bool) -> dict[str, list[Run]]:
    """The runs of a task, or of those whose names begin with the word; of one state of the code unless `mixed`."""
    from benchmarks.report.campaigns import latest, refuse_mixed
    from benchmarks.report.run import load_runs

    folder = campaign or latest(RESULTS)
    listed = {n: each for n, each in load_runs(folder).items() if task is None or f"{n}-".startswith(f"{task}-")}
    if not listed:
        raise ValueError(
            f"{folder} holds no run of {task or 'any task'}; make one with `python -m benchmarks run TASK`"
        )
    if not mixed:
        refuse_mixed([run for each in listed.values() for run in each], folder)
    return listed


def main() -> None:
    try:
        app(standalone_mode=True)
    except (RefrainError, ValueError) as error:
        Console(stderr=True).print(f"[red]{error}[/red]")
        raise SystemExit(1) from error
