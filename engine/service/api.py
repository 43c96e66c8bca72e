"""Our own API under /api/v1: the requests of `engine.requests` as bodies, the same answers as `--json` prints."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response

from engine.bounds import MOST_SONGS
from engine.fields import MOST_NAME, SORTS
from engine.information import index_record
from engine.plain import plain
from engine.requests import (
    Explain,
    Find,
    ListSongs,
    MakePath,
    MakePlaylist,
    Recommend,
    Search,
    request_from_dict,
)
from engine.service.answers import Json, errors, example, songs_answer
from engine.service.served import Served

MOST_IN_URL = 1_000  # characters, each of them up to twelve bytes of the URL; a body takes more

router = APIRouter(prefix="/api/v1", tags=["Refrain"], default_response_class=Json, responses=errors(400, 404, 409))


def served(request: Request) -> Served:
    """What the application answers from."""
    state: Served = request.app.state.served
    return state


Service = Annotated[Served, Depends(served)]
SongName = Annotated[
    str,
    Query(
        min_length=1, max_length=MOST_IN_URL, description="A song_id, or words that name a song: title, artist or both."
    ),
]
Words = Annotated[str, Query(max_length=MOST_IN_URL, description="Words; typos are forgiven.")]
K = Annotated[int, Query(ge=1, le=MOST_SONGS, description="How many songs.")]


@router.get("/health", summary="Whether the service answers, and from what")
def health(service: Service) -> dict[str, Any]:
    index = service.engine.index
    return {"status": "ok", "songs": len(index), "generation": index.generation.number}


@router.get("/index", summary="What the index holds, and what each model was learned from")
def information(service: Service) -> Response:
    engine = service.engine
    index = engine.index
    record = index_record(index.path, index.generation.number, index.manifest, engine.weights)
    del record["index"]  # where it lies is nobody's business
    return Json(plain(record))


@router.get("/find", summary="Songs whose title and artist are most like some words", responses=songs_answer())
def find(service: Service, text: Words, k: K = 10) -> Response:
    return Json(service.engine.answer(Find(text=text, k=k)).to_dict())


@router.get("/songs", summary="All songs in an order, a page at a time", responses=songs_answer())
def songs(
    service: Service,
    sort: Annotated[Literal[SORTS], Query(description="A minus before the name turns it around.")] = "popularity",  # type: ignore[valid-type]
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_SONGS)] = 50,
) -> Response:
    return Json(service.engine.answer(ListSongs(sort=sort, offset=offset, limit=limit)).to_dict())


@router.post("/songs", summary="The songs under filters, sorted, a page at a time", responses=songs_answer())
def list_songs(service: Service, request: Annotated[ListSongs, Body(openapi_examples=example("songs"))]) -> Response:
    return Json(service.engine.answer(request).to_dict())


@router.get("/songs/{song_id:path}", summary="One song whole: what the catalogue says of it, and what the index knows")
def show(service: Service, song_id: Annotated[str, Path(min_length=1, max_length=MOST_NAME)]) -> Response:
    engine = service.engine
    return Json(plain(engine.show(engine.song(song_id).song_id).to_dict()))


@router.get("/similar", summary="The songs most like one", responses=songs_answer())
def similar(service: Service, song: SongName, k: K = 20) -> Response:
    return Json(service.engine.answer(Recommend(seeds=(song,), k=k)).to_dict())


@router.post("/recommend", summary="The songs that belong beside others, or beside words", responses=songs_answer())
def recommend(service: Service, request: Annotated[Recommend, Body(openapi_examples=example("recommend"))]) -> Response:
    return Json(service.engine.answer(request).to_dict())


@router.get("/search", summary="Songs for words: a line, or what they should be about", responses=songs_answer())
def search_words(service: Service, text: Words = "", k: K = 20) -> Response:
    return Json(service.engine.answer(Search(text=text, k=k)).to_dict())


@router.post("/search", summary="Songs for words under filters", responses=songs_answer())
def search(service: Service, request: Annotated[Search, Body(openapi_examples=example("search"))]) -> Response:
    return Json(service.engine.answer(request).to_dict())


@router.post("/playlist", summary="A playlist, in an order to be listened to", responses=songs_answer())
def playlist(
    service: Service, request: Annotated[MakePlaylist, Body(openapi_examples=example("playlist"))]
) -> Response:
    return Json(service.engine.answer(request).to_dict())


@router.post("/path", summary="A playlist that leads from one song to another", responses=songs_answer())
def path(service: Service, request: Annotated[MakePath, Body(openapi_examples=example("path"))]) -> Response:
    return Json(service.engine.answer(request).to_dict())


@router.get("/explain", summary="What two songs have in common")
def explain_names(service: Service, a: SongName, b: SongName) -> Response:
    return Json(plain(service.engine.answer(Explain(a=a, b=b)).to_dict()))


@router.post("/explain", summary="What two songs have in common, under weights of one's own")
def explain(service: Service, request: Annotated[Explain, Body(openapi_examples=example("explain"))]) -> Response:
    return Json(plain(service.engine.answer(request).to_dict()))


@router.get("/moods", summary="What listeners would call a song, and what says so")
def moods(service: Service, song: SongName) -> Response:
    return Json(plain(service.engine.moods(song)))


@router.post("/answer", summary="Any request: its kind says which it is")
def answer(service: Service, request: Annotated[dict[str, Any], Body(openapi_examples=example("answer"))]) -> Response:
    return Json(plain(service.engine.answer(request_from_dict(request)).to_dict()))
