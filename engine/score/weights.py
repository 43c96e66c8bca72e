"""Weights: how much each signal counts, by default and as tuned for one index, kept in a file beside it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from engine.plain import shown
from engine.query.filters import within
from indexer.errors import FilterError, IndexFormatError, RefrainError, RequestError
from indexer.store.files import write_whole

Profile = Literal["one", "several"]
Profiles = Mapping[Profile, Mapping[str, float]]  # profile -> signal -> weight

FORMAT_VERSION = 2
HEAVIEST = 1e6  # a weight that drowns all others; far above it scores would overflow
UNTUNED = ("target",)  # what a user asks for outright

# Tuned on 284 playlists of shared/data that no test sees, over all songs, over those with lyrics and features, and
# over songs that no playlist held, then rounded. One seed says little of what a playlist needs, so popularity weighs
# much beside it; several seeds show what they have in common. Artist, genre, language and tBERT earn their place where
# no playlists are known (`benchmarks run ablation`, by content). Sound and lyrics change no figure, and stay small for
# the sake of the reasons. Timbre, which no song of shared/data has, is set to lead among songs that nothing else is
# known of, and to stay behind taste. BM25 of the seeds' keywords has no weight: it changes no figure either, and costs
# a quarter of a query.
DEFAULT_WEIGHTS: dict[Profile, dict[str, float]] = {
    "one": {
        "taste": 2.0,
        "factors": 1.0,
        "cooccurrence": 0.1,
        "popularity": 1.5,
        "artist": 0.05,
        "genre": 0.1,
        "era": 0.35,
        "language": 0.1,
        "audio": 0.1,
        "timbre": 0.3,
        "lyrics": 0.05,
        "tbert": 0.1,
        "target": 3.0,
    },
    "several": {
        "taste": 2.25,
        "factors": 1.25,
        "cooccurrence": 0.3,
        "popularity": 0.05,
        "artist": 0.12,
        "genre": 0.1,
        "era": 0.6,
        "language": 0.05,
        "audio": 0.1,
        "timbre": 0.3,
        "lyrics": 0.05,
        "tbert": 0.05,
        "target": 3.0,
    },
}
# For words that were typed: what they say is what counts.
SEARCH_WEIGHTS: dict[str, float] = {"lexical": 1.0, "lyrics": 0.35, "taste": 1.5, "popularity": 0.02}


def checked_weights(values: Mapping[str, Any]) -> dict[str, float]:
    """Weights of signals by name, checked: names that exist, numbers within -HEAVIEST..HEAVIEST.

    >>> checked_weights({"audio": "0.5"})
    {'audio': 0.5}
    """
    names = sorted({name for weights in (*DEFAULT_WEIGHTS.values(), SEARCH_WEIGHTS) for name in weights})
    checked = {}
    for name, value in values.items():
        if name not in names:
            expected = f"one of {', '.join(names)}"
            raise FilterError(
                f"no signal is called {shown(name)}, expected {expected}",
                field="weights", found=shown(name), expected=expected,
            )  # fmt: skip
        checked[name] = within(f"weights.{name}", value, -HEAVIEST, HEAVIEST)
    return checked


def checked_profiles(values: Mapping[Any, Any]) -> dict[Profile, dict[str, float]]:
    """Weights of signals by profile, checked; profiles and signals that are not named are left out."""
    profiles = get_args(Profile)
    for profile, weights in values.items():
        if profile not in profiles:
            raise RequestError(field="weights", found=shown(profile), expected=f"one of {', '.join(profiles)}")
        if not isinstance(weights, Mapping):
            raise RequestError(field=f"weights.{profile}", found=shown(weights), expected="weights of signals by name")
    return {profile: checked_weights(weights) for profile, weights in values.items()}


def merged(*layers: Mapping[Profile, Mapping[str, float]]) -> Profiles:
    """Profile -> signal -> weight; a later layer goes before an earlier one. Nobody can change it."""
    profiles: dict[Profile, dict[str, float]] = {}
    for layer in layers:
        for profile, weights in layer.items():
            profiles.setdefault(profile, {}).update(weights)
    return MappingProxyType({profile: MappingProxyType(weights) for profile, weights in profiles.items()})


def profile_of(seeds: int) -> Profile:
    """The weights to take for a query of so many seeds."""
    return "one" if seeds <= 1 else "several"


_RETUNE = "run `refrain tune` again, or delete the file to use the default weights"


@dataclass(frozen=True, slots=True)
class Weights:
    """Tuned weights.

    values        profile -> signal name -> weight; what is missing keeps its default
    fingerprint   of the index that they were tuned on
    """

    values: Mapping[Profile, Mapping[str, float]]
    fingerprint: str

    def __post_init__(self) -> None:
        for weights in self.values.values():
            for name, weight in weights.items():
                if not abs(weight) <= HEAVIEST:
                    raise FilterError(f"the weight of {name} is {weight}, expected -{HEAVIEST:g}..{HEAVIEST:g}")

    def save(self, path: str | Path) -> None:
        """Write the weights; a file that was there is replaced whole or not at all."""
        content = {
            "format": FORMAT_VERSION,
            "fingerprint": self.fingerprint,
            "weights": {name: dict(w) for name, w in self.values.items()},
        }
        write_whole(Path(path), json.dumps(content, indent=2) + "\n")

    @classmethod
    def load(cls, path: str | Path, *, fingerprint: str, names: Collection[str]) -> Weights:
        """Read weights for the index with this fingerprint, whose signals have these names."""
        try:
            if Path(path).exists() and not Path(path).is_file():  # a pipe keeps its reader waiting, a device has no end
                raise OSError(errno.EINVAL, "it is no file")
            raw = Path(path).read_bytes()
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise IndexFormatError(
                f"{path}, where tuned weights are kept, cannot be read ({why}); {_RETUNE}"
            ) from error
        try:
            content = json.loads(raw)
            version, made_for = content["format"], content["fingerprint"]
            values = content["weights"] if version == FORMAT_VERSION else {}
            weights: dict[Profile, dict[str, float]] = {
                profile: {str(name): float(weight) for name, weight in values.pop(profile, {}).items()}
                for profile in get_args(Profile)
            }
            if values:
                raise ValueError(f"it has weights for {', '.join(values)}")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            why = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            raise IndexFormatError(f"{path} is not a weights file ({why}); {_RETUNE}") from error
        if version != FORMAT_VERSION:
            raise IndexFormatError(f"{path} has format {version}, this program reads {FORMAT_VERSION}; {_RETUNE}")
        if made_for != fingerprint:
            raise IndexFormatError(
                f"{path} was tuned for another index ({str(made_for)[:12]}, this one is {fingerprint[:12]}); {_RETUNE}"
            )
        unknown = sorted({name for each in weights.values() for name in each} - set(names))
        if unknown:
            raise FilterError(f"{path} weighs unknown signals {unknown}, expected some of {sorted(names)}; {_RETUNE}")
        try:
            return cls(weights, fingerprint)
        except FilterError as error:
            raise IndexFormatError(f"{path}: {error}; {_RETUNE}") from error


def saved_weights(
    path: str | Path, *, fingerprint: str, names: Collection[str]
) -> tuple[Mapping[Profile, Mapping[str, float]], tuple[str, ...]]:
    """The weights of a file that may be missing or of no use, and sentences about what is wrong with it."""
    if not os.path.lexists(path):
        return {}, ()
    try:
        return Weights.load(path, fingerprint=fingerprint, names=names).values, ()
    except RefrainError as error:
        return {}, (f"the default weights are used: {error}",)


def weights_file(index: str | Path) -> Path:
    """Where the tuned weights of an index are kept: beside its folder, so that a rebuild leaves them."""
    path = Path(os.path.abspath(index))  # "." and "folder/.." have no name of their own; links keep theirs
    return path.with_name(f"{path.name}.weights.json")


def file_state(file: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from another; None where there is no file."""
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
