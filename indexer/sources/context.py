"""Context: columns whose plain names mean something else beside certain other columns, as "date" in a chart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from indexer.sources.cells import plain
from indexer.sources.columns import Column
from indexer.sources.meanings import ADDED, column_key
from indexer.sources.units import moment, year_of

# What only charts have; "rank" and "position" alone may be of one list of songs, each with its own date.
_OF_A_CHART = re.compile(
    r"(?:chart|charts|trend|region|daily_rank|weekly_rank|daily_movement|weekly_movement|last_week|this_week|"
    r"current_week|last_week_rank|week_position|week_?id|(?:last|previous|prev)_(?:week_)?(?:rank|pos|position)|"
    r"peak|peak_(?:rank|pos|position|date)|(?:highest|best)_(?:rank|pos|position)|"
    r"(?:weeks?|wks|days?|months?)_(?:on|in)_(?:board|charts?|list)|chart_\w+|\w+_charts?|"
    r"platzierung|wochen|vorwoche|hochstplatzierung)"
)
_RANK = re.compile(
    r"(?:rank|ranking|position|pos|place|platz|rang|classement|puesto|posizione|chart_position|順位|排名)"
)
_DAY = re.compile(
    r"(?:(?:chart_|snapshot_|week_)?(?:date|week|day|month)|week_?(?:id|of|start|end|ending)?|chart_?date|datum|fecha|"
    r"data|woche|semaine|semana|settimana|snapshot|timestamp|time_stamp|date_time|datetime|ts)"
)
_OF_AN_EVENT = re.compile(
    r"(?:venue|concert|gig|setlist|tour|festival|station|radio|channel|dj|show_date|user|users?_?id|user_?name|"
    r"listener|listener_id)"
)
_LISTENER = re.compile(r"(?:user|users?_?id|user_?name|listener|listener_id)")
_OF_THE_SONG = re.compile(r"(?:track|song|recording)(?:_.*)?")
_TIMES = frozenset({"date", "listened_at"})
_CHART_REASON = "the day of a chart, not when the song came out"


def in_context(columns: dict[str, Column], cells: Mapping[str, Sequence[object]]) -> bool:
    """Change the columns that mean something else beside others; whether numbers of plays are of a part of them.

    They are where a row counts the plays of a day, of a week or of a listener: a song's plays are their sum.
    """
    _names_of_lists(columns, cells)
    keys = {name: column_key(name) for name in columns}
    fields = {column.field for column in columns.values()}
    days = _days(columns, keys)
    chart = _is_chart(columns, cells, keys, days)
    if chart:
        for name, key in keys.items():
            if name in days:
                columns[name] = Column(name, "", _CHART_REASON)
            elif _RANK.fullmatch(key) or (key.endswith(("rank", "position")) and not columns[name].field):
                columns[name] = Column(name, "", "a place in a chart")
            elif not columns[name].field and _OF_A_CHART.fullmatch(key):
                columns[name] = Column(name, "", "about the chart, not about the song")
    _resolve_dates(columns, cells, keys)
    if not fields.isdisjoint(("title", "artist")) and fields.isdisjoint(("tag", "tags")):
        for name, column in columns.items():
            if column.field == "count":
                columns[name] = Column(name, "", "it does not say what it counts; if these are plays, call it plays")
    by_day = bool(days) and (chart or _counts_days(cells, columns, days))
    if not by_day and not any(map(_LISTENER.fullmatch, keys.values())):
        return False
    for name, column in columns.items():
        if column.field == "plays":
            columns[name] = replace(column, remark="those of a day, a week or a listener: a song's rows are added up")
    return True


def is_of_the_song(name: str) -> bool:
    """Whether a column's name says itself that it is of the song, as "track_name" beside "name"."""
    return _OF_THE_SONG.fullmatch(column_key(name)) is not None


def _days(columns: Mapping[str, Column], keys: Mapping[str, str]) -> set[str]:
    """Columns that may be the day of a chart; a time that is surely of a listen is none."""
    return {
        name
        for name, key in keys.items()
        if columns[name].field in ("", "date", "listened_at") and (_DAY.fullmatch(key) or columns[name].field == "date")
    }


def _is_chart(
    columns: Mapping[str, Column],
    cells: Mapping[str, Sequence[object]],
    keys: Mapping[str, str],
    days: Iterable[str],
) -> bool:
    fields = {column.field for column in columns.values()}
    if "title" not in fields or not fields.isdisjoint(("playlist", "playlist_id", "ms_played")):
        return False
    ranks = [name for name, key in keys.items() if _RANK.fullmatch(key) or key.endswith("_rank")]
    signs = sum(_OF_A_CHART.fullmatch(key) is not None for key in keys.values())
    if signs > 1 or (signs and (ranks or "plays" in fields)):
        return True
    return bool(ranks) and any(_repeats(cells[name]) for name in (*days, *ranks))


def _counts_days(cells: Mapping[str, Sequence[object]], columns: Mapping[str, Column], days: Iterable[str]) -> bool:
    """Whether rows count the plays of a day: a song or a day has several."""
    plays = any(column.field == "plays" for column in columns.values())
    titles = [name for name, column in columns.items() if column.field == "title"]
    return plays and any(_repeats(cells[name]) for name in (*days, *titles[:1]))


def _repeats(values: Sequence[object]) -> bool:
    """Whether most values come several times, as the days and the places of charts do."""
    return len(values) < 2 or 3 * len({plain(value) for value in values}) <= 2 * len(values)


def _names_of_lists(columns: dict[str, Column], cells: Mapping[str, Sequence[object]]) -> None:
    """A column "name" beside "track_name" is the name of something else: of the playlist where it has an id."""
    titles = [name for name, column in columns.items() if column.field == "title"]
    others = [name for name in titles if is_of_the_song(name)]
    fields = {column.field for column in columns.values()}
    for name in titles:
        better = next((other for other in others if 2 * len(cells[other]) >= len(cells[name])), "")
        if column_key(name) == "name" and better:
            of_playlist = "playlist_id" in fields and "playlist" not in fields
            columns[name] = (
                Column(name, "playlist", f"the song's name stands in {better!r}")
                if of_playlist
                else Column(name, "", f"of something else: the song's name stands in {better!r}")
            )


def _resolve_dates(columns: dict[str, Column], cells: Mapping[str, Sequence[object]], keys: Mapping[str, str]) -> None:
    """A column called "date" is when a song came out, unless another one says that it is the day of something else."""
    fields = {column.field for column in columns.values()}
    added = any(key in ADDED or re.search(r"(?:^|_)added(?:_|$)", key) for key in keys.values())
    events = [name for name, key in keys.items() if _OF_AN_EVENT.fullmatch(key)]
    for name, column in columns.items():
        if column.field != "date":
            continue
        if "listened_at" in fields or "ms_played" in fields:
            columns[name] = Column(name, "", "when it was played stands in another column")
        elif cells[name] and any(moment(cell) is not None and ":" in plain(cell) for cell in cells[name]):
            columns[name] = Column(name, "listened_at", "dates with a time: when it was played")
        elif added:
            columns[name] = Column(name, "", "the day on which it was added, not when it came out")
        elif events:
            columns[name] = Column(name, "", f"of a listen or a show, as {events[0]!r} says, not when it came out")
        elif _counts_days(cells, columns, [name]):
            columns[name] = Column(name, "", "the day whose plays are counted, not when it came out")
        elif any(year_of(plain(cell)) for cell in cells[name]):
            columns[name] = Column(name, "year", "the year of the date")
        else:
            columns[name] = Column(name, "", "no dates")
