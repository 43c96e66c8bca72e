"""The routes of the page: each answers with HTML that needs no JavaScript, and each state has its own address."""

from __future__ import annotations

import hmac
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import numpy as np
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from engine.listen.moods import QUADRANT_WORDS
from engine.lookup.files import decoded
from engine.playlist.formats import playlist_text
from engine.playlist.locations import Files
from engine.requests import Explain
from engine.service.api import Service
from engine.service.extend import LENGTH, extended, m3u8_answer
from engine.service.guard import COOKIE, MOST_QUERY
from engine.service.page import documentation, map_routes
from engine.service.page.arranged import change, make
from engine.service.page.curve import HEIGHT, WIDTH, curve_of
from engine.service.page.reading import answer_box, read_box
from engine.service.page.rendering import HERE, PageRoute, choices_of, page, songs_meant
from engine.service.page.short import ShortIds
from engine.service.page.shown import (
    SIGNALS,
    compared,
    files_of,
    key_name,
    length_of,
    names_of,
    rows_of,
    song_url,
    sound_of,
    wishes_of,
)
from engine.service.page.wishes import EXPORTS, MOST_LENGTH, Wishes
from engine.service.served import Served
from engine.service.sound import RangedFile
from indexer.errors import AmbiguousSongError, SongNotFoundError
from indexer.songs.table import Songs

router = APIRouter(route_class=PageRoute, include_in_schema=False)
for _part in (documentation.router, map_routes.router, map_routes.points_router):
    router.include_router(_part)

NEAREST_BY = {"taste": "taste", "audio": "sound", "lyrics": "meaning of the words"}
NEAREST = 5  # songs by one signal
MOODS, GENRES, LANGUAGES = 12, 14, 8  # that the page offers
MONTH_S = 30 * 24 * 3600
MEDIA = {".m3u8": "audio/x-mpegurl", ".jspf": "application/json", ".csv": "text/csv"}
STATIC = {"refrain.css": "text/css", "refrain.js": "text/javascript"}


@router.get("/")
def home(request: Request, service: Service) -> Response:
    wishes = wishes_of(request, service)
    best = service.engine.recommend(filters={"popularity": "0.."}, k=6, max_per_artist=1)
    values = {"wishes": wishes, "rows": rows_of(service, best, wishes), **_offers(service)}
    return page(request, "home.html", **values)


@router.get("/search")
def search(request: Request, service: Service) -> Response:
    wishes = wishes_of(request, service)
    if not wishes.one("q"):
        return RedirectResponse("/", 303)
    engine, index = service.engine, service.engine.index
    reading = read_box(index, wishes)
    sections = [(each.heading, rows_of(service, each.hits, wishes)) for each in answer_box(engine, wishes, reading)]
    others = {kind: (meant, wishes.with_("as", kind).url("/search")) for kind, meant in reading.others.items()}
    choices = [
        {"title": index.songs.titles[row], "artist": index.songs.artists[row],
         "url": wishes.with_("q", index.songs.song_ids[row]).with_("as", "song").url("/search")}
        for row in reading.choices
    ]  # fmt: skip
    song = None if reading.song_id is None else engine.song(reading.song_id)
    start = {
        "song": wishes.fresh.with_("seed", reading.song_id or ""),
        "artist": wishes.fresh.with_("artist", reading.meant),
        "genre": wishes.fresh.with_("genre", reading.meant), "mood": wishes.fresh.with_("mood", *reading.moods),
        "words": wishes.fresh.with_("text", wishes.one("q")),
    }[reading.kind]  # fmt: skip
    return page(
        request, "search.html", title=song.title if song else wishes.one("q"), wishes=wishes, reading=reading,
        others=others, choices=choices, sections=sections, song=song, start=start.url(),
        box=song.title if song else wishes.one("q"),
        song_url=song_url(song.song_id, wishes.basket) if song else "",
        sound=sound_of(service, song.song_id) if song else "", **_chips(wishes, "/search"), **_offers(service),
    )  # fmt: skip


