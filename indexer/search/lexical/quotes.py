"""The quotation marks of a search box: which words must stand as they are typed, and which are only looked for."""

from __future__ import annotations

import re

_MARKS = '"＂“”„‟«»'
_QUOTED = re.compile(f"[{_MARKS}]([^{_MARKS}]*)[{_MARKS}]")


def split_quotes(text: str) -> tuple[list[str], str]:
    """The parts of `text` between quotation marks, in order, and the rest with single spaces and no marks.

    Marks are straight, curly, low and angle ones; any closes any, since keyboards and phones mix them. A mark
    without a partner quotes nothing. A part without a letter or digit is dropped: no song could hold it.

    >>> split_quotes('slow “grey rain” on "the" porch')
    (['grey rain', 'the'], 'slow on porch')
    >>> split_quotes('«bought a boat» "and then')
    (['bought a boat'], 'and then')
    >>> split_quotes('"" rock ’n’ roll "!"')
    ([], 'rock ’n’ roll')
    """
    quoted = [part.strip() for part in _QUOTED.findall(text) if any(letter.isalnum() for letter in part)]
    rest = _QUOTED.sub(" ", text)
    for mark in _MARKS:
        rest = rest.replace(mark, " ")
    return quoted, " ".join(rest.split())
