"""Latin encodings: which single-byte encoding a text in Latin letters is in, by how common its accented letters are."""

from __future__ import annotations

from collections import Counter
from math import log

# The letters beyond ASCII of languages, the most common ones first (of the first: of a library in several languages).
_WESTERN = ("éüöäáíóñèçãêàåøúßôâëîæïûõìòùœÿýðþ", "éèàêçôîâûùïëœ", "üäöß", "óíáéñúü", "ãçáéíóõêâúàô", "åäöøæ",
            "áíðéóöúæþý", "õäüö", "èàòùéì")  # fmt: skip
_CENTRAL = ("łęóążśćńź", "íáéěčřžýšůúťďňó", "áéíýčšžúťľôďňäĺŕ", "áéőöóíüúű", "ăîâşţ", "čšžćđ")
# The likelier encoding first, where two read a text alike.
_ALPHABETS = {"cp1252": _WESTERN, "cp1254": ("ışüçöğâîû",), "cp1250": _CENTRAL, "iso8859_2": _CENTRAL}
_SIGNS = frozenset("‘’‚“”„–—…€™«»°´·©®¿¡¡¨§ \xa0")
_SIGN, _FOREIGN, _NO_LETTER = 0.01, 0.002, 0.0005  # how likely any one is in a text of the language
_ODDS = 6.0  # natural logarithm, of cp1252 against each other one: short western tables lose nothing to them
_KNOWN = 0.75  # of the letters must be of the language


def latin_encoding(sample: bytes) -> str:
    """The encoding in which the bytes above 127 are the usual letters of a language; "" for none.

    Letters are taken to be as likely as 1 / rank (Zipf) and to be independent of one another.

    >>> latin_encoding("Gece Şarkısı, Işıklı Şehir".encode("cp1254")), latin_encoding("Corazón, Año".encode("cp1252"))
    ('cp1254', 'cp1252')
    >>> latin_encoding("カタカナ".encode("shift_jis"))
    ''
    """
    high = bytes(byte for byte in sample if byte > 0x7F)
    best, name = float("-inf"), ""
    for encoding, alphabets in _ALPHABETS.items():
        letters = Counter(high.decode(encoding, "replace"))
        for alphabet in alphabets:
            likely = {letter: 1 / rank for rank, letter in enumerate(alphabet, start=1)}
            total = sum(likely.values())
            likely = {letter: share / total for letter, share in likely.items()}
            score = -_ODDS * (encoding != "cp1252") + sum(
                count * log(_likelihood(letter, likely)) for letter, count in letters.items()
            )
            if score > best:
                known = sum(count for letter, count in letters.items() if _lower(letter) in likely)
                signs = sum(count for letter, count in letters.items() if letter in _SIGNS)
                best, name = score, encoding if known >= _KNOWN * (len(high) - signs) else ""
    return name


def _likelihood(letter: str, likely: dict[str, float]) -> float:
    if letter in _SIGNS:
        return _SIGN
    return likely.get(_lower(letter), _FOREIGN if letter.isalpha() else _NO_LETTER)


def _lower(letter: str) -> str:
    return "ı" if letter == "İ" else letter.lower()
