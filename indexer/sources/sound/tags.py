"""Tags: what a file of sound says about itself, by tinytag (MIT), with the values checked and taken apart."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from indexer.sources.cells import plain, unknown
from indexer.sources.identifiers import isrc, mbid, spotify_track
from indexer.sources.sound.beside import picture_type
from indexer.sources.sound.mending import mended
from indexer.sources.units import key_and_mode, year_of
from indexer.sources.validate import MAX_NAME, number

if TYPE_CHECKING:
    from tinytag import TinyTag

_READ_AT_ONCE = 32 << 20  # bytes: a cover is smaller, a length that a damaged file claims is not
_READ_IN_ALL = 128 << 20
_READS = 4_000_000  # an Ogg of a day has a million pages
_R128_TO_REPLAYGAIN = 5.0  # dB between the loudness that EBU R 128 (-23 LUFS) and ReplayGain 2 (-18 LUFS) aim at
_GAINS = (-60.0, 60.0)  # dB
_TEMPI = (20.0, 400.0)  # beats per minute
_LONGEST_S = 86_400  # of a recording; a header may claim anything
_MENDED = 10_000  # characters: a longer text is no name
_MAX_NUMBER = 9_999  # of a track or a disc

_UNSYNCHRONISED = 0x80
_SPLIT = re.compile(r"\s*[;\x00]\s*")
_GENRES = re.compile(r"\s*[;,/\\|\x00]\s*")
_NUMBERED = re.compile(
    r"(?:audio ?)?(?:track|titel|titre|pista|piste|traccia|spur|faixa|трек|トラック) ?\d+", re.IGNORECASE
)
_NOBODY = frozenset(
    {"unknown artist", "<unknown>", "unknown", "various artists", "various", "va", "v.a.", "v/a", "artist"}
)
_NO_ALBUM = frozenset({"unknown album", "<unknown>", "unknown", "untitled album"})

# The names that the formats have for one thing, as tinytag gives them: ID3's frames, Vorbis' and Windows' keys, MP4's.
_RECORDING = ("musicbrainz_trackid", "musicbrainz track id", "musicbrainz/track id", "ufid")
_ACOUSTID = ("acoustid_id", "acoustid id", "acoustid/id")
_COMPILATION = ("compilation", "tcmp", "tcp", "cpil", "iscompilation")
_ADVISORY = ("rtng", "itunesadvisory")
_LYRICS = ("lyrics", "unsynced lyrics", "unsyncedlyrics", "syncedlyrics", "synced lyrics", "lyrics-xxx", "lyrics-eng")
_ORIGINAL_DATE = ("originaldate", "originalyear", "original year", "tdor", "tory", "originalreleaseyear")
_LINKS = ("url", "woas", "waf", "woaf", "spotify_url", "spotify url", "spotify_track_id", "spotify track id", "spotify")


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file's tags say.

    facts          of the names that `validate.song_facts` takes: title, artist, album, year, genre, language, explicit,
                   lyrics; only what is known
    artists        one by one, where the tags themselves keep them apart
    ids            (namespace, value) of "spotify", "mbid" (MusicBrainz recording), "isrc", "acoustid", in this order
    album_artist   "" where unknown
    tempo          beats per minute; key 0..11 and mode 1 or 0, as some program noted them; None unknown
    gain_db        ReplayGain of the track and of the album, dB towards -18 LUFS; None unknown
    duration_ms    as the file's header says; None where it says nothing
    cover          whether a picture is inside, of a kind that browsers and players show and that holds no program
    remarks        sentences: values that were refused or mended
    """

    facts: Mapping[str, object] = field(default_factory=dict)
    artists: tuple[str, ...] = ()
    ids: tuple[tuple[str, str], ...] = ()
    album_artist: str = ""
    track: int | None = None
    disc: int | None = None
    compilation: bool = False
    tempo: float | None = None
    key: float | None = None
    mode: float | None = None
    gain_db: float | None = None
    album_gain_db: float | None = None
    duration_ms: float | None = None
    cover: bool = False
    remarks: tuple[str, ...] = ()


def read_tags(path: Path) -> Tags:
    """The tags of a file; of one whose tags cannot be read a remark alone. Raises OSError where the file cannot."""
    with path.open("rb") as file:
        try:
            tag = _parsed(file, path)
        except _Unreadable as error:
            return Tags(remarks=(f"its tags cannot be read ({error}); write them again with a tagging program",))
    return _Reading(tag).tags()


def read_picture(file: BinaryIO, path: Path) -> bytes | None:
    """The picture that a file of sound holds, the front cover rather than another; None without one.

    path   only its ending is read
    """
    try:
        image = _parsed(file, path).images.any
    except _Unreadable:
        return None
    return None if image is None else image.data


