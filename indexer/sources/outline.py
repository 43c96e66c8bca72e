"""Outlines: the value that the beginning of a JSON text holds, although its end is not there."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)')
MAX_DEPTH = 200  # of brackets in brackets
_CLOSED_BY = {"{": "}", "[": "]"}


def outline(text: str) -> object:
    """The value of a JSON text as far as it goes: what is cut in the middle is left out. None for what is no JSON.

    >>> outline('{"info": {"slice": 1}, "playlists": [{"pid": 7, "name": "Sun')
    {'info': {'slice': 1}, 'playlists': [{'pid': 7}]}
    """
    stack: list[str] = []
    at, whole, closers, last = 0, 0, "", ""
    after_colon = False
    while found := _TOKEN.match(text, at):
        token = found.group(1)
        if found.end() == len(text) and token[0] not in '{}[]"':  # a number or a word that may go on
            break
        if token in ("}", "]") and last == ",":  # what stands before the comma is whole
            break
        at, last = found.end(), token
        if len(stack) > MAX_DEPTH:  # of no use, and the closing brackets of each token would take for ever
            return None
        if token in _CLOSED_BY:
            stack.append(_CLOSED_BY[token])
            complete = True  # an empty one, until more is seen
        elif token in ("}", "]"):
            if not stack or stack.pop() != token:
                break
            complete = True
        elif token in (",", ":"):
            after_colon = token == ":"
            continue
        else:
            complete = not stack or stack[-1] == "]" or after_colon  # else it is a key
        if complete:
            whole, closers = at, "".join(reversed(stack))
        after_colon = False
        if not stack:
            break
    try:
        return json.loads(text[:whole] + closers)
    except (ValueError, RecursionError):
        return None
