"""The inverted index against brute force: BM25, phrases, slips of the pen, filters, updates."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi, BM25Plus
from rapidfuzz.distance import OSA

from indexer.errors import IndexFormatError, IndexMissingError
from indexer.search.lexical import LexicalIndex, SongText, best_line, build_lexical, rescore_lines, update_lexical
from indexer.search.lexical.shard import SHARDS
from indexer.search.lexical.spelling import Spelling, reach, write_vocabulary
from indexer.text.tokens import pieces_of, tokenise

SCENES = {
    "rain": "rain grey window slow umbrella puddle",
    "neon": "neon city night bass taxi mirror",
    "porch": "porch banjo river dust fiddle creek",
}
WORDS = [word for scene in SCENES.values() for word in scene.split()]


def random_songs(seed: int, count: int, *, longest: int = 40) -> list[SongText]:
    """Songs of up to `longest` words: tantivy keeps lengths up to 40 exactly, longer ones rounded."""
    rng = np.random.default_rng(seed)
    songs: list[SongText] = []
    for row in range(count):
        words = rng.choice(WORDS, rng.integers(0, longest + 1))
        songs.append((row, " ".join(rng.choice(WORDS, 2)), str(rng.choice(WORDS)), " ".join(words) or None))
    return songs


def built(folder: Path, songs: list[SongText]) -> LexicalIndex:
    build_lexical(folder, songs)
    return LexicalIndex(folder)


@pytest.fixture(scope="module")
def songs() -> list[SongText]:
    return random_songs(0, 600)


@pytest.fixture(scope="module")
def index(songs: list[SongText], tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    return built(tmp_path_factory.mktemp("lexical") / "index", songs)


class LuceneBM25(BM25Okapi):
    """rank_bm25 with Lucene's idf, ln(1 + (N - n + 0.5) / (n + 0.5)), where its own would be ln without 1 +."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        self.idf = {w: math.log(1 + (self.corpus_size - n + 0.5) / (n + 0.5)) for w, n in nd.items()}


def reference(songs: list[SongText], terms: list[str]) -> dict[int, float]:
    """Scores by rank_bm25 over the songs that have lyrics, zero scores left out."""
    sung = [(row, tokenise(lyrics)) for row, _, _, lyrics in songs if lyrics]
    if not sung:
        return {}
    scores = LuceneBM25([tokens for _, tokens in sung], k1=1.2, b=0.75).get_scores(terms)
    return {row: float(score) for (row, _), score in zip(sung, scores, strict=True) if score > 0}


def assert_same_order(found: tuple[np.ndarray, np.ndarray], wanted: dict[int, float], k: int) -> None:
    rows, scores = found
    assert len(rows) == min(k, len(wanted))
    assert len(set(rows.tolist())) == len(rows), "no row twice"
    np.testing.assert_allclose(scores, [wanted[int(row)] for row in rows], rtol=1e-4)
    np.testing.assert_allclose(scores, sorted(wanted.values(), reverse=True)[:k], rtol=1e-4)
    assert list(zip(-scores, rows, strict=True)) == sorted(zip(-scores, rows, strict=True)), "ties go by row"


@pytest.mark.parametrize("k", [1, 7, 50, 2000])
@pytest.mark.parametrize("terms", [["rain"], ["rain", "neon", "creek"], ["slow", "slow", "dust"], WORDS])
def test_terms_rank_as_rank_bm25_does(index: LexicalIndex, songs: list[SongText], terms: list[str], k: int) -> None:
    assert_same_order(index.search_terms(terms, k), reference(songs, terms), k)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lyrics=st.lists(st.lists(st.sampled_from(WORDS[:6]), max_size=20), min_size=1, max_size=25),
    terms=st.lists(st.sampled_from([*WORDS[:6], "zzz"]), max_size=4),
    k=st.integers(1, 30),
)
def test_any_corpus_ranks_as_rank_bm25_does(
    tmp_path_factory: pytest.TempPathFactory, lyrics: list[list[str]], terms: list[str], k: int
) -> None:
    corpus: list[SongText] = [(row, "", "", " ".join(words) or None) for row, words in enumerate(lyrics)]
    index = built(tmp_path_factory.mktemp("corpus") / "index", corpus)
    assert len(index) == len(corpus)
    assert_same_order(index.search_terms(terms, k), reference(corpus, terms), k)


