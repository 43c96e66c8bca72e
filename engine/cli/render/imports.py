"""What an import did, and what it could not take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.render.console import NAMED, Column, json_document, line, message, some_of, table

if TYPE_CHECKING:
    from indexer.catalogue import LoadReport, Refusal, Remark
    from indexer.catalogue.doctor import Diagnosis
    from indexer.sources import Gathered

SHOWN = 5  # kinds of remarks that an import prints
LONGEST = 60  # characters of a value in a preview
_COUNTS = ("added", "changed", "unchanged", "refused")


def show_import(report: LoadReport) -> None:
    rows = [
        (kind, *(f"{getattr(counts, name):,}" for name in _COUNTS))
        for kind, counts in report.counts.items()
        if any(getattr(counts, name) for name in _COUNTS)
    ]
    columns: list[Column] = [(report.format, "left"), *((name, "right") for name in _COUNTS)]
    table(Path(report.file).name, columns, rows)
    if report.met_by_name:
        met = "1 row" if report.met_by_name == 1 else f"{report.met_by_name:,} rows"
        message(f"{met} met songs of other files by artist and title; list them with `refrain merges`")
    if report.nearly_met:
        near = "1 row" if report.nearly_met == 1 else f"{report.nearly_met:,} rows"
        message(f"{near} became other songs than those of their name; list why with `refrain merges --near`")
    of_rows = [remark for remark in report.remarks if remark.what not in ("column", "file")]
    for remark in [each for each in report.remarks if each.what == "file"] + of_rows[:SHOWN]:
        message(f"{_files(remark)}{remark.kind}" if "files" in report.counts else f"{_where(remark)}: {remark.kind}")
    of_columns = [remark for remark in report.remarks if remark.what == "column"]
    for remark in of_columns[:SHOWN]:
        message(f"column {remark.kind}")
    more = max(len(of_rows) - SHOWN, 0) + max(len(of_columns) - SHOWN, 0)
    if more:
        message(f"and {more} more kinds of remarks; list them with `refrain refused`")


def show_diagnosis(diagnosis: Diagnosis, *, as_json: bool) -> None:
    """What a catalogue lacks and what looks wrong in it, a row each, and what to do next."""
    if as_json:
        json_document(diagnosis)
        return
    columns: list[Column] = [
        ("", "left"),
        ("what", "left"),
        ("songs", "right"),
        ("share", "right"),
        ("it costs", "left"),
    ]
    rows = [
        (each.kind, each.what, f"{each.songs:,}", f"{each.songs / each.of:.0%}", each.brings)
        for each in diagnosis.findings
    ]
    table(f"{diagnosis.songs:,} songs, {diagnosis.playlists:,} playlists", columns, rows)
    for each in diagnosis.findings:
        if each.kind != "lacks":
            line(f"{each.what}: {', '.join(each.examples)}; {each.advice}")
    line(f"next: {diagnosis.next}")


def show_skipped(gathered: Gathered) -> None:
    """Files of folders and archives that hold nothing that Refrain knows."""
    if gathered.skipped:
        names = some_of([name for name, _ in gathered.skipped])
        count = len(gathered.skipped)
        message(f"{count:,} {'file holds' if count == 1 else 'files hold'} nothing that Refrain knows: {names}")


def show_folders(folders: Iterable[Path]) -> None:
    """How many files of sound an import of these folders would read."""
    from indexer.sources.sound.walk import walk_folder

    for folder in folders:
        count = len(walk_folder(folder).files)
        what = "tags, lyrics and, with the extra `audio`, what is measured from the sound"
        message(f"{folder.name or folder}: {count:,} files of sound; imported are their {what}")


def show_previews(gathered: Gathered, *, as_json: bool) -> None:
    """What files would become: kind and why, each column and its meaning, the first songs."""
    from indexer.sources.preview import preview

    previews = [preview(source) for source in gathered.sources]
    if as_json:
        json_document({"previews": previews, "skipped": [{"file": name, "why": why} for name, why in gathered.skipped]})
        return
    for each in previews:
        columns: list[Column] = [("column", "left"), ("becomes", "left"), ("remark", "left"), ("as", "left")]
        rows = [(c.name or "(no name)", c.field or "-", c.remark, c.example) for c in each.columns]
        table(f"{Path(each.file).name}: {each.kind}, for it has {each.why}", columns, rows)
        for remark in each.remarks:
            message(remark)
        if each.others:
            message(f"it may also be {' or '.join(each.others)}; to decide: --as KIND")
        for number, song in enumerate(each.songs, start=1):
            line(f"song {number}: " + "; ".join(f"{name} {_short(value)}" for name, value in song.items()))
        for name in each.playlists[:NAMED]:
            line(f"playlist: {name}")
    show_skipped(gathered)


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _files(remark: Remark) -> str:
    """How many files of a folder a remark is about; that of a single file names it."""
    return "" if remark.count == 1 else f"{remark.count:,} {'entries' if remark.what == 'entry' else 'files'}: "


def _where(remark: Remark) -> str:
    """Which rows a remark is about; row 0 is the file as a whole.

    >>> from indexer.catalogue import Remark
    >>> _where(Remark("a", "song", "why", 1, (7,))), _where(Remark("a", "song", "why", 1200, (1, 5, 9)))
    ('row 7', '1,200 rows (1, 5, 9, ...)')
    >>> _where(Remark("a", "value", "why", 1, (0,))), _where(Remark("a", "value", "why", 1200, (0,)))
    ('all rows', '1,200 rows')
    """
    rows = [row for row in remark.rows if row]
    if remark.what in ("column", "file"):
        return remark.what
    if remark.count == 1:
        return f"row {rows[0]}" if rows else "all rows"
    more = ", ..." if remark.count > len(rows) else ""
    return f"{remark.count:,} rows" + (f" ({', '.join(map(str, rows))}{more})" if rows else "")


def _row(refusal: Refusal) -> str:
    """Which rows a refusal stands for.

    >>> from indexer.catalogue import Refusal
    >>> _row(Refusal("a", 7, "song", "why")), _row(Refusal("a", 7, "value", "why", count=1200))
    ('7', '7 and 1,199 more')
    >>> _row(Refusal("a", 0, "value", "why")), _row(Refusal("a", 0, "value", "why", count=1200))
    ('all', '1,200')
    """
    if not refusal.row:
        return "all" if refusal.count == 1 else f"{refusal.count:,}"
    return str(refusal.row) if refusal.count == 1 else f"{refusal.row} and {refusal.count - 1:,} more"


def show_remarks(remarks: Sequence[Remark], *, as_json: bool) -> None:
    """What imports left out, counted by reason."""
    if as_json:
        json_document({"remarks": remarks})
        return
    columns: list[Column] = [("file", "left"), ("what", "left"), ("where", "left"), ("why", "left")]
    table(None, columns, ((Path(each.file).name, each.what, _where(each), each.kind) for each in remarks))


def show_refusals(refusals: Iterable[Refusal], *, as_json: bool) -> None:
    if as_json:
        json_document({"refused": refusals})
        return
    columns: list[Column] = [("file", "left"), ("row", "right"), ("what", "left"), ("why", "left")]
    table(None, columns, ((Path(each.file).name, _row(each), each.what, each.reason) for each in refusals))
