"""Extending a playlist over HTTP: the text of an M3U8 is sent, songs that go on from it come back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from engine.bounds import MOST_SONGS
from engine.lookup.files import decoded, listed_in
from engine.plain import plain
from engine.playlist.extension import Extension, appended, extension
from engine.playlist.locations import Files
from engine.requests import MakePlaylist
from engine.service.answers import Json, errors, songs_answer
from engine.service.api import Service
from engine.service.page.shown import files_of
from engine.service.served import Served

router = APIRouter(prefix="/api/v1", tags=["Refrain"], default_response_class=Json, responses=errors(400, 404, 409))

LENGTH = 10  # songs that come after a list
_M3U8 = "audio/x-mpegurl"
_EXAMPLE = "{song}\n{other song}\n"  # marks: see engine.service.examples
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {
                "schema": {"type": "string", "description": "An M3U, M3U8, or a song a line."},
                "examples": {"Two songs": {"value": _EXAMPLE}},
            }
        },
    }
}


async def _sent(request: Request) -> str:
    return decoded(await request.body())


@router.post(
    "/extend",
    summary="Songs that go on from a playlist: its M3U8 is the body; none of its songs comes back",
    responses=songs_answer(),
    openapi_extra=_BODY,
)
def extend(
    service: Service,
    text: Annotated[str, Depends(_sent)],
    length: Annotated[int, Query(ge=1, le=MOST_SONGS - 1, description="How many new songs.")] = LENGTH,
    format: Annotated[
        Literal["json", "m3u8"],
        Query(description="json: the new songs, and what was not found; m3u8: what was sent with the new songs after."),
    ] = "json",
) -> Response:
    made = extended(service, text, length)
    if format == "m3u8":
        return m3u8_answer(service, text, made)
    return Json(plain(made.new.to_dict() | {"missing": list(made.missing)}))


def extended(service: Served, text: str, length: int) -> Extension:
    """What goes on from the text of a list. Names are looked up in the index, never as paths."""
    engine = service.engine
    index = engine.index
    return extension(index, listed_in(index, text), MakePlaylist(length=length), engine.weights)


def m3u8_answer(service: Served, text: str, made: Extension) -> Response:
    """The list that was sent, with the new songs at its end."""
    # A path says something of this machine: only callers on it are let in without a token.
    paths = files_of(service, [song.song_id for song in made.new]) if service.token is None else {}
    return Response(
        appended(text, made.new, Files(paths)).encode("utf-8", "replace"), media_type=f"{_M3U8}; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="playlist.m3u8"'},
    )  # fmt: skip
