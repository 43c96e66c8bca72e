"""Versions: what a title says of a recording beside its name: live, acoustic, karaoke, remaster, sped up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from indexer.text.tokens import QUOTES, strip_accents

# Kind -> the words that say so, without accents, as a pattern; English first, then Spanish, Portuguese, French,
# Italian, German, Dutch, Polish, Turkish, Russian, Japanese, Chinese and Korean titles.
_WORDS: dict[str, str] = {
    "live": (
        r"unplugged|in concert|(?:\w+ )?sessions?|en vivo|en directo|ao vivo|en concert|en concierto|en public|"
        r"dal vivo|konzert|livemitschnitt|liveversion|liveaufnahme|na zywo|canli|концерт\w*|вживую|"
        r"ライブ|ライヴ|現場|现场|演唱会|演唱會|라이브"
    ),
    "acoustic": (
        r"acoustic|unplugged|stripped|piano version|acustic[ao]|acoustique|akustik|akustisch|akustikversion|akoestisch|"
        r"акустик\w*|акустическ\w*|アコースティック|原声|不插电|어쿠스틱"
    ),
    "remix": r"remix(?:es|ed)?|rmx|bootleg|mashup|rework(?:ed)?|remezcla|remixe|ремикс|リミックス|混音|리믹스",
    "edit": r"radio edit|short version|radioversion|editado|versao curta",
    "remaster": (
        r"remaster(?:ed|s|izado|izada|isee?|isierte?|isiert|izzat[oa])?|remasterizacion|ремастер\w*|"
        r"リマスター|重制|리마스터"
    ),
    "demo": r"demos?|outtakes?|take \d+|rough mix|early version|rehearsal|maqueta|demoversion|демо|デモ",
    "instrumental": (
        r"instrumentale?s?|strumentale|enstrumantal|a ?cappella|инструментал\w*|インスト\w*|纯音乐|연주곡?"
    ),
    "cover": r"covers|cover version|reprise de|кавер\w*|カバー|カヴァー|歌ってみた|翻唱|커버",
    "rerecorded": r"re-?record(?:ed|ing)|\w+'s version|regrabad[ao]|neuaufnahme|neu aufgenommen",
    "mono": r"(?:mono|stereo) (?:version|mix|remaster\w*|single)|(?:version|mix) (?:mono|stereo)",
    "edition": (
        r"bonus track|deluxe|anniversary|"
        r"(?:album|clean|explicit|original) (?:version|edit|mix|recording|soundtrack|cast)|"
        r"original motion picture|version|ver\.|versione|versao|fassung|versiya|версия|バージョン"
    ),
    "reprise": r"",
    "karaoke": (
        r"karaoke|karaokeversion|backing tracks?|minus one|sing-?along|in the style of|"
        r"караоке|минусовка|カラオケ|伴奏|卡拉ok|노래방"
    ),
    "tribute": (
        r"originally (?:performed|recorded)|(?:as )?made (?:famous|popular) by|cover band|"
        r"homenaje|hommage|tributo|трибьют"
    ),
    "sped up": r"sped[- ]?up|speed(?:ed)?[- ]?up|faster version|acelerad[ao]|ускорен\w*",
    "slowed": r"slowed(?:[- ]down)?|ralentizad[ao]|desacelerad[ao]|замедлен\w*",
    "nightcore": r"nightcore|daycore",
    "8d": r"(?:8|16) ?d(?: ?audio)?",
}  # fmt: skip

_PLACES = r"at|from|in|on|aus|im|auf|bei|a|au|aux|en|no|na|desde|dal|da"
_RECORDINGS = (
    r"version|versions|sessions?|performance|recording|studio|acoustic|album|remaster\w*|takes?|edit|mix|lounge|rooms?|"
    r"audio|video|tv|radio|ver|acustico|aufnahme|'?\d+"
)
_VERB = (  # words before "live" that make a verb of it
    "we i you they to and let long where how who people all can't cannot don't won't not never still only just will "
    "would could should must gotta"
)
_NO_VERB = "".join(f"(?<!{word} )" for word in _VERB.split())

# Words that titles also use for other things: kind -> as a request says them, and what a mark must say.
_AMBIGUOUS: dict[str, tuple[str, str]] = {
    "live": (
        r"live",
        rf"(?:^|recorded |[^\w\s]\s*)live(?=$|\s*[^\w\s]|\s+(?:{_PLACES}|{_RECORDINGS})\b)|{_NO_VERB}live$|"
        r"live(?= (?:version|session|at|from)\b)",
    ),
    "remix": (r"mix", r"(?<!original )(?<!the )(?:mix|dub)(?=$|\s*\d|\s*[^\w\s])|(?:club|dub) (?:mix|version|edit)"),
    "edit": (
        r"",
        r"edit(?=$|\s*[^\w\s])|^(?:radio|single|extended)$|(?:radio|single|extended) (?:version|mix|edit|cut)",
    ),
    "demo": (r"", r"(?:alternate|alternative) (?:take|version|mix)"),
    "cover": (r"cover", r"cover(?=$| by | of |\s*[^\w\s])(?<!under cover)(?<!take cover)"),
    "mono": (r"", r"^(?:mono|stereo)$"),
    "edition": (r"", r"^(?:original|explicit|clean|album|bonus|deluxe|expanded)$|版$"),
    "reprise": (r"", r"^reprise$"),
    "karaoke": (r"", r"playback$"),
    "tribute": (r"tribute", r"tribute(?=$| to | version)"),
}

# What only a recording is called, so that it needs neither brackets nor a dash before it.
_ENDING = (
    r"karaoke version|karaokeversion|backing track|sped up|sped up version|slowed (?:and|&|\+|x) reverb|8d audio|"
    r"en vivo|ao vivo|en directo|radio edit|instrumental version|acoustic version|live version|remastered \d{4}|"
    r"\d{4} remaster(?:ed)?|カラオケ|伴奏"
)

KINDS: tuple[str, ...] = tuple(_WORDS)  # in the order of the bits that an index holds: a new kind goes to the end
# Made of somebody else's recording: nobody means them who does not say so.
DERIVED = frozenset({"karaoke", "tribute", "sped up", "slowed", "nightcore", "8d"})

_FEATURING = re.compile(
    r"\s*[\[(](?:feat|ft|featuring|with)\b[^\])]*[\])]|\s+(?:-\s+)?(?:feat|ft|featuring)\b\.?\s.*\Z", re.IGNORECASE
)
_BRACKET = re.compile(r"\s*(?:[(\[{【]([^(){}\[\]【】]*)[)\]}】]|(?<=\s)-([^-]+)-\s*\Z|(?<=\s)~([^~]+)~\s*\Z)")
_DASH = re.compile(r"\s+[-–—]\s+|\s+/\s+")
_YEAR = re.compile(r"\d{4}")


def _any_word(pattern: str) -> re.Pattern[str]:
    """The pattern between the ends of words; letters of scripts without spaces have none."""
    return re.compile(rf"(?<![a-zа-я0-9])(?:{pattern})(?![a-zа-я0-9])")


_REQUESTED, _MARKED = (
    {kind: "|".join(filter(None, (words, _AMBIGUOUS.get(kind, ("", ""))[at]))) for kind, words in _WORDS.items()}
    for at in (0, 1)
)
_BY_MARK = {kind: _any_word(pattern) for kind, pattern in _MARKED.items()}
_NEVER_REQUESTED = ("edition", "edit", "mono", "reprise")  # nobody looks for them, and their words mean other things
_BY_WORD = {kind: _any_word(pattern) for kind, pattern in _REQUESTED.items() if kind not in _NEVER_REQUESTED}
_ENDS = re.compile(rf"(?<=\S)\s+({_ENDING})\s*\Z")
_BEGINS = re.compile(r"\A(nightcore|karaoke)\s*(?:[-–—:]|】)\s*(?=\S)")
_HINT = re.compile(r"[(\[{【~]|\s[-–—/]|-\s*\Z|" + _ENDS.pattern + "|" + _BEGINS.pattern)
_REQUESTED_AS = re.compile(r"\b(?:version|versao|versione|by)\b")
_ARTISTS = {
    "karaoke": _any_word(r"karaoke|backing tracks?|sing-?along"),
    "tribute": _any_word(r"\w+ tribute|tribute \w+|cover band"),
}


def version_of(title: str, artist: str = "") -> tuple[str, ...]:
    """The KINDS that a title is marked as: in brackets, after a dash, or at its end with what no title is called.

    A word of the title itself is no mark. Of the artist's name only what says karaoke or tribute is read.

    >>> version_of("Salt Road - Live at the Pier"), version_of("Salt Road (Karaoke) [Made Famous by X]")
    (('live',), ('karaoke', 'tribute'))
    >>> version_of("Live Forever"), version_of("Demons"), version_of("Long Live (We Live)")
    ((), (), ())
    """
    kinds = set(split_title(title)[1])
    if len(kinds) > 1:
        kinds.discard("edition")
    if artist:
        name = strip_accents(artist)
        kinds.update(kind for kind, pattern in _ARTISTS.items() if pattern.search(name))
    return tuple(kind for kind in KINDS if kind in kinds)


def without_marks(title: str) -> str:
    """A title in lower case without accents, its version marks and featured guests.

    >>> without_marks("Été (feat. Ada) [En Vivo]"), without_marks("(Live)")
    ('ete', '')
    """
    return split_title(title)[0]


def versions_wanted(text: str) -> tuple[tuple[str, ...], str]:
    """The KINDS that the words of a request name, marked or not, and the other words.

    >>> versions_wanted("paper boats karaoke"), versions_wanted("paper boats")
    ((('karaoke',), 'paper boats'), ((), 'paper boats'))
    """
    rest, marked = split_title(text)
    kinds = {kind for kind in marked if kind in _BY_WORD}
    for kind, pattern in _BY_WORD.items():
        rest, times = pattern.subn(" ", rest)
        if times:
            kinds.add(kind)
    if kinds:
        rest = _REQUESTED_AS.sub(" ", rest)
    return tuple(kind for kind in KINDS if kind in kinds), " ".join(rest.split())


def bits(kinds: Iterable[str]) -> int:
    """Kinds as one number, bit i for KINDS[i].

    >>> bits(["live", "remix"]), bits(())
    (5, 0)
    """
    return sum(1 << KINDS.index(kind) for kind in set(kinds))


def split_title(title: str) -> tuple[str, tuple[str, ...]]:
    """What is left of a title without marks, and their kinds; no kinds where nothing is left."""
    plain = strip_accents(_FEATURING.sub("", title).translate(QUOTES))
    if not _HINT.search(plain):
        return plain, ()
    return _split_plain(plain)


@lru_cache(maxsize=4096)
def _split_plain(plain: str) -> tuple[str, tuple[str, ...]]:
    kinds: set[str] = set()

    def read(mark: str) -> bool:
        """Whether it is a mark; its kinds are noted."""
        mark = mark.strip()
        said = [kind for kind, pattern in _BY_MARK.items() if pattern.search(mark)]
        kinds.update(said)
        return bool(said) or bool(_YEAR.fullmatch(mark))

    def bracket(match: re.Match[str]) -> str:
        mark = next(filter(None, match.groups()), "").strip()
        if not match.start() and not any(pattern.fullmatch(mark) for pattern in _BY_WORD.values()):
            return match[0]  # "(I Can't Live) Without You" begins so: the title itself
        return " " if read(mark) else match[0]

    rest = plain
    while (once := _BRACKET.sub(bracket, rest)) != rest:
        rest = once
    first, *tail = _DASH.split(rest)
    at = next((i for i, part in enumerate(tail) if not _YEAR.fullmatch(part.strip()) and read(part)), None)
    if at is not None and first.strip():
        for part in tail[at + 1 :]:
            read(part)
        end = len(first)
        for _ in range(at):
            end = _next_end(rest, end)
        rest = rest[:end]
    if match := _BEGINS.match(rest):
        kinds.add(match[1])
        rest = rest[match.end() :]
    while match := _ENDS.search(rest):
        read(match[1])
        rest = rest[: match.start()]
    return (" ".join(rest.split()), tuple(kinds)) if rest.strip() else ("", ())


def _next_end(text: str, end: int) -> int:
    """Where the part of a title ends that follows the dash at `end`."""
    dash = _DASH.match(text, end)
    start = dash.end() if dash else end
    following = _DASH.search(text, start)
    return following.start() if following else len(text)
