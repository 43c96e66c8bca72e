"""How answers look: rich tables for people, JSON for programs; on stdout, and nothing else there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.options import stderr

if TYPE_CHECKING:
    from rich.console import Console

    from engine.answer.hits import Hit
    from engine.answer.reasons import Explanation
    from engine.engine import Engine
    from engine.listen.moods import SongMoods
    from engine.playlist.playlist import Playlist
    from engine.score.weights import Profile
    from engine.tune.acceptance import TuningReport
    from indexer.build.run import BuildReport
    from indexer.catalogue import LoadReport, Refusal
    from indexer.records import Song

PIPE_WIDTH = 160  # columns of a table that goes into a file: wide enough for a song and its reason in one line


def stdout() -> Console:
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)


def as_json(value: Any) -> None:
    """One JSON document; dataclasses as objects."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(title: str | None, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]) -> None:
    """A table; `columns` are (heading, "left" | "right")."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, box=SIMPLE, title_justify="left", pad_edge=False)
    for heading, side in columns:
        drawn.add_column(heading, justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in rows:  # as Text, or a title in square brackets would be read as markup
        drawn.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    stdout().print(drawn)


def hits(found: Sequence[Hit], *, as_json: bool) -> None:
    if as_json:
        _json(found)
        return
    if not found:
        stderr().print("no song found; try fewer filters or other words")
        return
    lines = any(hit.line for hit in found)
    columns = [("", "right"), ("song", "left"), ("artist", "left"), ("year", "right"), ("score", "right")]
    table(
        None,
        [*columns, ("line" if lines else "why", "left")],
        (
            (hit.rank, hit.title or "untitled", hit.artist, hit.year, f"{hit.score:.2f}", hit.line or hit.reason)
            for hit in found
        ),
    )


_json = as_json


def songs(found: Sequence[Song], *, as_json: bool) -> None:
    if as_json:
        _json([asdict(song) | {"lyrics": song.lyrics is not None} for song in found])
        return
    if not found:
        stderr().print("no song found")
        return
    table(
        None,
        [("song", "left"), ("artist", "left"), ("year", "right"), ("album", "left"), ("song_id", "left")],
        ((s.title or "untitled", s.artist, s.year, s.album, s.song_id) for s in found),
    )


def moods(found: SongMoods, k: int, *, as_json: bool) -> None:
    if as_json:
        _json(found)
        return
    if not found.known:
        stderr().print("unknown: neither lyrics nor sound of this song are known, and nothing is guessed")
        return
    columns = [("mood", "left"), ("probability", "right"), ("usual", "right"), ("listeners", "left")]
    said = {True: "call it so", False: "do not", None: ""}
    table(
        None,
        [*columns, ("lyrics", "right"), ("sound", "right"), ("company", "right"), ("what speaks for it", "left")],
        (
            (
                mood.name, f"{mood.probability:.2f}", f"{mood.usual:.2f}", said[mood.said],
                *(f"{mood.shares[block]:.0%}" for block in ("lyrics", "sound", "listeners")),
                ", ".join((*mood.words, *mood.features)),
            )
            for mood in found.moods[:k]
        ),
    )  # fmt: skip
    if found.happy is not None and found.quadrants is not None:
        says = {
            "Q1": "pleasant, excited",
            "Q2": "unpleasant, excited",
            "Q3": "unpleasant, calm",
            "Q4": "pleasant, calm",
        }
        told = f"{found.quadrant}, {says[str(found.quadrant)]} ({found.quadrants[str(found.quadrant)]:.0%})"
        affect = f"valence {found.valence:+.1f}, arousal {found.arousal:+.1f}; happy {found.happy:.0%}"
        stdout().print(f"{told}; {affect}; from {' and '.join(found.known)}")


def playlist(made: Playlist, out: Path | None, *, as_json: bool) -> None:
    from engine.playlist.playlist import as_json as playlist_json
    from engine.playlist.transitions import camelot

    if out is not None:
        made.save(out)
        stderr().print(f"{len(made)} songs written to {out}", markup=False)
    if as_json:
        sys.stdout.write(playlist_json(made))
    else:
        columns = [("", "right"), ("song", "left"), ("artist", "left"), ("year", "right"), ("BPM", "right")]
        table(
            made.name,
            [*columns, ("key", "right"), ("energy", "right"), ("why", "left")],
            (
                (
                    hit.rank, hit.title or "untitled", hit.artist, hit.year,
                    "" if hit.tempo is None else f"{hit.tempo:.0f}",
                    camelot(hit.key, hit.mode), "" if hit.energy is None else f"{hit.energy:.2f}", hit.reason,
                )
                for hit in made.songs
            ),
        )  # fmt: skip
    for sentence in made.relaxed:
        stderr().print(f"relaxed: {sentence}", markup=False, highlight=False)


def explanation(found: Explanation, *, as_json: bool) -> None:
    if as_json:
        plain = asdict(found)
        plain["a"]["lyrics"], plain["b"]["lyrics"] = found.a.lyrics is not None, found.b.lyrics is not None
        _json(plain)
        return
    console = stdout()
    console.print(f"{found.a.name}  +  {found.b.name}", markup=False, highlight=False, style="bold")
    console.print(f"{found.reason}.", markup=False, highlight=False)
    for label, words in (("shared words", found.shared_words), ("shared topic", found.topics)):
        if words:
            console.print(f"{label}: {', '.join(words)}", markup=False, highlight=False)
    if found.line:
        console.print(f"line: {found.line}", markup=False, highlight=False)
    rows = [(name, "unknown" if value is None else f"{value:.3f}") for name, value in found.signals.items()]
    table("signals", [("", "left"), ("value", "right")], rows)
    table(
        "sound",
        [("", "left"), ("a", "right"), ("b", "right"), ("likeness", "right")],
        ((f.name, _number(f.a), _number(f.b), _number(f.likeness)) for f in found.features),
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def import_report(report: LoadReport) -> None:
    rows = [
        (kind, f"{c.added:,}", f"{c.changed:,}", f"{c.unchanged:,}", f"{c.refused:,}")
        for kind, c in report.counts.items()
        if c.added or c.changed or c.unchanged or c.refused
    ]
    columns = [(report.format, "left"), *((name, "right") for name in ("added", "changed", "unchanged", "refused"))]
    table(Path(report.file).name, columns, rows)
    if report.refused:
        first = report.refusals[0]
        remarks = "1 remark" if report.refused == 1 else f"{report.refused:,} remarks"
        stderr().print(
            f"{remarks}, the first: row {first.row}: {first.reason}; list them with `refrain refused`",
            markup=False,
            highlight=False,
        )


def refusals(found: Iterable[Refusal], *, as_json: bool) -> None:
    if as_json:
        _json(list(found))
        return
    columns = [("file", "left"), ("row", "right"), ("what", "left"), ("why", "left")]
    table(None, columns, ((Path(r.file).name, r.row, r.what, r.reason) for r in found))


def build_report(report: BuildReport, *, as_json: bool) -> None:
    if as_json:
        _json(report)
        return
    console = stdout()
    if report.kind == "unchanged":
        console.print(f"{report.index}: nothing changed, {report.songs:,} songs", markup=False, highlight=False)
        return
    changes = f" (+{report.added:,} new, {report.changed:,} changed, -{report.removed:,})"
    console.print(
        f"{report.index}: {report.kind}, {report.songs:,} songs{changes if report.kind == 'updated' else ''}, "
        f"generation {report.generation}",
        markup=False, highlight=False,
    )  # fmt: skip


def information(engine: Engine, *, as_json: bool) -> None:
    manifest = engine.index.manifest
    facts = {
        "songs": manifest["songs"],
        "with lyrics": manifest["with_lyrics"],
        "with audio features": manifest["with_audio"],
        "dead rows": manifest["rows"] - manifest["songs"],
        "playlists learned from": manifest["playlists"],
        "taste": "learned" if "taste" in engine.index.layout.names else "not learned: too few playlists to learn from",
        "tBERT": "not learned: too few songs with moods" if engine.index.tbert_model is None else "learned",
        **{f"moods, {name}": head.summary for name, head in engine.index.mood_model.heads.items()},
        "parts": ", ".join(f"{name} {dim}" for name, dim in manifest["parts"]),
        "encoder": manifest["encoder"]["name"],
        "generation": engine.index.generation.number,
        "built": manifest["created"],
        "bytes": sum(f["bytes"] for f in manifest["files"].values()),
        **{
            f"weights, {profile} seed{'s' * (profile != 'one')}": ", ".join(f"{n} {w:.2f}" for n, w in weights.items())
            for profile, weights in engine.weights.items()
        },
    }
    if as_json:
        _json({**facts, "weights": engine.weights, "config": json.loads(manifest["config"]),
               "libraries": manifest["libraries"]})  # fmt: skip
        return
    rows = ((name, f"{v:,}" if isinstance(v, int) else v) for name, v in facts.items())
    table(str(engine.index.path), [("", "left"), ("", "left")], rows)


def problems(found: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        _json({"sound": not found, "problems": list(found)})
        return
    if not found:
        stdout().print("sound: every file as it was written, and a sample derived again alike")
    for sentence in found:
        stdout().print(sentence, markup=False, highlight=False)
    if found:
        stderr().print("the index is damaged; rebuild it with `refrain build`", style="red")


def tuning(reports: Mapping[Profile, TuningReport], target: Path | None, *, as_json: bool) -> None:
    if as_json:
        _json({profile: report.to_dict() for profile, report in reports.items()})
        return
    for report in reports.values():
        rows = [(n, f"{report.tuned.start[n]:.2f}", f"{report.tuned.weights[n]:.2f}") for n in report.tuned.start]
        table(report.metric, [("weight", "left"), ("before", "right"), ("tuned", "right")], rows)
        check = report.check
        table(
            None,
            [("split", "left"), ("before", "right"), ("after", "right"), ("playlists", "right"), ("p", "right")],
            [
                ("tuned on", f"{report.tuned.before:.4f}", f"{report.tuned.after:.4f}", "", ""),
                ("not seen", f"{check.before:.4f}", f"{check.after:.4f}", check.queries, f"{check.p_value:.4f}"),
            ],
        )
        stdout().print("accepted" if report.accepted else "not accepted: the old weights stay")
    if target is not None:
        stdout().print(f"written to {target}")
