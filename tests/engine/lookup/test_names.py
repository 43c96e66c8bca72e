"""Songs by their names where names are odd: what is excluded stays away, whatever it is called and however many."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.bounds import MOST_NAMES
from engine.lookup.files import read_list
from engine.lookup.groups import songs_of_genre
from engine.requests import MakePlaylist, Recommend, request_from_json
from indexer import Catalogue, IndexConfig, build_index
from indexer.errors import AmbiguousSongError, EmptyQueryError, RefrainError, RequestError, SongNotFoundError
from indexer.records import AudioFeatures, Song
from tests.engine.cli.running import run
from tests.engine.names import NAMESAKES, NOBODY, SILENT, WORDS

START = "word-000"
INTROS = {f"intro-{i:02d}" for i in range(NAMESAKES)}


@pytest.fixture(scope="module")
def names(names_index: Path) -> Iterator[Engine]:
    with Engine.open(names_index) as engine:
        yield engine


def left(engine: Engine, exclude: list[str | Song]) -> set[str]:
    request = request_from_json(Recommend(seeds=[START], exclude=exclude, k=5000, versions=True).to_json())
    return set(engine.answer(request).song_ids)


@given(st.data())
@settings(max_examples=30)
def test_what_is_excluded_by_its_exact_name_never_comes_back(names: Engine, data: st.DataObject) -> None:
    """However many they are, as words, as a `Song` without an id, or by their ids; and nothing else stays away."""
    count = data.draw(st.sampled_from([1, 5, MOST_NAMES, len(WORDS) - 1]))
    numbers = data.draw(st.permutations(range(1, len(WORDS))))[:count]
    ways = data.draw(st.lists(st.sampled_from("wtsi"), min_size=count, max_size=count))
    given_: list[str | Song] = []
    for i, way in zip(numbers, ways, strict=True):
        artist = f"Singer {i % 40}"
        title = f"{WORDS[i]}, {artist}"
        given_.append({"w": WORDS[i].upper(), "t": title, "s": Song(WORDS[i], artist), "i": f"word-{i:03d}"}[way])
    gone = {f"word-{i:03d}" for i in numbers}
    if sum(way in "wts" for way in ways) <= MOST_NAMES:  # names are few: typos are forgiven, and look-ups are dear
        given_ = given_[:20]
        gone = set(list(dict.fromkeys(f"word-{i:03d}" for i in numbers))[:20])
    assert left(names, given_) == set(names.index.songs.song_ids) - gone - {START}


def test_a_song_without_an_id_is_excluded_by_its_name(names: Engine) -> None:
    assert "word-007" not in left(names, [Song(WORDS[7], "Singer 7")])
    assert "word-007" not in left(names, [Song(WORDS[7], "")])
    assert "word-007" in left(names, [Song(WORDS[7], "Singer 7", song_id="of another index")]), "that id is elsewhere"
    with pytest.raises(SongNotFoundError):
        left(names, [Song("Nobody Sang It", "Nobody")])
    with pytest.raises(RequestError, match="a song without id and title"):
        left(names, [Song("", "Singer 7")])


def test_an_ambiguous_name_is_said_and_one_among_hundreds_means_every_song_of_it(names: Engine) -> None:
    with pytest.raises(AmbiguousSongError, match="may be"):
        left(names, ["Intro"])
    assert not INTROS & left(names, ["Intro", *WORDS[1:]])


def test_more_unknown_names_than_can_be_looked_up_are_refused_and_unknown_ids_are_not(names: Engine) -> None:
    with pytest.raises(RequestError, match="201 names that no song has letter by letter"):
        left(names, [f"nobody sang {i}" for i in range(MOST_NAMES + 1)])
    assert len(left(names, [f"gone-{i}" for i in range(1000)])) == len(names) - 1


def test_a_list_excludes_every_song_of_a_name_and_says_what_it_did_not_find(names_index: Path, tmp_path: Path) -> None:
    lines = ["intro", f"{WORDS[7]}, Singer 7", "Nobody Ever Sang This", "nor-this-id", *map(str, range(20))]
    (tmp_path / "known.txt").write_text("\n".join(lines), "utf-8")
    command = ["similar", START, "--exclude-from", str(tmp_path / "known.txt"), "--versions", "-k", "5000", "--json"]
    done = run(*command, env={"REFRAIN_INDEX": str(names_index)})
    assert not {*INTROS, "word-007"} & {song["song_id"] for song in done.json["songs"]}
    assert len(done.err.splitlines()) == 1
    assert "known.txt: 22 not found, so not excluded: Nobody Ever Sang This; nor-this-id; 0;" in done.err
    assert "and 12 more" in done.err


def test_untitled_songs_of_a_list_are_told_apart_by_what_they_are(names: Engine, tmp_path: Path) -> None:
    rows = [f'{{"spotify_id": "4uLU6hMCjMI75M1A2tKUQ{i}", "energy": 0.{i}}}' for i in range(1, 6)]
    (tmp_path / "new.jsonl").write_text("\n".join([*rows, *rows]), "utf-8")
    assert len(read_list(names.index, tmp_path / "new.jsonl").songs) == 5


def test_songs_are_listed_by_name_with_the_untitled_last(tmp_path: Path, tiny_config: IndexConfig) -> None:
    songs = [{"song_id": f"s{i}", "title": title, "energy": 0.1 * i} for i, title in enumerate(["b", "", "a", ""])]
    (tmp_path / "songs.jsonl").write_text("\n".join(map(json.dumps, songs)), "utf-8")
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        catalogue.load(tmp_path / "songs.jsonl")
        build_index(catalogue, tmp_path / "refrain.index", tiny_config)
    with Engine.open(tmp_path / "refrain.index") as engine:
        assert [song.title for song in engine.songs()] == ["a", "b", "", ""]
        assert [song.title for song in engine.songs(sort="-name")] == ["b", "a", "", ""]


def test_names_without_a_letter_name_songs(names: Engine) -> None:
    for i, (title, artist) in enumerate(SILENT.items()):
        assert names.named(title).song_id == f"silent-{i}"
        assert names.named(f"{title}, {artist}").song_id == names.named(f"{artist} - {title}").song_id == f"silent-{i}"
        assert f"silent-{i}" not in left(names, [title])
    for text in ("", "  ", "\u200b"):
        with pytest.raises(EmptyQueryError, match="holds no word"):
            names.find(text)
    assert names.find("...") == []


@pytest.mark.parametrize("name", [*SILENT, "...", "♥"])
def test_a_seed_by_its_content_may_have_a_name_without_a_letter(names: Engine, name: str) -> None:
    seed = Song(name, SILENT.get(name, "..."), audio=AudioFeatures(energy=0.1))
    made = names.answer(MakePlaylist(seeds=[seed], length=200, max_per_artist=20))
    assert len(made) == 200
    assert name not in [hit.title for hit in made], "what the catalogue has of it does not come"


def test_a_song_given_twice_counts_once(names: Engine) -> None:
    stranger = Song("Stranger", "Nobody", audio=AudioFeatures(energy=0.9, valence=0.1))
    for once in ([START], [START, "word-100"], [stranger], [START, stranger]):
        fields = {"avoid": ["word-050"], "liked": ["word-010"], "skipped": ["word-020"], "k": 30}
        alone = names.recommend(once, **fields)
        twice = {name: 3 * each if isinstance(each, list) else each for name, each in fields.items()}
        many = names.recommend([*once, *once[::-1], WORDS[0]] if START in once else 3 * once, **twice)
        assert many.song_ids == alone.song_ids
        assert many.scores.tolist() == alone.scores.tolist()
    opened = names.playlist([START, START], 5, with_seeds=True, seed_artists=["Singer 3"])
    assert opened.songs[0].song_id == START
    assert opened.songs[1].reason != "One of the seeds", "what stands for an artist does not come, nor opens the list"
    assert opened.name == f"Like {WORDS[0]}, Singer 3"


def test_songs_of_unknown_artists_all_stand_for_their_genre(names: Engine) -> None:
    ids = [names.index.songs.song_ids[row] for row in songs_of_genre(names.index, "drone")]
    assert sorted(ids) == [f"nobody-{i}" for i in range(NOBODY)]


def test_a_name_of_a_million_letters_is_refused_in_short(names: Engine) -> None:
    for look_up in (names.named, names.show, names.song):
        with pytest.raises(RefrainError) as refused:
            look_up("a" * 10**6)
        assert len(str(refused.value)) < 200


def test_a_seed_that_is_to_be_avoided_is_refused(names: Engine) -> None:
    stranger = Song("Stranger", "Nobody", audio=AudioFeatures(energy=0.9))
    for seed, again in ((START, WORDS[0]), (stranger, stranger)):
        with pytest.raises(RequestError, match="expected songs that are no seeds") as refused:
            names.recommend([seed], avoid=[again])
        assert refused.value.field == "avoid"


def test_a_text_of_nothing_but_separators_costs_little(names: Engine) -> None:
    begun = time.monotonic()
    for text in ("a, " * 3_000, "a by " * 2_000, "- " * 5_000):
        with suppress(RefrainError):
            names.find(text)
    assert time.monotonic() - begun < 5
