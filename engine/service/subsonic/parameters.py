"""Parameters of a call: from the URL and, with POST, from a form."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from fastapi import Request

from engine.bounds import MOST_TEXT
from engine.plain import shown
from engine.service.subsonic.problems import GENERIC, MISSING, Problem

MOST_FIELDS = 10_000
_FORM = "application/x-www-form-urlencoded"


class Parameters:
    """The values of a call by name; of one that is given twice the first."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()):
        self._pairs = pairs
        self._values = dict(reversed(pairs))

    @classmethod
    async def of_request(cls, request: Request) -> Parameters:
        """Whatever is no form in the body is passed over."""
        pairs = _pairs(request.scope["query_string"])
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
            pairs += _pairs(await request.body())
        return cls(pairs)

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, default)[:MOST_TEXT]

    def all(self, name: str) -> list[str]:
        """Every value of what may be given several times, in their order."""
        return [value[:MOST_TEXT] for each, value in self._pairs if each == name]

    def given(self, name: str) -> bool:
        return name in self._values

    def required(self, name: str) -> str:
        """Problem 10 where it is not there."""
        if name not in self._values:
            raise Problem(MISSING, f"the parameter {name} is missing")
        return self.text(name)

    def number(self, name: str, default: int, most: int = 2**31 - 1) -> int:
        """A whole number, what is out of 0..most brought to the nearer end; Problem 0 for what is none."""
        text = self.text(name).strip()
        return min(max(_whole(name, text), 0), most) if text else default

    def numbers(self, name: str) -> list[int]:
        """Every value as a whole number; Problem 0 for what is none."""
        return [_whole(name, text.strip()) for text in self.all(name)]


def _whole(name: str, text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
        raise Problem(GENERIC, f"{name} is {shown(text)}, expected a whole number")
    return int(text)


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return []
