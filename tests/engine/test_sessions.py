"""Recipes and history: what is saved is read, by several at a time, and what is no file of ours is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ListSongs, MakePlaylist, Recommend, Search
from engine.sessions import KEPT_S, Sessions, sessions_file
from indexer.errors import RecipeNotFoundError, RefrainError, RequestError

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


@pytest.mark.parametrize("name", ["", "  ", "x" * 501, "a\nb", "\x1b[31m"])
def test_names_that_nobody_can_type_are_refused(sessions: Sessions, name: str) -> None:
    with pytest.raises(RequestError, match="name"):
        sessions.save_recipe(name, PLAYLIST)


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


def test_another_file_is_refused_and_left(tmp_path: Path) -> None:
    file = tmp_path / "refrain.index.sessions.db"
    file.write_bytes(b"song_id,title\n" * 100)
    for act in (lambda: Sessions(file).recipes(), lambda: Sessions(file).note_plays("a", ["b"])):
        with pytest.raises(RefrainError, match="cannot be read or written"):
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
        expected[client][song] = at
    for client, songs in expected.items():
        recent = [song for song, at in songs.items() if at >= since]
        assert sessions.plays(client, since=since) == sorted(recent, key=lambda song: (-songs[song], song))
