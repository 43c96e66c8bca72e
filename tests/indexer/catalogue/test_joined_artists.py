"""Artists in one text are taken apart when each of them is known, whichever file comes first."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalogue import Catalogue
from tests.indexer.catalogues import everything, rows

DUET = {"title": "Harbour", "artist": "Ada & Bo", "spotify_id": "1" * 22}
ADA, BO = {"title": "Kettle", "artist": "Ada"}, {"title": "Sill", "artist": "The Bo", "spotify_id": "2" * 22}


def test_names_are_taken_apart_when_the_last_of_them_is_known(catalogue: Catalogue, tmp_path: Path) -> None:
    files = [rows(tmp_path, row, name=f"{number}.jsonl") for number, row in enumerate((DUET, ADA, BO))]
    states = []
    for order in permutations(files):
        for path in order:
            known = len([song for song in catalogue.songs() if song.artist in ("Ada", "The Bo")])
            before = dict(catalogue.digests())
            catalogue.load(path)
            song = catalogue.song("1" * 22)
            known += path != files[0]
            if song is not None:
                assert song.artist == "Ada & Bo"
                assert song.artists == (("Ada", "Bo") if known == 2 else ())
                if known == 2 and song.song_id in before:
                    assert dict(catalogue.digests())[song.song_id] != before[song.song_id], "an update reads it again"
        state = everything(catalogue)
        for path in order:
            assert not catalogue.load(path).changed
        assert everything(catalogue) == state
        states.append(state)
        catalogue.delete(song.song_id for song in list(catalogue.songs()))
    assert all(state == states[0] for state in states)


def test_what_only_looks_joined_stays_one_name(catalogue: Catalogue, tmp_path: Path) -> None:
    band = {"title": "September", "artist": "Earth, Wind & Ash", "spotify_id": "3" * 22}
    catalogue.load(rows(tmp_path, band, {"title": "Soil", "artist": "Earth"}, ADA))
    song = catalogue.song("3" * 22)
    assert song is not None
    assert song.artists == ()


def test_a_joined_name_is_no_evidence_for_itself(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, ADA | {"artist": "Cy, Ada"}, ADA))
    assert {song.artist: song.artists for song in catalogue.songs()} == {"Cy, Ada": (), "Ada": ()}
    catalogue.load(rows(tmp_path, {"title": "Oar", "artist": "Cy"}, name="cy.jsonl"))
    assert {song.artist: song.artists for song in catalogue.songs()} == {"Cy, Ada": ("Cy", "Ada"), "Ada": (), "Cy": ()}


def test_a_joined_name_meets_the_song_of_its_first_artist(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, ADA, BO, DUET, name="a.jsonl"))
    lyrics = {"title": "Harbour", "artist": ["Ada", "Bo"], "lyrics": "the harbour is closed"}
    same = {"title": "Harbour", "artist": "Ada and Bo", "year": 1990}
    report = catalogue.load(rows(tmp_path, lyrics, same, name="b.jsonl"))
    assert (report.counts["songs"].added, report.met_by_name) == (0, 2)
    song = catalogue.song("1" * 22)
    assert song is not None
    assert (song.lyrics, song.year) == ("the harbour is closed", 1990)


def test_a_name_with_a_comma_is_not_known_by_its_first(catalogue: Catalogue, tmp_path: Path) -> None:
    three = {"title": "Oar", "artist": "Ada, Cy & Bo", "spotify_id": "4" * 22}
    path = rows(tmp_path, ADA, BO, three)
    catalogue.load(path)
    assert {song.artist: song.artists for song in catalogue.songs()}["Ada, Cy & Bo"] == ()
    assert not catalogue.load(path).changed


NAMES = st.sampled_from(["Ada", "Bo", "Cy", "Dee"])
JOINED = st.builds(
    lambda names, signs: "".join(map("".join, zip(names, (*signs, ""), strict=False))),
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from([", ", " & ", " and "]), min_size=4, max_size=4),
)


@given(st.lists(st.tuples(JOINED, st.booleans()), min_size=1, max_size=8))
@settings(max_examples=30)
def test_importing_again_takes_nothing_else_apart(songs: list[tuple[str, bool]]) -> None:
    with TemporaryDirectory() as folder, Catalogue(Path(folder) / "refrain.db") as catalogue:
        described = [
            {"title": f"T{number}", "artist": artist, **({"spotify_id": f"{number}" * 22} if known else {})}
            for number, (artist, known) in enumerate(songs)
        ]
        path = rows(Path(folder), *described)
        catalogue.load(path)
        before = everything(catalogue)
        assert not catalogue.load(path).changed
        assert everything(catalogue) == before


def test_an_open_name_is_stored_once_and_forgotten_when_it_is_taken_apart(catalogue: Catalogue, tmp_path: Path) -> None:
    many = [{"title": f"T{i}", "artist": f"A{i % 50} & B{i % 50}"} for i in range(5_000)]
    catalogue.load(rows(tmp_path, *many, name="many.jsonl"))
    known = [{"title": "T", "artist": f"{letter}{i}"} for letter in "AB" for i in range(49)]
    report = catalogue.load(rows(tmp_path, *known, name="known.jsonl"))
    assert report.counts["songs"].added == 98
    assert {song.artist for song in catalogue.songs() if " & " in song.artist and not song.artists} == {"A49 & B49"}
