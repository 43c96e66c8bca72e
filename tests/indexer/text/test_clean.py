"""Cleaning: each form of residue goes, and the sung words that look like it stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.text.clean import MAX_LYRIC_CHARACTERS, clean
from indexer.text.notices import line_kind, suspects

DIRT = st.sampled_from(
    ["[Chorus]", "(Verse 2)", "[Bridge: Mo & Jo]", "12 ContributorsSong Lyrics", "139Embed", "NA ", "\x00", "\u200b",
     "You might also like", "Written by: A. Body", "’", "…", "&amp;", "\r\n", "\n\n\n", "   "]
)  # fmt: skip
LYRIC = st.lists(st.one_of(st.text(max_size=20), DIRT), max_size=12).map("\n".join)


@given(LYRIC)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(LYRIC)
def test_clean_lyrics_hold_no_control_characters_and_no_headers(text: str) -> None:
    cleaned = clean(text)
    assert not any(ord(c) < 32 and c != "\n" for c in cleaned)
    assert "[Chorus]" not in cleaned
    assert "\n\n\n" not in cleaned


@given(st.text(alphabet="abc de\n'", max_size=200))
def test_plain_words_survive_cleaning(text: str) -> None:
    assert clean(text).split() == text.split()


@pytest.mark.parametrize(
    ("dirty", "sung"),
    [
        ("[Verse 1: Ada]\nDon't go\n[x2]", "Don't go"),
        ("NA Wake up, wake up", "Wake up, wake up"),
        ("4 ContributorsBlue Door Lyrics[Intro]\nOpen it139Embed", "Open it"),
        ("Hold on\nWritten by Ada & Bo\nLet go", "Hold on\nLet go"),
        ("Rock &amp; roll", "Rock & roll"),
        ("(Chorus) hey\n(Yeah, yeah)", "hey\n(Yeah, yeah)"),
        ("[Chorus]", ""),
        ("[Chorus: Ada & (Bo)]\nhey", "hey"),
        ("(Chorus: Ada (x2))\nhey", "hey"),
        ("(Part 2) hey (2x)", "hey"),
        ("(Verse One - Ada)\n(Repeat chorus x2)\n(Instrumental break)\nhey", "hey"),
        ("(Written by Ada)\nLyrics by: ada\nSongwriters: Ada and Bo\n© 1965 Ada", "(Written by Ada)"),
        ("Produced by Ada Finch for Brass Records. Recorded by Bo.\nhey", "hey"),
        ("NA NA Wake up", "Wake up"),
    ],
)
def test_known_dirt(dirty: str, sung: str) -> None:
    assert clean(dirty) == sung


@pytest.mark.parametrize(
    "sung",
    [
        "(hooked on you)",
        "(Partner in crime)",
        "(part of me)",
        "(Introduce me)",
        "(Bridges burning)",
        "(Corona in my hand)",
        "(Solo tonight)",
        "(Solo tu y yo)",
        "(Party people in the house)",
        "(Refrain d'amour...)",
        "(spoken: can you hear the wind)",
        "NA NA NA NA",
        "NA NA NA NA, hey",
        "NA NA HEY HEY",
        "Written by the hand of God",
        "Written by an old poet",
        "Music by the river",
        "Produced by Ada on that old machine",
        "You might also like to dance",
        "produced by ada finch " + "I walked the salt road " * 40,
        "Written By Ada " + "And I Walked The Salt Road " * 40,
    ],
)
def test_what_is_sung_stays(sung: str) -> None:
    assert clean(sung) == sung.strip()
    assert clean(f"[Chorus]\n{sung}\n(x2)") == sung.strip()


def test_a_lyric_of_a_megabyte_is_cut_and_quick() -> None:
    assert len(clean("la " * 400_000)) <= MAX_LYRIC_CHARACTERS


LANGUAGES = "TürkçeEnglishPortuguêsEspañolFrançaisItalianoBahasa IndonesiaDeutschΕλληνικάPolskiРусскийSvenskaNederlands"


@pytest.mark.parametrize(
    ("page", "title", "sung"),
    [
        ("TranslationsTürkçeEspañolTin Boat Lyrics[Verse 1]\nRow it", "", "Row it"),
        (f"231 ContributorsTranslations{LANGUAGES}Tin Boat Lyrics[Intro]\nRow it", "", "Row it"),
        ("7 ContributorsTranslationsEspañolTin Boat LyricsRow it home", "", "Row it home"),
        ("1 ContributorTin Boat Lyrics\nRow it", "", "Row it"),
        ("4 Contributors\nTranslations\nEspañol\nRomanization\nTin Boat Lyrics\nRow it", "", "Row it"),
        ("9 ContributorsTranslationsDeutschAda - t i n (Traduzione Italiana)t i n Lyrics\nRow it", "t i n", "Row it"),
        ("5 ContributorsTin Boat (Ada's Version) [From the Shed] Lyrics[Intro]\nRow it", "Tin Boat", "Row it"),
        ("TranslationsKreyòl AyisyenTin Boat Lyrics[Intro]\nRow it", "Tin Boat", "Row it"),
        ("3 Contributors\n[Intro]\nRow it", "", "Row it"),
        ("3 ContributorsTin Boat Lyrics Row it", "", "Row it"),
        ("2 ContributorsLyrics of Rowing Lyrics[Verse]\nRow it", "Lyrics of Rowing", "Row it"),
        ("Tin Boat Lyrics[Verse]\nRow it", "", "Row it"),
        ("Tin Boat Lyrics\n\nRow it", "Tin Boat", "Row it"),
        ("Tin Boat Lyrics\nRow it", "Tin Boat - Remastered 2011", "Row it"),
        ("Tin Boat Lyrics\nRow it", "", "Row it"),
        ("Tin boat lyrics | AZLyrics.com\nRow it", "Tin Boat", "Row it"),
        ('"Tin Boat"\n\nRow it', "Tin Boat", "Row it"),
    ],
)
@pytest.mark.parametrize("end", ["", "139Embed", "Embed", "1.2KEmbed", "5EmbedShare URLCopyEmbedCopy", "\nEmbed"])
def test_the_head_and_the_foot_of_a_page_go(page: str, title: str, sung: str, end: str) -> None:
    assert clean(page + end, title=title) == sung


@pytest.mark.parametrize("gap", [" ", "\u00a0", "\n", "\u00a0\n"])
def test_what_a_page_says_of_a_song_goes(gap: str) -> None:
    description = "Years after her last record, Ada looks back at the shed. The song was written in a boat"
    head = "12 ContributorsTin Boat Lyrics"
    assert clean(f"{head}{description}… Read More{gap}[Verse 1]\nRow it") == "Row it"
    assert clean(f"{description}… Read More{gap}\nRow it") == "Row it"
    assert clean(f"{head}The\nboat,\nshe\nsays,\nis\nhers\nand\nmine… Read More{gap}Row it") == "Row it"
    assert clean(f"{head}{description}… Read MoreRow it") == "Row it"
    assert clean(f"{head}“{description}.”\n\nIt was the second single of the year… Read More{gap}Row it") == "Row it"


@pytest.mark.parametrize(
    "sung",
    [
        "Read More books\nRow it",
        "I read\nand think\nRead More and less",
        "These are my lyrics\nRow it",
        "12 monkeys\nRow it",
        "Translations fail us\nRow it",
        "My Lyrics cut like knives\nRow it",
    ],
)
def test_what_looks_like_a_head_stays(sung: str) -> None:
    assert clean(sung) == sung
    assert clean(sung, title="Tin Boat", artist="Ada") == sung


def test_a_line_of_title_and_artist_is_none_of_the_song() -> None:
    for line in ("Tin Boat - Ada", "Ada: Tin Boat", "TIN BOAT LYRICS - ADA", "Tin Boat by Ada"):
        assert clean(f"{line}\nRow it", title="Tin Boat", artist="Ada") == "Row it"
        assert clean(f"Row it\n{line}", title="Tin Boat", artist="Ada") == "Row it"
    assert clean("Tin boat\nRow it, Ada", title="Tin Boat", artist="Ada") == "Tin boat\nRow it, Ada"


@pytest.mark.parametrize(
    ("dirty", "sung"),
    [
        ("Row it\nSee Ada & Bo LiveGet tickets as low as $21You might also like[Chorus]\nHome", "Row it\n\nHome"),
        (
            "Row it\nSee Ada Live\nGet tickets as low as $21\nYou might also like\nNew Oars\nBo\nSalt\nCy Do\n"
            "Ada - 春 (Romanized)\nGenius Romanizations\n[Verse 2]\nHome",
            "Row it\n\nHome",
        ),
        ("Row it\nGet tickets as low as £21\nHome", "Row it\n\nHome"),
        ("You might also like\nthe rain\nthe sun\nthe day\nthe night\nthe sea\nthe sky\n[Outro]\nHome",
         "the rain\nthe sun\nthe day\nthe night\nthe sea\nthe sky\n\nHome"),
        ("Row it\n...\n\n******* This Lyrics is NOT for Commercial use *******\n(1409612423371)", "Row it"),
        ("Row it\nSubmit Corrections\nThanks to bo, cy for correcting these lyrics.", "Row it"),
        ("Row it\nWriter(s): Ada Finch\nLyrics licensed & provided by LyricFind", "Row it"),
        ("Row it\nThese lyrics are copyrighted by their owners", "Row it"),
        ("Row it\nFind more lyrics at ※ Example.com\nLyrics from www.example.org", "Row it"),
        ("Row it\nText přidala Jana\nVideo přidal Petr", "Row it"),
        ("Paroles rédigées et expliquées par la communauté\nRow it", "Row it"),
        ("Paroles de la chanson Tin Boat par Ada :\nRow it", "Row it"),
        ('Letra de "Tin Boat"Row it', "Row it"),
        ("[Paroles de \"Bateau\"]\n[Текст песни «Лодка»]\n['Kayık' için şarkı sözleri]\nRow it", "Row it"),
        ("Row it\nLegendado por Bia\nComposição: Bia", "Row it"),
        ("作词 : 张三\n作曲：李四\nRow it", "Row it"),
        ("Usage of azlyrics.com content by any third-party lyrics provider is prohibited by our agreement.\nRow it",
         "Row it"),
        ("Row it home, and mail me all the oars ada.f@example.org\nSee https://example.org/tin?boat=1\nHome",
         "Row it home, and mail me all the oars\n\nHome"),
        ("Row<br>it<br/>home <i>now</i>\n<!-- end -->", "Row\nit\nhome now"),
        ("Thе boat, lovе, аnd you", "The boat, love, and you"),
        ("lyrics from snippet  row it home", "row it home"),
        ("English Translation\nRow it", "Row it"),
    ],
)  # fmt: skip
def test_notices_and_adverts_go(dirty: str, sung: str) -> None:
    assert clean(dirty) == sung


@pytest.mark.parametrize(
    "heading",
    [
        "[Куплет 1: Ада]", "[Refrão]", "[Ön Nakarat]", "[サビ]", "[벌스 1]", "[Μέρος 2]", "Chorus", "CHORUS:",
        "Verse 2:", "*** Verse 1:", "-- Chorus --", "{Bridge}", "<bridge>", "Refrain:", "Coro 2", "Repeat chorus",
        "Repeat 1 & 2",
        "(repeat chorus until fade)", "(Repeat)", "Chorus x 3", "(x2)", "x4", "[Verse 1: Ada &\nBo\n]",
        "Verse 3: Ada Finch",
        "(back to chorus 2x)",
    ],
)  # fmt: skip
def test_headings_go(heading: str) -> None:
    assert clean(f"Row it\n{heading}\nHome").replace("\n\n", "\n") == "Row it\nHome"


@pytest.mark.parametrize(
    ("dirty", "sung"),
    [
        ("Capo 2\nAm  F  C  G\nLan[Am]terns on the [C/G]jetty\nC G\nHome", "Lanterns on the jetty\nHome"),
        ("Intro: Dm C | F G (4x)\nRow it\nF#m7 B\nHome\nE\n", "Row it\nHome"),
        ("Tuning: drop D\ne|---0---2-3-|\nB|--1-----3--|\nRow it", "Row it"),
        ("{title: Tin Boat}\n{soc}\n[G]Row it\n{eoc}\n{c: softly}\nHome", "Row it\n\nHome"),
        ("[ar:Ada]\n[ti:Tin [Live]]\n[by: bo]\n[00:12.30]Row it\n[00:14.3]<00:14.30>Hold <00:15.01>on\n[01:02]",
         "Row it\nHold on"),
        ("CHORUS: Row it home x2\nHold on (x3)\n(Row x2)", "Row it home\nHold on\n\n(Row)"),
    ],
)  # fmt: skip
def test_chords_times_and_counts_go(dirty: str, sung: str) -> None:
    assert clean(dirty) == sung


@pytest.mark.parametrize(
    "sung",
    [
        "A B C\nEasy as that", "Em Em Em\nem oi", "I am\nA man", "Do re mi", "A", "G, you look fine", "Add it up",
        "Solo\nRow it", "Solo tú", "Bridge over water", "Chorus of angels", "Part of me", "Repeat after me",
        "(Play that tin drum)", "(Sing to me, Ada)", "2 x 2 is four", "Malcolm X, row it", "[yes I want you]",
        "Thanks to you I row", "All rights to my heart", "Music by the river", "Text me tonight", "Letra de amor",
        "My bro\nRow it", "Lyrics come to me like ghosts", "Meet me at tinboat.com tonight", "Sent by angels",
        "Find my lyrics in the sand", "мир и море", "Ђе си", "{row, row}", "1:23 in the night", "half past 12:30",
        "By the book", "Copy that", "You said more lyrics, less love",
    ],
)  # fmt: skip
def test_what_is_sung_and_looks_like_residue_stays(sung: str) -> None:
    assert clean(sung) == sung
    assert clean(f"[Verse]\n{sung}\n[Chorus]\nHome") == f"{sung}\n\nHome"


@given(LYRIC, st.sampled_from(["", "Tin Boat", "Lyrics"]))
def test_cleaning_twice_changes_nothing_with_a_title(text: str, title: str) -> None:
    once = clean(text, title=title, artist="Ada")
    assert clean(once, title=title, artist="Ada") == once


@given(LYRIC)
def test_the_log_has_what_went_and_changes_nothing(text: str) -> None:
    log: list[tuple[str, str]] = []
    assert clean(text, log=lambda kind, removed: log.append((kind, removed))) == clean(text)
    assert all(kind and removed.strip() for kind, removed in log)


@pytest.mark.parametrize(
    "line",
    ["Written by Ada", "(Lyrics by Bo Finch)", "© 1965 Ada", "Submit Corrections", "Find lyrics at example.com",
     "Chorus",      "*** Verse 1:", "Repeat chorus", "(back to chorus 2x)", "Verse 3: Ada", "作曲：李四",
     "All songs by Ada (BMI)",
     "Text přidala Jana", "lyrics from www.example.org", "x4", "Writer(s): Ada"],
)  # fmt: skip
def test_lines_that_go_are_looked_at(line: str) -> None:
    if line_kind(line):
        assert list(suspects(["Row it", line], f"row it\n{line.lower()}")) in ([1], [0, 1])
    else:
        assert line.startswith("(Lyrics")  # round brackets are for the singers


@pytest.mark.parametrize(
    "attack",
    ["[" * 50_000, "(repeat" + "  to" * 12_000, "{" * 50_000, "Am " * 16_000, "<" * 50_000,
     "(chorus" + " -  x2" * 8_000,
     "a@" * 25_000, "Lyrics " * 7_000, "You might also like\n" * 2_500,
     "1 Contributors" + " Lyrics," * 6_000,
     "[verse" + "\nA" * 24_000, "See " * 12_000, "\n" * 50_000, "Repeat 1 & " * 4_500, "*" * 50_000, "e|-" * 16_000],
)  # fmt: skip
def test_no_text_takes_long(attack: str) -> None:
    start = time.perf_counter()
    clean(attack, title="Tin Boat", artist="Ada")
    assert time.perf_counter() - start < 3
