"""The application: routes, errors and the guard, around one engine."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from engine.service import api
from engine.service.answers import Json
from engine.service.errors import error_dict, status_of
from engine.service.guard import Guard
from engine.service.page import routes as page
from engine.service.served import Served
from engine.service.settings import Settings
from indexer.errors import RefrainError

SUMMARY = "Songs like these, songs for these words, a playlist from a seed, and why."

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
    app.include_router(api.router)
    app.include_router(page.router)
    app.add_exception_handler(RefrainError, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(Exception, _bug)
    return Guard(app, served.token)


def handed_over() -> Guard:
    """The service of the settings that another process left: what each worker of uvicorn makes."""
    return make_app(Settings.handed_over())


async def _refused(_: Request, error: Exception) -> Json:
    assert isinstance(error, RefrainError)
    if status_of(error) >= 500:
        log.error("%s", error)
    return Json(error_dict(error), status_of(error))


async def _misread(_: Request, error: Exception) -> Json:
    """A parameter or a body that is not what the document says."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    body = {"status": 400, "message": f"{field[:200]}: {first['msg']}", "field": field[:200]}
    return Json({"error": body}, 400)


async def _no_route(_: Request, error: Exception) -> Json:
    assert isinstance(error, HTTPException)
    body = {"status": error.status_code, "message": f"{error.detail}; /api/openapi.json lists what there is"}
    return Json({"error": body}, error.status_code, dict(error.headers or {}))


async def _bug(_: Request, error: Exception) -> Json:
    log.error("a bug of this program", exc_info=error)
    body = {"status": 500, "message": "a bug of this program; its owner finds the reason in the log"}
    return Json({"error": body}, 500)
