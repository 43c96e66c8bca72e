"""Commands that ask the index: find, similar, search, recommend, playlist, path, moods, explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import show
from engine.cli.options import Count, IndexOption, JsonOption, pairs, with_filters

answers = typer.Typer()

SongArgument = Annotated[str, typer.Argument(help="A song_id, or words: title, artist or both; typos are forgiven.")]
SeedOption = Annotated[list[str] | None, typer.Option("--seed", help="A song to start from (repeat).")]
AvoidOption = Annotated[list[str] | None, typer.Option("--avoid", help="A song to keep away from (repeat).")]
SeedLyrics = Annotated[
    Path | None, typer.Option("--seed-lyrics", help="A text file: lyrics of a seed that no catalogue holds.")
]
SeedAudio = Annotated[
    list[str] | None, typer.Option("--seed-audio", help="Its audio features: energy=0.8,tempo=120 (repeat).")
]
TargetOption = Annotated[list[str] | None, typer.Option("--target", help="Pull towards a value: energy=0.8 (repeat).")]
MinOption = Annotated[list[str] | None, typer.Option("--min", help="Exclude below: tempo=90 (repeat).")]
MaxOption = Annotated[list[str] | None, typer.Option("--max", help="Exclude above: tempo=120 (repeat).")]


@answers.command()
def find(
    text: Annotated[str, typer.Argument(help="A title, an artist or both.")],
    k: Count = 10,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
) -> None:
    """Look up songs by name."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        show.songs(engine.find(text, k), as_json=as_json)


@answers.command()
@with_filters
def similar(
    song: SongArgument,
    k: Count = 20,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
    *,
    conditions: dict[str, Any],
) -> None:
    """The songs most like one."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        show.hits(engine.similar(song, k, conditions), as_json=as_json)


@answers.command()
@with_filters
def search(
    text: Annotated[str, typer.Argument(help='Words or a meaning; "in double quotes" word for word.')] = "",
    k: Count = 20,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
    *,
    conditions: dict[str, Any],
) -> None:
    """Songs for words: a line you remember, or what a song should be about."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        show.hits(engine.search(text, k, conditions), as_json=as_json)


@answers.command()
@with_filters
def recommend(
    seed: SeedOption = None,
    avoid: AvoidOption = None,
    seed_lyrics: SeedLyrics = None,
    seed_audio: SeedAudio = None,
    target: TargetOption = None,
    least: MinOption = None,
    most: MaxOption = None,
    k: Count = 20,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
    *,
    conditions: dict[str, Any],
) -> None:
    """Songs that belong beside one or several others."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        found = engine.recommend(_seeds(seed, seed_lyrics, seed_audio), avoid or [], filters=conditions, k=k,
                                 **_bounds(target, least, most))  # fmt: skip
        show.hits(found, as_json=as_json)


@answers.command()
@with_filters
def playlist(
    seed: SeedOption = None,
    length: Annotated[int, typer.Option("--length", help="How many songs.")] = 25,
    avoid: AvoidOption = None,
    seed_lyrics: SeedLyrics = None,
    seed_audio: SeedAudio = None,
    target: TargetOption = None,
    least: MinOption = None,
    most: MaxOption = None,
    max_per_artist: Annotated[int, typer.Option("--max-per-artist", help="Songs of one artist at most.")] = 2,
    max_per_album: Annotated[int | None, typer.Option("--max-per-album", help="Songs of one album at most.")] = None,
    arc: Annotated[str, typer.Option("--arc", help="How energy runs: flat, rise, fall, peak or wave.")] = "flat",
    from_mood: Annotated[str | None, typer.Option("--from-mood", help="Travel from this mood ...")] = None,
    to_mood: Annotated[str | None, typer.Option("--to-mood", help="... to this one, with or without seeds.")] = None,
    variation: Annotated[int, typer.Option("--variation", help="Another number, another playlist.")] = 0,
    name: Annotated[str | None, typer.Option("--name", help="What the playlist is called.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Save as .m3u8, .jspf, .csv or .json.")] = None,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
    *,
    conditions: dict[str, Any],
) -> None:
    """A playlist from seed songs: chosen, without versions of the same song, and put in order."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        made = engine.playlist(
            _seeds(seed, seed_lyrics, seed_audio), length, avoid=avoid or [], filters=conditions,
            max_per_artist=max_per_artist, max_per_album=max_per_album, arc=arc,
            from_mood=from_mood, to_mood=to_mood, seed=variation, name=name, **_bounds(target, least, most),
        )  # fmt: skip
        show.playlist(made, out, as_json=as_json)


@answers.command()
@with_filters
def path(
    start: SongArgument,
    end: SongArgument,
    length: Annotated[int, typer.Option("--length", help="How many songs, both ends included.")] = 15,
    max_per_artist: Annotated[int, typer.Option("--max-per-artist", help="Songs of one artist at most.")] = 2,
    out: Annotated[Path | None, typer.Option("--out", help="Save as .m3u8, .jspf, .csv or .json.")] = None,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
    *,
    conditions: dict[str, Any],
) -> None:
    """A way from one song to another, each step a little further."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        made = engine.path(start, end, length, filters=conditions, max_per_artist=max_per_artist)
        show.playlist(made, out, as_json=as_json)


@answers.command()
def moods(
    song: Annotated[str, typer.Argument(help="A song of the catalogue; leave out with --lyrics or --audio.")] = "",
    lyrics: Annotated[Path | None, typer.Option("--lyrics", help="A text file: lyrics of any song.")] = None,
    audio: Annotated[list[str] | None, typer.Option("--audio", help="Its audio features: energy=0.8 (repeat).")] = None,
    k: Annotated[int, typer.Option("-k", "--count", help="How many moods.")] = 10,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
) -> None:
    """What listeners would call a song, how it feels, and what says so."""
    from engine.engine import Engine
    from engine.query.filters import audio_values

    with Engine.open(index) as engine:
        text = lyrics.read_text("utf-8") if lyrics is not None else None
        features = audio_values("--audio", dict(pairs("--audio", audio)))
        show.moods(engine.moods(song or None, lyrics=text, audio=features or None), k, as_json=as_json)


@answers.command()
def explain(
    a: SongArgument,
    b: SongArgument,
    index: IndexOption = Path("refrain.index"),
    as_json: JsonOption = False,
) -> None:
    """What two songs have in common."""
    from engine.engine import Engine

    with Engine.open(index) as engine:
        show.explanation(engine.explain(a, b), as_json=as_json)


def _seeds(names: list[str] | None, lyrics: Path | None, audio: list[str] | None) -> list[Any]:
    """Seeds by name, and the one that is given by its content."""
    from engine.query.filters import audio_values
    from indexer.records import AudioFeatures, Song

    seeds: list[Any] = list(names or [])
    if lyrics is not None or audio:
        values = audio_values("--seed-audio", dict(pairs("--seed-audio", audio)))
        text = lyrics.read_text("utf-8") if lyrics is not None else None
        title = lyrics.stem if lyrics is not None else "the sound described"
        seeds.append(Song(title, "", lyrics=text, audio=AudioFeatures(**values) if values else None))
    return seeds


def _bounds(target: list[str] | None, least: list[str] | None, most: list[str] | None) -> dict[str, Any]:
    return {
        "target": dict(pairs("--target", target)),
        "minimum": dict(pairs("--min", least)),
        "maximum": dict(pairs("--max", most)),
    }
