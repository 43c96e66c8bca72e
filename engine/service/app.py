"""The application: routes, errors and the guard, around one engine."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from engine.service import api, audiomuse, extend, radio, recipes, sound
from engine.service.answers import Json
from engine.service.errors import Shape, error_dict, misread, status_of
from engine.service.examples import document_of
from engine.service.guard import Guard
from engine.service.page import routes as page
from engine.service.page.rendering import error_page, wants_page
from engine.service.served import Served
from engine.service.settings import Settings
from engine.service.spotify import routes as spotify
from engine.service.subsonic import routes as subsonic
from indexer.errors import RefrainError

SUMMARY = "Songs like these, songs for these words, a playlist from a seed, and why."

# The APIs whose errors have a form of their own, by the beginning of their paths.
SHAPES: Mapping[str, Shape] = {spotify.PREFIX: spotify.error_answer}

PROGRAMS = ("/api/", "/v1/", "/rest/")  # paths whose errors are for programs, whoever asks

log = logging.getLogger("refrain.service")


def make_app(settings: Settings) -> Guard:
    """The service of an index. Raises what `Engine.open` raises, and ConfigError for settings that cannot be."""
    served = Served(settings)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        served.start()
        yield
        served.stop()

    app = FastAPI(
        title="Refrain", version="1", summary=SUMMARY,
        openapi_url="/api/openapi.json", docs_url=None, redoc_url=None, lifespan=life,
    )  # fmt: skip
    app.state.served = served
    # sound before our own API, whose song_ids hold slashes
    for each in (sound, api, extend, recipes, radio, spotify, subsonic, audiomuse, page):
        app.include_router(each.router)
    app.openapi = document_of(app.openapi, lambda: served.engine)  # type: ignore[method-assign]
    app.add_exception_handler(RefrainError, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(Exception, _bug)
    return Guard(app, served.token)


def handed_over() -> Guard:
    """The service of the settings that another process left: what each worker of uvicorn makes."""
    return make_app(Settings.handed_over())


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefrainError)
    if status_of(error) >= 500:
        log.error("%s", error)
    return _answer(request, error_dict(error)["error"])


async def _misread(request: Request, error: Exception) -> Response:
    """A parameter or a body that is not what the document says."""
    assert isinstance(error, RequestValidationError)
    return await _refused(request, misread(error, request.headers.get("content-type", "")))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = f"{error.detail}; /api/openapi.json lists what there is"
    if error.status_code == 404 and wants_page(request.headers) and not request.url.path.startswith(PROGRAMS):
        message = "There is no page here."
    return _answer(request, {"status": error.status_code, "message": message}, error.headers)


async def _bug(request: Request, error: Exception) -> Response:
    log.error("a bug of this program", exc_info=error)
    return _answer(request, {"status": 500, "message": "a bug of this program; its owner finds the reason in the log"})


def _answer(request: Request, error: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """An error in the form of the API that was asked."""
    path = f"{request.url.path}/"
    if wants_page(request.headers) and not path.startswith(PROGRAMS):
        return error_page(request, error["status"], error["message"], headers=headers)
    shape = next((shape for prefix, shape in SHAPES.items() if path.startswith(f"{prefix}/")), None)
    return (
        Json({"error": error}, error["status"], dict(headers or {})) if shape is None else shape(error, headers or {})
    )
