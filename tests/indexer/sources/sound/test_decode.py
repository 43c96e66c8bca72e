"""Decoding: every format gives the sound back, any part of it, and what is no sound says why."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from indexer.errors import SourceError
from indexer.sources.opened import SOUND_ENDINGS
from indexer.sources.sound.decode import SoundDecodeError, opened_sound
from indexer.sources.sound.measure import measure
from tests.indexer.sources.sound.files import ENCODINGS, saved, saved_by_ffmpeg
from tests.indexer.sources.sound.synthesis import RATE, Wave, drums

pytest.importorskip("soundfile", reason="needs the extra audio")
FFMPEG = {
    "m4a": ("aac", None),
    "aac": ("aac", "adts"),
    "wma": ("wmav2", "asf"),
    "mka": ("aac", None),
    "wv": ("wavpack", None),
}


@pytest.fixture(scope="module")
def beat() -> Wave:
    return drums(100, seconds=6)


def likeness(path: Path, wave: Wave) -> float:
    """The correlation of a file's left channel with the wave, wherever an encoder's delay put it."""
    import soxr
    from scipy.signal import correlate

    with opened_sound(path) as sound:
        left = soxr.resample(sound.read(0, sound.frames)[:, 0], sound.sample_rate, RATE)
    products = correlate(left, wave, method="fft")
    return float(products.max() / np.linalg.norm(left) / np.linalg.norm(wave))


@pytest.mark.parametrize("ending", ENCODINGS)
def test_what_was_written_is_read(tmp_path: Path, beat: Wave, ending: str) -> None:
    path = saved(tmp_path / f"beat.{ending}", np.stack([beat, 0.5 * beat], axis=1), 48000)
    with opened_sound(path) as sound:
        assert (sound.sample_rate, sound.channels) == (48000, 2)
        assert abs(sound.frames / sound.sample_rate - 6) < 0.1
        whole = sound.read(0, sound.frames)
        assert whole.dtype == np.float32
        assert whole.shape == (sound.frames, 2)
        np.testing.assert_allclose(sound.read(100_000, 5000), whole[100_000:105_000], atol=2e-3)
        assert len(sound.read(sound.frames - 10, 100)) == 10
    assert likeness(path, beat) > 0.95
    assert path.suffix in SOUND_ENDINGS


@pytest.mark.parametrize("ending", FFMPEG)
def test_what_libsndfile_does_not_know_goes_to_ffmpeg(tmp_path: Path, beat: Wave, ending: str) -> None:
    pytest.importorskip("av", reason="needs the extra m4a")
    codec, container = FFMPEG[ending]
    path = saved_by_ffmpeg(tmp_path / f"beat.{ending}", beat, codec, container)
    with opened_sound(path) as sound:
        assert (sound.sample_rate, sound.channels) == (44100, 2)
        assert abs(sound.frames / sound.sample_rate - 6) < 0.1
        whole = sound.read(0, sound.frames)
        part = sound.read(130_000, 5000)
        assert part.shape == (5000, 2)
        if ending not in ("wma", "mka"):  # their positions are right to a packet
            np.testing.assert_allclose(part, whole[130_000:135_000], atol=2e-3)
    assert likeness(path, beat) > 0.9
    assert path.suffix in SOUND_ENDINGS


def test_the_content_decides_not_the_ending(tmp_path: Path, beat: Wave) -> None:
    path = saved(tmp_path / "beat.flac", beat).rename(tmp_path / "beat.mp3")
    assert measure(path).duration_ms == 6000


@pytest.mark.parametrize(
    ("ending", "advice"), [("m4a", "M4A needs the package av; pip install 'refrain[m4a]'"), ("mp3", "refrain")]
)
def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, advice: str) -> None:
    path = tmp_path / f"x.{ending}"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(2000))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SoundDecodeError, match=r"cannot be decoded") as raised:
        measure(path)
    assert advice in str(raised.value)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(SourceError, match=r"soundfile is missing; pip install 'refrain\[audio\]'"):
        measure(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"hello, I am a letter\n" * 300, "cannot be decoded"),
        (np.random.default_rng(0).bytes(30_000), "cannot be decoded"),
        (b"fLaC" + np.random.default_rng(1).bytes(30_000), "cannot be decoded"),
        (b"ID3\x04\0\0\0\0\x0f\x7f" + bytes(4000), "cannot be decoded"),
    ],
)
@pytest.mark.parametrize("ending", ["mp3", "flac", "m4a"])
def test_no_sound_is_a_named_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, reason: str, ending: str
) -> None:
    path = tmp_path / f"x.{ending}"
    path.write_bytes(content)
    with pytest.raises(SoundDecodeError, match=reason) as raised:
        measure(path)
    assert str(path) in str(raised.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", ["flac", "m4a"])
def test_names_need_be_no_text(tmp_path: Path, beat: Wave, ending: str) -> None:
    name = os.fsdecode(b"http:caf\xe9." + ending.encode())
    if ending == "m4a":
        pytest.importorskip("av", reason="needs the extra m4a")
        path = saved_by_ffmpeg(tmp_path / "beat.m4a", beat, "aac")
    else:
        path = saved(tmp_path / "beat.flac", beat)
    try:
        path = path.rename(tmp_path / name)
    except OSError:
        pytest.skip("this file system takes only text for names")
    assert measure(path).duration_ms == pytest.approx(6000, abs=30)
    path.write_bytes(b"no sound")
    with pytest.raises(SoundDecodeError, match="caf\N{REPLACEMENT CHARACTER}"):
        measure(path)


def test_a_missing_file_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(SoundDecodeError, match="is no file"):
        measure(tmp_path / "gone.mp3")
    with pytest.raises(SoundDecodeError, match="is no file"):
        measure(tmp_path)


def test_a_header_without_samples_is_a_named_error(tmp_path: Path, beat: Wave) -> None:
    path = saved(tmp_path / "beat.flac", beat)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SoundDecodeError, match="holds no samples that can be decoded"):
        measure(path)


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "opus", "aiff"])
def test_a_file_that_breaks_off_is_measured_up_to_there(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], ending: str
) -> None:
    path = saved(tmp_path / f"beat.{ending}", drums(100, seconds=16), 44100 if ending != "opus" else 48000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 5])
    measured = measure(path)
    assert measured.tempo == pytest.approx(100, rel=0.01)
    assert capfd.readouterr() == ("", "")


def test_damaged_frames_are_passed_over_quietly(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path / "beat.mp3", drums(100, seconds=16), 44100)
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(0)
    for place in rng.integers(len(content) // 10, len(content), 40):
        content[place] = rng.integers(256)
    path.write_bytes(content)
    assert measure(path).tempo == pytest.approx(100, rel=0.01)
    assert capfd.readouterr() == ("", "")
    print("still open", file=sys.stderr)
    assert capfd.readouterr().err == "still open\n"


def test_a_stream_of_unknown_length_is_read_to_its_end(tmp_path: Path, beat: Wave) -> None:
    path = saved(tmp_path / "beat.flac", beat)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # STREAMINFO's 36 bits of total samples: 0 is unknown, as encoders write into a pipe
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with opened_sound(path) as sound:
        assert sound.frames == len(beat)
        assert len(sound.read(RATE, RATE)) == RATE
    assert measure(path).duration_ms == 6000


def test_no_number_is_silence(tmp_path: Path, beat: Wave) -> None:
    broken = beat.copy()
    broken[1000:2000], broken[5000], broken[6000] = np.nan, np.inf, -np.inf
    path = saved(tmp_path / "beat.wav", broken, subtype="FLOAT")
    with opened_sound(path) as sound:
        samples = sound.read(0, sound.frames)[:, 0]
    assert not samples[1000:2000].any()
    assert samples[5000] == samples[6000] == 0
    np.testing.assert_array_equal(samples[6001:], beat[6001:])


@pytest.fixture(scope="module")
def sound_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The content of a file of each format, by ending."""
    folder, wave = tmp_path_factory.mktemp("sound"), drums(100, seconds=2)
    paths = [saved(folder / f"x.{ending}", wave, 48000) for ending in ENCODINGS]
    if importlib.util.find_spec("av"):
        paths += [saved_by_ffmpeg(folder / f"x.{ending}", wave, *FFMPEG[ending]) for ending in FFMPEG]
    return {path.suffix[1:]: path.read_bytes() for path in paths}


