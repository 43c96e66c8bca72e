"""Elements: XML as a stream of tags; what could fetch, expand or fill memory is refused.

expat (https://libexpat.github.io) reads no external entity and no DTD of its own accord. Internal entities are refused
here where they are declared, so that none is expanded; a DOCTYPE that only names a DTD, as that of Apple, is let pass.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.parsers import expat

from indexer.errors import SourceError
from indexer.sources.opened import OpenedFile

MOST_DEEP = 100  # tags in tags; folders of playlists are nested a dozen deep at most
MOST_ATTRIBUTES = 500  # of a tag
MOST_TEXT = 4_000_000  # characters of a text, and bytes of a tag with its attributes
_PIECE = 1 << 16  # characters read at a time
# XML 1.0, 2.2: players write such characters of tags as they are.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")
_DECLARED = re.compile(r"<\?xml[^>]*\sencoding\s*=\s*[\"']([\w.:-]+)[\"']")
# Declarations that are believed where the bytes are not UTF-8; other codecs of Python are slow, or no encodings of XML.
_BELIEVED = re.compile(
    r"(?:iso[-_]?8859[-_]\d+|windows-\d+|cp\d+|latin-?\d|shift[-_]?jis|sjis|euc[-_](?:jp|kr)|gb\w+|big5[\w-]*|koi8-[ru]|"
    r"mac\w+|macintosh)",
    re.IGNORECASE,
)


class Tag(NamedTuple):
    """The start or the end of an element.

    name         without its namespace
    attributes   of a start; None of an end
    text         of an end: what stands between it and the last tag, which is all of it where no element is inside
    """

    name: str
    attributes: Mapping[str, str] | None
    text: str


class _Refused(Exception):
    """Why a file is not read on."""


def declared_encoding(text: str) -> str:
    """The encoding that an XML declaration names, where it is one to believe; else "".

    >>> declared_encoding('<?xml version="1.0" encoding="KOI8-R"?>'), declared_encoding('<?xml encoding="zip"?>')
    ('koi8-r', '')
    """
    found = _DECLARED.match(text.lstrip("\ufeff \t\r\n"))
    if found is None or not _BELIEVED.fullmatch(found.group(1)):
        return ""
    try:
        "".encode(found.group(1))
    except LookupError:
        return ""
    return found.group(1).lower()


def first_tag(text: str) -> Tag | None:
    """The root of the XML document that a text is the beginning of; None where it has none.

    Raises ValueError with the reason where the text is no XML up to there, or is made to do harm.
    """
    reader = _Reader()
    try:
        reader.feed(text)
    except (_Refused, expat.ExpatError) as error:
        if not reader.tags:
            raise ValueError(str(error)) from None
    return reader.tags[0] if reader.tags else None


def elements(opened: OpenedFile) -> Iterator[Tag]:
    """The tags of a file in order. Raises SourceError where it breaks off, nests too deep or declares entities."""
    reader = _Reader()
    count = 0
    try:
        with opened.open_text() as file:
            while piece := file.read(_PIECE):
                reader.feed(piece)
                count += len(reader.tags)
                yield from reader.tags
                reader.tags.clear()
        reader.finish()
        yield from reader.tags
    except _Refused as error:
        raise SourceError(f"{opened.shown}, after {count:,} tags: {error}") from None
    except UnicodeDecodeError as error:
        raise SourceError(f"{opened.shown} is no {opened.encoding} text ({error.reason}); get it again") from None
    except (expat.ExpatError, ValueError) as error:  # ValueError: a lone surrogate
        raise SourceError(
            f"{opened.shown} is not whole XML after {count:,} tags ({str(error)[:60]}); it is cut short or damaged: "
            "get it again"
        ) from None


class _Reader:
    """An expat parser that gathers tags."""

    def __init__(self) -> None:
        self.tags: list[Tag] = []
        self._text: list[str] = []
        self._length = self._depth = self._fed = 0
        self._begun = False
        # The text is decoded already: "utf-8" overrides what the document declares.
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._skipped

    def feed(self, piece: str) -> None:
        """Read on."""
        if not self._begun:
            piece = _DECLARATION.sub("", piece.lstrip("\ufeff \t\r\n"), count=1)
            self._begun = True
        raw = _FORBIDDEN.sub("", piece).encode("utf-8")
        self._fed += len(raw)
        self._parser.Parse(raw, False)
        if self._fed - max(self._parser.CurrentByteIndex, 0) > MOST_TEXT:
            raise _Refused(f"a tag has more than {MOST_TEXT:,} bytes, which no list of songs has")

    def finish(self) -> None:
        """The text has ended."""
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MOST_DEEP:
            raise _Refused(f"tags are nested more than {MOST_DEEP} deep, which no list of songs is")
        if len(attributes) > MOST_ATTRIBUTES:
            raise _Refused(f"a tag has more than {MOST_ATTRIBUTES} attributes, which no list of songs has")
        self._forget()
        self.tags.append(Tag(_local(name), attributes, ""))

    def _end(self, name: str) -> None:
        self._depth -= 1
        self.tags.append(Tag(_local(name), None, "".join(self._text)))
        self._forget()

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > MOST_TEXT:
            raise _Refused(f"a text has more than {MOST_TEXT:,} characters, which no list of songs has")
        self._text.append(text)

    def _entity(self, name: str, *_: object) -> None:
        raise _Refused(f"it declares the entity {name[:40]!r}; such files are made to do harm and are not read")

    def _skipped(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:  # &eacute; of HTML: a DTD that is not read would explain it
            self._characters(html.unescape(f"&{name};"))

    def _forget(self) -> None:
        self._text.clear()
        self._length = 0


def _local(name: str) -> str:
    return name.rpartition(":")[2]
