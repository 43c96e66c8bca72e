"""Rendering: the templates, and what every page of them is given; all text from outside is hostile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.service.errors import error_dict, misread, status_of
from engine.service.page.wishes import ARCS, EXPORTS, TARGETS, Wishes
from indexer.errors import AmbiguousSongError, RefrainError, SongNotFoundError
from indexer.text.printable import HARMFUL

HERE = Path(__file__).parent
MOST_SHOWN = 300  # characters of a title or a message: more of it says nothing more

log = logging.getLogger("refrain.service")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, finalize=_harmless,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["exact"] = lambda text: Markup(escape(text))
    environment.globals.update(ARCS=ARCS, EXPORTS=EXPORTS, TARGETS=TARGETS)
    return environment


def _harmless(value: Any) -> Any:
    """A text as a page shows it: no control characters, no marks that turn writing round, of bounded length.

    What is escaped already is left as it is: an id in a form must come back letter by letter.
    """
    if isinstance(value, Markup) or not isinstance(value, str):
        return "" if value is None else value
    text = HARMFUL.sub(" ", value)
    return text if len(text) <= MOST_SHOWN or value.startswith("/") else text[: MOST_SHOWN - 1] + "…"


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of the service."""
    service = request.app.state.served
    values = {"wishes": Wishes(), "title": "", "here": request.url.path, "token": service.token is not None} | values
    html = _environment().get_template(template).render(songs=len(service.engine.index), **values)
    # Without any referrer a browser says that a form comes from "null", which the guard takes for another site.
    return HTMLResponse(html, status, {"cache-control": "no-cache", "referrer-policy": "same-origin"})


def wants_page(headers: Mapping[str, str]) -> bool:
    """Whether who asks is a browser, which shows a page to a person."""
    return "text/html" in headers.get("accept", "")


def error_page(
    request: Request, status: int, message: str, songs: list[str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    """What went wrong, and the songs that may be meant."""
    index = request.app.state.served.engine.index
    rows = [row for song in songs or () if (row := index.songs.row_of(song)) is not None]
    choices = [
        {"song_id": index.songs.song_ids[row], "title": index.songs.titles[row], "artist": index.songs.artists[row]}
        for row in rows[:10]
    ]
    answer = page(request, "error.html", status, title="Not this way", message=message, choices=choices)
    answer.headers.update(headers or {})
    return answer


class PageRoute(APIRoute):
    """A route whose errors are pages, too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await answer(request)
            except RefrainError as error:
                if status_of(error) >= 500:
                    log.error("%s", error)
                songs: list[str] = []
                if isinstance(error, SongNotFoundError):
                    songs = list(error.nearest)
                elif isinstance(error, AmbiguousSongError):
                    songs = list(error.candidates)
                return error_page(request, status_of(error), error_dict(error)["error"]["message"], songs)
            except RequestValidationError as error:
                return error_page(request, 400, str(misread(error, request.headers.get("content-type", ""))))

        return shown
