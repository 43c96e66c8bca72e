"""Tags: what mutagen wrote is read the same from every format, and nothing in a tag can do harm."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources.sound.mending import mended
from indexer.sources.sound.tags import Tags, read_tags
from indexer.sources.validate import song_facts
from tests.indexer.sources.sound.collection import sound_file, write_tags

MBID = "6b9a509f-6907-4a6e-9345-2f12da09ba4b"
ISRC = "GBAYE0601498"
TAGGED = (".flac", ".ogg", ".opus", ".mp3")


@pytest.fixture(scope="session")
def untagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each format, to be copied."""
    folder = tmp_path_factory.mktemp("untagged")
    for ending in (*TAGGED, ".wav", ".aiff"):
        sound_file(folder / f"tone{ending}", seconds=0.5)
    return folder


def copy(untagged: Path, tmp_path: Path, ending: str) -> Path:
    path = tmp_path / f"song{ending}"
    path.write_bytes((untagged / f"tone{ending}").read_bytes())
    return path


@pytest.mark.parametrize("ending", TAGGED)
def test_what_a_tagging_program_wrote_is_read(untagged: Path, tmp_path: Path, ending: str) -> None:
    path = copy(untagged, tmp_path, ending)
    bpm = {"bpm": "92.5"} if ending == ".mp3" else {"bpm": "92,5"}
    write_tags(
        path, title="Brass Umbrella", artist="Oda Finch", album="Weather", albumartist="Various Artists",
        tracknumber="3/12", discnumber="2", date="1994-05-31", genre=["Hip-Hop/Rap", "Jazz; Soul"],
        isrc="GB-AYE-06-01498", musicbrainz_trackid=MBID, **bpm,
    )  # fmt: skip
    tags = read_tags(path)
    assert tags.facts["title"] == "Brass Umbrella"
    assert (tags.facts["artist"], tags.artists) == ("Oda Finch", ())
    assert (tags.facts["album"], tags.album_artist) == ("Weather", "Various Artists")
    assert (tags.track, tags.disc, tags.facts["year"]) == (3, 2, 1994)
    assert tags.facts["genre"] == ["Hip-Hop", "Rap", "Jazz", "Soul"]
    assert set(tags.ids) == {("isrc", ISRC), ("mbid", MBID)}
    assert tags.tempo == 92.5
    assert tags.duration_ms == pytest.approx(500, rel=0.2)
    assert not tags.cover
    assert not tags.remarks


def test_an_mp3_with_everything(untagged: Path, tmp_path: Path) -> None:
    from mutagen import id3

    path = copy(untagged, tmp_path, ".mp3")
    tag = id3.ID3()
    tag.add(id3.TIT2(3, ["Rain"]))
    tag.add(id3.TPE1(3, ["Ada", "Bo"]))
    tag.add(id3.TKEY(3, ["F#m"]))
    tag.add(id3.TXXX(3, "REPLAYGAIN_TRACK_GAIN", ["-6.43 dB"]))
    tag.add(id3.TXXX(3, "replaygain_album_gain", ["+1.5 dB"]))
    tag.add(id3.TXXX(3, "Acoustid Id", [MBID]))
    tag.add(id3.UFID("http://musicbrainz.org", MBID.encode()))
    tag.add(id3.TCMP(3, ["1"]))
    tag.add(id3.SYLT(3, "eng", 2, 1, "", [("Grey is the road", 1000), ("grey is the sky", 2500)]))
    tag.add(id3.USLT(3, "eng", "", "Grey is the road\ngrey is the sky"))
    tag.add(id3.APIC(3, "image/png", 3, "", b"\x89PNG\r\n\x1a\n" * 50))
    tag.save(path)
    tags = read_tags(path)
    assert (tags.facts["artist"], tags.artists) == ("Ada, Bo", ("Ada", "Bo"))
    assert (tags.key, tags.mode) == (6, 0)
    assert (tags.gain_db, tags.album_gain_db) == (-6.43, 1.5)
    assert tags.ids == (("mbid", MBID), ("acoustid", MBID))
    assert tags.compilation
    assert tags.cover
    assert tags.facts["lyrics"] == "Grey is the road\ngrey is the sky", "the plain words, not those with times"


def test_words_with_times_alone(untagged: Path, tmp_path: Path) -> None:
    from mutagen import id3

    path = copy(untagged, tmp_path, ".mp3")
    tag = id3.ID3()
    tag.add(id3.SYLT(3, "eng", 2, 1, "", [("Grey is the road", 61_000), ("grey is the sky", 62_500)]))
    tag.save(path)
    assert read_tags(path).facts["lyrics"] == "[01:01.00]Grey is the road\n[01:02.50]grey is the sky"


