"""Moods through the engine: a song's moods and what says so, filters, targets, searches and journeys."""

from __future__ import annotations

import numpy as np
import pytest

from engine.engine import Engine
from engine.listen.moods import SongMoods
from engine.playlist.journey import LEGS, legs
from engine.query.filters import Filters
from engine.query.targets import target_values
from indexer.errors import FilterError, RequestError
from indexer.records import AudioFeatures, Song


def stored(engine: Engine, mood: str) -> np.ndarray:
    moods = engine.index.songs.moods
    return moods.probabilities[:, moods.names.index(mood)].astype(np.float32)


def row(engine: Engine, song_id: str) -> int:
    found = engine.index.songs.row_of(song_id)
    assert found is not None
    return found


def test_the_moods_of_a_song_are_those_that_the_index_keeps(demo: Engine) -> None:
    for at in (0, 50, 120):
        song = demo.index.songs.song(at)
        found = demo.moods(song)
        assert found.known
        for mood in found.moods:
            assert mood.probability == pytest.approx(float(stored(demo, mood.name)[at]), abs=2e-3)
            assert sum(mood.shares.values()) == pytest.approx(1, abs=1e-3)
        bits = [mood.information_bits for mood in found.moods]
        assert bits == sorted(bits, reverse=True)
        assert found.quadrants is not None
        assert sum(found.quadrants.values()) == pytest.approx(1, abs=1e-4)
        assert found.happy is not None


def test_what_listeners_say_is_told_and_believed(demo: Engine) -> None:
    moods = demo.index.songs.moods
    called = np.argwhere(moods.listener_labels > 0)
    assert len(called)
    for at, column in called[:10].tolist():
        found = demo.moods(demo.index.songs.song(at))[moods.names[column]]
        assert found.listeners_agree is True
        assert found.probability > found.base_rate


def test_lyrics_alone_sound_alone_and_neither(demo: Engine) -> None:
    sad = "I cried all night, tears on my pillow, you left me broken and alone, I am so lonely without you"
    glad = "We are dancing in the sunshine, everybody laugh and sing, what a happy lovely day, party all night"
    gloomy, cheerful = demo.moods(lyrics=sad), demo.moods(lyrics=glad)
    assert gloomy.known == cheerful.known == ("lyrics",)
    assert gloomy.valence is not None
    assert cheerful.valence is not None
    assert gloomy.valence < cheerful.valence
    loud = demo.moods(audio={"energy": 0.95, "valence": 0.1, "acousticness": 0.01})
    soft = demo.moods(audio=AudioFeatures(energy=0.1, valence=0.5, acousticness=0.95))
    assert loud.known == ("sound",)
    assert loud.arousal is not None
    assert soft.arousal is not None
    assert loud.arousal > soft.arousal
    assert demo.moods(lyrics="  \n ") == SongMoods(())
    assert demo.moods(Song("Unheard", "Nobody")) == SongMoods(())
    assert demo.moods(Song("Unheard", "Nobody")).quadrant is None


def test_evidence_names_words_and_features_of_the_song(demo: Engine) -> None:
    text = "I cried all night, tears on my pillow, alone"
    found = demo.moods(lyrics=text, audio={"energy": 0.05, "valence": 0.1})
    words = {word for mood in found.moods for word in mood.words}
    features = {feature for mood in found.moods for feature in mood.features}
    assert words
    assert words <= {"cried", "night", "tears", "pillow", "alone"}
    assert features <= {"low energy", "low valence"}
    assert "low energy" in features
    for mood in demo.moods(audio={"energy": 0.05}).moods:
        assert mood.words == ()
        assert mood.shares["lyrics"] == 0


def test_a_song_or_its_content_not_both(demo: Engine) -> None:
    with pytest.raises(RequestError, match="expected a song, or else lyrics or audio"):
        demo.moods()
    with pytest.raises(RequestError, match="expected a song, or else lyrics or audio"):
        demo.moods("Ask for Gary", lyrics="la la")
    with pytest.raises(FilterError, match="audio has 'enrgy'"):
        demo.moods(audio={"enrgy": 0.5})


def test_mood_filters_hold_exactly(demo: Engine) -> None:
    songs = demo.index.songs
    angry, tender = stored(demo, "angry"), stored(demo, "tender")
    moods = songs.moods
    lines = dict(zip(moods.names, moods.thresholds.tolist(), strict=True))
    mask = Filters.of({"mood": ["angry", "tenderness"], "not_mood": "party"}).mask(songs)
    wanted = ((angry >= lines["angry"]) | (tender >= lines["tender"])) & (stored(demo, "party") < lines["party"])
    assert mask.any()
    assert mask.tolist() == (wanted & songs.alive).tolist()
    unknown = np.isnan(angry)
    assert not (Filters.of({"not_mood": "angry"}).mask(songs) & unknown).any()


def test_as_many_songs_have_a_mood_as_listeners_call_so(demo: Engine) -> None:
    moods = demo.index.songs.moods
    known = int(moods.known.sum())
    for column, name in enumerate(moods.names):
        assert moods.has(name).sum() == pytest.approx(np.ceil(moods.base_rates[column] * known), abs=2)


def test_search_by_mood_gives_the_likeliest(demo: Engine) -> None:
    found = demo.search(filters={"mood": "angry"}, k=5)
    ranks = [float(stored(demo, "angry")[row(demo, hit.song_id)]) for hit in found]
    assert len(found) == 5
    moods = demo.index.songs.moods
    assert min(ranks) >= moods.thresholds[moods.names.index("angry")]
    assert any("called angry" in hit.reason for hit in found)
    words = demo.search("landlord", 5, {"mood": "angry"})
    assert {hit.song_id for hit in words} <= {hit.song_id for hit in demo.search(filters={"mood": "angry"}, k=100)}


