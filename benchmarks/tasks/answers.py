"""The whole answer beside peers: words under filters to twenty songs with their names and scores.

A question is a line of a song, mutilated, and filters that the song meets: does it come back? Words are encoded
beforehand: times are given without the encoding, and with it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.judge.metrics import KNOWN_ITEM, Question
from benchmarks.judge.timing import each_timed, peak_mib, spread
from benchmarks.report.run import Result, Run
from benchmarks.systems.search.answers import YEARS, AnswerSystem, Filters, Found, Vector, facts_of
from benchmarks.systems.search.stores import SYSTEMS
from benchmarks.tasks import known_item
from benchmarks.tasks.as_it_is import WARM_UP, Dose, built, open_as_it_is, run_on
from benchmarks.tasks.latency import WORDS
from benchmarks.tasks.running import Job, result
from engine.index import OpenIndex
from indexer.progress import Track

SEED = 13
INFINITY = (
    "Infinity (infinity-embedded) is left out: it could not be installed, the package index has no wheel of it for "
    "this platform and Python"
)
UNFILTERED = "no filter"
SENTENCES = "a sentence, decade"  # what nobody knows the right songs of: times alone


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a whole answer."""

    question: Question
    filters: Filters
    vector: Vector


def questions_of(index: OpenIndex, count: int) -> dict[str, list[tuple[Question, Filters]]]:
    """The same mutilated lines without filters, with each, and with all; every second line has two letters wrong,
    the others lack a word.
    """
    songs = index.songs
    dated = np.where(songs.year >= 0, songs.year, songs.decade) >= 0
    known = dated & (songs.single("language_key") >= 0) & (songs.single("genre") >= 0)
    rng = random.Random(SEED)
    asked: dict[str, list[tuple[Question, Filters]]] = {}
    for number, (row, line) in enumerate(known_item.draw(songs, SEED, count, among=known)):
        slip = known_item.one_word_missing if number % 2 else known_item.two_letters_wrong
        text = slip(line, rng).replace('"', " ")  # quotes would ask for an exact phrase
        question = Question(np.zeros(0, np.int64), np.array([row]), text=text)
        (facts,) = facts_of(index, np.array([row]))
        assert facts.year is not None  # it was drawn from those whose year or decade is known
        decade, language, genre = facts.year // YEARS * YEARS, facts.languages[0], rng.choice(facts.genres)
        kinds = {
            UNFILTERED: Filters(),
            "decade": Filters(decade=decade),
            "language": Filters(language=language),
            "genre": Filters(genre=genre),
            "decade, language and genre": Filters(decade, language, genre),
        }
        for kind, filters in kinds.items():
            asked.setdefault(kind, []).append((question, filters))
    decades = [filters for _, filters in asked.get("decade", ())]
    asked[SENTENCES] = [
        (Question(np.zeros(0, np.int64), np.zeros(0, np.int64), text=WORDS[i % len(WORDS)]), filters)
        for i, filters in enumerate(decades)
    ]
    return asked


def measure_answers(job: Job, systems: Sequence[str], track: Track) -> Iterator[Run]:
    """A run for each system: built from the songs of the index, then asked."""
    index = open_as_it_is(job)
    for name in systems:
        system = SYSTEMS[name]()
        dose = Dose.of(system.slow, len(index))
        with built(partial(system.build, index)) as made:
            settings = {}
            asked = questions_of(index, min(dose.queries, job.limit or dose.queries))
            texts = list(dict.fromkeys(question.text for each in asked.values() for question, _ in each))
            encoded = each_timed(system.encode, texts, warm_up=WARM_UP)
            vector_of = dict(zip(texts, encoded.answers, strict=True))
            encoding = dict(zip(texts, encoded.ms, strict=True))
            for kind, each in track(list(asked.items()), f"answers: {name}"):
                setting = dose.named(kind)
                listed = [Asked(question, filters, vector_of[question.text]) for question, filters in each]
                scored = _measured(system, listed, encoding, dose.warm_up)
                settings[setting] = scored.model_copy(update={"facts": {**scored.facts, **made.facts}})
            yield run_on(
                job, name, index, settings, fit_s=made.seconds, peak=peak_mib(), tuning=system.tuning,
                notes=[INFINITY, *dose.notes(name)], config={"reason": system.reason},
            )  # fmt: skip


def _measured(system: AnswerSystem, asked: Sequence[Asked], encoding: dict[str, float], warm_up: int) -> Result:
    timed = each_timed(partial(_answer, system), asked, warm_up=warm_up)
    questions = [each.question for each in asked]
    rankings = [np.array([song.row for song in songs], np.int64) for songs in timed.answers]
    with_encoding = [ms + encoding[question.text] for ms, question in zip(timed.ms, questions, strict=True)]
    scored = result(questions, rankings, timed.ms, KNOWN_ITEM)
    known = any(len(question.relevant) for question in questions)
    median, p99 = spread(with_encoding)
    filters = hashlib.blake2b(repr([each.filters for each in asked]).encode(), digest_size=6).hexdigest()
    return scored.model_copy(
        update={
            "digest": scored.digest + filters,
            "scores": {**(scored.scores if known else {}), "ms": [round(ms, 4) for ms in timed.ms]},
            "facts": {"cpu_ms": timed.cpu_ms, "median_ms_with_encoding": median, "p99_ms_with_encoding": p99},
        }
    )


def _answer(system: AnswerSystem, asked: Asked) -> Sequence[Found]:
    return system.answer(asked.question.text, asked.vector, asked.filters)
