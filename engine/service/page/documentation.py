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

_ORDER = {"PUT": 0, "DELETE": 2}  # else 1: what is asked for was saved before, and is forgotten last
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
    for group in groups.values():
        group.sort(key=lambda route: _ORDER.get(route.verb, 1))
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
        "description": parameter.get("description", ""), "example": parameter.get("example"),
    }  # fmt: skip


def _curl(
    base: str, verb: str, path: str, parameters: tuple[Mapping[str, Any], ...], body: Any, *, media: str = "",
    token: bool,
) -> str:  # fmt: skip
    """A line that can be pasted into a shell.

    >>> rain = {"name": "text", "where": "query", "example": "rain"}
    >>> _curl("http://h", "GET", "/find", (rain,), None, token=False)
    "curl 'http://h/find?text=rain'"
    >>> _curl("http://h", "PUT", "/find", (), {}, token=False)
    "curl -X PUT -H 'Content-Type: application/json' -d '{}' http://h/find"
    """
    asked = []
    for each in parameters:
        if each["example"] is None:
            continue
        value = quote(str(each["example"]), safe="/" if each["where"] == "path" else "")
        if each["where"] == "path":
            path = path.replace("{" + each["name"] + "}", value)
        else:
            asked.append(f"{each['name']}={value}")
    words = ["curl"]
    if verb != ("GET" if body is None else "POST"):
        words += ["-X", verb]
    if token:
        words += ["-H", "Authorization: Bearer TOKEN"]
    if media == TEXT:
        words += ["--data-binary", "@playlist.m3u8"]
    elif body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body, ensure_ascii=False)]
    return shlex.join([*words, f"{base}{path}{'?' + '&'.join(asked) if asked else ''}"])
