"""Mapping: which column of a file becomes which field, in which unit, and why others are not used."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from indexer.records import AUDIO_NAMES
from indexer.sources.cells import empty, identifier, plain
from indexer.sources.columns import (
    SHARES,
    Column,
    ColumnMap,
    as_number,
    known_numbers,
    milliseconds_of,
    number_of,
    percent,
    reader_of,
    tenth,
)
from indexer.sources.context import in_context, is_of_the_song
from indexer.sources.identifiers import READERS, is_number, namespace_of
from indexer.sources.meanings import (
    AGAIN,
    ROW_NUMBERS,
    SHORT_NAMES,
    SHORT_NAMES_NEEDED,
    column_key,
    meaning,
    unit_of,
    unused_because,
)
from indexer.sources.opened import OpenedFile
from indexer.sources.tabular import SAMPLE_ROWS, sample_of
from indexer.sources.units import key_and_mode, milliseconds, mode_of, moment, year_of

_ID_FIELDS = {"spotify_id": "spotify", "isrc": "isrc", "mbid": "mbid", "deezer_id": "deezer"}
_FIELD_OF = {namespace: field for field, namespace in _ID_FIELDS.items()}
_CALLED = {"spotify": "ids of Spotify", "isrc": "ISRCs", "mbid": "ids of MusicBrainz", "deezer": "ids of Deezer"}
_MOSTLY = 0.2  # of the values must be what the column's name says
_CELLS_TO_JUDGE = 5  # filled cells from which a column whose values are something else is not used at all
_ROWS_TO_JUDGE = 20  # rows from which a column of zeros says nothing
_NEVER_ZERO = frozenset({"tempo", "duration_ms", "year", "decade", "loudness"})
_ZERO_IS_A_VALUE = frozenset({"key", "mode", "explicit", "count", "position", "followers", "ms_played"})
_NUMBERED_ARTIST = re.compile(r"artist_(?:name_)?\d{1,2}|artist_name_\d{1,2}")
_DISC_PLACE = re.compile(r"\d{1,3}(?:\s*/\s*\d{1,3})?(?:\.0)?")
_SHORTEST_S = 20  # a median below this counts neither seconds nor milliseconds
_HOURS_OF_EXCEL = re.compile(r"0?[1-9]:[0-5]\d:00")  # what a spreadsheet makes of a typed 3:41
_ZEROS = "0 is unknown: its first rows hold nothing else"
_MS_FROM = 10_000  # a median above this counts milliseconds: no song lasts three hours


def mapping_of(opened: OpenedFile) -> ColumnMap:
    """What the columns of a table, or the keys of JSON Lines, become."""
    rows = [row for _, row in sample_of(opened)]
    late = dict.fromkeys(name for row in rows for name in row) if opened.kind in ("jsonl", "json table") else {}
    return map_columns(tuple({**dict.fromkeys(opened.columns), **late}), rows)


def fields_of(opened: OpenedFile) -> frozenset[str]:
    """The fields that a table's columns mean."""
    if "fields" not in opened.cache:
        opened.cache["fields"] = frozenset(column.field for column in mapping_of(opened).columns if column.field)
    fields: frozenset[str] = opened.cache["fields"]
    return fields


def columns_of(opened: OpenedFile) -> Sequence[Column]:
    """The columns of a table, or the keys of JSON Lines, and what each becomes."""
    return mapping_of(opened).columns


def map_columns(names: Sequence[str], rows: Sequence[Mapping[str, object]]) -> ColumnMap:
    """What columns become, by their names and by what the first rows hold."""
    cells = {name: [row[name] for row in rows if name in row and not empty(row[name])] for name in names}
    meant = _meanings(names)
    columns = {name: _column(name, meant.get(name), cells[name], len(rows)) for name in names}
    _drop_disc_places(columns, cells)
    parts = in_context(columns, cells)
    _scale_shares(columns, cells)
    together = _numbered_artists(columns)
    ordered = _by_filling(columns, {name: len(cells[name]) for name in names}, meant, together)
    return ColumnMap(ordered, frozenset({"artist"}) if together else frozenset(), plays_add_up=parts)


def _meanings(names: Iterable[str]) -> dict[str, tuple[str, int]]:
    meant = {name: found for name in names if (found := meaning(name)) is not None}
    short = {name: SHORT_NAMES[key] for name in names if (key := column_key(name)) in SHORT_NAMES}
    if len(short) >= SHORT_NAMES_NEEDED:
        taken = {field for name, (field, _) in meant.items() if name not in short}
        meant |= {name: (field, 0) for name, field in short.items() if field not in taken}
    return meant


