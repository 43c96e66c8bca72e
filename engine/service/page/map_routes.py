"""The map: its page, and its songs as bytes that a canvas draws."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from engine.service.answers import errors
from engine.service.api import Service
from engine.service.page.arranged import make
from engine.service.page.layout import Layout, Layouts
from engine.service.page.rendering import PageRoute, page
from engine.service.page.shown import rows_of, song_url, wishes_of
from engine.service.served import Served
from indexer.errors import SongNotFoundError

router = APIRouter(route_class=PageRoute, include_in_schema=False)
points_router = APIRouter(prefix="/api/v1/map", tags=["Refrain"], responses=errors(404))

WITH_LABELS = 60  # clusters that are named on the canvas


@router.get("/map")
def map_page(request: Request, service: Service) -> Response:
    layout, drawing = _layout(request, service)
    wishes = wishes_of(request, service)
    empty = wishes.empty and not wishes.all("song")
    made = None if empty else make(service.engine, wishes)
    rows = [] if made is None else rows_of(service, made, wishes)
    row_of = service.engine.index.songs.row_of
    places = [layout.place_of(row) for each in rows if (row := row_of(each.hit.song_id)) is not None]
    labels = layout.labels()
    return page(
        request, "map.html", title="Map", wishes=wishes, layout=layout, drawing=drawing, rows=rows, labels=labels,
        drawn_labels=json.dumps(labels[:WITH_LABELS]), places=",".join(str(at) for at in places if at is not None),
        points=f"/api/v1/map?method={layout.method}", back=wishes.url(),
    )  # fmt: skip


@points_router.get(
    "", summary="Where every song lies: 5 bytes a song", response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "All x, then all y (unsigned 16 bits, "
               "little-endian), then the clusters (unsigned 8 bits, 255 is none), in the order of places."}},
)  # fmt: skip
def points(request: Request, service: Service) -> Response:
    layout, _ = _layout(request, service)
    return Response(layout.packed(), media_type="application/octet-stream", headers={"cache-control": "no-cache"})


@points_router.get("/about", summary="How many songs the map has, how it was drawn, and its clusters")
def about(request: Request, service: Service) -> dict[str, Any]:
    layout, drawing = _layout(request, service)
    return {"songs": len(layout.rows), "method": layout.method, "drawing": drawing, "clusters": layout.labels()}


@points_router.get("/songs/{place}", summary="The song at a place of the map")
def song_at(request: Request, service: Service, place: Annotated[int, Path(ge=0, le=2**31)]) -> dict[str, Any]:
    layout, _ = _layout(request, service)
    if place >= len(layout.rows):
        raise SongNotFoundError(f"the map has {len(layout.rows):,} places, expected one before that, not {place}")
    songs, row = service.engine.index.songs, int(layout.rows[place])
    code = int(layout.cluster[place])
    return {
        "song_id": songs.song_ids[row], "title": songs.titles[row], "artist": songs.artists[row],
        "cluster": layout.names[code] if code < len(layout.names) else None, "url": song_url(songs.song_ids[row]),
    }  # fmt: skip


def _layout(request: Request, service: Served) -> tuple[Layout, bool]:
    state = request.app.state
    if not hasattr(state, "layouts"):
        state.layouts = Layouts()
    layouts: Layouts = state.layouts
    return layouts.of(service.engine)
