"""What a catalogue is made of: songs, audio features, playlists and tags, as frozen values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

# Inclusive bounds of the 12 Spotify audio features. Spotify documents 0..1 for the shares, -60..0 dB
# as typical loudness and pitch classes 0..11; real files reach +4 dB and -50 dB, so loudness is wider.
AUDIO_RANGES: dict[str, tuple[float, float]] = {
    "danceability": (0.0, 1.0),
    "energy": (0.0, 1.0),
    "key": (0.0, 11.0),
    "loudness": (-80.0, 10.0),
    "mode": (0.0, 1.0),
    "speechiness": (0.0, 1.0),
    "acousticness": (0.0, 1.0),
    "instrumentalness": (0.0, 1.0),
    "liveness": (0.0, 1.0),
    "valence": (0.0, 1.0),
    "tempo": (20.0, 400.0),
    "duration_ms": (1.0, 86_400_000.0),
}
AUDIO_NAMES: tuple[str, ...] = tuple(AUDIO_RANGES)
SOUND_NAMES = tuple(name for name in AUDIO_NAMES if name != "duration_ms")  # a length says nothing of how a song sounds

MEASURED = "measured"  # the origin of audio features that come from a file of sound

# Spotify writes these where its analysis found nothing: they mean "unknown", not a value.
AUDIO_UNKNOWN: dict[str, float] = {"key": -1.0, "tempo": 0.0}


def known_features(values: Mapping[str, object]) -> tuple[dict[str, float], list[str]]:
    """The audio features that `values` holds by name, each in its range, and a sentence for every one that is not.

    >>> known_features({"energy": "0.8", "tempo": 0, "key": 12})
    ({'energy': 0.8}, ['key is 12, expected 0..11'])
    """
    known: dict[str, float] = {}
    problems: list[str] = []
    for name, (low, high) in AUDIO_RANGES.items():
        raw = values.get(name)
        if raw is None or raw == "":
            continue
        try:
            value = float(raw)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            problems.append(f"{name} is {raw!r}, expected a number")
            continue
        if math.isnan(value) or value == AUDIO_UNKNOWN.get(name):
            continue
        if not low <= value <= high:
            problems.append(f"{name} is {value:g}, expected {low:g}..{high:g}")
            continue
        known[name] = value
    return known, problems


@dataclass(frozen=True, slots=True)
class AudioFeatures:
    """The 12 Spotify audio features of a recording; None is unknown.

    danceability, energy, speechiness, acousticness, instrumentalness, liveness, valence   0..1
    key           pitch class 0..11, 0 = C
    mode          1 major, 0 minor (between them where a source averaged several recordings)
    loudness      dB relative to full scale, -80..10
    tempo         beats per minute, 20..400
    duration_ms   milliseconds, above 0
    """

    danceability: float | None = None
    energy: float | None = None
    key: float | None = None
    loudness: float | None = None
    mode: float | None = None
    speechiness: float | None = None
    acousticness: float | None = None
    instrumentalness: float | None = None
    liveness: float | None = None
    valence: float | None = None
    tempo: float | None = None
    duration_ms: float | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in AUDIO_RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} is {value:g}, expected {low:g}..{high:g}")

    @classmethod
    def of(cls, values: Mapping[str, object]) -> tuple[Self | None, list[str]]:
        """The features that `values` holds, and a sentence for every value that could not be kept.

        NaN, empty text, key -1 and tempo 0 are unknown without complaint. None instead of
        features where nothing is known.

        >>> AudioFeatures.of({"energy": "0.8", "tempo": 0})
        (AudioFeatures(..., energy=0.8, ..., tempo=None, ...), [])
        >>> AudioFeatures.of({"energy": 7.5})
        (None, ['energy is 7.5, expected 0..1'])
        """
        known, problems = known_features(values)
        return (cls(**known) if known else None), problems

    def known(self) -> dict[str, float]:
        """The features that are known, by name.

        >>> AudioFeatures(energy=0.5).known()
        {'energy': 0.5}
        """
        values = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: value for name, value in values if value is not None}


@dataclass(frozen=True, slots=True)
class Song:
    """A song as a catalogue holds it, or as a listener describes one that no catalogue holds.

    song_id      the catalogue's key, lasting; "" for a song that is in no catalogue
    title        as written by the source; "" only where the source has an id and no title
    decade       first year of the decade (1990); follows from `year` where that is known
    artist       as written by the source; several artists in one field stay one text ("Ada;Bo"); "" where unknown
    artists      the main artists one by one, ("Ada", "Bo"); empty where `artist` is not taken apart
    featured     its guests
    language     ISO 639-1 code, lower case; ISO 639-3 for a language that has none
    genres       lower case, broad ones first ("rock", "hard rock")
    popularity   0..100, Spotify's scale
    lyrics       None for a song without lyrics, never ""
    audio        None for a song without any audio feature
    audio_origin "measured" where the features were measured from a file of sound, None for Spotify's own scale
    tags         what listeners called it, most frequent first
    """

    title: str
    artist: str
    song_id: str = ""
    artists: tuple[str, ...] = ()
    featured: tuple[str, ...] = ()
    album: str | None = None
    year: int | None = None
    decade: int | None = None
    language: str | None = None
    genres: tuple[str, ...] = ()
    explicit: bool | None = None
    popularity: float | None = None
    spotify_id: str | None = None
    lyrics: str | None = field(default=None, repr=False)
    audio: AudioFeatures | None = None
    audio_origin: str | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.lyrics is not None and not self.lyrics.strip():
            object.__setattr__(self, "lyrics", None)
        if self.year is not None:
            object.__setattr__(self, "decade", self.year // 10 * 10)

    @property
    def name(self) -> str:
        """How the song is called in messages and tables.

        >>> Song("Salt Road", "Marrow & Lantern").name
        'Salt Road, Marrow & Lantern'
        """
        return f"{self.title or 'untitled'}, {self.artist or 'unknown artist'}"


@dataclass(frozen=True, slots=True)
class SavedPlaylist:
    """A playlist that a listener made.

    song_ids   the songs that the catalogue holds, in the listener's order, no song twice
    """

    playlist_id: str
    name: str
    description: str | None = None
    followers: int | None = None
    song_ids: tuple[str, ...] = ()
