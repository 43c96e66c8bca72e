"""Rendering: the templates, and what every page of them is given; all text from outside is hostile."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.index import OpenIndex
from engine.service.errors import error_dict, misread, status_of
from engine.service.page.shown import song_url
from engine.service.page.wishes import ARCS, EXPORTS, TARGETS, Wishes
from indexer.errors import AmbiguousSongError, RefrainError, SongNotFoundError
from indexer.text.printable import HARMFUL

HERE = Path(__file__).parent
MOST_CHOICES = 10  # songs that may be meant
MOST_SHOWN = 300  # characters of a title or a message: more of it says nothing more

MEANINGS = {  # of what is known of a sound, for those who have never seen the words
    "danceability": "how well one can dance to it", "energy": "how loud and lively it is",
    "loudness": "0 is the loudest", "speechiness": "how much of it is spoken",
    "acousticness": "how little of it is electric or electronic",
    "instrumentalness": "how sure it is that nobody sings", "liveness": "how sure it is that an audience is there",
    "valence": "how bright or happy it sounds", "tempo": "beats per minute",
}  # fmt: skip

log = logging.getLogger("refrain.service")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, finalize=_harmless,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["exact"] = lambda text: Markup(escape(text))
    environment.filters["counted"] = counted
    environment.globals.update(MEANINGS=MEANINGS, ARCS=ARCS, EXPORTS=EXPORTS, TARGETS=TARGETS)
    return environment


def _harmless(value: Any) -> Any:
    """A text as a page shows it: no control characters, no marks that turn writing round, of bounded length.

    What is escaped already is left as it is: an id in a form must come back letter by letter.
    """
    if isinstance(value, Markup) or not isinstance(value, str):
        return "" if value is None else value
    text = HARMFUL.sub(" ", value)
    return text if len(text) <= MOST_SHOWN or value.startswith("/") else text[: MOST_SHOWN - 1] + "…"


def counted(number: int, noun: str) -> str:
    """
    >>> counted(1, "song"), counted(1_200, "minute")
    ('1 song', '1,200 minutes')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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
    request: Request, status: int, message: str, songs: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    """What went wrong, and the songs that may be meant."""
    index = request.app.state.served.engine.index
    choices = choices_of(index, songs, song_url)
    answer = page(request, "error.html", status, title="Not this way", message=message, choices=choices)
    answer.headers.update(headers or {})
    return answer


def songs_meant(error: RefrainError) -> tuple[str, ...]:
    """The song_ids that somebody may have meant."""
    if isinstance(error, SongNotFoundError):
        return tuple(error.nearest)
    return tuple(error.candidates) if isinstance(error, AmbiguousSongError) else ()


def choices_of(index: OpenIndex, songs: Sequence[str], address: Callable[[str], str]) -> list[dict[str, str]]:
    """Songs to choose from, each with the address that makes of its song_id what was asked."""
    rows = [row for song in songs if (row := index.songs.row_of(song)) is not None][:MOST_CHOICES]
    return [
        {
            "url": address(index.songs.song_ids[row]),
            "title": index.songs.titles[row],
            "artist": index.songs.artists[row],
        }
        for row in rows
    ]


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
                message = error_dict(error)["error"]["message"]
                return error_page(request, status_of(error), message, songs_meant(error))
            except RequestValidationError as error:
                return error_page(request, 400, str(misread(error, request.headers.get("content-type", ""))))

        return shown
