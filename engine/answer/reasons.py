"""Why these songs: a short sentence each from the signals that spoke for it, and the lines that the words are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.query.query import Query
from engine.score.facts import mood_clause, target_moods
from engine.score.signals import BY_NAME
from indexer.models.moods.vocabulary import mood_named
from indexer.search.lexical import best_line
from indexer.text.tokens import tokenise

Rows = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float32]
Lines = Sequence[str | None]

MOST_CLAUSES = 2


def reasons(
    query: Query, rows: Rows, shares: Shares, weights: Mapping[str, float], lines: Callable[[], Lines]
) -> list[str]:
    """A sentence for each song, the strongest signal first, the moods that the filters require last.

    shares    float32 (songs, signals): what each signal gave to each score
    weights   signal -> weight, in the order of the columns of `shares`
    lines     gives each song's line with words of the query, None where it has none
    """
    # What is weighed against and lies below the mean gives a share above 0, too: there no clause is true.
    counts = np.array([weight > 0 for weight in weights.values()], bool)
    targets = target_moods(query)
    if targets and query.moods and not set(targets) - {mood_named(word).name for word in query.moods}:
        counts &= np.array([name != "target" for name in weights], bool)
    positive = np.where((shares > 0) & counts, shares, np.float32(0.0))
    if query.has_text and not query.seeds:
        with_words = lines() if weights.get("lexical", 0.0) > 0 else [None] * len(rows)
        clauses = _search_clauses(query, rows, positive, list(weights), with_words)
    else:
        clauses = _clauses(query, rows, positive, list(weights))
    if query.moods:  # alternatives, as filters take several words of one kind
        required = mood_clause(query, query.moods, "or")
        clauses = [[*own[: MOST_CLAUSES - 1], required] for own in clauses]
    sentences = [" and ".join(own) or "is the nearest that is left" for own in clauses]
    seeds = np.isin(rows, query.own_rows).tolist()
    return [
        "One of the seeds" if seed else sentence[0].upper() + sentence[1:]
        for seed, sentence in zip(seeds, sentences, strict=True)
    ]


def _clauses(query: Query, rows: Rows, positive: Shares, names: Sequence[str]) -> list[list[str]]:
    """The clauses of each song's strongest signals; all songs at once whose next clause is of one kind."""
    clauses: list[list[str]] = [[] for _ in rows]
    kinds = list(dict.fromkeys(BY_NAME[name].clauses for name in names))  # several signals say the same in words
    of_signal = np.array([kinds.index(BY_NAME[name].clauses) for name in names], np.int64)
    often_chosen = kinds.index(BY_NAME["popularity"].clauses) if "popularity" in names else -1
    order = np.argsort(-positive, axis=1, kind="stable")
    tried = np.zeros((len(rows), len(kinds)), bool)
    unfinished = np.arange(len(rows))
    for turn in range(len(names)):
        signals = order[unfinished, turn]
        left = positive[unfinished, signals] > 0
        unfinished, own_kinds = unfinished[left], of_signal[signals[left]]
        if not len(unfinished):
            break
        for kind in np.unique(own_kinds).tolist():
            these = unfinished[(own_kinds == kind) & ~tried[unfinished, kind]]
            tried[these, kind] = True
            if kind == often_chosen:  # true of most hits: a reason only where it comes first
                these = these[[not clauses[place] for place in these.tolist()]] if len(these) else these
            for place, clause in zip(these.tolist(), kinds[kind](query, rows[these]), strict=True):
                if clause and clause not in clauses[place]:
                    clauses[place].append(clause)
        unfinished = unfinished[[len(clauses[place]) < MOST_CLAUSES for place in unfinished.tolist()]]
    return clauses


def _search_clauses(query: Query, rows: Rows, positive: Shares, names: Sequence[str], lines: Lines) -> list[list[str]]:
    """Of words alone: how the song has them, and whether it is near the target values."""

    def share(name: str) -> list[float]:
        return positive[:, names.index(name)].tolist() if name in names else [0.0] * len(rows)

    clauses: list[list[str]] = []
    others: list[int] = []
    for place, (line, lexical, lyrics) in enumerate(zip(lines, share("lexical"), share("lyrics"), strict=True)):
        if line is not None and lexical >= lyrics:
            clauses.append(["has the words"])
        elif lyrics:
            clauses.append(["is close in meaning"])
        elif line is not None or lexical:
            clauses.append(["has some of the words"])
        else:
            clauses.append([])
            others.append(place)
    wanted = np.array([bool(own) for own in clauses], bool) & (np.array(share("target")) > 0)
    near = np.flatnonzero(wanted)
    for place, clause in zip(near.tolist(), BY_NAME["target"].clauses(query, rows[near]), strict=True):
        if clause:
            clauses[place].append(clause)
    for place, own in zip(others, _clauses(query, rows[others], positive[others], names), strict=True):
        clauses[place] = own
    return clauses


def best_lines(query: Query, rows: Rows) -> list[str | None]:
    """Each song's line that holds most of the words that were typed; None where none was, or no line has one."""
    tokens = tokenise(query.text)
    lyrics = query.index.songs.lyrics
    return [best_line(lyrics[row], tokens) if tokens else None for row in rows.tolist()]
