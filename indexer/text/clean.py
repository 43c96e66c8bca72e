"""Cleaning: lyrics as they are sung, without what a site or a publisher put between the lines."""

from __future__ import annotations

import html
import re
import unicodedata

from indexer.text.tokens import QUOTES

# A lyric longer than this is a book, a dump or an attack; songs end well before (99.9 % under 12,000).
MAX_LYRIC_CHARACTERS = 50_000

_HEADER = re.compile(
    r"[\[(](?:\d+x?\s*)?(?:verse|chorus|refrain|hook|bridge|intro|outro|pre-?chorus|post-?chorus|interlude|breakdown|"
    r"strophe|couplet|estribillo|verso|coro|puente|part|solo|instrumental|spoken|skit|x\d)[^\])\n]{0,80}[\])]",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[[^\]\n]{0,80}\]")
_EMBED_TAIL = re.compile(r"\d{0,6}Embed\s*\Z")
_CONTRIBUTORS = re.compile(r"\A\s*\d+ Contributors?.{0,120}?Lyrics", re.DOTALL)
_ADVERT = re.compile(r"You might also like|See [^\n]{1,60} LiveGet tickets as low as \$\d+")
_CREDIT_LINE = re.compile(
    r"^(?:(?:written|produced|composed|mixed|lyrics|music|words|words and music) by\b"
    r"|(?:writers?|songwriters?|composers?|producers?|publishers?|lyricists?|copyright) ?(?:\(s\))? ?:|©|\(c\) ?\d{4})",
    re.IGNORECASE,
)
_STRAY_NA = re.compile(r"\ANA\s+(?=\S)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(lyrics: str) -> str:
    """Lyrics as sung: no section headers, credits, site residue or control characters; contractions stay.

    Line breaks are kept, runs of spaces become one. Cleaning twice changes nothing.

    >>> clean("[Chorus: Mo]\\r\\nDon’t  go139Embed")
    "Don't go"
    """
    previous = None
    text = lyrics[:MAX_LYRIC_CHARACTERS]
    while text != previous:  # one removal can bring the next to the edge of the text
        previous, text = text, _clean_once(text)
    return text


def _clean_once(text: str) -> str:
    text = unicodedata.normalize("NFC", html.unescape(text) if "&" in text else text).translate(QUOTES)
    text = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    for pattern in (_CONTRIBUTORS, _STRAY_NA):
        text = pattern.sub("", text)
    if text.endswith("Embed"):
        text = _EMBED_TAIL.sub("", text)
    for pattern in (_ADVERT, _HEADER, _BRACKETED):
        text = pattern.sub("\n", text)
    kept = (" ".join(line.split()) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(line for line in kept if not _CREDIT_LINE.match(line))).strip()
