"""Ablation: the engine with one signal off at a time, without its candidate stage, and by content alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.judge import measure
from benchmarks.judge.metrics import CONTINUATION, DEPTH, Question, digest, judge
from benchmarks.report.run import Run, Setting
from benchmarks.systems.refrain import VARIANTS, Refrain
from benchmarks.tasks import continuation
from benchmarks.tasks.running import Job, opened, run_of
from indexer.progress import Track

TASK = "ablation"
ALL, EVERY_SONG = "all signals", "all signals, every song scored"
ASKED = {"a": ("1 seed, random", "5 seeds, random"), "c": ("5 seeds, random",)}  # pool -> settings
NOT_MEASURED = ("target",)  # only a user who asks for a target has it
LISTENERS = ("taste", "factors", "cooccurrence", "popularity")  # what a catalogue without playlists does not have
CONTENT = "by content"


def variants(system: Refrain) -> Iterator[tuple[str, Refrain]]:
    """The system as it is, without its candidate stage, and without each signal that has a weight; then the same of
    what is left without the signals that playlists give, where the others have to show what they are for."""
    yield ALL, system
    yield EVERY_SONG, system.without(every=True)
    others = [signal for signal in system.signals if signal not in NOT_MEASURED]
    for signal in others:
        yield f"without {signal}", system.without(signal)
    yield f"{CONTENT}, {ALL}", system.without(*LISTENERS)
    for signal in others:
        if signal not in LISTENERS:
            yield f"{CONTENT}, without {signal}", system.without(*LISTENERS, signal)


def measure_ablation(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """One run for each variant; all of a system's in one process, on one fit."""
    for name in systems:
        warm, cold = opened(job.warm), opened(job.cold)
        runs: dict[str, dict[str, Setting]] = {}
        fitted: dict[str, Refrain] = {}
        for pool, names in ASKED.items():
            dataset = cold if continuation.is_cold_pool(pool) else warm
            system = VARIANTS[name]()
            system.fit(continuation.fold(dataset, pool))
            asked = continuation.questions(dataset, pool, limit=job.limit)
            for variant, changed in variants(system):
                found = _settings(changed, {n: asked[n] for n in names if asked[n]}, pool, track, f"{name} {variant}")
                runs.setdefault(variant, {}).update(found)
                fitted[variant] = changed
        for variant, settings in runs.items():
            system = fitted[variant]
            yield run_of(job, f"{name}, {variant}", settings, warm, tuning=system.tuning, told=system.settings())


def _settings(
    system: Refrain, asked: Mapping[str, Sequence[Question]], pool: str, track: Track, label: str
) -> dict[str, Setting]:
    found = {}
    for name, questions in asked.items():
        rankings, ms = measure.ask(system, questions, DEPTH, system.fold.candidates, track=track, label=label)
        scores = judge(rankings, [question.relevant for question in questions], CONTINUATION[:2])
        found[f"({pool}) {name}"] = Setting(digest(questions), scores, *measure.spread(ms))
    return found


def by_base(runs: Sequence[Run]) -> Iterator[tuple[Run, list[Run]]]:
    """Each system as it is, with its variants; apart from these, each by content alone."""
    for base in runs:
        if base.system.endswith(f", {ALL}"):
            prefix = base.system.removesuffix(ALL)
            whole = CONTENT not in prefix
            yield base, [run for run in runs if run.system.startswith(prefix) and whole == (CONTENT not in run.system)]
