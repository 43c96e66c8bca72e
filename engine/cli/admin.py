"""Commands that keep a catalogue and its index: import, refused, build, update, info, verify, tune, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import show
from engine.cli.options import Bars, CatalogueOption, IndexOption, JsonOption

keeping = typer.Typer()

ConfigOption = Annotated[Path | None, typer.Option("--config", help="A TOML file with settings that differ.")]


@keeping.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="Files to import; each is recognised by its content.")],
    catalogue: CatalogueOption = "refrain.db",
    as_json: JsonOption = False,
) -> None:
    """Bring songs, playlists and tags from files into the catalogue. A file comes whole or not at all."""
    from indexer.catalogue import Catalogue
    from indexer.sources import import_order

    with Catalogue(catalogue) as kept:
        reports = []
        for file in import_order(files):
            reports.append(kept.load(file, track=Bars()))
            if not as_json:
                show.import_report(reports[-1])
    if as_json:
        show.as_json(reports)


@keeping.command()
def refused(catalogue: CatalogueOption = "refrain.db", as_json: JsonOption = False) -> None:
    """List what imports could not take, and why."""
    from indexer.catalogue import Catalogue

    with Catalogue(catalogue, create=False) as kept:
        show.refusals(kept.refused(), as_json=as_json)


@keeping.command()
def build(
    catalogue: CatalogueOption = "refrain.db",
    index: IndexOption = Path("refrain.index"),
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the index of the whole catalogue; lyrics that were encoded before are not encoded again."""
    from indexer import Catalogue, IndexConfig, build_index

    settings = IndexConfig.from_toml(config) if config else IndexConfig()
    with Catalogue(catalogue, create=False) as kept:
        show.build_report(build_index(kept, index, settings, track=Bars()), as_json=as_json)


@keeping.command()
def update(
    catalogue: CatalogueOption = "refrain.db",
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
) -> None:
    """Bring the index up to the catalogue: only songs that are new, changed or deleted are read again."""
    from indexer import Catalogue, update_index

    with Catalogue(catalogue, create=False) as kept:
        show.build_report(update_index(kept, index, track=Bars()), as_json=as_json)


@keeping.command()
def info(index: IndexOption = Path("refrain.index"), as_json: JsonOption = False) -> None:
    """Say what the index holds, how it was built and what it weighs."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        show.information(engine, as_json=as_json)


@keeping.command()
def verify(index: IndexOption = Path("refrain.index"), as_json: JsonOption = False) -> None:
    """Hash every file of the index and derive a sample of it again."""
    from engine.verify import verify_index

    problems = verify_index(index, track=Bars())
    show.problems(problems, as_json=as_json)
    if problems:
        raise typer.Exit(1)


@keeping.command()
def tune(
    catalogue: CatalogueOption = "refrain.db",
    index: IndexOption = Path("refrain.index"),
    rounds: Annotated[int, typer.Option("--rounds", help="Passes over the weights at most.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Tune the weights on the catalogue's own playlists; kept only if playlists that tuning did not see agree."""
    from engine.engine import Engine
    from engine.tune.acceptance import accepted_weights
    from engine.tune.playlists import tune_on_playlists
    from indexer.catalogue import Catalogue

    with Catalogue(catalogue, create=False) as kept, Engine.open(index, weights="default") as engine:
        reports = tune_on_playlists(engine.index, engine.weights, kept.playlists(), rounds=rounds, track=Bars())
        engine.use(accepted_weights(engine.weights, reports))
        target = engine.save_weights() if any(report.accepted for report in reports.values()) else None
    show.tuning(reports, target, as_json=as_json)


@keeping.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demonstration's catalogue and index go.")] = Path(
        ".refrain-demo"
    ),
) -> None:
    """Import and index the bundled songs, and show a playlist and a search."""
    from engine.cli.demo import demonstrate

    demonstrate(folder)
