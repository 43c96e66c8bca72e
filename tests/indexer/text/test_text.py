"""Lines, tokens and names."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.catalogue.keys import name_key
from indexer.text.names import artist_key, fold, title_stem
from indexer.text.tokens import lines, pieces, pieces_of, tokenise, tokenise_lines, unique_lines


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
        ("नदी, नाव। नंदी", ["नदी", "नाव", "नंदी"]),
        ("மழை மேழை", ["மழை", "மேழை"]),
        ("ต้นไม้ ต้นไม", ["ต้นไม้", "ต้นไม"]),
        ("قَمَر أحمد كـتاب", ["قمر", "احمد", "كتاب"]),
        ("שָׁלוֹם", ["שלום"]),
        ("می‌روم", ["ميروم"]),
        ("Tiếng Việt Đêm", ["tieng", "viet", "dem"]),
        ("ﾃﾞﾆｱﾙ ＡＢＣ", ["デニアル", "abc"]),
        ("STRAẞE Straße ﬁn", ["strasse", "strasse", "fin"]),
        ("Işık ISIK", ["isik", "isik"]),
        ("Hawaiʻi", ["hawaii"]),
        ("soft\u00adly 1️⃣", ["softly", "1"]),
    ],
)
def test_tokens_of_many_scripts(text: str, tokens: list[str]) -> None:
    for form in ("NFC", "NFD"):
        assert tokenise(unicodedata.normalize(form, text)) == tokens


# Names that differ by a letter's own mark: as many keys as names.
@pytest.mark.parametrize(
    "names",
    [
        ["कल", "काल", "कुल", "कील", "कल्"],
        ["மலை", "மாலை", "முலை"],
        ["ไป", "ไป่", "ไป้"],
        ["ຂາວ", "ຂ່າວ"],
        ["は", "ば", "ぱ"],
        ["가", "각"],
        ["!!!", "???", "...", "+", "÷", "-", "( )", "♥", "★", "🔥", "🔥🔥", "7", "77", "4:44", "444"],
        ["DJ 🐝", "DJ 🐞", "DJ"],
        ["👍🏻", "👍🏿"],
    ],
    ids=lambda names: names[0],
)
def test_different_names_have_different_keys(names: list[str]) -> None:
    for key in (fold, artist_key, title_stem):
        assert len({key(name) for name in names}) == len(names)
    assert len({name_key(name, name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "names",
    [
        ["حُبٌّ", "حب"], ["أُمّ", "ام"], ["שָׁמַיִם", "שמים"], ["❤️", "❤"], ["…", "..."], ["(  )", "( )"], ["Ａｂｃ", "abc"],
        ["ビ", "ﾋﾞ"], ["नु\u093c", unicodedata.normalize("NFD", "नु\u093c")], ["क\u200dष", "कष"], ["Ёж", "Еж"],
        ["Ὕδωρ", "υδωρ"],
    ],
    ids=lambda names: names[-1],
)  # fmt: skip
def test_one_name_in_two_ways_of_writing_has_one_key(names: list[str]) -> None:
    assert len({fold(name) for name in names}) == len({artist_key(name) for name in names}) == 1


@given(st.text(max_size=12))
@example("¸")
def test_a_name_that_shows_anything_has_a_key_and_keys_are_keys_of_themselves(name: str) -> None:
    visible = any(letter.isalnum() or unicodedata.category(letter)[0] in "PS" for letter in name)
    assert bool(fold(name)) >= visible
    key = fold(name)
    assert fold(key) in (key, key.removeprefix("the "))


@given(st.text(alphabet="港の灯りアリabc กา ខ", max_size=12))
def test_pieces_hold_every_letter_in_its_order(text: str) -> None:
    words = tokenise(text)
    assert "".join(pieces_of(words)) == "".join(words)
    assert pieces_of(words) == [piece for word in words for piece in pieces(word)]


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
        ("Salt Road (Versión acústica) - Remasterizado 2007", "salt road"),
        ("Salt Road {Karaoke} [In the Style of Ada]", "salt road"),
        ("塩の道（ライブ）", "塩の道"),
        ("Salt Road (Live Your Life)", "salt road live your life"),
        ("(I Can't Live) On Salt", "i cant live on salt"),
        ("!!!", "!!!"),
    ],
)
def test_title_stems(title: str, stem: str) -> None:
    assert title_stem(title) == stem


def test_names_fold_articles_accents_and_ampersands() -> None:
    assert fold("The Bee & Bœuf") == "bee and boeuf"
    assert fold("The") == "the"
    assert name_key("Élan", "The Cats") == name_key("Elan", "Cats")
    assert name_key("Elan", "Cats") != name_key("Elan - Live", "Cats")
