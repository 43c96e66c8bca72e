"""Packed files: archives, compressed files, folders and standard input are read as the files in them."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from indexer.catalogue import Catalogue
from indexer.errors import SourceError
from indexer.sources import gather

SONGS = "title,artist,year\nSalt Road,Oda Finch,1999\nBrass Umbrella,Oda Finch,2001\n"


def names(*paths: Path | str) -> list[str]:
    with gather(paths) as gathered:
        return [source.opened.name for source in gathered.sources]


def zipped(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return path


def test_everything_that_holds_one_table_gives_its_songs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "songs.csv").write_text(SONGS)
    (tmp_path / "songs.csv.gz").write_bytes(gzip.compress(SONGS.encode()))
    inner = zipped(tmp_path / "inner.zip", songs_dot_csv=SONGS).read_bytes()
    zipped(tmp_path / "outer.zip", in_dot_zip=inner, in_dot_gz=gzip.compress(SONGS.encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SONGS.encode())))
    for number, path in enumerate(("folder", "songs.csv.gz", "inner.zip", "outer.zip", "-")):
        with Catalogue(tmp_path / f"{number}.db") as catalogue:
            place = path if path == "-" else tmp_path / path
            reports = list(catalogue.load_all([place]))
            assert sorted(song.title for song in catalogue.songs()) == ["Brass Umbrella", "Salt Road"], path
            assert sum(report.counts["songs"].added for report in reports) == 2


def test_what_is_called_after_its_file_is_so_in_an_archive(tmp_path: Path) -> None:
    playlist = (
        "Track URI,Track Name,Artist Name(s),Added At\nspotify:track:" + "a" * 22 + ",Salt Road,Oda Finch,2024-01-01\n"
    )
    archive = zipped(tmp_path / "all.zip", my__night_boats_dot_csv=playlist)
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        list(catalogue.load_all([archive]))
        assert [playlist.name for playlist in catalogue.playlists()] == ["night boats"]


def test_files_that_hold_no_songs_are_passed_over_in_archives_and_refused_by_name(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", songs_dot_csv=SONGS, other_dot_csv="recipe\nbread\n", cover_dot_jpg=b"x")
    with gather([archive]) as gathered:
        assert [source.opened.name for source in gathered.sources] == ["a.zip/songs.csv"]
        assert [name for name, _ in gathered.skipped] == ["a.zip/other.csv"]
    (tmp_path / "other.csv").write_text("recipe\nbread\n")
    with pytest.raises(SourceError, match="has the columns: recipe"):
        names(tmp_path / "other.csv")
    with pytest.raises(SourceError, match="none of 1 files holds songs"):
        names(zipped(tmp_path / "b.zip", other_dot_csv="recipe\nbread\n"))


def test_songs_of_several_files_come_before_what_points_to_them(tmp_path: Path) -> None:
    entries, songs = "playlist_id,song_id\nboats,a|salt\n", "song_id,title,artist\na|salt,Salt,A\n"
    archive = zipped(tmp_path / "a.zip", a_entries_dot_csv=entries, z_songs_dot_csv=songs)
    assert names(archive) == ["a.zip/z_songs.csv", "a.zip/a_entries.csv"]


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b\x08\x00", b"PK\x03\x04 broken", gzip.compress(SONGS.encode(), mtime=0)[:-12]]
)
def test_broken_archives_are_one_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"cannot be (unpacked|read)") as caught:
        names(path)
    assert "\n" not in str(caught.value)


def test_a_bomb_fills_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.sources.packed.LEAST_ROOM", 1_000_000)
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(40):
            file.write(bytes(1_000_000))
    with pytest.raises(SourceError, match="unpacks to more than 200 times its size"):
        names(path)


def test_members_cannot_leave_the_folder_that_they_are_unpacked_to(tmp_path: Path) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../escaped.csv", SONGS)
        file.writestr("/absolute.csv", SONGS)
    assert names(archive) == ["evil.zip//absolute.csv"], "what would be written outside is passed over as hidden"
    assert {path.name for path in tmp_path.iterdir()} == {"evil.zip"}
    assert not Path("/absolute.csv").exists()


def test_hidden_files_pictures_and_sound_in_a_folder_are_no_lists(tmp_path: Path) -> None:
    for name in (".hidden.csv", "cover.jpg", "song.mp3"):
        (tmp_path / name).write_text(SONGS)
    (tmp_path / "songs.csv").write_text(SONGS)
    assert names(tmp_path) == ["songs.csv"]


def test_messages_name_the_file_that_was_given(tmp_path: Path) -> None:
    """Not the one that it was unpacked to."""
    plain = tmp_path / "songs.csv"
    plain.write_text("title,artist\nOar,Ada\n", "utf-8")
    with tarfile.open(tmp_path / "songs.tgz", "w:gz") as archive:
        archive.add(plain, "songs.csv")
    with gzip.open(tmp_path / "nothing.csv.gz", "wb"):
        pass
    for name, says in {"songs.tgz": "songs.tgz is a tar archive", "nothing.csv.gz": "nothing.csv is empty"}.items():
        with pytest.raises(SourceError, match=rf"^{says}"), gather([tmp_path / name]):
            pass
