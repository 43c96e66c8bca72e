"""What templates are given of songs: texts without marks that disguise, addresses, sound, and what each signal gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Request

from engine.answer.compare import Feature
from engine.answer.hits import Hit
from engine.lookup.named import Names
from engine.playlist.transitions import camelot
from engine.service.page.short import ShortIds
from engine.service.page.wishes import Wishes
from engine.service.served import Served
from indexer.catalogue import Catalogue
from indexer.errors import CatalogueError, RefrainError
from indexer.records import AudioFeatures

SIGNALS: Mapping[str, str] = {
    "taste": "taste", "factors": "listeners", "cooccurrence": "playlists", "popularity": "well known",
    "artist": "artist", "genre": "genre", "era": "years", "language": "language", "audio": "sound",
    "timbre": "timbre", "lyrics": "meaning", "tbert": "theme", "lexical": "words", "target": "your wishes",
}  # fmt: skip
MOST_BARS = 4  # signals that a bar shows
PITCHES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
FEATURES = {"duration_ms": "length", "mode": "scale"}
BAR = 120  # units of the bar's length


@dataclass(frozen=True, slots=True)
class Part:
    """One signal in the bar of a song: its name, its share in percent, and where it lies in the bar."""

    name: str
    percent: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """A song in a list.

    short    the song, as addresses have it
    sound    where it can be listened to; "" where the catalogue has no file of it
    parts    the signals that spoke for it, the strongest first
    """

    hit: Hit
    short: str
    url: str
    like: str
    add: str
    avoid: str
    sound: str
    parts: tuple[Part, ...]

    @property
    def facts(self) -> str:
        """Year, length, tempo and key, where they are known."""
        hit = self.hit
        code = camelot(hit.key, hit.mode)
        key = f"{key_called(hit.key, hit.mode)} ({code})" if code else ""
        facts = (
            str(hit.year) if hit.year else "", length_of(hit.duration_ms),
            f"{hit.tempo:.0f} BPM" if hit.tempo else "", key,
        )  # fmt: skip
        return " · ".join(fact for fact in facts if fact)


def wishes_of(request: Request, service: Served) -> Wishes:
    """What the address of a request wishes for."""
    return Wishes.of(request.query_params.multi_items(), ShortIds(service.engine.index))


def song_url(song_id: str, basket: Wishes | None = None) -> str:
    """The address of a song's page.

    >>> song_url("the-marrows/salt road?")
    '/songs/the-marrows/salt%20road%3F'
    """
    return (basket or Wishes()).url(f"/songs/{quote(song_id, safe='/')}")


def sound_url(song_id: str) -> str:
    return f"/api/v1/songs/{quote(song_id, safe='/')}/sound"


def length_of(duration_ms: float | None) -> str:
    """Minutes and seconds.

    >>> length_of(245_000), length_of(None)
    ('4:05', '')
    """
    return "" if duration_ms is None else f"{round(duration_ms / 1000) // 60}:{round(duration_ms / 1000) % 60:02d}"


def key_name(audio: AudioFeatures | None) -> str:
    """A key in words and as the Camelot wheel has it; "" where it is unknown.

    >>> key_name(AudioFeatures(key=11.0, mode=0.0))
    'B minor, 10A'
    """
    code = None if audio is None else camelot(audio.key, audio.mode)
    return "" if audio is None or code is None else f"{key_called(audio.key, audio.mode)}, {code}"


def key_called(key: float | None, mode: float | None) -> str:
    """A key in words; "" where it is unknown.

    >>> key_called(11.0, 0.0), key_called(None, 1.0)
    ('B minor', '')
    """
    code = camelot(key, mode)
    return "" if code is None or key is None else f"{PITCHES[int(key)]} {'major' if code.endswith('B') else 'minor'}"


def compared(features: Iterable[Feature]) -> list[tuple[str, str, str, float]]:
    """The features that are known of both songs: name, the two values as people write them, and how alike they are.

    >>> compared([Feature("duration_ms", 61_000.0, 59_000.0, 0.9), Feature("key", 0.0, 7.0, 0.2)])
    [('length', '1:01', '0:59', 0.9), ('key', 'C', 'G', 0.2)]
    """
    return [
        (FEATURES.get(each.name, each.name), _written(each.name, each.a), _written(each.name, each.b), each.likeness)
        for each in features
        if each.a is not None and each.b is not None and each.likeness is not None
    ]


def _written(name: str, value: float) -> str:
    match name:
        case "duration_ms":
            return length_of(value)
        case "key":
            return PITCHES[round(value) % 12]
        case "mode":
            return "major" if value >= 0.5 else "minor"
        case "tempo":
            return f"{value:.0f} BPM"
        case "loudness":
            return f"{value:.1f} dB"
    return f"{value:.2f}"


def rows_of(service: Served, hits: Iterable[Hit], wishes: Wishes) -> list[Row]:
    """The songs of an answer for a list."""
    songs = list(hits)
    paths = files_of(service, [song.song_id for song in songs])
    basket = wishes.basket
    return [
        Row(
            song, song.song_id if wishes.ids is None else wishes.ids.short(song.song_id),
            song_url(song.song_id, basket),
            basket.with_("q", song.song_id).with_("as", "song").url("/search"),
            wishes.fresh.less("avoid", song.song_id).with_("seed", song.song_id).url(),
            wishes.fresh.less("seed", song.song_id).with_("avoid", song.song_id).url(),
            sound_url(song.song_id) if song.song_id in paths else "",
            parts_of(song.signals),
        )
        for song in songs
    ]  # fmt: skip


def parts_of(signals: Mapping[str, float]) -> tuple[Part, ...]:
    """The signals that raised a score, as shares of all that raised it.

    >>> [(part.name, part.percent) for part in parts_of({"taste": 3.0, "genre": 1.0, "era": -2.0})]
    [('taste', 75), ('genre', 25)]
    """
    raised = sorted(((value, name) for name, value in signals.items() if value > 0), reverse=True)
    total = sum(value for value, _ in raised)
    parts, x = [], 0.0
    for value, name in raised[:MOST_BARS]:
        width = BAR * value / total
        parts.append(Part(SIGNALS.get(name, name), round(100 * value / total), round(x, 1), round(width, 1)))
        x += width
    return tuple(parts)


def files_of(service: Served, song_ids: Sequence[str]) -> dict[str, str]:
    """song_id -> the path of its file of sound; nothing where the catalogue is not there any more."""
    if not song_ids:
        return {}
    try:
        with Catalogue(service.settings.catalogue, create=False) as catalogue:
            return catalogue.files_of_songs(song_ids)
    except CatalogueError:
        return {}  # the index answers without it: songs are shown without a way to play them


def sound_of(service: Served, song_id: str) -> str:
    """Where a song can be listened to; "" where the catalogue has no file of it."""
    return sound_url(song_id) if song_id in files_of(service, [song_id]) else ""


def names_of(service: Served, song_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Ids or words as songs: what the chips of seeds and songs to avoid show."""
    engine, named = service.engine, []
    names = Names(engine.index)
    for song in song_ids:
        try:
            found = engine.song(names.song_id(song))
        except RefrainError:  # the page says so where the songs are looked for
            named.append({"song": song, "title": song, "artist": ""})
        else:
            named.append({"song": song, "title": found.title or song, "artist": found.artist})
    return named
