"""Routes below /v1, each with and without a slash at its end; errors have Spotify's form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.datastructures import URL
from starlette.exceptions import HTTPException

from engine.plain import shown
from engine.requests import Recommend
from engine.service.answers import Json, errors
from engine.service.api import Service
from engine.service.served import Served
from engine.service.spotify.ids import LENGTH, IdTable, Kind, read_id
from engine.service.spotify.recommend import knob_parameters, recommendations
from engine.service.spotify.search import TYPES, Wanted, albums_of, artists_of, rows_of
from engine.service.spotify.shapes import Shapes
from engine.service.spotify.tables import tables_of
from indexer.errors import ArtistNotFoundError, CatalogueError, RequestError, SongNotFoundError
from indexer.songs.table import UNKNOWN

PREFIX = "/v1"
MOST_FEATURES, MOST_ITEMS, MOST_ALBUMS = 100, 50, 20  # ids of one request
TOP_TRACKS = 10
RELATED = 20  # artists
RELATED_SONGS = 60  # by as many artists, from which they come: guests and the artist's own names fall out
MOST_OFFSET = 100_000

router = APIRouter(
    prefix=PREFIX, tags=["In Spotify's shape"], default_response_class=Json, responses=errors(400, 404)
)  # fmt: skip

Route = TypeVar("Route", bound=Callable[..., Any])


_MARKET = re.compile("[A-Za-z]{2}|from_token")


def _market(
    market: Annotated[
        str | None,
        Query(
            description="A country; songs of this index are of no market.",
            json_schema_extra={"pattern": f"^({_MARKET.pattern})$"},
        ),
    ] = None,
) -> None:
    if market is not None and not _MARKET.fullmatch(market):
        raise RequestError(
            field="market", found=shown(market), expected="two letters of a country, as SE, or from_token"
        )


IN_A_MARKET = [Depends(_market)]  # of routes that take one, which changes nothing
Ids = Annotated[str, Query(min_length=1, description="Ids, URIs or links with commas between them.")]
Id = Annotated[str, Path(description=f"{LENGTH} letters and digits, or a URI or link.")]


def error_answer(error: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """An error in Spotify's form: a status and a message, no more."""
    status = error["status"]
    return Json({"error": {"status": status, "message": error["message"]}}, status, dict(headers))


def _get(path: str, summary: str, **more: Any) -> Callable[[Route], Route]:
    """A route with and without a slash at its end; a path that ends with an id takes one as part of it."""

    def added(route: Route) -> Route:
        router.get(path, summary=summary, **more)(route)
        if not path.endswith(":path}"):
            router.get(f"{path}/", include_in_schema=False)(route)
        return route

    return added


