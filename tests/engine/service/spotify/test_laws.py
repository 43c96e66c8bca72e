"""Laws of ids and of recommendations, on values that hypothesis draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.service.spotify.ids import IdTable, digest_id, read_id
from engine.service.spotify.recommend import ATTRIBUTES
from engine.service.spotify.tables import tables_of
from indexer.records import AUDIO_NAMES
from indexer.text.names import artist_key
from tests.engine.service.spotify.contract import complaints

RANGES = {
    "duration_ms": (60_000, 400_000), "loudness": (-30, 0), "tempo": (50, 200), "key": (0, 11), "popularity": (0, 100),
    "time_signature": (0, 11),
}  # fmt: skip

real_ids = st.text("0123456789abcXYZ", min_size=22, max_size=22)


@given(st.text(), st.sampled_from(("track", "artist", "album")))
def test_a_made_id_is_an_id(name, kind):
    made = digest_id(kind, name)
    assert read_id(kind, made) == made == digest_id(kind, name)
    assert read_id(kind, f"spotify:{kind}:{made}") == read_id(kind, f"https://open.spotify.com/{kind}/{made}") == made


@given(st.lists(st.text(min_size=1), unique=True, max_size=20), st.data())
def test_ids_lead_back_to_what_they_name(names, data):
    # Few real ids, among them what some names would be called.
    taken = [*(digest_id("track", name) for name in names[:5]), "", "0" * 22]
    real = data.draw(st.lists(st.sampled_from(taken), min_size=len(names), max_size=len(names)))
    table = IdTable("track", names, real)
    ids = [table.id_of(number) for number in range(len(names))]
    assert len(set(ids)) == len(names)
    assert [table.number_of(id_) for id_ in ids] == list(range(len(names)))
    for given_id in set(real) - {""}:
        number = table.number_of(given_id)
        assert number is not None
        assert names[number] == min(name for name, own in zip(names, real, strict=True) if own == given_id)


@given(st.dictionaries(st.text(min_size=1), real_ids | st.just(""), max_size=10), st.randoms())
def test_ids_do_not_depend_on_the_order(songs, random):
    def ids(names):
        table = IdTable("track", names, [songs[name] for name in names])
        return {name: table.id_of(number) for number, name in enumerate(names)}

    shuffled = list(songs)
    random.shuffle(shuffled)
    assert ids(list(songs)) == ids(shuffled)


@st.composite
def knobs(draw):
    chosen = {}
    for attribute in draw(st.lists(st.sampled_from(ATTRIBUTES), unique=True, max_size=3)):
        low, high = RANGES.get(attribute, (0, 1))
        values = st.floats(low, high, width=32)
        one, other = sorted((draw(values), draw(values)))
        for name, value in (("min", one), ("max", other), ("target", max(one, 20) if attribute == "tempo" else one)):
            if draw(st.booleans()):
                chosen[f"{name}_{attribute}"] = value
    return chosen


@pytest.fixture(scope="module")
def names(client):
    """Ids of songs and artists, and genres, of the bundled catalogue."""
    page = client.get("/v1/search", params={"q": "year:1900-2100", "type": "track", "limit": 50}).json()["tracks"]
    tracks = [track["id"] for track in page["items"]]
    artists = list(dict.fromkeys(artist["id"] for track in page["items"] for artist in track["artists"]))
    return tracks, artists, client.get("/v1/recommendations/available-genre-seeds").json()["genres"]


@settings(max_examples=60)
@given(knobs(), st.integers(1, 100), st.data())
def test_recommendations_keep_to_what_was_asked(client, names, demo_index, chosen, limit, data):
    kinds = data.draw(st.lists(st.sampled_from((0, 1, 2)), min_size=1, max_size=5))
    seeds = {
        kind: [data.draw(st.sampled_from(names[kind])) for own in kinds if own == kind] for kind in sorted(set(kinds))
    }
    parameters = {
        **chosen, "limit": limit,
        **{f"seed_{('tracks', 'artists', 'genres')[kind]}": ",".join(own) for kind, own in seeds.items()},
    }  # fmt: skip
    first = client.get("/v1/recommendations", params=parameters)
    assert complaints("/v1/recommendations", first.status_code, first.json()) == []
    assert first.status_code == 200
    assert client.get("/v1/recommendations/", params=parameters).content == first.content
    tracks, pools = first.json()["tracks"], first.json()["seeds"]
    ids = [track["id"] for track in tracks]
    assert len(ids) == len(set(ids)) <= limit
    assert not set(ids) & set(seeds.get(0, ()))
    assert len(pools) == len(kinds)
    left = meeting(demo_index, chosen, ids)
    for pool in pools:
        assert len(ids) <= pool["afterFilteringSize"] <= min(pool["initialPoolSize"], left)
        assert pool["afterRelinkingSize"] == pool["afterFilteringSize"]
        assert pool["initialPoolSize"] <= 255 - len(set(seeds.get(0, ())))


def meeting(demo_index, chosen, ids):
    """How many songs of the index meet the ranges; fails where one of the ids does not."""
    with Engine.open(demo_index) as engine:
        songs = engine.index.songs
        keep = songs.alive.copy()
        for attribute in set(ATTRIBUTES) - {"time_signature"}:
            table = songs.popularity if attribute == "popularity" else songs.audio[:, AUDIO_NAMES.index(attribute)]
            if (low := chosen.get(f"min_{attribute}")) is not None:
                keep &= table >= np.float32(low)
            if (high := chosen.get(f"max_{attribute}")) is not None:
                keep &= table <= np.float32(high)
        numbers = [tables_of(engine.index).tracks.number_of(id_) for id_ in ids]
        assert all(keep[number] for number in numbers)
        return int(keep.sum())


def test_an_unknown_seed_has_an_empty_pool_beside_known_ones(client, names):
    nobody = "0" * 22
    both = client.get("/v1/recommendations", params={"seed_tracks": f"{nobody},{names[0][0]}"}).json()
    alone = client.get("/v1/recommendations", params={"seed_tracks": names[0][0]}).json()
    assert [seed["initialPoolSize"] > 0 for seed in both["seeds"]] == [False, True]
    assert both["tracks"] == alone["tracks"]


def test_pools_count_every_song_that_may_come_back(client, names):
    """Without filters, all living songs but the seed and what is made of others' recordings; versions come but once."""
    answer = client.get("/v1/recommendations", params={"seed_tracks": names[0][0], "min_energy": 0.5}).json()
    size = answer["seeds"][0]["afterFilteringSize"]
    below = client.get("/v1/recommendations", params={"seed_tracks": names[0][0], "max_energy": 0.4999999}).json()[
        "seeds"
    ][0]
    known = client.get("/v1/recommendations", params={"seed_tracks": names[0][0], "min_energy": 0}).json()["seeds"][0]
    assert size + below["afterFilteringSize"] == known["afterFilteringSize"] < known["initialPoolSize"]


