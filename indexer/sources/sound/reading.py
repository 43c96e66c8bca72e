"""Reading: one file of sound into what a catalogue keeps of it: facts of its song, ids, a hash, what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import SourceError
from indexer.records import AUDIO_NAMES, MEASURED
from indexer.sources.cells import plain
from indexer.sources.opened import FFMPEG_ENDINGS
from indexer.sources.path_names import names_of_parts
from indexer.sources.sound.beside import read_words
from indexer.sources.sound.content import sound_hash
from indexer.sources.sound.tags import Tags, read_tags
from indexer.sources.sound.walk import SoundPath
from indexer.sources.validate import song_facts
from indexer.text.names import fold

if TYPE_CHECKING:
    from indexer.sources.sound.measure import Measured

_LIBRARIES = ("soundfile", "soxr", "pyloudnorm")  # of the extra `audio`
MOST_TRACKS = 999  # on a disc
_OCTAVE = 0.04  # how far apart, of a tempo, two programs may be that mean the same beat
_CRASHED = "the program that measures it broke down over it; it is damaged or asks for too much memory"


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A file of sound, read.

    facts        of its song, checked, as `sources.base.SongRow` takes them; empty where it is no song
    guessed      of these the names that come from its path
    audio        audio features by name and their origin; empty where nothing was measured
    measured     what was measured, None where the file was not measured now
    problem      why nothing could be measured, "" where nothing went wrong
    remarks      (what is wrong, sentence) with "file" where there is no song, else "value"
    """

    place: SoundPath
    tags: Tags
    sound_hash: str
    facts: Mapping[str, object] = field(default_factory=dict)
    guessed: frozenset[str] = frozenset()
    audio: Mapping[str, object] = field(default_factory=dict)
    measured: Measured | None = None
    problem: str = ""
    remarks: tuple[tuple[str, str], ...] = ()


@cache
def missing_libraries() -> tuple[str, ...]:
    """What has to be installed before any sound can be measured; empty where the extra `audio` is there."""
    return tuple(name for name in _LIBRARIES if find_spec(name) is None)


@cache
def _has_ffmpeg() -> bool:
    return find_spec("av") is not None


def measurable(path: Path) -> bool:
    """Whether a file of this ending can be measured with what is installed."""
    return not missing_libraries() and (path.suffix.lower() not in FFMPEG_ENDINGS or _has_ffmpeg())


def read_sound(place: SoundPath, measured_already: Set[str] = frozenset()) -> SoundFile:
    """Read a file and measure its sound, unless its hash is among `measured_already`.

    A file that cannot be opened or decoded comes back with the reason.
    """
    try:
        tags, digest = read_tags(place.path), sound_hash(place.path)
    except OSError as error:
        problem = f"it cannot be read: {error.strerror or error}"
        return SoundFile(place, Tags(), "", problem=problem, remarks=(("file", problem),))
    measured, problem = None, ""
    if digest and digest not in measured_already and measurable(place.path):
        measured, problem = _measured(place.path)
    return _composed(place, tags, digest, measured, problem)


def crashed(place: SoundPath) -> SoundFile:
    """A file over which the process that measured it died: what can be read without measuring."""
    try:
        return _composed(place, read_tags(place.path), sound_hash(place.path), None, _CRASHED)
    except OSError as error:
        return SoundFile(place, Tags(), "", problem=_CRASHED, remarks=(("file", error.strerror or str(error)),))


def _measured(path: Path) -> tuple[Measured | None, str]:
    from indexer.sources.sound.measure import measure

    try:
        return measure(path), ""
    except SourceError as error:
        return None, str(error).removeprefix(f"{path} ")
    except Exception as error:  # one file among many thousands that a library stumbles over ends no import
        return None, f"it cannot be measured ({type(error).__name__}: {str(error)[:80]})"


