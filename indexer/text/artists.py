"""Artists of a song: who made it and who are guests, from the cell of a table and the title.

Some signs always part artists (";", "feat."). Others also stand inside names ("Earth, Wind & Fire"): whether
"Ada & Bo" are two is known only where Ada and Bo are artists of their own somewhere else, so `read_artists` leaves such
names whole and `parts_of` says what they may be.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from indexer.records import Song
from indexer.text.names import artist_key

_LONGEST_LIST = 20_000  # characters of a cell that is read as a list of names or of Spotify's objects
_LONGEST_TEXT = 2_000  # characters of a cell or a title that are looked at
_MOST_JOINTS = 4  # in one name; of more, only what a sign at a time gives

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# Not feet: "10 Ft. Band", "Six Ft. Deep".
_FT = r"(?<!^\d\s)(?<!^\d\d\s)(?<!^\d\d\d\s)(?<!^five\s)(?<!^six\s)(?<!^ten\s)ft"
_FEAT = rf"(?:feat|{_FT}|featuring)\b(?!\.?\s*(?:feat|ft)\b)(?!\s+(?:of|in|so|to)\b)[.,:]?"  # "Little Feat feat. Ada"
_GUESTS = re.compile(rf"\s?[\s(\[]\s?(?:{_FEAT}|[fw]/|(?:an?\s)?duet\swith\b)\s?(?=[^\s)\]])", re.IGNORECASE)
_BRACKETED_WITH = re.compile(r"\s?[(\[]\s?(?:with|con|avec|mit)\s([^()\[\]]+)[)\]]\s?", re.IGNORECASE)

# Most texts have none of these, and are read no further.
_GUEST_WORDS = re.compile(r"feat|\bft\b|\b[fw]/|\b(?:with|con|avec|mit)\b", re.IGNORECASE)

# In a title: guests stand in brackets, or behind the title up to the next bracket or dash ("Song feat. Bo - Live").
_TITLE_BRACKET = re.compile(
    rf"[(\[][^()\[\]]*?(?:\b(?:{_FEAT}\s?|[fw]/\s?|duet\swith\s)|(?<=[(\[])\s?(?P<open>with|con|avec|mit)\s)"
    r"(?P<names>[^()\[\]]+)[)\]]",
    re.IGNORECASE,
)
_TITLE_END = r"(?P<names>\S.*?)(?=\s[-–]\s|\s?[(\[]|\Z)"
_TITLE_TAIL = re.compile(rf"\S\s(?:[-–]\s)?{_FEAT}\s{_TITLE_END}", re.IGNORECASE)
_TITLE_DASH = re.compile(rf"\S\s[-–]\swith\s{_TITLE_END}")
# Behind "with" these speak of no artist: "(With You)", "(with strings)", "(con te partirò)".
_NO_GUEST = re.compile(
    r"(?:an?|my|your|his|her|our|their|this|that|these|those|no|all|some|every|it|you|me|u|ya|him|us|them|myself|yourself|"
    r"love|lyrics?|strings?|orchestra|choir|piano|sax|guitar|intro|outro|drums|vocals?|spoken|commentary|subtitles|bonus|"
    r"applause|te|ti|mi|tu|lui|lei|noi|voi|vos|usted|ella|él|nosotros|amor|letra|orquesta|"
    r"toi|moi|elle|nous|vous|eux|amour|dir|mir|dich|mich|ihm|ihr|uns|euch|liebe|text)\b",
    re.IGNORECASE,
)

# Signs that part artists wherever they stand; without a space beside them "M|O|O|N" and "J;KEY" are names.
_SEPARATOR = re.compile(r";\s|\s;|\|\s|\s\|\s?|\s//?\s|\x00")
_TIGHT_SEPARATOR = re.compile(r"[;|]")

# Signs that part artists or stand inside a name; not the comma of a number ("10,000 Men") or of "Ray Parker, Jr.".
_TITLES = r"(?:jr|sr|inc|ltd|llc|esq|m\.?d|ph\.?d|ii|iii|iv)"
_JOINT = re.compile(
    rf"(?P<comma>\s?(?:(?<!\d),|,(?!\d)|、|，)(?!\s?{_TITLES}\b)\s?(?:(?:&|and|y|e|et|und)\s)?)"
    r"|\s(?:&|and|x|×|\+|vs\.?|versus|b2b|y|e|et|und|och|og|with)\s|(?<=\w\w\w)/(?=\w\w\w)",
    re.IGNORECASE,
)
# What is no artist beside a joint: "Ada & Her Band", "Kool & The Gang", one letter.
_NO_ARTIST = re.compile(
    r"(?:his|her|their|su|sus|sua|seu|suas|seus|son|sa|ses|seine?|ihre?)\s.*"
    r"|(?:the\s)?(?:band|orchestra|friends|amigos|company|co\.?|sons?|gang|boys|girls|family|crew|trio|quartet|choir|"
    r"others|more)|[!-~]",
    re.IGNORECASE,
)
_SORTED = re.compile(r"(.*\S),\s*(the|los|las|les|die|el|la|le)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Artists:
    """The artists of a song, each once, in the order of the text.

    main      who made it; empty where nobody is named
    featured  guests; none of them is in `main`
    open      those of both that may be several artists (`parts_of`)
    listed    the cell was a list of names, so that each of `main` is known to be one artist
    """

    main: tuple[str, ...] = ()
    featured: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    listed: bool = False


def read_artists(artist: object, title: str = "") -> Artists:
    """The artists of a cell and the guests that the title names.

    artist   a text, a list of names or of objects with a "name", or the text of such a list in JSON or Python

    >>> read_artists("Ada; Bo feat. Cy & Di", "Salt Road (feat. Eve) - Live")
    Artists(main=('Ada', 'Bo'), featured=('Cy & Di', 'Eve'), open=('Cy & Di',), listed=False)
    >>> read_artists('["Earth, Wind & Ash", "Bo"]', "With Or Without You (With You)").main
    ('Earth, Wind & Ash', 'Bo')
    """
    names = list_of_names(artist)
    main: list[str] = []
    guests: list[str] = []
    for cell in [_spaced(artist) if isinstance(artist, str) else ""] if names is None else names:
        before, *after = [cell]
        if _GUEST_WORDS.search(cell):
            before, *after = _GUESTS.split(_BRACKETED_WITH.sub(r" feat. \1 ", cell))
        main += [before] if names is not None and not after else _separated(before)
        guests += [name for text in after for name in _separated(text)]
    for text in title_guests(title):
        guests += _separated(text)
    if isinstance(artist, str) and names is None and not any(map(_tidy, (*main, *guests))):
        main = [artist]  # nothing but signs
    mains, featured = _apart(main, guests)
    unsure = [name for name in (*(mains if names is None else ()), *featured) if parts_of(name)]
    return Artists(mains, featured, tuple(unsure), names is not None)


def artists_of(song: Song) -> Artists:
    """The artists of a song: as it lists them, else as its texts say.

    >>> artists_of(Song("Oar", "Ada feat. Bo")).featured
    ('Bo',)
    >>> artists_of(Song("Oar", "Ada & Bo", artists=("Ada", "Bo"))).main
    ('Ada', 'Bo')
    """
    if not song.artists:
        return read_artists(song.artist, song.title)
    return Artists(*_apart(song.artists, song.featured), listed=True)


def list_of_names(cell: object) -> list[str] | None:
    """The names of a cell that is a list or the text of one; None for any other cell.

    >>> list_of_names("['Ada', 'Bo']"), list_of_names([{"id": 1, "name": "Ada"}]), list_of_names("[dunkel]")
    (['Ada', 'Bo'], ['Ada'], None)
    """
    if isinstance(cell, str):
        text = cell.strip()
        if not (re.match(r"\[\s*['\"{]", text) and text.endswith("]")) or len(text) > _LONGEST_LIST:
            return None
        cell = _parsed(text)
    if not isinstance(cell, list | tuple):
        return None
    names = (each.get("name") if isinstance(each, dict) else each for each in cell)
    return [name for each in names if isinstance(each, str) and (name := _plain(each))]


def title_guests(title: str) -> list[str]:
    """What a title says of guests, each mention as written.

    >>> title_guests("Oar (with Ada & Bo feat. Cy) - Live"), title_guests("Oar ft. Ada [Bo Remix]")
    (['Ada & Bo', 'Cy'], ['Ada'])
    >>> title_guests("With You (Without You)"), title_guests("Be (With You)")
    ([], [])
    """
    if not _GUEST_WORDS.search(title):
        return []
    mentions: list[str] = []
    title = _spaced(title)
    for found in _TITLE_BRACKET.finditer(title):
        first, *more = _GUESTS.split(found["names"])
        mentions += more if found["open"] and _NO_GUEST.match(first) else [first, *more]
    bare = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", lambda bracket: f"({' ' * (len(bracket[0]) - 2)})", title)
    for found in _TITLE_TAIL.finditer(bare):
        mentions += _GUESTS.split(found["names"])
    mentions += [found["names"] for found in _TITLE_DASH.finditer(bare) if not _NO_GUEST.match(found["names"])]
    return [name for each in mentions if (name := each.strip(" ,.&-"))]


def parts_of(name: str) -> tuple[tuple[str, ...], ...]:
    """The ways in which a joined name may be several artists, those of the fewest parts first; none for one artist.

    >>> parts_of("Ada & Bo"), parts_of("10,000 Men"), parts_of("Tom, Jr."), parts_of("AC/DC")
    ((('Ada', 'Bo'),), (), (), ())
    >>> parts_of("Earth, Wind & Ash")
    (('Earth', 'Wind & Ash'), ('Earth, Wind', 'Ash'), ('Earth', 'Wind', 'Ash'))
    """
    joints = list(_JOINT.finditer(name))
    if not joints or _SORTED.fullmatch(name):
        return ()
    chosen: Iterable[tuple[re.Match[str], ...]]
    if len(joints) <= _MOST_JOINTS:
        chosen = (some for count in range(1, len(joints) + 1) for some in combinations(joints, count))
    else:
        chosen = [some for some in (tuple(each for each in joints if each["comma"]), tuple(joints)) if some]
    ways = (tuple(_cut(name, some)) for some in chosen)
    return tuple(dict.fromkeys(way for way in ways if not any(map(_NO_ARTIST.fullmatch, way)) and all(way)))


def taken_apart(name: str, known: Callable[[str], bool], *, listed: bool = False) -> tuple[str, ...]:
    """A joined name as several artists where there is evidence for it; the name alone where there is none.

    known    whether a name is that of an artist of its own
    listed   the text comes from where artists are listed (a column of lists, guests)

    A list with commas alone ("Ada, Bo", "Ada, Bo, Cy") is taken apart where its first name is known, for bands with
    commas have an "and" too ("Earth, Wind & Ash"); what is `listed` also where it has one.

    >>> taken_apart("Ada & Bo", {"Ada", "Bo"}.__contains__), taken_apart("Ada & Bo", {"Ada"}.__contains__)
    (('Ada', 'Bo'), ('Ada & Bo',))
    >>> taken_apart("Ada, Bo", {"Ada"}.__contains__), taken_apart("Earth, Wind & Ash", {"Earth"}.__contains__)
    (('Ada', 'Bo'), ('Earth, Wind & Ash',))
    """
    for way in parts_of(name):
        if all(map(known, way)):
            return way
    joints = list(_JOINT.finditer(name))
    commas = [joint for joint in joints if joint["comma"]]
    commas_alone = all(joint["comma"] and joint["comma"].strip() in (",", "、", "，") for joint in joints)
    if (listed or commas_alone) and commas and not _SORTED.fullmatch(name):
        first, *others = _cut(name, commas)
        fit = not any(_NO_ARTIST.fullmatch(part) or part.casefold().startswith("the ") for part in others)
        if known(first) and fit:
            return (first, *(each for part in others for each in taken_apart(part, known)))
    return (name,)


def resolved(artists: Artists, known: Callable[[str], bool], *, listed: bool = False) -> Artists:
    """The artists with each name `taken_apart`; guests are lists by nature. Nothing is open afterwards.

    >>> resolved(Artists(main=("Ada, Bo",), featured=("Bo",)), {"Ada", "Bo"}.__contains__)
    Artists(main=('Ada',), featured=('Bo',), open=(), listed=False)
    """
    mains = artists.main
    if not artists.listed:
        mains = tuple(part for name in mains for part in taken_apart(name, known, listed=listed))
    guests = (part for name in artists.featured for part in taken_apart(name, known, listed=True))
    return Artists(*_apart(mains, guests), listed=artists.listed)


def _apart(mains: Iterable[str], guests: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who made a song and who are guests, each once; the first is no guest, others that are named as guests are."""
    mains, guests = list(mains), list(guests)
    if len(mains) == 1 and not guests:  # as most songs are: nobody to compare with
        return tuple(filter(None, map(_tidy, mains))), ()
    first, *others = _once(mains) or [""]
    featured = _once(guests, but=[first])
    keys = set(map(artist_key, featured))
    names = [first, *(name for name in others if artist_key(name) not in keys)]
    return tuple(name for name in names if name), tuple(featured)


