"""The head of a page: what Genius and its like print above the first line, and scrapers save as if it were sung."""

from __future__ import annotations

import re

from indexer.text.names import fold, title_stem
from indexer.text.residue import Log

MOST = 900  # characters of a head: thirty languages, the names of the translations and the title
MOST_DESCRIPTION = 1_600  # characters; Genius cuts what it says of a song long before

# The languages that Genius pages link translations in, as they write themselves.
_LANGUAGES = (
    "Afrikaans|Azərbaycan(?: dili)?|Azərbaycanca|Bahasa Indonesia|Bahasa Melayu|Bosanski|Català|Čeština|Česky|Cymraeg|"
    "Dansk|Deutsch|Eesti|English|Español|Esperanto|Euskara|Filipino|Français|Gaeilge|Galego|Hrvatski|Íslenska|Italiano|"
    "Kiswahili|Kurdî|Latina|Latviešu|Lietuvių|Magyar|Malti|Nederlands|Norsk|O'zbek|Oʻzbekcha|Polski|Português|Română|"
    "Romanization|Romanized|Shqip|Slovenčina|Slovenščina|Srpski|Suomi|Svenska|Tagalog|Tiếng Việt|Türkçe|Ελληνικά|"
    "Беларуская|Български|Қазақша|Македонски|Русский|Српски|Українська|Հայերեն|ქართული|עברית|العربية|اردو|فارسی|پښتو|"
    "हिन्दी|हिंदी|বাংলা|தமிழ்|తెలుగు|ไทย|한국어|日本語|中文|简体中文|繁體中文|"
    "Español \\(Latinoamérica\\)|Português \\(Brasil\\)"
)
_COUNT = re.compile(r"\A\s*\d{1,4}(?:[.,]\d+)?K? Contributors?\s*")
_TRANSLATIONS = re.compile(rf"\A\s*Translations?(?:(?=[^\W\d_a-z])|\s*(?:(?:{_LANGUAGES})\s*)+)")
# "TITLE Lyrics" and what follows without a space, or on the next line.
_GLUED = re.compile(r"\A(?P<title>[^\n]{1,200}?) Lyrics(?:[ \t]*(?=\[)|(?=[\"'(]?[^\W\d_a-z]))")
_LINE = re.compile(
    r"\A[ \t]*(?P<title>[^\n]{1,200}?)[ \t]+(?i:lyrics)[ \t]*(?:[|–@-]|on|at)?[ \t]*"
    r"(?i:(?:az|metro|genius)[\w.]*(?: lyrics)?)?[ \t]*(?:\n|\Z)"
)
_END = re.compile(r"(?: |\n)Lyrics(?=[ \t]*(?:\[|\n|\Z)|[^\s:,.!?;)\]|-])")
_LATER_END = re.compile(r" Lyrics\b")
_READ_MORE = re.compile(r"(?P<dots>(?<=\S)\.{3})?\s*Read More(?=[\s\[\"'(]|[^\W\d_a-z]|\Z)\s*")
_PREFACE = re.compile(
    r"\A(?:(?:the )?lyrics from (?:the )?snippets?|english translation|romani[sz](?:ed|ation))"
    r"(?: {2,}|\n+|:\s*\n|:? *\Z)|"
    r"\A(?:(?:full|complete) )?lyrics (?:will be )?available (?:upon|when|once|after)[^\n.]{0,60}(?:\. )?stay tuned\W+|"
    r"\AParoles de la chanson [^\n:]{1,120}(?::|\n|\Z)|"
    r"\A(?:Paroles|Letra|Songtext|Testo|Lyrics)(?: (?:de|von|zu|di|of|to|for))?(?: la canción| la canzone)? "
    r"[\"«][^\n\"»]{1,100}[\"»](?: +(?:ft|feat|featuring|con|by|de|von|di)\b[^\n\[]{1,60}(?=\n))?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"]*[^".,!?]"')
_LYRIC = r"lyrics|paroles|letra|songtext|liedtext|testo|tekst|текст|sözleri"
_OF_LYRICS = re.compile(rf"\b(?:{_LYRIC})\b", re.IGNORECASE)
_JOINED = re.compile(rf"[-–—－:|]|\b(?:by|{_LYRIC})\b", re.IGNORECASE)
_LYRIC_WORDS = frozenset((*_LYRIC.split("|"), "by", "par", "de", "von", "zu", "di", "da", "to", "of", "for", "por"))
# Tables written by R say NA where there was nothing; "NA NA NA" is a song.
STRAY_NA = re.compile(r"\A(?:NA\s+){1,2}(?!(?i:na)\b)(?=[^\n]*[^\W\d_A-ZÀ-Þ])")


def without_head(text: str, title: str, artist: str, log: Log | None) -> str:
    """`text` without the counts, links, title and description that stand above the first line.

    >>> without_head("2 ContributorsTranslationsEspañolPort Lyrics[Intro]\\nAnchor", "", "", None)
    '[Intro]\\nAnchor'
    """
    for kind, end in (
        ("head", _links_end(text, title)),
        ("title", _title_end(text, title, artist)),
        ("preface", _end_of(_PREFACE.match(text))),
        ("description", _description_end(text)),
        ("stray NA", _end_of(STRAY_NA.match(text)) if text.startswith("NA") else 0),
    ):
        if end:
            if log is not None:
                log(kind, text[:end])
            return text[end:]
    return text


def _end_of(match: re.Match[str] | None) -> int:
    return 0 if match is None else match.end()


def _links_end(text: str, title: str) -> int:
    """Where "12 ContributorsTranslationsDeutschTITLE Lyrics" ends; 0 where the text begins otherwise."""
    count = _COUNT.match(text)
    start = 0 if count is None else count.end()
    if translations := _TRANSLATIONS.match(text[start:MOST]):
        start += translations.end()
    if not start:
        return 0
    head = text[start:MOST]
    named = re.search(re.escape(title) + " lyrics", head, re.IGNORECASE) if title else None
    if end := named or _END.search(head) or _LATER_END.search(head):
        start += end.end()
    more = _READ_MORE.search(text, start, start + MOST_DESCRIPTION)
    return more.end() if more is not None and more["dots"] else start


def _title_end(text: str, title: str, artist: str) -> int:
    """Where the song's own title ends, if the text begins with it as a page does."""
    head = text[:MOST]
    if " Lyrics" in head and (glued := _GLUED.match(head)):
        return glued.end()
    line = head.split("\n", 1)[0].strip()
    if (
        "lyrics" in line.lower()
        and (named := _LINE.match(head))
        and (_same(named["title"], title) if title else " Lyrics" in line and _capitals(named["title"]))
    ):
        return named.end()
    quoted = f"{line}\n\n" in head and _QUOTED.fullmatch(line) is not None and _same(line[1:-1], title)
    return len(line) if quoted or is_name_line(line, title, artist) else 0


def _same(text: str, title: str) -> bool:
    return bool(title) and (fold(text) == fold(title) or title_stem(text) == title_stem(title) != "")


def _capitals(text: str) -> bool:
    """Whether Each Word Begins as in a Title; small words may be small."""
    words = [word for word in text.split() if len(word) > 3 or word[0].isupper()]
    return bool(words) and len(words) <= 8 and not any(word[0].islower() for word in words) and text[-1] not in ",.!?"


def is_name_line(text: str, title: str, artist: str) -> bool:
    """Whether a line says the title, the artist or that a lyric follows, and nothing else.

    >>> is_name_line("COPPER KETTLE LYRICS - ADA", "Copper Kettle", "Ada"), is_name_line("Copper Kettle", "", "")
    (True, False)
    >>> is_name_line("Paroles de Copper Kettle", "Copper Kettle", "Ada")
    True
    """
    spare = len(text) - len(title)
    if not title or not 0 < spare <= len(artist) + 24 or not _JOINED.search(text):
        return False
    of, by = fold(title).split(), fold(artist).split()
    names = [word for word in fold(text).split() if word not in _LYRIC_WORDS or word in of or word in by]
    if by and names in (of + by, by + of):
        return True
    return names == of and _OF_LYRICS.search(text) is not None


def _description_end(text: str) -> int:
    """Where "Five years after ... Read More" ends: prose in one or a few paragraphs, cut by the page."""
    head = text[:MOST_DESCRIPTION]
    more = _READ_MORE.search(head) if "Read More" in head else None
    if more is None:
        return 0
    before = [line for line in head[: more.start()].split("\n") if line.strip()]
    if not before or len(before) > 6:
        return 0
    prose = sum(map(len, before)) >= 45 * len(before)
    return more.end() if prose and (more["dots"] or before[-1].rstrip()[-1] in '.!?"»)') else 0