@_get(
    "/recommendations", "Tracks beside up to five seeds", dependencies=IN_A_MARKET,
    openapi_extra={"parameters": knob_parameters()},
)  # fmt: skip
def recommend(
    service: Service,
    request: Request,
    seed_tracks: Annotated[str, Query(description="Ids, URIs or links with commas between them.")] = "",
    seed_artists: Annotated[str, Query(description="Ids, URIs or links with commas between them.")] = "",
    seed_genres: Annotated[str, Query(description="Genres with commas between them.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    seeds: dict[str, str] = {"track": seed_tracks, "artist": seed_artists, "genre": seed_genres}
    return Json(recommendations(service.engine, seeds, request.query_params, limit=limit, base=_base(request)))


@_get("/recommendations/available-genre-seeds", "The genres that a song of this index has")
def genre_seeds(service: Service) -> Response:
    genres = [written[0] for written in tables_of(service.engine.index).genres.values()]
    return Json({"genres": sorted(genre for genre in genres if "," not in genre)})  # a comma would end the seed


@_get("/audio-features", f"Audio features of up to {MOST_FEATURES} tracks, null where they are unknown")
def many_features(service: Service, request: Request, ids: Ids) -> Response:
    shapes = _shapes(service, request)
    return Json({"audio_features": _each("track", ids, MOST_FEATURES, shapes.tables.tracks, shapes.features)})


@_get("/audio-features/{id:path}", "Audio features of a track")
def features(service: Service, request: Request, id: Id) -> Response:
    shapes = _shapes(service, request)
    row = _row(shapes, id)
    answer = shapes.features(row)
    if answer is None:
        raise SongNotFoundError(
            f"the audio features of {shapes.tables.tracks.id_of(row)} are not known on Spotify's scale; what is known "
            f"of its sound is in /api/v1/songs/{quote(shapes.index.songs.song_ids[row])}"
        )
    return Json(answer)


@_get("/audio-analysis/{id:path}", "Always a 404: beats and segments are in no catalogue", status_code=404)
def analysis(id: Id) -> Response:
    read_id("track", _alone(id))
    raise SongNotFoundError(
        "there is no audio analysis: its beats, sections and segments are measured from the sound, which an index of "
        "songs does not hold; see /v1/audio-features"
    )


@_get("/tracks", f"Up to {MOST_ITEMS} tracks, null where an id is unknown", dependencies=IN_A_MARKET)
def tracks(service: Service, request: Request, ids: Ids) -> Response:
    shapes = _shapes(service, request)
    return Json({"tracks": _each("track", ids, MOST_ITEMS, shapes.tables.tracks, shapes.track)})


@_get("/tracks/{id:path}", "A track", dependencies=IN_A_MARKET)
def track(service: Service, request: Request, id: Id) -> Response:
    shapes = _shapes(service, request)
    return Json(shapes.track(_row(shapes, id)))


@_get("/search", "Tracks, artists and albums whose names have the words of a query", dependencies=IN_A_MARKET)
def search(
    service: Service,
    request: Request,
    q: Annotated[str, Query(description="Words, and track: artist: album: year: genre: isrc: with a value.")],
    type: Annotated[
        str, Query(description=f"Of {', '.join(TYPES)}, with commas; only tracks, artists and albums are here.")
    ],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    offset: Annotated[int, Query(ge=0, le=MOST_OFFSET)] = 0,
) -> Response:
    kinds = list(dict.fromkeys(part.strip() for part in type.split(",")))
    if wrong := [kind for kind in kinds if kind not in TYPES]:
        raise RequestError(field="type", found=shown(wrong[0]), expected=f"some of {', '.join(TYPES)}")
    shapes, wanted = _shapes(service, request), Wanted.of(q)
    index, tables = shapes.index, shapes.tables
    here = {
        "track": (rows_of, shapes.tracks),
        "artist": (artists_of, lambda codes: [shapes.artist(code) for code in codes]),
        "album": (albums_of, shapes.albums),
    }
    answer = {}
    for kind in kinds:
        numbers, items = [], []
        if kind in here:
            find, shown_as = here[kind]
            numbers = find(index, tables, wanted, lambda code: _songs_of_isrc(service, code))
            items = shown_as(numbers[offset : offset + limit])
        url = request.url.include_query_params(type=kind)  # links ask for this kind alone
        answer[f"{kind}s"] = _page(url, items, len(numbers), limit=limit, offset=offset)
    return Json(answer)


@_get("/artists", f"Up to {MOST_ITEMS} artists, null where an id is unknown")
def artists(service: Service, request: Request, ids: Ids) -> Response:
    shapes = _shapes(service, request)
    return Json({"artists": _each("artist", ids, MOST_ITEMS, shapes.tables.artists, shapes.artist)})


@_get("/artists/{id:path}/related-artists", "The artists of the songs that are nearest to an artist's best known")
def related_artists(service: Service, request: Request, id: Id) -> Response:
    shapes = _shapes(service, request)
    name = shapes.index.songs.artist_called(_artist(shapes, id))
    hits = service.engine.answer(Recommend(seed_artists=(name,), max_per_artist=1, k=RELATED_SONGS))
    index = hits.query.index
    shapes = Shapes(index, tables_of(index), shapes.base)  # of another generation, where one was opened meanwhile
    none = {UNKNOWN, _artist(shapes, id)}
    codes = [code for code in dict.fromkeys(index.songs.single("artist_key")[hits.rows].tolist()) if code not in none]
    return Json({"artists": [shapes.artist(code) for code in codes[:RELATED]]})


@_get("/artists/{id:path}/top-tracks", "The best known songs of an artist", dependencies=IN_A_MARKET)
def top_tracks(service: Service, request: Request, id: Id) -> Response:
    shapes = _shapes(service, request)
    rows = shapes.tables.rows_of_artist(_artist(shapes, id))[:TOP_TRACKS]
    return Json({"tracks": shapes.tracks(rows.tolist())})


@_get("/artists/{id:path}", "An artist")
def artist(service: Service, request: Request, id: Id) -> Response:
    shapes = _shapes(service, request)
    return Json(shapes.artist(_artist(shapes, id)))


@_get("/albums", f"Up to {MOST_ALBUMS} albums, null where an id is unknown", dependencies=IN_A_MARKET)
def albums(service: Service, request: Request, ids: Ids) -> Response:
    shapes = _shapes(service, request)
    every = _each("album", ids, MOST_ALBUMS, shapes.tables.album_ids, lambda number: _whole_album(shapes, number))
    return Json({"albums": every})


@_get("/albums/{id:path}/tracks", "The tracks of an album that this index has", dependencies=IN_A_MARKET)
def album_tracks(
    service: Service,
    request: Request,
    id: Id,
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS)] = 20,
    offset: Annotated[int, Query(ge=0, le=MOST_OFFSET)] = 0,
) -> Response:
    shapes = _shapes(service, request)
    every = shapes.album_tracks(_album(shapes, id))
    return Json(_page(request.url, every[offset : offset + limit], len(every), limit=limit, offset=offset))


@_get("/albums/{id:path}", "An album, with those of its tracks that this index has", dependencies=IN_A_MARKET)
def album(service: Service, request: Request, id: Id) -> Response:
    shapes = _shapes(service, request)
    return Json(_whole_album(shapes, _album(shapes, id)))


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{PREFIX}"


def _shapes(service: Served, request: Request) -> Shapes:
    index = service.engine.index
    return Shapes(index, tables_of(index), _base(request))


def _alone(text: str) -> str:
    """The text of an id at the end of a path; another path that goes on behind one is no route."""
    first, _, rest = text.partition("/")
    if rest.strip("/") and len(first) == LENGTH:
        raise HTTPException(404)
    return text


def _each(
    kind: Kind, ids: str, most: int, table: IdTable, shape: Callable[[int], dict[str, Any] | None]
) -> list[dict[str, Any] | None]:
    """What each of the ids names, in their order; null where one names nothing or is none."""
    parts = [part for part in ids.split(",") if part.strip()]
    if not 1 <= len(parts) <= most:
        raise RequestError(field="ids", found=f"{len(parts)} of them", expected=f"1..{most}")
    numbers = [_number(kind, part, table) for part in parts]
    return [None if number is None else shape(number) for number in numbers]


def _number(kind: Kind, text: str, table: IdTable) -> int | None:
    """What one id among several names; None where it names nothing, or is none: the others are answered."""
    try:
        return table.number_of(read_id(kind, text))
    except RequestError:
        return None


def _row(shapes: Shapes, text: str) -> int:
    return _known("track", text, shapes.tables.tracks)


def _artist(shapes: Shapes, text: str) -> int:
    return _known("artist", text, shapes.tables.artists)


def _album(shapes: Shapes, text: str) -> int:
    return _known("album", text, shapes.tables.album_ids)


def _known(kind: Kind, text: str, table: IdTable) -> int:
    """What the id at the end of a path names; an error where it names nothing."""
    id_ = read_id(kind, _alone(text))
    number = table.number_of(id_)
    if number is None:
        error = ArtistNotFoundError if kind == "artist" else SongNotFoundError
        raise error(
            f"no {'song' if kind == 'track' else kind} of this index has the id {id_}; look it up with /v1/search"
        )
    return number


def _whole_album(shapes: Shapes, number: int) -> dict[str, Any]:
    """An album with the first of its tracks."""

    def tracks(every: list[dict[str, Any]], url: str) -> dict[str, Any]:
        return _page(URL(url), every[:MOST_ITEMS], len(every), limit=MOST_ITEMS, offset=0)

    return shapes.album(number, tracks)


def _page(url: URL, items: Sequence[Mapping[str, Any]], total: int, *, limit: int, offset: int) -> dict[str, Any]:
    """A paging object, of a list that is under a URL."""

    def link(first: int) -> str:
        return str(url.include_query_params(limit=limit, offset=first))

    return {
        "href": link(offset),
        "items": items,
        "limit": limit,
        "next": link(offset + limit) if offset + limit < total else None,
        "offset": offset,
        "previous": link(max(offset - limit, 0)) if offset else None,
        "total": total,
    }


def _songs_of_isrc(service: Served, code: str) -> Sequence[str]:
    from indexer.catalogue import Catalogue

    try:
        with Catalogue(service.settings.catalogue, create=False) as catalogue:
            return catalogue.songs_of_id("isrc", code)
    except CatalogueError:
        raise RequestError(
            field="isrc", found=shown(code), expected="no isrc where the catalogue is not beside the index"
        ) from None