def _cut(name: str, joints: Iterable[re.Match[str]]) -> Iterator[str]:
    start = 0
    for joint in joints:
        yield name[start : joint.start()].strip()
        start = joint.end()
    yield name[start:].strip()


def _separated(text: str) -> list[str]:
    parts = []
    for part in _SEPARATOR.split(text):
        pieces = _TIGHT_SEPARATOR.split(part)
        parts += pieces if all(len(piece.strip()) > 1 for piece in pieces) else [part]
    return parts


def _once(names: Iterable[str], but: Iterable[str] = ()) -> list[str]:
    """The names without what surrounds them, each once as artists are compared."""
    left_out = {artist_key(_tidy(name)) for name in but}
    unique: dict[str, str] = {}
    for name in map(_tidy, names):
        if name and artist_key(name) not in left_out:
            unique.setdefault(artist_key(name), name)
    return list(unique.values())


def _tidy(name: str) -> str:
    text = _plain(name)
    text = text.strip(" ,;&") or text
    for opening, closing in ("()", "[]"):
        if text.count(opening) != text.count(closing):  # half of a bracket around guests
            text = text.strip(f" {opening}{closing},")
    found = _SORTED.fullmatch(text)
    return f"{found[2]} {found[1]}" if found and "," not in found[1] else text


def _spaced(text: str) -> str:
    return " ".join(text[:_LONGEST_TEXT].split())


def _plain(text: str) -> str:
    return " ".join((text if text.isprintable() else _CONTROL.sub("", text)).split())


def _parsed(text: str) -> object:
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
    return None
