"""XSPF: tracks with names, ids, files or streams; namespaces as VLC and others write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.errors import SourceError
from tests.formats.reading import imported, whole, written

FERRY = Path(__file__).parent / "ferry.xspf"


def test_songs_and_the_playlist(tmp_path: Path) -> None:
    contents = imported(FERRY, "xspf", tmp_path)
    assert contents.playlists == {"Night ferry": ["Salt & Rope", "Tide Table", "Lantern"]}
    rope, lantern = contents.songs["Salt & Rope"], contents.songs["Lantern"]
    assert (rope.artist, rope.album) == ("Inès Quay", "Low Water")
    assert rope.audio is not None
    assert rope.audio.duration_ms == 201_500
    assert (lantern.artist, lantern.album) == ("The Moorings", "Low Water"), "a relative address, decoded"
    songs = whole(FERRY).songs
    assert songs[0].ids == (("mbid", "0f3a1c9e-0000-4000-8000-000000000001"),)
    assert songs[0].files == ("/Users/ines/Music/Salt & Rope.mp3",)


@pytest.mark.parametrize("prefix", ["x:", ""])
def test_prefixes_and_missing_namespaces(prefix: str, tmp_path: Path) -> None:
    tags = "<{p}playlist xmlns:x='http://xspf.org/ns/0/'><{p}trackList><{p}track><{p}title>A</{p}title><{p}creator>Ada"
    tags += "</{p}creator></{p}track><{p}track/></{p}trackList></{p}playlist>"
    batch = whole(written(tmp_path, "mix.xspf", tags.format(p=prefix)))
    assert [song.facts for song in batch.songs] == [{"title": "A", "artist": "Ada"}]
    assert [each.row for each in batch.refusals if each.what == "entry"] == [2]


def test_an_impossible_length_is_said(tmp_path: Path) -> None:
    text = FERRY.read_text("utf-8").replace("201500", "long")
    reasons = [each.reason for each in whole(written(tmp_path, "mix.xspf", text)).refusals]
    assert any("duration_ms is 'long'" in each for each in reasons)


def test_a_list_that_breaks_off(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"not whole XML.*get it again"):
        whole(written(tmp_path, "mix.xspf", FERRY.read_text("utf-8")[:-30]))
