"""What made an index, kept in a file beside it: the same catalogue and settings give another index by other code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.report.origin import code_digest, versions
from indexer.build.run import LIBRARIES
from indexer.errors import IndexFormatError, IndexMissingError
from indexer.store.files import write_whole
from indexer.store.generations import current_digest

BUILDING = ("indexer",)
ENCODING = ("indexer/encoders/sentence.py", "indexer/encoders/cache.py")  # which text they read is in each vector's key
ENCODING_LIBRARIES = ("torch", "transformers", "sentence-transformers")


@dataclass(frozen=True, slots=True)
class Builder:
    """What builds an index beside catalogue and settings.

    code       digest of the files of indexer/, data among them, and of the libraries' versions
    encoding   digest of that part of it which gives a text its vector
    """

    code: str
    encoding: str

    @classmethod
    def here(cls) -> Builder:
        """The code and the libraries of this process."""
        return cls(_digest(BUILDING, LIBRARIES), _digest(ENCODING, ENCODING_LIBRARIES))


def _digest(places: Sequence[str], libraries: Sequence[str]) -> str:
    return "|".join([code_digest(places), *(f"{name} {number}" for name, number in versions(libraries).items())])


class Made(BaseModel):
    """What made an index, all of it: no stage is of other code.

    code, encoding   of the `Builder`; "" where that is not known
    generation       the hash of the manifest that it is said of; "" while the build has not ended
    build_s          wall clock of a build from nothing; None where a build went on from what was there, were it only
                     sentence vectors
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = ""
    encoding: str = ""
    generation: str = ""
    build_s: float | None = None

    @classmethod
    def beside(cls, index: Path) -> Made:
        """What is known of an index; nothing where there is no file or another program wrote it."""
        try:
            return cls.model_validate_json(_place(index).read_bytes())
        except (FileNotFoundError, ValidationError):
            return cls()

    def write(self, index: Path) -> None:
        index.parent.mkdir(parents=True, exist_ok=True)
        write_whole(_place(index), self.model_dump_json(indent=1) + "\n")

    def is_of(self, builder: Builder, index: Path) -> bool:
        """Whether the generation in use is the one that this builder made."""
        return self.code == builder.code and bool(self.generation) and self.generation == generation_of(index)


def generation_of(index: Path) -> str:
    """The hash of the manifest in use; "" where there is none."""
    try:
        return current_digest(index)
    except (IndexMissingError, IndexFormatError):
        return ""


def _place(index: Path) -> Path:
    return index.with_suffix(".made.json")
