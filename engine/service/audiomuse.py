"""AudioMuse-AI's routes, for the plugins of media servers that call them: the same paths, parameters and answers.

A song's item_id is its id under /rest, or its song_id; a plugin that knows neither gives title and artist. Values that
are of no use here (radius_similarity, mood_similarity, path_fix_size) are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from engine.bounds import MOST_STEPS, MOST_TEXT
from engine.fields import MOST_NAME
from engine.requests import Find
from engine.service.answers import Json
from engine.service.api import Service
from engine.service.errors import error_dict, misread, status_of
from engine.service.nearness import nearness
from engine.service.served import Served
from engine.service.similar import artist_called, near_songs, rows_of, similar_artists, song_path
from engine.service.subsonic.ids import ARTIST, key_of, marked_id, public_song_id, song_id_of
from indexer.errors import EmptyQueryError, RefrainError, RequestError
from indexer.records import Song

if TYPE_CHECKING:
    from indexer.catalogue import FileRecord

MOST = 500  # songs of one answer
PER_ARTIST = 3  # songs by one artist where duplicates are not wanted
_LEAST_PATH = 2


class _Route(APIRoute):
    """A route whose errors are {"error": message}, as AudioMuse-AI answers them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError as error:
                return Json({"error": str(misread(error, request.headers.get("content-type", "")))}, 400)
            except RefrainError as error:
                return Json({"error": error_dict(error)["error"]["message"]}, status_of(error))

        return answered


router = APIRouter(prefix="/api", tags=["AudioMuse-AI"], route_class=_Route, default_response_class=Json)
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "A parameter is missing or wrong."},
    404: {"description": "No such song or artist, or nothing is known of it."},
}

Id = Annotated[str, Query(max_length=4 * MOST_NAME)]
Name = Annotated[str, Query(max_length=MOST_NAME)]
Number = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get("/health", summary="Whether the service answers")
def health() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/similar_tracks", summary="The songs most like one", responses=_ERRORS)
def similar_tracks(
    service: Service, item_id: Id = "", title: Name = "", artist: Name = "", n: Number = 10,
    eliminate_duplicates: bool = False,
) -> Response:  # fmt: skip
    song_id = _song(service, item_id, title, artist)
    near = near_songs(
        service.engine, song_id, min(max(n, 1), MOST), max_per_artist=PER_ARTIST if eliminate_duplicates else None
    )
    if not near:
        return Json({"error": "nothing is known of this song that others could be like"}, 404)
    tracks = _tracks(service, [row for row, _ in near])
    return Json([track | {"distance": _distance(value)} for track, (_, value) in zip(tracks, near, strict=True)])


@router.get("/find_path", summary="A path of songs from one to another", responses=_ERRORS)
def find_path(
    service: Service, start_song_id: Id = "", end_song_id: Id = "", max_steps: Number = 25, count: Number | None = None
) -> Response:
    if not (start_song_id and end_song_id):
        raise RequestError(field="start_song_id, end_song_id", found="one alone or none", expected="both")
    start, end = (_song(service, each, "", "") for each in (start_song_id, end_song_id))
    if start == end:
        raise RequestError(field="end_song_id", found="the song that it starts from", expected="another song")
    length = min(max(max_steps if count is None else count, _LEAST_PATH), MOST_STEPS)
    rows = [row for row, _ in song_path(service.engine, start, end, length)]
    index = service.engine.index
    steps = [nearness(index, one, [other])[0] for one, other in pairwise(rows)]
    return Json({"path": _tracks(service, rows), "total_distance": round(sum(map(_distance, steps)), 4)})


@router.get("/similar_artists", summary="The artists most like one", responses=_ERRORS)
def artists(
    service: Service, artist: Name = "", artist_id: Id = "", n: Number = 10, include_component_matches: bool = False
) -> Response:
    if not (artist or artist_id):
        raise RequestError(field="artist", found="missing", expected="artist or artist_id")
    key = key_of(ARTIST, artist_id)
    name = artist or (artist_id if key is None else artist_called(service.engine, key))
    more: dict[str, Any] = {"component_matches": []} if include_component_matches else {}
    near = similar_artists(service.engine, name, min(max(n, 1), MOST))
    return Json(
        [
            {"artist": artist_called(service.engine, each), "artist_id": marked_id(ARTIST, each),
             "divergence": _distance(value), **more}
            for each, value in near
        ]
    )  # fmt: skip


@router.get("/search_tracks", summary="Songs whose names are like some words", responses=_ERRORS)
def search_tracks(
    service: Service, search_query: Annotated[str, Query(max_length=MOST_TEXT)] = "", title: Name = "",
    artist: Name = "", start: Number = 0, end: Number | None = None,
) -> Response:  # fmt: skip
    text = search_query.strip() or f"{artist} {title}".strip()
    last = min(start + 20 if end is None else end, start + MOST, MOST)
    if not text or last <= start:
        return Json([])
    try:
        songs = service.engine.answer(Find(text=text, k=last)).songs[start:]
    except EmptyQueryError:
        return Json([])
    tracks = _tracks(service, rows_of(service.engine, [song.song_id for song in songs]))
    return Json(tracks)


def _song(service: Served, item_id: str, title: str, artist: str) -> str:
    """The song_id of a song that is given by its id, or by title and artist."""
    engine = service.engine
    if item_id:
        return engine.song(song_id_of(item_id)).song_id
    if not (title and artist):
        raise RequestError(field="item_id", found="missing", expected="item_id, or title and artist")
    return engine.named(f"{title}, {artist}").song_id


def _tracks(service: Served, rows: Sequence[int]) -> list[dict[str, Any]]:
    songs = list(service.engine.index.songs.described(rows))
    files = service.sound.records(song.song_id for song in songs)
    return [
        {
            "item_id": public_song_id(song.song_id),
            "title": song.title,
            "author": song.artist,
            "album": song.album or "unknown",
            "album_artist": _album_artist(song, files.get(song.song_id)),
        }
        for song in songs
    ]


def _album_artist(song: Song, file: FileRecord | None) -> str:
    return ("" if file is None else file.album_artist) or song.artist or "unknown"


def _distance(near: float) -> float:
    """0 for the same, 1 for what is far or unknown."""
    return round(1.0 - max(near, 0.0), 4)
