"""Watching a folder: what people drop into it is in the catalogue and the index a moment later, whatever it is."""

from __future__ import annotations

import json
import shutil
import wave
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from indexer import Catalogue
from indexer.build.watch import RETRY_S, Round, Watch, publish
from indexer.errors import IndexFormatError
from indexer.songs.table import Songs
from indexer.store.generations import open_generation, verify
from indexer.store.locks import writer_lock
from indexer.waiting import ENDLESS, Patience
from tests.indexer.catalogues import rows
from tests.indexer.hash_encoder import HashEncoder
from tests.indexer.small import SMALL

SONGS = [
    {"song_id": f"s{i}", "title": f"Rain {i}", "artist": f"Ada {i % 3}", "lyrics": f"rain on the roof {i}"}
    for i in range(8)
]


class Watched:
    """A folder `inbox` that is watched, its catalogue and index, and the time."""

    def __init__(self, work: Path, patience: Patience = ENDLESS) -> None:
        self.patience = patience
        self.work, self.inbox, self.index = work, work / "inbox", work / "ix"
        self.inbox.mkdir(exist_ok=True)
        self.now = 0.0
        self.watch = self.started()

    def started(self) -> Watch:
        place = str(self.work / "refrain.db")
        bring_up = partial(publish, place, self.index, SMALL, HashEncoder(), self.patience)
        return Watch(self.inbox, place, self.index, bring_up, rest_s=1.0, clock=lambda: self.now)

    def round(self) -> Round:
        """The next in which something is done, within three looks."""
        for _ in range(3):
            self.now += 1
            if (done := self.watch.look()) is not None:
                return done
        raise AssertionError("nothing was done")

    def idle(self) -> bool:
        self.now += 1000
        return self.watch.look() is None and self.watch.look() is None

    def song_ids(self) -> set[str]:
        """Of the living songs of the index."""
        generation = open_generation(self.index)
        songs = Songs(generation)
        generation.close()
        return {songs.song_ids[row] for row in range(len(songs)) if songs.alive[row]}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Neither catalogue nor index are there."""
    return Watched(tmp_path)


@pytest.fixture
def ahead(built: Path, tmp_path: Path) -> Watched:
    """The bundled songs and their index are there."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    watched = Watched(tmp_path)
    begun = watched.watch.begin()
    assert begun is not None
    assert begun.published is not None
    assert begun.published.kind == "unchanged"
    return watched


def test_catalogue_and_index_are_made_of_the_first_files_and_grow_with_the_next(watched: Watched) -> None:
    rows(watched.inbox, *SONGS[:5], name="first.jsonl")
    assert watched.watch.begin() is None
    done = watched.round()
    assert [report.file for report in done.imports] == ["first.jsonl"]
    assert done.published is not None
    assert (done.published.kind, done.published.songs) == ("built", 5)
    assert watched.idle()
    rows(watched.inbox, *SONGS[5:], name="second.jsonl")
    rows(watched.inbox, SONGS[0] | {"title": "Sleet"}, name="third.jsonl")
    done = watched.round()
    assert done.published is not None
    assert (done.published.kind, done.published.added, done.published.changed) == ("updated", 3, 1)
    assert watched.song_ids() == {song["song_id"] for song in SONGS}
    assert verify(watched.index) == []
    assert watched.idle()
    watched.watch = watched.started()
    begun = watched.watch.begin()
    assert begun is not None
    assert begun.published is not None
    assert begun.published.kind == "unchanged"
    done = watched.round()
    assert len(done.imports) == 3, "files that are there at the start are imported again, which changes little"


def test_hundreds_of_files_are_one_round_and_one_update(ahead: Watched) -> None:
    """Songs come before the playlists of them, whatever the files are called."""
    for number in range(300):
        playlist = {"playlist_id": f"p{number}", "name": f"Night {number}", "song_ids": ["s1", "s2", "s3"]}
        rows(ahead.inbox, playlist, name=f"a{number:03}.jsonl")
    rows(ahead.inbox, *SONGS, name="z.jsonl")
    done = ahead.round()
    assert len(done.imports) == 301
    assert not any(report.refused for report in done.imports)
    assert done.published is not None
    assert done.published.added == len(SONGS)
    assert ahead.idle()


