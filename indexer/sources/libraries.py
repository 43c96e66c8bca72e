"""Libraries: files of music programs that hold tracks and, apart from them, playlists that point to these tracks.

The playlists stand behind the tracks, so such a file is read twice: for the playlists, of which nothing but the keys
of their entries is remembered, and for the tracks, each of which is then put where it belongs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from indexer.sources.base import CERTAIN, Batch, EntryRow, Fit, Format, Refusal
from indexer.sources.columns import Column, ColumnMap
from indexer.sources.elements import Tag
from indexer.sources.mapping import map_columns
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import SongReader
from indexer.sources.tabular import BATCH_ROWS, SAMPLE_ROWS


@dataclass(frozen=True, slots=True)
class Track:
    """A track of a library.

    keys      what entries of playlists call it
    record    what the library knows of it, by the names that it has there
    reason    why it is no song; "" for a song
    """

    keys: tuple[str, ...]
    record: Mapping[str, object]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrackList:
    """A playlist of a library.

    path        its name, after those of the folders that it is in
    keys        its tracks in order
    reason      why it is left out; "" for one that is read
    identifier  what it is called in every export of this library; "" where there is no such thing
    """

    path: tuple[str, ...]
    keys: Sequence[str] = field(default_factory=list)
    reason: str = ""
    identifier: str = ""


def library_format(
    name: str,
    root: str,
    layout: str,
    tracks: Callable[[OpenedFile, Counter[str]], Iterable[Track]],
    lists: Callable[[OpenedFile], Iterable[TrackList]],
) -> Format:
    """The format of the XML documents with this root; `tracks` counts the elements that it passes over."""

    def recognise(opened: OpenedFile) -> Fit | None:
        if opened.kind == "xml" and isinstance(opened.outline, tuple) and opened.outline[0] == root:
            return Fit(CERTAIN, f"an XML document {root}")
        return None

    def read(opened: OpenedFile) -> Iterator[Batch]:
        unused: Counter[str] = Counter()
        yield from read_library(opened, name, lists(opened), tracks(opened, unused), unused)

    return Format(name, 1, layout, recognise, read, lambda opened: library_columns(tracks(opened, Counter())))


def parts_of(
    tags: Iterable[Tag], outer: str, inner: Iterable[str], unused: Counter[str]
) -> Iterator[dict[str, Mapping[str, str]]]:
    """Of each element `outer` its attributes and those of the elements in it, by their names; others are counted."""
    names = frozenset(inner)
    parts: dict[str, Mapping[str, str]] | None = None
    for name, attributes, _ in tags:
        if name == outer:
            if attributes is not None:
                parts = {outer: attributes}
            elif parts is not None:
                yield parts
                parts = None
        elif attributes is not None and parts is not None:
            if name in names:
                parts[name] = attributes
            else:
                unused[f"<{name[:40]}>"] += 1


def section(tags: Iterable[Tag], name: str) -> Iterator[Tag]:
    """The tags inside the elements of this name."""
    inside = False
    for tag in tags:
        if tag.name == name:
            inside = tag.attributes is not None
        elif inside:
            yield tag


def read_library(
    opened: OpenedFile,
    kind: str,
    lists: Iterable[TrackList],
    tracks: Iterable[Track],
    unused: Counter[str] | None = None,
) -> Iterator[Batch]:
    """The tracks as songs and the lists as playlists.

    kind     what playlists without an identifier are told apart by
    unused   what the reader of the tracks passed over, counted while `tracks` is read
    """
    first_batch = Batch()
    places = _add_lists(first_batch, opened.name, kind, lists)
    yield first_batch
    stream = iter(tracks)
    first = list(islice(stream, SAMPLE_ROWS))
    reader = SongReader(opened, _columns(first))
    batch = Batch()
    for row, track in enumerate(chain(first, stream), start=1):
        entries = [entry for key in track.keys for entry in places.pop(key, ())]
        if track.reason:
            batch.refusals.append(Refusal(opened.name, row, "song", track.reason))
            place, reason = None, track.reason
        else:
            place, reason = reader.add_song(batch, row, reader.columns.values(track.record)), "its song is refused"
        for playlist_id, position in entries:
            if place is None:
                batch.refusals.append(Refusal.about(opened.name, row, "entry", f"playlist {playlist_id}", reason))
            else:
                batch.entries.append(EntryRow(row, playlist_id, position, place))
        if len(batch.songs) + len(batch.refusals) >= BATCH_ROWS:
            yield batch
            batch = Batch()
    for key, entries in places.items():
        for playlist_id, _ in entries:
            reason = f"its track is {key[:200]!r}, which the library does not hold"
            batch.refusals.append(Refusal.about(opened.name, 0, "entry", f"playlist {playlist_id}", reason))
    for name, count in sorted((unused or {}).items()):
        batch.refusals.append(
            Refusal(opened.name, 0, "column", f"{name} is not used: no part of what describes a song", count=count)
        )
    reader.finish(batch)
    yield batch


def library_columns(tracks: Iterable[Track]) -> Sequence[Column]:
    """What the values of the first tracks become."""
    return _columns(list(islice(tracks, SAMPLE_ROWS))).columns


def _columns(tracks: Sequence[Track]) -> ColumnMap:
    records = [track.record for track in tracks if not track.reason]
    return map_columns(tuple(dict.fromkeys(name for record in records for name in record)), records)


def _add_lists(batch: Batch, file: str, kind: str, lists: Iterable[TrackList]) -> dict[str, list[tuple[str, int]]]:
    """Add the playlists; of each track that they name where it stands: (playlist_id, position)."""
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    taken: set[str] = set()
    for row, each in enumerate(lists, start=1):
        name = each.path[-1] if each.path else ""
        if each.reason or not each.keys:
            batch.refusals.append(Refusal.about(file, row, "playlist", name, each.reason or "it has no tracks"))
            continue
        playlist_id = f"{kind}:{each.identifier}" if each.identifier else _free_id(kind, each.path, taken)
        taken.add(playlist_id)
        if batch.add_playlist(file, row, playlist_id, {"name": name}):
            for position, key in enumerate(each.keys):
                places[key].append((playlist_id, position))
    return places


def _free_id(kind: str, path: Sequence[str], taken: set[str]) -> str:
    """The id of a playlist: by its name, with its folders, and where two are called the same by a number too."""
    playlist_id = base = PlaylistName.of(kind, " / ".join(path)).playlist_id[:240]
    number = 1
    while playlist_id in taken:
        number += 1
        playlist_id = f"{base} ({number})"
    return playlist_id
