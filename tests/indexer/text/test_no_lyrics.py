"""Texts that stand where a lyric should: each kind is known, and what is sung is a lyric."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources.validate import song_facts
from indexer.text.no_lyrics import no_lyrics

ARTICLE = (
    "The harbour town has produced few musicians of note, and fewer still who stayed. Ada Finch is the exception: "
    "since "
    "her debut in 2009 she has released four albums, each recorded in the same shed behind the fish market. "
    "Critics were "
    "slow to notice.\n"
    "Her label sent out two hundred copies of the first single, and the reviews that came back were polite at best. It "
    "was only when a documentary used one of the instrumentals that the charts took an interest, and by 2014 the tour "
    "had reached nine countries. In interviews she speaks of tides and of timber, rarely of fame."
)
CHAPTER = (
    "Chapter One\nIt was a morning of grey sails, and the harbour master had not yet risen when the first of the boats "
    "came in. Nobody on the quay could say whose it was, for the name had been painted over with tar. The boy who "
    "caught "
    "the rope looked up once, and then looked away.\n"
    "By noon the whole of the town had heard of it. The baker closed his shop, and the smith let his fire go out, "
    "which "
    "he had not done since the flood. They stood along the wall in their Sunday coats, as though for a funeral, and "
    "waited for the door of the cabin to open."
)
TRACKS = "\n".join(f"{i}. {title}" for i, title in enumerate(["Tin Boat", "Oars", "Salt", "Shed (Live)", "Tar"], 1))
TIMED = "\n".join(
    f"{title} {i}:{i:02}" for i, title in enumerate(["Tin Boat", "Oars", "Salt", "Shed (Live)", "Tar"], 2)
)
SCRIPT = "INT. SHED - NIGHT\nAda mends a net.\nADA\nNot yet.\nEXT. QUAY - DAY\nGulls.\nFADE OUT."
PLAY = "ACT I\nSCENE 1. A quay.\nEnter Ada and Bo\nADA. Not yet.\nExeunt Ada and Bo\n"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("unknown", text) for text in ("", " NA ", "n/a", "None", "-", "[unknown]", "No lyrics",
        "Lyrics not found"[:6])),
        *(
            ("instrumental", text)
            for text in (
                "[Instrumental]", "(Instrumental)", "Instrumental track", "This song is an instrumental",
                "*instrumental*",
                "[Instrumental]\n[Outro: Instrumental]", "Instrumentale", "Strumentale", "Brano strumentale",
                "Esta canción es instrumental", "Instrumentální", "Инструментал", "纯音乐，请欣赏",
                "インストゥルメンタル",
                "此歌曲为没有填词的纯音乐，请您欣赏", "연주곡", "No vocals", "Ohne Text", "Sans paroles",
                "♪ Instrumental ♪",
            )
        ),
        *(
            ("unavailable", text)
            for text in (
                "Lyrics for this song have yet to be released. Please check back once the song has been released.",
                "lyrics not available", "We do not have the lyrics for Tin Boat yet.", "Lyrics coming soon",
                "Unfortunately, we are not licensed to display the full lyrics for this song at the moment.",
                "Be the first to add the lyrics", "Letra no disponible", "暂无歌词",
            )
        ),
        ("article", ARTICLE),
        ("book", CHAPTER),
        ("track list", TRACKS),
        ("track list", TIMED),
        ("script", SCRIPT),
        ("script", PLAY),
    ],
)  # fmt: skip
def test_what_is_no_lyric_is_known_for_what_it_is(kind: str, text: str) -> None:
    assert no_lyrics(text) == kind


@pytest.mark.parametrize(
    "lyric",
    [
        "Na na na na", "None of us", "Nothing", "Unknown pleasures", "Instrumental to my life\nyou are", "Home",
        "Without words we speak", "No words can say\nhow I feel", "Sorry, there are no lyrics in me\nI row",
        "1 for the oar\n2 for the tide\n3 to get ready\n4 to ride\n5 to go\n6 to stay",
        "1. I rowed,\n1. I rowed,\n2. you sailed,\n2. you sailed,\n3. we sank,\n3. we sank,",
        "full lyrics will be available upon release stay tuned  row it home tonight",
        "Enter the night\nExit the light\nEnter the night\nExit the light",
        # a tale that is told in sentences, without line breaks
        "I was just seventeen when the boat came in, and I knew nothing of the sea. My father said that you never turn "
        "your back on it, and I laughed at him. You were waiting on the quay with your coat undone and your hat in "
        "your "
        "hand. I asked you where you were going, and you told me that you did not know. So I gave you my oar and I "
        "gave "
        "you my name, and I never saw the shore again. Now I sit in the shed and I listen to the rain, and I wonder if "
        "you remember me at all.",
        "\n".join(f"Row it to the {place}, row it all night long" for place in ("quay", "shed", "bay", "town")) * 8,
    ],
)  # fmt: skip
def test_lyrics_are_lyrics(lyric: str) -> None:
    assert no_lyrics(lyric) is None


@given(st.lists(st.text(alphabet="abcdefg hij,.!?'", min_size=3, max_size=40), min_size=5, max_size=60))
def test_short_lines_are_no_prose(lines: list[str]) -> None:
    assert no_lyrics("\n".join(lines)) not in ("article", "book", "script")


def test_an_import_leaves_it_out_and_says_so() -> None:
    problems: list[str] = []
    assert "lyrics" not in song_facts({"title": "Tin Boat", "lyrics": ARTICLE}, problems)
    assert problems == ["lyrics is an article, expected sung lines; left out"]
    assert "lyrics" not in song_facts({"title": "Tin Boat", "lyrics": "(Instrumental)"}, problems)
    assert song_facts({"title": "Tin Boat", "lyrics": "Row it\nHome"}, problems)["lyrics"] == "Row it\nHome"
    assert len(problems) == 1
