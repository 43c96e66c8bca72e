"""Songs by name as people write: many scripts, parts of names, signs, versions, links, and namesakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine import Engine
from engine.lookup.names import far_better_known
from engine.requests import Explain, Find, MakePath, Recommend, Search
from indexer import Catalogue, IndexConfig, build_index
from indexer.errors import AmbiguousSongError, EmptyQueryError, SongNotFoundError
from indexer.records import Song
from tests.engine.cli.running import run

TRACK = "4uLU6hMCjMI75M1A2tKUQC"
SONGS: dict[str, dict[str, object]] = {
    "kal": {"title": "कल", "artist": "नदी", "lyrics": "कल की सुबह पुल पर मिलेंगे\nधीरे धीरे चलना", "language": "hi"},
    "kaal": {"title": "काल", "artist": "नदी", "lyrics": "काल का पहिया घूमता है", "language": "hi"},
    "malai": {"title": "மலை", "artist": "ஓடை"},
    "maalai": {"title": "மாலை", "artist": "ஓடை"},
    "qamar": {"title": "قَمَرٌ", "artist": "سلمى"},
    "river": {"title": "川の向こう", "artist": "白い舟", "lyrics": "川の向こうで犬が鳴く\n君はまだ眠っている"},
    "bridge": {"title": "橋と川", "artist": "白い舟", "lyrics": "橋の上に雪が降る"},
    "wind": {"title": "北方的风", "artist": "山谷乐队", "lyrics": "北方的风吹过屋顶", "language": "zh"},
    "tree": {"title": "ต้นไม้ของแม่", "artist": "ทุ่งนา", "lyrics": "ต้นไม้ของแม่อยู่หลังบ้าน", "language": "th"},
    "moon": {"title": "Лунный мост", "artist": "Перрон"},
    "signs": {"title": "...", "artist": "∆"},
    "bee": {"title": "🐝🐝", "artist": "MC 🐝"},
    "plus": {"title": "÷", "artist": "Pia Plus"},
    "year": {"title": "1987", "artist": "Pia Plus"},
    "lamp": {"title": "Harbour Lamp", "artist": "Ada Finch", "spotify_id": TRACK},
    "lamp-live": {"title": "Harbour Lamp - Live at the Mill", "artist": "Ada Finch"},
    "lamp-fast": {"title": "Harbour Lamp (Sped Up)", "artist": "Ada Finch"},
    "lamp-karaoke": {"title": "Harbour Lamp (Karaoke Version) [Made Famous by Ada Finch]", "artist": "Sing Pals"},
    "wire": {"title": "Live Wire", "artist": "Bo Marsh"},
    "tide-1": {"title": "Low Tide", "artist": "Cleo Reed", "popularity": 81},
    "tide-2": {"title": "Low Tide", "artist": "The Gulls", "popularity": 12},
    "salt-1": {"title": "Salt", "artist": "Cleo Reed", "popularity": 40},
    "salt-2": {"title": "Salt", "artist": "The Gulls", "popularity": 45},
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_config: IndexConfig) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    rows = [
        {"song_id": song_id, "energy": i / 40, "valence": i % 7 / 7, "tempo": 80 + i, **song}
        for i, (song_id, song) in enumerate(SONGS.items())
    ]
    (folder / "songs.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    with Catalogue(folder / "refrain.db") as catalogue:
        catalogue.load(folder / "songs.jsonl")
        build_index(catalogue, folder / "refrain.index", tiny_config)
    return folder


@pytest.fixture(scope="module")
def engine(place: Path) -> Iterator[Engine]:
    with Engine.open(place / "refrain.index") as opened:
        yield opened


def ids(songs: list[Song]) -> list[str]:
    return [song.song_id for song in songs]


@pytest.mark.parametrize("song_id", [each for each in SONGS if not each.startswith(("tide", "salt"))])
def test_every_song_is_named_by_its_title_and_by_title_and_artist(engine: Engine, song_id: str) -> None:
    title, artist = str(SONGS[song_id]["title"]), str(SONGS[song_id]["artist"])
    assert engine.named(title).song_id == engine.find(title)[0].song_id == song_id
    for name in (f"{title}, {artist}", f"{artist} - {title}", f"{title} — {artist}", f"{title} by {artist}"):
        assert engine.named(name).song_id == song_id, name


@pytest.mark.parametrize(
    ("part", "songs"),
    [
        ("川", {"river", "bridge"}), ("向こ", {"river"}), ("舟", {"river", "bridge"}), ("雲", set()), ("风", {"wind"}),
        ("方的", {"wind"}), ("白い舟 橋", {"bridge", "river"}), ("ไม้", {"tree"}), ("แม่", {"tree"}), ("ท", {"tree"}),
        ("قمر", {"qamar"}), ("🐝", {"bee"}), ("मल", set()), ("कल", {"kal"}), ("மலை", {"malai"}),
    ],
)  # fmt: skip
def test_any_part_of_a_name_without_spaces_finds_it_and_nothing_else(
    engine: Engine, part: str, songs: set[str]
) -> None:
    assert set(ids(engine.find(part))) == songs


def test_a_wrong_letter_in_a_name_without_spaces_is_forgiven(engine: Engine) -> None:
    assert engine.find("川の向ごう")[0].song_id == "river"


@pytest.mark.parametrize(
    ("line", "song_id", "sung"),
    [
        ('"はまだ眠"', "river", "君はまだ眠っている"), ('"सुबह पुल"', "kal", "कल की सुबह पुल पर मिलेंगे"),
        ('"ของแม่อยู่"', "tree", "ต้นไม้ของแม่อยู่หลังบ้าน"), ('"吹过"', "wind", "北方的风吹过屋顶"),
    ],
)  # fmt: skip
def test_a_phrase_in_quotes_finds_its_line(engine: Engine, line: str, song_id: str, sung: str) -> None:
    (hit,) = engine.search(line)
    assert (hit.song_id, hit.line) == (song_id, sung)


def test_a_line_without_quotes_finds_its_song(engine: Engine) -> None:
    assert engine.search("橋の上に雪が")[0].song_id == "bridge"


def test_latin_letters_find_other_scripts_only_where_nothing_else_is_near(engine: Engine) -> None:
    assert engine.find("lunnyj most")[0].song_id == "moon"
    assert engine.find("perron lunny most")[0].song_id == "moon"
    assert engine.find("bei fang de feng")[0].song_id == "wind"
    assert engine.find("Харбоур Ламп")[0].song_id == "lamp"
    assert "moon" not in ids(engine.find("lamp"))
    with pytest.raises(SongNotFoundError):
        engine.named("quite another thing")


def test_what_shows_nothing_names_nothing(engine: Engine) -> None:
    for text in ("", " ", "\u200b", "\ufe0f"):
        with pytest.raises(EmptyQueryError, match="holds no word"):
            engine.find(text)


def test_a_version_that_is_named_comes_first_and_no_karaoke_where_it_is_not(engine: Engine) -> None:
    assert engine.find("harbour lamp live")[0].song_id == "lamp-live"
    assert engine.find("harbour lamp ada finch live")[0].song_id == "lamp-live"
    assert engine.find("harbour lamp sped up")[0].song_id == "lamp-fast"
    assert engine.find("harbour lamp karaoke")[0].song_id == "lamp-karaoke"
    assert engine.find("live wire")[0].song_id == "wire"
    assert engine.named("Harbour Lamp (Karaoke Version)").song_id == "lamp-karaoke"
    assert engine.named("Harbour Lamp").song_id == "lamp"
    assert ids(engine.find("harbour lamp"))[:2] == ["lamp", "lamp-live"]


def test_what_is_made_of_others_recordings_comes_where_it_is_wanted(engine: Engine) -> None:
    made = {"lamp-karaoke", "lamp-fast"}
    everything = len(engine)
    unwanted = Recommend(seeds=["wire"], k=everything)
    assert not made & set(engine.answer(unwanted).song_ids)
    assert not made & {hit.song_id for hit in engine.playlist(["wire"], everything)}
    assert not made & {hit.song_id for hit in engine.path("wire", "kal", 10)}
    assert not made & set(engine.search("harbour lamp", everything).song_ids)
    assert made <= set(engine.answer(Recommend(seeds=["wire"], k=everything, versions=True)).song_ids)
    assert "lamp-karaoke" in engine.search("harbour lamp karaoke", everything).song_ids
    assert engine.recommend(["wire"], k=everything, filters={"artist": "Sing Pals"}).song_ids == ["lamp-karaoke"]
    assert engine.search(filters={"version_kind": "Karaoke"}).song_ids == ["lamp-karaoke"]
    assert made & set(engine.similar("lamp-karaoke", everything).song_ids) == set(), "nor what else nobody wants"


def test_versions_are_a_filter(engine: Engine) -> None:
    assert ids(list(engine.songs({"version_kind": ["live", "sped-up"]}))) == ["lamp-fast", "lamp-live"]
    left = set(ids(list(engine.songs({"not_version_kind": "karaoke"}))))
    assert left == SONGS.keys() - {"lamp-karaoke"}


@pytest.mark.parametrize(
    "link",
    [
        TRACK, f"spotify:track:{TRACK}", f"https://open.spotify.com/track/{TRACK}?si=0a1b2c",
        f"https://open.spotify.com/intl-de/track/{TRACK}", f"open.spotify.com/track/{TRACK}/", f" {TRACK} ",
    ],
)  # fmt: skip
def test_a_link_names_its_song(engine: Engine, link: str) -> None:
    assert engine.named(link).song_id == engine.find(link)[0].song_id == "lamp"
    assert engine.answer(Recommend(seeds=[link], k=3)).song_ids == engine.similar("lamp", 3).song_ids


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("spotify:track:0000000000000000000000", "has the Spotify id 0000000000000000000000"),
        ("https://open.spotify.com/album/4uLU6hMCjMI75M1A2tKUQC", "of no track"),
    ],
)
def test_a_link_that_names_no_song_is_no_name(engine: Engine, link: str, why: str) -> None:
    for ask in (engine.named, engine.find, engine.similar):
        with pytest.raises(SongNotFoundError, match=why):
            ask(link)


def test_the_far_better_known_of_namesakes_is_taken_and_said(engine: Engine) -> None:
    similar = engine.similar("low tide", 4)
    assert similar.song_ids == engine.similar("tide-1", 4).song_ids
    (note,) = similar.notes
    assert note.startswith("'low tide' is Low Tide, Cleo Reed [tide-1]; 1 other: Low Tide, The Gulls")
    assert similar.to_dict()["notes"] == [note]
    assert similar.to_dict()["query"]["seeds"] == ["low tide"], "the request stays what was typed"
    assert similar[1:3].notes == (note,)
    for answer in (
        engine.answer(MakePath(start="low tide", end="wire", length=3)), engine.playlist(["low tide"], 3),
        engine.answer(Explain(a="low tide", b="wire")), engine.show("low tide"), engine.moods("low tide"),
    ):  # fmt: skip
        assert answer.notes == (note,)
    assert engine.named("low tide").song_id == "tide-1"
    assert engine.similar("Low Tide, The Gulls").notes == ()


def test_namesakes_are_refused_where_none_is_far_better_known_or_exactly_one_is_wanted(engine: Engine) -> None:
    with pytest.raises(AmbiguousSongError, match="may be 2 songs") as refused:
        engine.similar("salt")
    assert set(refused.value.candidates) == {"salt-1", "salt-2"}
    for ask in (
        lambda: engine.similar("low tide", exact=True), lambda: engine.named("low tide", exact=True),
        lambda: engine.show("low tide", exact=True), lambda: engine.moods("low tide", exact=True),
        lambda: engine.path("low tide", "wire", 3, exact=True), lambda: engine.playlist(["low tide"], 3, exact=True),
        lambda: engine.explain("wire", "low tide", exact=True),
        lambda: engine.similar("wire", exclude=["low tide"]),
    ):  # fmt: skip
        with pytest.raises(AmbiguousSongError):
            ask()
    with pytest.raises(AmbiguousSongError):
        engine.similar("Cleo Reed")  # an artist is no song, however well one song is known


@pytest.mark.parametrize(
    ("listened", "source", "row"),
    [
        ([0.8, 0.3], [10, 90], 0),  # playlists go before the source
        ([0.5, 0.4], [90, 10], 0),
        ([0.4, 0.5], [90, 10], None),  # who is hardly less listened to is not called better known
        ([0.0, 0.0, 0.0], [20, 21, 70], 2),
        ([0.0, 0.0], [60, 70], None),
        ([np.nan, 0.6], [np.nan, np.nan], 1),
        ([np.nan, np.nan], [np.nan, np.nan], None),
        ([0.9, 0.8, 0.1], [5, 5, 99], None),
    ],
)
def test_who_is_far_better_known(listened: list[float], source: list[float], row: int | None) -> None:
    popularity = np.array(source, np.float32)
    index = SimpleNamespace(popularity=np.array(listened, np.float32), songs=SimpleNamespace(popularity=popularity))
    assert far_better_known(index, list(range(len(listened)))) == row


def test_the_command_says_which_song_it_took_and_refuses_with_exact(place: Path) -> None:
    done = run("similar", "low tide", "-k", "2", cwd=place)
    assert done.code == 0
    assert "1 other: Low Tide, The Gulls" in done.err
    assert "1 other" not in done.out
    quiet = run("similar", "low tide", "-k", "2", "--json", cwd=place)
    assert "1 other" in quiet.json["notes"][0]
    for command in (["similar"], ["show"], ["moods"], ["recommend", "--seed"], ["playlist", "--seed"]):
        refused = run(*command, "low tide", "--exact", cwd=place)
        assert refused.code == 1
        assert "may be 2 songs" in refused.err
    listed = run("songs", "--version-kind", "live", "--json", cwd=place)
    assert [song["song_id"] for song in listed.json["songs"]] == ["lamp-live"]


def test_requests_for_names_go_to_json_and_back(engine: Engine) -> None:
    page = engine.answer(Find(text="川"))
    assert page.to_dict()["query"] == {"kind": "find", "text": "川", "k": 10}
    assert Recommend(seeds=["x"], exact=True).to_dict()["exact"] is True
    assert "exact" not in Recommend(seeds=["x"]).to_dict()
    assert "exact" not in Search.model_fields
