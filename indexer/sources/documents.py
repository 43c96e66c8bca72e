"""JSON documents: their parts one by one, so that a large file never stands in memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from indexer.errors import SourceError
from indexer.sources.opened import OpenedFile

_PIECE = 1 << 20  # characters read at a time
_FILLER = re.compile(r"[\s,]*")
_KEY = re.compile(r'\s*("(?:[^"\\]|\\.)*")\s*:\s*')


def items(opened: OpenedFile) -> Iterator[tuple[str, object]]:
    """The parts of a JSON document in order: of an array its items, each with the key ""; of an object (key, value),
    where of a value that is an array each item comes by itself.

    Raises SourceError, with the number of items before it, where the text breaks off.
    """
    text = _Text(opened)
    opening = text.take("{[")
    if opening == "[":
        yield from (("", item) for item in text.array())
    elif opening == "{":
        while not text.ends("}"):
            key = text.key()
            if text.take("["):
                yield from ((key, item) for item in text.array())
            else:
                yield key, text.value()
    else:
        raise text.broken("it begins neither an object nor an array")
    text.finish()


def whole(opened: OpenedFile) -> object:
    """The value of a document as a whole."""
    text = _Text(opened)
    value = text.value()
    text.finish()
    return value


class _Text:
    """A JSON text that is read on as it is consumed."""

    def __init__(self, opened: OpenedFile) -> None:
        self._opened = opened
        self._file = opened.open_text()
        self._decoder = json.JSONDecoder()
        self._text, self._at, self._items = "", 0, 0

    def take(self, characters: str) -> str:
        """The next character if it is one of these, which is consumed; else ""."""
        found = self._peek()
        if found and found in characters:
            self._at += 1
            return found
        return ""

    def ends(self, character: str) -> bool:
        """Whether the next character closes what is read; it is consumed."""
        if not self._peek():
            raise self.broken("the closing brace is missing")
        return bool(self.take(character))

    def array(self) -> Iterator[object]:
        """The items of an array whose bracket was consumed."""
        while not self.ends("]"):
            yield self.value()

    def key(self) -> str:
        """A key and its colon."""
        while (found := _KEY.match(self._text, self._at)) is None:
            if not self._more():
                raise self.broken("a key is missing")
        self._at = found.end()
        try:
            return str(json.loads(found.group(1)))
        except ValueError as error:
            raise self.broken(str(error)[:60]) from None

    def value(self) -> object:
        """The next value, read on until it is whole; of any size it costs at most twice its own parsing."""
        self._peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:  # ValueError: also integers of thousands of digits
                if not self._more():
                    raise self.broken(str(error)[:60]) from None
                continue
            if end == len(self._text) and self._more():  # a number may go on
                continue
            self._at, self._items = end, self._items + 1
            return found

    def finish(self) -> None:
        """Nothing but space may follow."""
        if self._peek():
            raise self.broken(f"after its end stands {self._text[self._at : self._at + 20]!r}")
        self._file.close()

    def broken(self, why: str) -> SourceError:
        self._file.close()
        return SourceError(
            f"{self._opened.shown} is not whole JSON after item {self._items:,} ({why}); it is cut short or damaged: "
            "get it again"
        )

    def _peek(self) -> str:
        while True:
            filler = _FILLER.match(self._text, self._at)
            self._at = filler.end() if filler else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        try:
            more = self._file.read(max(_PIECE, len(self._text) - self._at))
        except UnicodeDecodeError as error:
            raise self.broken(f"it is no {self._opened.encoding} text: {error.reason}") from None
        self._text, self._at = self._text[self._at :].lstrip("\ufeff") + more, 0
        return bool(more)
