"""Engine: opens an index and answers requests from it; wiring only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np

from engine.answer.compare import Explanation, explain
from engine.answer.find import find as best_songs
from engine.answer.hits import Hits
from engine.index import OpenIndex
from engine.listen.moods import SongMoods, song_moods
from engine.listen.preference import Preference, prefer
from engine.lookup.listing import Page, find_songs, in_order, list_songs
from engine.lookup.named import Names, with_ids
from engine.lookup.record import SongRecord, record_of
from engine.plain import shown
from engine.playlist.playlist import Playlist
from engine.playlist.requested import path, playlist
from engine.query.query import Query
from engine.query.reading import known_rows, read
from engine.query.seeds import Seed
from engine.requests import Explain, Find, ListSongs, MakePath, MakePlaylist, Recommend, Request, Search
from engine.score.signals import BY_NAME
from engine.score.weights import (
    DEFAULT_WEIGHTS,
    Profile,
    Profiles,
    Weights,
    checked_profiles,
    file_state,
    merged,
    saved_weights,
    weights_file,
)
from engine.tune.acceptance import TuningReport, accepted_weights
from engine.tune.playlists import Example, tune_weights
from indexer.errors import RequestError, SongNotFoundError
from indexer.lazy import lazy
from indexer.progress import Track, quiet
from indexer.records import AudioFeatures, Song

if TYPE_CHECKING:
    from engine.atlas.clusters import Clusters
    from engine.atlas.map import SongMap


@dataclass(frozen=True, eq=False)
class _Opened:
    """What one answer reads, from its beginning to its end.

    base        the weights as they were opened
    overrides   those that were given or set since, which go before them and outlive a reopening
    file        what tells one state of the weights file from another; None where there is no file
    """

    index: OpenIndex
    base: Profiles
    overrides: Profiles = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    file: tuple[int, int, int] | None = None

    @lazy
    def weights(self) -> Profiles:
        """What counts."""
        return merged(self.base, self.overrides)


class Engine:
    """Answers from one index: songs like these, songs for these words, playlists, paths, and why.

    `answer` takes a request; the methods below are short ways of writing one, with the request's fields as keywords.
    A song is given as a `Song` of this engine, as a song_id, as words that name it, or as a `Song` with lyrics or
    audio that is in no catalogue. Several threads may share one engine, also while it is opened anew.

    Every method that takes songs raises SongNotFoundError and AmbiguousSongError for their names (where one of several
    is far better known it is taken, and the answer's `notes` say so; `exact` refuses), EmptyQueryError for a song of
    which nothing is known, RequestError for a value out of bounds and FilterError for filters.

    notes   sentences about what was found wrong at opening, and what is used instead
    """

    def __init__(self, index: OpenIndex, weights: Mapping[Profile, Mapping[str, float]] | None = None):
        """An engine of an index that is open; weights that are not given are the default ones."""
        self._source: Literal["saved", "default"] = "default"
        self._opened = _Opened(index, DEFAULT_WEIGHTS, checked_profiles(weights or {}))
        self._swap = Lock()  # held while `_opened` is exchanged, never while anything is computed or read

    @classmethod
    def open(cls, index: str | Path, weights: Literal["saved", "default"] = "saved") -> Self:
        """Open an index folder. Loads neither torch nor keras.

        weights   "saved": those in the file beside the index, where they belong to it; else `notes` says why not, and
                  the default weights are used
        """
        opened = _open(Path(index), weights)
        engine = cls(opened.index)
        engine._opened, engine._source = opened, weights
        return engine

    @property
    def index(self) -> OpenIndex:
        return self._opened.index

    @property
    def weights(self) -> Profiles:
        """Profile -> signal -> weight; nobody can change it. See `tune` and `use`."""
        return self._opened.weights

    @property
    def notes(self) -> tuple[str, ...]:
        return self._opened.notes

    def stale(self) -> bool:
        """Whether a newer generation of the index, or another weights file, lies where this one was opened.

        Raises IndexMissingError or IndexFormatError where no index can be read there any more.
        """
        opened = self._opened
        if opened.index.stale():
            return True
        return self._source == "saved" and file_state(weights_file(opened.index.path)) != opened.file

    def reopen(self) -> None:
        """Open what is there now; weights that were given or set by `use` and `tune` stay.

        Answers that have begun end with what they began with; errors leave all as it was.
        """
        opened = _open(self.index.path, self._source, before=self.index)
        with self._swap:
            self._opened = replace(opened, overrides=self._opened.overrides)

    def close(self) -> None:
        self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Songs in the index."""
        return len(self.index)

    def __iter__(self) -> Iterator[Song]:
        """All songs, in the order of their names."""
        songs = self.index.songs
        return (songs.song(int(row)) for row in in_order(songs, np.flatnonzero(songs.alive)))

    @overload
    def answer(self, request: Recommend | Search) -> Hits: ...
    @overload
    def answer(self, request: MakePlaylist | MakePath) -> Playlist: ...
    @overload
    def answer(self, request: Explain) -> Explanation: ...
    @overload
    def answer(self, request: ListSongs | Find) -> Page: ...
    def answer(self, request: Request) -> Hits | Playlist | Explanation | Page:
        """What the request is for."""
        index, weights = self._opened.index, self._opened.weights
        named, notes = with_ids(index, request)
        match named:
            case Recommend() | Search():
                hits = best_songs(
                    read(index, named, weights), named.k, versions=named.versions,
                    max_per_artist=named.max_per_artist, max_per_album=named.max_per_album,
                ).hits()  # fmt: skip
                hits.request, hits.notes = request, notes  # type: ignore[assignment]  # of one kind with `named`
                return hits
            case MakePlaylist():
                return replace(playlist(index, named, weights), query=request.to_dict(), notes=notes)
            case MakePath():
                return replace(path(index, named, weights), query=request.to_dict(), notes=notes)
            case Explain():
                first, second = Seed.of(index, named.a), Seed.of_row(index, known_rows(index, "b", [named.b])[0])
                explained = explain(Query(index, seeds=(first,)), second, {**weights["one"], **named.weights})
                return replace(explained, notes=notes)
            case Find():
                return find_songs(index, named)
            case ListSongs():
                return list_songs(index, named)
        raise TypeError(f"{type(request).__name__} is no request; `engine.requests.request_from_dict` reads one")

    def recommend(
        self, seeds: Sequence[Song | str] = (), avoid: Sequence[Song | str] = (), *, k: int = 20, **fields: Any
    ) -> Hits:
        """The k songs that belong beside the seeds: `Recommend`."""
        return self.answer(Recommend(seeds=self._named(seeds), avoid=self._named(avoid), k=k, **self._fields(fields)))

    def similar(self, song: Song | str, k: int = 20, filters: Mapping[str, Any] | None = None, **fields: Any) -> Hits:
        """The k songs most like one: `Recommend` with one seed."""
        return self.recommend([song], k=k, filters=filters, **fields)

    def search(self, text: str = "", k: int = 20, filters: Mapping[str, Any] | None = None, **fields: Any) -> Hits:
        """Songs for words: `Search`."""
        return self.answer(Search(text=text, k=k, **self._fields({**fields, "filters": filters})))

    def playlist(self, seeds: Sequence[Song | str] = (), length: int = 25, **fields: Any) -> Playlist:
        """A playlist from songs, artists, genres, words, moods or filters: `MakePlaylist`."""
        return self.answer(MakePlaylist(seeds=self._named(seeds), length=length, **self._fields(fields)))

    def path(self, start: Song | str, end: Song | str, length: int = 15, **fields: Any) -> Playlist:
        """`length` songs from one song to another, both included, each a step further than the last: `MakePath`."""
        start, end = self._named([start, end])
        return self.answer(MakePath(start=start, end=end, length=length, **self._fields(fields)))

    def explain(self, a: Song | str, b: Song | str, **fields: Any) -> Explanation:
        """What two songs have in common, words, topics, sound, and each signal's value: `Explain`."""
        a, b = self._named([a, b])
        return self.answer(Explain(a=a, b=b, **fields))

    def songs(self, filters: Mapping[str, Any] | None = None, **fields: Any) -> Page:
        """The songs under filters, sorted, a page at a time: `ListSongs`."""
        return self.answer(ListSongs(**self._fields({**fields, "filters": filters})))

    def song(self, song_id: str) -> Song:
        """The song with this id; SongNotFoundError where there is none."""
        index = self.index
        row = index.songs.row_of(song_id)
        if row is None:
            raise SongNotFoundError(f"no song has the id {shown(song_id)}; look it up by its name")
        return index.songs.song(row)

    def show(self, song: Song | str, *, exact: bool = False) -> SongRecord:
        """One song whole, by its id or name: what the catalogue says of it, and what the index knows beyond."""
        index = self.index
        names = Names(index, exact=exact)
        row = known_rows(index, "song", [names.song_id(song)])[0]
        return replace(record_of(index, row), notes=names.notes)

    def find(self, text: str, k: int = 10) -> list[Song]:
        """Songs whose title and artist are like `text`, best first: `Find`."""
        return list(self.answer(Find(text=text, k=k)))

    def named(self, text: str, *, exact: bool = False) -> Song:
        """The one song that words or an id name; SongNotFoundError and AmbiguousSongError name others."""
        return self.song(Names(self.index, exact=exact).song_id(text))

    def moods(
        self,
        song: Song | str | None = None,
        *,
        lyrics: str | None = None,
        audio: AudioFeatures | Mapping[str, float] | None = None,
        exact: bool = False,
    ) -> SongMoods:
        """What listeners would call a song, its quadrant, valence, arousal, happy against sad, and what says so.

        Of a song of the catalogue, of a `Song`, or of lyrics and audio features alone. A song without lyrics is judged
        by its sound; one without either is unknown.
        """
        index = self.index
        names = Names(index, exact=exact)
        return replace(song_moods(index, names.song_id(song), lyrics, audio), notes=names.notes)

    def taste_of(self, liked: Sequence[Song | str], other: Sequence[Song | str] | None = None) -> Preference:
        """Would I like it? Learned from songs that are liked and others that are not, at least 5 of each.

        It tells how far it is to be believed (`accuracy`, `summary`) and ranks unseen songs by how likely they would be
        liked (`rank`, `judge`). Without `other`, songs drawn from the catalogue stand for what is not liked.
        """
        index = self.index
        for name, songs in (("liked", liked), ("other", other)):
            if isinstance(songs, str | Song):
                raise RequestError(field=name, found=repr(songs), expected="a list of songs")
        likes, others = (None if each is None else [Seed.of(index, song) for song in each] for each in (liked, other))
        return prefer(index, likes or [], others)

    def tune(
        self, queries: Iterable[tuple[Sequence[Song | str], Sequence[Song | str]]], *, track: Track = quiet
    ) -> dict[Profile, TuningReport]:
        """Tune the weights on (seeds, songs that should come back) and use those that unseen queries confirm.

        Every second query is tuned on, the others decide: 40 with one seed, or 40 with several, are the least that
        say something, else a RequestError. `save_weights` keeps what was accepted.
        """
        index, weights = self._opened.index, self._opened.weights
        examples = [
            Example(np.array(known_rows(index, "seeds", seeds)), np.array(known_rows(index, "wanted", wanted)))
            for seeds, wanted in queries
        ]
        reports = tune_weights(index, weights, examples, track=track)
        self.use(accepted_weights(weights, reports))
        return reports

    def use(self, weights: Mapping[Profile, Mapping[str, float]]) -> None:
        """Use these weights from the next answer on; profiles and signals that are not named keep theirs."""
        checked = checked_profiles(weights)
        with self._swap:
            self._opened = replace(self._opened, overrides=merged(self._opened.overrides, checked))

    def save_weights(self) -> Path:
        """Keep the weights in the file beside the index, where `open` and `reopen` find them."""
        opened = self._opened
        file = weights_file(opened.index.path)
        Weights(opened.weights, opened.index.manifest["fingerprint"]).save(file)
        state = file_state(file)
        with self._swap:
            now = self._opened
            if self._source == "saved" and now.overrides is opened.overrides:  # from here on the file says them
                now = replace(now, base=opened.weights, overrides={})
            self._opened = replace(now, file=state)
        return file

    def clusters(self, clusters: int | None = None, *, seed: int = 0, track: Track = quiet) -> Clusters:
        """The catalogue in groups of songs that lie together, each with a name. Takes minutes; needs `refrain[map]`.

        clusters   how many; None chooses by distortion and silhouette
        """
        from engine.atlas.clusters import find_clusters

        return find_clusters(self.index, self.weights["one"], clusters=clusters, seed=seed, track=track)

    def map(
        self, out: str | Path, *, clusters: int | None = None, sample: int | None = None, track: Track = quiet
    ) -> SongMap:
        """The catalogue, or so many songs of it, as a page for a browser, written whole. Needs `refrain[map]`."""
        from engine.atlas.map import write_map

        return write_map(Path(out), self.index, self.weights["one"], clusters=clusters, sample=sample, track=track)

    def _named(self, songs: Any) -> Any:
        """Songs of the index by their ids, so that a request stays short; anything else as it is."""
        if not isinstance(songs, list | tuple):
            return songs
        row_of = self.index.songs.row_of
        return [
            song.song_id if isinstance(song, Song) and song.song_id and row_of(song.song_id) is not None else song
            for song in songs
        ]

    def _fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        songs = ("avoid", "exclude", "liked", "skipped")
        return {name: self._named(value) if name in songs else value for name, value in fields.items()}


def _open(path: Path, weights: Literal["saved", "default"], before: OpenIndex | None = None) -> _Opened:
    index = OpenIndex(path, before)
    if weights == "default":
        return _Opened(index, DEFAULT_WEIGHTS)
    file = weights_file(index.path)
    state = file_state(file)
    saved, notes = saved_weights(file, fingerprint=index.manifest["fingerprint"], names=BY_NAME)
    return _Opened(index, merged(DEFAULT_WEIGHTS, saved), notes=notes, file=state)
