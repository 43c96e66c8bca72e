"""Search policy: how words that were typed weigh the signals: a line of a song, its subject, or a playlist's name."""

from __future__ import annotations

from engine.query.query import Query
from engine.retrieve.pool import Pool
from engine.score.listeners import has_taste
from engine.score.weights import SEARCH_WEIGHTS
from indexer.search.lexical import rescore_lines
from indexer.text.tokens import pieces_of, tokenise

COMPARED = 3  # songs from BM25's head that are compared letter by letter
QUOTED, PARAPHRASED = 0.85, 0.6  # fit of a line with a slip or two; of words that only happen to be sung
LEAST_LEXICAL = 0.1
NAME_WORDS, LEXICAL_LOSS, NAMED_POPULARITY = 6, 0.8, 0.5


def search_weights(query: Query, pool: Pool) -> dict[str, float]:
    """The weights for a query of words alone.

    fit = how well the words fit a line or the name of one of BM25's first COMPARED songs, letter by letter, 0..1.
    BM25's weight is 1 where the fit is QUOTED or better, and falls to LEAST_LEXICAL at PARAPHRASED.
    name = how likely the words are what a playlist is called: 1 for one word, falling to 0 for NAME_WORDS. BM25's
    weight is multiplied by 1 - LEXICAL_LOSS x name; taste counts in proportion to name, and popularity gains
    NAMED_POPULARITY x name. On names of development playlists of shared/data NDCG@500 is 0.155, with BM25 and
    lyrics alone 0.04.
    """
    if query.only_quoted:  # every hit has the words; the meaning of a quotation decides nothing
        return {name: weight for name, weight in SEARCH_WEIGHTS.items() if name not in ("lyrics", "taste")}
    words = tokenise(query.text)
    head = pool.rankings["lexical"].rows[:COMPARED]
    fits = rescore_lines(words, [query.index.lines_of(int(row)) for row in head])
    share = (float(fits.max(initial=0.0)) - PARAPHRASED) / (QUOTED - PARAPHRASED)
    named = min(1.0, max(0.0, (NAME_WORDS - len(pieces_of(words))) / (NAME_WORDS - 1))) if has_taste(query) else 0.0
    return SEARCH_WEIGHTS | {
        "lexical": SEARCH_WEIGHTS["lexical"] * min(1.0, max(LEAST_LEXICAL, share)) * (1.0 - LEXICAL_LOSS * named),
        "taste": SEARCH_WEIGHTS["taste"] * named,
        "popularity": SEARCH_WEIGHTS["popularity"] + NAMED_POPULARITY * named,
    }
