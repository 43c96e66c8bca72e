"""The command that draws the catalogue: map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.opening import open_engine
from engine.cli.options import INDEX, IndexOption, JsonOption, QuietOption
from engine.cli.progress import progress
from engine.cli.render import clusters as cluster_tables
from engine.cli.render.console import message

atlas = typer.Typer()


@atlas.command("map", rich_help_panel="Look at songs")
def draw_map(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page to write.")] = Path("map.html"),
    clusters: Annotated[
        int | None,
        typer.Option("--clusters", metavar="N", help="How many clusters; else chosen by distortion and silhouette."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", metavar="N", help="Draw so many songs, taken by chance.")
    ] = None,
    index: IndexOption = INDEX,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Draw the catalogue as one page for a browser: songs that belong together lie together, in named clusters."""
    with open_engine(index) as engine:
        drawn = engine.map(out, clusters=clusters, sample=sample, track=progress(quiet))
        left_out = f"; {drawn.left_out:,} of which nothing is known are left out" if drawn.left_out else ""
        message(f"{len(drawn.rows):,} songs written to {out}{left_out}")
        cluster_tables.show_clusters(drawn.clusters, as_json=as_json)