@router.get("/songs/{song_id:path}")
def song(request: Request, service: Service, song_id: str) -> Response:
    engine, wishes = service.engine, wishes_of(request, service)
    record = engine.show(engine.song(song_id))
    seeds = (record.song.song_id,)
    moods = engine.moods(record.song)
    sections = [("Nearest in all", rows_of(service, engine.similar(record.song, k=10), wishes))]
    none = dict.fromkeys(engine.weights["one"], 0.0)
    for signal, called in NEAREST_BY.items():
        if none.get(signal) is not None:
            alone = engine.similar(record.song, k=NEAREST, weights={**none, signal: 1.0})
            sections.append((f"Nearest by {called}", rows_of(service, alone, wishes)))
    against = request.query_params.get("against", "").strip()
    explained, mistaken, choices = None, "", []
    if against:
        try:
            explained = engine.answer(Explain(a=seeds[0], b=ShortIds(engine.index).song_id(against)))
        except (SongNotFoundError, AmbiguousSongError) as error:  # the song stays, and says who may be meant
            mistaken, ids = str(error), ShortIds(engine.index)

            def with_(song: str) -> str:
                params = [*wishes.basket.written, ("against", ids.short(song))]
                return f"{song_url(seeds[0])}?{urlencode(params)}#compare"

            choices = choices_of(engine.index, songs_meant(error), with_)
    return page(
        request, "song.html", title=record.song.title, wishes=wishes, record=record, song=record.song, moods=moods,
        quadrant=QUADRANT_WORDS.get(moods.quadrant or "", ""), length=length_of(_duration(record.song)),
        key=key_name(record.song.audio),
        sections=sections, explained=explained, mistaken=mistaken, choices=choices, signals=_measured(explained),
        against=f"{explained.b.title}, {explained.b.artist}" if explained else against,
        compared=compared(explained.features) if explained else [],
        sound=sound_of(service, record.song.song_id), add=wishes.fresh.with_("seed", *seeds).url(),
        avoid=wishes.fresh.with_("avoid", *seeds).url(), url=song_url(record.song.song_id),
        other_url=song_url(explained.b.song_id, wishes.basket) if explained else "",
    )  # fmt: skip


@router.get("/playlist")
def playlist(request: Request, service: Service) -> Response:
    wishes = wishes_of(request, service)
    params = request.query_params
    if move := params.get("change"):
        what, _, song = move.partition(":")
        song_id = song if wishes.ids is None else wishes.ids.song_id(song)
        return RedirectResponse(change(service.engine, wishes, what, song_id).url(), 303)
    if add := params.get("add", "").strip():
        return RedirectResponse(wishes.fresh.with_("seed", service.engine.named(add).song_id).url(), 303)
    values = {"wishes": wishes, **_chips(wishes, "/playlist"), **_seed_chips(service, wishes), **_offers(service)}
    if wishes.empty and not wishes.all("song"):
        return page(request, "playlist.html", title="Playlist", playlist=None, **values)
    made = make(service.engine, wishes)
    shown = wishes.without("song").with_("song", *(song.song_id for song in made))
    duration = sum(song.duration_ms or 0 for song in made)
    return page(
        request, "playlist.html", title=made.name, playlist=made, rows=rows_of(service, made, wishes),
        shown=shown, curve=curve_of(made.songs), width=WIDTH, height=HEIGHT, duration=round(duration / 60_000),
        exports={ending: shown.url(f"/playlist{ending}") for ending in EXPORTS}, map=shown.url("/map"), **values,
    )  # fmt: skip


@router.get("/playlist.{ending}")
def export(request: Request, service: Service, ending: str) -> Response:
    if f".{ending}" not in EXPORTS:
        return RedirectResponse("/playlist", 303)
    made = make(service.engine, wishes_of(request, service))
    # A path says something of this machine: only callers on it are let in without a token.
    paths = files_of(service, [song.song_id for song in made]) if service.token is None else {}
    text = playlist_text(made, f".{ending}", Files(paths))
    name = quote(f"{made.name[:80]}.{ending}", safe="")
    return Response(
        text.encode("utf-8", "replace"), media_type=f"{MEDIA[f'.{ending}']}; charset=utf-8",
        headers={"content-disposition": f"attachment; filename=\"playlist.{ending}\"; filename*=UTF-8''{name}"},
    )  # fmt: skip


@router.get("/extend")
def extended_before() -> Response:
    """Where a browser goes that comes back to the answer to a file."""
    return RedirectResponse("/playlist", 303)


