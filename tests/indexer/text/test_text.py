"""Lines, tokens and names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.merging import joining_key
from indexer.text.names import fold, title_stem
from indexer.text.tokens import lines, tokenise, tokenise_lines, unique_lines


def test_lines_without_breaks_are_cut_and_no_word_is_lost() -> None:
    text = " ".join(f"w{i}" for i in range(100))
    cut = lines(text, width=12)
    assert " ".join(cut) == text
    assert max(len(line.split()) for line in cut) <= 12


@given(st.lists(st.text(alphabet="ab", min_size=1, max_size=3), max_size=30))
def test_unique_lines_keeps_each_line_once_in_order(sung: list[str]) -> None:
    kept = unique_lines("\n".join(sung)).split("\n") if sung else []
    assert kept == list(dict.fromkeys(sung))


@given(st.text(max_size=60))
def test_tokens_do_not_depend_on_case_or_come_back_different(text: str) -> None:
    assert tokenise(" ".join(tokenise(text))) == tokenise(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don’t STOP, rock ´n` roll", ["dont", "stop", "rock", "n", "roll"]),
        ("사랑해 그대여", ["사랑해", "그대여"]),
        ("がんばれニッポン", ["がんばれニッポン"]),
        ("Ναί, Ёлка, İzmir", ["ναι", "елка", "izmir"]),
        ("Acme™ 𝐀𝐁", ["acmetm", "ab"]),
        ("snake_case 4x4", ["snake", "case", "4x4"]),
    ],
)
def test_tokens_of_many_scripts(text: str, tokens: list[str]) -> None:
    for form in ("NFC", "NFD"):
        assert tokenise(unicodedata.normalize(form, text)) == tokens


@given(st.lists(st.text(max_size=20).map(lambda line: line.replace("\n", " "))))
def test_tokens_of_lines_are_those_of_each_line(sung: list[str]) -> None:
    assert tokenise_lines(sung) == [tokenise(line) for line in sung]


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Salt Road - Remastered 2011", "salt road"),
        ("Salt Road (feat. Ada)", "salt road"),
        ("Salt Road [Live at the Pier]", "salt road"),
        ("Salt Road - 2008 Digital Remaster", "salt road"),
        ("Stick With Me", "stick with me"),
        ("Live and Learn", "live and learn"),
        ("(Live)", "live"),
        ("Café", "cafe"),
    ],
)
def test_title_stems(title: str, stem: str) -> None:
    assert title_stem(title) == stem


def test_names_fold_articles_accents_and_ampersands() -> None:
    assert fold("The Bee & Bœuf") == "bee and boeuf"
    assert fold("The") == "the"
    assert joining_key("Élan", "The Cats") == joining_key("Elan", "Cats")
    assert joining_key("Elan", "Cats") != joining_key("Elan - Live", "Cats")
