"""The walk: which files there are, what a path says, and a hash that stays when tags change."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from indexer.errors import SourceError
from indexer.sources.sound.content import sound_hash
from indexer.sources.sound.lists import read_m3u
from indexer.sources.sound.walk import is_sound, walk_folder
from tests.indexer.sources.sound.collection import sound_file, write_tags


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def relatives(folder: Path) -> list[str]:
    return [each.relative.as_posix() for each in walk_folder(folder).files]


def test_files_of_sound_in_the_order_of_their_folders(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("b/2.MP3", "b/1.flac", "a/x.Opus", "z.m4a", "b/notes.txt", "b/cover.png")))
    walk = walk_folder(tmp_path)
    assert [each.relative.as_posix() for each in walk.files] == ["z.m4a", "a/x.Opus", "b/1.flac", "b/2.MP3"]
    assert dict(walk.passed) == {".txt": 1, ".png": 1}
    assert [each.cover for each in walk.files] == [False, False, True, True]


def test_hidden_things_are_passed_over_and_counted(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a.mp3", ".b.mp3", "._a.mp3", ".cache/c.mp3", "@eaDir/d.mp3")))
    walk = walk_folder(tmp_path)
    assert [each.path.name for each in walk.files] == ["a.mp3"]
    assert walk.passed == {"hidden": 4}


def test_links_that_lead_back_are_entered_once(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "b" / "song.mp3")
    (tmp_path / "a" / "b" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "broken.mp3").symlink_to(tmp_path / "nothing")
    walk = walk_folder(tmp_path)
    assert [each.path.name for each in walk.files] == ["song.mp3"]
    assert list(walk.unreadable) == [tmp_path / "broken.mp3"]


def test_folders_and_files_that_may_not_be_read_are_said(ordinary_user: Path) -> None:
    touch(ordinary_user / "open" / "a.mp3", ordinary_user / "closed" / "b.mp3")
    (ordinary_user / "closed").chmod(0)
    walk = walk_folder(ordinary_user)
    assert [each.path.name for each in walk.files] == ["a.mp3"]
    assert walk.unreadable == {Path(os.path.realpath(ordinary_user)) / "closed": "Permission denied"}
    with pytest.raises(SourceError, match="cannot be read: Permission denied; give yourself the right"):
        walk_folder(ordinary_user / "closed")
    (ordinary_user / "closed").chmod(0o700)


def test_pipes_and_folders_with_the_ending_of_sound_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "album.mp3").mkdir()
    touch(tmp_path / "album.mp3" / "song.flac")
    os.mkfifo(tmp_path / "pipe.mp3")
    walk = walk_folder(tmp_path)
    assert [each.path.name for each in walk.files] == ["song.flac"]
    assert "a pipe" in walk.unreadable[tmp_path / "pipe.mp3"]


def test_names_of_any_bytes_and_of_255_bytes(tmp_path: Path) -> None:
    names = [os.fsdecode(b"caf\xe9.mp3"), "漢" * 83 + ".mp3", "new\nline.mp3", "夜.flac"]
    touch(*(tmp_path / name for name in names))
    assert sorted(each.path.name for each in walk_folder(tmp_path).files) == sorted(names)


def test_the_words_of_a_song_lie_beside_it(tmp_path: Path) -> None:
    touch(tmp_path / "01 Rain.mp3", tmp_path / "01 rain.LRC", tmp_path / "02 Snow.mp3", tmp_path / "readme.txt")
    rain, snow = walk_folder(tmp_path).files
    assert (rain.words, snow.words) == (tmp_path / "01 rain.LRC", None)
    before = rain.beside
    (tmp_path / "01 rain.LRC").write_text("other words")
    assert walk_folder(tmp_path).files[0].beside != before, "another text is another state of the file"
    assert walk_folder(tmp_path).passed == {".txt": 1}


def test_one_file_is_a_folder_of_one(tmp_path: Path) -> None:
    touch(tmp_path / "a.mp3", tmp_path / "b.mp3")
    walk = walk_folder(tmp_path / "a.mp3")
    assert [each.path for each in walk.files] == [tmp_path / "a.mp3"]
    assert walk.passed == {}


def test_what_is_a_folder_of_sound(tmp_path: Path) -> None:
    touch(tmp_path / "music" / "deep" / "a.ogg", tmp_path / "tables" / "songs.csv", tmp_path / "songs.mp3.csv")
    assert is_sound(tmp_path / "music")
    assert is_sound(tmp_path / "music" / "deep" / "a.ogg")
    assert not is_sound(tmp_path / "tables")
    assert not is_sound(tmp_path / "songs.mp3.csv")
    assert not is_sound(tmp_path / "nothing.mp3")
    with pytest.raises(SourceError, match="does not exist; check the name, and that its disk is there"):
        walk_folder(tmp_path / "nothing")


def test_a_folder_whose_files_begin_with_numbers(tmp_path: Path) -> None:
    touch(*(tmp_path / "a" / f"{number} Song.mp3" for number in (1, 2, 12)), tmp_path / "b" / "99 Red Cats.mp3")
    assert [each.numbered for each in walk_folder(tmp_path).files] == [True, True, True, False]


@pytest.mark.parametrize("ending", [".flac", ".ogg", ".opus", ".mp3", ".wav", ".aiff"])
def test_other_tags_leave_the_hash_of_the_sound(tmp_path: Path, ending: str) -> None:
    path, other = sound_file(tmp_path / f"a{ending}"), sound_file(tmp_path / f"b{ending}", pitch=330)
    before = sound_hash(path)
    assert len(before) == 32
    assert sound_hash(other) != before
    if ending in (".wav", ".aiff"):
        import mutagen
        from mutagen import id3

        file = mutagen.File(path)
        file.add_tags()
        file.tags.add(id3.TIT2(3, ["Rain"]))
        file.save()
    else:
        write_tags(path, title="Rain")
        assert sound_hash(path) == before
        write_tags(path, title="Rain", artist=["Ada " * 20_000])  # so long that pages of Ogg are added and renumbered
    assert sound_hash(path) == before


def test_tags_behind_the_sound_leave_its_hash(tmp_path: Path) -> None:
    from mutagen.apev2 import APEv2

    path = sound_file(tmp_path / "a.mp3")
    before = sound_hash(path)
    tag = APEv2()
    tag["REPLAYGAIN_TRACK_GAIN"] = "-6 dB"
    tag.save(path)
    assert sound_hash(path) == before
    with path.open("ab") as file:
        file.write(b"TAG" + bytes(125))
    assert sound_hash(path) == before


def test_an_m4a_keeps_its_hash(tmp_path: Path) -> None:
    box = len(b"sound" * 9) + 8
    sound = box.to_bytes(4, "big") + b"mdat" + b"sound" * 9
    head = (16).to_bytes(4, "big") + b"ftypM4A " + bytes(4)
    path, other = tmp_path / "a.m4a", tmp_path / "b.m4a"
    path.write_bytes(head + sound)
    other.write_bytes(head + (20).to_bytes(4, "big") + b"free" + bytes(12) + sound + (8).to_bytes(4, "big") + b"moov")
    assert sound_hash(path) == sound_hash(other) != ""


def test_a_flac_that_is_compressed_again_is_the_same_sound(tmp_path: Path) -> None:
    import soundfile

    path = sound_file(tmp_path / "a.flac")
    samples, rate = soundfile.read(path, dtype="int16")
    with soundfile.SoundFile(tmp_path / "b.flac", "w", rate, 1, "PCM_16", compression_level=0.0) as file:
        file.write(samples)
    assert path.read_bytes() != (tmp_path / "b.flac").read_bytes()
    assert sound_hash(path) == sound_hash(tmp_path / "b.flac")


def test_a_file_without_sound_has_no_hash(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    (tmp_path / "b.mp3").write_bytes(b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10))
    (tmp_path / "c.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVE")
    assert [sound_hash(tmp_path / name) for name in ("a.mp3", "b.mp3", "c.wav")] == ["", "", ""]


def test_lines_of_a_playlist_may_lie_anywhere(tmp_path: Path) -> None:
    playlist = tmp_path / "lists" / "mix.m3u8"
    touch(playlist)
    uri = f"file://{tmp_path}/a%20b.mp3"
    lines = [
        "\ufeff#EXTM3U",
        "#PLAYLIST:Summer",
        "#EXTINF:1,Ada - Rain",
        "../Ada/Rain.mp3",
        r"C:\Music\Ada\Rain.mp3",
        uri,
    ]
    playlist.write_text("\r\n".join([*lines, "http://radio.example/live", ""]), "utf-8")
    read = read_m3u(playlist, tmp_path)
    assert read.name == "Summer"
    relative, windows, url, stream = (paths for _, paths in read.entries)
    assert str(tmp_path / "Ada" / "Rain.mp3") in relative
    assert str(tmp_path / "Ada" / "Rain.mp3") in windows
    assert url[0] == str(tmp_path / "a b.mp3")
    assert stream == ()
    shutil.copy(playlist, tmp_path / "old.m3u")
    (tmp_path / "old.m3u").write_bytes("Bjørk.mp3\n".encode("cp1252"))
    assert str(tmp_path / "Bjørk.mp3") in read_m3u(tmp_path / "old.m3u", tmp_path).entries[0][1]
