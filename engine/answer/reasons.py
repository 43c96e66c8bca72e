"""Why this song: one short sentence from the signals that spoke for it, and the line that its words are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.query.query import Query
from engine.score.facts import mood_clause, target_moods
from engine.score.signals import BY_NAME
from indexer.models.moods.vocabulary import mood_named
from indexer.search.lexical import best_line
from indexer.text.tokens import tokenise

MOST_CLAUSES = 2


def reason(
    query: Query,
    row: int,
    shares: Mapping[str, float],
    weights: Mapping[str, float],
    line: Callable[[], str | None] = lambda: None,
) -> str:
    """One sentence, the strongest signal first, the moods that the filters require last.

    shares    signal -> contribution to the song's score
    weights   signal -> weight
    line      gives the song's line with words of the query, None where it has none
    """
    if row in query.own_rows:
        return "One of the seeds"
    # What is weighed against and lies below the mean gives a share above 0, too: there no clause is true.
    shares = {name: share for name, share in shares.items() if share > 0 and weights[name] > 0}
    if query.moods and not set(target_moods(query)) - {mood_named(word).name for word in query.moods}:
        shares = {name: share for name, share in shares.items() if name != "target" or not target_moods(query)}
    if query.has_text and not query.seeds:
        clauses = _search_clauses(query, row, shares, line() if weights.get("lexical", 0.0) > 0 else None)
    else:
        clauses = _clauses(query, row, shares)
    if query.moods:  # alternatives, as filters take several words of one kind
        clauses = [*clauses[: MOST_CLAUSES - 1], mood_clause(query, query.moods, "or")]
    sentence = " and ".join(clauses) or "is the nearest that is left"
    return sentence[0].upper() + sentence[1:]


def _clauses(query: Query, row: int, shares: Mapping[str, float]) -> list[str]:
    clauses: list[str] = []
    for name in sorted(shares, key=shares.__getitem__, reverse=True):
        if len(clauses) == MOST_CLAUSES:
            break
        if name == "popularity" and clauses:
            continue  # true of most hits: a reason only where it comes first
        clause = BY_NAME[name].clause(query, row)
        if clause and clause not in clauses:
            clauses.append(clause)
    return clauses


def _search_clauses(query: Query, row: int, shares: Mapping[str, float], line: str | None) -> list[str]:
    """Of words alone: how the song has them, and whether it is near the target values."""
    lexical, lyrics = shares.get("lexical", 0.0), shares.get("lyrics", 0.0)
    if line is not None and lexical >= lyrics:
        clause = "has the words"
    elif lyrics:
        clause = "is close in meaning"
    elif line is not None or lexical:
        clause = "has some of the words"
    else:
        return _clauses(query, row, shares)
    near = BY_NAME["target"].clause(query, row) if "target" in shares else None
    return [clause, near] if near else [clause]


def best_line_of(query: Query, row: int) -> str | None:
    """The song's line that holds most of the words that were typed; None where none was, or no line has one."""
    tokens = tokenise(query.text)
    return best_line(query.index.songs.lyrics[row], tokens) if tokens else None