def test_a_target_pulls_and_leaves_nothing_out(client, names):
    def mean_energy(**knob):
        tracks = client.get("/v1/recommendations", params={"seed_tracks": names[0][0], **knob}).json()["tracks"]
        ids = ",".join(track["id"] for track in tracks)
        features = client.get("/v1/audio-features", params={"ids": ids}).json()["audio_features"]
        return np.mean([each["energy"] for each in features if each])

    assert mean_energy(target_energy=1.0) > mean_energy() > mean_energy(target_energy=0.0)


def test_a_meter_changes_nothing(client, names):
    plain = client.get("/v1/recommendations", params={"seed_tracks": names[0][0]}).content
    knobs = {f"{end}_time_signature": 3 for end in ("min", "max", "target")}
    assert client.get("/v1/recommendations", params={"seed_tracks": names[0][0], **knobs}).content == plain


@settings(max_examples=60)
@given(st.data())
def test_a_name_is_found_while_it_is_typed(client, names, data):
    """Whatever begins each of the words of a title, or of an artist's name, finds it."""
    track = client.get(f"/v1/tracks/{data.draw(st.sampled_from(names[0]))}").json()
    for kind, name, id_ in (
        ("track", track["name"], track["id"]), ("artist", track["artists"][0]["name"], track["artists"][0]["id"])
    ):  # fmt: skip
        words = [word for word in artist_key(name).split() if not word.isspace()]
        typed = " ".join(word[: data.draw(st.integers(min(2, len(word)), len(word)))] for word in words)
        found = client.get("/v1/search", params={"q": f"{kind}:{typed}", "type": kind, "limit": 50}).json()[f"{kind}s"]
        if found["total"] <= 50:
            assert id_ in [each["id"] for each in found["items"]], typed
        assert found["total"] > 0
        bare = client.get("/v1/search", params={"q": typed, "type": kind}).json()[f"{kind}s"]
        assert bare["total"] > 0


@given(st.lists(st.sampled_from((True, False)) | st.text(max_size=30), min_size=1, max_size=20))
def test_one_wrong_id_leaves_the_others_answered(client, names, drawn):
    track, nobody = names[0][0], "0" * 22
    ids = [{True: track, False: nobody}.get(each, each) for each in drawn]
    given_ids = [each for each in ",".join(ids).split(",") if each.strip()]
    answer = client.get("/v1/tracks", params={"ids": ",".join(ids)})
    if not given_ids:
        assert answer.status_code == 400
        return
    answered = [each and each["id"] for each in answer.json()["tracks"]]
    assert answered == [each.strip() if each.strip() == track else None for each in given_ids]
