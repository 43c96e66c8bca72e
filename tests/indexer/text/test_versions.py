"""Versions: what is a mark in a title and what is the title itself, in several languages; what a request names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.text.names import fold, title_stem
from indexer.text.versions import KINDS, bits, version_of, versions_wanted

MARKS = {
    "(Live)": {"live"},
    "- Live at the Old Mill": {"live"},
    "[Live in Bergen, 1999]": {"live"},
    "- Live / 2011 Remaster": {"live", "remaster"},
    "(En Vivo)": {"live"},
    "- Ao Vivo": {"live"},
    "(en directo)": {"live"},
    "- MTV Unplugged": {"live", "acoustic"},
    "(Acoustic)": {"acoustic"},
    "- Versión acústica": {"acoustic"},
    "(Akustik Version)": {"acoustic"},
    "(Ada Remix)": {"remix"},
    "- Radio Edit": {"edit"},
    "- Remastered 2009": {"remaster"},
    "- 2009 Remaster": {"remaster"},
    "- Remasterizado": {"remaster"},
    "(Demo)": {"demo"},
    "(Instrumental)": {"instrumental"},
    "(Ada Cover)": {"cover"},
    "(Ada's Version)": {"rerecorded"},
    "- Mono": {"mono"},
    "(Karaoke Version)": {"karaoke"},
    "[Karaokeversion]": {"karaoke"},
    "(Backing Track)": {"karaoke"},
    "(Originally Performed by Ada)": {"tribute"},
    "(Made Famous by Ada)": {"tribute"},
    "(A Tribute to Ada)": {"tribute"},
    "(Sped Up)": {"sped up"},
    "(Slowed + Reverb)": {"slowed"},
    "(Nightcore)": {"nightcore"},
    "(8D Audio)": {"8d"},
    "（ライブ）": {"live"},
    "【現場】": {"live"},
    "(カラオケ)": {"karaoke"},
    "(라이브)": {"live"},
    "(ремикс)": {"remix"},
}
NAMES = ["Harbour Lamp", "7", "夜の灯", "Live Wire", "Demons of the Mill", "!!!", "Песня"]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_mark_after_a_title_says_its_kind_and_leaves_the_title(name: str, mark: str) -> None:
    assert set(version_of(f"{name} {mark}")) == MARKS[mark]
    assert title_stem(f"{name} {mark}") == fold(name)


@pytest.mark.parametrize(
    "title",
    [
        "Live Wire", "We Live by the Sea", "Long Live the Miller", "Lamp (We Live On)", "Lamp (Live Your Life)",
        "(I Can't Live) By Bread", "Remix to Harbour", "Demonstrate", "Cover My Eyes", "Under Cover", "Mono No Aware",
        "Take 5 Lamps", "Karaoke Queen", "Tribute", "Original Lamp", "Faster", "Radio Lamp", "Club Harbour", "Reprise",
        "Nightcore", "Edit the Sky", "Acoustic Hearts", "Instrumental Love", "Version of Me", "Slowed Hands", "Live",
        "(Live)", "Lamp (In the Mix)", "ライブ", "Sessions of Love", "Salt - Water", "Lamp (Class of 1984)",
    ],
)  # fmt: skip
def test_words_of_a_title_itself_are_no_marks(title: str) -> None:
    assert version_of(title) == ()
    assert title_stem(title) == fold(title)


def test_marks_stand_before_a_title_and_at_its_end_where_nothing_else_is_called_so() -> None:
    assert version_of("Nightcore - Harbour Lamp") == ("nightcore",)
    assert version_of("[Karaoke] Harbour Lamp") == ("karaoke",)
    assert version_of("Harbour Lamp Karaoke Version") == ("karaoke",)
    assert version_of("Faro en vivo") == ("live",)
    assert title_stem("Nightcore - Harbour Lamp") == title_stem("Harbour Lamp karaoke version") == "harbour lamp"


def test_artists_who_sing_for_others() -> None:
    assert version_of("Harbour Lamp", "The Karaoke Crew") == ("karaoke",)
    assert version_of("Harbour Lamp", "Tribute Sounds") == ("tribute",)
    assert version_of("Harbour Lamp", "Tribute") == version_of("Harbour Lamp", "Ada Live") == ()


@pytest.mark.parametrize(
    ("text", "kinds", "rest"),
    [
        ("harbour lamp live", {"live"}, "harbour lamp"),
        ("live harbour lamp ada", {"live"}, "harbour lamp ada"),
        ("Harbour Lamp (Karaoke Version)", {"karaoke"}, "harbour lamp"),
        ("harbour lamp acoustic version by ada", {"acoustic"}, "harbour lamp ada"),
        ("faro en vivo", {"live"}, "faro"),
        ("harbour lamp", set(), "harbour lamp"),
        ("demons", set(), "demons"),
    ],
)
def test_what_a_request_names(text: str, kinds: set[str], rest: str) -> None:
    assert versions_wanted(text) == (tuple(kind for kind in KINDS if kind in kinds), rest)


@given(st.sets(st.sampled_from(KINDS)))
def test_bits_are_one_for_each_kind(kinds: set[str]) -> None:
    assert {kind for at, kind in enumerate(KINDS) if bits(kinds) >> at & 1} == kinds


@given(st.text(alphabet="ab()[]-– /live 19", max_size=40))
def test_any_title_has_a_stem(title: str) -> None:
    assert bool(title_stem(title)) == bool(fold(title))
    assert title_stem(title_stem(title)) or not fold(title)
