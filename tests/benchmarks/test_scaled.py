"""Made catalogues: as many songs as asked for, the same each time, with the curves and vectors of the originals."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.data.dataset import Place
from benchmarks.data.scaled.make import Scaled, make_scaled
from benchmarks.data.scaled.originals import Originals, Text
from benchmarks.data.scaled.plan import Plan
from benchmarks.data.scaled.songs import made_songs, mixed_vector
from indexer import Catalogue, IndexConfig, build_index
from indexer.errors import RefrainError
from indexer.records import AUDIO_NAMES
from indexer.songs.table import Songs
from indexer.store import artefacts
from indexer.store.generations import open_generation
from indexer.text.names import artist_key


@pytest.fixture(scope="module")
def originals(warm: Place) -> Originals:
    return Originals(warm.catalogue, warm.index)


@pytest.fixture(scope="module")
def made(warm: Place, tmp_path_factory: pytest.TempPathFactory) -> Scaled:
    folder = tmp_path_factory.mktemp("made")
    with Catalogue(warm.catalogue) as catalogue:
        songs = 2 * len(catalogue) + 11
    return make_scaled(folder, songs, catalogue=warm.catalogue, encoded=warm.index)


@pytest.mark.parametrize("songs", [1, 23, 400])
def test_the_number_of_songs_is_the_one_asked_for(songs: int, warm: Place, tmp_path: Path) -> None:
    scaled = make_scaled(tmp_path, songs, catalogue=warm.catalogue, encoded=warm.index)
    with Catalogue(scaled.catalogue) as catalogue:
        assert len(catalogue) == songs == len({song.song_id for song in catalogue.songs()})
        assert not list(catalogue.refused())


def test_a_seed_makes_one_catalogue_and_another_seed_another(made: Scaled, warm: Place, tmp_path: Path) -> None:
    prints, files = list[str](), list[list[bytes]]()
    for seed in (0, 0, 1):
        folder = tmp_path / f"{seed}-{len(prints)}"
        again = make_scaled(folder, made.songs, catalogue=warm.catalogue, encoded=warm.index, seed=seed)
        with Catalogue(again.catalogue) as catalogue:
            prints.append(catalogue.fingerprint())
        files.append([path.read_bytes() for path in sorted(Path(again.index, "encoded").iterdir())])
    assert prints[0] == prints[1] != prints[2]
    assert files[0] == files[1] != files[2]


def test_what_is_made_is_not_made_again_and_nothing_else_takes_its_place(made: Scaled, warm: Place) -> None:
    folder = Path(made.catalogue).parent
    before = Path(made.catalogue).stat().st_mtime_ns
    assert make_scaled(folder, made.songs, catalogue=warm.catalogue, encoded=warm.index) == made
    assert Path(made.catalogue).stat().st_mtime_ns == before
    with pytest.raises(RefrainError, match="another recipe"):
        make_scaled(folder, made.songs + 1, catalogue=warm.catalogue, encoded=warm.index)


def test_the_command_says_what_it_made_and_how_to_build_it(warm: Place, tmp_path: Path) -> None:
    words = ["make", str(tmp_path), "--songs", "30", "--catalogue", warm.catalogue, "--encoded", str(warm.index)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, repr(result.exception)
    assert "30 songs" in result.output
    assert "drawn" in result.output
    assert f"refrain build --catalogue {tmp_path / 'refrain.db'} --index {tmp_path / 'refrain.index'}" in result.output


def test_artists_have_as_many_songs_as_their_originals(originals: Originals) -> None:
    plan = Plan(originals, 3 * len(originals), 0)
    artists = Counter(artist_key(str(song.values["artist"])) for song in made_songs(plan) if song.values["artist"])
    originally = Counter(artist_key(song.artist) for song in originals.songs if song.artist)
    assert sorted(artists.values()) == sorted(3 * list(originally.values()))
    assert len({key for key, _ in plan.artists()}) == 3 * len(originally)


def test_playlists_are_as_long_and_hold_their_originals_copies(originals: Originals) -> None:
    times = 4
    plan = Plan(originals, times * len(originals), 0)
    of_original, many, holders = np.zeros(len(originals), int), 0, Counter[int]()
    for _, place, songs in plan.playlists():
        assert len(songs) == len(set(songs)) <= len(originals.entries[place])
        rows, _ = plan.made_from(np.array(songs, np.int64))
        assert set(rows.tolist()) <= set(originals.entries[place].tolist())
        of_original += np.bincount(rows, minlength=len(originals))
        holders.update(songs)
        many += 1
    assert many == times * len(originals.playlists)
    assert (of_original <= times * originals.counts).all()
    assert of_original.sum() >= 0.99 * times * originals.counts.sum()  # but for what one playlist would hold twice
    assert max(holders.values()) > originals.counts.max()  # the few that most listeners have


def test_playlists_of_a_part_of_the_songs_hold_songs_that_are_made(originals: Originals) -> None:
    plan = Plan(originals, len(originals) // 3, 0)
    lengths, originally = [], []
    for _, place, songs in plan.playlists():
        assert all(0 <= song < plan.songs for song in songs)
        lengths.append(len(songs))
        originally.append(len(originals.entries[place]))
    assert lengths
    assert sum(lengths) >= 0.8 * sum(originally)


def test_features_stay_in_the_range_of_the_originals_and_near_their_own(originals: Originals) -> None:
    plan = Plan(originals, 2 * len(originals), 0)
    low, high = np.nanmin(originals.audio, axis=0), np.nanmax(originals.audio, axis=0)
    for song in made_songs(plan):
        own = originals.audio[song.row]
        for i, name in enumerate(AUDIO_NAMES):
            value = song.values.get(name)
            assert (value is None) == np.isnan(own[i])
            if isinstance(value, float):
                assert low[i] - 1e-4 <= value <= high[i] + 1e-4
                assert abs(value - own[i]) <= 0.3 * (high[i] - low[i])


def test_lyrics_are_lines_of_songs_of_one_language_half_of_them_of_the_original(originals: Originals) -> None:
    lines: dict[str | None, set[str]] = {}
    for row, text in originals.texts.items():
        lines.setdefault(originals.songs[row].language, set()).update(text.lines)
    own, whole = 0, 0
    for song in made_songs(Plan(originals, len(originals), 0)):
        if "lyrics" not in song.values:
            assert song.row not in originals.texts
            assert song.vector is None
            continue
        text = originals.texts[song.row]
        made_lines = str(song.values["lyrics"]).split(text.joint) if text.joint == "\n" else []
        assert lines[originals.songs[song.row].language].issuperset(made_lines)
        assert not made_lines or len(made_lines) == len(text.lines)
        own += sum(line in text.lines for line in made_lines)
        whole += len(made_lines)
    assert 0.45 < own / whole < 0.65


def test_lyrics_that_lost_their_line_breaks_are_cut_into_runs_of_words() -> None:
    text = Text.of("one two three four five six seven eight nine")
    assert text == Text(("one two three four five six seven eight", "nine"), " ")
    assert Text.of("a\nb\n\nc").joint == "\n"


def test_mixed_vectors_are_spread_as_those_that_they_are_mixed_from() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((4_000, 16)).astype(np.float32) + 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    mean = vectors.mean(axis=0)
    shares = np.array([0.5, 0.3, 0.2], np.float32)
    mixed = np.array([mixed_vector(vectors[rng.integers(0, 4_000, 3)], shares, mean) for _ in range(4_000)])
    plain = np.array([shares @ vectors[rng.integers(0, 4_000, 3)] for _ in range(4_000)])
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)

    def likeness(matrix: np.ndarray) -> float:
        return float((matrix[::2] * matrix[1::2]).sum(axis=1).mean())

    assert np.allclose(np.linalg.norm(mixed, axis=1), 1, atol=1e-5)
    assert abs(likeness(mixed) - likeness(vectors)) < 0.05 < likeness(plain) - likeness(vectors)
    assert np.abs(np.cov(mixed.T) - np.cov(vectors.T)).max() < 0.02


def test_a_build_takes_the_drawn_vectors_and_encodes_no_lyric(made: Scaled, tiny_config: IndexConfig) -> None:
    index = Path(made.index)
    (hashes_file,) = (index / "encoded").glob("*.hashes.npy")
    hashes = np.load(hashes_file)
    drawn = np.load(hashes_file.with_name(hashes_file.name.replace(".hashes.", ".vectors.")))
    vector_of: dict[bytes, np.ndarray] = {}
    for key, vector in zip(hashes, drawn, strict=True):
        vector_of.setdefault(key.tobytes(), vector)  # lyrics of one line may come twice
    with Catalogue(made.catalogue) as catalogue:
        report = build_index(catalogue, index, tiny_config, force=True)
    assert report.songs == made.songs
    generation = open_generation(index)
    try:
        sentence, own = generation.array(artefacts.SENTENCE), generation.array(artefacts.LYRICS_HASH)
        table = Songs(generation)
        assert 0 < table.has_lyrics.sum() <= made.lyrics
        for row in np.flatnonzero(table.has_lyrics).tolist():
            assert np.allclose(sentence[row], vector_of[own[row].tobytes()], atol=2e-3)
    finally:
        generation.close()
