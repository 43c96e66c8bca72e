"""Songs as a made catalogue has them: facts of one original, jittered, under a new title, with lyrics of several."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.data.scaled.originals import Rows
from benchmarks.data.scaled.plan import Plan, recombined
from indexer.records import AUDIO_NAMES, AUDIO_RANGES

AT_ONCE = 4_096  # songs that are drawn together
OTHERS = 3  # songs at most whose lines stand between those of the original
OWN = 0.5  # of the lines, on average, are the original's
JITTER = 0.05  # of an audio feature's spread
POPULARITY_JITTER = 2.0  # of 0..100
_COUNTED = frozenset({"key", "mode"})  # features that have no values between
_SONGS = 4  # the stream of random numbers

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MadeSong:
    """A song of a made catalogue.

    values   the fields of a song, as a source gives them
    row      of the original, whose tags and labels it has
    vector   float32 (d,), of length 1; None without lyrics
    """

    song_id: str
    values: dict[str, object]
    row: int
    vector: Floats | None


def made_songs(plan: Plan) -> Iterator[MadeSong]:
    """All songs by rising song_id."""
    audio = _Jitter(plan.originals.audio)
    mean = plan.originals.vectors.mean(axis=0) if len(plan.originals.vectors) else np.zeros(0, np.float32)
    for batch, start in enumerate(range(0, plan.songs, AT_ONCE)):
        rng = np.random.default_rng([plan.seed, _SONGS, batch])
        numbers = plan.number_at[start : start + AT_ONCE]
        rows, rounds = plan.made_from(numbers)
        features = audio.draw(rows, rng).tolist()
        titles = rng.integers(0, len(plan.originals), (len(numbers), 2)).tolist()
        louder = rng.normal(0, POPULARITY_JITTER, len(numbers)).tolist()
        for i, (row, round_) in enumerate(zip(rows.tolist(), rounds.tolist(), strict=True)):
            song_id = f"{plan.ids[start + i]:016x}"
            values = _facts(plan, row, round_, titles[i], louder[i])
            values |= {
                name: value for name, value in zip(AUDIO_NAMES, features[i], strict=True) if value == value
            }  # NaN: unknown
            if plan.originals.songs[row].spotify_id:
                values["spotify_id"] = f"{song_id}{zlib.crc32(song_id.encode()) % 36**6:06d}"[:22]
            vector = None
            if row in plan.originals.texts:
                values["lyrics"], used, shares = _mixed(plan, row, rng)
                vector = mixed_vector(plan.originals.vectors[plan.originals.vector_of[used]], shares, mean)
            yield MadeSong(song_id, values, row, vector)


def _facts(plan: Plan, row: int, round_: int, title: list[int], louder: float) -> dict[str, object]:
    originals = plan.originals
    song, songs = originals.songs[row], originals.songs
    artist = int(originals.artists[row])
    stem = recombined(_stem(songs[title[0]].title), _stem(songs[title[1]].title))
    values: dict[str, object] = {
        "title": stem + song.title[len(_stem(song.title)) :],
        "artist": plan.artist_names[round_][artist],
        "year": song.year,
        "decade": song.decade,
        "language": song.language,
        "genre": "|".join(song.genres),
        "explicit": song.explicit,
    }
    if song.album:
        drawn = zlib.crc32(f"{plan.seed}|{round_}|{artist}|{song.album}".encode())  # the album's songs agree on it
        values["album"] = recombined(_stem(song.album), _stem(songs[drawn % len(songs)].title))
    if song.popularity is not None:
        values["popularity"] = round(min(max(song.popularity + louder * (song.popularity > 0), 0.0), 100.0), 1)
    return values


def _stem(title: str) -> str:
    """A title without what it says of guests and versions.

    >>> _stem("Salt Road (feat. Bo) - Live"), _stem("(I Walk)")
    ('Salt Road', '(I Walk)')
    """
    ends = [at for sign in (" - ", " (", " [") if (at := title.find(sign)) > 0]
    return title[: min(ends)] if ends else title


def _mixed(plan: Plan, row: int, rng: np.random.Generator) -> tuple[str, Rows, Floats]:
    """Lyrics as long as the original's, about OWN of their lines its own; whose lines they are, and their shares."""
    originals = plan.originals
    among = originals.by_language[originals.songs[row].language]
    others = among[rng.integers(0, len(among), int(rng.integers(1, OTHERS + 1)))].tolist()
    used = list(dict.fromkeys([row, *others]))
    texts = [originals.texts[each] for each in used]
    lines = texts[0].lines
    whose = np.where(rng.random(len(lines)) < OWN, 0, rng.integers(min(1, len(used) - 1), len(used), len(lines)))
    if not (whose == 0).any():
        whose[0] = 0
    taken = [texts[w].lines[at % len(texts[w].lines)] for at, w in enumerate(whose.tolist())]
    shares = np.bincount(whose, minlength=len(used)) / len(lines)
    return texts[0].joint.join(taken), np.array(used, np.int64), shares.astype(np.float32)


def mixed_vector(vectors: Floats, shares: Floats, mean: Floats) -> Floats:
    """The mean of all + sum of shares (vector - mean) / root of sum of shares^2, of length 1.

    Vectors that are drawn independently and mixed so have the mean and the covariance of those that they are drawn
    from: a plain average would crowd them around the mean.
    """
    away: Floats = shares @ (vectors - mean) / np.sqrt((shares**2).sum())
    mixed = mean + away
    return np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-6), np.float32)


class _Jitter:
    """Audio features near those of an original, inside the range that originals have."""

    def __init__(self, audio: Floats):
        known = ~np.isnan(audio).all(axis=0)
        spread, low, high = np.zeros(audio.shape[1]), np.full(audio.shape[1], np.nan), np.full(audio.shape[1], np.nan)
        spread[known] = np.nanstd(audio[:, known], axis=0)
        low[known], high[known] = np.nanmin(audio[:, known], axis=0), np.nanmax(audio[:, known], axis=0)
        for i, name in enumerate(AUDIO_NAMES):
            spread[i] *= 0 if name in _COUNTED else JITTER
            low[i], high[i] = max(low[i], AUDIO_RANGES[name][0]), min(high[i], AUDIO_RANGES[name][1])
        self._audio, self._spread, self._low, self._high = audio, spread, low, high

    def draw(self, rows: Rows, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        near = self._audio[rows] + self._spread * rng.standard_normal((len(rows), len(self._spread)))
        return np.asarray(np.round(np.clip(near, self._low, self._high), 5), np.float64)
