"""Guessed languages: sure where the words are, unknown where they are few, sung syllables or two languages' own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import Song
from indexer.songs.table import Songs
from indexer.songs.write import write_songs
from indexer.store.artefacts import of_stage
from indexer.store.generations import open_generation
from indexer.store.publish import new_generation
from indexer.text.guess import guess_language

SUNG = {
    "en": "Lanterns on the jetty, nobody to wait for\nI counted every gull until the morning",
    "de": "Ich zähle jede Möwe bis zum Morgen\nund niemand wartet auf dem Steg auf mich",
    "es": "El mástil canta otra vez y nadie me espera\ncuento las gaviotas hasta la mañana",
    "fr": "Personne ne m'attend au bout de la jetée\nje compte les mouettes jusqu'au matin",
    "it": "Nessuno mi aspetta in fondo al molo\nconto i gabbiani fino a domani mattina",
    "pt": "Ninguém me espera no fim do cais\neu conto as gaivotas até de manhã, meu coração",
    "nl": "Niemand wacht op mij aan het einde van de steiger\nik tel de meeuwen tot de ochtend komt",
    "sv": "Ingen väntar på mig vid bryggans ände\njag räknar måsarna tills morgonen kommer",
    "pl": "Nikt nie czeka na mnie na końcu pomostu\nliczę mewy aż do rana",
    "tr": "İskelenin ucunda kimse beni beklemiyor\nsabaha kadar martıları sayıyorum",
    "ru": "Никто не ждёт меня в конце причала\nя считаю чаек до утра",
    "ko": "부두 끝에서 아무도 나를 기다리지 않아\n아침까지 갈매기를 세고 있어",
    "ja": "桟橋の端で誰も僕を待っていない\n朝までカモメを数えている",
    "el": "Κανείς δεν με περιμένει στην άκρη της προβλήτας",
    "hi": "घाट के छोर पर कोई मेरा इंतज़ार नहीं करता",
}


@pytest.mark.parametrize("language", SUNG)
def test_two_lines_are_enough(language: str) -> None:
    assert guess_language(SUNG[language]) == language
    assert guess_language(SUNG[language].upper()) == language


@pytest.mark.parametrize(
    "lyrics",
    ["", "Home", "Oh, oh, oh, yeah, yeah\n" * 20, "La la la la la la la la la la",
    "Na na na na\nhey hey hey\n" * 9, "1 2 3 4", "♪"],
)  # fmt: skip
def test_too_little_is_unknown(lyrics: str) -> None:
    assert guess_language(lyrics) is None


@given(st.text(max_size=200))
def test_any_text_has_an_answer_and_always_the_same(text: str) -> None:
    guess = guess_language(text)
    assert guess is None or (guess.isalpha() and guess.islower() and len(guess) in (2, 3))
    assert guess_language(text) == guess


def test_the_library_is_loaded_with_the_first_question() -> None:
    code = "import sys, indexer.songs.write, indexer.text.guess; print('py3langid' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "False"


def written(folder: Path, *songs: Song) -> Songs:
    with new_generation(folder / "ix", {"stages": {}, "config": "{}"}) as (draft, _):
        write_songs(draft, ((song, str(at)) for at, song in enumerate(songs)))
        draft.finish("songs", of_stage("songs"), {})
    return Songs(open_generation(folder / "ix"))


def test_the_song_table_has_the_language_that_sources_gave_or_else_a_guess(tmp_path: Path) -> None:
    lyrics = SUNG["de"]
    table = written(
        tmp_path,
        Song("Steg", "Ada", "a", lyrics=lyrics),
        Song("Steg", "Bo", "b", lyrics=lyrics, language="nds"),
        Song("Steg", "Cy", "c"),
        Song("Steg", "Di", "d", lyrics="3 ContributorsTranslationsEnglishSteg Lyrics\nla la la"),
    )
    assert [table.text("language", row) for row in range(4)] == ["de", "nds", None, None]
    assert [table.column("language_key").of(row) for row in range(4)] == [["de"], ["nds"], [], []]
    assert table.lyrics[3] == "la la la"
