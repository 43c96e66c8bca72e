"""Artists: each rule of reading cells and titles on names of its own, and laws of taking names apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import Song
from indexer.text.artists import (
    Artists,
    artists_of,
    list_of_names,
    parts_of,
    read_artists,
    resolved,
    taken_apart,
    title_guests,
)
from indexer.text.names import artist_key


@pytest.mark.parametrize(
    ("cell", "main", "featured"),
    [
        ("Tin Heron", ["Tin Heron"], []),
        ("Tin Heron; Mo Vale", ["Tin Heron", "Mo Vale"], []),
        ("Tin Heron;Mo Vale;Uma", ["Tin Heron", "Mo Vale", "Uma"], []),
        ("Tin Heron|Mo Vale", ["Tin Heron", "Mo Vale"], []),
        ("Tin Heron / Mo Vale", ["Tin Heron", "Mo Vale"], []),
        ("Tin Heron\0Mo Vale", ["Tin Heron", "Mo Vale"], []),
        ("Tin Heron; tin heron; Mo Vale", ["Tin Heron", "Mo Vale"], []),
        ("Q;RT", ["Q;RT"], []),
        ("N|O|N", ["N|O|N"], []),
        ("HC/LV", ["HC/LV"], []),
        ('["Tin Heron", "Mo Vale"]', ["Tin Heron", "Mo Vale"], []),
        ("['Tin Heron', 'Salt, Tar & Rope']", ["Tin Heron", "Salt, Tar & Rope"], []),
        (["Tin Heron", "Mo Vale feat. Uma"], ["Tin Heron", "Mo Vale"], ["Uma"]),
        ([{"id": "1", "name": "Tin Heron"}, {"name": "Mo Vale"}], ["Tin Heron", "Mo Vale"], []),
        ("[{'name': \"D'Arc\", 'followers': None}]", ["D'Arc"], []),
        ("[sic]", ["[sic]"], []),
        ("Tin Heron feat. Mo Vale", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron FEATURING Mo Vale", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron ft Mo Vale", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron f/ Mo Vale", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron (feat. Mo Vale)", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron [with Mo Vale]", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron (con Mo Vale)", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron Duet With Mo Vale", ["Tin Heron"], ["Mo Vale"]),
        ("Tin Heron ft. Mo Vale ft. Uma", ["Tin Heron"], ["Mo Vale", "Uma"]),
        ("Tin Heron; Uma feat. Mo Vale", ["Tin Heron", "Uma"], ["Mo Vale"]),
        ("Small Feat", ["Small Feat"], []),
        ("Small Feat feat. Uma", ["Small Feat"], ["Uma"]),
        ("12 Ft. Ladder", ["12 Ft. Ladder"], []),
        ("Six Ft Ladder", ["Six Ft Ladder"], []),
        ("Uma7 ft. Mo Vale", ["Uma7"], ["Mo Vale"]),
        ("Sum 12 ft. Mo Vale", ["Sum 12"], ["Mo Vale"]),
        ("Uma7 feat. Mo Vale", ["Uma7"], ["Mo Vale"]),
        ("Ft. Amber Choir", ["Ft. Amber Choir"], []),
        ("Herons, The", ["The Herons"], []),
        ("Tin Heron with Mo Vale", ["Tin Heron with Mo Vale"], []),
        ("7,500 Steps", ["7,500 Steps"], []),
        ("Salt, Tar & Rope", ["Salt, Tar & Rope"], []),
        ("", [], []),
        (None, [], []),
        (float("nan"), [], []),
        (17, [], []),
    ],
)
def test_a_cell_is_read_as_artists(cell: object, main: list[str], featured: list[str]) -> None:
    artists = read_artists(cell)
    assert ([*artists.main], [*artists.featured]) == (main, featured)


@pytest.mark.parametrize(
    ("title", "guests"),
    [
        ("Oar (feat. Mo Vale)", ["Mo Vale"]),
        ("Oar [Ft. Mo Vale] - Live", ["Mo Vale"]),
        ("Oar (with Mo Vale)", ["Mo Vale"]),
        ("Oar (w/ Mo Vale)", ["Mo Vale"]),
        ("Oar (con Mo Vale)", ["Mo Vale"]),
        ("Oar (avec Mo Vale)", ["Mo Vale"]),
        ("Oar (mit Mo Vale)", ["Mo Vale"]),
        ("Oar feat. Mo Vale", ["Mo Vale"]),
        ("Oar feat. Mo Vale - Radio Edit", ["Mo Vale"]),
        ("Oar featuring Mo Vale (Live)", ["Mo Vale"]),
        ("Oar - feat. Mo Vale", ["Mo Vale"]),
        ("Oar - with Mo Vale - Live", ["Mo Vale"]),
        ("Oar (Night Mix) [feat. Mo Vale]", ["Mo Vale"]),
        ("Oar (Night Mix feat. Mo Vale)", ["Mo Vale"]),
        ("Oar (with Uma, feat. Mo Vale)", ["Uma", "Mo Vale"]),
        ("Oar (feat. Uma & Mo Vale)", ["Uma & Mo Vale"]),
        ("With Or Without You", []),
        ("(With) You", []),
        ("Stay With Me", []),
        ("Stay (With Me)", []),
        ("Cold (With You Until The End)", []),
        ("Ir (Con Te)", []),
        ("Rêve (avec toi)", []),
        ("Adagio (with Strings)", []),
        ("The Feat of Ages", []),
        ("Six Ft. Under Water", []),
        ("Oar 2 ft. Mo Vale", ["Mo Vale"]),
        ("Dance - With Somebody", []),
        ("Feat. You", []),
    ],
)
def test_guests_are_read_from_a_title(title: str, guests: list[str]) -> None:
    assert title_guests(title) == guests


def test_a_guest_of_the_title_is_no_main_artist_but_the_first_stays() -> None:
    listed = read_artists(["Tin Heron", "Mo Vale", "Uma"], "Oar (feat. mo vale)")
    assert (listed.main, listed.featured) == (("Tin Heron", "Uma"), ("mo vale",))
    assert read_artists("Mo Vale", "Oar (feat. Mo Vale)") == Artists(main=("Mo Vale",))


def test_what_is_open_is_what_may_be_several() -> None:
    assert read_artists("Tin & Heron; Uma", "Oar (feat. Mo & Vale)").open == ("Tin & Heron", "Mo & Vale")
    assert read_artists(["Tin & Heron", "Uma"]).open == (), "a list says that each is one"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Tin & Heron", ["Tin", "Heron"]),
        ("Tin and Heron", ["Tin", "Heron"]),
        ("Tin x Heron", ["Tin", "Heron"]),
        ("Tin × Heron", ["Tin", "Heron"]),
        ("Tin + Heron", ["Tin", "Heron"]),
        ("Tin vs. Heron", ["Tin", "Heron"]),
        ("Tin y Heron", ["Tin", "Heron"]),
        ("Tin et Heron", ["Tin", "Heron"]),
        ("Tin und Heron", ["Tin", "Heron"]),
        ("Tin e Heron", ["Tin", "Heron"]),
        ("Tin with Heron", ["Tin", "Heron"]),
        ("Tin, Heron", ["Tin", "Heron"]),
        ("Tin,Heron", ["Tin", "Heron"]),
        ("Tin, and Heron", ["Tin", "Heron"]),
        ("Tin/Heron", ["Tin", "Heron"]),
        ("青木、赤木", ["青木", "赤木"]),
        ("Uma Pike, Jr. & Heron", ["Uma Pike, Jr.", "Heron"]),
    ],
)
def test_a_joined_name_has_parts(name: str, parts: list[str]) -> None:
    assert parts_of(name)[-1] == tuple(parts)


@pytest.mark.parametrize(
    "name",
    ["Tin Heron", "7,500 Steps", "Uma Pike, Jr.", "Herons, The", "HC/LV", "Uma & Her Band", "Uma y su Orquesta",
     "Heron & The Gang", "Tin & Friends", "L E O", "Heron &", "& Heron", "Andy", "Tin+"],
)  # fmt: skip
def test_a_name_that_is_one_has_no_parts(name: str) -> None:
    assert parts_of(name) == ()


def test_taking_apart_needs_all_parts_and_the_longest_known_names_win() -> None:
    known = {"Salt", "Tar & Rope", "Tar", "Rope"}
    assert taken_apart("Salt, Tar & Rope", known.__contains__) == ("Salt", "Tar & Rope")
    assert taken_apart("Salt, Tar & Rope", (known - {"Tar & Rope"}).__contains__) == ("Salt", "Tar", "Rope")
    assert taken_apart("Salt, Tar & Rope", (known - {"Tar & Rope", "Tar"}).__contains__) == ("Salt, Tar & Rope",)


def test_where_artists_are_listed_the_first_is_evidence_enough() -> None:
    known = {"Salt"}.__contains__
    assert taken_apart("Salt, Tar", known) == ("Salt", "Tar"), "bands with a comma have an and, too"
    assert taken_apart("Salt, Tar & Rope", known) == ("Salt, Tar & Rope",)
    assert taken_apart("Salt, Tar", known, listed=True) == ("Salt", "Tar")
    assert taken_apart("Salt, The Maker", known, listed=True) == ("Salt, The Maker",)
    assert taken_apart("Tar, Salt", known, listed=True) == ("Tar, Salt",)
    assert taken_apart("7,500 Steps", {"7"}.__contains__, listed=True) == ("7,500 Steps",)
    assert taken_apart("Salt, Tar & Rope", known, listed=True) == ("Salt", "Tar & Rope")


def test_guests_are_taken_apart_too_and_nobody_is_named_twice() -> None:
    known = {"Uma", "Mo", "Vale"}.__contains__
    artists = resolved(read_artists("Uma & Mo", "Oar (feat. Mo, Vale & Jo)"), known)
    assert artists == Artists(main=("Uma",), featured=("Mo", "Vale & Jo"))


def test_a_song_says_its_artists_by_lists_or_by_its_texts() -> None:
    assert artists_of(Song("Oar (feat. Mo)", "Uma; Vale")).featured == ("Mo",)
    told = artists_of(Song("Oar (feat. Mo)", "Uma & Vale", artists=("Uma", "Vale"), featured=("Jo",)))
    assert (told.main, told.featured) == (("Uma", "Vale"), ("Jo",))


NAMES = st.text(st.characters(codec="utf-8"), max_size=40)
PIECES = st.sampled_from(["Uma", "Mo", "Vale", "feat.", "ft", "with", "(", ")", "[", "]", ",", "&", ";", "|", " / ",
                          "/", "x", "and", " ", "The", "7", ",5", "\0", "Jr.", "- ", "'", '"', "w/", "青"])  # fmt: skip
TEXTS = st.one_of(NAMES, st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=14).map("".join))


@given(TEXTS, TEXTS)
def test_any_text_gives_clean_names_each_once(cell: str, title: str) -> None:
    artists = read_artists(cell, title)
    names = [*artists.main, *artists.featured]
    keys = [artist_key(name) for name in names]
    assert len(set(keys)) == len(keys)
    assert all(name and name == " ".join(name.split()) and "\0" not in name for name in names)
    assert set(artists.open) <= set(names)
    if list_of_names(cell) is None:
        assert bool(artists.main) or not any(c.isalnum() for c in cell.casefold()) or artists.featured


@given(TEXTS)
def test_parts_leave_nothing_out_but_joints(name: str) -> None:
    for way in parts_of(name):
        assert len(way) > 1
        at = 0
        for part in way:
            at = name.index(part, at) + len(part)


@given(st.lists(st.sampled_from(["Uma", "Mo Vale", "7,500 Steps", "Herons & Co", "A/B", "D'Arc"]), unique=True))
def test_a_list_in_json_or_python_is_that_list(names: list[str]) -> None:
    for cell in (names, tuple(names), json.dumps(names), repr(names)):
        if names or not isinstance(cell, str):
            assert read_artists(cell).main == tuple(names)
