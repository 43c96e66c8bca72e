"""Encodings: which one the bytes of a text are in, and what was guessed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from indexer.sources.latin import latin_encoding

_PIECE = 1 << 20
_SAMPLE = 1 << 16
# So many valid characters to each broken one: a UTF-8 text with damage. In other encodings letters form the two to four
# bytes of a UTF-8 character by chance only, less often than they break one.
_SINGLE_DAMAGE = 4
_REPLACEMENT = "\ufffd".encode()
_LEADS = bytes(range(0xC2, 0xF5))  # a character beyond ASCII begins with one of these
# What a table outside UTF-8 may be in; cp1252 is what Excel writes in western Europe and America.
_CANDIDATES = ("cp1251", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp1250", "cp1253", "cp1254", "cp1255",
               "cp1256", "cp874", "koi8_r")  # fmt: skip
_UNDEFINED = b"\x81\x8d\x8f\x90\x9d"  # no character of cp1252


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding, how its errors are met ("strict" or "replace"), and one sentence where it was a guess."""

    name: str
    errors: str = "strict"
    remark: str = ""


def encoding_of(path: Path, head: bytes) -> Encoding:
    """The encoding of a text file: by its byte order mark, else UTF-8 where all of it is, else a guess that is said.

    Reads the file to its end unless its first bytes decide.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16")
    utf8 = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if wide := _utf16_without_mark(head):
        return Encoding(wide, remark=f"read as {wide.upper()}: every other byte is 0, a byte order mark is missing")
    good, bad, first_bad, sample = _count(path)
    if not bad:
        return Encoding(utf8)
    if good >= _SINGLE_DAMAGE * bad or utf8 == "utf-8-sig":
        what = f"{bad:,} bytes are not UTF-8 (the first at {first_bad:,}); each is shown as \ufffd"
        return Encoding(utf8, "replace", what)
    name = _single_byte(sample)
    label = f"Windows-{name[2:]} ({name})" if re.fullmatch(r"cp125\d", name) else name
    advice = "a guess: if letters look wrong, save it as UTF-8 (iconv -f ITS-ENCODING -t UTF-8 FILE)"
    return Encoding(name, "replace", f"read as {label}, for byte {first_bad:,} is not UTF-8; {advice}")


def _utf16_without_mark(head: bytes) -> str:
    pairs = len(head) // 2
    if pairs < 4:
        return ""
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * pairs and odd < 0.05 * pairs else ""


def _count(path: Path) -> tuple[int, int, int, bytes]:
    """Characters beyond ASCII, broken places, the first of them (-1: none), and the bytes around it."""
    good = bad = start = 0
    first_bad, sample = -1, b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            good += len(piece) - len(piece.translate(None, _LEADS))
            state = decoder.getstate()
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                at = error.start - len(state[0])
                first_bad, sample = start + at, piece[max(0, at - _SAMPLE // 2) : max(at, 0) + _SAMPLE]
                decoder = codecs.getincrementaldecoder("utf-8")("replace")
                decoder.setstate(state)
                text = decoder.decode(piece, final=not piece)
            if first_bad >= 0:
                bad += text.count("\ufffd") - piece.count(_REPLACEMENT)
            if not piece:
                return max(good - bad, 0), bad, first_bad, sample
            start += len(piece)


def _single_byte(sample: bytes) -> str:
    """A Latin encoding where high bytes stand alone between ASCII letters, as accents do; else what charset-normalizer
    says."""
    high = [i for i, byte in enumerate(sample) if byte > 0x7F]
    alone = sum(not (sample[i - 1 : i] > b"\x7f" or sample[i + 1 : i + 2] > b"\x7f") for i in high)
    if not high:
        return "cp1252"
    apart = 10 * alone > 3 * len(high) or not re.search(rb"[\x80-\xff]{3}", sample)
    if apart and (latin := latin_encoding(sample)):
        return latin
    if 2 * alone > len(high) and not any(byte in _UNDEFINED for byte in sample):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=[*_CANDIDATES, "cp1252"]).best()
    return best.encoding if best is not None else "cp1252"