def check_mutants(sound_files: dict[str, bytes], folder: Path, capfd: pytest.CaptureFixture[str], count: int) -> None:
    """Files with bytes changed, cut, doubled and moved, most of them in the header: measured or refused by name."""
    rng = np.random.default_rng(0)
    for ending, content in sound_files.items():
        for number in range(count):
            mutant = bytearray(content)
            for _ in range(rng.integers(1, 8)):
                place = int(rng.integers(len(mutant)) if rng.random() < 0.4 else rng.integers(min(300, len(mutant))))
                if rng.random() < 0.8:
                    mutant[place] = rng.integers(256)
                else:
                    other = int(rng.integers(len(mutant)))
                    mutant[place:place] = mutant[other : other + int(rng.integers(400))]
            if rng.random() < 0.3:
                del mutant[int(rng.integers(1, len(mutant))) :]
            path = folder / f"{number}.{ending}"
            path.write_bytes(mutant)
            start = time.process_time()
            try:
                measured = measure(path)
            except SoundDecodeError:
                measured = None
            assert measured is None or measured.duration_ms > 0
            assert measured is None or measured.timbre is None or np.isfinite(measured.timbre).all()
            assert time.process_time() - start < 5, f"mutant {number} of {ending}"
            path.unlink()
    assert capfd.readouterr() == ("", "")


def test_mutated_files(sound_files: dict[str, bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check_mutants(sound_files, tmp_path, capfd, 5)


@pytest.mark.fuzz
def test_many_mutated_files(sound_files: dict[str, bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    check_mutants(sound_files, tmp_path, capfd, 200)


@pytest.mark.parametrize(("rate", "channels"), [(1, 1), (1500, 1), (44100, 100)])
def test_no_such_sound_is_recorded(tmp_path: Path, beat: Wave, rate: int, channels: int) -> None:
    import soundfile

    soundfile.write(tmp_path / "x.wav", np.stack([beat[:5000]] * channels, axis=1), rate)
    with pytest.raises(SoundDecodeError, match=rf"has {channels} channels at {rate} Hz, expected at most 64 at 2000"):
        measure(tmp_path / "x.wav")
