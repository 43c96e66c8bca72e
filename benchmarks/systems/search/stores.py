"""Whole answers from vector stores inside the process: Qdrant Edge and LanceDB, hybrid search under filters."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.systems.scoring import library
from benchmarks.systems.search.answers import (
    CANDIDATES,
    RRF_K,
    SONGS,
    YEARS,
    AnswerSystem,
    Filters,
    Found,
    Glued,
    GluedRankBm25,
    Refrain,
    Vector,
    facts_of,
    words_of,
)
from benchmarks.systems.system import Rows
from engine.index import OpenIndex

AT_ONCE = 1_000  # songs written together
WORDS_WEIGHT = 3.0  # of the words' ranks beside the meaning's


class QdrantEdge(AnswerSystem):
    """A dense vector and a BM25 vector a song, prefetched under the filter and fused by reciprocal ranks."""

    name = "qdrant-edge"
    tuning = (
        f"as its documentation recommends: BM25 vectors with idf, {CANDIDATES} prefetched of each, RRF, payload "
        "indexes; the words' weight in RRF, stop words and stems chosen on 100 other lines, of 10 settings"
    )
    reason = "a store of native code: filter, both searches, fusion and payload without a step in Python"

    def store(self, index: OpenIndex, rows: Rows, folder: Path) -> None:
        kit = self._kit = library("qdrant_edge")
        cosine = kit.EdgeVectorParams(size=index.sentence.shape[1], distance=kit.Distance.Cosine)
        words = kit.EdgeSparseVectorParams(modifier=kit.Modifier.Idf)
        self._shard: Any = kit.EdgeShard.create(
            str(folder),
            kit.EdgeConfig(vectors={"meaning": cosine}, sparse_vectors={"words": words}, max_search_threads=1),
        )
        settings = kit.Bm25Config(
            stemmer=kit.DisabledStemmer(), stopwords=kit.StopwordsSet(languages=set(), custom=set()), ascii_folding=True
        )
        self._bm25 = kit.Bm25(settings)
        keyword = kit.PayloadSchemaType.Keyword
        for field, kind in (("year", kit.PayloadSchemaType.Integer), ("language", keyword), ("genre", keyword)):
            self._shard.update(kit.UpdateOperation.create_field_index(field, kind))
        facts = facts_of(index, rows)
        while batch := list(islice(facts, AT_ONCE)):
            points = []
            for each in batch:
                vector = {"words": self._bm25.embed_document(words_of(index, each.row))}
                if index.sentence[each.row].any():  # a song without lyrics has no meaning, rather than one at 0
                    vector["meaning"] = index.sentence[each.row].astype(np.float32).tolist()
                payload = {"title": each.title, "artist": each.artist, "language": each.languages, "genre": each.genres}
                known = {} if each.year is None else {"year": each.year}
                points.append(kit.Point(id=each.row, vector=vector, payload={**payload, **known}))
            self._shard.update(kit.UpdateOperation.upsert_points(points))
        self._shard.optimize()
        self._shard.flush()

    def answer(self, text: str, vector: Vector, filters: Filters) -> Sequence[Found]:
        kit = self._kit
        must = []
        if filters.decade is not None:
            years = kit.RangeFloat(gte=filters.decade, lte=filters.decade + YEARS - 1)
            must.append(kit.FieldCondition(key="year", range=years))
        for field, term in (("language", filters.language), ("genre", filters.genre)):
            if term is not None:
                must.append(kit.FieldCondition(key=field, match=kit.MatchValue(value=term.casefold())))
        chosen = kit.Filter(must=must) if must else None
        queries = (
            kit.Query.Nearest(vector.tolist(), using="meaning"),
            kit.Query.Nearest(self._bm25.embed_query(text), using="words"),
        )
        request = kit.QueryRequest(
            limit=SONGS,
            prefetches=[kit.Prefetch(limit=CANDIDATES, query=query, filter=chosen) for query in queries],
            query=kit.Fusion.Rrf(k=RRF_K, weights=[1.0, WORDS_WEIGHT]),
            with_payload=["title", "artist"],
        )
        points = self._shard.query(request)
        return [Found(point.id, point.payload["title"], point.payload["artist"], point.score) for point in points]


class LanceDb(AnswerSystem):
    """Full-text and vector search of one table, filtered before both, and fused by its RRF reranker."""

    name = "lancedb"
    tuning = (
        "as its documentation recommends: IVF_HNSW_SQ (better than IVF_PQ on 100 other lines), a full-text index, "
        f"indexes of what is filtered by, RRFReranker (K {RRF_K}); stop words and stems off, as for Qdrant"
    )
    reason = "a store of native code, whose answers come as Arrow"

    def store(self, index: OpenIndex, rows: Rows, folder: Path) -> None:
        import pyarrow

        os.environ["LANCEDB_LOG"] = "error"  # else it warns on stderr at every query, and that would count
        kit, indexes = library("lancedb"), library("lancedb.index")
        facts = list(facts_of(index, rows))
        width = index.sentence.shape[1]
        meaning = index.sentence[rows].astype(np.float32)
        columns = {
            "row": rows,
            "title": [each.title for each in facts],
            "artist": [each.artist for each in facts],
            "words": [words_of(index, row) for row in rows.tolist()],
            "year": pyarrow.array([each.year for each in facts], pyarrow.int16()),
            "language": pyarrow.array([each.languages for each in facts], pyarrow.list_(pyarrow.string())),
            "genre": pyarrow.array([each.genres for each in facts], pyarrow.list_(pyarrow.string())),
            "meaning": pyarrow.FixedSizeListArray.from_arrays(meaning.ravel(), width),
        }
        self._table: Any = kit.connect(str(folder)).create_table("songs", pyarrow.table(columns))
        full_text = indexes.FTS(stem=False, remove_stop_words=False)
        by_column = {
            "words": full_text, "meaning": indexes.HnswSq(distance_type="dot"), "year": indexes.BTree(),
            "language": indexes.LabelList(), "genre": indexes.LabelList(),
        }  # fmt: skip
        for column, config in by_column.items():
            self._table.create_index(column, config=config)
        self._table.optimize()
        self._reranker = library("lancedb.rerankers").RRFReranker(K=RRF_K)

    def answer(self, text: str, vector: Vector, filters: Filters) -> Sequence[Found]:
        conditions = []
        if filters.decade is not None:
            conditions.append(f"year >= {filters.decade} AND year <= {filters.decade + YEARS - 1}")
        for field, term in (("language", filters.language), ("genre", filters.genre)):
            if term is not None:
                quoted = term.casefold().replace("'", "''")
                conditions.append(f"array_has_any({field}, ['{quoted}'])")
        query = self._table.search(query_type="hybrid", vector_column_name="meaning", fts_columns="words")
        query = query.vector(vector).text(text).rerank(self._reranker).limit(SONGS).select(["row", "title", "artist"])
        if conditions:
            query = query.where(" AND ".join(conditions))
        return [Found(each["row"], each["title"], each["artist"], each["_relevance_score"]) for each in query.to_list()]


SYSTEMS: dict[str, Callable[[], AnswerSystem]] = {
    made.name: made for made in (Refrain, QdrantEdge, LanceDb, Glued, GluedRankBm25)
}
