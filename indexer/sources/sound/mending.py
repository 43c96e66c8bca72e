"""Mending: texts of tags whose bytes were read in another encoding than they were written in, where that is certain."""

from __future__ import annotations

import re

_LATIN = re.compile(r"[\x00-\xff]*")
_C1 = re.compile(r"[\x80-\x9f]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HALF_WIDTH = re.compile(r"[\uff61-\uff9f]")
_JAPANESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff01-\uff5e\u2010-\u2027\u25a0-\u266f\x20-\x7e\r\n\t]*")
# What Windows puts at 0x80..0x9f and people type between letters: quotes, dashes, dots, the euro.
_WINDOWS = re.compile(
    r"[^\x80-\x9f]*(?:[\x80\x82\x84\x85\x8a\x8c\x8e\x91-\x94\x96\x97\x99\x9a\x9c\x9e\x9f][^\x80-\x9f]*){1,}"
)
# In the bytes of cp1251 a Russian word is one capital at most and then small letters: four accented small letters in a
# row stand in no word that Latin-1 writes.
_CYRILLIC_WORD = re.compile(
    r"(?<![A-Za-z\xc0-\xff\xb8\xa8])[\xc0-\xdf\xa8]?[\xe0-\xff\xb8]{3,}(?![A-Za-z\xc0-\xff\xb8\xa8])"
)
_LETTER = re.compile(r"[A-Za-z\xc0-\xff]")


def mended(text: str) -> tuple[str, str]:
    """The text, and the encoding that it turned out to be written in; "" where it stays as it is.

    Tags of ID3 without a mark are Latin-1 by the standard and whatever the writer's computer used in fact. Certain is:
    UTF-8, whose bytes are never Latin-1 by chance; Shift-JIS, where the result is Japanese with kana; cp1251, where
    whole words are; the quotes and dashes of Windows. Chinese and Korean encodings fit each other's bytes: they stay.

    >>> mended("BjÃ¶rk"), mended("Björk")
    (('Björk', 'UTF-8'), ('Björk', ''))
    >>> mended("Ìóçûêà")
    ('Музыка', 'cp1251')
    """
    if text.isascii():
        return text, ""
    if (utf8 := _as(text, "utf-8")) is not None:
        return utf8, "UTF-8"
    if _LATIN.fullmatch(text) is None:
        return text, ""
    if _C1.search(text):
        japanese = _as(text, "cp932")
        if japanese and _KANA.search(japanese) and _JAPANESE.fullmatch(japanese) and not _HALF_WIDTH.search(japanese):
            return japanese, "Shift-JIS"
        if _WINDOWS.fullmatch(text) and (windows := _as(text, "cp1252")) is not None:
            return windows, "cp1252"
        return text, ""
    if _CYRILLIC_WORD.search(text) and not _LETTER.search(_CYRILLIC_WORD.sub("", _short_words_out(text))):
        return text.encode("latin-1").decode("cp1251"), "cp1251"
    return text, ""


def _short_words_out(text: str) -> str:
    """The text without its words of one or two letters of cp1251 and without words in ASCII: "и", "на", "DJ"."""
    words = re.split(r"(\s+)", text)
    return "".join(word for word in words if not re.fullmatch(r"[\xc0-\xff\xb8\xa8]{1,2}|[\x00-\x7f]+", word))


def _as(text: str, encoding: str) -> str | None:
    """The text whose bytes in `encoding` were read as Latin-1 or cp1252; None where they are none."""
    for read_as in ("latin-1", "cp1252"):
        try:
            other = text.encode(read_as).decode(encoding)
        except UnicodeError:
            continue
        if other != text:
            return other
    return None