def test_weights_scale_the_terms(index: LexicalIndex, songs: list[SongText]) -> None:
    rain, neon = reference(songs, ["rain"]), reference(songs, ["neon"])
    wanted = {row: 3 * rain.get(row, 0.0) + 0.5 * neon.get(row, 0.0) for row in rain.keys() | neon.keys()}
    assert_same_order(index.search_terms({"rain": 3.0, "neon": 0.5, "creek": 0.0}, 40), wanted, 40)


def test_titles_weigh_the_same_with_and_without_lyrics(tmp_path: Path) -> None:
    """One song with lyrics among hundreds without: its title is as rare as it is among all of them."""
    songs: list[SongText] = [(row, "filler words", "someone", None) for row in range(300)]
    songs[7], songs[8] = (7, "paper moon", "someone", "la la la"), (8, "paper moon", "someone", None)
    rows, scores = built(tmp_path / "index", songs).search_terms(["moon"], 5, fields={"title": 2.0})
    assert rows.tolist() == [7, 8]
    assert scores[0] == pytest.approx(scores[1], rel=0.01)


@pytest.mark.parametrize(
    "tokens", [["rain", "grey"], ["neon", "city", "night"], ["slow", "slow"], ["rain"], ["zzz", "rain"]]
)
def test_phrases_stand_word_for_word(index: LexicalIndex, songs: list[SongText], tokens: list[str]) -> None:
    phrase = " ".join(tokens)
    wanted = {row for row, title, _, lyrics in songs if any(f" {phrase} " in f" {text} " for text in (title, lyrics))}
    rows, scores = index.search_text(f'"{phrase}"', 1000)
    assert set(rows.tolist()) == wanted
    assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize("share", [0.001, 0.01, 0.04, 0.06, 0.5, 1.0])
def test_filters_hold_and_enough_comes_back(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    songs = random_songs(1, 3000, longest=12)
    index = built(tmp_path_factory.mktemp("filter") / "index", songs)
    allowed = np.zeros(len(songs), bool)
    allowed[np.random.default_rng(2).choice(len(songs), round(share * len(songs)), replace=False)] = True
    terms = ["rain", "neon", "dust"]
    kept = {row: score for row, score in reference(songs, terms).items() if allowed[row]}
    for k in (1, 5, 200):
        assert_same_order(index.search_terms(terms, k, allowed=allowed), kept, k)
    assert len(index.search_terms(terms, 5, allowed=np.zeros(len(songs), bool))[0]) == 0


def test_k_only_cuts_the_list_even_among_ties(tmp_path: Path) -> None:
    index = built(tmp_path / "index", [(row, "echo", "echo", "echo" if row % 3 else None) for row in range(200)])
    for search in (lambda k: index.search_terms(["echo"], k), lambda k: index.search_text("echo", k)):
        whole = search(200)[0].tolist()
        assert [search(k)[0].tolist() for k in (1, 9, 60)] == [whole[:k] for k in (1, 9, 60)]
    assert index.search_terms(["echo"], 4)[0].tolist() == [1, 2, 4, 5]


def test_scenes_stay_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    scenes = [words.split() for words in SCENES.values()]
    songs: list[SongText] = [(row, "", "", " ".join(rng.choice(scenes[row % 3], 12))) for row in range(60)]
    index = built(tmp_path / "index", songs)
    for scene, words in enumerate(scenes):
        for rows, scores in (index.search_terms(words, 8), index.search_text(" ".join(words), 8)):
            assert set(rows % 3) == {scene}, "a query in one scene found a song of another"
            assert (np.diff(scores) <= 0).all(), "scores must not rise down the list"
        assert index.search_terms(words, 3)[0].tolist() == index.search_terms(words, 8)[0][:3].tolist()
    assert len(index.search_terms(["zzz"], 5)[0]) == len(index.search_text("zzz", 5)[0]) == 0, (
        "no known word, no result"
    )


# ---- the search box ------------------------------------------------------------------------------

BOX: list[SongText] = [
    (0, "Porch Light", "Marrow & Lantern", "Leave the porch light burning low\nI will walk the river road"),
    (1, "Neon Psalm", "AC/DC Tribute", "Neon on the midnight water\nburning, burning, all night long"),
    (2, "Midnight", "Ana Ibáñez", "Medianoche en la ciudad\nno hay nadie en la plaza"),
    (3, "River Road", "P!nk Tide", None),
    (4, "Low", "Someone", "low low low the river\nlight the lamp and walk the road"),
]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    # 100 songs that sing of nothing in BOX, so that its words are as rare as words are.
    filler: list[SongText] = [(row, f"Track {row}", "Nobody", "oh yeah come on baby tonight") for row in range(5, 105)]
    return built(tmp_path_factory.mktemp("box") / "index", BOX + filler)


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("leave the porch light burning", 0),
        ("leave the prch light burnign low", 0),  # a letter missing, two swapped
        ("leave the light burning low", 0),  # a word missing
        ("medianoche en la cuidad", 2),
        ("NO HAY NADIÉ, en la plaza!", 2),
        ("river road", 3),
        ("midnigth", 2),
        ("nein on the midnight watre", 1),
    ],
)
def test_the_box_finds_what_was_meant(box: LexicalIndex, text: str, best: int) -> None:
    lyrics = {row: f"{title} {artist}\n{title}\n{lyrics or ''}" for row, title, artist, lyrics in BOX}
    assert box.search_text(text, 3, lines_of=lyrics.get)[0][0] == best
    if best != 3:
        assert box.search_text(text, 3)[0][0] == best


