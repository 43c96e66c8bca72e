"""Encodings: short tables in the encodings of many languages are read as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.sources import recognise

TABLES = {
    "gb18030": ["夜色温柔,林小雨", "月亮河边,陈海", "城市灯火,黎明之光"],
    "big5": ["夜色溫柔,林小雨", "月亮河邊,陳海", "城市燈火,黎明之光"],
    "shift_jis": ["夜のうた,山田はな", "海のむこう,タカシ", "東京ナイト,海辺バンド"],
    "euc_jp": ["夜のうた,山田はな", "海のむこうのさくらの道,タカシ", "東京ナイト,海辺バンド", "雨あがり,佐藤ゆき"],
    "euc_kr": ["밤의 노래,김하나", "바다 건너,이바다", "서울의 밤,한강"],
    "cp1251": ["Ночная песня,Анна Морозова", "Город огней,Сергей Лунин", "Тишина,Группа Причал"],
    "koi8_r": ["Ночная песня,Анна Морозова", "Город огней,Сергей Лунин", "Дорога домой,Группа Причал"],
    "cp1254": ["Gece Şarkısı,Ayşe Demir", "Işıklı Şehir,Çağrı Işık", "Rüzgâr,Oğuz"],
    "iso8859_2": ["Nocna pieśń,Żaneta Łoś", "Jesienny liść,Paweł Wiśniewski", "Źródło,Kądziołka"],
    "cp1250": ["Noční píseň,Jiří Dvořák", "Město světel,Štěpán Říha", "Vítr,Lenka Šťastná"],
    "cp1252": ["Été à Sète,Amélie Dubois", "Grüße,Jörg Müller", "Peña,Íñigo Núñez"],
}
HUNGARIAN = ["Őszi levél,Erdős Győző", "Távoli tenger,Szűcs Ödön", "Kék vonat,Kovács Ágnes"]
ICELANDIC = ["Þögnin,Sigríður Ósk", "Norðurljós,Þór Ægisson", "Við ána,Guðný"]


def names(folder: Path, rows: list[str], encoding: str) -> list[str]:
    """Titles and artists of a table in an encoding, of which what was guessed is said."""
    path = folder / "table.csv"
    path.write_bytes("\n".join(["title,artist", *rows, ""]).encode(encoding))
    source = recognise(path)
    assert "is not UTF-8" in source.opened.remarks[0]
    assert "iconv" in source.opened.remarks[0]
    return [f"{song.facts['title']},{song.facts['artist']}" for batch in source.batches() for song in batch.songs]


@pytest.mark.parametrize("times", [1, 70])
@pytest.mark.parametrize("encoding", TABLES)
def test_short_tables(encoding: str, times: int, tmp_path: Path) -> None:
    assert names(tmp_path, TABLES[encoding] * times, encoding) == TABLES[encoding] * times


@pytest.mark.parametrize("encoding", ["iso8859_2", "cp1250"])
def test_polish_and_hungarian_in_both_encodings_of_central_europe(encoding: str, tmp_path: Path) -> None:
    for rows in (HUNGARIAN, TABLES["iso8859_2"], TABLES["cp1250"]):
        assert names(tmp_path, rows, encoding) == rows


def test_icelandic_is_no_turkish_and_a_library_of_the_west_no_czech(tmp_path: Path) -> None:
    """Windows-1254 differs from 1252 in six letters, which are those of Icelandic."""
    assert names(tmp_path, ICELANDIC, "cp1252") == ICELANDIC
    for row in TABLES["cp1252"]:
        assert names(tmp_path, [row], "cp1252") == [row]
    mixed = [*TABLES["cp1252"], *ICELANDIC, "São João,Zé", "Ångström,Håkan Sjö", "Canción,José"]
    assert names(tmp_path, mixed, "cp1252") == mixed


@pytest.mark.parametrize("rows", [2, 3, 50])
def test_one_broken_byte_makes_no_other_encoding_of_a_text(rows: int, tmp_path: Path) -> None:
    path = tmp_path / "songs.csv"
    path.write_bytes(b"title,artist\n" + "Café,José\n".encode() * rows + b"Th\xe9,Bo\n")
    opened = recognise(path).opened
    assert (opened.encoding, opened.errors) == ("utf-8", "replace")
    assert "1 bytes are not UTF-8" in " ".join(opened.remarks)
