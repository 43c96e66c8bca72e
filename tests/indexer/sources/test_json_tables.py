"""JSON tables: the same songs in every shape that programs write are the same songs."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources import Batch, recognise
from indexer.sources.detect import sniff
from indexer.sources.json_tables import table_rows
from indexer.sources.preview import preview

SPOTIFY = ("6rqhFgbbKwnb9MLmUQDhG6", "0rqhFgbbKwnb9MLmUQDhG7", "1rqhFgbbKwnb9MLmUQDhG8")
SONGS: list[dict[str, Any]] = [
    {"title": "Low Tide", "artist": "Ada Ferrow", "year": 2001, "tempo": 101.5},
    {"title": "Salt Road", "artist": "Bo Marsh", "year": 2005, "tempo": 120.0},
    {"title": "Night Ferry", "artist": "Ada Ferrow", "year": 2011, "tempo": 88.0},
]
NAMES = list(SONGS[0])
ROWS = [list(song.values()) for song in SONGS]

Value = Any
Shape = Callable[[Sequence[str], Sequence[Mapping[str, Any]]], Value]


def whole(path: Path) -> Batch:
    """All of a file in one batch."""
    together = Batch()
    for batch in recognise(path).batches():
        for kind in ("songs", "playlists", "entries", "refusals"):
            getattr(together, kind).extend(getattr(batch, kind))
    return together


def songs(path: Path) -> list[dict[str, Any]]:
    """Title, artist, year and tempo of each song of a file."""
    return [{name: song.facts[name] for name in NAMES if name in song.facts} for song in whole(path).songs]


def ids(path: Path) -> list[tuple[tuple[str, str], ...]]:
    return [song.ids for song in whole(path).songs]


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "songs.json"
    path.write_text(text, encoding)
    return path


def by_columns(keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Value:
    return {name: {key: row[name] for key, row in zip(keys, rows, strict=True)} for name in NAMES}


def split(keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Value:
    return {"columns": NAMES, "index": list(keys), "data": [[row[name] for name in NAMES] for row in rows]}


KEYED: dict[str, Shape] = {
    "an object by keys": lambda keys, rows: dict(zip(keys, rows, strict=True)),
    "below other keys": lambda keys, rows: {"version": 3, "data": {"songs": dict(zip(keys, rows, strict=True))}},
    "by columns": by_columns,
    "split": split,
}
UNKEYED = {
    "arrays": {name: [song[name] for song in SONGS] for name in NAMES},
    "arrays below a key": {"data": {name: [song[name] for song in SONGS] for name in NAMES}},
    "split without an index": {"columns": NAMES, "data": ROWS},
    "rows before their names": {"rows": ROWS, "header": NAMES},
    "names that are objects": {"fields": [{"name": name, "type": "text"} for name in NAMES], "records": ROWS},
    "values": [NAMES, *ROWS],
    "table": {"schema": {"fields": [{"name": "index"}], "primaryKey": ["index"]},
              "data": [{"index": at, **song} for at, song in enumerate(SONGS)]},
    "records": SONGS,
    "records below keys": {"data": {"items": SONGS}},
}  # fmt: skip
SEQUENCES = {
    "one after another": "".join(map(json.dumps, SONGS)),
    "spaced": " ".join(map(json.dumps, SONGS)),
    "indented": "\n".join(json.dumps(song, indent=2) for song in SONGS),
    "lines that end in commas": ",\n".join(map(json.dumps, SONGS)),
    "record separators": "".join(f"\x1e{json.dumps(song)}\n" for song in SONGS),
    "arrays": json.dumps(SONGS[:2]) + "\n" + json.dumps(SONGS[2:]),
    "pages": "\n".join(json.dumps({"total": 3, "items": page}) for page in (SONGS[:2], SONGS[2:])),
    "a line of names": "\n".join(map(json.dumps, [NAMES, *ROWS])),
    "a line about the file": "\n".join(map(json.dumps, [{"version": 1, "exported": "2024-01-01"}, *SONGS])),
    "a comma too many": json.dumps(SONGS)[:-1] + ",\n]",
}
KEYS = {
    "spotify": SPOTIFY,
    "isrc": ("USABC1100001", "USABC1100002", "USABC1100003"),
    "mbid": tuple(f"8f3471b5-7e6a-48da-86a9-c1c07a0f47a{digit}" for digit in range(3)),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("shape", KEYED)
@pytest.mark.parametrize("namespace", KEYS)
def test_keys_that_look_like_ids_are_ids(
    namespace: str, shape: str, indent: int | None, encoding: str, tmp_path: Path
) -> None:
    path = written(tmp_path, json.dumps(KEYED[shape](KEYS[namespace], SONGS), indent=indent), encoding)
    assert songs(path) == SONGS
    assert ids(path) == [((namespace, key),) for key in KEYS[namespace]]


@pytest.mark.parametrize("shape", KEYED)
@pytest.mark.parametrize("keys", [("0", "1", "2"), ("1017", "93", "40000001"), ("s-1", "s-2", "s-3")])
def test_other_keys_are_no_ids(keys: tuple[str, ...], shape: str, tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps(KEYED[shape](keys, SONGS)))
    assert songs(path) == SONGS
    assert ids(path) == [(), (), ()]
    assert {column.field for column in preview(recognise(path)).columns if column.name == "id"} == {""}


@pytest.mark.parametrize("shape", UNKEYED)
def test_tables_without_keys(shape: str, tmp_path: Path) -> None:
    assert songs(written(tmp_path, json.dumps(UNKEYED[shape]))) == SONGS


@pytest.mark.parametrize("shape", SEQUENCES)
def test_documents_that_follow_one_another(shape: str, tmp_path: Path) -> None:
    assert songs(written(tmp_path, SEQUENCES[shape])) == SONGS


def test_playlists_that_follow_one_another(tmp_path: Path) -> None:
    lists = [{"name": "Sea", "tracks": SONGS[:2]}, {"name": "Road", "tracks": SONGS[2:]}]
    for text in ("\n".join(map(json.dumps, lists)), "".join(json.dumps(each, indent=1) for each in lists)):
        batch = whole(written(tmp_path, text))
        assert [row.facts["name"] for row in batch.playlists] == ["Sea", "Road"]
        assert len(batch.songs) == len(batch.entries) == 3


@pytest.mark.parametrize("key", ["{artist} - {title}", "{title} - {artist}", "{title}"])
def test_names_stand_in_keys(key: str, tmp_path: Path) -> None:
    """The artist stands in the record, too: which side of the dash is the title is known."""
    document = {key.format_map(song): {"artist": song["artist"], "year": song["year"]} for song in SONGS}
    facts = [song.facts for song in whole(written(tmp_path, json.dumps(document))).songs]
    assert [(each["title"], each["artist"]) for each in facts] == [(song["title"], song["artist"]) for song in SONGS]


def test_features_by_id_need_no_title(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({key: {"tempo": 120, "energy": 0.5} for key in SPOTIFY}))
    assert ids(path) == [(("spotify", key),) for key in SPOTIFY]


def test_a_song_alone_and_a_song_in_a_wrapper_are_one_song(tmp_path: Path) -> None:
    for document in (SONGS[0], {"song": SONGS[0]}, {SPOTIFY[0]: SONGS[0]}):
        assert songs(written(tmp_path, json.dumps(document))) == SONGS[:1]


def test_playlists_beside_songs_by_id_are_not_lost(tmp_path: Path) -> None:
    document = {"songs": dict(zip(SPOTIFY, SONGS, strict=True)), "lists": [{"name": "Sea", "tracks": SONGS[:2]}]}
    assert [row.facts["name"] for row in whole(written(tmp_path, json.dumps(document))).playlists] == ["Sea"]


def test_listens_by_columns_are_listens(tmp_path: Path) -> None:
    columns = {"endTime": "2023-01-0{} 10:00", "artistName": "Ada", "trackName": "Song {}", "msPlayed": 200_000}
    document = {
        name: {str(at): value.format(at + 1) if isinstance(value, str) else value for at in range(3)}
        for name, value in columns.items()
    }
    assert recognise(written(tmp_path, json.dumps(document))).format.name == "listens"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[{"title": "Low Tide", "artist": "Ada",}]', "line 1: a comma stands before a closing bracket"),
        ('{\n"a": {"title": "Low Tide", "artist": "Ada",},\n"b": {}}', "line 2: a comma stands before"),
        ('[\n{"title": "Low Tide", // mine\n"artist": "Ada"}]', "line 2: a comment, which JSON does not allow; delete"),
        ('// mine\n[{"title": "Low Tide", "artist": "Ada"}]', "after a comment, which JSON does not allow"),
        ('/* mine */ [{"title": "Low Tide", "artist": "Ada"}]', "after a comment, which JSON does not allow"),
        ("[{'title': 'Low Tide', 'artist': 'Ada'}]", "line 1: a text in single quotes.*json.dump"),
        ('[{"title": "Low Tide", "artist": None}]', "line 1: a word of Python or JavaScript.*write null"),
        ('[{title: "Low Tide", artist: "Ada"}]', "line 1: a key without quotes"),
        ('var songs = [{"title": "Low Tide", "artist": "Ada"}];', "is a script with JSON in it; keep what stands"),
        ('show({"title": "Low Tide", "artist": "Ada"});', "is a script with JSON in it; keep what stands"),
        (json.dumps(ROWS), "arrays in an array, and no names.*put an array of names"),
        (json.dumps({"title": ["a", "b"], "artist": ["x"]}), "not of one length .title 2, artist 1."),
        (json.dumps(dict(zip(SPOTIFY, SONGS, strict=True)))[:-30], "is not whole JSON"),
        (json.dumps(split(SPOTIFY, SONGS))[:-30], "is not whole JSON"),
        (json.dumps(by_columns(SPOTIFY, SONGS))[:-30], "is not whole JSON"),
    ],
)  # fmt: skip
def test_what_is_no_json_says_what_to_mend(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=why):
        whole(written(tmp_path, text))


def test_rows_that_are_none_are_refused_and_the_others_read(tmp_path: Path) -> None:
    batch = whole(written(tmp_path, json.dumps({"version": 3, **dict(zip(SPOTIFY, SONGS, strict=True))})))
    assert len(batch.songs) == 3
    assert [each.reason for each in batch.refusals if each.what == "song"] == ["'version' is no object but int"]
    batch = whole(written(tmp_path, json.dumps([NAMES, *ROWS, [*ROWS[0], "more"], {"title": "x"}])))
    assert len(batch.songs) == 3
    assert [each.row for each in batch.refusals if each.what == "song"] == [4, 5]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=2, max_size=9))
def test_titles_come_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> None:
    """All shapes of one table say the same."""
    folder = tmp_path_factory.mktemp("shapes")
    rows = [{"title": title, "artist": "Ada", "year": 2001, "tempo": 100.0} for title in titles]
    expected = songs(written(folder, json.dumps(rows)))
    keys = [str(number) for number in range(len(rows))]
    for shape in KEYED.values():
        assert songs(written(folder, json.dumps(shape(keys, rows)))) == expected


@pytest.mark.parametrize("shape", ["keyed", "split", "values", "objects"])
def test_rows_that_come_one_by_one_need_no_memory(shape: str, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        rows = [{**SONGS[at % 3], "lyrics": f"{at} " * 150} for at in range(count)]
        names, cells = list(rows[0]), [list(row.values()) for row in rows]
        texts = {
            "keyed": lambda: json.dumps({str(at): row for at, row in enumerate(rows)}, indent=0),
            "split": lambda: json.dumps({"columns": names, "data": cells}, indent=0),
            "values": lambda: json.dumps([names, *cells], indent=0),
            "objects": lambda: "".join(json.dumps(row, indent=0) for row in rows),
        }
        opened = sniff(written(tmp_path, texts[shape]()))
        assert opened.kind == "json table"
        tracemalloc.start()
        assert sum(1 for _ in table_rows(opened)) == count
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(8_000) < peak(4_000) + 500_000  # the larger file has 4 MB more
