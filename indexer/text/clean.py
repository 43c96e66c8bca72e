"""Cleaning: lyrics as they are sung, without what a site or a publisher put between the lines."""

from __future__ import annotations

import html
import re
import unicodedata

from indexer.text.tokens import QUOTES

# A lyric longer than this is a book, a dump or an attack; songs end well before (99.9 % under 12,000).
MAX_LYRIC_CHARACTERS = 50_000

# The words that sections are headed with.
_SECTION = (
    r"verses?|chorus|refrain|hooks?|bridge|intro|outro|(?:pre|post)-?\s?chorus|interlude|breakdown|strophe|couplet|"
    r"estribillo|verso|coro|puente|part|solo|instrumental|spoken|skit"
)
_NUMBER = r"\d{1,2}|[ivx]{1,4}|one|two|three|four|five|six|[a-d]"
_TIMES = r"x\s?\d{1,2}|\d{1,2}\s?x"
# In square brackets nothing is sung: a heading may bring the names of all who sing it.
HEADING = re.compile(rf"\[(?:\d+x?\s*)?(?:{_SECTION}|x\d)\b[^\]\n]{{0,300}}\]", re.IGNORECASE)
BRACKETED = re.compile(r"\[[^\]\n]{0,80}\]")
# In round brackets backing vocals are: only what is made of the words of headings as a whole is none of them.
ROUND_HEADING = re.compile(
    rf"\(\s*(?:(?:{_TIMES})|(?:(?:repeat|\d{{1,2}}\s?x)\s+)?"
    rf"(?:part\s+(?:{_NUMBER})|(?!part\b)(?:{_SECTION})(?:\s+(?:{_NUMBER}))?)"
    rf"(?:[\s,]+(?:-\s+)?(?:{_TIMES}|repeat(?:ed)?|to|and|until|fades?|out|end|break|finale|{_SECTION})\b)*"
    r"\s*(?::?\s*|(?<!spoken):\s(?:[^()\n]|\([^()\n]*\)){1,80}|\s-\s(?-i:[A-ZÀ-Þ0-9])[^()\n]{1,80}))\)",
    re.IGNORECASE,
)
EMBED_TAIL = re.compile(r"\d{0,6}Embed\s*\Z")
CONTRIBUTORS = re.compile(r"\A\s*\d+ Contributors?.{0,120}?Lyrics", re.DOTALL)
ADVERT = re.compile(r"You might also like(?! [a-z])|See [^\n]{1,60} LiveGet tickets as low as \$\d+")
_CREDIT_BY = re.compile(
    r"(?:written|produced|composed|mixed|lyrics|music|words|words and music) by\b(\s?:)?(.*)", re.IGNORECASE
)
_CREDIT = re.compile(
    r"(?:writers?|songwriters?|composers?|producers?|publishers?|lyricists?|copyright) ?(?:\(s\))? ?:|©|\(c\) ?\d{4}",
    re.IGNORECASE,
)
_CONNECTING = frozenset(
    {"and", "for", "by", "at", "of", "the", "with", "de", "del", "la", "van", "von", "y", "et", "und"}
)
_MAX_CREDIT = 330  # characters; a lyric that came without line breaks may begin with a credit, and is one line
# Tables written by R say NA where there was nothing; "NA NA NA" is a song.
STRAY_NA = re.compile(r"\A(?:NA\s+){1,2}(?!(?i:na)\b)(?=[^\n]*[^\W\d_A-ZÀ-Þ])")
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
    for pattern in (CONTRIBUTORS, STRAY_NA):
        text = pattern.sub("", text)
    if text.endswith("Embed"):
        text = EMBED_TAIL.sub("", text)
    for pattern in (ADVERT, HEADING, BRACKETED, ROUND_HEADING):
        text = pattern.sub("\n", text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(line for line in lines if not is_credit(line))).strip()


def is_credit(line: str) -> bool:
    """Whether a line says who made the song: "Written by" and names, which have capitals where a sentence has none."""
    if len(line) > _MAX_CREDIT or (by := _CREDIT_BY.match(line)) is None:
        return len(line) <= _MAX_CREDIT and _CREDIT.match(line) is not None
    words = by.group(2).split()
    if by.group(1) or not words:
        return True
    named = [word[0].isupper() or not word[0].isalpha() for word in words if word not in _CONNECTING]
    return words[0] not in _CONNECTING and bool(named) and named[0] and 3 * sum(named) >= 2 * len(named)
