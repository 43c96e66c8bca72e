"""Why this song: shared words, sound, era and artist, each signal's share, in one short sentence or in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.playlist.transitions import tempo_distance
from engine.query.query import Query, Seed
from engine.retrieve.retrievers import LexicalRetriever
from engine.score.fusion import contributions, normalise
from engine.score.signals import Pool, measure
from indexer.records import AUDIO_NAMES, Song
from indexer.search.lexical import best_line

MOST_WORDS = 3  # shared words that a sentence names
MOST_KIN = 3  # moods that it names for one that was not learned
MOST_CLAUSES = 2
TOPIC_WORDS = 6
BACKGROUND = 1_000  # songs drawn from the index to say what is usual between two songs
CLOSE = 0.12  # a feature is called alike within this share of its spread in the index
SAME_TEMPO = 0.17  # tempo_distance of 6 percent, what a pitch fader bridges without its being heard

# How a likeness of each feature is put into words.
_SOUND = {
    "energy": ("calm", "energetic"),
    "valence": ("dark", "bright"),
    "danceability": ("loose", "danceable"),
    "acousticness": ("electric", "acoustic"),
}


@dataclass(frozen=True, slots=True)
class Feature:
    """An audio feature of two songs.

    likeness   1 alike .. 0 as far apart as this index goes; None where one of them is unknown
    """

    name: str
    a: float | None
    b: float | None
    likeness: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What two songs have in common.

    reason          one sentence
    signals         signal -> value before weighting, None where unknown
    shared_words    keywords of both songs, the first song's best first
    topics          words of the topic that both songs share most, () where there is none
    features        the 12 audio features side by side
    line            the line of the second song that holds most of the shared words
    """

    a: Song
    b: Song
    reason: str
    signals: Mapping[str, float | None]
    shared_words: tuple[str, ...]
    topics: tuple[str, ...]
    features: tuple[Feature, ...]
    line: str | None


def reason(query: Query, row: int, shares: Mapping[str, float], line: str | None = None) -> str:
    """One short sentence from the signals that spoke for a song, the strongest first.

    shares   signal -> contribution to the song's score
    """
    if query.text and not query.seeds:
        return _search_reason(shares, line)
    clauses: list[str] = []
    for name in sorted(shares, key=shares.__getitem__, reverse=True):
        if shares[name] <= 0 or len(clauses) == MOST_CLAUSES:
            break
        if name == "popularity" and clauses:
            continue  # true of most hits: a reason only where it comes first
        clause = _clause(query, row, name)
        if clause and clause not in clauses:
            clauses.append(clause)
    sentence = ", ".join(clauses) or "the nearest that is left"
    return sentence[0].upper() + sentence[1:]


def _search_reason(shares: Mapping[str, float], line: str | None) -> str:
    if line is not None and shares.get("lexical", 0.0) >= shares.get("lyrics", 0.0):
        return "Has the words"
    return "Close in meaning" if shares.get("lyrics", 0.0) > 0 else "Has some of the words"


def _clause(query: Query, row: int, name: str) -> str | None:
    index = query.index
    seeds = query.seeds
    if name == "lexical":
        words = shared_words(seeds, index.keywords[row].split())[:MOST_WORDS]
        plural = "s" if len(words) > 1 else ""
        return f"shares the word{plural} " + _listed([f"“{w}”" for w in words]) if words else None
    if name == "lyrics":
        return "sings of the same things"
    if name == "audio":
        return _sound_clause(query, row)
    if name in ("taste", "cooccurrence", "factors"):
        return _playlist_clause(query, row)
    if name == "tbert":
        return "has the same mood"
    if name == "artist":
        return f"also by {index.songs.artists[row]}"
    if name == "genre":
        told = {g for seed in seeds for g in seed.song.genres}
        both = [g for g in index.songs.column("genre").of(row) if g in told]
        return f"also {both[-1]}" if both else None  # the narrowest genre comes last
    if name == "era":
        year, decade = index.songs.when(row)
        return f"from {year}" if year else f"from the {decade}s" if decade else None
    if name == "language":
        return None  # true of most songs: no reason on its own
    if name == "popularity":
        return "often chosen by listeners"
    if name == "target":
        asked = [name for name, wanted in query.target if name not in AUDIO_NAMES and wanted >= 0.5]
        return _mood_clause(index, asked) if asked else "near the values asked for"
    return None


def _mood_clause(index: OpenIndex, asked: Sequence[str]) -> str:
    """The moods asked for; of one that was not learned, by which moods it is told."""
    told = {name: [*index.songs.moods.learned_neighbours(name)] for name in asked}
    called = [name if by == [name] else f"{name} (told by {_listed(by[:MOST_KIN])})" for name, by in told.items()]
    return f"likely to be called {' and '.join(called)}"


