"""Tables, lines and JSON: one way out, and what goes through it."""

from __future__ import annotations

import json

import pytest

from engine.cli.render.console import json_document, line, message, table
from indexer.text.printable import HARMFUL

HOSTILE = "a\x1b]0;owned\x07\x9b31m\u202egnp\udce9\r\nb"


def test_tables_lines_and_messages_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    table(HOSTILE, [(HOSTILE, "left")], [(HOSTILE,), (None,)])
    line(HOSTILE)
    message(HOSTILE)
    printed = capsys.readouterr()
    for text in (printed.out, printed.err):
        assert not HARMFUL.search(text.replace("\n", ""))
        assert r"\x1b]0;owned\x07" in text
    assert len(printed.err.splitlines()) == 1


def test_names_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    name = "[red]x[/] :heart: [link=file:///etc/passwd]y"
    table(name, [(name, "left")], [(name,)])
    line(name)
    assert capsys.readouterr().out.count(name) == 4


def test_json_says_the_same_and_harms_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    json_document({"title": HOSTILE, "ours": "Tía ❤"})
    printed = capsys.readouterr().out
    assert not HARMFUL.search(printed.replace("\n", ""))
    assert "Tía ❤" in printed
    assert json.loads(printed) == {"title": HOSTILE, "ours": "Tía ❤"}
