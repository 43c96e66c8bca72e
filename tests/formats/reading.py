"""What tests of formats share: a file of given content, the file in disguise, and what a catalogue makes of it."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.catalogue import Catalogue, Remark
from indexer.records import Song
from indexer.sources import Batch, gather, recognise
from indexer.sources.reader import PLAYS_LABEL


@dataclass(frozen=True)
class Contents:
    """What a file put into an empty catalogue.

    songs       by title
    playlists   name: titles, in order
    plays       title: how often it was played
    remarks     (what, kind): how many
    ids         playlist_ids, sorted
    """

    songs: Mapping[str, Song]
    playlists: Mapping[str, Sequence[str]]
    plays: Mapping[str, float]
    remarks: Mapping[tuple[str, str], int]
    ids: Sequence[str]


def written(folder: Path, name: str, content: object) -> Path:
    """A file with a text, or with a value as JSON."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def lines(*values: object) -> str:
    """Values as JSON Lines."""
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def disguised(path: Path, folder: Path) -> Iterator[Path]:
    """A text file under a name that says nothing, with a byte order mark, in UTF-16, compressed, and in an archive."""
    folder.mkdir(exist_ok=True)
    content = path.read_bytes()
    for name, data in {
        "download (3)": content,
        "mark": b"\xef\xbb\xbf" + content,
        "utf16": content.decode().encode("utf-16"),
        "packed.gz": gzip.compress(content),
    }.items():
        (folder / name).write_bytes(data)
        yield folder / name
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        archive.write(path, f"My Data/{path.name}")
    yield folder / "export.zip"


def whole(path: Path, kind: str | None = None) -> Batch:
    """All of a file in one batch."""
    together = Batch()
    for batch in recognise(path, kind=kind).batches():
        for rows in ("songs", "playlists", "entries", "tags", "refusals"):
            getattr(together, rows).extend(getattr(batch, rows))
    return together


def imported(path: Path, kind: str, folder: Path) -> Contents:
    """Import a file into a new catalogue: it is of `kind` in every disguise, and a second import changes nothing."""
    source = recognise(path)
    assert (source.format.name, source.others) == (kind, ()), source
    assert source.fit.why
    assert recognise(path, kind=kind).format.name == kind
    for other in disguised(path, folder / "disguised"):
        with gather([other]) as gathered:
            assert [each.format.name for each in gathered.sources] == [kind], other
            assert [len(batch.songs) for batch in gathered.sources[0].batches()] == [
                len(batch.songs) for batch in source.batches()
            ], other
    with Catalogue(folder / "songs.db") as catalogue:
        first = catalogue.load(path)
        contents = contents_of(catalogue, first.remarks)
        again = catalogue.load(path)
        assert not again.changed, again.counts
        assert contents_of(catalogue, first.remarks) == contents
    return contents


def contents_of(catalogue: Catalogue, remarks: Sequence[Remark] = ()) -> Contents:
    """What a catalogue holds; no two songs of a test may have one title."""
    songs = {song.song_id: song for song in catalogue.songs()}
    titles = {song_id: song.title for song_id, song in songs.items()}
    assert len(set(titles.values())) == len(songs)
    plays: dict[str, float] = {}
    for name in catalogue.label_names():
        if name.startswith(PLAYS_LABEL):
            for song_id, value in catalogue.labels(name):
                plays[titles[song_id]] = plays.get(titles[song_id], 0) + value
    playlists = list(catalogue.playlists())
    return Contents(
        {song.title: song for song in songs.values()},
        {playlist.name: [titles[song_id] for song_id in playlist.song_ids] for playlist in playlists},
        plays,
        {(each.what, each.kind): each.count for each in remarks},
        sorted(playlist.playlist_id for playlist in playlists),
    )
