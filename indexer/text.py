"""Text, pure: cleaning lyrics, lines, tokens, folded names, TF-IDF keywords. Queries use the same functions."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

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
_QUOTES = str.maketrans({"‘": "'", "’": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "…": "..."})

_MARKS = re.compile(r"[\u0300-\u036f]+")

# Letters that no Unicode decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})

_FEATURING = re.compile(
    r"\s*[\[(](?:feat|ft|featuring|with)\b[^\])]*[\])]|\s+(?:-\s+)?(?:feat|ft|featuring)\b\.?\s.*\Z", re.IGNORECASE
)
_VERSION_WORDS = (
    r"remaster(?:ed)?|live|mono|stereo|acoustic|demo|radio|single|album|edit|mix|remix|version|versión|bonus|deluxe|"
    r"extended|original|instrumental|unplugged|session|sessions|reprise|anniversary|take|karaoke|explicit|clean|"
    r"rerecorded|re-recorded|en vivo|en directo|ao vivo|sped up|slowed"
)
_VERSION_TAIL = re.compile(rf"\s+[-–]\s+[^-–]*\b(?:{_VERSION_WORDS})\b.*$", re.IGNORECASE)
_VERSION_BRACKET = re.compile(rf"\s*[\[(][^\])]*\b(?:{_VERSION_WORDS}|\d{{4}})\b[^\])]*[\])]", re.IGNORECASE)


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
    text = unicodedata.normalize("NFC", html.unescape(text) if "&" in text else text).translate(_QUOTES)
    text = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    for pattern in (_CONTRIBUTORS, _STRAY_NA):
        text = pattern.sub("", text)
    if text.endswith("Embed"):
        text = _EMBED_TAIL.sub("", text)
    for pattern in (_ADVERT, _HEADER, _BRACKETED):
        text = pattern.sub("\n", text)
    kept = (" ".join(line.split()) for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(line for line in kept if not _CREDIT_LINE.match(line))).strip()


def lines(lyrics: str, *, width: int = 12) -> list[str]:
    """The sung lines, without blank ones. Lyrics that came without line breaks are cut every `width` words.

    >>> lines("One two\\n\\nthree")
    ['One two', 'three']
    """
    cut: list[str] = []
    for line in map(str.strip, lyrics.split("\n")):
        words = line.split() if len(line) > 6 * width else []  # no shorter line has more than 3 x width words
        if len(words) > 3 * width:
            cut.extend(" ".join(words[i : i + width]) for i in range(0, len(words), width))
        elif line:
            cut.append(line)
    return cut


def unique_lines(lyrics: str) -> str:
    """The lyrics with every line once: a chorus says nothing more the third time, and encoding it costs the same.

    >>> unique_lines("go\\nstay\\ngo")
    'go\\nstay'
    """
    return "\n".join(dict.fromkeys(line for line in lyrics.split("\n") if line))


def strip_accents(text: str) -> str:
    """Lower case without accents; what other scripts write as letters, 가 or が, stays one letter.

    >>> strip_accents("Beyoncé Mötley ™ 사랑 が")
    'beyonce motley tm 사랑 が'
    """
    if text.isascii():
        return text.lower()
    letters = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
    return unicodedata.normalize("NFC", letters)


def tokenise(text: str) -> list[str]:
    """Lower-case tokens without accents; an apostrophe inside a word joins it.

    >>> tokenise("Don't stop, Café-Noir!")
    ['dont', 'stop', 'cafe', 'noir']
    """
    return _words(text).split()


def tokenise_lines(lines: Sequence[str]) -> list[list[str]]:
    """The tokens of each line, in a fifth of the time that asking line by line takes.

    >>> tokenise_lines(["Don't stop", "", "Café-Noir!"])
    [['dont', 'stop'], [], ['cafe', 'noir']]
    """
    return [line.split() for line in _words("\n".join(lines)).split("\n")] if lines else []


def _words(text: str) -> str:
    return strip_accents(text.translate(_QUOTES)).translate(_WORDS)


class _Words(dict[int, int | str | None]):
    """For str.translate: letters, digits and line ends stay, apostrophes go, all else is a space. Filled as met."""

    def __missing__(self, code: int) -> int | str:
        self[code] = kept = code if chr(code).isalnum() else " "
        return kept


_WORDS = _Words({ord("'"): None, ord("\n"): "\n"})


def fold(name: str) -> str:
    """A name as it is compared: tokens joined by spaces, "&" as "and", no leading "the".

    >>> fold("The Beatles"), fold("Simon & Garfunkel"), fold("P!nk")
    ('beatles', 'simon and garfunkel', 'p nk')
    """
    tokens = tokenise(name.replace("&", " and "))
    return " ".join(tokens[1:] if len(tokens) > 1 and tokens[0] == "the" else tokens)


def artist_key(artist: str) -> str:
    """What artists are told apart by: the folded name, or the name itself where nothing in it is a letter.

    >>> artist_key("The Cats"), artist_key("!!!")
    ('cats', '!!!')
    """
    return fold(artist) or artist.strip().casefold()


def title_stem(title: str) -> str:
    """A title without its version marks, folded: remasters, live takes and featured guests fall together.

    >>> title_stem("Piano Man - Live at Shea (feat. Tony) [2011 Remaster]")
    'piano man'
    """
    stem = _VERSION_BRACKET.sub("", _VERSION_TAIL.sub("", _FEATURING.sub("", title)))
    return fold(stem) or fold(title)


def name_key(title: str, artist: str) -> str:
    """What two sources that know a recording only by name are joined on; version marks count.

    >>> name_key("Café - Live", "The Cats")
    'cats|cafe live'
    """
    return f"{fold(artist)}|{fold(title)}"
