"""Folders of sound in a catalogue: what changes and what stays when files come, move, break and go."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.catalogue import Catalogue, LoadReport, RowCounts
from indexer.errors import CatalogueError, SourceError
from indexer.sources.sound import reading
from indexer.sources.sound.measure import ANALYSIS_VERSION
from tests.indexer.catalogues import FORMATS, everything, rows
from tests.indexer.sources.sound.collection import sound_file, write_tags

ROOT = FORMATS.parent.parent


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Three songs of one album in three formats."""
    folder = tmp_path / "Music"
    for number, (ending, pitch) in enumerate(((".flac", 220), (".ogg", 247), (".mp3", 277)), start=1):
        path = folder / "Oda Finch" / "Weather" / f"0{number} Song {number}{ending}"
        tags = {"title": f"Song {number}", "artist": "Oda Finch", "album": "Weather", "date": "1994"}
        sound_file(path, pitch=pitch, **tags, tracknumber=str(number), genre="Folk")
    return folder


def songs_by_file(catalogue: Catalogue) -> dict[str, str | None]:
    return {Path(each.path).name: each.song_id for each in catalogue.files()}


def files_of(report: LoadReport) -> RowCounts:
    return report.counts["files"]


def reasons(report: LoadReport, what: str = "file") -> list[str]:
    return [each.reason for each in report.refusals if each.what == what]


def test_a_folder_becomes_songs_with_measured_features(catalogue: Catalogue, music: Path) -> None:
    report = catalogue.load_folder(music)
    assert (report.format, report.file, report.remarks) == ("folder of sound", "Music", ())
    assert report.counts["songs"] == files_of(report) == RowCounts(added=3)
    song = catalogue.song("oda finch|song 1")
    assert song is not None
    assert (song.title, song.artist, song.album, song.year) == ("Song 1", "Oda Finch", "Weather", 1994)
    assert song.genres == ("folk",)
    assert song.audio_origin == "measured"
    assert song.audio is not None
    assert song.audio.duration_ms == 2_000
    assert song.audio.valence is None
    assert song.audio.liveness is None
    first, *_ = catalogue.files()
    assert (first.track, first.analysis, first.problem, first.cover) == (1, ANALYSIS_VERSION, None, False)
    vectors = dict(catalogue.timbres(ANALYSIS_VERSION))
    assert vectors.keys() == {f"oda finch|song {number}" for number in (1, 2, 3)}
    assert all(vector.dtype == np.float32 and vector.ndim == 1 for vector in vectors.values())
    assert not list(catalogue.timbres(ANALYSIS_VERSION + 1))


