"""Names of clusters: the genres, words, moods and sound in which each differs from the rest of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.index import OpenIndex
from engine.sound import SOUND
from indexer.records import AUDIO_NAMES
from indexer.text.names import title_stem
from indexer.text.stopwords import ALL as STOP_WORDS

Rows = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]
FloatMatrix = npt.NDArray[np.float32]
Moods = tuple[Sequence[str], FloatMatrix]

LEAST_SONGS, LEAST_ARTISTS = 3, 3  # of a cluster that share a word: one artist's habit names no cluster
LEAST_SHARE = 0.15  # of a cluster's songs that have any genre or tag: what fewer are called does not name the rest
LEAST_LIFT = 1.5  # times as frequent as in the other clusters: what is sung everywhere names none
LEAST_OF_ALL = 0.05  # of all its songs, since in some clusters few have any
ARTIST_TAGS = 8  # an artist's heaviest tags; the others were given by one or two listeners
TAG_WORDS = 3  # a longer tag is a remark
MOST_TERMS = 6  # words, genres and moods of each cluster
OWN_SHARE = 0.5  # a cluster of which one artist has more than this is named after the artist

# Of the recording, not of the song; section marks that lyrics came with; and words that no map should be labelled with.
LEFT_OUT = STOP_WORDS | set(
    """
    version remasterizado remasterise edition recorded performance studios prod act pre refrain ohohohoh
    nigga niggas niggaz nigger bitch bitches hoe hoes whore slut faggot fuck fucks fucked fuckin fucking motherfucker
    motherfuckers motherfuckin pussy dick
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Portrait:
    """What sets a cluster apart, the most distinctive first; () where it does not differ from the others."""

    name: str
    words: tuple[str, ...]
    genres: tuple[str, ...]
    moods: tuple[str, ...]
    features: tuple[str, ...]


def moods_of(index: OpenIndex) -> Moods | None:
    """The moods of an index's songs; None where none were learned."""
    moods = index.songs.moods
    return (moods.names, moods.probabilities.astype(np.float32)) if moods.names else None


def portraits(index: OpenIndex, rows: Rows, labels: Labels, moods: Moods | None = None) -> list[Portrait]:
    """One portrait for each cluster.

    rows     int64 (n,): songs of the index
    labels   int32 (n,): the cluster of each, 0 .. clusters - 1
    moods    (names, float32 (rows of the index, moods)): probabilities, NaN where unknown
    """
    clusters = int(labels.max(initial=-1)) + 1
    artists = index.songs.single("artist_key")[rows]
    words = class_terms([_words(index, row) for row in rows.tolist()], labels, artists)
    genres = class_terms([_called(index, row) for row in rows.tolist()], labels, artists, least_share=LEAST_SHARE)
    features = standing_out(index.songs.audio[rows], labels, clusters)
    feelings = standing_out(moods[1][rows], labels, clusters) if moods else [[] for _ in range(clusters)]
    drawn: list[Portrait] = []
    for c in range(clusters):
        sound = (SOUND[AUDIO_NAMES[f]][z > 0] for f, z in features[c] if AUDIO_NAMES[f] in SOUND)
        felt = [moods[0][m] for m, z in feelings[c] if z > 0] if moods else []
        unnamed = Portrait("", tuple(words[c]), tuple(genres[c]), tuple(felt[:MOST_TERMS]), tuple(sound))
        artist = _main_artist(index, rows[labels == c])
        drawn.append(replace(unnamed, name=_name(unnamed, c, artist, {p.name for p in drawn})))
    return drawn


def class_terms(
    terms: Sequence[Iterable[str]], labels: Labels, artists: npt.NDArray[np.int32], *, least_share: float = 0.0
) -> list[list[str]]:
    """The terms that set each cluster apart from the others, best first: class-based TF-IDF (Grootendorst 2022).

    score(t, c) = songs of c with t / songs of c with any term x ln(1 + A / songs with t), A = terms of a cluster, on
    average. Left out are terms of fewer than LEAST_SONGS songs or LEAST_ARTISTS artists of the cluster, and those not
    LEAST_LIFT times as frequent in it as in the others. With `least_share`, those too that fewer of its songs with any
    term have, or less than LEAST_OF_ALL of all its songs. Ties in alphabetical order.

    >>> songs = [["rain", "love"], ["rain", "love"], ["rain"], ["neon", "love"], ["neon", "love"], ["neon"]]
    >>> class_terms(songs, np.array([0, 0, 0, 1, 1, 1], np.int32), np.arange(6, dtype=np.int32))
    [['rain'], ['neon']]
    """
    clusters = int(labels.max(initial=-1)) + 1
    by_song = [sorted(set(each)) for each in terms]
    vocabulary = sorted({term for each in by_song for term in each})
    code = {term: i for i, term in enumerate(vocabulary)}
    songs = np.repeat(np.arange(len(by_song)), [len(each) for each in by_song])
    codes = np.array([code[term] for each in by_song for term in each], np.int64)
    pairs, which, counts = np.unique(
        labels[songs].astype(np.int64) * len(vocabulary) + codes, return_inverse=True, return_counts=True
    )
    by_artist = np.unique(np.stack([which.reshape(-1), artists[songs]]), axis=1)[0]
    of_artists = np.bincount(by_artist, minlength=len(pairs))
    cluster, term = np.divmod(pairs, max(len(vocabulary), 1))
    having = np.bincount(labels[[bool(each) for each in by_song]], minlength=clusters)
    share = counts / np.maximum(having[cluster], 1)
    average = len(codes) / max(clusters, 1)
    total = np.bincount(codes, minlength=len(vocabulary))[term]
    score = share * np.log(1.0 + average / np.maximum(total, 1))
    elsewhere = (total - counts) / np.maximum(having.sum() - having[cluster], 1)
    enough = (counts >= LEAST_SONGS) & (of_artists >= LEAST_ARTISTS) & (share >= least_share)
    enough &= share >= LEAST_LIFT * elsewhere
    if least_share:
        enough &= counts >= LEAST_OF_ALL * np.bincount(labels, minlength=clusters)[cluster]
    order = np.lexsort((term, -score, cluster))
    out: list[list[str]] = [[] for _ in range(clusters)]
    for i in order[enough[order]].tolist():
        if len(out[cluster[i]]) < MOST_TERMS:
            out[cluster[i]].append(vocabulary[term[i]])
    return out