def test_quoted_words_must_hold(box: LexicalIndex) -> None:
    assert set(box.search_text('"the river"', 9)[0].tolist()) == {0, 4}
    assert set(box.search_text("“river road”", 9)[0].tolist()) == {0, 3}, "the title counts, too"
    assert box.search_text('"the river" lamp', 9)[0].tolist() == [4, 0], "other words order what holds"
    assert len(box.search_text('"river the"', 9)[0]) == 0
    assert len(box.search_text('"the river" "porch light"', 9)[0]) == 1
    assert box.search_text('an open " quote on porch', 9)[0][0] == 0
    for nothing in ("", '""', "!!!", '"zzz" river'):
        assert len(box.search_text(nothing, 9)[0]) == 0


def test_words_are_found_however_their_letters_are_coded(tmp_path: Path) -> None:
    """A letter with its marks may be one character or several: files from macOS hold the second."""
    for lyrics in ("사랑해 그대여", "がんばれ ニッポン", "Où est l’été"):
        whole, apart = (unicodedata.normalize(form, lyrics) for form in ("NFC", "NFD"))
        index = built(tmp_path / lyrics, [(0, "", "", whole), (1, "", "", apart), (2, "", "", "neon city")])
        for query in (whole, apart, f'"{whole}"', f'"{apart}"'):
            assert index.search_text(query, 9)[0].tolist() == [0, 1]
        assert index.document_frequency(tokenise(apart)[0]) == 2


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("river road pink", 3),
        ("acdc neon", 1),
        ("ibanez", 2),
        ("lantern porch", 0),
        ("marow lantren", 0),
        ("porch lig", 0),
        ("midnite ana", 2),
    ],
)
def test_names_are_found_as_people_write_them(box: LexicalIndex, text: str, row: int) -> None:
    assert row in box.search_name(text, 3)[0].tolist()


def test_a_song_without_lyrics_is_found_by_name_only(box: LexicalIndex) -> None:
    assert 3 not in box.search_terms(["river", "road"], 200)[0]
    assert 3 in box.search_name("river road", 5)[0]
    assert box.document_frequency("river") == 2


@pytest.mark.parametrize("search", ["search_terms", "search_text", "search_name"])
def test_k_below_one_is_the_callers_mistake(box: LexicalIndex, search: str) -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        getattr(box, search)("river" if search in ("search_text", "search_name") else ["river"], 0)


