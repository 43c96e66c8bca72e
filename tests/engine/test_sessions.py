"""Recipes and history: what is saved is read, by several at a time, and what is no file of ours is refused."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ListSongs, MakePlaylist, Recommend, Search
from engine.sessions import KEPT_S, Sessions, sessions_file
from indexer.errors import RecipeNotFoundError, RequestError, SessionsError

PLAYLIST = MakePlaylist(seeds=("Paper Boats",), filters={"year": "1990..1999"}, arc="rise")


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(sessions_file(tmp_path / "refrain.index"))


def test_recipes_are_requests_with_a_name(sessions: Sessions) -> None:
    assert sessions.recipes() == {}
    assert not sessions.path.exists(), "reading makes no file"
    sessions.save_recipe("rise", PLAYLIST)
    sessions.save_recipe("best", ListSongs(sort="-popularity"))
    assert sessions.recipes() == {"best": ListSongs(sort="-popularity"), "rise": PLAYLIST}
    sessions.save_recipe("rise", Search(text="rain"))
    assert Sessions(sessions.path).recipe("rise") == Search(text="rain")
    with pytest.raises(RecipeNotFoundError, match="nearest: rise") as missing:
        sessions.recipe("rice")
    assert missing.value.nearest == ("rise",)
    sessions.delete_recipe("rise")
    with pytest.raises(RecipeNotFoundError):
        sessions.delete_recipe("rise")
    assert list(sessions.recipes()) == ["best"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 501, "a\nb", "\x1b[31m", "/", "a//b", "/a", "a/", "..", "a/./b"])
def test_names_that_nobody_can_type_are_refused(sessions: Sessions, name: str) -> None:
    with pytest.raises(RequestError, match="name"):
        sessions.save_recipe(name, PLAYLIST)


def test_a_recipe_that_cannot_be_read_hides_no_other_and_can_be_deleted(sessions: Sessions) -> None:
    sessions.save_recipe("rise", PLAYLIST)
    unreadable = {"gone": '{"kind":"playlist","gone_field":1}', "kind": '{"kind":"dance"}', "torn": '{"kind":'}
    with closing(sqlite3.connect(sessions.path)) as connection, connection:
        connection.executemany("INSERT INTO recipes VALUES (?, ?)", unreadable.items())
    recipes = sessions.recipes()
    assert list(recipes) == ["gone", "kind", "rise", "torn"]
    assert recipes["rise"] == PLAYLIST
    assert "the recipe 'gone' cannot be read: MakePlaylist has no field 'gone_field'" in str(recipes["gone"])
    for name in unreadable:
        assert isinstance(recipes[name], RequestError)
        with pytest.raises(RequestError, match="save it anew, or delete it"):
            sessions.recipe(name)
        sessions.delete_recipe(name)
    assert sessions.recipes() == {"rise": PLAYLIST}


def test_a_song_is_claimed_once(sessions: Sessions) -> None:
    """Of many who choose from the same songs at once, no two get one song, and all get some."""
    songs = [f"s{i:03d}" for i in range(120)]

    def choose(_: int) -> list[str]:
        while True:
            had = set(sessions.plays("kitchen", since=1_000))
            chosen = [song for song in songs if song not in had][:5]
            if sessions.claim_plays("kitchen", chosen, since=1_000, at=2_000):
                return chosen

    with ThreadPoolExecutor(8) as pool:
        claimed = [song for songs in pool.map(choose, range(24)) for song in songs]
    assert sorted(claimed) == songs
    assert not sessions.claim_plays("kitchen", ["new", "s000"], since=1_000, at=2_000)
    assert "new" not in sessions.plays("kitchen"), "all of them or none"
    assert sessions.claim_plays("kitchen", ["s000"], since=3_000, at=4_000), "what was had before may come again"
    assert sessions.claim_plays("car", ["s000"], since=1_000, at=2_000)
    assert sessions.clients() == ["car", "kitchen"]


def test_what_is_said_late_moves_no_play_back(sessions: Sessions) -> None:
    sessions.note_plays("kitchen", ["a"], at=2_000)
    sessions.note_plays("kitchen", ["a", "b"], at=[500, 1_500])
    assert sessions.plays("kitchen", since=1_000) == ["a", "b"]


def test_history_by_client_and_time(sessions: Sessions) -> None:
    sessions.note_plays("kitchen", ["a", "b"], at=1000)
    sessions.note_plays("kitchen", ["c", "a"], at=2000)
    sessions.note_plays("car", ["z"], at=2000)
    assert sessions.plays("kitchen") == ["a", "c", "b"], "the last first, each once"
    assert sessions.plays("kitchen", since=1500) == ["a", "c"]
    assert sessions.plays("kitchen", limit=1) == ["a"]
    assert sessions.plays("nobody") == []
    sessions.note_plays("kitchen", ["d"], at=2000 + KEPT_S)
    assert sessions.plays("kitchen") == ["d", "a", "c"], "a year later the first are forgotten"
    sessions.forget_plays("kitchen")
    assert (sessions.plays("kitchen"), sessions.plays("car")) == ([], ["z"])


def test_several_may_write(sessions: Sessions) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: sessions.note_plays(f"c{i % 4}", [f"s{i}"]), range(80)))
        list(pool.map(lambda i: sessions.save_recipe(f"r{i}", Recommend(text=str(i))), range(40)))
    assert sorted(song for client in range(4) for song in sessions.plays(f"c{client}")) == sorted(
        f"s{i}" for i in range(80)
    )
    assert len(sessions.recipes()) == 40


def test_a_file_that_somebody_writes_is_not_called_broken(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sessions._PATIENCE_S", 0.05)
    sessions.save_recipe("rise", PLAYLIST)
    with closing(sqlite3.connect(sessions.path)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SessionsError, match="another process; try again"):
            sessions.save_recipe("fall", PLAYLIST)


def test_another_file_is_refused_and_left(tmp_path: Path) -> None:
    file = tmp_path / "refrain.index.sessions.db"
    file.write_bytes(b"song_id,title\n" * 100)
    for act in (lambda: Sessions(file).recipes(), lambda: Sessions(file).note_plays("a", ["b"])):
        with pytest.raises(SessionsError, match=r"^refrain\.index\.sessions\.db, .* cannot be read or written .* move"):
            act()
    assert file.read_bytes() == b"song_id,title\n" * 100


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("wxyz"), st.integers(0, 20)), max_size=20),
    st.integers(0, 20),
)
def test_history_is_the_last_play_of_each_song(
    tmp_path_factory: pytest.TempPathFactory, plays: list[tuple[str, str, int]], since: int
) -> None:
    sessions = Sessions(tmp_path_factory.mktemp("plays") / "s.db")
    expected: dict[str, dict[str, int]] = {"a": {}, "b": {}}
    for client, song, at in plays:
        sessions.note_plays(client, [song], at=at)
        expected[client][song] = max(at, expected[client].get(song, 0))
    for client, songs in expected.items():
        recent = [song for song, at in songs.items() if at >= since]
        assert sessions.plays(client, since=since) == sorted(recent, key=lambda song: (-songs[song], song))