class _Unreadable(Exception):
    """No tags can be taken from a file."""


def _parsed(file: BinaryIO, path: Path) -> TinyTag:
    """What tinytag reads, by the file's content and, where that says nothing, by its ending."""
    from tinytag import ParseError, UnsupportedFormatError

    for image in (True, False):
        bounded = _Bounded(file)
        try:
            return _by_content(bounded, path, image=image)
        except UnsupportedFormatError:
            raise _Unreadable("no known kind of tags") from None
        except ParseError as error:
            if not bounded.exceeded:
                raise _Unreadable(str(error)[:80] or "damaged") from None
    raise _Unreadable("they claim more than any tag holds")


def _by_content(bounded: _Bounded, path: Path, *, image: bool) -> TinyTag:
    from tinytag import TinyTag, UnsupportedFormatError

    try:
        tag = TinyTag.get(file_obj=bounded, image=image)  # type: ignore[arg-type]  # it reads, seeks and tells
    except UnsupportedFormatError:
        bounded.seek(0)
        tag = TinyTag.get(filename=str(path), file_obj=bounded, image=image)  # type: ignore[arg-type]
    bounded.seek(0)
    if (synchronised := _synchronised(bounded)) is not None:
        inner = TinyTag.get(file_obj=synchronised, duration=False, image=image)
        inner.duration = tag.duration
        return inner
    return tag


def _synchronised(file: _Bounded) -> io.BytesIO | None:
    """The ID3 tag of a file without the zero bytes that "unsynchronisation" put behind each 0xff; None without any.

    Up to ID3v2.3 they run through the whole tag, and tinytag reads them as letters.
    """
    header = file.read(10)
    if len(header) < 10 or not header.startswith(b"ID3") or header[3] > 3 or not header[5] & _UNSYNCHRONISED:
        return None
    size = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
    body = file.read(size).replace(b"\xff\x00", b"\xff")
    length = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return io.BytesIO(header[:5] + bytes([header[5] & ~_UNSYNCHRONISED]) + length + body)


