"""Formulas: texts that a spreadsheet would compute, made harmless for a CSV file and read back."""

from __future__ import annotations

import re

# A spreadsheet computes such a cell, after spaces too, and with the wide signs of East Asia; owasp.org, CSV Injection.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_WRITTEN = re.compile(rf"'+(?:{_FORMULA.pattern})")


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would compute it; one that has it gets another.

    >>> harmless("=HYPERLINK(1)"), harmless(" +44"), harmless("'39"), harmless("'=1")
    ("'=HYPERLINK(1)", "' +44", "'39", "''=1")
    """
    return f"'{text}" if _FORMULA.match(text) or _WRITTEN.match(text) else text


def without_apostrophe(cell: str) -> str:
    """The text that `harmless` was given.

    >>> without_apostrophe("'=1"), without_apostrophe("''=1"), without_apostrophe("'39")
    ('=1', "'=1", "'39")
    """
    return cell[1:] if _WRITTEN.match(cell) else cell
