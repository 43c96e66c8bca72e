"""Candidates by words: BM25 of what was typed or, for seeds alone, of their keywords."""

from __future__ import annotations

from engine.query.query import Query
from engine.retrieve.ranking import Ranking
from indexer.search.allowed import Allowed


class LexicalRetriever:
    """BM25: the words typed, or the seeds' keywords."""

    name = "lexical"

    def retrieve(self, query: Query, k: int, allowed: Allowed | None) -> Ranking:
        lexical = query.index.lexical
        if query.has_text:
            return Ranking.sorted(*lexical.search_text(query.text, k, allowed=allowed, lines_of=query.index.lines_of))
        if not query.terms:
            return Ranking.empty()
        return Ranking.sorted(*lexical.search_terms(query.terms, k, allowed=allowed))