class _Bounded:
    """A file that gives out so much and no more: lengths inside it may be anything."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._bytes, self._reads = _READ_IN_ALL, _READS
        self.exceeded = False
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _READ_AT_ONCE:
            size = _READ_AT_ONCE + 1
        data = self._file.read(size)
        self._bytes -= len(data)
        self._reads -= 1
        if len(data) > _READ_AT_ONCE or self._bytes < 0 or self._reads < 0:
            self.exceeded = True
            raise ValueError("too much to read")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        """Whoever opened the file closes it."""


class _Reading:
    """The values of one file's tags, and what is to be remarked about them."""

    def __init__(self, tag: TinyTag) -> None:
        self._tag = tag
        self._remarks: list[str] = []

    def tags(self) -> Tags:
        """Everything that is known."""
        tempo, key_mode = self._number("bpm", "bpm", *_TEMPI), self._key()
        artist, artists = self._artists()
        duration = self._tag.duration or 0.0
        facts = {
            "title": self._title(),
            "artist": artist,
            "album": self._name("album", _NO_ALBUM),
            "year": self._year(),
            "genre": [part for text in self._texts("genre") for part in _GENRES.split(text) if part],
            "language": next(iter(self._texts("language")), None),
            "explicit": self._explicit(),
            "lyrics": self._lyrics(),
        }
        return Tags(
            facts={name: value for name, value in facts.items() if value not in (None, "", [])},
            artists=artists,
            ids=tuple(self._ids()),
            album_artist=self._name("albumartist", frozenset()),
            track=self._count(self._tag.track),
            disc=self._count(self._tag.disc),
            compilation=any(text in ("1", "true") for name in _COMPILATION for text in self._texts(name)),
            tempo=tempo,
            key=key_mode[0],
            mode=key_mode[1],
            gain_db=self._gain("track"),
            album_gain_db=self._gain("album"),
            duration_ms=round(duration * 1000)
            if isinstance(duration, int | float) and 0.001 < duration < 86_400
            else None,
            cover=(image := self._tag.images.any) is not None and picture_type(image.data) is not None,
            remarks=tuple(dict.fromkeys(self._remarks)),
        )

    def _texts(self, name: str) -> list[str]:
        """Every value of a field as one line, the main one first; mended where its encoding was mistaken."""
        return [text for text in (self._mended(raw, name) for raw in self._raw(name)) if text]

    def _raw(self, name: str) -> Iterator[str]:
        values: list[Any] = [getattr(self._tag, name, None), *self._tag.other.get(name, ())]
        for value in values:
            if isinstance(value, str | int | float):
                yield from str(value).split("\x00")

    def _mended(self, text: str, name: str) -> str:
        better, encoding = mended(text) if len(text) <= _MENDED else (text, "")
        if encoding:
            self._remarks.append(f"{name} is written in {encoding} and says another encoding; read as {encoding}")
        return plain(better)

    def _name(self, name: str, nobody: frozenset[str]) -> str:
        return next((text for text in self._texts(name) if text.casefold() not in nobody), "")

    def _title(self) -> str:
        title = next(iter(self._texts("title")), "")
        return "" if _NUMBERED.fullmatch(title) or title.casefold() in ("<unknown>", "unknown title") else title

    def _artists(self) -> tuple[str, tuple[str, ...]]:
        """The credit as one text, and the artists one by one where the tags keep them apart.

        Picard writes both ARTIST ("Ada feat. Bo") and ARTISTS ("Ada", "Bo"): the text that names all the others is the
        credit.
        """
        texts = [text for text in self._texts("artist") if text.casefold() not in _NOBODY]
        if not texts:
            return self._name("albumartist", _NOBODY), ()
        credit = max(texts, key=len)
        rest = [text for text in texts if text != credit]
        if rest and all(text.casefold() in credit.casefold() for text in rest):
            return credit, tuple(rest) if len(rest) > 1 else ()
        apart = tuple(dict.fromkeys(name for text in texts for name in _SPLIT.split(text) if name))
        return ", ".join(texts) if len(texts) > 1 else texts[0], apart if len(apart) > 1 else ()

    def _year(self) -> int | None:
        for name in ("year", *_ORIGINAL_DATE):
            for text in self._texts(name):
                if (year := year_of(text)) is not None:
                    return year
                if not unknown(text) and text.strip("0-"):
                    self._remarks.append(f"date is {text[:40]!r}, expected a year such as 1994 or 1994-05-31")
        return None

    def _explicit(self) -> bool | None:
        marks = {text for name in _ADVISORY for text in self._texts(name)}
        return True if marks & {"1", "4"} else False if "2" in marks else None

    def _lyrics(self) -> str:
        """The words; of several the plain ones rather than those with times, then the longest."""
        values = [str(text).replace("\x00", "\n").strip() for name in _LYRICS for text in self._raw_lyrics(name)]
        best = max(values, key=lambda text: (not text.startswith("["), len(text)), default="")
        better, encoding = mended(best[:MAX_NAME])
        if not encoding:
            return best
        self._remarks.append(f"lyrics are written in {encoding} and say another encoding; read as {encoding}")
        return better + mended(best[MAX_NAME:])[0]

    def _raw_lyrics(self, name: str) -> list[str]:
        return [text for text in self._tag.other.get(name, ()) if isinstance(text, str)]

    def _ids(self) -> Iterator[tuple[str, str]]:
        links = [text for name in (*_LINKS, "comment") for text in self._texts(name)]
        if track := next((track for link in links if "spotify" in link and (track := spotify_track(link))), ""):
            yield "spotify", track
        kinds = (("mbid", _RECORDING, mbid, "a UUID"), ("isrc", ("isrc",), isrc, "an ISRC such as GBAYE0601498"))
        for namespace, names, read, expected in (*kinds, ("acoustid", _ACOUSTID, mbid, "a UUID")):
            for text in (text for name in names for text in self._texts(name)):
                if value := read(text):
                    yield namespace, value
                    break
                if "://" not in text:  # of an ID3 UFID the owner
                    self._remarks.append(f"{namespace} is {text[:40]!r}, expected {expected}")

    def _key(self) -> tuple[float | None, float | None]:
        for text in self._texts("initial_key"):
            key, mode = key_and_mode(text)
            if key is not None:
                return key, mode
            if not unknown(text) and text != "o":  # ID3's word for music off key
                self._remarks.append(f"key is {text[:40]!r}, expected a key such as F#m, 8A or 1d")
        return None, None

    def _gain(self, of: str) -> float | None:
        gain = self._number(f"replaygain_{of}_gain", f"{of} gain", *_GAINS)
        if gain is not None:
            return gain
        steps = self._number(f"r128_{of}_gain", f"{of} gain", -32_768, 32_767)
        return None if steps is None else steps / 256 + _R128_TO_REPLAYGAIN

    def _number(self, field: str, name: str, low: float, high: float) -> float | None:
        for text in self._texts(field):
            text = re.sub(r"\s*(?:dB|bpm)$", "", text, flags=re.IGNORECASE).replace(",", ".")
            if name == "bpm" and text.strip("0.") == "":  # iTunes' "unknown"
                continue
            if (value := number(text, name, low, high, self._remarks)) is not None:
                return value
        return None

    def _count(self, value: object) -> int | None:
        return value if isinstance(value, int) and 0 < value <= _MAX_NUMBER else None
