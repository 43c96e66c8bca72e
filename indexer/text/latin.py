"""Latin letters for names in other scripts: how somebody who cannot type a name would write it."""

from __future__ import annotations

import re

from indexer.text.tokens import tokenise

_HAN = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff])")


def in_latin(text: str) -> str:
    """The words of a text in Latin letters, joined by spaces; each Chinese character is a word.

    By anyascii's tables, letter by letter: good for Cyrillic, Greek, Korean and pinyin, rough for scripts that leave
    vowels out, and for Japanese, whose characters it reads as Chinese.

    >>> in_latin("Группа крови"), in_latin("让风停下")
    ('gruppa krovi', 'rang feng ting xia')
    """
    words = " ".join(tokenise(text))
    if words.isascii():
        return words
    from anyascii import anyascii

    return " ".join(tokenise(anyascii(_HAN.sub(r" \1 ", words))))
