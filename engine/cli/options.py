"""Options that several commands share, in groups, and what they are in a request."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from engine.cli.catalogue_songs import songs_of_words
from engine.cli.opening import CATALOGUE as CATALOGUE
from engine.cli.render.console import message, some_of
from engine.playlist.formats import ENDINGS

if TYPE_CHECKING:
    from engine.engine import Engine
    from indexer.records import Song

SEEDS, LIMITS, FILTERS = "Where to start", "What must not come back", "Filters: every song meets them all"

_MINUTES = re.compile(r"\d+(?:\.\d+)?")
_CLOCK = re.compile(r"(?:(\d+):([0-5]?\d)|(\d+)):([0-5]?\d)")


def _named(index: Path) -> Path:
    """The folder by its own name, for `.` and `..` have none and what belongs to an index is called after it."""
    return index.resolve() if index.name in ("", "..") else index


def _playlist_file(out: Path | None) -> Path | None:
    """Checked before the work, not after it."""
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise typer.BadParameter(f"{out} ends in {out.suffix or 'nothing'!r}, expected one of {', '.join(ENDINGS)}")
    if out is not None:
        out.parent.stat()  # OSError names a folder that is not there
    return out


def _words(option: str, metavar: str, help: str, panel: str | None = None) -> Any:
    """An option that may be given several times."""
    read = songs_of_words if metavar == "SONG" else None
    return typer.Option(option, metavar=metavar, help=f"{help} (repeat).", rich_help_panel=panel, callback=read)


def flag(*names: str, help: str, panel: str | None = None) -> Any:
    """An option without a value."""
    return typer.Option(*names, metavar="", help=help, rich_help_panel=panel)


def file_to_read(option: str, help: str, panel: str | None = None) -> Any:
    """An option that names a file, which must be there."""
    return typer.Option(option, metavar="FILE", help=help, exists=True, dir_okay=False, rich_help_panel=panel)


CatalogueOption = Annotated[
    str,
    typer.Option(
        "--catalogue",
        metavar="FILE|URL",
        envvar="REFRAIN_CATALOGUE",
        help="The catalogue: a file or an SQLAlchemy URL.",
    ),
]
IndexOption = Annotated[
    Path, typer.Option("--index", metavar="FOLDER", envvar="REFRAIN_INDEX", help="The index folder.", callback=_named)
]
JsonOption = Annotated[bool, flag("--json", help="JSON on stdout instead of a table.")]
QuietOption = Annotated[bool, flag("--quiet", "-q", help="No progress on stderr.")]
CountOption = Annotated[int, typer.Option("-k", "--count", metavar="N", help="How many songs.")]
LengthOption = Annotated[int, typer.Option("--length", metavar="N", help="How many songs.")]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help=f"Save as {', '.join(ENDINGS)}.", callback=_playlist_file),
]
NameOption = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What the playlist is called.")]
SongArgument = Annotated[
    str,
    typer.Argument(metavar="SONG", help="A name, a song_id, a link, an ISRC or MBID, a file.", callback=songs_of_words),
]
ExactOption = Annotated[
    bool, flag("--exact", help="Refuse a name that several songs have, also where one is far better known.")
]
WeightOption = Annotated[
    list[str] | None, _words("--weight", "NAME=VALUE", "How much a signal counts in this answer: popularity=0")
]

INDEX = Path("refrain.index")


class Content(StrEnum):
    """What is known of a song; as an Enum, for Typer takes no list of literals."""

    lyrics = "lyrics"
    audio = "audio"


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """Conditions that every song of an answer meets; named as in `Filters.of`, but for duration and where."""

    year: Annotated[
        str | None,
        typer.Option(
            "--year", metavar="RANGE", help="1990..1999, 1990s, 2001, ..1979, 2010..", rich_help_panel=FILTERS
        ),
    ] = None
    genre: Annotated[list[str] | None, _words("--genre", "WORD", "One of these", FILTERS)] = None
    not_genre: Annotated[list[str] | None, _words("--not-genre", "WORD", "None of these", FILTERS)] = None
    language: Annotated[list[str] | None, _words("--language", "CODE", "One of these: en, es, ...", FILTERS)] = None
    artist: Annotated[list[str] | None, _words("--artist", "NAME", "By one of these", FILTERS)] = None
    not_artist: Annotated[list[str] | None, _words("--not-artist", "NAME", "By none of these", FILTERS)] = None
    album: Annotated[list[str] | None, _words("--album", "NAME", "On one of these", FILTERS)] = None
    tag: Annotated[list[str] | None, _words("--tag", "WORD", "Called one of these", FILTERS)] = None
    not_tag: Annotated[list[str] | None, _words("--not-tag", "WORD", "Called none of these", FILTERS)] = None
    mood: Annotated[list[str] | None, _words("--mood", "MOOD", "Of one of these: sad, chill, ...", FILTERS)] = None
    not_mood: Annotated[list[str] | None, _words("--not-mood", "MOOD", "Of none of these", FILTERS)] = None
    version_kind: Annotated[
        list[str] | None, _words("--version-kind", "KIND", "Only versions: live, acoustic, karaoke, ...", FILTERS)
    ] = None
    not_version_kind: Annotated[list[str] | None, _words("--not-version-kind", "KIND", "No such versions", FILTERS)] = (
        None
    )
    explicit: Annotated[
        Literal["yes", "no"] | None,
        typer.Option("--explicit", help="Only explicit songs, or none.", rich_help_panel=FILTERS),
    ] = None
    has: Annotated[list[Content] | None, _words("--has", "lyrics|audio", "Only songs that have them", FILTERS)] = None
    tempo: Annotated[
        str | None,
        typer.Option("--tempo", metavar="RANGE", help="Beats per minute: 90..120", rich_help_panel=FILTERS),
    ] = None
    energy: Annotated[
        str | None,
        typer.Option("--energy", metavar="RANGE", help="0..1: 0.6.. for energetic songs", rich_help_panel=FILTERS),
    ] = None
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="RANGE", help="Seconds: ..240", rich_help_panel=FILTERS)
    ] = None
    where: Annotated[
        list[str] | None,
        _words("--where", "NAME=RANGE", "Any other range: valence=0.5.., popularity=20..60", FILTERS),
    ] = None

    def values(self) -> dict[str, Any]:
        """As a request holds them; those that were not given are left out."""
        from engine.query.filters import parse_range

        conditions = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("duration", "where")}
        conditions["has"] = [each.value for each in self.has or ()]
        if self.duration is not None:
            low, high = (None if math.isinf(each) else each * 1000 for each in parse_range("duration", self.duration))
            conditions["duration_ms"] = (low, high)
        for name, value in pairs("--where", self.where):
            if conditions.get(name) is not None:
                raise typer.BadParameter(f"{name} is given twice; give it once", param_hint="--where")
            conditions[name] = value
        return {"filters": {name: value for name, value in conditions.items() if value not in (None, [])}}


@dataclass(frozen=True, slots=True)
class SeedOptions:
    """What an answer starts from, and what it keeps away from."""

    seed: Annotated[list[str] | None, _words("--seed", "SONG", "A song to start from", SEEDS)] = None
    seed_artist: Annotated[list[str] | None, _words("--seed-artist", "NAME", "An artist to start from", SEEDS)] = None
    seed_genre: Annotated[list[str] | None, _words("--seed-genre", "WORD", "A genre to start from", SEEDS)] = None
    text: Annotated[
        str,
        typer.Option("--text", metavar="WORDS", help="Words or a meaning, with seeds or alone.", rich_help_panel=SEEDS),
    ] = ""
    seed_lyrics: Annotated[
        Path | None, file_to_read("--seed-lyrics", "A text file: lyrics of a seed that no catalogue holds.", SEEDS)
    ] = None
    seed_audio: Annotated[
        list[str] | None, _words("--seed-audio", "NAME=VALUE", "Its audio features: energy=0.8,tempo=120", SEEDS)
    ] = None
    avoid: Annotated[list[str] | None, _words("--avoid", "SONG", "A song to keep away from", SEEDS)] = None
    target: Annotated[
        list[str] | None, _words("--target", "NAME=VALUE", "Pull towards a value: energy=0.8, sad=1", SEEDS)
    ] = None

    def values(self) -> dict[str, Any]:
        """By name, as the requests that start from songs hold them."""
        return {
            "seeds": self._seeds(),
            "seed_artists": self.seed_artist or [],
            "seed_genres": self.seed_genre or [],
            "text": self.text,
            "avoid": self.avoid or [],
            "target": numbers("--target", self.target),
        }

    def _seeds(self) -> list[str | Song]:
        """Seeds by name, and the one that is given by its content."""
        from engine.query.targets import audio_values
        from indexer.records import AudioFeatures, Song

        seeds: list[str | Song] = list(self.seed or [])
        if self.seed_lyrics is not None or self.seed_audio:
            values = audio_values("--seed-audio", dict(pairs("--seed-audio", self.seed_audio)))
            lyrics = None if self.seed_lyrics is None else read_lyrics(self.seed_lyrics)
            title = "the sound described" if self.seed_lyrics is None else self.seed_lyrics.stem
            seeds.append(Song(title, "", lyrics=lyrics, audio=AudioFeatures(**values) if values else None))
        return seeds


@dataclass(frozen=True, slots=True)
class ExcludeOptions:
    """Songs that must not come back."""

    exclude: Annotated[list[str] | None, _words("--exclude", "SONG", "A song that must not come back", LIMITS)] = None
    exclude_from: Annotated[
        Path | None, file_to_read("--exclude-from", "A file that lists such songs: any table, or one per line.", LIMITS)
    ] = None

    def values(self, engine: Engine) -> dict[str, Any]:
        """As a request holds them: names and song_ids; of a name in the file that several songs have, all of them.

        What the file lists and the index does not hold is counted on stderr.
        """
        from engine.lookup.files import read_list

        if self.exclude_from is None:
            return {"exclude": self.exclude or []}
        listed = read_list(engine.index, self.exclude_from)
        missing = [name for name in listed.missing if name not in listed.ambiguous]
        missing += [song.name for song in listed.songs if not song.song_id]
        if missing:
            message(f"{self.exclude_from.name}: {len(missing):,} not found, so not excluded: {some_of(missing)}")
        ids = [song.song_id for song in listed.songs if song.song_id]
        alike = [song_id for several in listed.ambiguous.values() for song_id in several]
        return {"exclude": [*(self.exclude or []), *dict.fromkeys([*ids, *alike])]}


@dataclass(frozen=True, slots=True)
class CapOptions:
    """How many songs of one kind an answer may hold."""

    max_per_artist: Annotated[
        int | None,
        typer.Option("--max-per-artist", metavar="N", help="Songs of one artist at most.", rich_help_panel=LIMITS),
    ] = None
    max_per_album: Annotated[
        int | None,
        typer.Option("--max-per-album", metavar="N", help="Songs of one album at most.", rich_help_panel=LIMITS),
    ] = None
    versions: Annotated[
        bool, flag("--versions", help="Also other versions of a song, karaoke and sped-up ones too.", panel=LIMITS)
    ] = False

    def values(self) -> dict[str, Any]:
        """By name, as a request holds them."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command as Typer takes it: a parameter whose type is a group of options stands for the options of the group."""
    groups: dict[str, Any] = {}
    parameters: list[Parameter] = []
    for parameter in signature(command, eval_str=True).parameters.values():
        group = parameter.annotation
        if not is_dataclass(group):
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))
            continue
        groups[parameter.name] = group
        types = get_type_hints(group, include_extras=True)
        parameters += [
            Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=types[each.name])
            for each in fields(group)
        ]

    @wraps(command)
    def flat(**arguments: Any) -> None:
        for name, group in groups.items():
            arguments[name] = group(**{each.name: arguments.pop(each.name) for each in fields(group)})
        command(**arguments)

    flat.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del flat.__wrapped__  # or Typer would read the signature of what is inside
    return flat