def test_a_search_without_words_takes_the_filters_moods(demo: Engine) -> None:
    """One way or the other, one mood or two: a mood given without words ranks by it."""
    assert demo.search(filters={"mood": "anger"}, k=5) == demo.search(filters={"mood": "angry"}, k=5)
    either = demo.search(filters={"mood": ["angry", "tender"]}, k=20)
    angry, tender = (
        {hit.song_id for hit in demo.search(filters={"mood": mood}, k=500)} for mood in ("angry", "tender")
    )
    found = {hit.song_id for hit in either}
    assert found <= angry | tender
    assert found & angry
    assert found & tender


def test_a_word_that_nobody_says_here_is_told_by_its_kin(demo: Engine) -> None:
    moods = demo.index.songs.moods
    assert "hopeless" not in moods.names
    told = moods.learned_neighbours("hopeless")
    assert set(told) <= set(moods.names)
    assert sum(told.values()) == pytest.approx(1, abs=1e-5)
    found = demo.search(filters={"mood": "hopeless"}, k=5)
    assert found
    assert all("hopeless (judged by" in hit.reason for hit in found)
    assert [*moods.learned_neighbours("anger")] == ["angry"]
    journey = demo.playlist(length=10, from_mood="hopeless", to_mood="party")
    change = moods.rank("party") - moods.rank("hopeless")
    way = np.array([change[row(demo, hit.song_id)] for hit in journey.songs])
    assert way[:4].mean() < way[-4:].mean()


def test_a_song_that_is_in_no_catalogue_is_read_by_its_content(demo: Engine) -> None:
    """Its id alone says nothing; with lyrics it is as the lyrics without it."""
    assert demo.moods(Song("Unheard", "Nobody", song_id="nobody|unheard")) == SongMoods(())
    song = Song("Unheard", "Nobody", song_id="nobody|unheard", lyrics="tears on my pillow")
    assert demo.moods(song) == demo.moods(lyrics="tears on my pillow")


def test_one_mood_of_a_song_is_found_by_any_of_its_forms(demo: Engine) -> None:
    found = demo.moods(demo.index.songs.song(0))
    assert found["anger"] is found["angry"]
    with pytest.raises(FilterError, match=r"wistful was not learned here; learned: .*angry"):
        found["wistful"]
    with pytest.raises(FilterError, match="nearest: angry"):
        found["angri"]
    with pytest.raises(FilterError, match="learned: no mood"):
        SongMoods(())["angry"]


def test_a_mood_as_a_target_pulls_without_excluding(demo: Engine) -> None:
    plain = demo.recommend(["Ask for Gary"], k=30)
    pulled = demo.recommend(["Ask for Gary"], target={"tender": 1.0}, k=30)
    tender = stored(demo, "tender")

    def mean(hits: list) -> float:
        return float(np.nanmean([tender[row(demo, hit.song_id)] for hit in hits]))

    assert mean(pulled) > mean(plain)
    assert target_values({"tenderness": 0.5}) == {"tender": 0.5}
    with pytest.raises(FilterError, match=r"target tender is 2, expected 0\.\.1"):
        demo.recommend(["Ask for Gary"], target={"tender": 2.0})


def test_a_journey_goes_from_one_mood_to_the_other(demo: Engine) -> None:
    made = demo.playlist(length=15, from_mood="angry", to_mood="tender")
    assert [hit.rank for hit in made.songs] == list(range(1, 16))
    assert len({hit.song_id for hit in made.songs}) == 15
    moods = demo.index.songs.moods
    change = moods.rank("tender") - moods.rank("angry")
    way = np.array([change[row(demo, hit.song_id)] for hit in made.songs])
    assert way[:5].mean() < way[5:10].mean() < way[10:].mean()
    artists = [hit.artist for hit in made.songs]
    assert max(map(artists.count, artists)) <= 2
    assert made == demo.playlist(length=15, from_mood="angry", to_mood="tender")


def test_a_journey_keeps_both_caps_across_its_legs(demo: Engine) -> None:
    made = demo.playlist(length=15, from_mood="angry", to_mood="tender", max_per_artist=3, max_per_album=1)
    albums = [demo.index.songs.song(row(demo, hit.song_id)).album for hit in made.songs]
    artists = [hit.artist for hit in made.songs]
    assert max(albums.count(album) for album in albums if album) == 1
    assert max(map(artists.count, artists)) <= 3


def test_a_journey_with_seeds_keeps_them_out(demo: Engine) -> None:
    made = demo.playlist(["Ask for Gary"], length=6, from_mood="party", to_mood="slow", name="Home")
    assert made.name == "Home"
    assert demo.find("Ask for Gary")[0].song_id not in {hit.song_id for hit in made.songs}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"from_mood": "sad"}, "expected from_mood and to_mood"),
        ({"from_mood": "angry", "to_mood": "tender", "arc": "rise"}, "expected no arc"),
        ({"from_mood": "angry", "to_mood": "anger"}, "expected another mood than from_mood"),
        ({"from_mood": "angri", "to_mood": "tender"}, "nearest: angry"),
    ],
)
def test_a_journey_that_cannot_be_is_refused(demo: Engine, wrong: dict[str, str], message: str) -> None:
    with pytest.raises((RequestError, FilterError), match=message):
        demo.playlist(length=5, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [1, 2, 5, 7, 25])
def test_legs_share_the_length(length: int) -> None:
    found = legs(length)
    assert sum(size for _, size in found) == length
    assert len(found) == min(LEGS, length)
    assert [way for way, _ in found] == sorted(way for way, _ in found)
