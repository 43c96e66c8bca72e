"""The inverted index: build, update, and search by terms, names and the search box with its quoted phrases."""

from __future__ import annotations

from indexer.search.lexical.build import SongText, build_lexical, update_lexical
from indexer.search.lexical.index import LexicalIndex, LinesOf
from indexer.search.lexical.lines import best_line, rescore_lines
from indexer.search.lexical.quotes import split_quotes

__all__ = [
    "LexicalIndex",
    "LinesOf",
    "SongText",
    "best_line",
    "build_lexical",
    "rescore_lines",
    "split_quotes",
    "update_lexical",
]