def _playlist_clause(query: Query, row: int) -> str:
    """How many playlists hold the song and a seed; where none does, it is of the kind that those playlists hold."""
    playlists = query.index.cooccurrence.playlists_of(row)
    held = max((len(of_seed.intersection(playlists)) for of_seed in query.playlists), default=0)
    if not held:
        return "fits the same playlists"
    many = f"{held} playlist{'s' * (held > 1)}"
    return f"shares {many} with it" if len(query.seeds) == 1 else f"shares {many} with a seed"


def _sound_clause(query: Query, row: int) -> str:
    songs, spread = query.index.songs, query.index.spread
    words = []
    for name, (low_word, high_word) in _SOUND.items():
        value = songs.feature(name, row)
        if value is None or name not in query.sound:
            continue
        low, high = spread[name]
        wanted, here = (query.sound[name] - low) / max(high - low, 1e-6), (value - low) / max(high - low, 1e-6)
        if abs(wanted - here) <= CLOSE and (here <= 0.35 or here >= 0.65):
            words.append((abs(here - 0.5), high_word if here > 0.5 else low_word))
    said = [word for _, word in sorted(words, reverse=True)[:2]]
    tempo = songs.feature("tempo", row)
    if tempo is not None and "tempo" in query.sound and tempo_distance(tempo, query.sound["tempo"]) <= SAME_TEMPO:
        said.append(f"{tempo:.0f} BPM")
    return "sounds alike" + (f" ({_listed(said)})" if said else "")


def explain(query: Query, other: Seed, weights: Mapping[str, float]) -> Explanation:
    """What the query's one seed and another song of the index have in common.

    The sentence weighs each signal by how far it stands above what two songs of this index have on average.
    """
    row = _row(other)
    index, seed = query.index, query.seeds[0]
    values = _values(query, np.array([row]), weights)[0]
    sample = np.random.default_rng(0).choice(len(index.songs), min(BACKGROUND, len(index.songs)), replace=False)
    rows = np.unique(np.append(sample, row))
    shares = contributions(normalise(_values(query, rows, weights)), list(weights.values()))
    mine = dict(zip(weights, shares[np.searchsorted(rows, row)].tolist(), strict=True))
    words = shared_words([seed], index.keywords[row].split())
    song = index.songs.song(row)
    return Explanation(
        a=seed.song,
        b=song,
        reason=reason(query, row, mine),
        signals={n: None if np.isnan(v) else float(v) for n, v in zip(weights, values, strict=True)},
        shared_words=tuple(words),
        topics=_shared_topic(query, other),
        features=compare_features(seed.song, song, index.spread),
        line=best_line(song.lyrics, words) if song.lyrics and words else None,
    )


def _values(query: Query, rows: npt.NDArray[np.int64], weights: Mapping[str, float]) -> npt.NDArray[np.float32]:
    allowed = np.zeros(len(query.index.songs), bool)
    allowed[rows] = True
    lexical = LexicalRetriever().retrieve(query, len(rows), allowed)
    return measure(query, Pool(rows, {"lexical": lexical}), weights)


def _row(seed: Seed) -> int:
    if seed.row is None:
        raise ValueError(f"{seed.song.name!r} is not in the index")
    return seed.row


def _shared_topic(query: Query, other: Seed) -> tuple[str, ...]:
    model = query.index.topic_model
    shared = query.topics * other.topics
    if model is None or not shared.any():
        return ()
    return tuple(model.top_words(TOPIC_WORDS)[int(np.argmax(shared))])


def shared_words(seeds: Sequence[Seed], keywords: Sequence[str]) -> list[str]:
    """Keywords that a song shares with the seeds, the seeds' best first."""
    here = set(keywords)
    return list(dict.fromkeys(word for seed in seeds for word in seed.keywords if word in here))


def compare_features(a: Song, b: Song, spread: Mapping[str, tuple[float, float]]) -> tuple[Feature, ...]:
    """The 12 audio features of two songs side by side."""
    known_a = a.audio.known() if a.audio else {}
    known_b = b.audio.known() if b.audio else {}
    compared = []
    for name in AUDIO_NAMES:
        one, two = known_a.get(name), known_b.get(name)
        likeness = None
        if one is not None and two is not None:
            low, high = spread[name]
            likeness = 1.0 - min(abs(one - two) / max(high - low, 1e-6), 1.0)
        compared.append(Feature(name, one, two, likeness))
    return tuple(compared)


def _listed(words: Sequence[str]) -> str:
    """
    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
