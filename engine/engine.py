"""Engine: opens an index and answers from it; wiring only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from engine.answer.answer import MOST_SONGS, POOL, answer, pool, ranked
from engine.answer.hits import Hit
from engine.answer.reasons import Explanation, explain
from engine.index import OpenIndex
from engine.listen.moods import SongMoods, song_moods
from engine.listen.preference import Preference, prefer
from engine.lookup.names import find
from engine.playlist.journey import journey
from engine.playlist.path import path_through
from engine.playlist.playlist import Playlist
from engine.playlist.sequencing import Arc, order, select
from engine.playlist.tracks import Candidates
from engine.playlist.versions import overlap_of
from engine.query.filters import Filters, target_values
from engine.query.query import Query, Seed
from engine.score.signals import SIGNALS, search_weights
from engine.score.weights import DEFAULT_WEIGHTS, SEARCH_WEIGHTS, Profile, Weights, profile_of, weights_file
from engine.tune.acceptance import TuningReport
from engine.tune.playlists import LEAST_QUERIES, Asked, tune_on_queries
from engine.tune.reactions import weights_from_reactions
from indexer.errors import SongNotFoundError
from indexer.models.moods.vocabulary import mood_named
from indexer.progress import Track, quiet
from indexer.records import AudioFeatures, Song

if TYPE_CHECKING:
    from engine.atlas.clusters import Clusters
    from engine.atlas.map import SongMap

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
        return list(answer(query, weights, k, Filters.bounded(filters, minimum, maximum)).hits())

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

    def search(
        self, text: str = "", k: int = 20, filters: Conditions | None = None, *, mood: str | None = None
    ) -> list[Hit]:
        """Songs for words: "in double quotes" they must be sung word for word, the rest is words or a meaning.

        mood   only songs of this mood, as the filter of this name; without words, the likeliest to be called so
        """
        conditions = Filters.of({**(filters or {}), **({} if mood is None else {"mood": mood})})
        if conditions.mood and not text.strip():
            wanted = {mood_named(word).name: 1.0 for word in conditions.mood}
            query = self._query((), target=wanted)
            return list(answer(query, self._weights(query), k, conditions).hits())
        query = Query(self.index, text=text)
        candidates = pool(query, SEARCH_WEIGHTS, k, conditions.mask(self.index.songs) if conditions else None)
        return list(ranked(query, candidates, search_weights(query, candidates), k).hits())

    def playlist(
        self,
        seeds: Sequence[Song | str] = (),
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
        from_mood: str | None = None,
        to_mood: str | None = None,
        seed: int = 0,
        name: str | None = None,
    ) -> Playlist:
        """A playlist from seed songs: chosen under caps, no second version of any song, ordered to be listened to.

        arc    how energy runs: "flat", "rise", "fall", "peak" or "wave"
        from_mood, to_mood   two moods between which it travels instead, with or without seeds
        seed   another number gives another playlist of nearly the same relevance; one number always the same
        """
        if length < 1:
            raise ValueError(f"length is {length}, expected at least 1")
        conditions = Filters.bounded(filters, minimum, maximum)
        if from_mood is not None or to_mood is not None:
            if from_mood is None or to_mood is None or arc != "flat":
                raise ValueError("a journey needs from_mood and to_mood, and no arc, for its moods decide the order")
            query = self._query(
                seeds, avoid, {**(target or {}), mood_named(from_mood).name: 1.0, mood_named(to_mood).name: 0.0}
            )
            made = journey(
                query, self._weights(query), conditions, from_mood, to_mood, length, never=self._never(query),
                max_per_artist=max_per_artist, max_per_album=max_per_album, seed=seed,
            )  # fmt: skip
            return made if name is None else replace(made, name=name)
        query = self._query(seeds, avoid, target)
        k = min(MOST_SONGS, len(self), max(POOL, PLAYLIST_POOL * length))
        found = answer(query, self._weights(query), k, conditions)
        chosen = select(
            Candidates.of_rows(self.index.songs, found.ranking.rows, found.ranking.scores),
            length,
            max_per_artist=max_per_artist,
            max_per_album=max_per_album,
            never=self._never(query),
            overlap=overlap_of(self.index.songs),
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
        query = self._query([start, end])
        if None in [seed.row for seed in query.seeds]:
            raise SongNotFoundError("a path leads between two songs of the catalogue; expected their names or song_ids")
        if not 2 <= length <= MOST_SONGS:
            raise ValueError(f"length is {length}, expected 2..{MOST_SONGS}")
        k = min(MOST_SONGS, len(self), max(2 * POOL, 2 * PLAYLIST_POOL * length))
        found = answer(query, self._weights(query), k, Filters.of(filters or {}))
        return path_through(found, length, max_per_artist=max_per_artist)

    def clusters(self, number: int | None = None, *, seed: int = 0, track: Track = quiet) -> Clusters:
        """The catalogue in groups of songs that lie together, each with a name. Takes minutes; needs `refrain[map]`.

        number   of clusters; None chooses by distortion and silhouette
        """
        from engine.atlas.clusters import find_clusters

        return find_clusters(self.index, self.weights["one"], clusters=number, seed=seed, track=track)

    def map(
        self, out: str | Path, *, clusters: int | None = None, sample: int | None = None, track: Track = quiet
    ) -> SongMap:
        """The catalogue, or so many songs of it, as a page for a browser, written whole. Needs `refrain[map]`."""
        from engine.atlas.map import write_map

        return write_map(Path(out), self.index, self.weights["one"], clusters=clusters, sample=sample, track=track)

    def taste_of(self, liked: Sequence[Song | str], other: Sequence[Song | str] | None = None) -> Preference:
        """Would I like it? Learned from songs that are liked and others that are not, at least 5 of each.

        It tells how far it is to be believed (`accuracy`, `summary`) and ranks unseen songs by how likely they would be
        liked (`rank`, `judge`). Without `other`, songs drawn from the catalogue stand for what is not liked.
        """
        others = None if other is None else self._seeds("other", other)
        return prefer(self.index, self._seeds("liked", liked), others)

    def moods(
        self,
        song: Song | str | None = None,
        *,
        lyrics: str | None = None,
        audio: AudioFeatures | Mapping[str, float] | None = None,
    ) -> SongMoods:
        """What listeners would call a song, its quadrant, valence, arousal, happy against sad, and what says so.

        Of a song of the catalogue, of a `Song`, or of lyrics and audio features alone. A song without lyrics is judged
        by its sound; one without either is unknown.
        """
        return song_moods(self.index, song, lyrics, audio)

    def explain(self, a: Song | str, b: Song | str) -> Explanation:
        """What two songs have in common: words, topics, sound, and each signal's value."""
        first, second = self._seeds("songs", [a, b])
        if second.row is None:
            raise SongNotFoundError("the second song must be one of the catalogue; expected its name or song_id")
        return explain(Query(self.index, seeds=(first,)), second, self.weights["one"])

    # Below: how an answer is made.

    def _weights(self, query: Query) -> dict[str, float]:
        return self.weights[profile_of(len(query.seeds))]

    def _seeds(self, name: str, songs: Sequence[Song | str]) -> tuple[Seed, ...]:
        if isinstance(songs, str | Song):
            raise ValueError(f"{name} is one song, expected a list of songs: [{songs!r}]")
        return tuple(Seed.of(self.index, song) for song in songs)

    def _rows(self, name: str, songs: Sequence[Song | str]) -> list[int]:
        """The rows of songs that must be in the catalogue."""
        rows = []
        for seed in self._seeds(name, songs):
            if seed.row is None:
                raise SongNotFoundError(f"{seed.song.name!r} under {name} is not in the catalogue; name songs that are")
            rows.append(seed.row)
        return rows

    def _query(
        self,
        seeds: Sequence[Song | str],
        avoid: Sequence[Song | str] = (),
        target: Mapping[str, float] | None = None,
    ) -> Query:
        return Query(
            self.index,
            seeds=self._seeds("seeds", seeds),
            avoid=self._seeds("avoid", avoid),
            target=tuple(target_values(target or {}).items()),
        )

    def _never(self, query: Query) -> Candidates:
        """Seeds and songs to avoid, and what the catalogue has of those that were given by their content."""
        rows = set(query.rows)
        for seed in (*query.seeds, *query.avoid):
            if seed.row is None and seed.song.title and seed.song.artist:
                same = [f for f in find(self.index, f"{seed.song.title}, {seed.song.artist}", 3) if f.similarity >= 99]
                rows.update(f.row for f in same)
        return Candidates.of_rows(self.index.songs, np.array(sorted(rows), np.int64))