def test_the_same_folder_again_changes_nothing_and_reads_nothing(
    catalogue: Catalogue, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = catalogue.load_folder(music)
    before, files = everything(catalogue), list(catalogue.files())
    monkeypatch.setattr(reading, "read_tags", None)  # reading any file would fail
    second = catalogue.load_folder(music)
    assert (everything(catalogue), list(catalogue.files())) == (before, files)
    assert files_of(second) == RowCounts(unchanged=3)
    assert not second.changed
    assert second.remarks == first.remarks


def test_workers_bring_what_one_process_brings(catalogue: Catalogue, music: Path, tmp_path: Path) -> None:
    catalogue.load_folder(music)
    with Catalogue(tmp_path / "other.db") as other:
        other.load_folder(music, workers=2)
        assert everything(other) == everything(catalogue)
        assert [(each.path, each.sound_hash) for each in other.files()] == [
            (each.path, each.sound_hash) for each in catalogue.files()
        ]


def test_a_moved_file_keeps_its_song(catalogue: Catalogue, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.load_folder(music)
    before = everything(catalogue)
    (music / "Oda Finch").rename(music / "Finch, Oda")
    monkeypatch.setattr(reading, "_measured", None)  # it is known by its sound: nothing is measured again
    report = catalogue.load_folder(music)
    assert files_of(report) == RowCounts(changed=3)
    assert everything(catalogue) == before
    assert [Path(each.path).parts[-3] for each in catalogue.files()] == ["Finch, Oda"] * 3
    assert len(list(catalogue.timbres(ANALYSIS_VERSION))) == 3
    assert not report.remarks


def test_a_file_with_other_tags_keeps_its_song(catalogue: Catalogue, music: Path) -> None:
    catalogue.load_folder(music)
    path = music / "Oda Finch" / "Weather" / "02 Song 2.ogg"
    measured = catalogue.song("oda finch|song 2")
    write_tags(path, title="Another Name", artist="Marrow")
    report = catalogue.load_folder(music)
    assert files_of(report) == RowCounts(changed=1, unchanged=2)
    song = catalogue.song("oda finch|song 2")
    assert song is not None
    assert measured is not None
    assert (song.title, song.artist, song.audio) == ("Another Name", "Marrow", measured.audio)
    assert len(catalogue) == 3


def test_the_fingerprint_of_timbres_changes_with_the_sound_alone(catalogue: Catalogue, music: Path) -> None:
    empty = catalogue.fingerprints()["timbres"]
    catalogue.load_folder(music)
    measured = catalogue.fingerprints()["timbres"]
    assert measured != empty
    write_tags(music / "Oda Finch" / "Weather" / "02 Song 2.ogg", title="Another Name")
    catalogue.load_folder(music)
    assert catalogue.fingerprints()["timbres"] == measured
    catalogue.delete(["oda finch|song 1"])
    assert catalogue.fingerprints()["timbres"] not in (measured, empty)


def test_another_sound_under_the_same_name_is_measured_again(catalogue: Catalogue, music: Path) -> None:
    catalogue.load_folder(music)
    path = music / "Oda Finch" / "Weather" / "01 Song 1.flac"
    sound_file(path, pitch=400, seconds=3, title="Song 1", artist="Oda Finch")
    catalogue.load_folder(music)
    song = catalogue.song("oda finch|song 1")
    assert song is not None
    assert song.audio is not None
    assert song.audio.duration_ms == 3_000
    assert len(catalogue) == 3


def test_two_files_that_change_places_keep_their_songs(catalogue: Catalogue, music: Path) -> None:
    first, second = (music / "Oda Finch" / "Weather" / name for name in ("01 Song 1.flac", "04 Song 4.flac"))
    sound_file(second, pitch=500, title="Song 4", artist="Oda Finch")
    catalogue.load_folder(music)
    before = songs_by_file(catalogue)
    first.rename(music / "x")
    second.rename(first)
    (music / "x").rename(second)
    catalogue.load_folder(music)
    after = songs_by_file(catalogue)
    assert (after[first.name], after[second.name]) == (before[second.name], before[first.name])


def test_a_copy_is_the_same_song_and_its_name_is_no_news(catalogue: Catalogue, music: Path) -> None:
    untagged = sound_file(music / "Marrow" / "Salt" / "01 Road.wav", pitch=300)
    catalogue.load_folder(music)
    before = everything(catalogue)
    shutil.copy(untagged, music / "Copy of it.wav")
    report = catalogue.load_folder(music)
    assert files_of(report) == RowCounts(added=1, unchanged=4)
    assert everything(catalogue) == before
    assert songs_by_file(catalogue)["Copy of it.wav"] == "marrow|road"


def test_the_same_file_in_two_places_at_once(catalogue: Catalogue, music: Path) -> None:
    shutil.copytree(music / "Oda Finch", music / "Again")
    report = catalogue.load_folder(music)
    assert (files_of(report), report.counts["songs"]) == (RowCounts(added=6), RowCounts(added=3))
    assert len(list(catalogue.timbres(ANALYSIS_VERSION))) == 3


def test_two_formats_of_one_song_are_one_song_with_the_features_of_the_first(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    for name, seconds in (("a.flac", 2.0), ("b.mp3", 2.5)):
        sound_file(tmp_path / "Music" / name, seconds=seconds, title="Rain", artist="Ada")
    catalogue.load_folder(tmp_path / "Music")
    (song,) = catalogue.songs()
    assert song.audio is not None
    assert song.audio.duration_ms == 2_000
    assert set(songs_by_file(catalogue).values()) == {song.song_id}
    os.utime(tmp_path / "Music" / "b.mp3", (1, 1))
    catalogue.load_folder(tmp_path / "Music")
    assert list(catalogue.songs()) == [song]


def test_what_is_no_song_is_said_and_said_again(catalogue: Catalogue, music: Path) -> None:
    (music / "text.mp3").write_text("no sound, only words\n" * 100)
    (music / "zero.flac").touch()
    cut = music / "Oda Finch" / "Weather" / "01 Song 1.flac"
    raw = cut.read_bytes()
    (music / "header.flac").write_bytes(raw[:30])
    report = catalogue.load_folder(music)
    assert files_of(report) == RowCounts(added=6, refused=3)
    said = reasons(report)
    assert len(said) == 3
    assert "zero.flac: it is empty (0 bytes); copy it again" in said
    assert any(each.startswith("text.mp3: cannot be decoded") for each in said)
    assert any(each.startswith("header.flac: ") for each in said)
    assert len(catalogue) == 3
    again = catalogue.load_folder(music)
    assert files_of(again) == RowCounts(unchanged=6)
    assert sorted(reasons(again)) == sorted(said)
    assert sorted(each.reason for each in catalogue.refused() if each.what == "file") == sorted(said)
    sound_file(music / "zero.flac", title="Whole", artist="Ada", pitch=350)
    mended = catalogue.load_folder(music)
    assert len(reasons(mended)) == 2
    assert catalogue.song("ada|whole") is not None


def test_a_half_written_file_is_a_song_and_whole_later(catalogue: Catalogue, music: Path) -> None:
    path = music / "Oda Finch" / "Weather" / "03 Song 3.mp3"
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    catalogue.load_folder(music)
    assert catalogue.song("oda finch|song 3") is not None
    path.write_bytes(raw)
    catalogue.load_folder(music)
    song = catalogue.song("oda finch|song 3")
    assert song is not None
    assert song.audio is not None
    assert song.audio.duration_ms == pytest.approx(2_000, abs=120)
    assert len(catalogue) == 3


def test_names_that_are_no_text(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"Mus\xedk")
    path = sound_file(tmp_path / "a.flac", title="Rain", artist="Ada")
    folder.mkdir()
    name = folder / os.fsdecode(b"caf\xe9.flac")
    path.rename(name)
    long = sound_file(tmp_path / "b.flac", pitch=300)
    long.rename(folder / ("x" * 250 + ".flac"))
    catalogue.load_folder(folder)
    assert catalogue.song_of_path(name) == "ada|rain"
    assert [each.path for each in catalogue.files()] == sorted((str(name), str(folder / ("x" * 250 + ".flac"))))
    assert files_of(catalogue.load_folder(folder)) == RowCounts(unchanged=2)


def test_words_beside_a_song_and_in_its_tags(catalogue: Catalogue, music: Path) -> None:
    album = music / "Oda Finch" / "Weather"
    (album / "01 Song 1.lrc").write_text("[00:01.00]Grey is the road\n", "utf-8")
    (album / "02 Song 2.txt").write_bytes(b"\xff\xfe" + "Gr\u00fcn".encode("utf-16-le"))
    (album / "03 Song 3.txt").write_bytes(b"caf\xe9")
    report = catalogue.load_folder(music)
    lyrics = {song.title: song.lyrics for song in catalogue.songs()}
    assert lyrics == {"Song 1": "[00:01.00]Grey is the road\n", "Song 2": "Gr\u00fcn", "Song 3": "café"}
    (guess,) = reasons(report, "value")
    assert guess.startswith("Oda Finch/Weather/03 Song 3.mp3: .txt beside it is read as Windows-1252 (cp1252)")
    (album / "03 Song 3.txt").write_text("Grey is the sky")
    again = catalogue.load_folder(music)
    assert files_of(again) == RowCounts(changed=1, unchanged=2)
    assert not again.remarks
    song = catalogue.song("oda finch|song 3")
    assert song is not None
    assert song.lyrics == "Grey is the sky"


def test_features_of_spotify_stay_and_never_mix_with_measured_ones(
    catalogue: Catalogue, music: Path, tmp_path: Path
) -> None:
    spotify = {"title": "Song 1", "artist": "Oda Finch", "energy": 0.25, "valence": 0.5, "tempo": 77}
    catalogue.load(rows(tmp_path, spotify))
    catalogue.load_folder(music)
    song = catalogue.song("oda finch|song 1")
    assert song is not None
    assert song.audio is not None
    assert song.audio_origin is None
    assert song.audio.known() == {"energy": 0.25, "valence": 0.5, "tempo": 77.0, "duration_ms": 2_000.0}
    assert len(list(catalogue.timbres(ANALYSIS_VERSION))) == 3, "its timbre is known all the same"
    catalogue.load(rows(tmp_path, {"title": "Song 2", "artist": "Oda Finch", "energy": 0.75}, name="later.jsonl"))
    song = catalogue.song("oda finch|song 2")
    assert song is not None
    assert song.audio is not None
    assert song.audio_origin is None
    assert song.audio.known() == {"energy": 0.75, "duration_ms": 2_000.0}, "all that was measured gave way"
    before = everything(catalogue)
    catalogue.load_folder(music)
    assert everything(catalogue) == before


def test_tempo_and_key_of_the_tags_count_where_nothing_was_measured(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_LIBRARIES", ("no_such_library",))
    reading.missing_libraries.cache_clear()
    try:
        sound_file(tmp_path / "Music" / "a.flac", title="Rain", artist="Ada", bpm="92", initialkey="8A")
        (tmp_path / "Music" / "text.mp3").write_text("no sound")
        report = catalogue.load_folder(tmp_path / "Music")
    finally:
        monkeypatch.undo()
        reading.missing_libraries.cache_clear()
    (song,) = catalogue.songs()
    assert song.audio is not None
    assert song.audio.known() == {"tempo": 92.0, "key": 9.0, "mode": 0.0, "duration_ms": 2_000.0}
    assert song.audio_origin == "measured"
    assert reasons(report, "other") == [
        "sound is not measured without no_such_library; pip install 'refrain[audio]' and import again"
    ]
    assert len(reasons(report)) == 1
    measured = catalogue.load_folder(tmp_path / "Music")
    assert files_of(measured).changed == 2, "with the libraries there the same files are read again"
    (song,) = catalogue.songs()
    assert song.audio is not None
    assert song.audio.loudness is not None


def test_endings_that_nothing_here_decodes_are_said(
    catalogue: Catalogue, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_has_ffmpeg", lambda: False)
    path = sound_file(music / "a.flac", pitch=350, title="Rain", artist="Ada").rename(music / "a.wma")
    advice = "sound that is not measured without av: .wma 1; pip install 'refrain[m4a]' and import again"
    for expected in (RowCounts(added=4), RowCounts(unchanged=4)):
        report = catalogue.load_folder(music)
        assert files_of(report) == expected
        assert reasons(report, "other") == [advice]
    song = catalogue.song(catalogue.song_of_path(path) or "")
    assert song is not None
    assert (song.title, song.audio_origin) == ("Rain", None)


def test_pages_of_files_and_vectors(catalogue: Catalogue, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(music / "Oda Finch", music / "Again")
    catalogue.load_folder(music)
    paths = [each.path for each in catalogue.files()]
    vectors = [(song_id, vector.tolist()) for song_id, vector in catalogue.timbres(ANALYSIS_VERSION)]
    monkeypatch.setattr("indexer.catalogue.files.FILES_AT_A_TIME", 2)
    assert [each.path for each in catalogue.files()] == paths == sorted(paths)
    assert len(paths) == 6
    assert [(song_id, vector.tolist()) for song_id, vector in catalogue.timbres(ANALYSIS_VERSION)] == vectors
    assert len(vectors) == 3


def test_playlists_of_the_folder_come_after_its_songs(catalogue: Catalogue, music: Path) -> None:
    lines = [
        "#EXTM3U",
        "#PLAYLIST:Grey days",
        "../Oda Finch/Weather/03 Song 3.mp3",
        "Oda Finch\\Weather\\01 Song 1.flac",
        "gone.mp3",
    ]
    (music / "Lists").mkdir()
    (music / "Lists" / "mix.m3u8").write_text("\n".join(lines), "utf-8")
    report = catalogue.load_folder(music)
    (playlist,) = catalogue.playlists()
    assert (playlist.name, playlist.song_ids) == ("Grey days", ("oda finch|song 3", "oda finch|song 1"))
    assert reasons(report, "entry") == ["Lists/mix.m3u8: entry 3, 'gone.mp3', is no file of this folder"]
    again = catalogue.load_folder(music)
    assert not again.changed
    assert len(reasons(again, "entry")) == 1


def test_a_path_is_a_song(catalogue: Catalogue, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.load_folder(music)
    path = music / "Oda Finch" / "Weather" / "01 Song 1.flac"
    (music / "link.flac").symlink_to(path)
    (music.parent / "elsewhere").symlink_to(music, target_is_directory=True)
    monkeypatch.chdir(music / "Oda Finch")
    spellings = [
        path,
        str(path),
        "Weather/01 Song 1.flac",
        "../link.flac",
        music.parent / "elsewhere" / path.relative_to(music),
    ]
    assert [catalogue.song_of_path(each) for each in spellings] == ["oda finch|song 1"] * 5
    assert catalogue.song_of_path("Weather/nothing.flac") is None
    with catalogue.snapshot() as snapshot:
        assert snapshot.song_of_path(path) == "oda finch|song 1"
        assert list(snapshot.files()) == list(catalogue.files())


def test_entries_of_a_list_meet_songs_by_their_files(catalogue: Catalogue, music: Path, tmp_path: Path) -> None:
    path = music / "Oda Finch" / "Weather" / "02 Song 2.ogg"
    write_tags(path, title="What the Tags Say", artist="Marrow")
    catalogue.load_folder(music)
    before = list(catalogue.songs())
    mix = tmp_path / "mix.m3u8"
    mix.write_text(
        f"#EXTM3U\nMusic/Oda Finch/Weather/02 Song 2.ogg\nfile://{music}/Oda%20Finch/Weather/01%20Song%201.flac\n"
    )
    catalogue.load(mix)
    (playlist,) = catalogue.playlists()
    assert playlist.song_ids == (catalogue.song_of_path(path), "oda finch|song 1")
    assert list(catalogue.songs()) == before, "a list names songs and says nothing new of them"


def test_one_file_of_sound(catalogue: Catalogue, music: Path) -> None:
    report = catalogue.load_folder(music / "Oda Finch" / "Weather" / "01 Song 1.flac", prune=True)
    assert files_of(report) == RowCounts(added=1)
    whole = catalogue.load_folder(music)
    assert files_of(whole) == RowCounts(added=2, unchanged=1)
    alone = catalogue.load_folder(music / "Oda Finch" / "Weather" / "01 Song 1.flac", prune=True)
    assert files_of(alone) == RowCounts(unchanged=1)
    assert len(catalogue) == 3


def many_files(folder: Path, count: int) -> Path:
    """Files that differ in the last samples, so that each is another sound."""
    source = sound_file(folder.parent / "one.wav", seconds=0.3)
    raw = bytearray(source.read_bytes())
    folder.mkdir()
    for number in range(count):
        raw[-4:] = number.to_bytes(4, "little")
        (folder / f"{number:03} Song {number}.wav").write_bytes(raw)
    return folder


def test_what_is_gone_goes_by_prune_alone(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = many_files(tmp_path / "Music", 20)
    catalogue.load_folder(folder)
    (folder / "000 Song 0.wav").unlink()
    report = catalogue.load_folder(folder)
    assert len(catalogue) == 20
    assert "1 file gone since the last import; to take them out give --prune" in reasons(report, "other")
    pruned = catalogue.load_folder(folder, prune=True)
    assert len(catalogue) == len(list(catalogue.files())) == 19
    assert "1 file gone and taken out, with 1 song" in reasons(pruned, "other")
    assert not [each for each in catalogue.refused() if "000 Song" in each.reason]


def test_many_that_are_gone_are_asked_for_and_an_empty_folder_is_no_reason(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    folder = many_files(tmp_path / "Music", 20)
    catalogue.load_folder(folder)
    before = everything(catalogue)
    folder.rename(tmp_path / "unmounted")
    folder.mkdir()
    asked: list[tuple[int, int]] = []

    def no(gone: int, known: int) -> bool:
        asked.append((gone, known))
        return False

    report = catalogue.load_folder(folder, prune=True, sure=no)
    assert asked == [(20, 20)]
    assert everything(catalogue) == before
    assert any("20 of 20 known files are gone, is their disk there?" in each for each in reasons(report, "other"))
    folder.rmdir()
    with pytest.raises(SourceError, match="does not exist; check the name, and that its disk is there"):
        catalogue.load_folder(folder, prune=True, sure=lambda gone, known: True)
    assert everything(catalogue) == before
    folder.mkdir()
    catalogue.load_folder(folder, prune=True, sure=lambda gone, known: True)
    assert len(catalogue) == 0


def test_a_pruned_song_that_another_file_brought_stays(catalogue: Catalogue, music: Path, tmp_path: Path) -> None:
    catalogue.load(rows(tmp_path, {"title": "Song 1", "artist": "Oda Finch", "tags": ["grey"]}))
    catalogue.load_folder(music)
    shutil.rmtree(music / "Oda Finch")
    catalogue.load_folder(music, prune=True, sure=lambda gone, known: True)
    assert [song.title for song in catalogue.songs()] == ["Song 1"]
    assert not list(catalogue.files())


def test_what_lies_in_a_closed_folder_is_not_gone(place: str, ordinary_user: Path) -> None:
    folder = ordinary_user / "Music"
    many_files(folder, 20)
    closed = folder / "closed"
    closed.mkdir()
    (folder / "000 Song 0.wav").rename(closed / "song.wav")
    with Catalogue(ordinary_user / "refrain.db") as catalogue:
        catalogue.load_folder(folder)
        closed.chmod(0)
        report = catalogue.load_folder(folder, prune=True)
        closed.chmod(0o700)
        assert len(catalogue) == 20
        assert any("closed: it cannot be read (Permission denied)" in each for each in reasons(report))


def test_a_deleted_song_comes_back_with_its_file(catalogue: Catalogue, music: Path) -> None:
    catalogue.load_folder(music)
    catalogue.delete(["oda finch|song 1"])
    assert len(list(catalogue.files())) == 2
    assert files_of(catalogue.load_folder(music)) == RowCounts(added=1, unchanged=2)


class Stopped:
    """Progress that raises after `count` files."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, steps: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        for number, step in enumerate(steps):
            if label.startswith("import ") and number == self.count:
                raise KeyboardInterrupt
            yield step


def test_what_was_read_stays_when_someone_stops_it(catalogue: Catalogue, tmp_path: Path) -> None:
    folder = many_files(tmp_path / "Music", 20)
    with pytest.raises(KeyboardInterrupt):
        catalogue.load_folder(folder, track=Stopped(7))
    assert len(catalogue) == 7
    assert files_of(catalogue.load_folder(folder)) == RowCounts(added=13, unchanged=7)


def test_another_program_reads_the_first_hundred_while_the_rest_is_measured(place: str, tmp_path: Path) -> None:
    folder = many_files(tmp_path / "Music", 120)
    seen: list[int] = []

    def track(steps: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        for number, step in enumerate(steps):
            if label.startswith("import ") and number == 110:
                with Catalogue(place) as other:
                    seen.append(len(other))
            yield step

    with Catalogue(place) as catalogue:
        catalogue.load_folder(folder, track=track)
        assert len(catalogue) == 120
    assert seen[0] >= 100


_IMPORT = (
    "import sys\nfrom indexer.catalogue import Catalogue\n"
    "if __name__ == '__main__':\n    Catalogue(sys.argv[1]).load_folder(sys.argv[2], workers=2)\n"
)


@pytest.mark.slow
def test_a_kill_in_the_middle_leaves_whole_files_and_no_worker(tmp_path: Path) -> None:
    folder, place = many_files(tmp_path / "Music", 400), tmp_path / "refrain.db"
    script = tmp_path / "importing.py"
    script.write_text(_IMPORT)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, script, place, folder], env=environment, start_new_session=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
        try:
            with Catalogue(place, create=False) as seen:
                if len(seen):
                    break
        except CatalogueError:
            continue
    process.send_signal(signal.SIGKILL)
    process.wait()
    with Catalogue(place) as catalogue:
        done = len(catalogue)
        assert 0 < done <= 400
        assert len([each for each in catalogue.files() if each.song_id]) == done
        report = catalogue.load_folder(folder)
        assert files_of(report) == RowCounts(added=400 - done, unchanged=done)
        assert len(catalogue) == 400
    while time.monotonic() < deadline and _alive(process.pid):
        time.sleep(0.1)
    assert not _alive(process.pid), "workers end with the process that started them"


def _alive(session: int) -> bool:
    """Whether any process of a session lives."""
    done = subprocess.run(["ps", "-o", "stat=", "-s", str(session)], capture_output=True, text=True)
    return any(not line.startswith("Z") for line in done.stdout.split("\n") if line)


def test_a_file_that_kills_its_decoder_is_named_and_the_others_come(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process that is started here dies when it opens one of the files, as a damaged file may make one do."""
    folder = many_files(tmp_path / "Music", 5)
    library = tmp_path / "site"
    library.mkdir()
    (library / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def watch(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('003 Song 3.wav'):\n"
        "        os.abort()\n"
        "sys.addaudithook(watch)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{library}{os.pathsep}{ROOT}")
    report = catalogue.load_folder(folder, workers=2)
    assert files_of(report).added == 5
    assert catalogue.song_of_path(folder / "004 Song 4.wav") is not None
    assert any("broke down over it" in each.reason for each in report.refusals if "003 Song 3" in each.reason)


def test_bytes_that_are_no_vector_are_refused(catalogue: Catalogue, music: Path, place: str) -> None:
    from sqlalchemy import create_engine, text

    catalogue.load_folder(music)
    engine = create_engine(place)
    with engine.begin() as connection:
        connection.execute(text("UPDATE files SET timbre = :raw"), {"raw": b"abc"})
    engine.dispose()
    with pytest.raises(CatalogueError, match=r"table files holds .* in column timbre, expected a vector of float32"):
        list(catalogue.timbres(ANALYSIS_VERSION))
