"""Watching a folder: what appears in it is imported, and the index brought up to it, one round for all that came."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

from indexer.build.run import BuildReport, build_index, update_index
from indexer.catalogue import Catalogue, LoadReport
from indexer.catalogue.places import files_of
from indexer.config import IndexConfig
from indexer.encoders.sentence import Encoder
from indexer.errors import IndexMissingError, RefrainError, SourceError
from indexer.progress import Track, quiet
from indexer.sources import Gathered, gather
from indexer.sources.arrivals import REST_S, Arrivals, Arrived
from indexer.sources.opened import SOUND_ENDINGS, shown
from indexer.sources.sound.beside import WORDS
from indexer.sources.sound.walk import PLAYLISTS
from indexer.waiting import ENDLESS, Patience

LOOK_S = 1.0  # between two looks at a folder of which one takes no time
LOOK_SHARE = 0.05  # of the time that looking may take
MANY = 10  # files of which nobody wants to know how far each is
RETRY_S, LONGEST_RETRY_S = 10.0, 600.0  # after what is wrong with the disk, the catalogue or the index; doubled


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at the folder led to.

    imports    reports of the files that came, in the order in which they were imported
    skipped    (file, why) of those that could not be imported; they are tried again when they change
    gone       how many files are not there any more; what they brought stays
    published  the build or update; None where there was nothing for one
    problem    what stopped the round, "" for nothing; what is left is tried again by itself
    """

    imports: tuple[LoadReport, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    gone: int = 0
    published: BuildReport | None = None
    problem: str = ""


def publish(
    catalogue: str,
    index: str | Path,
    config: IndexConfig | None = None,
    encoder: Encoder | None = None,
    patience: Patience = ENDLESS,
    track: Track = quiet,
) -> BuildReport | None:
    """Bring an index up to a catalogue, or make it; None where there is neither an index nor a song.

    config, encoder   of an index that is made; one that is there has its own configuration
    """
    with Catalogue(catalogue, patience=patience) as opened:
        try:
            return update_index(opened, index, encoder=encoder, track=track, patience=patience)
        except IndexMissingError:
            if not len(opened):
                return None
            return build_index(opened, index, config, encoder=encoder, track=track, patience=patience)


class Watch:
    """A folder whose files go into a catalogue, and from there into an index. See `Round`, and `Arrivals` for when.

    Sound, and the playlists and words beside it, are imported as folders of sound: each folder of FOLDER that holds
    some, or FOLDER where it lies there itself. Every other file is imported by its content.

    publish    brings the index up to the catalogue, as the function of that name does
    workers    processes that measure sound
    patience   for other writers of the catalogue
    """

    def __init__(
        self,
        folder: str | Path,
        catalogue: str,
        index: str | Path,
        publish: Callable[[], BuildReport | None],
        *,
        workers: int = 0,
        patience: Patience = ENDLESS,
        track: Track = quiet,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place, self._publish, self._workers = catalogue, publish, workers
        self._patience, self._track, self._clock = patience, track, clock
        self._arrivals = Arrivals(Path(folder), _belongs_to(catalogue, Path(index)), rest_s=rest_s, clock=clock)
        self._unpublished = False
        self._closed: dict[Path, str] = {}  # what was said of folders that cannot be read
        self._problem = ""  # that was said last
        self._retry_s, self._retry_at = RETRY_S, -math.inf
        self.pause_s = LOOK_S  # until the next look

    @property
    def folder(self) -> Path:
        return self._arrivals.folder

    def begin(self) -> Round | None:
        """Bring the index up to the catalogue as it is; None where both are empty. What is wrong with either raises."""
        os.listdir(self.folder)
        published = self._publish()
        return None if published is None else Round(published=published)

    def look(self) -> Round | None:
        """One look, and all that it leads to; None for nothing, and for a problem that was there before."""
        if self._clock() < self._retry_at:
            return None
        started = time.monotonic()
        try:
            arrived = self._arrivals.look()
        except OSError as error:
            gone = Round(problem=f"{shown(self.folder)} cannot be read ({error.strerror}); is its disk there?")
            return self._unless_said(gone)
        finally:
            self.pause_s = max(LOOK_S, (time.monotonic() - started) / LOOK_SHARE)
        skipped = [(self._name(path), why) for path, why in arrived.closed.items() if self._closed.get(path) != why]
        self._closed = arrived.closed
        if not (arrived.files or skipped or arrived.gone or self._unpublished):
            self._problem, self._retry_s = "", RETRY_S
            return None
        imports: list[LoadReport] = []
        published = None
        problem = self._import(arrived, imports, skipped)
        # A folder of sound that could not be imported to its end may have brought some of its files.
        self._unpublished |= bool(problem) or any(report.changed for report in imports)
        if not problem and self._unpublished:
            try:
                published = self._publish()
                self._unpublished = False
            except (RefrainError, OSError) as error:
                problem = str(error)
        if problem:  # look again later, and later still where that fails too
            self._retry_at = self._clock() + self._retry_s
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        else:
            self._retry_s = RETRY_S
        return self._unless_said(Round(tuple(imports), tuple(skipped), arrived.gone, published, problem))

    def _import(self, arrived: Arrived, imports: list[LoadReport], skipped: list[tuple[str, str]]) -> str:
        """Import what arrived, adding to what was imported and skipped; the problem that stopped it, or ""."""
        if not arrived.files:
            return ""
        folders, files = _parted(self.folder, arrived)
        left = set(arrived.files)
        try:
            with Catalogue(self._place, patience=self._patience) as catalogue:
                with gather(files, below=self.folder) as gathered:
                    skipped += _worth_saying(gathered, {self._name(path) for path in files})
                    left.difference_update(self.folder / name for name, _ in gathered.skipped)
                    track = self._track if len(gathered.sources) <= MANY else quiet
                    for source in self._track(gathered.sources, "import files"):
                        name = source.opened.name
                        try:
                            imports.append(catalogue.load(source, track=track))
                        except (SourceError, OSError) as error:  # OSError: of the file, the catalogue has its own
                            skipped.append((name, str(error)))
                        except RefrainError:
                            raise
                        except Exception as error:  # one file must not stop the others, today and at every start
                            bug = f"a bug of this program ({type(error).__name__}: {error}); report it with the file"
                            skipped.append((name, bug))
                        left.discard(self.folder / name)
                left.difference_update(files)  # archives, whose members have names of their own
                leave = arrived.unfinished | {path.resolve() for path in arrived.unfinished}
                for folder in folders:
                    try:
                        report = catalogue.load_folder(folder, workers=self._workers, leave=leave, track=self._track)
                        imports.append(report)
                    except SourceError as error:
                        skipped.append((self._name(folder), str(error)))
        except (RefrainError, OSError) as error:
            self._arrivals.give_again(left)
            return str(error)
        return ""

    def _unless_said(self, done: Round) -> Round | None:
        before, self._problem = self._problem, done.problem
        return None if done.problem and done == Round(problem=before) else done

    def _name(self, path: Path) -> str:
        return shown(path.relative_to(self.folder))


def _belongs_to(catalogue: str, index: Path) -> Callable[[str], bool]:
    """Which paths are the catalogue, the index, or what the engine keeps beside an index."""
    own = os.path.realpath(index)
    files = {own, *files_of(catalogue)}
    beside = (f"{own}.sessions.", f"{own}.weights.", f"{own}.map-")
    return lambda path: path in files or path.startswith(beside)


def _worth_saying(gathered: Gathered, files: Set[str]) -> list[tuple[str, str]]:
    """What was skipped, but for members of archives that hold something else that is known: an export has many."""
    known = {_archive(source.opened.name, files) for source in gathered.sources} - {None}
    return [each for each in gathered.skipped if _archive(each[0], files) not in known]


def _archive(member: str, files: Set[str]) -> str | None:
    """The file in which a member lies, by its name; None for what lies in none."""
    parts = member.split("/")
    names = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return next((name for name in names if name in files), None)


def _parted(root: Path, arrived: Arrived) -> tuple[list[Path], list[Path]]:
    """The folders of sound in which something arrived, and the files that are imported one by one."""
    sounds = [path for path in arrived.present if path.suffix.lower() in SOUND_ENDINGS]
    loose = any(path.parent == root for path in sounds)
    of_sound = {_top(root, path) for path in sounds if path.parent != root}
    stems = {path.with_suffix("") for path in sounds if path.parent == root}
    folders, files = set[Path](), list[Path]()
    for path in arrived.files:
        if path.parent != root and _top(root, path) in of_sound:
            folders.add(_top(root, path))
        elif loose and (path.suffix.lower() in SOUND_ENDINGS | PLAYLISTS or _is_words(path, stems)):
            folders.add(root)
        else:
            files.append(path)
    return [root] if root in folders else sorted(folders), files


def _top(root: Path, path: Path) -> Path:
    """The folder of the root in which a file lies."""
    return root / path.relative_to(root).parts[0]


def _is_words(path: Path, stems: Set[Path]) -> bool:
    return path.suffix.lower() in WORDS and path.with_suffix("") in stems
