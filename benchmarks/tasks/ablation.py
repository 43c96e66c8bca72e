"""Ablation: the engine with one signal off at a time, without its candidate stage, and by content alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.judge.metrics import CONTINUATION, DEPTH, Question
from benchmarks.report.run import Result, Run
from benchmarks.systems.refrain import VARIANTS, Refrain
from benchmarks.tasks import continuation
from benchmarks.tasks.asking import ask
from benchmarks.tasks.running import Job, opened, result, run_of
from indexer.progress import Track

TASK = "ablation"
ALL, EVERY_SONG = "all signals", "all signals, every song scored"
SETTINGS = {"a": ("1 seed, random", "5 seeds, random"), "c": ("5 seeds, random",)}  # pool -> settings
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
        runs: dict[str, dict[str, Result]] = {}
        fitted: dict[str, Refrain] = {}
        for pool, names in SETTINGS.items():
            dataset = cold if continuation.is_cold_pool(pool) else warm
            system = VARIANTS[name]()
            system.fit(continuation.fold(dataset, pool))
            questions = continuation.questions(dataset, pool, limit=job.limit)
            continuation.require(questions, dataset, pool)
            for variant, changed in variants(system):
                chosen = {setting: questions[setting] for setting in names if questions[setting]}
                results = _results(job, changed, chosen, pool, track, f"{name} {variant}")
                runs.setdefault(variant, {}).update(results)
                fitted[variant] = changed
        together = {"variants": [f"{name}, {variant}" for variant in runs]}
        for variant, settings in runs.items():
            system = fitted[variant]
            yield run_of(
                job, f"{name}, {variant}", settings, warm, tuning=system.tuning, config=system.settings(), data=together
            )


def _results(
    job: Job, system: Refrain, settings: Mapping[str, Sequence[Question]], pool: str, track: Track, label: str
) -> dict[str, Result]:
    results = {}
    for name, questions in settings.items():
        rankings, ms = ask(
            system, questions, DEPTH, system.fold.candidates, track=track, label=f"{label}, ({pool}) {name}",
            unfinished=job.unfinished,
        )  # fmt: skip
        results[f"({pool}) {name}"] = result(questions, rankings, ms, CONTINUATION[:2])
    return results


def by_base(runs: Sequence[Run]) -> Iterator[tuple[Run, list[Run]]]:
    """Each system as it is, with its variants; apart from these, each by content alone."""
    for base in runs:
        if base.system.endswith(f", {ALL}"):
            prefix = base.system.removesuffix(ALL)
            whole = CONTENT not in prefix
            yield base, [run for run in runs if run.system.startswith(prefix) and whole == (CONTENT not in run.system)]
