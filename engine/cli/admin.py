"""Commands that keep a catalogue and its index: import, refused, delete, build, update, info, verify, tune, demo."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.opening import open_engine
from engine.cli.options import (
    CATALOGUE,
    INDEX,
    CatalogueOption,
    IndexOption,
    JsonOption,
    QuietOption,
    file_to_read,
    flag,
    is_text,
)
from engine.cli.progress import progress
from engine.cli.render import build as builds
from engine.cli.render import imports
from engine.cli.render import index as indexes
from engine.cli.render.console import json_document, message
from engine.cli.waiting import NoWaitOption, patience

if TYPE_CHECKING:
    from indexer.catalogue import Catalogue
    from indexer.records import Song

PANEL = "Keep a catalogue and its index"
SURE = 99.0  # similarity, 0..100, from which a name is the name of a song that may be deleted: no typo is forgiven

admin = typer.Typer()

ConfigOption = Annotated[
    Path | None, file_to_read("--config", "A TOML file with settings that differ; else those of the index.")
]


@admin.command("import", rich_help_panel=PANEL)
def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Files, folders, folders of sound and archives; - for stdin. Each is known by its content.",
        ),
    ],
    kind: Annotated[
        str | None, typer.Option("--as", metavar="KIND", help="What the files are, where their content leaves a doubt.")
    ] = None,
    dry_run: Annotated[
        bool, flag("--dry-run", help="Show what each file is and what its columns become; import nothing.")
    ] = False,
    prune: Annotated[bool, flag("--prune", help="Take out files of a folder of sound that are gone.")] = False,
    yes: Annotated[bool, flag("--yes", "-y", help="Do not ask, though many are gone.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", min=1, help="Processes that measure sound; else one a core.")
    ] = None,
    catalogue: CatalogueOption = CATALOGUE,
    no_wait: NoWaitOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring songs, playlists and tags from files into the catalogue. A file comes whole or not at all.

    A folder of sound comes a hundred files at a time: `refrain build` may begin beside it, and what was measured stays.
    """
    from indexer.catalogue import Catalogue
    from indexer.sources import gather
    from indexer.sources.sound.walk import is_sound
    from indexer.sources.sound.workers import cores

    def sure(gone: int, known: int) -> bool:
        return yes or (sys.stdin.isatty() and typer.confirm(f"{gone:,} of {known:,} files are gone. Forget?", err=True))

    of_sound = [file for file in files if is_sound(file)]
    with gather([file for file in files if file not in of_sound], kind=kind) as gathered:
        if dry_run:
            imports.show_previews(gathered, as_json=as_json)
            imports.show_folders(of_sound)
            return
        reports = []
        with Catalogue(catalogue, patience=patience(no_wait)) as opened:
            loads = [partial(opened.load, source) for source in gathered.sources]
            loads += [
                partial(opened.load_folder, file, workers=workers or cores(), prune=prune, sure=sure)
                for file in of_sound
            ]
            for load in loads:
                reports.append(load(track=progress(quiet)))
                if not as_json:
                    imports.show_import(reports[-1])
        imports.show_skipped(gathered)
    if as_json:
        json_document({"imports": reports, "skipped": [{"file": name, "why": why} for name, why in gathered.skipped]})


@admin.command(rich_help_panel=PANEL)
def refused(
    rows: Annotated[bool, flag("--rows", help="Row by row, not counted by reason.")] = False,
    catalogue: CatalogueOption = CATALOGUE,
    as_json: JsonOption = False,
) -> None:
    """List what imports could not take, and why."""
    from indexer.catalogue import Catalogue

    with Catalogue(catalogue, create=False) as opened:
        if rows:
            imports.show_refusals(opened.refused(), as_json=as_json)
        else:
            imports.show_remarks(opened.remarks(), as_json=as_json)


