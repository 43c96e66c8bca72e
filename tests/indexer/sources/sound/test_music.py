"""Real music: 49 tracks of Debian's free music, against Essentia's tempo, and how fast they are measured.

The packages are fetched by apt-get into a temporary folder, nothing is installed; Essentia (AGPL) is installed for this
comparison alone, into an environment of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from indexer.catalogue import Catalogue
from indexer.records import MEASURED
from indexer.sources.opened import SOUND_ENDINGS
from indexer.sources.sound.decode import opened_sound
from indexer.sources.sound.measure import Measured, measure

pytestmark = pytest.mark.music

PACKAGES = ("singularity-music", "warzone2100-music", "asc-music")
TRACKS, TRACKS_A_MINUTE = 49, 12

ESSENTIA = """
import json, sys
import essentia
essentia.log.infoActive = essentia.log.warningActive = False
import essentia.standard as es, soundfile, soxr
tempi = {}
for path in sys.argv[1:]:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = soxr.resample(samples.mean(1), rate, 44100).astype("float32")
    tempi[path] = float(es.RhythmExtractor2013(method="multifeature")(mono)[0])
print(json.dumps(tempi))
"""


class Track(NamedTuple):
    measured: Measured
    cpu_s: float


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every track of the packages."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip("needs apt-get and dpkg-deb")
    folder = tmp_path_factory.mktemp("music")
    fetched = run(["apt-get", "download", *PACKAGES], folder)
    if fetched.returncode:
        pytest.skip(f"apt-get cannot fetch {', '.join(PACKAGES)}: {fetched.stderr[-200:]}")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "unpacked"], check=True)
    return sorted(path for path in folder.rglob("*") if path.suffix in SOUND_ENDINGS)


@pytest.fixture(scope="module")
def tracks(music: list[Path]) -> Mapping[Path, Track]:
    measure(music[0])  # loads the libraries
    answers = {}
    for path in music:
        start = time.process_time()
        measured = measure(path)
        answers[path] = Track(measured, time.process_time() - start)
    return answers


@pytest.fixture(scope="module")
def essentia_tempi(music: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, float]:
    folder = tmp_path_factory.mktemp("essentia")
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    installed = run([python, "-m", "pip", "install", "--quiet", "essentia", "soundfile", "soxr"], folder)
    if installed.returncode:
        pytest.skip(f"essentia cannot be installed: {installed.stderr[-200:]}")
    command = [python, "-c", ESSENTIA]
    halves = [
        subprocess.Popen([*command, *map(str, half)], stdout=subprocess.PIPE) for half in (music[::2], music[1::2])
    ]
    tempi: dict[str, float] = {}
    for half in halves:
        out, _ = half.communicate()
        assert not half.returncode
        tempi |= json.loads(out)
    return {Path(path): bpm for path, bpm in tempi.items()}


def test_every_track_is_measured(tracks: Mapping[Path, Track]) -> None:
    assert len(tracks) == TRACKS
    for path, (measured, _) in tracks.items():
        with opened_sound(path) as sound:
            assert measured.duration_ms == round(1000 * sound.frames / sound.sample_rate)
        assert -25 < (measured.loudness or 0) < -8, path.name
        assert measured.timbre is not None
        assert None not in (measured.energy, measured.danceability, measured.acousticness), path.name
        assert (measured.speechiness or 0) < 0.3, "there is no speech in any"
    assert np.mean([measured.key is not None for measured, _ in tracks.values()]) > 0.9, "some are little but noise"


def test_tempo_agrees_with_essentia(tracks: Mapping[Path, Track], essentia_tempi: Mapping[Path, float]) -> None:
    agree = []
    for path, (measured, _) in tracks.items():
        octaves = np.log2((measured.tempo or 1) / essentia_tempi[path])
        agree.append(abs(octaves - round(octaves)) <= np.log2(1.04))
    assert np.mean(agree) >= 0.8, f"{sum(agree)} of {len(agree)} within 4 %, up to an octave"


def test_speed(tracks: Mapping[Path, Track]) -> None:
    seconds = np.array([cpu_s for _, cpu_s in tracks.values()])
    assert 60 / seconds.mean() >= TRACKS_A_MINUTE, f"{seconds.mean():.2f} s of CPU a track, spread {seconds.std():.2f}"


def test_copies_are_known_again(tracks: Mapping[Path, Track], tmp_path: Path) -> None:
    """A track as MP3 or quieter Vorbis is nearer to itself than to any other, with its tempo and key."""
    import soundfile

    vectors = np.array([track.measured.timbre for track in tracks.values()])
    spread = vectors.std(0)
    same_tempo, same_key, nearest = [], [], []
    for place, (path, (original, _)) in list(enumerate(tracks.items()))[::6]:
        with opened_sound(path) as sound:
            samples, rate = sound.read(0, sound.frames), sound.sample_rate
        copies = [(tmp_path / "copy.mp3", samples, {"format": "MP3"})]
        copies.append((tmp_path / "copy.ogg", 0.3 * samples, {"format": "OGG", "subtype": "VORBIS"}))
        for copy, content, encoding in copies:
            with soundfile.SoundFile(copy, "w", rate, samples.shape[1], **encoding) as file:
                for start in range(0, len(content), 1 << 16):
                    file.write(content[start : start + (1 << 16)])
            measured = measure(copy)
            distances = np.linalg.norm((vectors - measured.timbre) / spread, axis=1)
            nearest.append(int(np.argmin(distances)) == place)
            same_key.append((measured.key, measured.mode) == (original.key, original.mode))
            same_tempo.append(abs((measured.tempo or 0) - (original.tempo or 0)) < 0.5)
    assert all(nearest), f"{sum(nearest)} of {len(nearest)}"
    assert np.mean(same_tempo) >= 0.9
    assert np.mean(same_key) >= 0.9


def test_a_folder_of_it_is_imported_with_its_tags_and_sound(tracks: Mapping[Path, Track], tmp_path: Path) -> None:
    """The tags against mutagen's reading of them, the sound against each track measured alone."""
    import mutagen

    music = list(tracks)
    with Catalogue(tmp_path / "refrain.db") as catalogue:
        report = catalogue.load_folder(Path(os.path.commonpath(music)))
        assert (report.counts["files"].added, report.counts["files"].refused) == (TRACKS, 0)
        for path in music:
            song = catalogue.song(catalogue.song_of_path(path) or "")
            assert song is not None, path.name
            written = mutagen.File(path, easy=True).tags or {}
            for name, value in (("title", song.title), ("artist", song.artist), ("album", song.album)):
                assert written.get(name, [value])[0] == value, path.name
            assert str(song.year) in written.get("date", [str(song.year)])[0]
            assert song.title
            measured = tracks[path].measured
            assert song.audio is not None
            assert (song.audio.tempo, song.audio.key, song.audio_origin) == (measured.tempo, measured.key, MEASURED)
