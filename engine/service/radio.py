"""Radio over HTTP: songs that go on and do not come back, for each client by what it had."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from engine.fields import MOST_EXCLUDED, MOST_NAME, Excluded, Name
from engine.lookup.named import Names
from engine.requests import Recommend
from engine.service.answers import Json, errors, example, songs_answer
from engine.service.api import Service
from indexer.errors import EmptyQueryError
from indexer.records import Song

router = APIRouter(prefix="/api/v1", tags=["Radio"], default_response_class=Json, responses=errors(400, 404, 409))

LAST = 20  # songs that stand for what a client likes now
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
    engine, sessions, now = service.engine, service.sessions, time.time()
    known = engine.index.songs.row_of
    played = [each for each in sessions.plays(body.client, since=now - body.hours * _HOUR_S) if known(each) is not None]
    values = body.request.to_dict()
    if not any(values.get(name) for name in ("seeds", "seed_artists", "seed_genres", "text")):
        last = [each for each in sessions.plays(body.client, limit=LAST) if known(each) is not None]
        if not last and not values.get("filters"):
            raise EmptyQueryError(
                f"no seeds, and {body.client!r} played nothing; give seeds or words, or note plays: POST /api/v1/plays"
            )
        values["seeds"] = last
    values["exclude"] = [*values.get("exclude", ()), *played][:MOST_EXCLUDED]
    hits = engine.answer(Recommend(**values))
    sessions.note_plays(body.client, hits.song_ids, now)
    answer = hits.to_dict()
    answer["query"] = body.request.to_dict()
    return Json(answer)


@router.post("/plays", status_code=204, summary="Note what a client played")
def note(service: Service, body: Annotated[Plays, Body(openapi_examples=example("plays"))]) -> None:
    names = Names(service.engine.index)
    played = [names.song_id(each) for each in body.songs]
    service.sessions.note_plays(body.client, [each.song_id if isinstance(each, Song) else each for each in played])


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
