"""Progress where no person looks on: a line every half minute, of the work that is done then."""

from __future__ import annotations

import io
import sys
import time
from itertools import pairwise

import pytest

from engine.cli.progress import EVERY_S, Bars, Lines, progress
from indexer.progress import quiet
from tests.engine.cli.running import Terminal


class Clock:
    """Seconds that pass only when somebody works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def work(track: Lines, clock: Clock, steps: int, seconds: float, label: str = "encode lyrics") -> list[int]:
    finished = []
    for step in track(range(steps), label):
        clock.now += seconds
        finished.append(step)
    return finished


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock) -> tuple[Lines, list[str]]:
    written: list[str] = []
    return Lines(clock=clock, write=written.append), written


def test_a_line_every_half_minute_says_how_far_and_how_long(clock: Clock, lines: tuple[Lines, list[str]]) -> None:
    track, written = lines
    assert work(track, clock, 10, 10.0) == list(range(10)), "every step comes through"
    assert written == [
        "encode lyrics: 3 of 10, 6 a minute, about 70 s left",
        "encode lyrics: 6 of 10, 6 a minute, about 40 s left",
        "encode lyrics: 9 of 10, 6 a minute, about 10 s left",
    ]


def test_short_work_says_nothing_and_many_short_works_share_the_time(
    clock: Clock, lines: tuple[Lines, list[str]]
) -> None:
    track, written = lines
    work(track, clock, 29, 1.0, "first")
    assert written == []
    work(track, clock, 5, 1.0, "second")
    assert written == ["second: 1 of 5, 60 a minute, about 4 s left"]


@pytest.mark.parametrize("seconds", [0.1, 7.0, 31.0, 200.0])
def test_lines_are_never_closer_than_half_a_minute(clock: Clock, seconds: float) -> None:
    times: list[float] = []
    work(Lines(clock=clock, write=lambda _: times.append(clock.now)), clock, 400, seconds)
    assert times
    assert all(later - earlier >= EVERY_S for earlier, later in pairwise(times))


def test_work_of_unknown_length_says_how_much_is_done(clock: Clock, lines: tuple[Lines, list[str]]) -> None:
    track, written = lines
    for _ in track(iter(range(3)), "read songs"):
        clock.now += 40.0
    assert written == ["read songs: 1", "read songs: 2"]


def test_lines_are_never_further_apart_than_they_may_be_within_a_step_too() -> None:
    """Steps of any length, and work inside a step, in time that passes: a line every tenth of a second."""
    times: list[float] = [time.monotonic()]
    lines: list[str] = []

    def write(line: str) -> None:
        times.append(time.monotonic())
        lines.append(line)

    track = Lines(every_s=0.1, write=write)
    for _ in track(range(2), "stages"):
        time.sleep(0.35)
        for _ in track(iter(range(3)), "epochs"):
            time.sleep(0.15)
    ended = time.monotonic()
    gaps = [later - earlier for earlier, later in pairwise([*times, ended])]
    assert max(gaps) < 0.4, "a busy machine wakes a thread late"
    assert min(gaps[:-1]) > 0.09, "the time is read before the line is written"
    assert lines[0] == "stages: 0 of 2"
    assert any(line.startswith("epochs") for line in lines)
    assert any(line.startswith("stages: 1 of 2, ") and "about" in line for line in lines)
    written = len(lines)
    time.sleep(0.3)
    assert len(lines) == written, "where there is no work there is no line"
    for _ in track(range(1), "given up"):
        break
    written = len(lines)
    time.sleep(0.3)
    assert len(lines) == written, "nor where it was given up"


def test_bars_on_a_terminal_lines_elsewhere_nothing_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(progress(), Lines)
    monkeypatch.setattr(sys, "stderr", Terminal(io.BytesIO(), encoding="utf-8"))
    track = progress()
    assert isinstance(track, Bars)
    assert list(track(range(3), "x")) == [0, 1, 2]
    assert progress(silent=True) is quiet


def test_work_inside_work_has_a_bar_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", Terminal(screen, encoding="utf-8"))
    track, finished = Bars(), []
    for stage in track(["moods", "topics"], "stages"):
        for epoch in track(range(3), stage):
            finished.append((stage, epoch))
            for _ in track(iter("ab"), "batches"):
                break  # work that is given up takes its bar along
    assert finished == [(stage, epoch) for stage in ("moods", "topics") for epoch in range(3)]
    assert list(track(range(2), "the next work")) == [0, 1], "after the last of it a new display begins"
    with pytest.raises(ZeroDivisionError):
        list(track((list(track((1 // n for _ in range(2)), "inner")) for n in range(2)), "broken"))
    assert list(track(range(2), "and the one after an error")) == [0, 1]
    sys.stderr.flush()
    drawn = screen.getvalue().decode()
    assert all(label in drawn for label in ("stages", "moods", "the next work", "the one after an error"))