def test_wrong_weights_fields_and_masks_are_said(box: LexicalIndex) -> None:
    for mask in (np.ones(3, bool), np.ones(200, np.int64)):
        with pytest.raises(ValueError, match="expected a bool for each of"):
            box.search_terms(["river"], 5, allowed=mask)
    with pytest.raises(ValueError, match="'river' is -1"):
        box.search_terms({"river": -1.0}, 5)
    with pytest.raises(ValueError, match="unknown field 'lyric'"):
        box.search_terms(["river"], 5, fields={"lyric": 1.0})


# ---- slips of the pen ----------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    vocabulary=st.lists(st.text("abcdé한", min_size=1, max_size=10), min_size=1, max_size=60, unique=True),
    word=st.text("abcdé한", min_size=1, max_size=10),
)
def test_variants_are_those_of_brute_force(
    tmp_path_factory: pytest.TempPathFactory, vocabulary: list[str], word: str
) -> None:
    folder = tmp_path_factory.mktemp("spelling")
    write_vocabulary(folder, [(w, i + 1) for i, w in enumerate(vocabulary)], [(w, 1) for w in vocabulary[::2]])
    spelling = Spelling(folder)
    distances = {w: OSA.distance(word, w) for w in vocabulary}
    wanted = {w: d for w, d in distances.items() if 0 < d <= reach(word)}
    found = spelling.near(word, "lyrics", limit=1000)
    assert {v.term: v.distance for v in found} == wanted
    assert {v.term for v in spelling.near(word, "names", limit=1000)} == wanted.keys() & set(vocabulary[::2])
    order = [(v.distance, -v.frequency) for v in found]
    assert order == sorted(order)
    assert spelling.near(word, "lyrics", limit=2) == found[:2]


def test_an_empty_vocabulary_has_no_variants(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, [], [])
    assert Spelling(tmp_path).near("anything", "lyrics") == []


