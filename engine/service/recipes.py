"""Recipes over HTTP: requests with a name, answered anew whenever they are asked for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response

from engine.fields import MOST_NAME
from engine.plain import plain
from engine.requests import request_from_dict
from engine.service.answers import Json, errors, example, songs_answer
from engine.service.api import Service
from engine.sessions import recipes_dict

router = APIRouter(
    prefix="/api/v1/recipes", tags=["Recipes"], default_response_class=Json, responses=errors(400, 404, 409)
)
Name = Annotated[str, Path(min_length=1, max_length=MOST_NAME, description='It may hold "/".')]


@router.get("", summary="Every recipe: its name and its request; of those that cannot be read, why")
def recipes(service: Service) -> dict[str, Any]:
    return recipes_dict(service.sessions.recipes())


@router.get("/{name:path}", summary="The request of a recipe")
def recipe(service: Service, name: Name) -> dict[str, Any]:
    return service.sessions.recipe(name).to_dict()


@router.put("/{name:path}", status_code=204, summary="Save a request, whose kind says which it is, under a name")
def save(
    service: Service, name: Name, request: Annotated[dict[str, Any], Body(openapi_examples=example("recipe"))]
) -> None:
    service.sessions.save_recipe(name, request_from_dict(request))


@router.delete("/{name:path}", status_code=204, summary="Forget a recipe")
def delete(service: Service, name: Name) -> None:
    service.sessions.delete_recipe(name)


@router.post("/{name:path}/run", summary="What the catalogue answers to a recipe now", responses=songs_answer())
def run(service: Service, name: Name) -> Response:
    return Json(plain(service.engine.answer(service.sessions.recipe(name)).to_dict()))
