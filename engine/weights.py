"""The weights file: how much each signal counts, tuned for one index and kept beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.files import write_whole
from indexer.errors import FilterError, IndexFormatError

FORMAT_VERSION = 1
_RETUNE = "run `refrain tune` again, or delete the file to use the default weights"


@dataclass(frozen=True, slots=True)
class Weights:
    """Tuned weights.

    values        signal name -> weight; a signal that is missing keeps its default
    fingerprint   of the index that they were tuned on
    """

    values: Mapping[str, float]
    fingerprint: str

    def __post_init__(self) -> None:
        for name, weight in self.values.items():
            if not math.isfinite(weight):
                raise FilterError(f"the weight of {name} is {weight}, expected a finite number")

    def save(self, path: str | Path) -> None:
        """Write the weights; a file that was there is replaced whole or not at all."""
        content = {"format": FORMAT_VERSION, "fingerprint": self.fingerprint, "weights": dict(self.values)}
        write_whole(Path(path), json.dumps(content, indent=2) + "\n")

    @classmethod
    def load(cls, path: str | Path, *, fingerprint: str, names: Collection[str]) -> Weights:
        """Read weights for the index with this fingerprint, whose signals have these names."""
        try:
            content = json.loads(Path(path).read_bytes())
            version, made_for, values = content["format"], content["fingerprint"], content["weights"]
            weights = {str(name): float(weight) for name, weight in values.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexFormatError(f"{path} is not a weights file ({error!r}); {_RETUNE}") from error
        if version != FORMAT_VERSION:
            raise IndexFormatError(f"{path} has format {version}, this program reads {FORMAT_VERSION}; {_RETUNE}")
        if made_for != fingerprint:
            raise IndexFormatError(f"{path} was tuned for index {made_for}, this index is {fingerprint}; {_RETUNE}")
        unknown = sorted(set(weights) - set(names))
        if unknown:
            raise FilterError(f"{path} weighs unknown signals {unknown}, expected some of {sorted(names)}; {_RETUNE}")
        return cls(weights, fingerprint)