# ---- updates -------------------------------------------------------------------------------------


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() + str(path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_adding_equals_building_from_scratch(tmp_path: Path) -> None:
    songs = random_songs(5, 300)
    build_lexical(tmp_path / "old", songs[:250])
    update_lexical(tmp_path / "old", tmp_path / "new", remove=[], add=songs[250:], everything=never)
    updated, rebuilt = LexicalIndex(tmp_path / "new"), built(tmp_path / "whole", songs)
    assert len(updated) == len(rebuilt) == 300
    for terms in (["rain"], ["neon", "creek", "slow"]):
        for ours, theirs in zip(updated.search_terms(terms, 300), rebuilt.search_terms(terms, 300), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    ours, theirs = updated.search_name("rain neon", 50), rebuilt.search_name("rain neon", 50)
    assert ours[0].tolist() == theirs[0].tolist()
    assert [v.term for v in updated._spelling.near("umbrela", "lyrics")] == ["umbrella"]


def never() -> list[SongText]:
    raise AssertionError("nothing is removed, so nothing is indexed anew")


def test_an_update_leaves_the_old_index_and_its_readers_alone(tmp_path: Path) -> None:
    songs = random_songs(6, 200)
    old = built(tmp_path / "old", songs)
    before, answer = fingerprint(tmp_path / "old"), old.search_terms(["rain", "dust"], 50)
    added: list[SongText] = [(200, "Sunrise", "new", None), (201, "new", "new", "sunrise over rain")]
    now = [song for song in songs if song[0] not in (3, 20)] + added
    update_lexical(tmp_path / "old", tmp_path / "grown", remove=[], add=added, everything=never)
    update_lexical(tmp_path / "old", tmp_path / "shrunk", remove=[3, 20], add=added, everything=lambda: now)
    assert fingerprint(tmp_path / "old") == before
    for reader in (old, LexicalIndex(tmp_path / "old")):
        again = reader.search_terms(["rain", "dust"], 50)
        assert again[0].tolist() == answer[0].tolist()
        assert again[1].tolist() == answer[1].tolist()
    assert 200 in LexicalIndex(tmp_path / "grown").search_name("sunrise", 5)[0]
    assert len(LexicalIndex(tmp_path / "shrunk")) == len(now)


def test_segments_are_linked_and_lists_are_not(tmp_path: Path) -> None:
    build_lexical(tmp_path / "old", random_songs(6, 50))
    update_lexical(tmp_path / "old", tmp_path / "new", remove=[], add=[(50, "a", "b", "rain")], everything=never)
    segments = [
        path
        for path in (tmp_path / "new").rglob("*.idx")
        if (tmp_path / "old" / path.relative_to(tmp_path / "new")).exists()
    ]
    assert segments, "the old segments are still in use"
    assert all(path.stat().st_nlink > 1 for path in segments), "they are linked, not copied"
    for name in ("meta.json", ".managed.json"):
        assert (tmp_path / "new" / SHARDS[0] / name).stat().st_nlink == 1, f"{name} is rewritten, so it must be a copy"


def answers(index: LexicalIndex, rows: int) -> list[list[tuple[int, float]]]:
    """What an index answers to every kind of search, scores rounded."""
    allowed, rows = np.arange(rows) % 3 > 0, max(rows, 1)
    found = [index.search_terms([word], rows) for word in WORDS[:6]]
    found += [index.search_terms(WORDS[:6], rows, allowed=allowed, fields={"lyrics": 1.0, "title": 0.5})]
    found += [index.search_text(text, rows) for text in ("rain grey window", '"rain rain"', "umbrela")]
    found += [index.search_name(text, rows) for text in ("rain gray", "windo")]
    return [[(int(row), round(float(score), 3)) for row, score in zip(*pair, strict=True)] for pair in found]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_update_answers_as_a_fresh_build_does(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Songs go, come and change (a changed song is a new row), several times over."""
    folder = tmp_path_factory.mktemp("updates")
    lyrics = st.lists(st.sampled_from(WORDS[:6]), max_size=6).map(lambda words: " ".join(words) or None)
    living: dict[int, SongText] = {}
    build_lexical(folder / "0", [])
    next_row, steps = 0, data.draw(st.integers(1, 3))
    for step in range(steps):
        removed = data.draw(st.sets(st.sampled_from(sorted(living)))) if living else set()
        texts = data.draw(st.lists(lyrics, max_size=8))
        added = [(next_row + i, " ".join(WORDS[i : i + 2]), "grey", text) for i, text in enumerate(texts)]
        next_row += len(added)
        living = {row: song for row, song in living.items() if row not in removed} | {song[0]: song for song in added}
        update_lexical(folder / str(step), folder / str(step + 1), remove=removed, add=added, everything=living.values)
    build_lexical(folder / "fresh", living.values())
    updated, fresh = LexicalIndex(folder / str(steps)), LexicalIndex(folder / "fresh")
    assert len(updated) == len(fresh)
    assert answers(updated, next_row) == answers(fresh, next_row)


def test_words_of_a_removed_song_are_in_no_file(tmp_path: Path) -> None:
    words = {"title": "qvxtitleword", "artist": "qvxartistword", "lyrics": "qvxlyricsword"}
    gone: SongText = (1, words["title"], words["artist"], f"{words['lyrics']} rain " * 3)
    songs: list[SongText] = [(0, "Porch", "Marrow", "grey rain"), gone, (2, "Neon", "Someone", None)]
    build_lexical(tmp_path / "old", songs)

    def holding(folder: Path) -> set[str]:
        files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        return {word for word in words.values() if any(word.encode() in content for content in files)}

    assert holding(tmp_path / "old") == set(words.values()), "the test sees words where they are"
    add: list[SongText] = [(3, "Low", "Nobody", "slow dust")]
    update_lexical(
        tmp_path / "old", tmp_path / "new", remove=[1], add=add, everything=lambda: [songs[0], songs[2], *add]
    )
    assert holding(tmp_path / "new") == set()
    index = LexicalIndex(tmp_path / "new")
    assert index._spelling.near("qvxlyricswords", "lyrics") == index._spelling.near("qvxartistwords", "names") == []
    assert (len(index), index.search_terms(["dust"], 5)[0].tolist()) == (3, [3])


def test_rows_of_an_update_are_new(tmp_path: Path) -> None:
    build_lexical(tmp_path / "old", random_songs(6, 5))
    with pytest.raises(ValueError, match="row 4 comes after the rows of the index, up to 4"):
        update_lexical(tmp_path / "old", tmp_path / "new", remove=[], add=[(4, "a", "b", "c")], everything=never)


def test_updates_add_up(tmp_path: Path) -> None:
    """Twelve updates: tantivy merges small segments on the way, and nothing is lost or doubled."""
    songs = random_songs(7, 120)
    build_lexical(tmp_path / "0", [])
    for step in range(12):
        add = songs[10 * step : 10 * step + 10]
        update_lexical(tmp_path / str(step), tmp_path / str(step + 1), remove=[], add=add, everything=never)
    rows, _ = LexicalIndex(tmp_path / "12").search_terms(WORDS, 200)
    assert sorted(rows.tolist()) == [row for row, _, _, lyrics in songs if lyrics]


def test_rows_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="row 1 comes after row 1"):
        build_lexical(tmp_path / "index", [(1, "a", "b", None), (1, "c", "d", None)])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(FileExistsError, match="never built over"):
        build_lexical(tmp_path / "full", [])


# ---- the folder ----------------------------------------------------------------------------------


def test_reading_writes_nothing(tmp_path: Path) -> None:
    build_lexical(tmp_path / "index", BOX)
    before = fingerprint(tmp_path / "index")
    index = LexicalIndex(tmp_path / "index")
    index.search_text("burning midnigth", 5)
    assert fingerprint(tmp_path / "index") == before


def test_a_read_only_folder_opens(tmp_path: Path) -> None:
    """Opened by a user who may not write there; root may write anywhere, so it becomes another user first."""
    build_lexical(tmp_path / "index", BOX)
    paths = [tmp_path / "index", *(tmp_path / "index").rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = """if True:
        import os, sys
        from indexer.search.lexical import LexicalIndex
        os.chdir(sys.argv[1])
        LexicalIndex("index").search_text("rivr road", 1)  # imports what only the first user may read
        os.getuid() or os.setuid(65534)
        print(LexicalIndex("index").search_text("rivr road", 1)[0][0], os.access("index/with_lyrics", os.W_OK))
    """
    public = [
        path
        for path in (tmp_path, *tmp_path.parents)
        if path.stat().st_uid == os.getuid() and not path.stat().st_mode & 1
    ]
    try:
        for path in public:
            path.chmod(path.stat().st_mode | 0o011)
        ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    finally:
        for path in public:
            path.chmod(path.stat().st_mode & ~0o011)
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert ran.stdout.split() == ["3", "False"], ran.stderr


def test_a_damaged_index_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="no inverted index"):
        LexicalIndex(tmp_path / "none")
    build_lexical(tmp_path / "index", BOX)
    for victim in (
        f"{SHARDS[0]}/meta.json",
        "vocabulary.npy",
        "words.npy",
        next((tmp_path / f"index/{SHARDS[0]}").glob("*.term")),
    ):
        path = tmp_path / "index" / victim
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(IndexFormatError, match="damaged"):
            LexicalIndex(tmp_path / "index")
        path.write_bytes(content)
    (tmp_path / "index" / SHARDS[0] / "meta.json").unlink()
    with pytest.raises(IndexFormatError, match="damaged"):
        LexicalIndex(tmp_path / "index")


# ---- indexes that somebody prepared ---------------------------------------------------------------


def test_a_list_of_files_to_delete_is_not_believed(tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("dear diary")
    build_lexical(tmp_path / "old", BOX)
    for shard in SHARDS:
        managed = tmp_path / "old" / shard / ".managed.json"
        managed.write_text(json.dumps([str(diary), "../../diary.txt", *json.loads(managed.read_text())]))
    update_lexical(tmp_path / "old", tmp_path / "new", remove=[], add=[(9, "a", "b", "rain")], everything=never)
    LexicalIndex(tmp_path / "new").search_text("rain", 3)
    assert diary.read_text() == "dear diary"


@pytest.mark.parametrize("planted", ["meta.json", "segment"])
def test_a_link_out_of_the_index_is_refused(tmp_path: Path, planted: str) -> None:
    build_lexical(tmp_path / "old", BOX)
    shard = tmp_path / "old" / SHARDS[0]
    victim = shard / planted if planted == "meta.json" else next(shard.glob("*.pos"))
    outside = tmp_path / "outside"
    victim.rename(outside)
    victim.symlink_to(outside)
    before = outside.stat().st_nlink
    with pytest.raises(IndexFormatError, match="symbolic link"):
        LexicalIndex(tmp_path / "old")
    with pytest.raises(IndexFormatError, match="symbolic link"):
        update_lexical(tmp_path / "old", tmp_path / "new", remove=[], add=[(9, "a", "b", "c")], everything=never)
    assert outside.stat().st_nlink == before, "a user's file is no file of the index"


def test_a_pipe_or_deep_json_is_refused_at_once(tmp_path: Path) -> None:
    build_lexical(tmp_path / "index", BOX)
    for victim in (tmp_path / "index" / SHARDS[1] / "meta.json", next((tmp_path / "index").rglob("*.idx"))):
        content = victim.read_bytes()
        victim.unlink()
        os.mkfifo(victim)
        with pytest.raises(IndexFormatError, match="pipe"):
            LexicalIndex(tmp_path / "index")
        victim.unlink()
        victim.write_bytes(content)
    (tmp_path / "index" / SHARDS[1] / "meta.json").write_text("[" * 200_000)
    with pytest.raises(IndexFormatError, match="nested too deep"):
        LexicalIndex(tmp_path / "index")


def test_rows_beyond_the_songs_are_damage(tmp_path: Path) -> None:
    build_lexical(tmp_path / "index", BOX)
    with pytest.raises(IndexFormatError, match="row 4 of 3"):
        LexicalIndex(tmp_path / "index", rows=3).search_terms(["low"], 5)


def test_words_that_are_no_text_are_refused(tmp_path: Path) -> None:
    build_lexical(tmp_path / "index", BOX)
    words = np.load(tmp_path / "index" / "words.npy")
    np.save(tmp_path / "index" / "words.npy", np.full_like(words, 0xFF))
    with pytest.raises(IndexFormatError, match="no UTF-8"):
        LexicalIndex(tmp_path / "index").search_text("midnigth", 3)


def test_a_full_disk_is_said_with_what_to_do(tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that is full."""
    code = """if True:
        import resource, sys
        from pathlib import Path
        from indexer.errors import RefrainError
        from indexer.search.lexical import build_lexical
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        songs = [(row, f"title{row}", "someone", f"word{row} rain") for row in range(5000)]
        try:
            build_lexical(Path(sys.argv[1]) / "index", songs)
        except RefrainError as error:
            print(error)
    """
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=os.getcwd(), timeout=120
    )
    assert "could not be written" in ran.stdout, ran.stderr
    assert "make room" in ran.stdout


def test_files_have_the_modes_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        build_lexical(tmp_path / "index", BOX)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "index").rglob("*") if path.is_file()} == {0o644}


