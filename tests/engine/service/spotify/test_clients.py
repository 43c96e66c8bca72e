"""spotipy and tekore, unchanged, against `refrain serve`; every answer is what the published contract says."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest

from tests.engine.service.spotify.contract import complaints

spotipy = pytest.importorskip("spotipy")
tekore = pytest.importorskip("tekore")
requests = pytest.importorskip("requests")

# What Spotify closed, spotipy calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by Spotify:DeprecationWarning")

NOBODY = "0000000000000000000000"
ATTRIBUTES = {
    "acousticness": 0.4, "danceability": 0.5, "duration_ms": 200_000, "energy": 0.5, "instrumentalness": 0.1, "key": 5,
    "liveness": 0.2, "loudness": -9.0, "mode": 1, "popularity": 50, "speechiness": 0.1, "tempo": 110.0,
    "time_signature": 4, "valence": 0.5,
}  # fmt: skip


@pytest.fixture
def sp(spotify_url: str):
    def check(response, **_):
        url = requests.utils.urlparse(response.url)
        assert complaints(url.path, response.status_code, response.json()) == []

    session = requests.Session()
    session.hooks["response"].append(check)
    client = spotipy.Spotify(auth="x", requests_session=session)
    client.prefix = spotify_url
    with session:
        yield client


@pytest.fixture
def tk(spotify_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    def check(response: httpx.Response) -> None:
        response.read()
        assert complaints(response.request.url.path, response.status_code, response.json()) == []

    monkeypatch.setattr("tekore._client.base.prefix", spotify_url)
    client = httpx.Client(event_hooks={"response": [check]})
    spotify = tekore.Spotify("x", sender=tekore.SyncSender(client=client))
    yield spotify
    spotify.close()


@pytest.fixture(scope="module")
def ids(spotify_url: str) -> SimpleNamespace:
    answer = httpx.get(f"{spotify_url}search", params={"q": "track:air mattress artist:quince", "type": "track"}).json()
    track = answer["tracks"]["items"][0]
    return SimpleNamespace(track=track["id"], artist=track["artists"][0]["id"], genre="r&b")


def test_spotipy_recommends(sp, ids):
    answer = sp.recommendations(
        seed_tracks=[ids.track], seed_artists=[f"spotify:artist:{ids.artist}"], seed_genres=[ids.genre], limit=7,
        country="DE",
        **{f"target_{name}": value for name, value in ATTRIBUTES.items()},
        **{f"min_{name}": -1000 for name in ATTRIBUTES},
        **{f"max_{name}": 10**9 for name in ATTRIBUTES},
    )  # fmt: skip
    assert len(answer["tracks"]) == 7
    assert {(seed["type"], seed["id"]) for seed in answer["seeds"]} == {
        ("TRACK", ids.track), ("ARTIST", ids.artist), ("GENRE", ids.genre),
    }  # fmt: skip
    assert [seed["href"] for seed in answer["seeds"]][-1] is None


def test_spotipy_looks_up(sp, ids):
    assert sp.recommendation_genre_seeds()["genres"].count("hip hop") == 1
    assert [each and each["id"] for each in sp.audio_features([NOBODY, ids.track])] == [None, ids.track]
    assert sp.audio_features(f"https://open.spotify.com/track/{ids.track}?si=1")[0]["time_signature"] == 0
    assert sp.track(f"spotify:track:{ids.track}")["name"] == "Air Mattress"
    assert [each and each["id"] for each in sp.tracks([ids.track, NOBODY], market="DE")["tracks"]] == [ids.track, None]
    assert sp.artist(ids.artist)["genres"] == ["r&b"]
    assert [each and each["name"] for each in sp.artists([NOBODY, ids.artist])["artists"]] == [None, "Nadir Quince"]
    related = sp.artist_related_artists(ids.artist)["artists"]
    assert 5 <= len(related) <= 20
    assert ids.artist not in [artist["id"] for artist in related]
    top = sp.artist_top_tracks(ids.artist)["tracks"]
    assert all(ids.artist in [artist["id"] for artist in track["artists"]] for track in top)
    assert [track["popularity"] for track in top] == sorted((track["popularity"] for track in top), reverse=True)


def test_spotipy_and_tekore_open_albums(sp, tk, ids):
    """Whatever an answer names by an href is there: of a song, its album, and of the album each of its songs."""
    for track in sp.artist_top_tracks(ids.artist)["tracks"]:
        album = sp.album(track["album"]["id"])
        assert {name: album[name] for name in track["album"]} == track["album"]
        songs = sp.album_tracks(album["uri"])["items"]
        assert album["tracks"]["items"] == songs
        assert track["id"] in [song["id"] for song in songs]
        assert [song["track_number"] for song in songs] == list(range(1, album["total_tracks"] + 1))
        assert sp.track(songs[-1]["id"])["album"]["id"] == album["id"]
        assert [each and each["id"] for each in sp.albums([NOBODY, album["id"]])["albums"]] == [None, album["id"]]
        assert tk.album(album["id"]).tracks.total == album["total_tracks"]
        assert len(tk.album_tracks(album["id"]).items) == album["total_tracks"]


def test_every_href_of_an_answer_is_answered(sp, ids):
    def hrefs(value):
        if isinstance(value, dict):
            yield from (value[name] for name in ("href", "track_href", "next") if value.get(name))
            yield from (each for inner in value.values() for each in hrefs(inner))
        elif isinstance(value, list):
            yield from (each for inner in value for each in hrefs(inner))

    answers = [
        sp.track(ids.track), sp.artist(ids.artist), sp.audio_features(ids.track), sp.search("rain", limit=2),
        sp.recommendations(seed_tracks=[ids.track], seed_artists=[ids.artist], limit=3),
        sp.album(sp.track(ids.track)["album"]["id"]),
    ]  # fmt: skip
    places = {href for answer in answers for href in hrefs(answer)}
    assert len(places) > 10
    for place in places:
        assert sp._internal_call("GET", place, None, {}), place


def test_spotipy_reads_page_after_page(sp):
    page = sp.search("genre:hip-hop", limit=3, type="track,artist")["tracks"]
    seen = [track["id"] for track in page["items"]]
    total = page["total"]
    while page["next"]:
        page = sp.next(page)["tracks"]
        seen += [track["id"] for track in page["items"]]
    assert len(seen) == len(set(seen)) == total == 16
    assert sp.previous(page)["tracks"]["offset"] == page["offset"] - 3


def test_spotipy_finds_albums_by_their_names_and_artists_and_what_is_not_here_is_empty(sp, ids):
    album = sp.track(ids.track)["album"]
    assert album["name"]
    by_name, artist = album["name"], album["artists"][0]["name"]
    for query in (by_name, by_name[:-1], f"album:{by_name}", f"{by_name} {artist}", f"album:{by_name} artist:{artist}"):
        found = sp.search(query, type="album")["albums"]["items"]
        assert album["id"] in [each["id"] for each in found], query
    assert sp.search(by_name, type="album")["albums"]["items"][0]["name"] == by_name
    every = sp.search(f"artist:{artist}", type="album", limit=50)["albums"]
    assert every["total"] == len({each["id"] for each in every["items"]}) >= 1
    assert all(sp.album(each["id"])["name"] == each["name"] for each in every["items"])
    others = sp.search("air", type="playlist,show,episode,audiobook")
    assert {page["total"] for page in others.values()} == {0}


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (404, lambda sp, ids: sp.audio_analysis(ids.track)),
        (404, lambda sp, ids: sp.track(NOBODY)),
        (404, lambda sp, ids: sp.album(NOBODY)),
        (400, lambda sp, ids: sp.track("7")),
        (400, lambda sp, ids: sp.recommendations()),
        (400, lambda sp, ids: sp.recommendations(seed_genres=["pop"] * 6)),
        (400, lambda sp, ids: sp.recommendations(seed_genres=["pop"], limit=101)),
        (400, lambda sp, ids: sp.recommendations(seed_genres=["pop"], min_energy=0.9, max_energy=0.1)),
        (400, lambda sp, ids: sp.recommendations(seed_genres=["pop"], target_energy="nan")),
        (400, lambda sp, ids: sp.search("pop", type="song")),
    ],
)
def test_spotipy_is_refused(sp, ids, status, ask):
    with pytest.raises(spotipy.SpotifyException) as error:
        ask(sp, ids)
    assert error.value.http_status == status


def test_tekore_reads_every_answer(tk, ids):
    answer = tk.recommendations(
        artist_ids=[ids.artist], genres=[ids.genre], track_ids=[ids.track], limit=5, market="DE",
        min_energy=0.1, max_tempo=200, target_valence=0.7, target_time_signature=4,
    )  # fmt: skip
    assert len(answer.tracks) == 5
    assert "pop" in tk.recommendation_genre_seeds()
    assert tk.track_audio_features(ids.track).energy > 0
    assert [each and each.id for each in tk.tracks_audio_features([NOBODY, ids.track])] == [None, ids.track]
    assert tk.track(ids.track).album.release_date == "2020"
    assert [each.id for each in tk.tracks([ids.track])] == [ids.track]
    assert tk.artist(ids.artist).name == "Nadir Quince"
    assert [each.id for each in tk.artists([ids.artist])] == [ids.artist]
    assert tk.artist_related_artists(ids.artist)
    assert tk.artist_top_tracks(ids.artist, "DE")
    tracks, artists = tk.search("quince", types=("track", "artist"), limit=2)
    assert artists.items[0].id == ids.artist
    assert tracks.total > 2


def test_tekore_is_refused(tk, ids):
    with pytest.raises(tekore.NotFound, match="no audio analysis"):
        tk.track_audio_analysis(ids.track)
    with pytest.raises(tekore.NotFound, match="no song of this index"):
        tk.track(NOBODY)
    with pytest.raises(tekore.BadRequest, match="invalid id"):
        tk.artist("7")