@router.post("/extend")
def extend(
    request: Request, service: Service, list: Annotated[UploadFile, File()],
    length: Annotated[int, Form(ge=1, le=MOST_LENGTH)] = LENGTH, save: Annotated[str, Form(max_length=10)] = "",
) -> Response:  # fmt: skip
    text = decoded(list.file.read())
    made = extended(service, text, length)
    if save:
        return m3u8_answer(service, text, made)
    ids = ShortIds(service.engine.index)
    whole = [("song", song.song_id) for song in made.whole]
    address = Wishes.of(whole, ids).url() if 0 < len(whole) <= MOST_LENGTH else ""
    return page(
        request, "extended.html", title="Extended", rows=rows_of(service, made.new, Wishes((), ids)),
        before=len(made.before), file=list.filename or "the list", missing=made.missing,
        notes=made.new.notes + made.new.relaxed, arrange=address if len(address) < MOST_QUERY else "",
    )  # fmt: skip


@router.get("/sign-in")
def sign_in(request: Request, next: str = "/") -> Response:
    return page(request, "sign_in.html", title="Sign in", next=_inside(next), wrong=False)


@router.post("/sign-in")
def signed_in(
    request: Request, service: Service, token: Annotated[str, Form(max_length=500)] = "",
    next: Annotated[str, Form(max_length=MOST_QUERY)] = "/",
) -> Response:  # fmt: skip
    if service.token is not None and not hmac.compare_digest(token.strip().encode(), service.token.encode()):
        return page(request, "sign_in.html", 401, title="Sign in", next=_inside(next), wrong=True)
    answer = RedirectResponse(_inside(next), 303)
    if service.token is not None:
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, service.token, max_age=MONTH_S, httponly=True, samesite="strict", secure=secure, path="/"
        )
    return answer


@router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    if name not in STATIC:
        return page(request, "error.html", 404, title="Not here", message="no such file of the page", choices=[])
    return RangedFile(HERE / "static" / name, media_type=STATIC[name], headers={"cache-control": "no-cache"})


def _inside(address: str) -> str:
    r"""An address of this service; "/" where it leads elsewhere.

    >>> _inside("/songs/7?a=b"), _inside("//evil.example"), _inside("/\\evil.example"), _inside("https://evil.example")
    ('/songs/7?a=b', '/', '/', '/')
    """
    inside = address.startswith("/") and not address.startswith("//") and "\\" not in address
    return address if inside and address.isprintable() else "/"


def _duration(song: Any) -> float | None:
    return song.audio.duration_ms if song.audio else None


def _measured(explained: Any) -> list[tuple[str, float]]:
    """The signals of two songs that are known, by their names on the page."""
    if explained is None:
        return []
    return [(SIGNALS.get(name, name), value) for name, value in explained.signals.items() if value is not None]


def _offers(service: Served) -> dict[str, Any]:
    """Moods, genres and languages that this catalogue has, the most frequent first."""
    songs = service.engine.index.songs
    return {
        "moods_offered": list(songs.moods.names)[:MOODS],
        "genres_offered": _most_frequent(songs, "genre", GENRES),
        "languages_offered": _most_frequent(songs, "language_key", LANGUAGES),
    }


def _most_frequent(songs: Songs, name: str, most: int) -> list[str]:
    column = songs.column(name)
    counts = np.bincount(column.codes, minlength=len(column.terms))
    return [term for code in np.argsort(-counts, kind="stable")[:most].tolist() if (term := column.terms[code])]


def _chips(wishes: Wishes, path: str) -> dict[str, Any]:
    """What is wished for, each with the address without it."""

    def chip(name: str, value: str, text: str) -> dict[str, str]:
        return {"text": text, "url": wishes.less(name, value).without("song").url(path)}

    names = ("genre", "language", "mood", "year", "tempo", "explicit", "versions", "text", "energy", "valence",
             "danceability", "acousticness", "arc")  # fmt: skip
    labels = {"versions": "studio recordings only", "explicit": "explicit"}
    filters = [
        chip(name, value, labels[name] if value == "studio" else f"{name} {value}")
        for name, value in wishes.params
        if name in names
    ]
    return {"filter_chips": filters}


def _seed_chips(service: Served, wishes: Wishes) -> dict[str, Any]:
    """The songs and artists to be like and unlike, each with the address without it."""
    chips: dict[str, Any] = {}
    for name in ("seed", "avoid"):
        chips[f"{name}_chips"] = [
            each | {"url": wishes.fresh.less(name, each["song"]).url()} for each in names_of(service, wishes.all(name))
        ]
    chips["artist_chips"] = [
        {"title": name, "artist": "", "url": wishes.fresh.less("artist", name).url()} for name in wishes.all("artist")
    ]
    return chips
