"""Extending a list: what was in it stays, what comes after is new, and what was not found is said."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from engine import Engine
from engine.bounds import MOST_NAMES
from engine.cli.app import MISUSED, REFUSED
from engine.lookup.files import MOST_LISTED, listed_in, read_list
from engine.playlist.extension import extension
from engine.playlist.tracks import Candidates
from engine.playlist.transitions import Transitions
from engine.requests import MakePlaylist
from indexer.errors import EmptyQueryError, RequestError
from tests.engine.cli.running import run

# As a player writes it, with a song that no catalogue here holds; the last stands there by its file's name alone.
MIX = (
    "#EXTM3U\n#PLAYLIST:Mine\n#EXTINF:200,Ludie Sparrow - My Landlord Bought a Boat\n/music/b/01.mp3\n"
    "#EXTINF:-1,Nobody At All - Sung By Nobody\n../x/Sung By Nobody.mp3\n#MY-OWN:comment\n"
    "Milkthistle Year - Chlorine Hair.flac\n"
)
NAMES = ("My Landlord Bought a Boat, Ludie Sparrow", "Chlorine Hair, Milkthistle Year")


@pytest.fixture
def place(demo_index: Path) -> dict[str, str]:
    return {"REFRAIN_INDEX": str(demo_index)}


@pytest.fixture
def ids(demo: Engine) -> list[str]:
    return [demo.named(name).song_id for name in NAMES]


def test_the_list_is_followed_by_new_songs(demo: Engine, ids: list[str]) -> None:
    made = extension(demo.index, listed_in(demo.index, MIX), MakePlaylist(length=8), demo.weights)
    assert [hit.song_id for hit in made.before] == ids
    assert made.missing == ("Nobody At All - Sung By Nobody",)
    new = [hit.song_id for hit in made.new]
    assert (len(new), len({*new, *ids})) == (8, 10)
    assert [hit.rank for hit in made.new] == list(range(1, 9))
    assert [hit.song_id for hit in made.whole] == [*ids, *new]
    assert "Sung By Nobody" in made.new.notes[-1]
    assert extension(demo.index, listed_in(demo.index, MIX), MakePlaylist(length=8), demo.weights).new == made.new
    assert set(new) <= set(demo.recommend(ids, k=40).song_ids), "they belong beside the whole list"


def test_what_comes_next_fits_the_end(demo: Engine) -> None:
    """From the last song of the list to the first new one it is a shorter step than to the new songs in the mean."""
    songs = demo.index.songs
    nearer = []
    for start in demo.songs(sort="-popularity", limit=12):
        end = demo.similar(start, 1)[0]
        made = extension(
            demo.index, listed_in(demo.index, f"{start.song_id}\n{end.song_id}"), MakePlaylist(length=12), demo.weights
        )
        ids = [made.before[-1].song_id, *(hit.song_id for hit in made.new)]
        assert ids[0] == end.song_id
        rows = np.array([songs.row_of(song_id) for song_id in ids], np.int64)
        transitions = Transitions(Candidates.of_rows(songs, rows))
        steps = transitions.costs(np.zeros(12, np.int64), np.arange(1, 13))
        nearer.append(float(steps.mean() - steps[0]))
    assert sum(each > 0 for each in nearer) >= 10
    assert np.mean(nearer) > 0.05


def test_caps_count_the_new_songs_alone(demo: Engine) -> None:
    artist = demo.named(NAMES[0]).artist
    own = [song.song_id for song in demo.songs({"artist": [artist]}, limit=500)]
    made = extension(demo.index, listed_in(demo.index, "\n".join(own)), MakePlaylist(length=5), demo.weights)
    assert len(made.before) == len(own)
    assert len(made.new) == 5
    assert not [sentence for sentence in made.new.relaxed if "artist cap" in sentence]


def test_a_list_sent_is_no_path_and_costs_little(demo: Engine, ids: list[str], tmp_path: Path) -> None:
    secret = tmp_path / "secret.m3u8"
    secret.write_text(MIX)
    with pytest.raises(EmptyQueryError, match="no song of the list"):
        extension(demo.index, listed_in(demo.index, f"{secret}\nfile://{secret}\n"), MakePlaylist(), demo.weights)
    listed = listed_in(demo.index, MIX)
    assert listed == read_list(demo.index, secret), "as the command reads a file"
    begun = time.monotonic()
    wrong = "".join(f"My Landlrd Bougt a Boat number {i}\n" for i in range(4_000))
    exact = "Ludie Sparrow - My Landlord Bought a Boat\n"
    hostile = ", " * 20_000 + "\n" + "a - b, " * 60 + "\n"
    listed = listed_in(demo.index, hostile + wrong + exact)
    assert [song.song_id for song in listed.songs][-1] == ids[0], f"also after {MOST_NAMES} others, letter by letter"
    assert time.monotonic() - begun < 15
    with pytest.raises(RequestError, match="at most so many"):
        listed_in(demo.index, "x\n" * (MOST_LISTED + 1))


def test_the_command_writes_what_was_there_and_more(place: dict[str, str], tmp_path: Path, ids: list[str]) -> None:
    mix = tmp_path / "mix.m3u8"
    mix.write_text(MIX)
    done = run("playlist", "--extend", "mix.m3u8", "--length", "4", "--out", "mix.m3u8", "--json", env=place,
               cwd=tmp_path)  # fmt: skip
    assert done.code == 0
    new = [song["song_id"] for song in done.json["songs"]]
    assert len(new) == 4
    assert "Sung By Nobody" in done.err
    text = mix.read_text()
    assert text.startswith(MIX), "what nobody knows stays, too"
    assert text.count("#EXTINF") == 2 + 4
    again = run("playlist", "--extend", "mix.m3u8", "--length", "4", "--out", "more.csv", "--json", env=place,
                cwd=tmp_path)  # fmt: skip
    more = [song["song_id"] for song in again.json["songs"]]
    assert not {*more} & {*new, *ids}, "a list that was extended is a list"
    table = (tmp_path / "more.csv").read_text().splitlines()
    assert len(table) == 1 + 2 + 4 + 4
    (tmp_path / "Milkthistle Year - Chlorine Hair.flac").touch()
    (tmp_path / "other").mkdir()
    mix.write_text(mix.read_text() + f"{'long' * 100}\n")  # no name that a file can have
    for folder, warned in (("other", True), (".", False)):
        moved = run("playlist", "--extend", "mix.m3u8", "--out", f"{folder}/moved.m3u8", env=place, cwd=tmp_path)
        assert ("the relative paths in mix.m3u8 lead nowhere" in moved.err) == warned
    jspf = run("playlist", "--extend", "mix.m3u8", "--length", "2", "--out", "all.jspf", env=place, cwd=tmp_path)
    assert jspf.code == 0
    assert len(json.loads((tmp_path / "all.jspf").read_text())["playlist"]["track"]) == 2 + 4 + 2


@pytest.mark.parametrize("name", ["mine.csv", "mine.m3u"])
def test_a_list_that_would_lose_what_nobody_knows_is_not_written_over(
    place: dict[str, str], tmp_path: Path, name: str
) -> None:
    list_ = "title,artist,notes\nMilkthistle Year,Chlorine Hair,mine\nMy Own Demo,Zzq Nobody,mine\n"
    (tmp_path / name).write_text(list_ if name.endswith("csv") else MIX)
    before = (tmp_path / name).read_text()
    done = run("playlist", "--extend", name, "--length", "1", "--out", name, env=place, cwd=tmp_path)
    assert done.code != 0
    assert (tmp_path / name).read_text() == before
    if name.endswith("csv"):
        assert "is the list itself" in done.err
        other = run("playlist", "--extend", name, "--length", "1", "--out", "b.csv", env=place, cwd=tmp_path)
        assert other.code == 0
        assert "1 songs of mine.csv are not found, so not in b.csv" in other.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--extend", "nowhere.m3u8"], MISUSED, "nowhere.m3u8"),
        (["--extend", "none.txt"], REFUSED, "no song of the list is in the catalogue"),
        (["--extend", "none.txt", "--with-seeds"], MISUSED, "--length alone"),
        (["--extend", "none.txt", "--duration-total", "60"], MISUSED, "--length alone"),
    ],
)
def test_what_cannot_be_extended(
    place: dict[str, str], tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    (tmp_path / "none.txt").write_text("Sung By Nobody\n")
    done = run("playlist", *words, env=place, cwd=tmp_path)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
