"""Sources: the files that people have, recognised by their content and read as rows.

A new format is one module in `formats` with a tuple `FORMATS` and one line in the registry below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import SourceError
from indexer.sources.base import CERTAIN, DOUBT, Batch, Fit, Format, Refusal
from indexer.sources.detect import sniff
from indexer.sources.documents import items
from indexer.sources.formats import (
    apple_privacy,
    beets,
    deezer,
    exportify,
    genius,
    itunes,
    json_songs,
    jspf,
    lastfm,
    listenbrainz,
    listens_tables,
    lrc,
    m3u,
    mpd,
    pls,
    refrain,
    rekordbox,
    shazam,
    soundiiz,
    spotify_account,
    tables,
    traktor,
    tunemymusic,
    virtualdj,
    wpl,
    xspf,
    youtube_music,
)
from indexer.sources.formats.without_songs import without_songs
from indexer.sources.opened import OpenedFile
from indexer.sources.packed import unpacked
from indexer.sources.tabular import batches
from indexer.sources.unreadable import known_xml

__all__ = ["KINDS", "Batch", "Format", "Gathered", "Refusal", "Source", "gather", "import_order", "recognise"]

FORMATS: tuple[Format, ...] = (
    *mpd.FORMATS,
    *deezer.FORMATS,
    *exportify.FORMATS,
    *spotify_account.FORMATS,
    *lastfm.FORMATS,
    *listenbrainz.FORMATS,
    *youtube_music.FORMATS,
    *apple_privacy.FORMATS,
    *shazam.FORMATS,
    *tunemymusic.FORMATS,
    *soundiiz.FORMATS,
    *beets.FORMATS,
    *genius.FORMATS,
    *lrc.FORMATS,
    *listens_tables.FORMATS,
    *tables.FORMATS,
    *json_songs.FORMATS,
    *refrain.FORMATS,
    *itunes.FORMATS,
    *rekordbox.FORMATS,
    *traktor.FORMATS,
    *virtualdj.FORMATS,
    *xspf.FORMATS,
    *jspf.FORMATS,
    *m3u.FORMATS,
    *pls.FORMATS,
    *wpl.FORMATS,
)
KINDS = tuple(format.name for format in FORMATS)


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its format.

    fit     how sure the format is, and why
    others  formats that are nearly as sure: the file may be one of these
    """

    opened: OpenedFile
    format: Format
    fit: Fit
    others: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        return self.opened.path

    def batches(self) -> Iterator[Batch]:
        """The file's rows, some thousand at a time. A file that breaks off raises `SourceError` on the way."""
        if self.others:
            doubt = f"it may also be {' or '.join(self.others)}; to decide: refrain import --as KIND"
            yield Batch(refusals=[Refusal(self.opened.name, 0, "file", doubt)])
        try:
            yield from self.format.read(self.opened)
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{self.opened.shown} is not {self.opened.encoding.upper()} text ({error.reason}); it is damaged or "
                "cut short: get it again"
            ) from None


def recognise(path: str | Path, *, kind: str | None = None, name: str = "") -> Source:
    """The format of a file, by its content: the one that is surest of it, or `kind` where that can be.

    name   what the file is called where that is not its path: playlists without a name are called after it
    """
    opened = sniff(path, name)
    fits: list[tuple[Fit, Format]] = []
    for format in FORMATS:
        if (fit := format.recognise(opened)) is not None:
            fits.append((fit, format))
            if fit.sureness >= CERTAIN and kind is None:  # a signature that no other kind has
                break
    fits.sort(key=lambda each: -each[0].sureness)
    if kind is not None:
        return _as(kind, opened, {format.name: fit for fit, format in fits})
    if not fits:
        raise SourceError(_unknown(opened))
    fit, format = fits[0]
    others = tuple(other.name for each, other in fits[1:] if fit.sureness - each.sureness < DOUBT)
    return Source(opened, format, fit, others)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What paths hold: files in the order in which they can be imported, and the others.

    skipped   (name, why) of files in folders and archives that hold nothing that Refrain knows
    """

    sources: tuple[Source, ...]
    skipped: tuple[tuple[str, str], ...]


@contextmanager
def gather(paths: Iterable[str | Path], *, kind: str | None = None, below: Path | None = None) -> Iterator[Gathered]:
    """The files that paths are or hold: files, folders, archives, compressed files, "-" for standard input.

    A file that the caller named must be of a known kind; what was unpacked is there until the block ends.

    below   the folder that `paths` are files of: what cannot be read among them is skipped, whatever it is
    """
    with unpacked(paths, below) as members:
        sources, skipped = [], []
        for member in members:
            if member.problem:
                skipped.append((member.name, member.problem))
                continue
            try:
                sources.append(recognise(member.path, kind=kind, name=member.name))
            except SourceError as error:
                if member.named:
                    raise
                skipped.append((member.name, str(error)))
        if skipped and not sources and below is None:
            raise SourceError(f"none of {len(skipped):,} files holds songs or playlists; the first: {skipped[0][1]}")
        yield Gathered(tuple(import_order(sources)), tuple(skipped))


def import_order(sources: Iterable[Source]) -> list[Source]:
    """The files in the order in which they can be imported: songs, then playlists, entries and tags of them."""
    return sorted(sources, key=lambda source: source.format.rank)


def _as(kind: str, opened: OpenedFile, fits: dict[str, Fit]) -> Source:
    format = next((each for each in FORMATS if each.name == kind), None)
    if format is None:
        raise SourceError(f"no kind of file is called {kind!r}, expected one of: {', '.join(KINDS)}")
    if kind not in fits:
        raise SourceError(
            f"{opened.shown} cannot be read as {kind}: expected {format.layout}; it looks like "
            + (" or ".join(fits) or "no kind that Refrain knows")
        )
    return Source(opened, format, fits[kind])


def _unknown(opened: OpenedFile) -> str:
    if unreadable := known_xml(opened):
        return f"{opened.shown} is {unreadable}"
    if opened.kind == "json":
        arrays = 0
        for _, item in items(opened):  # says where it breaks off, if it does
            arrays += isinstance(item, list)
        if arrays:
            return (
                f"{opened.shown} holds arrays in an array, and no names of their columns; put an array of names before "
                'them, as ["title", "artist"]'
            )
    elif opened.kind == "json table":
        for _ in batches(opened):
            pass
    if what := without_songs(opened):
        return f"{opened.shown} holds no songs: it is {what}"
    known = f"kinds that are read: {', '.join(KINDS)}"
    if opened.columns:
        columns = ", ".join(opened.columns[:20])[:300]
        return (
            f"{opened.shown} has the columns: {columns}. No known layout has these; a table of songs needs a title or "
            f"an id, and an artist, lyrics, a genre or audio features: rename its columns. Other {known}"
        )
    return f"{opened.shown} is {_WHAT[opened.kind]}, but holds nothing that Refrain knows; {known}"


_WHAT = {
    "json": "whole JSON", "xml": "whole XML", "lines": "a text", "sound": "a file of sound", "csv": "a table",
    "jsonl": "JSON Lines", "json table": "a table", "parquet": "a table", "sheet": "a spreadsheet",
}  # fmt: skip