def test_gain_of_opus_is_towards_the_loudness_of_replaygain(untagged: Path, tmp_path: Path) -> None:
    path = copy(untagged, tmp_path, ".opus")
    write_tags(path, r128_track_gain="-512", r128_album_gain="0")
    tags = read_tags(path)
    assert (tags.gain_db, tags.album_gain_db) == (3.0, 5.0), "-2 dB towards -23 LUFS is 3 dB towards -18"


def test_an_m4a(tmp_path: Path) -> None:
    """Written by FFmpeg and mutagen, for libsndfile knows no AAC."""
    av = pytest.importorskip("av")
    import numpy as np
    from mutagen import mp4

    path = tmp_path / "song.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file = mp4.MP4(path)
    file["\xa9nam"], file["\xa9ART"], file["\xa9alb"], file["\xa9day"] = ["Rain"], ["Ada"], ["Weather"], ["1994-05-31"]
    file["\xa9lyr"], file["tmpo"], file["trkn"], file["cpil"], file["rtng"] = ["Grey"], [92], [(3, 12)], True, [4]
    file["----:com.apple.iTunes:MusicBrainz Track Id"] = [MBID.encode()]
    file["----:com.apple.iTunes:initialkey"] = [b"8A"]
    file["----:com.apple.iTunes:ISRC"] = [ISRC.encode()]
    file["covr"] = [mp4.MP4Cover(b"\xff\xd8\xff" * 40)]
    file.save()
    tags = read_tags(path)
    expected = {
        "title": "Rain",
        "artist": "Ada",
        "album": "Weather",
        "year": 1994,
        "lyrics": "Grey",
        "explicit": True,
    }
    assert dict(tags.facts) == expected
    assert (tags.tempo, tags.track, tags.key, tags.mode) == (92, 3, 9, 0)
    assert tags.ids == (("mbid", MBID), ("isrc", ISRC))
    assert tags.compilation
    assert tags.cover


@pytest.mark.parametrize(
    ("written", "credit", "artists"),
    [
        ({"artist": ["Ada", "Bo"]}, "Ada, Bo", ("Ada", "Bo")),
        ({"artist": "Ada; Bo"}, "Ada; Bo", ("Ada", "Bo")),
        ({"artist": "Ada feat. Bo", "artists": ["Ada", "Bo"]}, "Ada feat. Bo", ("Ada", "Bo")),
        ({"artist": "Earth, Wind & Fire"}, "Earth, Wind & Fire", ()),
        ({"artist": "AC/DC"}, "AC/DC", ()),
        ({"artist": "Unknown Artist", "albumartist": "Ada"}, "Ada", ()),
    ],
)
def test_several_artists(
    untagged: Path, tmp_path: Path, written: dict[str, Any], credit: str, artists: tuple[str, ...]
) -> None:
    path = copy(untagged, tmp_path, ".flac")
    write_tags(path, **written)
    tags = read_tags(path)
    assert (tags.facts["artist"], tags.artists) == (credit, artists)


def test_values_that_are_none_are_said(untagged: Path, tmp_path: Path) -> None:
    path = copy(untagged, tmp_path, ".flac")
    write_tags(
        path, title="Rain", bpm="fast", initialkey="blue", isrc="none of these", date="MCM", replaygain_track_gain="9e9"
    )
    tags = read_tags(path)
    assert (tags.tempo, tags.key, tags.ids, tags.gain_db, "year" in tags.facts) == (None, None, (), None, False)
    assert set(tags.remarks) == {
        "bpm is 'fast', expected a number",
        "key is 'blue', expected a key such as F#m, 8A or 1d",
        "date is 'MCM', expected a year such as 1994 or 1994-05-31",
        "isrc is 'none of these', expected an ISRC such as GBAYE0601498",
        "track gain is 9e+09, expected -60..60",
    }


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("Björk", "utf-8", "Björk"),
        ("Don’t Look Back", "cp1252", "Don’t Look Back"),
        ("さくら", "cp932", "さくら"),
        ("上を向いて歩こう", "cp932", "上を向いて歩こう"),
        ("Музыка нас связала", "cp1251", "Музыка нас связала"),
    ],
)
def test_encodings_that_are_certain_are_mended(text: str, encoding: str, expected: str) -> None:
    mistaken = text.encode(encoding).decode("latin-1")
    assert mended(mistaken)[0] == expected
    assert mended(expected) == (expected, ""), "what is right stays"


@pytest.mark.parametrize(
    "text", ["Café Tacvba", "Mötley Crüe", "Señorita", "Øvre", "Ágætis byrjun", "北京", "à é ü", "ÄÖÜ", "Ñandú"]
)
def test_latin_names_stay(text: str) -> None:
    assert mended(text) == (text, "")


@given(st.text(alphabet=st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30))
def test_mending_twice_changes_nothing(text: str) -> None:
    once = mended(text)[0]
    assert mended(once)[0] == once or len(mended(once)[0]) < len(once)


