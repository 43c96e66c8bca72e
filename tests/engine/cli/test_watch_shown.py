"""What a watch prints: a line for each file or for many, one for each generation, nothing twice, nothing harmful."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from engine.cli.render.watch import Rounds
from indexer.build.run import BuildReport
from indexer.build.watch import Round
from indexer.catalogue import LoadReport, Remark, RowCounts

CLOCK = re.compile(r"^\d\d:\d\d:\d\d ", re.MULTILINE)
UPDATED = BuildReport("updated", "ix", 7, 12, added=2, notes=("learn again",))


def report(file: str, refused: int = 0) -> LoadReport:
    counts = {"songs": RowCounts(added=1_000, unchanged=2, refused=refused), "playlists": RowCounts()}
    return LoadReport(file, "songs", counts, (), refused)


def printed(capsys: pytest.CaptureFixture[str], *rounds: Round | None, as_json: bool = False) -> tuple[str, str]:
    shown = Rounds(as_json=as_json)
    for each in rounds:
        shown.show(each)
    out, err = capsys.readouterr()
    return CLOCK.sub("", out), CLOCK.sub("", err)


def test_few_files_have_a_line_each_and_many_one_together(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = printed(capsys, Round((report("a.csv"), report("b\x1b[2J.csv", refused=1)), published=UPDATED), None)
    assert out.splitlines() == [
        "a.csv: songs 1,000 added, 2 unchanged",
        "b\\x1b[2J.csv: songs 1,000 added, 2 unchanged, 1 left out",
        "ix: updated, 12 songs (+2 new, 0 changed, -0), generation 7",
    ]
    assert err.splitlines() == ["1 row was left out; list why with `refrain refused`", "learn again"]
    out, err = printed(capsys, Round(tuple(report(f"{n}.csv", refused=2) for n in range(40))))
    assert out == "40 files: songs 40,000 added, 80 unchanged, 80 left out\n"
    assert err == "80 rows were left out; list why with `refrain refused`\n"
    remarked = replace(report("a.csv"), remarks=(Remark("a.csv", "value", "energy is out of range", 1, (7,)),))
    _, err = printed(capsys, Round((remarked, report("b.csv"))))
    assert err == "1 of them has remarks; list them with `refrain refused`\n"


def test_what_was_not_imported_is_on_stderr_and_a_note_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = tuple((f"{n}.csv", f"/in/{n}.csv is empty") for n in range(12))
    out, err = printed(
        capsys, Round(skipped=skipped, published=UPDATED), Round(gone=2, published=UPDATED, problem="full")
    )
    assert out.count("generation 7") == 2
    lines = err.splitlines()
    assert lines[0] == "not imported: /in/0.csv is empty"
    assert lines[10:] == [
        "and 2 more files were not imported",
        "learn again",
        "2 files are gone; what they brought stays (`refrain delete SONG`; of sound: `refrain import FOLDER --prune`)",
        "full; trying again until it works",
    ]


def test_json_is_a_line_for_each_round(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = printed(
        capsys, Round((report("a\n.csv"),), (("b.csv", "empty"),), published=UPDATED), Round(gone=1), as_json=True
    )
    first, second = map(json.loads, out.splitlines())
    assert first["imports"][0]["counts"]["songs"]["added"] == 1_000
    assert first["skipped"] == [{"file": "b.csv", "why": "empty"}]
    assert first["published"]["generation"] == 7
    assert (second["gone"], second["published"], second["problem"]) == (1, None, "")
    assert first.keys() == second.keys()
    assert err == ""
