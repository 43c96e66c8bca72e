"""Cleaning: lyrics as they are sung, without what a site, a publisher or a tagger put between the lines."""

from __future__ import annotations

import html
import re
import unicodedata

from indexer.text.chords import chord_lines
from indexer.text.notices import line_kind, suspects, without_label
from indexer.text.page_head import is_name_line, without_head
from indexer.text.residue import EMBED, INLINE, Log, latin
from indexer.text.tokens import QUOTES

# A lyric longer than this is a book, a dump or an attack; songs end well before (99.9 % under 12,000).
MAX_LYRIC_CHARACTERS = 50_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_BLANK_LINES = re.compile(r"\n{3,}")


def clean(lyrics: str, *, title: str = "", artist: str = "", log: Log | None = None) -> str:
    """Lyrics as sung: no section headers, credits, chords, site residue or control characters; contractions stay.

    Line breaks are kept, runs of spaces become one. Cleaning twice changes nothing.

    title, artist   of the song: the title above the first line is taken for one where the text alone leaves a doubt
    log             is called with the kind and the text of each removal

    >>> clean("[Chorus: Mo]\\r\\nDon’t  go139Embed")
    "Don't go"
    """
    title, artist = _spelt(title), _spelt(artist)
    text = _plain(lyrics[:MAX_LYRIC_CHARACTERS])
    while (rest := _clean_once(text, title, artist, log)) != text:  # one removal can bring the next to the edge
        text = _plain(rest)
    return text


def _plain(text: str) -> str:
    """Text without entities and control characters, its lines ended by \\n; of this, itself."""
    while True:
        before, text = text, _CONTROL.sub(" ", _spelt(text).replace("\r\n", "\n").replace("\r", "\n")).strip()
        if "&" not in text or text == before:  # an entity may be written with one: "&amp;amp;"
            return text


def _spelt(text: str) -> str:
    """Text with the letters and quotes that cleaning writes."""
    if "&" in text:
        text = html.unescape(text)
    if text.isascii() and "`" not in text:
        return text
    return unicodedata.normalize("NFC", text).translate(QUOTES)


def _clean_once(text: str, title: str, artist: str, log: Log | None) -> str:
    text = latin(text, log)
    while (rest := without_head(text, title, artist, log)) != text:
        text = rest.strip()
    lowered = text.lower()
    if "embed" in lowered:
        text = EMBED.sub(lambda match: _taken("embed", match[0], log), text)
    for residue in INLINE:
        if any(sign in lowered for sign in residue.signs):
            text = residue.taken_from(text, log)
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(_without_residue(lines, text.lower(), title, artist, log))).strip()


def _without_residue(lines: list[str], lowered: str, title: str, artist: str, log: Log | None) -> list[str]:
    """The lines that are sung, without their labels."""
    last = next((place for place in range(len(lines) - 1, -1, -1) if lines[place]), 0)
    kinds = dict.fromkeys(chord_lines(lines, lowered), "chord")
    if is_name_line(lines[last], title, artist):
        kinds[last] = "title"
    for place in suspects(lines, lowered):
        if place not in kinds and (kind := line_kind(lines[place])):
            kinds[place] = kind
    sung = []
    for place, line in enumerate(lines):
        if place in kinds:
            _taken(kinds[place], line, log)
            continue
        rest = without_label(line)
        if rest != line:
            _taken("label", line, log)
        sung.append(rest)
    return sung


def _taken(kind: str, text: str, log: Log | None) -> str:
    if log is not None and text.strip():
        log(kind, text)
    return ""
