"""Outside text made harmless: what a title, a file name or a message may do to the terminal it is printed on."""

from __future__ import annotations

import re

# C0 and C1 controls (escape sequences, line ends), line and paragraph separators, marks that turn the direction of
# writing or are invisible, and surrogates: halves of characters, which Python also uses for bytes that are no UTF-8.
# The joiners U+200C and U+200D stay: Persian, Hindi and emoji are written with them.
HARMFUL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


def printable(text: str) -> str:
    r"""`text` with every character written out that a terminal would obey, hide or turn round.

    A byte of a file name that is no UTF-8 is shown as that byte.

    >>> printable("a\x1b]0;b\x07"), printable("\u202egnp.exe"), printable("caf\udce9.csv"), printable("Tía Soltera ❤")
    ('a\\x1b]0;b\\x07', '\\u202egnp.exe', 'caf\\xe9.csv', 'Tía Soltera ❤')
    """
    return HARMFUL.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": " "}[match[0]]
    if 0xDC80 <= code <= 0xDCFF:  # what os.fsdecode makes of the byte 0x80..0xff
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
