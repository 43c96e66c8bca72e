"""The route of all calls: who may ask, which method it is, and errors as OpenSubsonic answers them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from engine.service.api import Service
from engine.service.errors import error_dict, status_of
from engine.service.subsonic import browse, greeting, media, similarity
from engine.service.subsonic.access import check_access
from engine.service.subsonic.document import failure, success
from engine.service.subsonic.entries import Call, Entry
from engine.service.subsonic.parameters import Parameters
from engine.service.subsonic.problems import GENERIC, NOT_FOUND, Problem
from indexer.errors import RefrainError

log = logging.getLogger("refrain.service")

METHODS: Mapping[str, Callable[[Call], Entry]] = {
    "ping": greeting.ping,
    "getLicense": greeting.get_license,
    "getOpenSubsonicExtensions": greeting.get_extensions,
    "tokenInfo": greeting.token_info,
    "getUser": greeting.get_user,
    "getMusicFolders": greeting.get_music_folders,
    "getScanStatus": greeting.get_scan_status,
    "scrobble": greeting.scrobble,
    **greeting.EMPTY,
    "getSonicSimilarTracks": similarity.get_sonic_similar_tracks,
    "findSonicPath": similarity.find_sonic_path,
    "getSimilarSongs": similarity.get_similar_songs,
    "getSimilarSongs2": similarity.get_similar_songs2,
    "getTopSongs": similarity.get_top_songs,
    "getArtistInfo": similarity.get_artist_info,
    "getArtistInfo2": similarity.get_artist_info2,
    "search2": browse.search2,
    "search3": browse.search3,
    "getSong": browse.get_song,
    "getArtist": browse.get_artist,
    "getAlbum": browse.get_album,
    "getMusicDirectory": browse.get_music_directory,
    "getArtists": browse.get_artists,
    "getIndexes": browse.get_indexes,
    "getGenres": browse.get_genres,
    "getRandomSongs": browse.get_random_songs,
    "getSongsByGenre": browse.get_songs_by_genre,
    "getAlbumList": browse.get_album_list,
    "getAlbumList2": browse.get_album_list2,
}
FILES: Mapping[str, Callable[[Call], Response]] = {
    "stream": media.stream,
    "download": media.download,
    "getCoverArt": media.get_cover_art,
}
OPEN = ("getOpenSubsonicExtensions",)  # what a player must be able to ask before it signs in

router = APIRouter(include_in_schema=False)


@router.api_route("/rest/{method}", methods=["GET", "POST"])
def rest(method: str, service: Service, given: Annotated[Parameters, Depends(Parameters.of_request)]) -> Response:
    """Errors too are answered with 200, as the specification has it; so is a method that it does not have here."""
    name = method.removesuffix(".view")
    try:
        if name not in OPEN:
            check_access(given, service.token)
        call = Call(given, service, service.engine.index)
        if name in FILES:
            return FILES[name](call)
        if name not in METHODS:
            raise Problem(GENERIC, "this server has no such method")
        return success(given, METHODS[name](call))
    except Problem as problem:
        return failure(given, problem)
    except RefrainError as error:
        status = status_of(error)
        if status >= 500:
            log.error("%s", error)
        return failure(given, Problem(NOT_FOUND if status == 404 else GENERIC, error_dict(error)["error"]["message"]))