def deviations(table: npt.ArrayLike) -> FloatMatrix:
    """How many standard deviations each value lies from its column's mean; NaN where unknown, 0 where all are alike.

    >>> deviations([[1.0], [3.0], [np.nan]]).ravel().tolist()
    [-1.0, 1.0, nan]
    """
    values = np.asarray(table, np.float32)
    known = ~np.isnan(values)
    total = np.maximum(known.sum(axis=0), 1)
    apart = values - np.where(known, values, 0.0).sum(axis=0, dtype=np.float64) / total
    deviation = np.sqrt((np.where(known, apart, 0.0) ** 2).sum(axis=0, dtype=np.float64) / total)
    return np.asarray(apart / np.where(deviation > 1e-9, deviation, np.inf), np.float32)


def standing_out(table: npt.ArrayLike, labels: Labels, clusters: int) -> list[list[tuple[int, float]]]:
    """(column, deviations) of each cluster's means beyond one standard deviation of all songs, the farthest first.

    table   (n, columns), NaN where unknown; a mean of fewer than LEAST_SONGS known values says nothing

    >>> standing_out([[0.0], [0.0], [0.0], [9.0], [9.0], [9.0], [0.0], [0.0], [0.0]], np.repeat([0, 1, 2], 3), 3)
    [[], [(0, 1.414...)], []]
    """
    far = deviations(table)
    known = ~np.isnan(far)
    out: list[list[tuple[int, float]]] = []
    for c in range(clusters):
        own = known[labels == c].sum(axis=0)
        means = np.where(known, far, 0.0)[labels == c].sum(axis=0) / np.maximum(own, 1)
        means[own < LEAST_SONGS] = 0.0
        order = np.argsort(-np.abs(means), kind="stable").tolist()
        out.append([(column, float(means[column])) for column in order if abs(means[column]) > 1.0])
    return out


def _words(index: OpenIndex, row: int) -> set[str]:
    """The salient words of a song's lyrics, and the words of its title: two songs in three may have no lyrics."""
    title = {word for word in title_stem(index.songs.titles[row]).split() if len(word) > 2 and not word.isdigit()}
    return (title | set(index.salient_keywords[row].split())) - LEFT_OUT


def _called(index: OpenIndex, row: int) -> set[str]:
    """What the song and its artist are called: genres and tags, in lower case."""
    songs = index.songs
    tags = index.artist_tags.of_each(songs.column("artist_key").codes_of(row))[:ARTIST_TAGS]
    own = (term.casefold() for name in ("genre", "tag") for term in songs.column(name).of(row))
    return {term for term in (*own, *(tag for tag, _ in tags)) if len(term.split()) <= TAG_WORDS}


def _main_artist(index: OpenIndex, rows: Rows) -> str | None:
    """The main artist of more than OWN_SHARE of the songs."""
    artists = index.songs.single("artist_key")[rows]
    counts = np.bincount(artists[artists >= 0], minlength=1)
    most = int(counts.argmax())
    if counts[most] <= OWN_SHARE * len(rows):
        return None
    return index.songs.artist_called(most)


def _name(portrait: Portrait, number: int, artist: str | None, taken: set[str]) -> str:
    """A name that no other cluster has: "acoustic folk: river, home", with more words where it is taken."""
    kind = " ".join([*portrait.features[:1], *(portrait.genres[:1] or portrait.moods[:1])])
    if artist is not None:
        names = [artist]
    else:
        lists = (", ".join(portrait.words[:words]) for words in range(2, MOST_TERMS + 1))
        names = [": ".join(part for part in (kind, words) if part) for words in lists]
    free = [name for name in names if name and name not in taken]
    return free[0] if free else f"{names[0] or 'cluster'} {number + 1}"