def test_what_cannot_be_imported_is_said_once_and_tried_again_when_it_changes(ahead: Watched) -> None:
    half = ahead.inbox / "half.json"
    half.write_text('[{"title": "Rain", "artist": "Ada"}, {"title": "Sl')
    (ahead.inbox / "empty.csv").touch()
    (ahead.inbox / "broken.zip").write_bytes(b"PK\x03\x04 no archive")
    (ahead.inbox / "notes.txt").write_text("buy milk\n")
    (ahead.inbox / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    with zipfile.ZipFile(ahead.inbox / "export.zip", "w") as archive:
        archive.writestr("export/songs.jsonl", json.dumps(SONGS[1]))
        archive.writestr("export/account.txt", "Ada, since 2009")
    good = rows(ahead.work, SONGS[0], name="good.jsonl")
    (ahead.inbox / "good.jsonl").symlink_to(good)
    done = ahead.round()
    assert {name for name, _ in done.skipped} == {"half.json", "empty.csv", "broken.zip", "notes.txt"}
    assert all(why for _, why in done.skipped)
    assert done.published is not None
    assert done.published.added == 2
    assert half.exists(), "it stays where it is"
    assert ahead.idle()
    half.write_text('[{"title": "Rain", "artist": "Ada"}, {"title": "Sleet", "artist": "Ada"}]')
    done = ahead.round()
    assert (done.skipped, len(done.imports)) == ((), 1)
    assert done.published is not None
    assert done.published.added == 2


def test_songs_stay_when_files_go_and_a_folder_that_goes_is_said_once(ahead: Watched) -> None:
    file = rows(ahead.inbox, *SONGS, name="songs.jsonl")
    ahead.round()
    Path(file).unlink()
    done = ahead.round()
    assert (done.gone, done.published, done.imports) == (1, None, ())
    assert {"s0", "s7"} <= ahead.song_ids()
    away = ahead.inbox.rename(ahead.work / "away")
    assert "cannot be read (No such file or directory); is its disk there?" in ahead.round().problem
    assert ahead.idle()
    away.rename(ahead.inbox)
    assert ahead.idle()
    rows(ahead.inbox, SONGS[0] | {"title": "Sleet"}, name="more.jsonl")
    assert len(ahead.round().imports) == 1


def test_a_damaged_index_is_said_and_tried_again_until_it_is_mended(ahead: Watched) -> None:
    current = (ahead.index / "CURRENT").read_text()
    (ahead.index / "CURRENT").write_text("?")
    rows(ahead.inbox, *SONGS, name="songs.jsonl")
    done = ahead.round()
    assert len(done.imports) == 1
    assert "run `refrain build`" in done.problem
    ahead.now += RETRY_S
    assert ahead.watch.look() is None, "said once"
    (ahead.index / "CURRENT").write_text(current)
    assert ahead.watch.look() is None, "tried again a while later"
    ahead.now += 2 * RETRY_S
    done = ahead.round()
    assert done.problem == ""
    assert done.published is not None
    assert done.published.added == len(SONGS)
    (ahead.index / "CURRENT").write_text("?")
    with pytest.raises(IndexFormatError):
        ahead.started().begin()


@pytest.mark.slow
def test_files_that_a_full_or_foreign_catalogue_did_not_take_come_again(ahead: Watched) -> None:
    place, away = ahead.work / "refrain.db", ahead.work / "away.db"
    place.rename(away)
    place.write_text("something else, which is no catalogue")
    rows(ahead.inbox, *SONGS, name="songs.jsonl")
    assert "no SQLite database" in ahead.round().problem
    assert ahead.song_ids() & {"s0"} == set()
    away.rename(place)
    ahead.now += RETRY_S
    done = ahead.round()
    assert done.problem == ""
    assert len(done.imports) == 1
    assert "s0" in ahead.song_ids()


def test_folders_of_sound_are_imported_as_such_beside_other_files(ahead: Watched) -> None:
    for name in ("album/01 Rain.wav", "album/02 Sleet.wav", "deep/er/03 Hail.wav"):
        tone(ahead.inbox / name)
    (ahead.inbox / "album" / "both.m3u").write_text("01 Rain.wav\n02 Sleet.wav\n")
    rows(ahead.inbox, *SONGS, name="songs.jsonl")
    done = ahead.round()
    assert [report.file for report in done.imports] == ["songs.jsonl", "album", "deep"]
    counts = done.imports[1].counts
    assert (counts["songs"].added, counts["playlists"].added) == (2, 1)
    assert done.published is not None
    assert done.published.added == len(SONGS) + 3
    assert ahead.idle()
    tone(ahead.inbox / "album" / "04 Snow.wav")
    done = ahead.round()
    assert [report.counts["songs"].added for report in done.imports] == [1]
    tone(ahead.inbox / "05 Loose.wav")
    (ahead.inbox / "05 Loose.lrc").write_text("[00:01.00]words of it\n")
    done = ahead.round()
    assert [report.file for report in done.imports] == ["inbox"]
    assert done.skipped == ()


def tone(path: Path) -> None:
    """A second of sound."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.sin(np.arange(8_000) * (0.1 + sum(path.name.encode()) / 5_000)) * 8_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(samples.astype("<i2").tobytes())


@pytest.mark.slow
def test_sound_that_is_still_written_is_left_until_it_is_whole(ahead: Watched) -> None:
    tone(ahead.inbox / "album" / "01 Rain.wav")
    late = ahead.inbox / "album" / "02 Sleet.wav"
    done = None
    for turn in range(100):  # as a slow copy: what is ready waits for it, but not for ever
        late.parent.mkdir(exist_ok=True)
        late.write_bytes(b"RIFF" + bytes(turn))
        ahead.now += 1
        if (done := ahead.watch.look()) is not None:
            break
    assert done is not None
    assert done.imports[0].counts["songs"].added == 1
    tone(late)
    assert ahead.round().imports[0].counts["songs"].added == 1


def test_the_catalogue_and_the_index_in_the_folder_itself_are_not_imported(tmp_path: Path) -> None:
    place, index = str(tmp_path / "refrain"), tmp_path / "ix"
    bring_up = partial(publish, place, index, SMALL, HashEncoder())
    watch = Watch(tmp_path, place, index, bring_up, rest_s=0.0)
    assert watch.begin() is None
    rows(tmp_path, *SONGS, name="songs.jsonl")
    done = watch.look()
    assert done is not None
    assert (len(done.imports), done.skipped) == (1, ())
    (tmp_path / "ix.weights.json").write_text(json.dumps({"format": 2}))
    assert watch.look() is None


@pytest.mark.slow
def test_two_watches_of_one_folder_do_no_harm(ahead: Watched) -> None:
    other = Watched(ahead.work)
    other.watch.begin()
    rows(ahead.inbox, *SONGS, name="songs.jsonl")
    rounds = [ahead.round(), other.round()]
    kinds = [done.published.kind if done.published else "none" for done in rounds]
    assert kinds == ["updated", "none"], "the second finds nothing new in the file"
    assert verify(ahead.index) == []


def test_a_watch_waits_for_another_writer_and_says_for_whom(ahead: Watched) -> None:
    sentences: list[str] = []
    ahead.patience = Patience(0.2, sentences.append)
    ahead.watch = ahead.started()
    rows(ahead.inbox, *SONGS, name="songs.jsonl")
    with writer_lock(ahead.index):
        done = ahead.round()
    assert len(done.imports) == 1
    assert f"{ahead.index} is being written by process" in done.problem
    assert len(sentences) == 1
    ahead.now += RETRY_S
    done = ahead.round()
    assert done.published is not None
    assert done.published.added == len(SONGS)


@pytest.mark.slow
def test_what_others_imported_is_published_too(ahead: Watched) -> None:
    with Catalogue(ahead.work / "refrain.db") as catalogue:
        catalogue.load(rows(ahead.work, *SONGS[:4], name="by hand.jsonl"))
    rows(ahead.inbox, *SONGS[4:], name="songs.jsonl")
    done = ahead.round()
    assert done.published is not None
    assert done.published.added == len(SONGS)