def _column(name: str, meant: tuple[str, int] | None, cells: Sequence[object], rows: int) -> Column:
    if column_key(name) in ROW_NUMBERS and all(is_number(cell) for cell in cells):
        return Column(name, "", "row numbers")
    if meant is None:
        return Column(name, "", unused_because(name))
    field = meant[0]
    if field == "id" or field in _ID_FIELDS or field in ("song_id", "playlist_id"):
        return _id_column(name, field, meant[1], cells)
    if field == "duration_ms":
        return _duration(name, cells, rows)
    unit = unit_of(name)
    column = Column(name, field, convert=reader_of(field, unit))
    if cells and field in _CHECKS:
        values = [column.convert(cell) if column.convert else cell for cell in cells]
        fitting = sum(_CHECKS[field](value) for value in values)
        if len(cells) >= _CELLS_TO_JUDGE and fitting < _MOSTLY * len(cells):
            return Column(name, "", f"its values are no {field} (as {plain(cells[0])[:30]!r})")
        only_zero = field not in _ZERO_IS_A_VALUE and all(number_of(value) == 0 for value in values)
        if only_zero and (field in _NEVER_ZERO or rows >= _ROWS_TO_JUDGE):
            if rows < SAMPLE_ROWS:
                return Column(name, "", "it holds nothing but 0: unknown")
            return replace(column, remark=_ZEROS, convert=known_numbers(column.convert))
    return column


def _id_column(name: str, field: str, weakness: int, cells: Sequence[object]) -> Column:
    """A column of ids counts as one only if its values look like ids of a known kind."""
    if field in _ID_FIELDS:
        looking = READERS[_ID_FIELDS[field]]
        if not cells or any(looking(cell) for cell in cells):
            return Column(name, field)
    if field == "playlist_id":
        return Column(name, field)
    namespace = namespace_of(cells[:100]) if cells else ""
    if namespace:
        return Column(name, _FIELD_OF[namespace], f"its values are {_CALLED[namespace]}")
    if field == "song_id":
        if cells and all(map(is_number, cells)):
            return Column(name, "", "its values are numbers, which count within this file only")
        return Column(name, field)
    if field != "id":
        return Column(name, "", f"its values are no {_CALLED[_ID_FIELDS[field]]}" if not weakness else "an address")
    numbers = bool(cells) and all(map(is_number, cells))
    return Column(name, "", "row numbers, no ids of a known catalogue" if numbers else "no ids of a known catalogue")


def _duration(name: str, cells: Sequence[object], rows: int) -> Column:
    unit = unit_of(name)
    if unit not in ("ms", "s", "min"):
        if cells and all(moment(cell) is not None for cell in cells):  # no length is a year of the third millennium
            return Column(name, "listened_at", "dates with a time: when it was played")
        bare = [number for cell in cells if (number := number_of(cell)) is not None and number > 0]
        clocks = [text for cell in cells if milliseconds(text := plain(cell)) is not None]
        if cells and not bare and not clocks and all(number_of(cell) == 0 for cell in cells):
            if rows < SAMPLE_ROWS:
                return Column(name, "", "it holds nothing but 0: unknown")
            return Column(name, "duration_ms", _ZEROS, known_numbers(_milliseconds_by_size))
        if len(clocks) >= len(bare):
            if cells and len(clocks) < _MOSTLY * len(cells):
                return Column(name, "", f"its values are no lengths of time (as {plain(cells[0])[:30]!r})")
            if len(clocks) > 1 and all(map(_HOURS_OF_EXCEL.fullmatch, clocks)):
                return Column(name, "duration_ms", "hours:minutes by a spreadsheet, read as minutes:seconds", _sixtieth)
            return Column(name, "duration_ms", "minutes:seconds" if clocks else "", _clock_or_seconds)
        unit = "ms" if median(bare) > _MS_FROM else "s"
        if median(bare) < _SHORTEST_S:
            advice = "write the unit into its name: Duration (min)"
            return Column(name, "", f"neither seconds nor milliseconds (as {plain(cells[0])[:30]!r}); {advice}")
        return Column(name, "duration_ms", "milliseconds by its values" if unit == "ms" else "seconds by its values",
                      milliseconds_of(unit))  # fmt: skip
    return Column(name, "duration_ms", {"ms": "", "s": "seconds", "min": "minutes"}[unit], milliseconds_of(unit))


def _milliseconds_by_size(cell: object) -> object:
    """A length of which only single values are known: seconds below _MS_FROM, else milliseconds."""
    number = number_of(cell)
    return cell if number is None else number * (1.0 if number > _MS_FROM else 1_000.0)


