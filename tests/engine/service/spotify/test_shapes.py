"""Songs that Spotify's shape has no simple answer for, errors, and what a generation has of its own."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from engine import Engine
from engine.service.app import make_app
from engine.service.settings import Settings
from engine.service.spotify.ids import digest_id
from engine.service.spotify.tables import tables_of
from indexer import IndexConfig
from tests.engine.service.conftest import TOKEN, settings_of
from tests.engine.service.spotify.contract import complaints
from tests.engine.service.spotify.odd import HOSTILE, ISRC, REAL, STOLEN, build_odd


@pytest.fixture(scope="module")
def odd_index(tiny_config: IndexConfig, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    return once("odd", lambda folder: build_odd(folder, tiny_config)) / "refrain.index"


@pytest.fixture(scope="module")
def odd(odd_index: Path) -> Iterator[TestClient]:
    with TestClient(make_app(settings_of(odd_index)), base_url="http://127.0.0.1") as client:
        yield client


def get(client: TestClient, path: str, **parameters: object):
    answer = client.get(f"/v1/{path}", params=parameters)
    assert complaints(f"/v1/{path}", answer.status_code, answer.json()) == []
    return answer.json()


def titled(client: TestClient, title: str):
    return get(client, "search", q=f"track:{title}", type="track")["tracks"]["items"][0]


def test_a_song_goes_by_its_real_id(odd):
    track = get(odd, f"tracks/{REAL}")
    assert (track["name"], track["external_urls"]) == (
        "Harbour",
        {"spotify": f"https://open.spotify.com/track/{REAL}"},
    )
    assert track["album"]["release_date"] == "1994"


def test_a_song_without_one_goes_by_its_digest(odd):
    track = titled(odd, "half")
    assert (track["id"], track["external_urls"]) == (digest_id("track", "partial"), {})


def test_no_id_is_of_two_songs(odd):
    assert get(odd, f"tracks/{STOLEN}")["name"] == "Quay"
    pier = titled(odd, "pier")
    assert pier["id"] == digest_id("track", "robbed", 1)
    assert get(odd, f"tracks/{pier['id']}") == pier


def test_what_nobody_knows_has_spotifys_word_for_it(odd):
    track = titled(odd, "nothing known")
    unknown = {"artists": [], "duration_ms": 0, "popularity": 0, "explicit": False, "track_number": 1}
    assert {name: track[name] for name in unknown} == unknown
    album = track["album"]
    assert (album["name"], album["release_date"], album["total_tracks"]) == ("", "0000", 1)


def test_features_are_of_spotifys_own_scale_or_null(odd):
    titles = ["harbour", "no key", "half", "from a file", "nothing known"]
    ids = [titled(odd, title)["id"] for title in titles]
    real, keyless, *others = get(odd, "audio-features", ids=",".join(ids))["audio_features"]
    assert (real["energy"], real["key"], real["tempo"], real["time_signature"]) == (0.8, 4, 120.0, 0)
    assert (keyless["key"], keyless["tempo"]) == (-1, 0.0)
    assert others == [None, None, None]
    assert "not known on Spotify's scale" in get(odd, f"audio-features/{ids[2]}")["error"]["message"]


def test_a_genre_is_one_however_it_is_written(odd):
    assert get(odd, "recommendations/available-genre-seeds")["genres"] in (["hip hop"], ["hip-hop"])
    for written in ("hip hop", "Hip-Hop"):
        assert get(odd, "search", q=f"genre:{written}", type="track")["tracks"]["total"] == 40
        assert get(odd, "recommendations", seed_genres=written)["seeds"][0]["initialPoolSize"] > 0


def test_hostile_titles_are_text(odd):
    tracks = get(odd, "search", q="artist:ada artist:bo", type="track")["tracks"]["items"]
    (track,) = [track for track in tracks if "alert" in track["name"]]
    assert track["name"] == track["album"]["name"] == HOSTILE
    assert [artist["name"] for artist in track["artists"]] == ["Ada", "Bo"]


def test_a_recording_is_looked_up_by_its_code(odd, odd_index, tmp_path):
    assert [t["name"] for t in get(odd, "search", q=f"isrc:{ISRC}", type="track")["tracks"]["items"]] == ["By Code"]
    assert get(odd, "search", q="isrc:USABC1100009", type="track")["tracks"]["total"] == 0
    settings = Settings(index=str(odd_index), catalogue=str(tmp_path / "none.db"))
    with TestClient(make_app(settings), base_url="http://127.0.0.1") as alone:
        assert "catalogue" in get(alone, "search", q=f"isrc:{ISRC}", type="track")["error"]["message"]


def test_ids_are_taken_as_links_too(odd):
    track = get(odd, f"tracks/{REAL}")
    for written in (
        f"spotify:track:{REAL}",
        f"https://open.spotify.com/intl-de/track/{REAL}?si=1",
        f"open.spotify.com/track/{REAL}",
    ):
        assert get(odd, f"tracks/{written.replace('/', '%2F').replace('?', '%3F')}") == track
        assert get(odd, "tracks", ids=written)["tracks"] == [track]
        assert get(odd, "recommendations", seed_tracks=written)["seeds"][0]["id"] == REAL
        assert get(odd, "search", q=written, type="track")["tracks"]["items"] == [track]


@pytest.mark.parametrize(
    ("path", "parameters", "status"),
    [
        ("tracks", {}, 400),
        ("tracks", {"ids": ","}, 400),
        ("tracks", {"ids": ",".join([REAL] * 51)}, 400),
        ("audio-features", {"ids": ",".join([REAL] * 101)}, 400),
        ("tracks/spotify:artist:" + REAL, {}, 400),
        ("tracks/" + REAL + "x", {}, 400),
        (f"tracks/{REAL}/albums", {}, 404),
        ("tracks/" + "0" * 22, {}, 404),
        ("artists/" + REAL, {}, 404),
        ("artists/" + REAL + "/related-artists", {}, 404),
        ("audio-analysis/" + REAL, {}, 404),
        ("playlists/x", {}, 404),
        ("me", {}, 404),
        ("search", {"q": "ada"}, 400),
        ("search", {"q": " ", "type": "track"}, 400),
        ("search", {"q": "a" * 1001, "type": "track"}, 400),
        ("search", {"q": " ".join(map(str, range(99))), "type": "track"}, 400),
        ("search", {"q": "year:soon", "type": "track"}, 400),
        ("search", {"q": "ada", "type": "track", "limit": 51}, 400),
        ("recommendations", {"seed_tracks": "7"}, 400),
        ("recommendations", {"seed_tracks": REAL, "market": "Germany"}, 400),
        ("recommendations", {"seed_tracks": REAL, "min_tempo": "fast"}, 400),
        ("recommendations", {"seed_tracks": REAL, "min_time_signature": "fast"}, 400),
        ("recommendations", {"seed_tracks": "0" * 22}, 404),
        ("recommendations", {"seed_genres": "polka"}, 404),
    ],
)
def test_errors_have_spotifys_form(odd, path, parameters, status):
    assert get(odd, path, **parameters)["error"]["status"] == status


def test_a_wrong_token_is_a_401(odd_index, token_file):
    app = make_app(settings_of(odd_index, token=str(token_file)))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for token, status in (("wrong", 401), (TOKEN, 200)):
            answer = client.get(f"/v1/tracks/{REAL}", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == status
            assert complaints(f"/v1/tracks/{REAL}", answer.status_code, answer.json()) == []


def test_a_slash_at_the_end_changes_nothing(odd):
    artist = get(odd, f"tracks/{REAL}")["artists"][0]["id"]
    for path in (
        f"tracks/?ids={REAL}", f"tracks/{REAL}/", f"audio-features/?ids={REAL}", f"audio-features/{REAL}/",
        f"artists/?ids={artist}", f"artists/{artist}/", f"artists/{artist}/related-artists/",
        f"artists/{artist}/top-tracks/", "recommendations/available-genre-seeds/", f"audio-analysis/{REAL}/",
        f"recommendations/?seed_tracks={REAL}",
    ):  # fmt: skip
        with_slash = odd.get(f"/v1/{path}", follow_redirects=False)
        without = odd.get(f"/v1/{path}".replace("/?", "?").rstrip("/"), follow_redirects=False)
        assert (with_slash.status_code, with_slash.json()) == (without.status_code, without.json())


def test_every_generation_has_its_own_tables(odd_index):
    with Engine.open(odd_index) as engine:
        before = tables_of(engine.index)
        assert tables_of(engine.index) is before
        engine.reopen()
        assert tables_of(engine.index) is not before
        assert tables_of(engine.index).tracks.number_of(REAL) == before.tracks.number_of(REAL)


def test_tables_do_not_outlive_their_index(odd_index):
    from engine.service.spotify.tables import _made

    with Engine.open(odd_index) as engine:
        tables_of(engine.index)
        many = len(_made)
    del engine
    gc.collect()
    assert len(_made) < many


def test_the_document_names_every_knob(odd):
    document = odd.get("/api/openapi.json").json()
    names = {each["name"] for each in document["paths"]["/v1/recommendations"]["get"]["parameters"]}
    assert len([name for name in names if name.startswith(("min_", "max_", "target_"))]) == 42
    assert "without effect" in json.dumps(document["paths"]["/v1/recommendations"])
