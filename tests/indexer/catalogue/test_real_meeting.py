"""Songs of real files meet: by ids all of them, by name those that are one recording; no song has two Spotify ids."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from indexer.sources import recognise

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

FILES = (
    "spotify_songs.csv",
    "mpd.slice.0-999.json",
    "mpd.slice.100000-100999.json",
    "mpd.slice.101000-101999.json",
    "deezer_train.csv",
    "deezer_validation.csv",
    "hit_predictor_90s.csv",
)


@pytest.mark.parametrize("files", [FILES, FILES[::-1]], ids=["in order", "reversed"])
def test_rows_that_share_an_id_are_one_song(real_data: Path, tmp_path: Path, files: tuple[str, ...]) -> None:
    paths = [real_data / "raw" / name for name in files]
    place = tmp_path / "refrain.db"
    met: dict[str, tuple[int, int]] = {}
    with Catalogue(place) as catalogue:
        for path in paths:
            report = catalogue.load(path)
            met[path.name] = (report.met_by_name, report.nearly_met)
        fingerprint = catalogue.fingerprint()
        for path in paths[-1:]:
            assert not catalogue.load(path).changed
        assert catalogue.fingerprint() == fingerprint
        count = len(catalogue)
        near = sum(1 for _ in catalogue.near_merges())
    print(met, f"{count:,} songs, {near:,} near")
    with sqlite3.connect(place) as connection:
        stored = connection.execute("SELECT namespace, value, song_id FROM external_ids WHERE namespace != 'name'")
        song_of = {(namespace, value): song_id for namespace, value, song_id in stored}
    connection.close()
    of_song: dict[str, set[str]] = defaultdict(set)
    for (namespace, value), song_id in song_of.items():
        if namespace == "spotify":
            of_song[song_id].add(value)
    assert max(map(len, of_song.values())) == 1
    shared: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in paths:
        for batch in recognise(path).batches():
            for row in batch.songs:
                for each in row.ids:
                    shared[each].add(path.name)
    pairs = [each for each, of_files in shared.items() if len(of_files) > 1]
    assert len(pairs) > 400
    assert sum(each in song_of for each in pairs) >= 0.98 * len(pairs)