def _clock_or_seconds(cell: object) -> object:
    """A length in a column of minutes:seconds, where a bare number may count seconds or milliseconds, by its size."""
    found, number = milliseconds(plain(cell)), number_of(cell)
    if found is None and number is not None and 0 < number < _SHORTEST_S:
        return f"{plain(cell)} among minutes:seconds"  # 3.2 may be any of three things
    return _milliseconds_by_size(cell) if found is None else found


def _sixtieth(cell: object) -> object:
    found = milliseconds(plain(cell))
    return cell if found is None else found / 60


def _scale_shares(columns: dict[str, Column], cells: Mapping[str, Sequence[object]]) -> None:
    """Shares in percent: most of the columns of shares that say anything have values from 1 to 100, none a fraction."""
    shares = [name for name, column in columns.items() if column.field in SHARES and column.convert is as_number]
    votes: dict[str, bool] = {}
    largest = 0.0
    for name in shares:
        bare = [cell for cell in cells[name] if not (isinstance(cell, str) and cell.rstrip().endswith("%"))]
        numbers = [number for cell in bare if (number := number_of(cell)) is not None]
        fractions = sum(0 < number < 1 for number in numbers)
        above = sum(1 < number <= 100 for number in numbers)
        if fractions or above:
            votes[name] = above > fractions
            largest = max([largest, *(number for number in numbers if number <= 100)])
    if sum(votes.values()) * 2 <= len(votes):
        return
    for name in shares:
        if votes.get(name, True):
            remark, convert = ("of ten", tenth) if largest <= 10 else ("percent", percent)
            columns[name] = replace(columns[name], remark=f"{remark} by its values", convert=convert)


def _drop_disc_places(columns: dict[str, Column], cells: Mapping[str, Sequence[object]]) -> None:
    """A column "Track" with numbers beside another title holds places on a disc."""
    titles = [name for name, column in columns.items() if column.field == "title"]
    for name in titles:
        texts = [plain(cell) for cell in cells[name]]
        if len(titles) > 1 and texts and all(map(_DISC_PLACE.fullmatch, texts)) and column_key(name) != "title":
            columns[name] = Column(name, "", "its place on a disc")


def _numbered_artists(columns: dict[str, Column]) -> list[str]:
    """Columns "Artist Name 1", "Artist Name 2": a list of artists."""
    numbered = [name for name in columns if _NUMBERED_ARTIST.fullmatch(column_key(name)) and not AGAIN.search(name)]
    if len(numbered) < 2:
        return []
    for name, column in columns.items():
        if column.field == "artist":
            columns[name] = Column(name, "", "the artists stand in columns of their own")
    columns |= {name: Column(name, "artist", "one of several artists") for name in numbered}
    return numbered


def _by_filling(
    columns: Mapping[str, Column],
    filled: Mapping[str, int],
    meant: Mapping[str, tuple[str, int]],
    together: Sequence[str],
) -> list[Column]:
    """The columns as they are asked: of several with one meaning the plainer name, then the better filled one first."""
    of_field: dict[str, list[str]] = defaultdict(list)
    for name, column in columns.items():
        if column.field and name not in together:
            of_field[column.field].append(name)
    ordered = dict(columns)
    for field, names in of_field.items():
        weakness = {name: meant.get(name, (field, 0))[1] for name in names}
        names.sort(key=lambda name: (weakness[name], not is_of_the_song(name), -filled[name]))
        for rank, name in enumerate(names[1:], start=1):
            alike = weakness[name] == weakness[names[0]] and is_of_the_song(name) == is_of_the_song(names[0])
            better = ", which is better filled" if alike else ""
            ordered[name] = replace(ordered[name], remark=f"read where {names[0]!r} is empty{better}", rank=rank)
    return list(ordered.values())


def _fits_share(value: object) -> bool:
    return number_of(value) is not None


def _fits_key(value: object) -> bool:
    number = number_of(value)
    return -1 <= number <= 11 if number is not None else key_and_mode(plain(value))[0] is not None


_CHECKS: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(
        (*SHARES, "loudness", "tempo", "popularity", "plays", "followers", "count", "position"), _fits_share
    ),
    "key": _fits_key,
    "camelot": _fits_key,
    "mode": lambda value: mode_of(identifier(value)) is not None or number_of(value) is not None,
    "year": lambda value: year_of(plain(value)) is not None or number_of(value) is not None,
    "decade": lambda value: year_of(plain(value).removesuffix("s")) is not None,
}
assert set(AUDIO_NAMES) - SHARES == {"key", "mode", "loudness", "tempo", "duration_ms"}
