"""Places by half of the playlists: near the songs' own, and ignorant of the other half."""

from __future__ import annotations

import numpy as np

from indexer.models.taste.halves import half_places
from indexer.songs.splits import PlaylistRows

SONGS, SCENES = 900, 9


def scenes(seed: int = 0) -> tuple[list[PlaylistRows], np.ndarray]:
    """Songs i of scene i % SCENES, each scene a direction; playlists stay inside a scene. The last song is in none."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(16, 16)))[0][:SCENES]
    places = directions[np.arange(SONGS) % SCENES].astype(np.float32)
    lists = [rng.permutation(np.arange(i % SCENES, SONGS - 1, SCENES))[:40] for i in range(180)]
    return [PlaylistRows(f"list {i}", rows) for i, rows in enumerate(lists)], places


def test_a_half_places_songs_near_where_all_playlists_do() -> None:
    playlists, places = scenes()
    halves = half_places(playlists, places)
    assert halves is not None
    for i, half in enumerate(halves):
        inside = np.isin(np.arange(SONGS), np.concatenate([playlist.rows for playlist in playlists[i::2]]))
        assert half.any(axis=1).tolist() == inside.tolist()
        np.testing.assert_allclose(np.linalg.norm(half[inside], axis=1), 1, atol=1e-5)
        assert (half[inside] * places[inside]).sum(axis=1).mean() > 0.9


def test_a_half_knows_nothing_of_the_other() -> None:
    playlists, places = scenes()
    rng = np.random.default_rng(1)
    other = [
        playlist if i % 2 == 0 else PlaylistRows(playlist.name, rng.permutation(SONGS)[:40])
        for i, playlist in enumerate(playlists)
    ]
    one, two = half_places(playlists, places), half_places(other, places)
    assert one is not None
    assert two is not None
    np.testing.assert_array_equal(one[0], two[0])
    assert np.abs(one[1] - two[1]).max() > 0.1


def test_few_songs_have_no_halves() -> None:
    playlists, places = scenes()
    assert half_places(playlists[:6], places) is None
    assert half_places([], places) is None
