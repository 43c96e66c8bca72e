"""py-opensonic against a running service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from libopensonic import AsyncConnection
from libopensonic.errors import DataNotFoundError, SonicError

from tests.engine.service.players.music import JPEG, TOKEN

T = TypeVar("T")
Connect = Callable[[], AsyncConnection]


def with_client(connect: Connect, use: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    async def used() -> T:
        client = connect()
        try:
            return await use(client)
        finally:
            await client.cleanup()

    return asyncio.run(used())


def ways(port: int) -> dict[str, Connect]:
    place = "http://127.0.0.1"
    return {
        "token": lambda: AsyncConnection(place, "ada", TOKEN, port=port),
        "password": lambda: AsyncConnection(place, "ada", TOKEN, port=port, legacy_auth=True),
        "apiKey": lambda: AsyncConnection(place, port=port, api_key=TOKEN),
        "get": lambda: AsyncConnection(place, "ada", TOKEN, port=port, use_get=True, use_views=False),
    }


@pytest.mark.parametrize("way", ["token", "password", "apiKey", "get"])
def test_a_player_connects_looks_and_listens(way: str, port: int, music: Path) -> None:
    async def use(client: AsyncConnection) -> None:
        assert await client.ping()
        assert (await client.get_license())["license"]["valid"]
        names = [each.name for each in await client.get_open_subsonic_extensions()]
        assert {"sonicSimilarity", "formPost", "apiKeyAuthentication"} <= set(names)
        # get_music_folders of py-opensonic 10.4 takes no answer of the specification: it reads the list's own name.
        assert (await client.get_user("ada")).username == "ada"
        assert (await client.get_scan_status()).count == 15
        assert await client.get_playlists() == []
        artists = [artist for letter in (await client.get_artists()).index for artist in letter.artist]
        assert [artist.name for artist in artists] == ["Mo Vale", "Tin Heron", "Uma Pike"]
        artist = await client.get_artist(artists[0].id)
        album = await client.get_album(artist.album[0].id)
        assert [song.title for song in album.song] == ["Vale 1", "Rain < & \u00e9", "Vale 3", "Vale 4", "Vale 5"]
        assert len(await client.get_album_list2("newest", size=2)) == 2
        assert len((await client.search3("rain")).song) >= 1
        assert (await client.search2("vale")).artist[0].name == "Mo Vale"
        song = album.song[1]
        assert await client.get_song(song.id) == song
        matches = await client.get_sonic_similar_tracks(song.id, 3)
        assert len(matches) == 3
        assert all(0 <= match.similarity <= 1 for match in matches)
        path = await client.find_sonic_path(song.id, matches[-1].entry.id, 4)
        assert (path[0].entry.id, path[-1].entry.id) == (song.id, matches[-1].entry.id)
        for seed in (song.id, artist.id, album.id):
            assert len(await client.get_similar_songs(seed, 5)) == 5
            assert len(await client.get_similar_songs2(seed, 5)) == 5
        assert {each.artist for each in await client.get_top_songs("Mo Vale")} == {"Mo Vale"}
        assert len(await client.get_random_songs(4)) == 4
        assert {each.genre for each in await client.get_songs_by_genre("rock")} == {"rock"}
        assert {genre.value for genre in await client.get_genres()} == {"folk", "rock"}
        file = (music / "Music" / "Mo Vale" / "2.mp3").read_bytes()
        assert await (await client.stream(song.id)).read() == file
        assert await (await client.download(song.id)).read() == file
        assert await (await client.get_cover_art(song.id)).read() == JPEG
        assert await client.scrobble(song.id)
        with pytest.raises(DataNotFoundError):
            await client.get_song("nobody")
        with pytest.raises(DataNotFoundError):
            await client.stream("nobody")

    with_client(ways(port)[way], use)


def test_another_token_is_refused(port: int) -> None:
    async def ping(client: AsyncConnection) -> None:
        with pytest.raises(SonicError):
            await client.ping()
        assert await client.get_open_subsonic_extensions()

    with_client(lambda: AsyncConnection("http://127.0.0.1", "ada", "another", port=port), ping)
    with_client(lambda: AsyncConnection("http://127.0.0.1", port=port, api_key="another"), ping)