def _composed(place: SoundPath, tags: Tags, digest: str, measured: Measured | None, problem: str) -> SoundFile:
    named = "title" in tags.facts
    if not named and measured is None and (problem or tags.duration_ms is None or not digest):
        reason = problem or "neither tags nor sound are in it"
        if not place.size:
            reason = "it is empty (0 bytes); copy it again"
        return SoundFile(place, tags, digest, problem=reason, remarks=(("file", reason),))
    values, guessed = _values(place, tags)
    remarks = list(tags.remarks)
    if "lyrics" not in values and place.words is not None:
        values["lyrics"] = _words(place.words, remarks)
    audio = _audio(tags, measured)
    facts = song_facts({**values, **audio}, remarks)
    if "artist" not in guessed:
        guests = facts.get("featured", ())
        assert isinstance(guests, tuple)
        if main := tuple(name for name in tags.artists if name not in guests):
            facts["artists"] = main
    if guessed:
        names = [name for name in ("title", "artist", "album", "year") if name in guessed]
        remarks.append(f"no {', '.join(names)} in its tags; taken from the path")
    if problem:
        remarks.append(f"its sound was not measured: {problem}")
    kept = {name: facts.pop(name) for name in AUDIO_NAMES if name in facts}
    if kept.keys() - {"duration_ms"}:
        kept["audio_origin"] = MEASURED
    return SoundFile(
        place, tags, digest, facts, guessed, kept, measured, problem, tuple(("value", each) for each in remarks)
    )


def _values(place: SoundPath, tags: Tags) -> tuple[dict[str, object], frozenset[str]]:
    """Facts of the tags, filled up from the path, and which those are."""
    # Where the files of a folder begin with numbers, each number is that of a track.
    numbers = MOST_TRACKS if place.numbered else 0
    names = names_of_parts(place.relative.parts[:-1], place.relative.stem, bare_places=numbers)
    values, of_path = dict(tags.facts), {name: value for name, value in names._asdict().items() if value}
    guessed: set[str] = {name for name in ("title", "artist") if name not in values and name in of_path}
    artist = plain(values.get("artist", of_path.get("artist")))
    # The folder is about this artist, or nothing says who it is of.
    if not artist or ("artist" in of_path and fold(artist) == fold(str(of_path["artist"]))):
        guessed |= {name for name in ("album",) if name not in values and name in of_path}
        if "album" in guessed and "year" not in values and "year" in of_path:
            guessed.add("year")
    return values | {name: of_path[name] for name in guessed}, frozenset(guessed)


def _words(path: Path, remarks: list[str]) -> str:
    try:
        words, problem = read_words(path)
    except OSError as error:
        words, problem = "", f"{path.suffix.lower()} beside it cannot be read: {error.strerror or error}"
    if problem:
        remarks.append(problem)
    return words


def _audio(tags: Tags, measured: Measured | None) -> dict[str, object]:
    """Audio features: measured here, else noted in the tags by a program that measured them before."""
    noted = {"tempo": tags.tempo, "key": tags.key, "mode": tags.mode, "duration_ms": tags.duration_ms}
    if measured is not None:
        values = {name: getattr(measured, name, None) for name in AUDIO_NAMES}
        if values["tempo"] is not None and tags.tempo is not None:
            values["tempo"] = _octave_of(float(values["tempo"]), tags.tempo)
        if values["key"] is not None:
            noted["key"] = noted["mode"] = None
        noted |= {name: value for name, value in values.items() if value is not None}
    return {name: value for name, value in noted.items() if value is not None}


def _octave_of(tempo: float, noted: float) -> float:
    """The measured tempo, in the octave that somebody noted: how fast a beat is felt is no property of the sound.

    >>> _octave_of(170.2, 85.0), _octave_of(120.0, 97.0)
    (85.1, 120.0)
    """
    for factor in (0.5, 2.0):
        if abs(tempo * factor / noted - 1) <= _OCTAVE:
            return tempo * factor
    return tempo
