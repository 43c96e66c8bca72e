"""The clusters of a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.render.console import json_document, table

if TYPE_CHECKING:
    from engine.atlas.clusters import Clusters

_LISTS = ("words", "genres", "moods", "features")
_CURVES = ("clusters", "distortion", "silhouette")


def show_clusters(grouped: Clusters, *, as_json: bool) -> None:
    if as_json:
        clusters = [
            {"name": each.name, "songs": len(each.rows), **{name: getattr(each, name) for name in _LISTS}}
            for each in grouped.clusters
        ]
        json_document({"clusters": clusters, "curves": {name: getattr(grouped.curves, name) for name in _CURVES}})
        return
    rows = ((each.name, f"{len(each.rows):,}", ", ".join(each.genres[:3])) for each in grouped.clusters)
    table(None, [("cluster", "left"), ("songs", "right"), ("called", "left")], rows)