def pairs(option: str, words: Iterable[str] | None) -> Iterator[tuple[str, str]]:
    """("energy", "0.8") of "energy=0.8", each name once; several may stand in one word, with commas.

    >>> dict(pairs("--target", ["energy=0.8,tempo=120", "sad=1"]))
    {'energy': '0.8', 'tempo': '120', 'sad': '1'}
    """
    names: set[str] = set()
    for item in (part for word in words or () for part in word.split(",")):
        name, sign, value = item.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise typer.BadParameter(f"{item!r}, expected NAME=VALUE such as energy=0.8", param_hint=option)
        name = name.strip().replace("-", "_")
        if name in names:
            raise typer.BadParameter(f"{name} is given twice; give it once", param_hint=option)
        names.add(name)
        yield name, value.strip()


def numbers(option: str, words: Iterable[str] | None) -> dict[str, float]:
    """Pairs whose values are numbers."""
    values = {}
    for name, value in pairs(option, words):
        try:
            values[name] = float(value)
        except ValueError:
            raise typer.BadParameter(f"{name} is {value!r}, expected a number", param_hint=option) from None
    return values


def weights_of(words: Iterable[str] | None) -> dict[str, Any]:
    """What --weight says, as a request holds it."""
    return {"weights": numbers("--weight", words)}


def milliseconds(option: str, text: str) -> int:
    """A duration written as h:mm:ss, mm:ss or minutes.

    >>> milliseconds("", "1:00:00"), milliseconds("", "60:00"), milliseconds("", "60")
    (3600000, 3600000, 3600000)
    """
    if _MINUTES.fullmatch(text.strip()):
        return round(float(text) * 60_000)
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r}, expected h:mm:ss, mm:ss or minutes, such as 60:00", param_hint=option)
    hours, minutes, long, seconds = (int(each or 0) for each in match.groups())
    return ((hours * 60 + minutes + long) * 60 + seconds) * 1000


def is_text(word: str) -> bool:
    """Whether a word of the command line is text; Python keeps bytes that are no UTF-8 as halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in word)


def read_lyrics(file: Path) -> str:
    """The text of a file, UTF-8."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} is not text in UTF-8; save the lyrics as such", param_hint="lyrics") from None
