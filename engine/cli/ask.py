"""Commands that ask the index, each by a request: similar, search, recommend, playlist, path, moods, explain."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.bounds import Arc
from engine.cli.catalogue_songs import files_for, songs_of_words
from engine.cli.opening import open_engine
from engine.cli.options import (
    INDEX,
    SEEDS,
    CapOptions,
    CountOption,
    ExactOption,
    ExcludeOptions,
    FilterOptions,
    IndexOption,
    JsonOption,
    LengthOption,
    NameOption,
    OutOption,
    SeedOptions,
    SongArgument,
    WeightOption,
    file_to_read,
    flag,
    milliseconds,
    pairs,
    read_lyrics,
    weights_of,
    with_options,
)
from engine.cli.render import explanation as explanations
from engine.cli.render import moods as mood_tables
from engine.cli.render import playlist as playlists
from engine.cli.render import songs
from engine.cli.render.console import message
from indexer.errors import ConfigError

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.requests import MakePath, MakePlaylist

PANEL = "Ask"

ask = typer.Typer()


@ask.command(rich_help_panel=PANEL)
@with_options
def similar(
    song: SongArgument,
    exclude: ExcludeOptions,
    caps: CapOptions,
    filters: FilterOptions,
    k: CountOption = 20,
    weight: WeightOption = None,
    exact: ExactOption = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """The songs most like one."""
    from engine.requests import Recommend

    with open_engine(index) as engine:
        request = Recommend(
            seeds=(song,), **exclude.values(engine), **filters.values(),
            **weights_of(weight), k=k, exact=exact, **caps.values(),
        )  # fmt: skip
        songs.show_hits(engine.answer(request), as_json=as_json)


@ask.command(rich_help_panel=PANEL)
@with_options
def search(
    exclude: ExcludeOptions,
    caps: CapOptions,
    filters: FilterOptions,
    text: Annotated[
        str, typer.Argument(metavar="WORDS", help='Words or a meaning; "in double quotes" word for word.')
    ] = "",
    k: CountOption = 20,
    weight: WeightOption = None,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """Songs for words: a line you remember, or what a song should be about."""
    from engine.requests import Search

    with open_engine(index) as engine:
        request = Search(
            text=text, **exclude.values(engine), **filters.values(),
            **weights_of(weight), k=k, **caps.values(),
        )  # fmt: skip
        songs.show_hits(engine.answer(request), as_json=as_json)


@ask.command(rich_help_panel=PANEL)
@with_options
def recommend(
    seeds: SeedOptions,
    exclude: ExcludeOptions,
    caps: CapOptions,
    filters: FilterOptions,
    liked: Annotated[
        list[str] | None,
        typer.Option(
            "--liked", metavar="SONG", help="An earlier answer that was liked (repeat).", callback=songs_of_words
        ),
    ] = None,
    skipped: Annotated[
        list[str] | None,
        typer.Option("--skipped", metavar="SONG", help="One that was skipped (repeat).", callback=songs_of_words),
    ] = None,
    k: CountOption = 20,
    weight: WeightOption = None,
    exact: ExactOption = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """Songs that belong beside one or several others."""
    from engine.requests import Recommend

    with open_engine(index) as engine:
        request = Recommend(
            **seeds.values(), **exclude.values(engine), **filters.values(),
            **weights_of(weight), liked=tuple(liked or ()), skipped=tuple(skipped or ()), k=k, exact=exact,
            **caps.values(),
        )  # fmt: skip
        songs.show_hits(engine.answer(request), as_json=as_json)


@ask.command(rich_help_panel=PANEL)
@with_options
def playlist(
    seeds: SeedOptions,
    exclude: ExcludeOptions,
    filters: FilterOptions,
    length: Annotated[
        int,
        typer.Option("--length", metavar="N", help="How many songs; not read with --duration-total."),
    ] = 25,
    duration_total: Annotated[
        str | None,
        typer.Option("--duration-total", metavar="TIME", help="How long, nearly: 60:00, 1:30:00 or minutes."),
    ] = None,
    max_per_artist: Annotated[
        int, typer.Option("--max-per-artist", metavar="N", help="Songs of one artist at most.")
    ] = 2,
    max_per_album: Annotated[
        int | None, typer.Option("--max-per-album", metavar="N", help="Songs of one album at most.")
    ] = None,
    arc: Annotated[Arc, typer.Option("--arc", help="How energy runs.")] = "flat",
    from_mood: Annotated[
        str | None, typer.Option("--from-mood", metavar="MOOD", help="Travel from this mood ...")
    ] = None,
    to_mood: Annotated[
        str | None, typer.Option("--to-mood", metavar="MOOD", help="... to this one, with or without seeds.")
    ] = None,
    variation: Annotated[int, typer.Option("--variation", metavar="N", help="Another number, another playlist.")] = 0,
    with_seeds: Annotated[bool, flag("--with-seeds", help="The seeds come first.")] = False,
    extend: Annotated[
        Path | None,
        file_to_read(
            "--extend", "A list that the songs go on from: M3U8, any table, one per line; --out has both.", SEEDS
        ),
    ] = None,
    name: NameOption = None,
    weight: WeightOption = None,
    out: OutOption = None,
    exact: ExactOption = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """A playlist: chosen, without versions of the same song, and put in order.

    From songs, artists, genres or words, from two moods, from filters alone, or from a list that it extends.
    """
    from engine.requests import MakePlaylist

    if extend is not None and (duration_total is not None or with_seeds):
        raise typer.BadParameter(
            "expected --length alone, which counts the new songs; not --duration-total or --with-seeds",
            param_hint="--extend",
        )
    total_ms = None if duration_total is None else milliseconds("--duration-total", duration_total)
    with open_engine(index) as engine:
        request = MakePlaylist(
            **seeds.values(), **exclude.values(engine), **filters.values(),
            **weights_of(weight), length=length, duration_total_ms=total_ms,
            max_per_artist=max_per_artist, max_per_album=max_per_album, arc=arc, from_mood=from_mood,
            to_mood=to_mood, variation=variation, with_seeds=with_seeds, exact=exact, name=name,
        )  # fmt: skip
        if extend is None:
            show_made(engine, request, out, as_json=as_json)
        else:
            _show_extended(engine, request, extend, out, as_json=as_json)


@ask.command(rich_help_panel=PANEL)
@with_options
def path(
    start: SongArgument,
    end: SongArgument,
    exclude: ExcludeOptions,
    filters: FilterOptions,
    length: LengthOption = 15,
    max_per_artist: Annotated[
        int, typer.Option("--max-per-artist", metavar="N", help="Songs of one artist at most.")
    ] = 2,
    max_per_album: Annotated[
        int | None, typer.Option("--max-per-album", metavar="N", help="Songs of one album at most.")
    ] = None,
    name: NameOption = None,
    weight: WeightOption = None,
    out: OutOption = None,
    exact: ExactOption = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """A way from one song to another, each step a little further."""
    from engine.requests import MakePath

    with open_engine(index) as engine:
        request = MakePath(
            start=start, end=end, length=length, **exclude.values(engine), **filters.values(),
            **weights_of(weight), max_per_artist=max_per_artist, max_per_album=max_per_album, exact=exact,
            name=name,
        )  # fmt: skip
        show_made(engine, request, out, as_json=as_json)


@ask.command(rich_help_panel=PANEL)
def moods(
    song: Annotated[
        str,
        typer.Argument(
            metavar="SONG",
            help="A song of the catalogue; leave out with --lyrics or --audio.",
            callback=songs_of_words,
        ),
    ] = "",
    lyrics: Annotated[Path | None, file_to_read("--lyrics", "A text file: lyrics of any song.")] = None,
    audio: Annotated[
        list[str] | None, typer.Option("--audio", metavar="NAME=VALUE", help="Its audio features: energy=0.8 (repeat).")
    ] = None,
    k: Annotated[int, typer.Option("-k", "--count", metavar="N", min=1, help="How many moods.")] = 10,
    exact: ExactOption = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """What listeners would call a song, how it feels, and what says so."""
    from engine.query.targets import audio_values

    if bool(song) == (lyrics is not None or bool(audio)):
        raise typer.BadParameter("expected a song, or else --lyrics or --audio of one", param_hint="SONG")
    with open_engine(index) as engine:
        features = audio_values("--audio", dict(pairs("--audio", audio)))
        text = None if lyrics is None else read_lyrics(lyrics)
        found = engine.moods(song or None, lyrics=text, audio=features or None, exact=exact)
        mood_tables.show_moods(found, k, as_json=as_json)


@ask.command(rich_help_panel=PANEL)
@with_options
def explain(
    a: SongArgument,
    b: SongArgument,
    weight: WeightOption = None,
    exact: ExactOption = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
) -> None:
    """What two songs have in common."""
    from engine.requests import Explain

    with open_engine(index) as engine:
        request = Explain(a=a, b=b, **weights_of(weight), exact=exact)
        explanations.show_explanation(engine.answer(request), as_json=as_json)


def show_made(engine: Engine, request: MakePlaylist | MakePath, out: Path | None, *, as_json: bool) -> None:
    """Show a playlist, and save it where that is wanted."""
    made = engine.answer(request)
    if out is not None:
        made.save(out, files_for(out, made))
        message(f"{len(made)} songs written to {out}")
    playlists.show_playlist(made, as_json=as_json)


def _show_extended(engine: Engine, request: MakePlaylist, file: Path, out: Path | None, *, as_json: bool) -> None:
    """Show the songs that go on from a list, and save the list with them where that is wanted."""
    from engine.lookup.files import list_text, paths_in, read_list
    from engine.playlist.extension import appended, extension
    from engine.playlist.locations import Files
    from indexer.store.files import write_whole

    as_text = out is not None and out.suffix.lower() == ".m3u8" and file.suffix.lower() in (".m3u8", ".m3u")
    if out is not None and not as_text and out.exists() and out.samefile(file):
        raise ConfigError(
            f"--out {out} is the list itself, of which only an M3U8 is kept as it is; give another file, which will "
            "hold the songs of the list that are in the catalogue, and the new ones"
        )
    made = extension(engine.index, read_list(engine.index, file), request, engine.weights)
    if out is not None:
        files = files_for(out, made.whole)
        if as_text:
            text = list_text(file)
            moved = out.resolve().parent != file.resolve().parent
            if moved and any(os.path.exists(file.parent / line) for line in paths_in(text)):
                message(f"the relative paths in {file.name} lead nowhere from {out.parent}; write beside it", "yellow")
            write_whole(out, appended(text, made.new, Files.for_list(files, out)))
        else:
            made.whole.save(out, files)
            if made.missing:
                message(f"{len(made.missing):,} songs of {file.name} are not found, so not in {out}", "yellow")
        message(f"{file.name} and {len(made.new)} songs more written to {out}")
    playlists.show_playlist(made.new, as_json=as_json)
