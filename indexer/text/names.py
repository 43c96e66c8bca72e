"""Names: what songs, artists and albums are compared by."""

from __future__ import annotations

import hashlib

from indexer.text.tokens import tokenise_name
from indexer.text.versions import without_marks


def fold(name: str) -> str:
    """A name as it is compared: words and pictures joined by spaces, "&" as "and", no leading "the".

    Signs count only where there is nothing else, so a name that shows anything is never "".

    >>> fold("The Beatles"), fold("Simon & Garfunkel"), fold("P!nk"), fold("DJ 🐝"), fold("???")
    ('beatles', 'simon and garfunkel', 'p nk', 'dj 🐝', '???')
    """
    tokens = tokenise_name(name.replace("&", " and ") if name.strip(" &") else name)
    return " ".join(tokens[1:] if len(tokens) > 1 and tokens[0] == "the" else tokens)


def artist_key(artist: str) -> str:
    """What artists are told apart by: the folded name, or the name itself where nothing in it can be seen.

    >>> artist_key("The Cats"), artist_key("!!!")
    ('cats', '!!!')
    """
    return fold(artist) or artist.strip().casefold()


def title_stem(title: str) -> str:
    """A title without its version marks, folded: remasters, live takes and featured guests fall together.

    >>> title_stem("Piano Man - Live at Shea (feat. Tony) [2011 Remaster]")
    'piano man'
    """
    return fold(without_marks(title)) or fold(title)


def stem_number(title: str) -> int:
    """The stem of a title as a number of 64 bits, by which titles are compared at once; 0 where nothing is left of it.

    >>> stem_number("Piano Man (Live)") == stem_number("PIANO MAN - 2011 Remaster"), stem_number("")
    (True, 0)
    """
    stem = title_stem(title)
    if not stem:
        return 0
    digest = hashlib.blake2b(stem.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
