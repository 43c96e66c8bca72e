"""Radio over HTTP: songs that go on and do not come back, for each client by what it had."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from engine.answer.hits import Hits
from engine.engine import Engine
from engine.fields import MOST_EXCLUDED, MOST_NAME, Excluded, Name
from engine.lookup.named import Names, song_ids
from engine.plain import shown
from engine.requests import Recommend
from engine.service.answers import Json, errors, example, songs_answer
from engine.service.api import Service
from engine.sessions import Sessions
from indexer.errors import EmptyQueryError, RequestError

router = APIRouter(prefix="/api/v1", tags=["Radio"], default_response_class=Json, responses=errors(400, 404, 409))

LAST = 20  # songs that stand for what a client likes now
MOST_ROUNDS = 100  # times that songs are chosen: each time another request of the same client was faster
_HOUR_S = 3_600.0
Client = Annotated[str, Field(min_length=1, max_length=MOST_NAME, description="A name for the player or the person.")]


class Radio(BaseModel):
    """The next songs for a client.

    request   what they are like; without seeds or words like the last songs that the client had
    hours     nothing that the client had so long ago comes back
    """

    model_config = ConfigDict(extra="forbid")

    client: Client
    request: Recommend = Field(default_factory=Recommend)
    hours: Annotated[float, Field(gt=0, le=8_760)] = 12


class Plays(BaseModel):
    """Songs that a client played, in their order, by song_id or name."""

    model_config = ConfigDict(extra="forbid")

    client: Client
    songs: Excluded = Field(min_length=1)


@router.post(
    "/radio", summary="The next songs for a client, which count as played from now on", responses=songs_answer()
)
def radio(service: Service, body: Annotated[Radio, Body(openapi_examples=example("radio"))]) -> Response:
    engine, sessions = service.engine, service.sessions
    for _ in range(MOST_ROUNDS):
        now = time.time()
        since = now - body.hours * _HOUR_S
        played = _living(engine, sessions.plays(body.client, since=since))
        hits = _next_songs(engine, sessions, body, played)
        # Others who asked for the same client meanwhile may have been given some of these songs.
        if not hits.song_ids or sessions.claim_plays(body.client, hits.song_ids, since=since, at=now):
            break
    else:
        raise RequestError(
            field="client", found=f"more than {MOST_ROUNDS} requests at once for it", expected="one after the other"
        )
    answer = hits.to_dict()
    answer["query"] = body.request.to_dict()
    if len(hits) < body.request.k:
        answer["notes"] = [*answer["notes"], _why_few(body, len(hits), len(played))]
    return Json(answer)


def _next_songs(engine: Engine, sessions: Sessions, body: Radio, played: Sequence[str]) -> Hits:
    """The songs asked for, without what was played; like what was played last where nothing says what they are like."""
    request = body.request.model_copy(update={"exclude": (*body.request.exclude, *played)})
    if request.has_start:
        return engine.answer(request)
    names = Names(engine.index, exact=request.exact)
    unlike = {names.song_id(each) for each in request.avoid}
    last = [each for each in _living(engine, sessions.plays(body.client, limit=LAST)) if each not in unlike]
    try:
        return engine.answer(request.model_copy(update={"seeds": tuple(last)}))
    except EmptyQueryError as error:
        if last:
            raise
        raise EmptyQueryError(f"{error}; or songs that {shown(body.client)} played: POST /api/v1/plays") from None


def _living(engine: Engine, song_ids: Iterable[str]) -> list[str]:
    row_of = engine.index.songs.row_of
    return [song_id for song_id in song_ids if row_of(song_id) is not None]


def _why_few(body: Radio, count: int, played: int) -> str:
    """Why there are fewer songs than wanted, and what gives more."""
    songs = "no song is" if not count else f"{count} of {body.request.k} songs are"
    if not played:
        return f"{songs} left under these filters; ask for more kinds of songs"
    return (
        f"{songs} left: {shown(body.client)} had {played} in the last {body.hours:g} hours; give fewer hours, ask for "
        "more kinds of songs, or forget what was played: DELETE /api/v1/plays"
    )


@router.post("/plays", status_code=204, summary="Note what a client played")
def note(service: Service, body: Annotated[Plays, Body(openapi_examples=example("plays"))]) -> None:
    service.sessions.note_plays(body.client, song_ids(service.engine.index, body.songs))


@router.get("/plays", summary="What a client played, the last first")
def plays(
    service: Service,
    client: Annotated[Name, Query()],
    limit: Annotated[int, Query(ge=1, le=MOST_EXCLUDED)] = LAST,
) -> dict[str, Any]:
    return {"songs": service.sessions.plays(client, limit=limit)}


@router.delete("/plays", status_code=204, summary="Forget what a client played")
def forget(service: Service, client: Annotated[Name, Query()]) -> None:
    service.sessions.forget_plays(client)


@router.get("/clients", summary="Whose plays are known: players of OpenSubsonic are called USER/PLAYER")
def clients(service: Service) -> dict[str, Any]:
    return {"clients": service.sessions.clients()}
