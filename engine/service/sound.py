"""Sound: files of sound and covers of songs, sent to players and to the page.

Which file is whose is in the catalogue; no path comes from a request, and none goes out. A symbolic link is followed,
as it was when its folder was imported, but what it leads to must be a regular file that ends as sound does: a link that
was laid since then opens no other file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from engine.fields import MOST_NAME
from engine.service.api import Service, show
from engine.service.served import Served
from engine.service.sound_files import SoundFiles
from indexer.errors import SongNotFoundError
from indexer.records import Song
from indexer.sources.opened import SOUND_ENDINGS
from indexer.sources.sound.beside import picture_type

LOOKED_THROUGH = 20  # files for a cover
MOST_PICTURE = 16 << 20  # bytes; the largest scans of covers have a fifth
FRESH_S = 86_400  # for which a browser need not ask again for a cover

MEDIA_TYPES = {
    ".mp3": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg",
    ".wav": "audio/wav", ".wave": "audio/wav", ".aif": "audio/aiff", ".aiff": "audio/aiff", ".aifc": "audio/aiff",
    ".au": "audio/basic", ".caf": "audio/x-caf", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".m4r": "audio/mp4",
    ".mp4": "audio/mp4", ".alac": "audio/mp4", ".aac": "audio/aac", ".wma": "audio/x-ms-wma", ".asf": "audio/x-ms-wma",
    ".ape": "audio/x-ape", ".wv": "audio/x-wavpack", ".mka": "audio/x-matroska", ".webm": "audio/webm",
    ".mpc": "audio/x-musepack", ".tta": "audio/x-tta",
}  # fmt: skip
_RANGE = re.compile(r"(\d{0,18})-(\d{0,18})", re.ASCII)


class RangedFile(FileResponse):
    """A file, or the byte ranges of it that a request names; a header Range that is none is passed over (RFC 9110)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_range(Headers(scope=scope).get("range", "")):
            scope = {**scope, "headers": [each for each in scope["headers"] if each[0].lower() != b"range"]}
        await super().__call__(scope, receive, send)


class NoSoundError(SongNotFoundError):
    """A song has no file of sound, or no cover."""


def sound_response(files: SoundFiles, song: Song, *, download: bool = False) -> Response:
    """The song's file, or the byte ranges of it that the request names. NoSoundError where there is none.

    download   whether a browser is to save it, under the song's name
    """
    record = files.records([song.song_id]).get(song.song_id)
    opened = None if record is None else _regular(Path(record.path), SOUND_ENDINGS)
    if opened is None:
        gone = "is not there any more" if record is not None else "is known"
        raise NoSoundError(f"no file of sound of {song.name!r} {gone}; import its folder with: refrain import FOLDER")
    file, path, status = opened
    file.close()  # the answer opens it again, after it has read which ranges are wanted
    name = f"{song.name}{path.suffix.lower()}" if download else None
    return RangedFile(path, media_type=media_type(path), stat_result=status, filename=name)


def cover_response(files: SoundFiles, songs: Iterable[Song]) -> Response:
    """The first cover that there is of the songs: inside the file of sound, else beside it."""
    songs = list(songs)
    records = files.records(song.song_id for song in songs)
    covered = [record for song in songs if (record := records.get(song.song_id)) is not None and record.cover]
    for record in covered[:LOOKED_THROUGH]:
        picture = _picture_of(Path(record.path))
        kind = None if picture is None else picture_type(picture)
        if picture is not None and kind is not None:
            return Response(picture, media_type=kind, headers={"cache-control": f"private, max-age={FRESH_S}"})
    raise NoSoundError(f"no cover of {songs[0].name!r} is known" if songs else "no cover is known")


def is_range(header: str) -> bool:
    """Whether a header Range names ranges of bytes, by RFC 9110, section 14.1.

    >>> is_range("bytes=0-3, -5"), is_range("bytes=5-2"), is_range("lines=1-2"), is_range("bytes=a-")
    (True, False, False, False)
    """
    unit, _, parts = header.partition("=")
    ranges = [_RANGE.fullmatch(part.strip()) for part in parts.split(",")]
    return unit.strip().lower() == "bytes" and all(
        each and (each[1] or each[2]) and not (each[1] and each[2] and int(each[1]) > int(each[2])) for each in ranges
    )


def media_type(path: Path) -> str:
    """What kind of sound a file is, by its ending."""
    return MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")


def _picture_of(path: Path) -> bytes | None:
    from indexer.sources.sound.beside import COVERS, cover_beside
    from indexer.sources.sound.tags import read_picture

    if (opened := _regular(path, SOUND_ENDINGS)) is None:
        return None
    with opened[0] as file:
        try:
            inside = read_picture(file, path)
        except OSError:
            inside = None
    if inside is not None and len(inside) <= MOST_PICTURE and picture_type(inside):
        return inside
    try:
        names = {entry.name.lower(): entry.name for entry in os.scandir(path.parent)}
    except OSError:
        return None
    beside = cover_beside(names)
    if not beside or (opened := _regular(path.parent / beside, {Path(name).suffix for name in COVERS})) is None:
        return None
    with opened[0] as file:
        return file.read() if opened[2].st_size <= MOST_PICTURE else None


def _regular(path: Path, endings: Iterable[str]) -> tuple[BinaryIO, Path, os.stat_result] | None:
    """A file opened, its real path and what the system says of it; None for what is gone, closed or no such file."""
    try:
        real = Path(os.path.realpath(path))
        if real.suffix.lower() not in endings:
            return None
        # A pipe would block whoever opens it, and a link may be laid after the path was resolved.
        number = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        file = os.fdopen(number, "rb")
    except (OSError, ValueError):
        return None
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        file.close()
        return None
    return file, real, status


router = APIRouter(prefix="/api/v1", tags=["Refrain"])
SongId = Annotated[str, InPath(min_length=1, max_length=MOST_NAME)]
_SOUND: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"audio/*": {}}},
    206: {"description": "Ranges of it."},
}
_COVER: dict[int | str, dict[str, Any]] = {200: {"description": "The picture.", "content": {"image/*": {}}}}


@router.get("/songs/{song_id:path}/sound", summary="The song's file of sound", response_class=Response,
            responses={**_SOUND, 404: {"description": "No such song, or no file of it."}})  # fmt: skip
def sound(service: Service, request: Request, song_id: SongId) -> Response:
    if _names_a_song(service, request, song_id, "sound"):
        return show(service, f"{song_id}/sound")
    return sound_response(service.sound, service.engine.song(song_id))


@router.get("/songs/{song_id:path}/cover", summary="The picture of the song's album", response_class=Response,
            responses={**_COVER, 404: {"description": "No such song, or no picture of it."}})  # fmt: skip
def cover(service: Service, request: Request, song_id: SongId) -> Response:
    if _names_a_song(service, request, song_id, "cover"):
        return show(service, f"{song_id}/cover")
    return cover_response(service.sound, [service.engine.song(song_id)])


def _names_a_song(service: Served, request: Request, song_id: str, last: str) -> bool:
    """Whether a whole path is the id of a song and no more, as "velvets/sound" may be.

    Where there is a song of either name, the path as it was written decides: a slash of an id is quoted.
    """
    row_of = service.engine.index.songs.row_of
    if row_of(f"{song_id}/{last}") is None:
        return False
    written: bytes = request.scope.get("raw_path", b"")
    return row_of(song_id) is None or not written.endswith(f"/{last}".encode())
