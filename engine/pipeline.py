"""Engine: opens an index and answers from it; wiring only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from engine.answers import MOST_SONGS, POOL, answer, pool, ranked
from engine.candidates import Candidates
from engine.explain import Explanation, explain
from engine.filters import Filters, audio_values
from engine.hits import Hit
from engine.names import find, resolve
from engine.opened import OpenIndex
from engine.paths import path
from engine.playlist_tuning import LEAST_QUERIES, Asked, tune_on_queries
from engine.playlists import Playlist
from engine.query import Query, Seed
from engine.reactions import weights_from_reactions
from engine.sequencing import Arc, order, select
from engine.signals import SIGNALS, search_weights
from engine.stems import Stems, lyric_overlap
from engine.tuning import TuningReport
from engine.weights import DEFAULT_WEIGHTS, SEARCH_WEIGHTS, Profile, Weights, profile_of
from indexer.errors import FilterError, SongNotFoundError
from indexer.progress import Track, quiet
from indexer.records import AUDIO_NAMES, Song

PLAYLIST_POOL = 8  # songs ranked for each that a playlist takes: caps and versions use them up

Conditions = Mapping[str, Any]


class Engine:
    """Answers from one index: songs like these, songs for these words, playlists, paths, and why.

    A song is given as a `Song` of this engine, as a song_id, as words that name it, or as a `Song` with
    lyrics or audio that is in no catalogue. Seeds and songs to avoid never come back. `filters` are exact
    conditions by name (see `Filters.of`). Several threads may share one engine.
    """

    def __init__(self, index: OpenIndex, weights: Mapping[Profile, Mapping[str, float]] = DEFAULT_WEIGHTS):
        self.index = index
        self.weights = {profile: dict(each) for profile, each in weights.items()}

    @classmethod
    def open(cls, index: str | Path) -> Self:
        """Open an index folder and the weights file beside it, if there is one. Loads neither torch nor keras."""
        opened = OpenIndex(index)
        engine = cls(opened)
        file = weights_file(index)
        if file.exists():
            tuned = Weights.load(file, fingerprint=opened.manifest["fingerprint"], names=SIGNALS).values
            for profile, weights in tuned.items():
                engine.weights[profile] |= weights
        return engine

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Songs in the index."""
        return len(self.index)

    def __contains__(self, song_id: str) -> bool:
        return self.index.songs.row_of(song_id) is not None

    def song(self, song_id: str) -> Song:
        """The song with this id; SongNotFoundError where there is none."""
        row = self.index.songs.row_of(song_id)
        if row is None:
            raise SongNotFoundError(f"no song has the id {song_id!r}; look it up by name with find")
        return self.index.songs.song(row)

    def find(self, text: str, k: int = 10) -> list[Song]:
        """Songs whose title and artist are like `text`, best first."""
        return [self.index.songs.song(found.row) for found in find(self.index, text, k)]

    def similar(self, song: Song | str, k: int = 20, filters: Conditions | None = None) -> list[Hit]:
        """The k songs most like one."""
        return self.recommend([song], k=k, filters=filters)

    def recommend(
        self,
        seeds: Sequence[Song | str] = (),
        avoid: Sequence[Song | str] = (),
        *,
        target: Mapping[str, float] | None = None,
        minimum: Mapping[str, float] | None = None,
        maximum: Mapping[str, float] | None = None,
        filters: Conditions | None = None,
        liked: Sequence[Song | str] = (),
        skipped: Sequence[Song | str] = (),
        k: int = 20,
    ) -> list[Hit]:
        """The k songs that belong beside the seeds.

        target    audio features that pull the ranking towards a value, as Spotify's target_* did
        minimum, maximum   audio features that exclude, as min_* and max_* did
        liked, skipped     what became of earlier answers to these seeds: weighs the signals anew for this answer,
                           towards those that tell the one from the other; neither comes back
        """
        query = self._query(seeds, avoid, target)
        weights = self._weights(query)
        if liked or skipped:
            likes, skips = self._rows("liked", liked), self._rows("skipped", skipped)
            weights = weights_from_reactions(query, weights, likes, skips)
            query = replace(query, heard=frozenset([*likes, *skips]))
        return list(answer(query, weights, k, _conditions(filters, minimum, maximum)).hits())

    def tune(
        self, queries: Sequence[tuple[Sequence[Song | str], Sequence[Song | str]]], *, track: Track = quiet
    ) -> dict[Profile, TuningReport]:
        """Tune the weights on (seeds, songs that should come back) and use those that unseen queries confirm.

        Every second query is tuned on, the others decide: 40 with one seed, or 40 with several, are the least that
        say something, else a ValueError. `save_weights` keeps what was accepted.
        """
        reports: dict[Profile, TuningReport] = {}
        asked: dict[Profile, list[Asked]] = {}
        for seeds, wanted in queries:
            query = Asked(np.array(self._rows("seeds", seeds)), np.array(self._rows("wanted", wanted)))
            if not len(query.seeds) or not len(query.wanted):
                raise ValueError("a query has no seeds or no songs that should come back; expected ([seeds], [wanted])")
            asked.setdefault(profile_of(len(seeds)), []).append(query)
        for profile, of_profile in asked.items():
            if len(of_profile) < 2 * LEAST_QUERIES:
                raise ValueError(
                    f"{len(of_profile)} queries have {profile} seed{'s' * (profile != 'one')}, expected at least "
                    f"{2 * LEAST_QUERIES}, half to tune on and half to check; give more, or leave these out"
                )
        for profile, of_profile in asked.items():
            halves = of_profile[::2], of_profile[1::2]
            reports[profile] = tune_on_queries(self.index, self.weights[profile], *halves, track=track)
            self.weights[profile] = reports[profile].weights
        return reports

    def save_weights(self) -> Path:
        """Keep the weights in the file beside the index, where `open` finds them."""
        file = weights_file(self.index.path)
        Weights(self.weights, self.index.manifest["fingerprint"]).save(file)
        return file

    def rank(
        self, seeds: Sequence[Song | str], *, k: int = 500, filters: Conditions | None = None
    ) -> list[tuple[str, float]]:
        """(song_id, score) of the k songs that belong beside the seeds: `recommend` for benchmarks, without reasons."""
        query = self._query(seeds)
        ranking = answer(query, self._weights(query), k, Filters.of(filters or {})).ranking
        ids = self.index.songs.song_ids
        return [(ids[row], score) for row, score in zip(ranking.rows.tolist(), ranking.scores.tolist(), strict=True)]

    def search(self, text: str, k: int = 20, filters: Conditions | None = None) -> list[Hit]:
        """Songs for words: "in double quotes" they must be sung word for word, the rest is words or a meaning."""
        query = Query(self.index, text=text)
        conditions = Filters.of(filters or {})
        candidates = pool(query, SEARCH_WEIGHTS, k, conditions.mask(self.index.songs) if conditions else None)
        return list(ranked(query, candidates, search_weights(query, candidates), k).hits())

    def playlist(
        self,
        seeds: Sequence[Song | str],
        length: int = 25,
        *,
        avoid: Sequence[Song | str] = (),
        target: Mapping[str, float] | None = None,
        minimum: Mapping[str, float] | None = None,
        maximum: Mapping[str, float] | None = None,
        filters: Conditions | None = None,
        max_per_artist: int = 2,
        max_per_album: int | None = None,
        arc: Arc = "flat",
        seed: int = 0,
        name: str | None = None,
    ) -> Playlist:
        """A playlist from seed songs: chosen under caps, no second version of any song, ordered to be listened to.

        arc    how energy runs: "flat", "rise", "fall", "peak" or "wave"
        seed   another number gives another playlist of nearly the same relevance; one number always the same
        """
        if length < 1:
            raise ValueError(f"length is {length}, expected at least 1")
        query = self._query(seeds, avoid, target)
        k = min(MOST_SONGS, len(self), max(POOL, PLAYLIST_POOL * length))
        found = answer(query, self._weights(query), k, _conditions(filters, minimum, maximum))
        chosen = select(
            self._candidates(found.ranking.rows, found.ranking.scores),
            length,
            max_per_artist=max_per_artist,
            max_per_album=max_per_album,
            never=self._never(query),
            overlap=self._overlap,
            seed=seed,
        )
        ordered = order(chosen, arc=arc, seed=seed)
        return Playlist(
            name or f"Like {', '.join(s.song.title or s.song.name for s in query.seeds)}",
            tuple(found.hits(ordered.songs.rows.tolist())),
            ordered.relaxed,
        )

    def path(
        self,
        start: Song | str,
        end: Song | str,
        length: int = 15,
        *,
        filters: Conditions | None = None,
        max_per_artist: int = 2,
    ) -> Playlist:
        """`length` songs from one song to another, both included, each a step further than the last."""
        a, b = self._seed(start), self._seed(end)
        query = Query(self.index, seeds=(a, b))
        if a.row is None or b.row is None:
            raise SongNotFoundError("a path leads between two songs of the catalogue; expected their names or song_ids")
        if not 2 <= length <= MOST_SONGS:
            raise ValueError(f"length is {length}, expected 2..{MOST_SONGS}")
        k = min(MOST_SONGS, len(self), max(2 * POOL, 2 * PLAYLIST_POOL * length))
        found = answer(query, self._weights(query), k, Filters.of(filters or {}))
        parts = self.index.parts
        shared = [n for n in self.index.layout.names if a.parts[n].any() and b.parts[n].any()]
        if not shared:
            raise SongNotFoundError(
                f"{a.song.name!r} and {b.song.name!r} have neither lyrics nor audio features in common to walk along; "
                "choose songs that both have lyrics, or both have audio features"
            )
        columns = np.concatenate([np.arange(parts.shape[1])[self.index.layout.slice(n)] for n in shared])
        usable = found.ranking.rows[parts[found.ranking.rows][:, columns].any(axis=1)]
        ends = np.array([a.row, b.row], np.int64)
        walk = path(
            self._candidates(usable, np.zeros(len(usable), np.float32)),
            _unit(parts[usable][:, columns]),
            self._candidates(ends, np.zeros(2, np.float32)),
            _unit(parts[ends][:, columns]),
            length,
            max_per_artist=max_per_artist,
            overlap=self._overlap,
        )
        hits = found.hits(walk.songs.rows.tolist())
        return Playlist(f"{a.song.title} to {b.song.title}", tuple(hits), walk.relaxed)

    def explain(self, a: Song | str, b: Song | str) -> Explanation:
        """What two songs have in common: words, topics, sound, and each signal's value."""
        first, second = self._seed(a), self._seed(b)
        if second.row is None:
            raise SongNotFoundError("the second song must be one of the catalogue; expected its name or song_id")
        return explain(Query(self.index, seeds=(first,)), second, self.weights["one"])

    # Below: how an answer is made.

    def _weights(self, query: Query) -> dict[str, float]:
        return self.weights[profile_of(len(query.seeds))]

    def _rows(self, name: str, songs: Sequence[Song | str]) -> list[int]:
        """The rows of songs that must be in the catalogue."""
        if isinstance(songs, str | Song):
            raise ValueError(f"{name} is one song, expected a list of songs: [{songs!r}]")
        rows = []
        for song in songs:
            seed = self._seed(song)
            if seed.row is None:
                raise SongNotFoundError(f"{seed.song.name!r} under {name} is not in the catalogue; name songs that are")
            rows.append(seed.row)
        return rows

    def _seed(self, song: Song | str) -> Seed:
        if isinstance(song, Song):
            row = self.index.songs.row_of(song.song_id) if song.song_id else None
            if row is None:
                return Seed.of_content(self.index, song)
        else:
            row = resolve(self.index, song)
        return Seed.of_row(self.index, row)

    def _query(
        self,
        seeds: Sequence[Song | str],
        avoid: Sequence[Song | str] = (),
        target: Mapping[str, float] | None = None,
    ) -> Query:
        for name, given in (("seeds", seeds), ("avoid", avoid)):
            if isinstance(given, str | Song):
                raise ValueError(f"{name} is one song, expected a list of songs: [{given!r}]")
        return Query(
            self.index,
            seeds=tuple(self._seed(song) for song in seeds),
            avoid=tuple(self._seed(song) for song in avoid),
            target=tuple(audio_values("target", target or {}).items()),
        )

    def _candidates(self, rows: npt.NDArray[np.int64], relevance: npt.NDArray[np.float32]) -> Candidates:
        songs = self.index.songs
        names = ("key", "mode", "tempo", "energy", "valence")
        return Candidates(
            rows=rows,
            scores=relevance,
            artists=songs.single("artist_key")[rows],
            albums=songs.single("album_key")[rows],
            stems=Stems(songs, rows),
            **{name: songs.audio[rows, AUDIO_NAMES.index(name)] for name in names},
        )

    def _never(self, query: Query) -> Candidates:
        """Seeds and songs to avoid, and what the catalogue has of those that were given by their content."""
        rows = set(query.rows)
        for seed in (*query.seeds, *query.avoid):
            if seed.row is None and seed.song.title and seed.song.artist:
                same = [f for f in find(self.index, f"{seed.song.title}, {seed.song.artist}", 3) if f.similarity >= 99]
                rows.update(f.row for f in same)
        return self._candidates(np.array(sorted(rows), np.int64), np.zeros(len(rows), np.float32))

    def _overlap(self, a: int, b: int) -> float:
        return lyric_overlap(self.index.songs.lyrics[a], self.index.songs.lyrics[b])


def weights_file(index: str | Path) -> Path:
    """Where the tuned weights of an index are kept: beside its folder, so that a rebuild leaves them."""
    return Path(index).with_name(f"{Path(index).name}.weights.json")


def _conditions(
    filters: Conditions | None, minimum: Mapping[str, float] | None, maximum: Mapping[str, float] | None
) -> Filters:
    conditions = dict(filters or {})
    low, high = audio_values("minimum", minimum or {}), audio_values("maximum", maximum or {})
    for name in {**low, **high}:
        if name in conditions:
            raise FilterError(f"{name} is bounded twice, by filters and by minimum or maximum; give one of them")
        conditions[name] = (low.get(name), high.get(name))
    return Filters.of(conditions)


def _unit(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    unit: npt.NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
