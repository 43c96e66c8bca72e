"""The API's page: the OpenAPI document as HTML, with an example and a line of curl for each route."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from engine.service.page.rendering import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)

# What stands in a line of curl for a parameter: the document itself has no values of its own.
VALUES = {
    "text": "rain", "song": "Dentist Chair Blues", "a": "Dentist Chair Blues", "b": "Pothole on Garfield Street",
    "song_id": "SONG_ID", "q": "rain", "k": "5",
}  # fmt: skip


TEXT = "text/plain"  # a body that is a file
MOST_CHOICES = 12  # values of a parameter that the page lists


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the document, as the page shows it."""

    verb: str
    path: str
    summary: str
    tag: str
    parameters: tuple[Mapping[str, Any], ...]
    examples: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str], ...]
    curl: str


@router.get("/api/docs")
def documentation(request: Request) -> Response:
    document = request.app.openapi()
    base = f"{request.url.scheme}://{request.headers.get('host', '127.0.0.1:8080')}"
    routes = routes_of(document, base, token=request.app.state.served.token is not None)
    groups: dict[str, list[Route]] = {}
    for route in routes:
        groups.setdefault(route.tag, []).append(route)
    return page(request, "documentation.html", title="API", groups=groups, base=base)


def routes_of(document: Mapping[str, Any], base: str, *, token: bool = False) -> list[Route]:
    """The routes of an OpenAPI document, in its order."""
    routes = []
    for path, verbs in document["paths"].items():
        for verb, route in verbs.items():
            parameters = tuple(_parameter(each) for each in route.get("parameters", ()))
            contents: Mapping[str, Any] = route.get("requestBody", {}).get("content", {})
            media = next(iter(contents), "")
            values = {name: each["value"] for name, each in contents.get(media, {}).get("examples", {}).items()}
            examples = tuple(
                (name, value if media == TEXT else json.dumps(value, ensure_ascii=False, indent=2))
                for name, value in values.items()
            )
            answers = tuple((status, each.get("description", "")) for status, each in route["responses"].items())
            body = next(iter(values.values()), None)
            curl = _curl(base, verb.upper(), path, parameters, body, media=media, token=token)
            tag = (route.get("tags") or ["Other"])[0]
            summary = route.get("summary", "")
            routes.append(Route(verb.upper(), path, summary, tag, parameters, examples, answers, curl))
    return routes


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    schema = parameter.get("schema", {})
    bounds = [f"{schema[name]}" for name in ("minimum", "maximum") if name in schema]
    kind = schema.get("type") or " or ".join(str(each.get("type", "value")) for each in schema.get("anyOf", ()))
    choices = schema.get("enum", ())
    return {
        "name": parameter["name"], "where": parameter["in"], "required": parameter.get("required", False),
        "kind": f"{kind or 'value'}{' ' + '..'.join(bounds) if len(bounds) == 2 else ''}",
        "default": schema.get("default"), "choices": ", ".join(map(str, choices[:MOST_CHOICES])),
        "description": parameter.get("description", ""),
    }  # fmt: skip


def _curl(
    base: str, verb: str, path: str, parameters: tuple[Mapping[str, Any], ...], body: Any, *, media: str = "",
    token: bool,
) -> str:  # fmt: skip
    """A line that can be pasted into a shell.

    >>> _curl("http://h", "GET", "/find", ({"name": "text", "where": "query", "required": True},), None, token=False)
    "curl 'http://h/find?text=rain'"
    """
    asked = []
    for each in parameters:
        value = VALUES.get(each["name"], "1")
        if each["where"] == "path":
            path = path.replace("{" + each["name"] + "}", value).replace("{" + each["name"] + ":path}", value)
        elif each["required"] and each["where"] == "query":
            asked.append(f"{each['name']}={quote(value)}")
    words = ["curl"]
    if token:
        words += ["-H", "Authorization: Bearer TOKEN"]
    if media == TEXT:
        words += ["--data-binary", "@playlist.m3u8"]
    elif body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body, ensure_ascii=False)]
    elif verb != "GET":
        words += ["-X", verb]
    return shlex.join([*words, f"{base}{path}{'?' + '&'.join(asked) if asked else ''}"])
