"""Flat: a JSON object's values by their paths, as the cells of a row."""

from __future__ import annotations

from collections.abc import Mapping

MAX_DEPTH = 8  # of objects inside objects whose values become cells


def flat(record: Mapping[str, object], *, within: str = "", depth: int = 0) -> dict[str, object]:
    """An object's values by their paths; of a list of objects the list of each key's values.

    >>> flat({"name": "A", "album": {"name": "B"}, "artists": [{"name": "Ada"}, {"name": "Bo"}]})
    {'name': 'A', 'album.name': 'B', 'artists.name': ['Ada', 'Bo']}
    """
    cells: dict[str, object] = {}
    for key, value in record.items():
        name = f"{within}{key}"
        if isinstance(value, Mapping) and value and depth < MAX_DEPTH:
            cells |= flat(value, within=f"{name}.", depth=depth + 1)
        elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            for inner in dict.fromkeys(inner for each in value for inner in each):
                cells[f"{name}.{inner}"] = [each[inner] for each in value if inner in each]
        else:
            cells[name] = value
    return cells