# ---- lines ---------------------------------------------------------------------------------------


def test_the_best_line_is_the_one_that_shares_most() -> None:
    lyrics = "Grey rain on the window\nSlow grey rain, don't stop\n\nThe river\nThe river"
    assert best_line(lyrics, tokenise("don't stop the rain")) == "Slow grey rain, don't stop"
    assert best_line(lyrics, ["river"]) == "The river"
    assert best_line(lyrics, ["neon"]) is None
    assert best_line("!!!", ["neon"]) is None
    assert best_line("", ["rain"]) is None
    assert best_line("one line only", ["line"]) == "one line only"


@given(
    st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=9), min_size=1, max_size=12),
    st.sampled_from("abc"),
)
def test_for_one_word_the_best_line_is_that_of_rank_bm25(words: list[list[str]], word: str) -> None:
    unique = list(dict.fromkeys(map(" ".join, words)))
    scores = BM25Plus([line.split() for line in unique], k1=1.2, b=0.75).get_scores([word])
    best = best_line("\n".join(unique), [word])
    if not any(word in line for line in unique):
        assert best is None
    else:
        assert best is not None
        assert word in best
        assert scores[unique.index(best)] == pytest.approx(max(scores))


def test_a_line_fits_better_than_its_words_elsewhere() -> None:
    query = tokenise("slow grey rain don't stop")
    line, scattered, near, other, none = rescore_lines(
        query,
        ["x\nSlow grey rain, don't stop\ny", "slow\nrain\ngrey stop don't", "slow gray rain dont stop", "neon", None],
    )
    assert line > 0.99
    assert line > near > scattered > other > none == 0.0
    assert rescore_lines(query, []).shape == (0,)


