"""Values read from a catalogue are checked as those of a file are: somebody else may have written it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Select, String
from sqlalchemy.sql.elements import ColumnElement

from indexer.errors import CatalogueError

_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts",
    bytes: "bytes",
}


def checked(query: Select[Any], rows: Iterable[Any]) -> Iterator[Any]:
    """The rows of `query`, each value of the type that its column has.

    Raises CatalogueError with table, column and what was found: SQLite keeps a blob or a text in any column.
    """
    expected = [(_types(column), column) for column in query.selected_columns]
    for row in rows:
        for value, (types, column) in zip(row, expected, strict=True):
            if type(value) not in types or (type(value) is float and not math.isfinite(value)):
                raise unexpected(column, value)
        yield row


def unexpected(column: Any, value: object, expected: str = "") -> CatalogueError:
    """The error for a value that no import of ours writes."""
    table = getattr(getattr(column, "table", None), "name", "?")
    expected = expected or _WORDS.get(_python_type(column), "another value")
    return CatalogueError(
        f"the catalogue's table {table} holds {ascii(value)[:60]} in column {column.name}, expected {expected}; "
        "another program wrote it: import the files again into a new catalogue"
    )


def _types(column: ColumnElement[Any]) -> frozenset[type]:
    kind = _python_type(column)
    types = {kind, int} if kind is float else {kind}
    return frozenset(types | {type(None)} if getattr(column, "nullable", True) else types)


def _python_type(column: Any) -> type:
    if isinstance(column.type, String):  # also the keys, which have a variant
        return str
    kind: type = column.type.python_type
    return kind
