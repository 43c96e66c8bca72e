"""Lines that nobody sings: credits, notices of sites, headings without brackets, "repeat chorus"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from indexer.text.residue import NUMBER, SECTION, SECTION_ELSEWHERE, TIMES

_FIRST_WORD = re.compile(r"[\W\d_]*([^\W\d_]*)")
_KANA = "\u3040"  # from here on signs of which a few say who wrote a song
LONGEST = 330  # characters; a lyric that came without line breaks may begin with a credit, and is one line

_CREDIT_BY = re.compile(
    r"(?:written|produced|composed|mixed|lyrics|music|words|words and music|(?:lyrics )?(?:typed|transcribed|submitted|"
    r"corrected|contributed|translated|posted|sent|added|provided)(?: in)?) by\b(\s?:)?(.*)",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:writers?|songwriters?|composers?|producers?|publishers?|lyricists?|copyright) ?(?:\(s\))? ?:|©|℗|\(c\) ?\d{4}|"
    r"copyright (?:\(c\) ?|© ?)?\d{4}|.{0,80}\blyrics? ©|"
    r"published by\W*$|"
    r"(?:作词|作詞|作曲|编曲|編曲|填词|填詞|原唱|演唱|制作人|製作人|监制|監製|混音|录音|母带|和声|吉他|贝斯|出品|作詞/作曲|词曲|詞曲|"
    r"작사|작곡|편곡|음악|가사)(?:[ /][^:：\n]{0,12})?\s*[:：]",
    re.IGNORECASE,
)
_SOCIETY = re.compile(
    r"\((?:BMI|ASCAP|SESAC|SOCAN|PRS|GEMA|SACEM|APRA|STIM|BUMA)\)|\ball rights reserved\b.*\b(?:19|20)\d\d"
)
_CONNECTING = frozenset(
    {"and", "for", "by", "at", "of", "the", "with", "de", "del", "la", "van", "von", "y", "et", "und"}
)

_SITE = r"(?:[\w-]+\.)+(?:com|net|org|cz|de|ru|pl|it|fr|me|info|co\.uk|com\.br)\b"
# What sites print beside lyrics, in the languages of the large ones.
_NOTICES = (
    r"submit (?:lyrics )?corrections?\W*$",
    r"lyrics? (?:submitted|transcribed|typed|corrected|contributed|posted)(?: in)? by (?:\S+ ?){1,4}$",
    r"thanks to .{1,100}? for (?:correct|add|submit|send|provid|post|transcrib|typing|these lyrics|the lyrics|lyrics)",
    r"(?:these |the |song )?lyrics? (?:(?:is|are) )?(?:licensed|powered|licensed (?:&|and) provided)\b.{0,40}\bby\b",
    r"(?:(?:this|these|all|the) )?(?:song )?lyrics? (?:is|are) (?:not for (?:commercial|sale)|"
    r"for (?:educational|personal|non)|owned|protected|"
    r"(?:the )?property|copyright|last corrected|provided (?:by|for|as))",
    r"(?:you can )?(?:find|get|read|see|search|browse) (?:(?:more|other|all|these|the) )?(?:\w+ )?(?:song )?"
    r"lyrics? (?:at|on|for|from)\b",
    r"(?:(?:more|all|other|complete|full|song|these|found|taken|courtesy|copied|from|lyrics) ){0,3}"
    rf"(?:from|at|on|of|by|visit|@|:|are found on|courtesy of)?\W*(?:https?://|www\.)?{_SITE}\S*\W*$",
    rf".*\b(?:lyrics|visit|download|submitted|website|source)\b.*\b(?:https?://|www\.){_SITE}",
    r"for (?:more|other|all) (?:great )?(?:songs?|lyrics|info\w*)\W+(?:visit|go to|see|check)\b",
    r"(?:we do not|we don't|do you) have (?:the|these|any) lyrics",
    r"(?:text|video|překlad|karaoke) (?:přidal|pridal|opravil|vložil)\w*\b",
    r"tekst (?:dodał|dodany|wprowadził|piosenki pochodzi)|edytuj tekst\W*$|zobacz inne teksty",
    r"testo (?:inserito|aggiunto|tratto|trovato) |letra (?:añadida|enviada|agregada|corregida|subida)\b",
    r"(?:enviad[ao]|legendad[ao]|revisad[ao]|traduzid[ao]) por \S|revis(?:ões|ão) por \S|composição\s*:",
    r"ess?[st]a informação está errada|viu algum erro",
    r"paroles (?:rédigées|ajoutées|proposées|transcrites|écrites et (?:expliquées|annotées)|de la chanson [^:]{1,99}:)",
    r"songtext (?:powered by|hinzugefügt|zur verfügung)|текст (?:песни )?(?:добавил|взят|предоставлен)",
    r"(?:source|quelle|zdroj|fonte|fuente|источник)\s*:\s*(?:https?:|www\.|musixmatch|lyricfind|genius|azlyrics|"
    r".*\.\w{2,3}$)",
    r"(?:lrc|subtitles?|synced|synchroni[sz]ed|lyrics) (?:(?:made|created|edited|synced|brought to you) )?"
    r"by (?:rentanadviser|megalobiz|lyricfind|musixmatch)|by rentanadviser",
    r"add to favorites\W*$|print these lyrics|last update\s*:|(?:used|reprinted) by permission",
    r"lyrics from (?:the )?snippets?\W*$",
    r"(?:english|german|spanish|french|korean|japanese|chinese|russian|literal|rough) translation\W*$",
    r"romani[sz](?:ed|ation)(?: lyrics| version)?\W*$|hangul\W*$",
    r"(?:transliteration|traducción(?: al español)?|traduction(?: française)?|übersetzung|translation)\s*:\W*$",
)
_NOTICE = re.compile(rf"[\W_]*(?:{'|'.join(_NOTICES)})", re.IGNORECASE)
_ALONE = (
    r"(?:pre-?\s?|post-?\s?)?chorus|(?:first |last |second |third |final )?verse|refrain|pre-?refrain|refrão|"
    r"estribillo|coro|ritornello|refren|refrén|nakarat|intro|outro|introduction|strophe|couplet|strofa|zwrotka|"
    r"куплет|припев|бридж|코러스|벌스|サビ|副歌|主歌|"
    r"instrumental(?: (?:break|interlude|bridge|solo|section|outro|intro))?"
)
_NUMBERED = rf"\s*[#.]?\s*(?:{NUMBER})?"
_AGAIN = rf"(?:\W*(?:repeat(?:ed|s)?|again|fades?(?: out)?|until (?:the )?end|to fade|{TIMES}))?"
_HEADING = re.compile(
    rf"[\W_]*(?:(?:repeat(?: the)? )?(?:{_ALONE}){_NUMBERED}{_AGAIN}[\W_]*|"
    rf"(?:[*#~={{<\-–—_]{{1,6}}\s*(?:{SECTION}|{SECTION_ELSEWHERE}){_NUMBERED}{_AGAIN}\s*[*#~=}}>\-–—_:]{{1,7}}\s*)|"
    rf"(?:[*#]{{2,6}}\s*(?:{SECTION}){_NUMBERED}\s*:?)|"
    rf"(?:{SECTION}|{SECTION_ELSEWHERE}|ref\.?|rit\.?|r\.?){_NUMBERED}{_AGAIN}\s*:\W*|(?:ref|rit)\.|{TIMES}|"
    r"(?:guitar|piano|sax|saxophone|drum|organ|harmonica|keyboard|violin|trumpet|bass) (?:solo|break|interlude))",
    re.IGNORECASE,
)
_REPEAT = re.compile(
    rf"[\W_]*(?:repeat|rpt\.?)(?:\s+(?:(?:{TIMES}|{NUMBER}|two|three|four|many|times|chorus|verses?|refrain|hook|bridge|"
    r"lines?|first|last|above|twice|till|until|the|and|fades?|out|end)\b|&)[^\w\s]{0,2}){1,9}[\W_]*",
    re.IGNORECASE,
)
_BACK = re.compile(
    rf"\W*(?:back to(?: the)? (?:chorus|verse|hook|refrain)\b[^.]{{0,30}}|(?:sing|play)s? (?:{TIMES}|twice))\W*",
    re.IGNORECASE,
)
_VERSE_OF = re.compile(
    rf"\W*(?:verse|part|strophe|couplet) (?:{NUMBER}|seven|eight|nine|ten)\s*[:–-]\s*"
    r"(?:(?-i:[^\W\d_a-z]\S*|&|and|the|of|y|feat\.?|ft\.?)(?:\s+|$)){1,6}",
    re.IGNORECASE,
)
_LABEL = re.compile(
    rf"(?:chorus|refrain|pre-?chorus|hook|bridge|refrão|estribillo|coro|verse|intro|outro|strophe|couplet)"
    rf"(?:\s*#?\s*(?:{NUMBER}))?(?:\s*\(?(?:{TIMES})\)?)?\s*:\s+(?=\S)",
    re.IGNORECASE,
)
_BEFORE_LAST, _LAST = frozenset("0123456789 xX×"), frozenset("0123456789xX×)")
_COUNT = re.compile(
    r"(?<![\d\s,])[\s,]+(?:repeat )?"
    r"(?:\((?:x\s?\d{1,2}|\d{1,2}\s?x)\)|(?:[x×]\s?\d{1,2}|\d{1,2}\s?[x×])(?P<closed>\)?))$",
    re.IGNORECASE,
)

# What such lines begin with, in lower case: most sung lines need no second look.
_FIRST = """
written produced composed mixed lyric lyrics music words typed transcribed submitted corrected contributed
translated posted sent added provided writer writers songwriter songwriters composer composers producer
producers publisher publishers lyricist lyricists copyright c submit text video překlad karaoke tekst edytuj
zobacz testo letra enviada enviado legendada legendado revisada revisado revisão revisões traduzida traduzido
composição viu paroles songtext текст source quelle zdroj fonte fuente источник lrc subtitle subtitles synced
synchronized synchronised add print last used reprinted romanized romanised romanization romanisation hangul
transliteration traducción traduction übersetzung translation verse verses chorus refrain hook hooks bridge
intro outro pre prechorus pre-chorus post post-chorus postchorus interlude breakdown strophe couplet
estribillo verso coro puente part solo instrumental spoken skit first second third final introduction
prérefrain pré-refrain pre-refrain pré pont estrofa refrão refrao ponte ritornello strofa strofă vers zwrotka
refren pre-refren nakarat bölüm giriş köprü çıkış kıta refräng brygga omkvæd bro kertosäe säkeistö silta sloka
versszak refrén refrein brug куплет припев предприпев пре-припев постприпев бридж интро аутро рефрен проигрыш
куплети приспів στίχος κουπλέ ρεφρέν 벌스 코러스 훅 인트로 아웃트로 브릿지 サビ ヴァース
バース コーラス イントロ アウトロ 主歌 副歌 المقطع مقطع لازمة
اللازمة פזמון בית điệp ref rit guitar piano sax saxophone drum organ
harmonica keyboard violin trumpet bass published r repeat rpt back sing play x
"""
_FIRST_WORDS = frozenset(_FIRST.split())
# Words that many sung lines begin with, too: looked at where the lyric speaks of lyrics or sites at all.
_COMMON = """
thanks these the this song all you find get read see search browse more other complete full found taken
courtesy copied from at on of by visit for we do english german spanish french korean japanese chinese russian
literal rough esta essa
"""
_COMMON_WORDS = frozenset(_COMMON.split())
_SITE_SIGNS = (
    *("lyric", "www.", "://", ".com", ".net", ".org", ".info", ".co", ".cz", ".ru", ".me", "correct", "translation"),
    *("informação", "for more", "for other"),
)
_ANYWHERE = (
    *(
        "www.",
        "://",
        "(bmi)",
        "(ascap)",
        "(sesac)",
        "(socan)",
        "(prs)",
        "(gema)",
        "(sacem)",
        "(apra)",
        "(stim)",
        "(buma)",
    ),
    "all rights reserved",
)


def suspects(lines: Sequence[str], lowered: str) -> Iterator[int]:
    """The places of the lines that `line_kind` may know; `lowered` is all of them in lower case."""
    if any(sign in lowered for sign in _ANYWHERE):
        yield from range(len(lines))
        return
    common = any(sign in lowered for sign in _SITE_SIGNS)
    for place, line in enumerate(lines):
        if not line:
            continue
        word = _FIRST_WORD.match(line)[1].lower()  # type: ignore[index]
        known = word in _FIRST_WORDS or word[:1] > _KANA or line[0] in "©℗"
        if not word or known or (common and (word in _COMMON_WORDS or "." in line.partition(" ")[0])):
            yield place


def line_kind(line: str) -> str | None:
    """What a line without sung words is: "credit", "notice", "heading", "repeat"; None for one that is sung.

    >>> line_kind("Repeat 1 & 2"), line_kind("*** Verse 1:"), line_kind("Repeat after me")
    ('repeat', 'heading', None)
    """
    if not line or len(line) > LONGEST:
        return None
    if is_credit(line):
        return "credit"
    if _NOTICE.match(line):
        return "notice"
    if len(line) > 80:
        return None
    if _HEADING.fullmatch(line) or _VERSE_OF.fullmatch(line):
        return "heading"
    if _REPEAT.fullmatch(line) or (line[0] == "(" and line[-1] == ")" and _BACK.fullmatch(line)):
        return "repeat"
    return None


def is_credit(line: str) -> bool:
    """Whether a line says who made the song: "Written by" and names, which have capitals where a sentence has none."""
    if (by := _CREDIT_BY.match(line)) is None:
        return _CREDIT.match(line) is not None or _SOCIETY.search(line) is not None
    words = by.group(2).split()
    if by.group(1) or not words:
        return True
    named = [word[0].isupper() or not word[0].isalpha() for word in words if word not in _CONNECTING]
    return words[0] not in _CONNECTING and bool(named) and named[0] and 3 * sum(named) >= 2 * len(named)


def without_label(line: str) -> str:
    """A sung line without "Chorus:" before it and "x2" behind it.

    >>> without_label("CHORUS: Hold the line x2"), without_label("(Hold on x2)"), without_label("Chorus of angels")
    ('Hold the line', '(Hold on)', 'Chorus of angels')
    """
    if ":" in line[:24] and (label := _LABEL.match(line)):
        line = line[label.end() :]
    if line[-2:-1] in _BEFORE_LAST and (line[-1] in _LAST):
        line = _COUNT.sub(lambda count: count["closed"] or "", line)
    return line
