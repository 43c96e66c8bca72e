"""Mood labels of songs: what listeners call the playlists that hold them and how songs are tagged; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from indexer.models.moods.lexicon import Said, folded
from indexer.models.topics import STOP_WORDS
from indexer.songs.splits import PlaylistRows
from indexer.songs.table import Songs
from indexer.text.tokens import tokenise

FloatMatrix = npt.NDArray[np.float32]

# Mood or use -> the words of playlist titles that say it. Inflections ("chillin", "parties", "saaad", "summer16")
# are folded, so only base forms stand here; English first, then Spanish, German, French.
MOODS: Mapping[str, str] = {
    "chill": "chill calm mellow relax relaxation unwind lowkey lounge easy smooth laidback tranquilo ruhig entspannt "
    "calme detente zen peace peaceful soothe serene breezy cozy comfy",
    "sad": "sad sadness cry tear depress depressed depression melancholy melancholic gloomy lonely alone sorrow grief "
    "triste tristeza traurig tristesse llorar",
    "heartbreak": "heartbreak heartbroken breakup heartache ex desamor liebeskummer",
    "feels": "feels feeling emotion emotional emo moody mood introspective deep",
    "happy": "happy happiness joy joyful cheerful smile sunshine upbeat feelgood uplift positive optimistic feliz "
    "alegria alegre glucklich froh heureux joie bonheur",
    "party": "party partay pregame turnt rager rave bash club fiesta feier fete soiree celebrate celebration "
    "drink drunk tailgate",
    "hype": "hype lit litty pump pumped banger slap fire amped energy energetic savage beast turn bump",
    "workout": "workout gym training lift fitness cardio exercise crossfit entrenamiento sport",
    "running": "run runner jog marathon laufen correr courir treadmill",
    "dance": "dance dancefloor bailar baile tanzen danse danser groove zumba",
    "romantic": "romantic romance love lover lovely valentine crush amor romantico liebe amour wedding kiss",
    "sexy": "sexy sex sensual seductive bedroom steamy",
    "angry": "angry anger rage mad furious hate pissed aggressive wut wutend enojado colere",
    "sleep": "sleep sleepy asleep bedtime dream dreamy lullaby nap schlaf schlafen dormir sueno",
    "focus": "study focus homework concentrate concentration read coding writing lernen estudiar etudier",
    "work": "work office job trabajo arbeit",
    "morning": "morning wake wakeup sunrise breakfast coffee manana morgen matin",
    "driving": "drive car cruise road roadtrip trip ride highway travel commute bus viaje fahrt",
    "summer": "summer summertime summa beach pool sun sunny boat lake verano sommer ete tropical",
    "spring": "spring primavera fruhling printemps",
    "autumn": "autumn fall otono herbst automne",
    "winter": "winter snow snowy invierno hiver",
    "rainy": "rain rainy storm stormy lluvia regen pluie",
    "christmas": "christmas xmas carol merry holiday navidad weihnachten weihnacht noel",
    "halloween": "halloween spooky creepy scary",
    "nostalgic": "nostalgic nostalgia throwback tbt tb childhood memory memories flashback oldie goodies old oldschool "
    "recuerdo nostalgie",
    "worship": "worship praise jesus christian gospel prayer church god faith hymn spiritual",
    "motivated": "motivation motivate motivational inspire inspiration inspirational empower confidence strong "
    "badass grind hustle boss",
    "dark": "dark darkness death haunted sinister goth gothic",
    "weekend": "weekend friday saturday sunday",
    "shower": "shower bath clean cleaning singalong sing karaoke",
    "yoga": "yoga meditation meditate savasana spa vinyasa",
    "dinner": "dinner cook kitchen wine jazzy",
    "vibes": "vibe vibin vibey vibez",
    "trippy": "trippy psychedelic stoned stoner weed smoke spacey",
    "sweet": "sweet cute beautiful pretty soft slow gentle tender acoustic",
    "fun": "fun funny silly goofy guilty pleasure camp disney kid",
}
# Emoji that say nothing without words, as a heart, are left out.
EMOJI: Mapping[str, str] = {
    **dict.fromkeys("😢😭💔😞😔☹🥺", "sad"),
    **dict.fromkeys("😀😁😃😄😊🙂😎", "happy"),
    **dict.fromkeys("🎉🥳🍻🍾🎊🍺", "party"),
    **dict.fromkeys("🔥⚡💯", "hype"),
    **dict.fromkeys("💪🏋", "workout"),
    **dict.fromkeys("🏃", "running"),
    **dict.fromkeys("💃🕺", "dance"),
    **dict.fromkeys("😍🥰💘💕💏", "romantic"),
    **dict.fromkeys("😡😠🤬", "angry"),
    **dict.fromkeys("😴💤🛌", "sleep"),
    **dict.fromkeys("📚📖✏", "focus"),
    **dict.fromkeys("☕🌅", "morning"),
    **dict.fromkeys("🚗🚙", "driving"),
    **dict.fromkeys("☀🌞🏖🏝🌴⛱🌊", "summer"),
    **dict.fromkeys("🌸🌷", "spring"),
    **dict.fromkeys("🍁🍂", "autumn"),
    **dict.fromkeys("❄⛄☃", "winter"),
    **dict.fromkeys("🌧☔⛈", "rainy"),
    **dict.fromkeys("🎄🎅", "christmas"),
    **dict.fromkeys("🎃👻", "halloween"),
    **dict.fromkeys("🙏⛪", "worship"),
    **dict.fromkeys("🧘", "yoga"),
    **dict.fromkeys("😌", "chill"),
}
_SAYS_NOTHING = STOP_WORDS | set(
    tokenise("music musica song playlist list jam tune mix best good new favorite fav stuff random hit")
)
FEW_PLAYLISTS = 100  # fewer name too little; then tags are read too
LEAST_PLAYLISTS = 4  # a word of fewer is a listener's own
LEAST_SONGS = 20  # a label of fewer songs cannot be learnt
COMMON = 0.5  # power of a label's frequency that its counts are divided by


_MOOD_OF = {word: mood for mood, words in MOODS.items() for word in tokenise(f"{mood} {words}")}


@lru_cache(maxsize=100_000)
def _label_of(word: str) -> str | None:
    """A mood; else the word, without a plural s; None where it says nothing."""
    if mood := next((_MOOD_OF[form] for form in folded(word) if form in _MOOD_OF), None):
        return mood
    plain = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    return None if len(plain) < 2 or {word, plain} & _SAYS_NOTHING else plain


def labels_in(text: str) -> set[str]:
    """What a title calls its songs: moods, and every other word that says something.

    The first such word after a negation is denied and left out.

    >>> sorted(labels_in("Saaad rock for rainy days 😴")), labels_in("NOT sad"), labels_in("Saddle up")
    (['day', 'rainy', 'rock', 'sad', 'sleep'], set(), {'saddle'})
    """
    found = set() if text.isascii() else {EMOJI[letter] for letter in text if letter in EMOJI}
    said = Said()
    for place, word in enumerate(tokenise(text)):
        label = _label_of(word)
        if said.affirms(place, word, label is not None) and label is not None:
            found.add(label)
    return found


def moods_in(text: str) -> set[str]:
    """Of `labels_in`, the moods.

    >>> sorted(moods_in("Saaad rock for rainy days 😴"))
    ['rainy', 'sad', 'sleep']
    """
    return labels_in(text) & MOODS.keys()


@dataclass(frozen=True, slots=True)
class SongLabels:
    """What songs are called.

    names          of the columns: moods, which stand in MOODS, and other words, sorted
    distributions  float32 (rows, names): each row sums to 1, or is 0 where nobody called the song anything
    """

    names: tuple[str, ...]
    distributions: FloatMatrix

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.distributions.any(axis=1))


def song_labels(
    songs: Songs,
    playlists: Iterable[PlaylistRows],
    *,
    least_playlists: int = LEAST_PLAYLISTS,
    least_songs: int = LEAST_SONGS,
) -> SongLabels:
    """What songs are called by the names of the playlists that hold them, with moods also from descriptions.

    n(song, label) / n(label) ** COMMON, rows scaled to sum 1: a song of one party and one rain playlist is
    rather rainy. A label needs `least_playlists` and `least_songs`; `playlists` may be learned from. Songs' own
    tags are read only where fewer than FEW_PLAYLISTS playlists may be: on shared/data, where 9 in 10 tags are
    genres, labels with them rerank worse (see indexer/tbert).
    """
    called = [(labels_in(name) | moods_in(description), rows.tolist()) for name, rows, description in playlists]
    frequency = Counter(label for labels, _ in called for label in labels)
    names = {label for label, count in frequency.items() if count >= least_playlists}
    if len(called) < FEW_PLAYLISTS:
        tagged = list(_tagged(songs))
        called += tagged
        names |= {label for labels, _ in tagged for label in labels}
    column_of = {label: column for column, label in enumerate(sorted(names))}
    counts = np.zeros((len(songs), len(column_of)), np.float32)
    for labels, rows in called:
        counts[np.ix_(rows, sorted(column_of[label] for label in labels & names))] += 1.0
    kept = np.flatnonzero((counts > 0).sum(axis=0) >= least_songs)
    weighted = counts[:, kept] / np.maximum(counts[:, kept].sum(axis=0), 1.0) ** np.float32(COMMON)
    sums = weighted.sum(axis=1, keepdims=True)
    return SongLabels(tuple(sorted(names)[i] for i in kept), weighted / np.where(sums > 0, sums, 1.0))


def _tagged(songs: Songs) -> Iterator[tuple[set[str], list[int]]]:
    """What each tag calls its songs, and their living rows."""
    tags = songs.column("tag")
    rows = np.repeat(np.arange(len(songs)), np.diff(tags.starts))
    codes = tags.codes[tags.starts[0] : tags.starts[-1]]
    living = songs.alive[rows]
    order = np.argsort(codes[living], kind="stable")
    starts = np.searchsorted(codes[living][order], np.arange(len(tags.terms) + 1))
    for tag, first, end in zip(tags.terms, starts[:-1], starts[1:], strict=True):
        yield labels_in(tag), rows[living][order][first:end].tolist()
