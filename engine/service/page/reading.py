"""Reading what was typed into the one box: a mood, a genre, an artist, a song, or words; and what else it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.answer.hits import Hits
from engine.engine import Engine
from engine.index import OpenIndex
from engine.lookup.names import MEANT, NamedSong, find
from engine.service.page.wishes import MOST_K, K, Wishes
from indexer.errors import EmptyQueryError, RequestError
from indexer.models.moods.vocabulary import mood_of
from indexer.search.lexical import split_quotes
from indexer.text.names import artist_key
from indexer.text.tokens import tokenise

Kind = Literal["mood", "genre", "artist", "song", "words"]
KINDS: tuple[Kind, ...] = ("mood", "genre", "artist", "song", "words")

SURE = 88.0  # similarity, 0..100, from which words are taken for a title without asking; from MEANT on it is proposed
CHOICES = 5  # songs that are proposed
OWN = 8  # songs of an artist before those that belong beside them
FILLERS = {
    "song", "songs", "music", "track", "tracks", "tune", "tunes", "something", "some", "and", "or", "a", "an", "the",
    "for", "to", "very", "more", "mood",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What was typed, as it was taken.

    kind      what it was taken for
    meant     the mood, genre, artist or title
    others    what else it may be: kind -> what it would mean
    song_id   of a song
    choices   rows of other songs that may be meant
    """

    kind: Kind
    meant: str
    others: Mapping[Kind, str]
    song_id: str | None = None
    choices: tuple[int, ...] = ()
    moods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Songs under a heading."""

    heading: str
    hits: Hits


def read_box(index: OpenIndex, wishes: Wishes) -> Reading:
    """What the words in the box are taken for.

    A newcomer who types "sad" wants sad songs, one who types a title wants that song, one who types a sentence wants
    songs about it. So a mood goes first, then a genre and an artist by their exact names, then a title that is typed
    nearly letter by letter, and all else is words. `as` in the address overrules it.
    """
    text = wishes.one("q")
    if not text:
        raise EmptyQueryError("nothing was typed; expected a song, some words or a mood")
    moods, possible = moods_in(index, text), dict[Kind, str]()
    if moods:
        possible["mood"] = " and ".join(moods)
    if text.casefold() in index.songs.codes("genre"):
        possible["genre"] = text.casefold()
    if artist := _artist(index, text):
        possible["artist"] = artist
    named = _named(index, text)
    if named:
        possible["song"] = index.songs.titles[named[0].row]
    possible["words"] = text
    quoted = bool(split_quotes(text)[0])
    sure = [kind for kind in possible if kind != "song" or named[0].similarity >= SURE]
    kind: Kind = "words" if quoted else sure[0]
    if asked := wishes.one("as"):
        if asked not in KINDS:
            raise RequestError(field="as", found=repr(asked[:60]), expected=f"one of {', '.join(KINDS)}")
        kind = next((each for each in KINDS if each == asked and each in possible), "words")
    others = {each: meant for each, meant in possible.items() if each != kind}
    song_id = index.songs.song_ids[named[0].row] if kind == "song" else None
    choices = tuple(each.row for each in named[1 if kind == "song" else 0 :])
    return Reading(kind, possible[kind], others, song_id, choices, moods)


def moods_in(index: OpenIndex, text: str) -> tuple[str, ...]:
    """The moods that a text names and nothing else, of those that the index has learned.

    "sad", "slow and tender songs"; of "sad eyes" none, for a person who types it means words.
    """
    tokens = [token for token in tokenise(text) if token not in FILLERS]
    moods = [mood_of(token) for token in tokens]
    learned = set(index.songs.moods.names)
    return tuple(dict.fromkeys(mood for mood in moods if mood)) if moods and learned.issuperset(moods) else ()


def answer_box(engine: Engine, wishes: Wishes, reading: Reading) -> list[Section]:
    """The songs for what was typed."""
    k, conditions = wishes.count("k", K, MOST_K), wishes.conditions
    match reading.kind:
        case "mood":
            if len(reading.moods) == 1:  # the songs that have it, the likeliest first
                moody = engine.recommend(filters={**conditions, "mood": list(reading.moods)}, k=k)
            else:  # nobody counted which songs have several: those that have most of them all
                moody = engine.recommend(target=dict.fromkeys(reading.moods, 1.0), filters=conditions, k=k)
            return [Section(f"Songs that are {reading.meant}", moody)]
        case "genre":
            narrowed = {**conditions, "genre": [reading.meant]}
            return [Section(f"Best known: {reading.meant}", engine.recommend(filters=narrowed, k=k))]
        case "artist":
            own = engine.recommend(filters={**conditions, "artist": [reading.meant]}, k=OWN)
            beside = engine.recommend(seed_artists=[reading.meant], filters=conditions, max_per_artist=2, k=k)
            return [Section(f"By {reading.meant}", own), Section(f"Beside {reading.meant}", beside)]
        case "song":
            return [Section("Songs like it", engine.similar(reading.song_id or "", k=k, filters=conditions))]
    hits = engine.search(wishes.one("q"), k=k, filters=conditions)
    return [Section("Songs with these words, or about them", hits)]


def _artist(index: OpenIndex, text: str) -> str | None:
    """The name of the artist who is called so, as the catalogue writes it."""
    codes = index.songs.codes("artist_key").get(artist_key(text))
    if not codes:
        return None
    rows = index.songs.column("artist_key").mask_of(codes).nonzero()[0].tolist()
    for row in rows:
        for artist in (name for names in index.songs.artists_of(row) for name in names):
            if artist_key(artist) == artist_key(text):
                return artist
    return text


def _named(index: OpenIndex, text: str) -> list[NamedSong]:
    """The songs that may be called so, the likeliest first."""
    try:
        return [each for each in find(index, text, CHOICES) if each.similarity >= MEANT]
    except EmptyQueryError:
        return []
