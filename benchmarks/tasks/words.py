"""Search of words beside peers: a line of a song, quoted rightly or nearly, to the k best songs.

Quality is whether the song itself comes first, in the top ten, or at all; time is that of the k row numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from benchmarks.judge.metrics import KNOWN_ITEM, Question
from benchmarks.judge.timing import each_timed, peak_mib
from benchmarks.report.run import Run
from benchmarks.systems.search.words import SYSTEMS, WordSearch
from benchmarks.systems.system import Rows
from benchmarks.tasks import known_item
from benchmarks.tasks.as_it_is import Dose, built, open_as_it_is, run_on
from benchmarks.tasks.running import Job, result
from indexer.progress import Track

K = 200


def measure_words(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each system: built from the songs of the index, then asked for the lines."""
    index = open_as_it_is(job)
    for name in systems:
        system = SYSTEMS[name]()
        dose = Dose.of(system.slow, len(index))
        asked = known_item.questions(index.songs, limit=min(dose.queries, job.limit or dose.queries))
        with built(partial(system.build, index)) as made:
            settings = {}
            for kind, questions in track(list(asked.items()), f"words: {name}"):
                timed = each_timed(partial(_found, system), questions, warm_up=dose.warm_up)
                found = [float(q.relevant[0] in rows) for q, rows in zip(questions, timed.answers, strict=True)]
                scored = result(questions, timed.answers, timed.ms, KNOWN_ITEM)
                scores = {**scored.scores, "found": found, "ms": [round(ms, 4) for ms in timed.ms]}
                facts = {**made.facts, "cpu_ms": timed.cpu_ms}
                setting = dose.named(kind)
                settings[setting] = scored.model_copy(update={"scores": scores, "facts": facts})
        yield run_on(
            job, name, index, settings, fit_s=made.seconds, peak=peak_mib(), tuning=system.tuning,
            notes=dose.notes(name), config={"k": K, "reason": system.reason},
        )  # fmt: skip


def _found(system: WordSearch, question: Question) -> Rows:
    return system.search(question.text, K)
