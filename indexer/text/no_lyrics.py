"""No lyrics: texts that stand where a lyric should and are something else. In doubt a text is a lyric."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from indexer.text.residue import BRACKETED

# What a text is instead of a lyric.
NoLyrics = Literal["unknown", "instrumental", "unavailable", "article", "track list", "script", "book"]

_LONGEST_NOTE = 400  # characters of a text that only says that there is nothing to sing
_LEAST_PROSE = 500  # characters; shorter prose may be spoken in a song
_UNKNOWN = frozenset(
    {
        *(
            "",
            "na",
            "n/a",
            "#n/a",
            "<na>",
            "nan",
            "nat",
            "null",
            "none",
            "-",
            "--",
            "?",
            "unknown",
            "tba",
            "tbd",
            "empty",
        ),
        *("lyrics", "no lyrics", "no lyric", "missing lyrics", "not found", "undefined"),
        *("unreleased", "lyrics here", "..."),
    }
)
_INSTRUMENTAL_WORD = (
    r"instrumental(?:e|es|is|ní|ny|nie|na|no|ma|stück|versjon|version|musik)?|instrumentál\w*|instrumentaal|instrumentell|"
    r"instrumentaali|strumentale|enstr[uü]mantal|inštrumentál\w*|инструментал\w*|інструментал\w*|ορχηστρικό|インスト\w*|"
    r"연주곡?|인스트루멘탈|纯音乐|純音樂|器乐|器樂|伴奏|موسيقى|אינסטרומנטלי"
)
_INSTRUMENTAL = re.compile(
    r"(?:(?:this|the) (?:song|track|piece|tune|title|one)(?: is|'s)|(?:it|this)(?: is|'s)|(?:esta|la) canción es|"
    r"(?:ce|cette) (?:titre|morceau|chanson|piste) est|dieser? (?:song|track|titel|lied|stück) ist|"
    r"est[ae] (?:música|faixa) é|(?:questo|il) brano è|dit nummer is|это|эта композиция|intro|outro|interlude|"
    r"break|solo|brano|morceau|titre|piste|tema|pista|canción|faixa|música|lied|titel|stück|piece|track|song)?\W*"
    r"(?:an? |una |un |ein |eine |purely |an entirely |completely |all |entirely |fully |just |only )*\W*"
    rf"(?:{_INSTRUMENTAL_WORD})(?:\W+(?:track|song|piece|tune|music|version|only|intro|outro|interlude|break|solo|skit|"
    r"mix|remix|composition|recording|titel|stück|musik|canción|tema|pista|morceau|brano|faixa|música|композиция|трек|"
    r"no lyrics|no vocals|without lyrics|without vocals|by [\w .&'-]{1,40}|"
    r"[，,]?请您?欣赏|\d{1,2}:\d\d(?:\W+\d{1,2}:\d\d)?))*"
    r"(?:\W+(?:and )?(?:has|have|contains|there are) no (?:lyrics|vocals|words))?",
    re.IGNORECASE,
)
_WORDLESS = re.compile(
    r"(?:there are no|no|without|sans|ohne|sin|sem|senza|bez|без|zonder|uten|utan|ilman)\W+"
    r"(?:lyrics|vocals?|words|singing|paroles|text|gesang|letra|palabras|parole|testo|tekstu?|textu?|слов|"
    r"tekst|sanoja)"
    r"(?: (?:in|for|to|on) this (?:song|track|piece))?|"
    r"(?:此歌曲为)?没有填词的纯音乐[，,]?请您欣赏|(?:music|musique|música|musik) (?:only|seule|solamente)",
    re.IGNORECASE,
)
_UNAVAILABLE = re.compile(
    r"lyrics? (?:for this (?:song|track) )?(?:have|has|are|is|were)?\s?"
    r"(?:yet to be|not (?:yet |currently )?(?:been )?|un|"
    r"currently (?:un|not )|no longer )\s?(?:released|transcribed|available|added|found|known|avail\w*|provided)|"
    r"(?:please )?check back (?:once|soon|later)|lyrics (?:are |will be |to be )?(?:coming soon|added (?:soon|later)|"
    r"(?:available|added|posted|transcribed) (?:soon|later|upon|once|when|after|as soon))|"
    r"(?:we|i) (?:do not|don't|did not|didn't|could not|couldn't|currently do not) (?:have|find) (?:the |any |these )?"
    r"(?:full )?lyrics|(?:sorry|unfortunately)\W+(?:but )?(?:we|there|no|the|these|this)\b"
    r".{0,80}\blyrics (?:for|are|available|at|yet)\b|"
    r"not (?:licensed|authori[sz]ed|in a position|allowed) to (?:display|show|print) (?:the |these )?(?:full )?lyrics|"
    r"(?:be the first to|help us|please|you can|would you like to) (?:add|contribute|submit|transcribe)\b"
    r".{0,40}\blyrics|"
    r"would like to have the lyrics of this song|lyrics (?:are )?restricted|restricted lyrics|"
    r"(?:no|any) lyrics (?:were |was )?(?:found|available|yet|exist)|unable to find (?:the )?lyrics|"
    r"(?:letra|paroles|testo|songtext|liedtext|text) (?:no |non |nicht |ainda não |não )(?:est[áa] )?"
    r"(?:disponibles?|disponibile|disponível|verfügbar|gefunden|vorhanden|encontrada)|"
    r"текст(?: песни)? (?:не найден|отсутствует)|"
    r"歌詞(?:は|が)?(?:ありません|未登録)|暂无歌词|暫無歌詞|가사가? ?(?:없|준비)|sözleri? (?:bulunamadı|yok)",
    re.IGNORECASE,
)
# A few lines are sung already, and the rest is promised.
_SNIPPET = re.compile(r"\bsnippet\b|stay tuned\W+\w", re.IGNORECASE)
_TRACK = re.compile(
    r"\s*(?:(?:(?:disc|cd|side|track)\s*)?\d{1,3}\s*(?:[.)\-–:|]|\t)\s*[\"'(]?\S.*|.{1,100}?[\s(\[]\d{1,2}:[0-5]\d[)\]]?)\s*"
)
_TRACK_NUMBER = re.compile(r"\s*(?:track\s*)?(\d{1,3})\s*[.)\-–:|\t]", re.IGNORECASE)
_DURATION = re.compile(r"[\s(\[]\d{1,2}:[0-5]\d[)\]]?\s*$")
_SCENE = re.compile(
    r"^\s*(?:\d+\.?\s+)?(?:INT|EXT|INT/EXT|I/E)\.\s+\S|^\s*(?:FADE (?:IN|OUT)|CUT TO|DISSOLVE TO|SMASH CUT)\b|"
    r"^\s*(?:\[?\(?(?:Enter|Exit|Exeunt|Re-enter)\s+[A-Z][\w ,.']{2,60}\)?\]?|ACT [IVX1-9]+\b.*|SCENE [IVX\d]+\b.*)$",
    re.MULTILINE,
)
_CHAPTER = re.compile(
    r"\A\W*(?:chapter|kapitel|chapitre|capítulo|capitolo|глава|book|canto|prologue|epilogue)\b[ .:]*"
    r"(?:[\divxlc]+|the|one|two|three|first)?\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*\s+(?=[\"'(]*[A-ZÀ-ÞА-Я0-9])")
# What is written of music and its trade, each once in an article and hardly two of them in a song.
_TRADE = re.compile(
    r"\b(?:(?:19|20)\d\d|albums?|singles?|songwriter|released?|release|charts?|billboard|interviews?|producer|produced|"
    r"discography|record label|records|tour|critics?|reviews?|according to|published|website|grammys?|fans|debut|"
    r"streams|spotify|youtube|lyrics|genre|musicians?|journalists?|university|veröffentlicht\w*|publicado|sorti)\b",
    re.IGNORECASE,
)
_LEAST_TRADE = 3  # different words


def no_lyrics(text: str) -> NoLyrics | None:
    """What a text is if it is no lyric; None for a lyric.

    >>> no_lyrics("[Instrumental]"), no_lyrics("n/a"), no_lyrics("Lyrics not available"), no_lyrics("Instrumental love")
    ('instrumental', 'unknown', 'unavailable', None)
    """
    if len(text) <= _LONGEST_NOTE:
        bare = " ".join(text.split()).strip("[](){}<>.!*-–—~♪♫\"' ").casefold()
        if bare in _UNKNOWN:
            return "unknown"
        if _is_instrumental(bare):
            return "instrumental"
        if _UNAVAILABLE.search(bare) and not _SNIPPET.search(text):
            return "unavailable"
    lines = [line for line in text.split("\n") if line.strip()]
    if _is_track_list(lines):
        return "track list"
    if len(_SCENE.findall(text)) >= 3:
        return "script"
    if _is_prose(text, lines):
        return "book" if _CHAPTER.match(text) else "article" if _is_of_music(text) else None
    return None


def _is_instrumental(bare: str) -> bool:
    parts = [part for part in re.split(r"[\[\]()\n]+|(?<=[.!])\s", bare) if part.strip(" .!*-")]
    return (
        bool(parts)
        and len(bare) <= 160
        and all(
            _INSTRUMENTAL.fullmatch(part.strip(" .!*-~♪")) or _WORDLESS.fullmatch(part.strip(" .!*-~♪"))
            for part in parts
        )
    )


def _is_track_list(lines: list[str]) -> bool:
    """Numbered or timed titles: most lines, the numbers rising, none said twice, none ended like a sentence."""
    if len(lines) < 5:
        return False
    tracks = [line for line in lines if len(line) <= 140 and _TRACK.fullmatch(line)]
    if len(tracks) < 0.7 * len(lines) or len(tracks) < 5:
        return False
    timed = sum(_DURATION.search(line) is not None for line in tracks)
    if timed >= 0.7 * len(tracks):
        return len(set(tracks)) == len(tracks)
    numbers = [int(number[1]) for line in tracks if (number := _TRACK_NUMBER.match(line))]
    rising = sum(after == before + 1 or after == 1 for before, after in pairwise(numbers))
    ended = sum(line.rstrip()[-1] in ",.;" for line in tracks)
    return len(numbers) >= 5 and rising >= 0.8 * (len(numbers) - 1) and ended <= 0.2 * len(tracks)


def _is_prose(text: str, lines: list[str]) -> bool:
    """Paragraphs of written sentences: long, whole, with commas, none said twice, under no heading of a song."""
    if len(text) < _LEAST_PROSE or BRACKETED.search(text):
        return False
    long = [line for line in lines if len(line) >= 150]
    if sum(map(len, long)) < 0.8 * sum(map(len, lines)):
        return False
    sentences = [part.strip() for line in long for part in _SENTENCE_END.split(line)]
    words = sum(len(sentence.split()) for sentence in sentences)
    if len(sentences) < 4 or not 9 <= words / len(sentences) <= 45:
        return False
    again = len(sentences) - len({sentence.casefold() for sentence in sentences})
    ended = sum(line.rstrip()[-1] in ".!?\"')”»:" for line in long)
    return again <= 0.03 * len(sentences) and ended >= 0.7 * len(long) and _capitals_inside(sentences) <= 0.2


def _capitals_inside(sentences: list[str]) -> float:
    """The share of words in mid-sentence that have a capital: lines of a song run together have many."""
    inside = [word for sentence in sentences for word in sentence.split()[1:] if word[0].isalpha() and word != "I"]
    return sum(word[0].isupper() for word in inside) / max(1, len(inside))


def _is_of_music(text: str) -> bool:
    return len({word.casefold() for word in _TRADE.findall(text)}) >= _LEAST_TRADE