@admin.command(rich_help_panel=PANEL)
def doctor(catalogue: CatalogueOption = CATALOGUE, as_json: JsonOption = False) -> None:
    """Say what the catalogue lacks, what looks wrong in it, and what to import next."""
    from indexer.catalogue import Catalogue

    with Catalogue(catalogue, create=False) as opened:
        imports.show_diagnosis(opened.diagnose(), as_json=as_json)


@admin.command(rich_help_panel=PANEL)
def delete(
    songs: Annotated[
        list[str], typer.Argument(metavar="SONG", help="Songs by song_id, or by title and artist as they are written.")
    ],
    yes: Annotated[bool, flag("--yes", "-y", help="Do not ask.")] = False,
    catalogue: CatalogueOption = CATALOGUE,
    index: IndexOption = INDEX,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete songs from the catalogue. `refrain update` then takes their words out of the index."""
    from indexer.catalogue import Catalogue

    with Catalogue(catalogue, create=False, patience=patience(no_wait)) as opened:
        named = list(_songs_called(opened, index, songs))
        for song in named:
            message(f"{song.name} [{song.song_id}]")
        if not yes:
            typer.confirm(f"Delete {_counted(named)}?", abort=True, err=True)
        opened.delete(song.song_id for song in named)
    message(f"{_counted(named)} deleted; run `refrain update` to take their words out of the index")
    if as_json:
        deleted = [{"song_id": song.song_id, "title": song.title, "artist": song.artist} for song in named]
        json_document({"deleted": deleted})


def _counted(songs: Sequence[Song]) -> str:
    return "1 song" if len(songs) == 1 else f"{len(songs):,} songs"


def _songs_called(catalogue: Catalogue, index: Path, names: Sequence[str]) -> Iterator[Song]:
    """Each song once: by its id in the catalogue, or by its name in the index."""
    from engine.lookup.names import resolve
    from indexer.errors import IndexMissingError, SongNotFoundError

    seen: set[str] = set()
    nearest: tuple[str, ...]
    for name in names:
        song, nearest = catalogue.song(name) if is_text(name) else None, ()
        if song is None:
            try:
                with open_engine(index) as engine:
                    row = resolve(engine.index, name, least=SURE)
                    song = catalogue.song(engine.index.songs.song_ids[row])
            except SongNotFoundError as error:
                nearest = error.nearest
            except IndexMissingError:
                nearest = ()  # names are looked up in an index; without one an id is needed
        if song is None:
            near = f"; nearest: {', '.join(nearest)}" if nearest else ""
            raise SongNotFoundError(
                f"no song of the catalogue is called exactly {name!r}, nothing was deleted; "
                f"expected a song_id, or title and artist as they are written{near}",
                nearest=nearest,
            )
        if song.song_id not in seen:
            seen.add(song.song_id)
            yield song


@admin.command(rich_help_panel=PANEL)
def build(
    catalogue: CatalogueOption = CATALOGUE,
    index: IndexOption = INDEX,
    config: ConfigOption = None,
    plan: Annotated[bool, flag("--plan", help="Say what would be done and why, and do nothing.")] = False,
    stage: Annotated[
        str | None, typer.Option("--stage", metavar="NAME", help="Only this stage and what depends on it.")
    ] = None,
    force: Annotated[bool, flag("--force", help="Every stage, whether or not something changed.")] = False,
    no_wait: NoWaitOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build the index of the whole catalogue; what still holds of an earlier build is kept."""
    from indexer.build.run import build_index
    from indexer.build.stages import STAGE_NAMES
    from indexer.catalogue import Catalogue
    from indexer.config import IndexConfig

    if stage is not None and stage not in STAGE_NAMES:
        raise typer.BadParameter(f"{stage!r}, expected one of {', '.join(STAGE_NAMES)}", param_hint="--stage")
    if stage is not None and force:
        raise typer.BadParameter("it asks for all stages, --stage for one; leave out one of them", param_hint="--force")
    settings = IndexConfig.from_toml(config) if config else None
    with Catalogue(catalogue, create=False) as opened:
        if plan:
            from indexer.build.run import plan_index

            builds.show_plan(plan_index(opened, index, settings, stage=stage, force=force), as_json=as_json)
            return
        report = build_index(
            opened, index, settings, stage=stage, force=force, track=progress(quiet), patience=patience(no_wait)
        )
        builds.show_build(report, as_json=as_json)


@admin.command(rich_help_panel=PANEL)
def update(
    watch: Annotated[
        Path | None,
        typer.Option(
            "--watch",
            metavar="FOLDER",
            help="Import what appears in a folder, and bring the index up to it, until Ctrl-C or SIGTERM.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    catalogue: CatalogueOption = CATALOGUE,
    index: IndexOption = INDEX,
    no_wait: NoWaitOption = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the index up to the catalogue: only songs that are new, changed or deleted are read again.

    --watch imports files of every kind, archives and folders of sound once they are whole, and again when they change.
    What comes together is one update. Catalogue and index are made where there are none; songs stay when files go.
    With --json it writes a line for each update.
    """
    if watch is not None:
        from engine.cli.watch import keep_up

        if no_wait:
            raise typer.BadParameter("--watch waits for other writers; leave out one of them", param_hint="--no-wait")
        keep_up(watch, catalogue, index, track=progress(quiet), as_json=as_json)
        return
    from indexer.build.run import update_index
    from indexer.catalogue import Catalogue

    with Catalogue(catalogue, create=False) as opened:
        report = update_index(opened, index, track=progress(quiet), patience=patience(no_wait))
        builds.show_build(report, as_json=as_json)


@admin.command(rich_help_panel=PANEL)
def info(index: IndexOption = INDEX, as_json: JsonOption = False) -> None:
    """Say what the index holds, what each model was learned from and when, and how signals are weighted."""
    from engine.information import index_record

    with open_engine(index) as engine:
        opened = engine.index
        record = index_record(opened.path, opened.generation.number, opened.manifest, engine.weights)
    indexes.show_index(record, as_json=as_json)


@admin.command(rich_help_panel=PANEL)
def verify(index: IndexOption = INDEX, quiet: QuietOption = False, as_json: JsonOption = False) -> None:
    """Hash every file of the index and derive a sample of it again."""
    from engine.verify import verify_index

    problems = verify_index(index, track=progress(quiet))
    indexes.show_problems(problems, as_json=as_json)
    if problems:
        raise typer.Exit(1)


@admin.command(rich_help_panel=PANEL)
def tune(
    catalogue: CatalogueOption = CATALOGUE,
    index: IndexOption = INDEX,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", min=1, help="Passes over the weights at most.")] = 3,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tune the weights on the catalogue's own playlists; used only if playlists that tuning did not see agree."""
    from engine.engine import Engine
    from engine.tune.acceptance import accepted_weights
    from engine.tune.playlists import tune_on_playlists
    from indexer.catalogue import Catalogue

    # From the weights that the program comes with: a file that was tuned for another index is no beginning.
    with Catalogue(catalogue, create=False) as opened, Engine.open(index, weights="default") as engine:
        reports = tune_on_playlists(
            engine.index, engine.weights, opened.playlists(), rounds=rounds, track=progress(quiet)
        )
        engine.use(accepted_weights(engine.weights, reports))
        file = engine.save_weights() if any(report.accepted for report in reports.values()) else None
    indexes.show_tuning(reports, file, as_json=as_json)


@admin.command(rich_help_panel=PANEL)
def demo(
    folder: Annotated[
        Path,
        typer.Option("--folder", metavar="FOLDER", help="Where its catalogue and index go.", file_okay=False),
    ] = Path(".refrain-demo"),
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Import and index the bundled songs, and show a playlist and a search."""
    from engine.cli.demo import demonstrate

    demonstrate(folder, track=progress(quiet), as_json=as_json)