def test_document_frequency_counts_songs(index: LexicalIndex, songs: list[SongText]) -> None:
    counts = Counter(word for _, _, _, lyrics in songs for word in set(tokenise(lyrics or "")))
    assert {word: index.document_frequency(word) for word in [*WORDS, "zzz"]} == {w: counts[w] for w in [*WORDS, "zzz"]}


LINES = ["窓の外は雨", "雨の窓を開けて", "傘がない", "ฝนตกที่หน้าต่าง", "ฝนหยุด", "rain on the 窓", "neon city"]


@pytest.fixture(scope="module")
def unspaced(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    songs: list[SongText] = [(row, line, "", line) for row, line in enumerate(LINES)]
    return built(tmp_path_factory.mktemp("unspaced") / "index", songs)


@given(st.data())
@settings(max_examples=60)
def test_any_part_of_a_text_without_spaces_is_a_phrase_and_a_name(unspaced: LexicalIndex, data: st.DataObject) -> None:
    """By brute force over substrings; the names found hold every word of the query as a part."""
    line = data.draw(st.sampled_from(LINES[:5]))
    start = data.draw(st.integers(0, len(line) - 1))
    part = line[start : data.draw(st.integers(start + 1, len(line)))]
    key = "".join(tokenise(part))
    wanted = {row for row, other in enumerate(LINES) if key in "".join(tokenise(other))}
    assert set(unspaced.search_name(part, 50)[0].tolist()) == wanted
    if any(letter.isalnum() for letter in part):  # split_quotes drops what holds no letter
        assert set(unspaced.search_text(f'"{part}"', 50)[0].tolist()) == wanted
    assert unspaced.document_frequency(key) == len(wanted)


def test_texts_with_spaces_rank_as_before_beside_those_without(tmp_path: Path) -> None:
    """Letters of the one kind of script are no words of the other: only the mean length of lyrics counts them."""
    songs = random_songs(3, 200)
    foreign: list[SongText] = [(200 + i, line, "", line) for i, line in enumerate(LINES[:5])]
    index = built(tmp_path / "index", [*songs, *foreign])
    pieces = [(row, "", "", " ".join(pieces_of(tokenise(lyrics or "")))) for row, _, _, lyrics in [*songs, *foreign]]
    for terms in (["rain"], ["neon", "creek", "dust"]):
        assert_same_order(index.search_terms(terms, 60), reference(pieces, terms), 60)


def test_the_best_line_of_a_text_without_spaces_holds_the_letters() -> None:
    assert best_line("窓の外は雨\n傘がない\n雨の窓を開けて", ["傘がない"]) == "傘がない"
    assert best_line("rain\nrain on the 窓", ["窓"]) == "rain on the 窓"


def test_names_in_other_scripts_are_near_their_latin_letters(tmp_path: Path) -> None:
    songs: list[SongText] = [(0, "Тихий дом", "Перрон", None), (1, "Ήλιος", "Φως", None), (2, "House", "Someone", None)]
    index = built(tmp_path / "index", songs)
    assert index.search_latin("tikhiy dom", 3)[0].tolist()[0] == 0
    assert index.search_latin("ilios fos", 3)[0].tolist()[0] == 1
    assert index.search_latin("Хоусе", 3)[0].tolist() == [2], "and the other way round"
    assert len(index.search_latin("banjo", 3)[0]) == 0
