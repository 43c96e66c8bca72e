"""Answers as XML, JSON or JSONP: one content in three forms.

In XML a plain value is an attribute, an object an element, a list as many elements of its name, a plain value in a list
an element's text, and what is called "value" the text of its object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from fastapi import Response

from engine.service.subsonic.parameters import Parameters
from engine.service.subsonic.problems import GENERIC, MISSING, Problem

VERSION = "1.16.1"
NAMESPACE = "http://subsonic.org/restapi"
MOST_CALLBACK = 100

_CALLBACK = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*)*\Z")
_NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 holds no other characters


def success(given: Parameters, body: Mapping[str, Any]) -> Response:
    """The answer of a call that went well, in the form that it asks for."""
    return _written(given, {"status": "ok", **_server(), **body})


def failure(given: Parameters, problem: Problem) -> Response:
    """The answer of a call that failed."""
    error = {"code": problem.code, "message": str(problem)}
    return _written(given, {"status": "failed", **_server(), "error": error})


def _server() -> dict[str, Any]:
    try:
        installed = version("refrain")
    except PackageNotFoundError:
        installed = "unknown"
    return {"version": VERSION, "type": "refrain", "serverVersion": installed, "openSubsonic": True}


def _written(given: Parameters, content: Mapping[str, Any]) -> Response:
    content = _clean(content)
    form = given.text("f", "xml")
    if form not in ("json", "jsonp"):
        root = Element("subsonic-response", xmlns=NAMESPACE)
        _fill(root, content)
        return Response(tostring(root, encoding="UTF-8", xml_declaration=True), media_type="text/xml")
    if form == "json":
        return Response(orjson.dumps({"subsonic-response": content}), media_type="application/json")
    callback = given.text("callback")
    if len(callback) > MOST_CALLBACK or not _CALLBACK.match(callback):
        code, what = (GENERIC, "is no name of a function") if callback else (MISSING, "is missing")
        error = {"code": code, "message": f"the parameter callback {what}"}
        failed = {"subsonic-response": {"status": "failed", **_server(), "error": error}}
        return Response(orjson.dumps(failed), media_type="application/json")
    script = orjson.dumps({"subsonic-response": content}).decode()
    script = script.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")  # line ends in old JavaScript
    # The comment keeps a caller from choosing how the answer begins.
    return Response(f"/**/{callback}({script});", media_type="application/javascript")


def _clean(value: Any) -> Any:
    """The content without what XML cannot hold, so that all forms say the same, and without what is unknown."""
    match value:
        case str():
            return _NO_XML.sub("\ufffd", value)
        case Mapping():
            return {name: _clean(each) for name, each in value.items() if each is not None}
        case list() | tuple():
            return [_clean(each) for each in value]
    return value


def _fill(element: Element, content: Mapping[str, Any]) -> None:
    for name, value in content.items():
        if name == "value":
            element.text = _text(value)
        elif not isinstance(value, Mapping | list):
            element.set(name, _text(value))
        else:
            for each in value if isinstance(value, list) else [value]:
                child = SubElement(element, name)
                if isinstance(each, Mapping):
                    _fill(child, each)
                else:
                    child.text = _text(each)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