def test_an_id3_tag_in_another_encoding_is_mended_and_said(untagged: Path, tmp_path: Path) -> None:
    from mutagen import id3

    path = copy(untagged, tmp_path, ".mp3")
    tag = id3.ID3()
    tag.add(id3.TIT2(0, ["さくら".encode("cp932").decode("latin-1")]))
    tag.save(path)
    tags = read_tags(path)
    assert tags.facts["title"] == "さくら"
    assert tags.remarks == ("title is written in Shift-JIS and says another encoding; read as Shift-JIS",)


def test_an_unsynchronised_tag(untagged: Path, tmp_path: Path) -> None:
    """Old programs put a zero byte behind each 0xff of the tag: UTF-16 begins with one."""
    path = copy(untagged, tmp_path, ".mp3")
    text = b"\x01" + "Käse".encode("utf-16")
    frame = b"TIT2" + struct.pack(">I", len(text)) + b"\x00\x00" + text
    body = frame.replace(b"\xff", b"\xff\x00")
    header = b"ID3\x03\x00\x80" + bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(header + body + (untagged / "tone.mp3").read_bytes())
    assert read_tags(path).facts["title"] == "Käse"


def test_hostile_values_are_harmless(untagged: Path, tmp_path: Path) -> None:
    path = copy(untagged, tmp_path, ".flac")
    write_tags(path, title="a\x1b]0;b\x07\u0000c", artist="x" * 5_000, lyrics="la " * 100_000, album="\x00\n")
    problems: list[str] = []
    facts = song_facts(read_tags(path).facts, problems)
    assert facts["title"] == "a]0;b", "of several values the first, without control characters"
    assert len(str(facts["artist"])) == 1_000
    assert len(str(facts["lyrics"])) == 50_000
    assert "album" not in facts
    assert len(problems) == 2


@pytest.mark.parametrize("picture", [b"<svg onload='alert(1)'/>", b"", b"\x00" * 99])
def test_a_picture_that_nothing_shows_is_no_cover(untagged: Path, tmp_path: Path, picture: bytes) -> None:
    from mutagen import flac

    path = copy(untagged, tmp_path, ".flac")
    file = flac.FLAC(path)
    inside = flac.Picture()
    inside.data, inside.type, inside.mime = picture, 3, "image/svg+xml"
    file.add_picture(inside)
    file.save()
    assert not read_tags(path).cover


def test_a_tag_of_ten_megabytes(untagged: Path, tmp_path: Path) -> None:
    from mutagen import flac

    path = copy(untagged, tmp_path, ".flac")
    file = flac.FLAC(path)
    picture = flac.Picture()
    picture.data, picture.type, picture.mime = b"\x89PNG\r\n\x1a\n" * 1_250_000, 3, "image/png"
    file.add_picture(picture)
    file["title"] = "Rain"
    file.save()
    tags = read_tags(path)
    assert tags.facts["title"] == "Rain"
    assert tags.cover


CLAIMS = {
    "vorbis.flac": b"fLaC\x84\xff\xff\xff" + struct.pack("<I", 0xFFFFFFF0),
    "comments.flac": b"fLaC\x84\x00\x00\x10" + struct.pack("<II", 0, 0xFFFFFFFF) + bytes(5_000),
    "frame.mp3": b"ID3\x03\x00\x00\x7f\x7f\x7f\x7fTIT2\x7f\xff\xff\xff\x00\x00" + bytes(50),
    "atoms.m4a": struct.pack(">I4s", 24, b"ftyp") + b"M4A " + bytes(12) + struct.pack(">I4s", 8, b"free") * 5_000,
    "atom.m4a": struct.pack(">I4s", 16, b"ftyp") + b"M4A " + bytes(4) + struct.pack(">I4sQ", 1, b"moov", 1 << 62),
    "page.ogg": b"OggS\x00\x02" + bytes(20) + b"\xff" + b"\xff" * 100,
    "riff.wav": b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xffINFOINAM\xff\xff\xff\xff",
    "noise.mp3": bytes(range(256)) * 20,
    "text.mp3": b"no sound, only words\n" * 50,
    "empty.ogg": b"",
    "one.wma": b"\x30",
}


@pytest.mark.parametrize("name", CLAIMS)
def test_lengths_that_a_file_claims_do_no_harm(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CLAIMS[name])
    tags = read_tags(path)
    assert "title" not in tags.facts
    assert all("\n" not in remark for remark in tags.remarks)


@given(data=st.data())
def test_any_damage_to_a_tagged_file_is_read_or_said(
    untagged: Path, tmp_path_factory: Any, data: st.DataObject
) -> None:
    ending = data.draw(st.sampled_from(TAGGED))
    path = tmp_path_factory.mktemp("damaged") / f"song{ending}"
    path.write_bytes((untagged / f"tone{ending}").read_bytes())
    write_tags(path, title="Rain", artist="Ada", date="1994")
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, min(len(raw), 3_000) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    tags = read_tags(path)
    assert isinstance(tags, Tags)
    song_facts(tags.facts, [])
