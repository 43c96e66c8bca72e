"""JSON documents: their parts one by one, so that a large file never stands in memory as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing

from indexer.errors import SourceError
from indexer.sources.opened import OpenedFile

_PIECE = 1 << 20  # characters read at a time
_FILLER = re.compile(r"[\s,\x1e]*")  # RFC 7464 begins each text with a record separator
_KEY = re.compile(r'\s*("(?:[^"\\]|\\.)*")\s*:\s*')
# What stands where the decoder stops, what it is, and what to do.
_PYTHON = "write the file with json.dump instead of print or str, or put double quotes around texts"
_BY_HAND = (
    (re.compile(r"\s*,?\s*[}\]]"), "a comma stands before a closing bracket", "delete that comma"),
    (re.compile(r"\s*(?://|/\*|#)"), "a comment", "delete the comments"),
    (re.compile(r"\s*'"), "a text in single quotes", _PYTHON),
    (re.compile(r"\s*(?:None|True|False|undefined|nan|inf)\b"), "a word of Python or JavaScript",
     "write null, true or false; json.dump does"),
    (re.compile(r"\s*[A-Za-z_$][\w$]*\s*:"), "a key without quotes", "put double quotes around keys"),
)  # fmt: skip


def items(opened: OpenedFile) -> Iterator[tuple[str, object]]:
    """The parts of a JSON document in order: of an array its items, each with the key ""; of an object (key, value),
    where of a value that is an array each item comes by itself. Documents may follow one another.

    Raises SourceError, with the number of items before it, where the text breaks off.
    """
    return members(opened, ())


def members(opened: OpenedFile, path: Sequence[str]) -> Iterator[tuple[str, object]]:
    """The parts, as those of `items`, of what stands in a document below the keys of `path`."""
    with closing(_Text(opened)) as text:
        while text.more():
            yield from text.parts(path)


def documents(opened: OpenedFile) -> Iterator[object]:
    """The documents of a file that follow one another, each as a whole."""
    with closing(_Text(opened)) as text:
        while text.more():
            yield text.value()


def whole(opened: OpenedFile) -> object:
    """The value of a document as a whole."""
    with closing(_Text(opened)) as text:
        value = text.value()
        text.finish()
        return value


class _Text:
    """A JSON text that is read on as it is consumed."""

    def __init__(self, opened: OpenedFile) -> None:
        self._opened = opened
        self._file = opened.open_text()
        self._decoder = json.JSONDecoder()
        self._text, self._at, self._items, self._lines = "", 0, 0, 0
        self._begun = False

    def more(self) -> bool:
        """Whether another document follows; of an empty text the first one is missing."""
        begun, self._begun = self._begun, True
        return bool(self._peek()) or not begun

    def parts(self, path: Sequence[str]) -> Iterator[tuple[str, object]]:
        """The parts of what stands below the keys of `path` in the next value, which is consumed whole."""
        opening = self.take("{[")
        if opening == "[" and not path:
            yield from (("", item) for item in self.array())
        elif opening == "{":
            while not self.ends("}"):
                key = self.key()
                if path and key == path[0] and self._peek() in ("{", "["):
                    yield from self.parts(path[1:])
                elif not path and self.take("["):
                    yield from ((key, item) for item in self.array())
                else:
                    value = self.value()
                    if not path:
                        yield key, value
        elif opening:
            for _ in self.array():
                pass
        else:
            raise self.broken("it begins neither an object nor an array")

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
            start = self._at
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:  # ValueError: also integers of thousands of digits
                if not self._more():
                    raise self._fault(error, start) from None
                continue
            if end == len(self._text) and self._more():  # a number may go on
                continue
            self._at, self._items = end, self._items + 1
            return found

    def finish(self) -> None:
        """Nothing but space may follow."""
        if self._peek():
            raise self.broken(f"after its end stands {self._text[self._at : self._at + 20]!r}")

    def close(self) -> None:
        self._file.close()

    def broken(self, why: str) -> SourceError:
        return SourceError(
            f"{self._opened.shown} is not whole JSON after item {self._items:,} ({why}); it is cut short or damaged: "
            "get it again"
        )

    def _fault(self, error: Exception, start: int) -> SourceError:
        """What to mend where somebody wrote by hand what JSON does not allow; else that the text is broken.

        start   where the text began that the error counts from
        """
        at = error.pos - start if isinstance(error, json.JSONDecodeError) else len(self._text)
        what, advice = next((each for sign, *each in _BY_HAND if sign.match(self._text, at)), ("", ""))
        if not what:
            return self.broken(str(error)[:60])
        line = self._lines + self._text.count("\n", 0, at) + 1
        return SourceError(f"{self._opened.shown}, line {line:,}: {what}, which JSON does not allow; {advice}")

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
        self._lines += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :].lstrip("\ufeff") + more, 0
        return bool(more)
