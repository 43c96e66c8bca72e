"""Residue: what sites, editors and taggers leave in a lyric, wherever in its text, by kind.

The forms are those of Genius pages of all years (as LyricsGenius, spotDL and their like save them), AZLyrics,
MetroLyrics, musiXmatch, of ChordPro and tab sheets and of LRC files.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# (kind, what went)
Log = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Residue:
    """One form of residue.

    signs   lower-case texts; where none of them is in the lyric, the pattern matches nothing and is not tried
    gap     what stays in its place: "" inside a line, a line end where it stood between two lines
    only    says of a match whether it is residue
    """

    kind: str
    pattern: re.Pattern[str]
    signs: tuple[str, ...]
    gap: str = "\n"
    only: Callable[[re.Match[str]], bool] | None = None

    def taken_from(self, text: str, log: Log | None) -> str:
        if log is None and self.only is None:
            return self.pattern.sub(self.gap, text)

        def take(match: re.Match[str]) -> str:
            if self.only is not None and not self.only(match):
                return match[0]
            if log is not None and match[0].strip():
                log(self.kind, match[0])
            return self.gap

        return self.pattern.sub(take, text)


# The words that sections are headed with, in the languages that Genius has pages in.
SECTION = (
    r"verses?|chorus|refrain|hooks?|bridge|intro|outro|(?:pre|post)-?\s?chorus|interlude|breakdown|strophe|couplet|"
    r"estribillo|verso|coro|puente|part|solo|instrumental|spoken|skit"
)
SECTION_ELSEWHERE = (
    r"pr[ée]-?refrain|post-?refrain|pont|introduction|estrofa|(?:pre|post)-?\s?coro|pr[ée]-?refr[ãa]o|refr[ãa]o|ponte|"
    r"ritornello|strofa|strofă|(?:pre|post)-?ritornello|vers|zwrotka|(?:pre-?)?refren|nakarat|verse|bölüm|giriş|köprü|"
    r"çıkış|kıta|refräng|brygga|vers|omkvæd|bro|kertosäe|säkeistö|silta|sloka|versszak|refrén|refrein|brug|"
    r"куплет|припев|(?:пред|пре-?|пост)припев|бридж|интро|аутро|рефрен|проигрыш|куплети|приспів|στίχος|κουπλέ|ρεφρέν|"
    r"벌스|코러스|훅|인트로|아웃트로|브릿지|サビ|[ABC]メロ|ヴァース|バース|コーラス|イントロ|アウトロ|主歌|副歌|"
    r"المقطع|مقطع|لازمة|اللازمة|פזמון|בית|điệp khúc"
)
# What a page's own notice in square brackets begins with: "[Paroles de "Titre"]", "[Текст песни «Имя»]".
_NOTICE = (
    r"paroles d|letra d|songtext|testo d|текст|перевод|tekst|şarkı|lyrics?\b|lirik|låttext|sanat|versuri|lời bài|"
    r"traducci|traduction|traduzione|tradução|übersetzung|translat|romani[sz]|歌詞|가사|كلمات|στίχοι|produced|prod\."
)
NUMBER = r"\d{1,2}|[ivx]{1,4}|one|two|three|four|five|six|[a-d]"
TIMES = r"[x×]\s?\d{1,2}|\d{1,2}\s?[x×]"

# In square brackets nothing is sung: a heading may bring the names of all who sing it.
HEADING = re.compile(rf"\[(?:\d+x?\s*)?(?:{SECTION}|{SECTION_ELSEWHERE}|x\d)\b[^\]\n]{{0,300}}\]", re.IGNORECASE)
NOTICE = re.compile(rf"\[\W{{0,3}}(?:{_NOTICE})[^\]\n]{{0,300}}\]", re.IGNORECASE)
# Where each name of a heading is a link, a page saved line by line has each on a line.
SPLIT_HEADING = re.compile(
    rf"\[(?:{SECTION}|{SECTION_ELSEWHERE})\b([^\[\]\n]{{0,120}}(?:\n[^\[\]\n]{{0,80}}){{1,6}})\]", re.IGNORECASE
)
BRACKETED = re.compile(r"\[[^\]\n]{0,80}\]")
# In round brackets backing vocals are: only what is made of the words of headings as a whole is none of them.
_ROUND = (
    rf"\s*(?:(?:{TIMES})|(?:(?:repeat|\d{{1,2}}\s?x)\s+)?"
    rf"(?:part\s+(?:{NUMBER})|(?!part\b)(?:{SECTION})(?:\s+(?:{NUMBER}))?)"
    rf"(?:[\s,]+(?:-\s+)?(?:{TIMES}|repeat(?:ed)?|to|and|until|fades?|out|end|break|finale|{SECTION})\b)*)"
)
ROUND_HEADING = re.compile(
    rf"\({_ROUND}\s*(?::?\s*|(?<!spoken):\s(?:[^()\n]|\([^()\n]*\)){{1,80}}|\s-\s(?-i:[A-ZÀ-Þ0-9])[^()\n]{{1,80}})\)"
    r"(?:[ \t]*:(?=[ \t]*\n))?",
    re.IGNORECASE,
)
CURLY_HEADING = re.compile(rf"\{{{_ROUND}\s*(?::[^{{}}\n]{{0,80}})?[\]}}]", re.IGNORECASE)
_TIMES_ELSEWHERE = r"\d{1,2}\s?(?:times|veces|vezes|fois|volte|mal|раза?|keer|gånger|ganger|kez|razy|krát|回|번)"
REPEAT = re.compile(
    rf"\(\s*(?:(?:repeat|rpt\.?|bis)(?:\s+(?:(?:{TIMES}|{NUMBER}|(?:two|three|four|many)|times|chorus|verses?|refrain|hook|"
    r"bridge|lines?|first|last|all|above|twice|to|till|until|the|and|fades?|out|end)\b|&)[^\w\s]{0,2}){0,9}|"
    rf"{_TIMES_ELSEWHERE})\s*\)",
    re.IGNORECASE,
)

_CHORD = r"[A-H](?:#|b|♯|♭)?(?:maj|min|mi|ma|m|M|sus|dim|aug|add|no|[#b°ø+\-]|\d{1,2}){0,5}(?:/[A-H](?:#|b)?)?"
INLINE_CHORD = re.compile(rf"\[\s*\|?\s*{_CHORD}(?:[\s|,\-]+{_CHORD})*\s*\*?\s*\]")
CHORDPRO = re.compile(
    r"\{(?:(?:t|title|st|subtitle|artist|composer|lyricist|copyright|album|year|key|time|tempo|duration|capo|meta|"
    r"c|comment|ci|cb|define|chord|image|textfont|textsize|chordfont|chordsize|x_\w+)\s*:[^{}\n]{0,200}|"
    r"(?:soc|eoc|sot|eot|sov|eov|sob|eob|np|npp|ns|new_song|new_page|grid|no_grid|"
    r"(?:start|end)_of_\w{1,20})(?:\s*:[^{}\n]{0,80})?)\}",
    re.IGNORECASE,
)

LRC_TIME = re.compile(r"[\[<]\d{1,3}:\d{2}(?:[.:]\d{1,3})?[\]>][ \t]?")
LRC_TAG = re.compile(
    r"^[ \t]*\[(?:ar|ti|al|au|by|offset|length|re|ve|la|id|tool|lr|hash|sign|qq|total|#)\s*:"
    r"(?:[^\[\]\n]|\[[^\[\]\n]*\]){0,300}\][ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)

_TAG = r"(?:b|i|u|p|em|strong|div|span|font|center|pre|blockquote|a|img|script|style|sup|sub|small|h[1-6]|ul|li)"
BREAK_TAG = re.compile(r"[ \t]*</?(?:br|p|div|li)\s*/?>[ \t]*\n?|<(?:p|div|li)\s[^<>\n]{0,200}>", re.IGNORECASE)
MARKUP = re.compile(rf"</?{_TAG}(?:\s[^<>\n]{{0,200}})?/?>|<!--.{{0,400}}?-->", re.IGNORECASE | re.DOTALL)
ANGLE_HEADING = re.compile(rf"<{_ROUND}\s*:?\s*>", re.IGNORECASE)

TICKETS = re.compile(r"(?:See [^\n]{1,60} Live\s*)?Get tickets as low as [$£€]?\d+")
# Three songs with their artists, one name a line, where the page was saved line by line.
SUGGESTED = re.compile(r"You might also like:?\n((?:[^\n\[\]]{1,80}\n){6})(?=\s*\[)")
ADVERT = re.compile(r"You might also like(?! [a-z])")
_EMBED = (
    r"(?:\d+(?:\.\d)?K|\d{0,6})Embed(?:Share)?(?: ?URLCopyEmbedCopy)?\s*\Z|\d{1,6}embed\s*\Z|^\d{1,6} Embed\s*\Z|"
    r"\d{1,6}Embed$"
)
EMBED = re.compile(_EMBED, re.MULTILINE)
_COPY = re.compile(r"(?:EmbedShare ?|Share ?)?URLCopyEmbedCopy")
_MUSIXMATCH = re.compile(
    r"(?:\.\.\.\s*)?\*{3,}\s*This Lyrics is NOT for Commercial use\s*\*{3,}(?:\s*\(\d{6,}\))?", re.IGNORECASE
)
_SONGWRITERS = re.compile(r"^Songwriters?[ \t]*\n((?:[^\n]{1,100}\n?){1,3})\Z", re.IGNORECASE | re.MULTILINE)
_METROLYRICS = re.compile(r"\bread more:? [^\n]{0,100}? lyrics\W+(?:on )?metrolyrics(?:\.com)?\s*\Z", re.IGNORECASE)
_AZLYRICS = re.compile(
    r"(?:<!--\s*)?Usage of \w+\.com content by any third-party lyrics provider[^\n]{0,140}", re.IGNORECASE
)
_ADDRESS = r"(?:<?\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}\b>?|\bhttps?://[^\s)\]]+)"
# "Taken from http://...": a line of few words beside an address is about the address.
_ADDRESS_LINE = re.compile(rf"^([^\n]{{0,60}}?){_ADDRESS}([^\n]{{0,30}})$", re.IGNORECASE | re.MULTILINE)
_ADDRESS_WORD = re.compile(_ADDRESS, re.IGNORECASE)

# Genius marks its pages with Cyrillic letters that look Latin, "thе".
_LATIN = dict(zip("аеорсухіѕјАВЕКМНОРСТХУІЅЈ", "aeopcyxisjABEKMHOPCTXYISJ", strict=True))
_LOOK_ALIKE = re.compile(f"[{''.join(_LATIN)}]")
_MIXED = re.compile(rf"[A-Za-zÀ-ɏ{''.join(_LATIN)}]+")
_SURELY_LATIN = re.compile("[bdfghklmnqrtuvwzDFGLNQRUVWZÀ-ɏ]")
_TO_LATIN = str.maketrans(_LATIN)


def _names(match: re.Match[str]) -> bool:
    """Whether lines are names: Each Word Has a Capital, and no line ends like a sentence."""
    lines = match[1].split("\n")
    words = [
        word for line in lines for word in line.split() if word[0].isalpha() and word not in ("and", "y", "of", "the")
    ]
    high = sum(not word[0].islower() for word in words)
    return all(line[-1:] not in tuple(".?!;") or not line for line in lines) and 8 * high >= 7 * len(words)


_PERSONAL = frozenset(
    {
        *("i", "you", "me", "my", "your", "we", "us", "our", "i'm", "i'll", "i've", "you're", "you'll", "we're", "oh"),
        *("yeah", "don't", "can't", "gotta", "baby", "tú", "yo", "mi", "ich", "du", "dich", "mich", "je", "tu", "moi"),
    }
)
_EDITORIAL = re.compile(
    r"[:=/]|\b(?:click|samples?|sampled|repeat\w*|read|interspersed|fade\w*|solo|music|translation|spoken|speaking|talking|"
    r"instrumental|verses?|chorus|lyrics?|version|background|inaudible|unintelligible|laugh\w*|\d+\s?x|x\s?\d+|unknown)\b",
    re.IGNORECASE,
)


def _is_remark(match: re.Match[str]) -> bool:
    """Whether square brackets hold a name or a remark; "[yes I miss you]" is sung."""
    words = match[0].strip("[] ").split()
    if len(words) < 2 or _EDITORIAL.search(match[0]):
        return True
    small = any(word[0].islower() and word not in ("and", "with", "feat.", "ft.", "the", "of", "y") for word in words)
    return not small or not any(word.strip(",.!?\"'").lower() in _PERSONAL for word in words)


def latin(text: str, log: Log | None) -> str:
    """Latin letters where a Latin word has Cyrillic ones that look the same; Cyrillic words stay.

    >>> latin("thе мир", None) == "the мир"
    True
    """
    if text.isascii() or not _LOOK_ALIKE.search(text):
        return text

    def spelt(match: re.Match[str]) -> str:
        word = match[0]
        beside = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        if beside.strip().isalpha() or not _SURELY_LATIN.search(word) or not _LOOK_ALIKE.search(word):
            return word
        if log is not None:
            log("look-alike", word)
        return word.translate(_TO_LATIN)

    return _MIXED.sub(spelt, text)


def _is_about_an_address(match: re.Match[str]) -> bool:
    return len(f"{match[1]} {match[2]}".split()) <= 4


INLINE = (
    Residue("lrc", LRC_TAG, ("[",)),
    Residue("lrc", LRC_TIME, ("[", "<"), ""),
    Residue("chord", INLINE_CHORD, ("[",), ""),
    Residue("chord", CHORDPRO, ("{",)),
    Residue("notice", _AZLYRICS, ("third-party lyrics provider",)),
    Residue("notice", _MUSIXMATCH, ("commercial use",)),
    Residue("notice", _METROLYRICS, ("metrolyrics",)),
    Residue("credit", _SONGWRITERS, ("songwriter",), only=_names),
    Residue("markup", BREAK_TAG, ("<",)),
    Residue("heading", ANGLE_HEADING, ("<",)),
    Residue("markup", MARKUP, ("<",), ""),
    Residue("advert", TICKETS, ("tickets as low as",)),
    Residue("advert", SUGGESTED, ("you might also like",), only=_names),
    Residue("advert", ADVERT, ("you might also like",)),
    Residue("embed", _COPY, ("urlcopyembedcopy",)),
    Residue("heading", HEADING, ("[",)),
    Residue("heading", SPLIT_HEADING, ("[",), only=_names),
    Residue("notice", NOTICE, ("[",)),
    Residue("bracketed", BRACKETED, ("[",), only=_is_remark),
    Residue("round heading", ROUND_HEADING, ("(",)),
    Residue("round heading", REPEAT, ("(",)),
    Residue("heading", CURLY_HEADING, ("{",)),
    Residue("address", _ADDRESS_LINE, ("@", "://"), only=_is_about_an_address),
    Residue("address", _ADDRESS_WORD, ("@", "://"), ""),
)
