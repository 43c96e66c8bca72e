"""Columns: what each column of a file becomes, and the rows of a file by fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from indexer.sources.cells import empty, plain, without_entities
from indexer.sources.meanings import meaning, unit_of, unused_because
from indexer.sources.units import decimal, milliseconds, whole

SHARES = frozenset({"danceability", "energy", "speechiness", "acousticness", "instrumentalness", "liveness", "valence"})

_NAMES = frozenset({"title", "artist", "album", "playlist", "tag", "tags"})  # a song may be called "None" or "?"
_TEXTS = _NAMES | {"featured", "genre", "subgenre", "description"}  # what web pages bring with signs as HTML has them

_BARE_COMMA = re.compile(r"(?<!\\),")

Convert = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file and what it becomes.

    field     of a song, an entry or a tag; "" where the column is not used
    remark    a unit or a guess; why a column is not used
    convert   from its cells to the field's unit, where they differ
    rank      of several columns with one meaning 0 is read first
    """

    name: str
    field: str
    remark: str = ""
    convert: Convert | None = None
    rank: int = 0


class ColumnMap:
    """The columns of a file, each with its meaning; fields whose first column is empty are filled from the next.

    plays_add_up   whether a row counts the plays of a day or of a listener: a song's plays are the sum of its rows
    """

    def __init__(
        self, columns: Sequence[Column], together: frozenset[str] = frozenset(), *, plays_add_up: bool = False
    ) -> None:
        self.columns = tuple(columns)
        self.plays_add_up = plays_add_up
        self._together = together
        self._used: list[Column] = []
        self._readings: list[tuple[str, str, Convert | None]] = []
        self._names = {column.name for column in columns}
        self._unused: list[str] = []
        self.unused_cells: Counter[str] = Counter()
        for column in columns:
            self._add(column)

    def values(self, row: Mapping[str, object]) -> dict[str, object]:
        """A row by fields; cells of columns that are not used are counted."""
        for name in self._unused:
            if name in row and not empty(row[name]):
                self.unused_cells[name] += 1
        if not row.keys() <= self._names:  # keys of JSON that come late
            for name in sorted(row.keys() - self._names):
                column = _late(name)
                self.columns = (*self.columns, column)
                self._names.add(name)
                self._add(column)
                if not column.field and not empty(row[name]):
                    self.unused_cells[name] += 1
        values: dict[str, object] = {}
        for name, field, convert in self._readings:
            cell = row.get(name)
            if cell is None or cell == "" or (empty(cell) and not (field in _NAMES and isinstance(cell, str))):
                continue
            if field in values and field not in self._together:
                continue
            if field in _TEXTS:
                cell = without_entities(cell)
            cell = cell if convert is None else convert(cell)
            if cell is None:
                continue
            values[field] = [*values.get(field, ()), cell] if field in self._together else cell  # type: ignore[misc]
        return values

    def _add(self, column: Column) -> None:
        if not column.field:
            self._unused.append(column.name)
            return
        self._used.append(column)
        self._used.sort(key=lambda each: each.rank)  # stable: of one rank as the file has them
        self._readings = [(each.name, each.field, each.convert) for each in self._used]


def _late(name: str) -> Column:
    found = meaning(name)
    if found is None or found[0] in ("id", "song_id", "date"):
        return Column(name, "", unused_because(name))
    return Column(name, found[0], convert=reader_of(found[0], unit_of(name)))


def reader_of(field: str, unit: str) -> Convert | None:
    """From a cell to what `song_facts` reads, where a number may be written in several ways."""
    if field in SHARES:
        return percent if unit == "%" else as_number
    if field in ("tempo", "loudness"):
        return as_number
    if field in ("popularity", "plays", "followers", "count", "ms_played", "position"):
        return as_count
    if field == "duration_ms":
        return milliseconds_of(unit if unit in ("ms", "s", "min") else "ms")
    return listed_artists if field == "artist" else None


def listed_artists(cell: object) -> object:
    """A list of artists where commas inside names are escaped, as Exportify writes it; any other cell as it is.

    >>> listed_artists("Tyler\\\\, Painter, Ana"), listed_artists("Tyler, Painter")
    (['Tyler, Painter', 'Ana'], 'Tyler, Painter')
    """
    if not isinstance(cell, str) or "\\," not in cell:
        return cell
    return [name.replace("\\,", ",").strip() for name in _BARE_COMMA.split(cell)]


def milliseconds_of(unit: str) -> Convert:
    factor = {"ms": 1.0, "s": 1_000.0, "min": 60_000.0}[unit]

    def convert(cell: object) -> object:
        text = plain(cell)
        clock = milliseconds(text)
        if clock is not None:
            return clock
        number = number_of(cell)
        return cell if number is None else number * factor

    return convert


def number_of(cell: object) -> float | None:
    if isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, int | float):
        return float(cell) if abs(cell) < 1e300 else None
    return decimal(plain(cell))


def as_number(cell: object) -> object:
    return found if isinstance(cell, str) and (found := decimal(cell)) is not None else cell


def as_count(cell: object) -> object:
    return found if isinstance(cell, str) and (found := whole(cell)) is not None else cell


def percent(cell: object) -> object:
    if isinstance(cell, str) and cell.rstrip().endswith("%"):
        return as_number(cell)
    number = number_of(cell)
    return cell if number is None else number / 100


def tenth(cell: object) -> object:
    """A share that is given on a scale of ten."""
    number = number_of(cell)
    return cell if number is None else number / 10


def known_numbers(convert: Convert | None) -> Convert:
    """Numbers of a column in which 0 stands for what nobody knows: None for 0."""

    def known(cell: object) -> object:
        return None if number_of(cell) == 0 else cell if convert is None else convert(cell)

    return known
