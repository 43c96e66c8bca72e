"""The command that draws the catalogue: map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import show
from engine.cli.options import Bars, IndexOption, JsonOption, stderr

if TYPE_CHECKING:
    from engine.atlas.clusters import Clusters

mapping = typer.Typer()


@mapping.command("map")
def draw(
    out: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("map.html"),
    clusters: Annotated[
        int | None, typer.Option("--clusters", help="How many clusters; else chosen by distortion and silhouette.")
    ] = None,
    sample: Annotated[int | None, typer.Option("--sample", help="Draw so many songs, taken by chance.")] = None,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
) -> None:
    """Draw the catalogue as one page for a browser: songs that belong together lie together, in named clusters."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        drawn = engine.map(out, clusters=clusters, sample=sample, track=Bars())
        left_out = f"; {drawn.left_out:,} of which nothing is known are left out" if drawn.left_out else ""
        stderr().print(f"{len(drawn.rows):,} songs written to {out}{left_out}", markup=False, highlight=False)
        _show(drawn.clusters, as_json=as_json)


def _show(found: Clusters, *, as_json: bool) -> None:
    if not as_json:
        rows = ((c.name, f"{len(c.rows):,}", ", ".join(c.genres[:3])) for c in found.clusters)
        show.table(None, [("cluster", "left"), ("songs", "right"), ("called", "left")], rows)
        return
    lists = ("words", "genres", "moods", "features")
    clusters = [{"name": c.name, "songs": len(c.rows)} | {n: getattr(c, n) for n in lists} for c in found.clusters]
    curves = {name: getattr(found.curves, name).tolist() for name in ("clusters", "distortion", "silhouette")}
    show.as_json({"clusters": clusters, "curves": curves})
