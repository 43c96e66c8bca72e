"""Calls that players make when they connect: who they are, what there is, and lists that are empty here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from engine.fields import MOST_NAME
from engine.service.subsonic.entries import Call, Entry
from engine.service.subsonic.ids import song_id_of
from engine.service.subsonic.parameters import Parameters

EXTENSIONS = {"apiKeyAuthentication": [1], "formPost": [1], "sonicSimilarity": [1]}
FOLDER = 1  # the id of the one folder

_ROLES = {"downloadRole": True, "streamRole": True} | dict.fromkeys(
    ("adminRole", "settingsRole", "uploadRole", "playlistRole", "coverArtRole", "commentRole", "podcastRole",
     "jukeboxRole", "shareRole", "videoConversionRole"),
    False,
)  # fmt: skip


def ping(_: Call) -> Entry:
    return {}


def get_license(_: Call) -> Entry:
    return {"license": {"valid": True}}


def get_extensions(_: Call) -> Entry:
    return {"openSubsonicExtensions": [{"name": name, "versions": numbers} for name, numbers in EXTENSIONS.items()]}


def token_info(call: Call) -> Entry:
    return {"tokenInfo": {"username": _user(call)}}


def get_user(call: Call) -> Entry:
    return {"user": {"username": _user(call), "scrobblingEnabled": True, **_ROLES, "folder": [FOLDER]}}


def get_music_folders(_: Call) -> Entry:
    return {"musicFolders": {"musicFolder": [{"id": FOLDER, "name": "Refrain"}]}}


def get_scan_status(call: Call) -> Entry:
    return {"scanStatus": {"scanning": False, "count": len(call.index)}}


def scrobble(call: Call) -> Entry:
    """What a player played goes into its history, where the radio finds it, at the times that it says (milliseconds).

    A song that has only begun (`submission=false`) is none, one that is not in the index any more is passed over:
    players say it later and show an error where it is refused.
    """
    given, songs, now = call.given, call.index.songs, time.time()
    given.required("id")
    times = [min(each / 1000, now) for each in given.numbers("time")]
    if given.text("submission").lower() == "false":
        return {}
    played = [song_id_of(public) for public in given.all("id")]
    at = [*times, *(now + place * 1e-6 for place in range(len(played) - len(times)))]
    noted = [(song_id, when) for song_id, when in zip(played, at, strict=False) if songs.row_of(song_id) is not None]
    if noted:
        call.service.sessions.note_plays(
            client_of(given), [song_id for song_id, _ in noted], [when for _, when in noted]
        )
    return {}


def client_of(given: Parameters) -> str:
    """What the history calls whoever makes a call: the user, if there is one, and the player, as "ada/Symfonium"."""
    return "/".join(name for each in ("u", "c") if (name := given.text(each)[: MOST_NAME // 3]))


def _user(call: Call) -> str:
    return call.given.text("username") or call.given.text("u") or "refrain"


def _empty(name: str, content: Mapping[str, list[Entry]]) -> Callable[[Call], Entry]:
    return lambda _: {name: dict(content)}


EMPTY: Mapping[str, Callable[[Call], Entry]] = {
    "getPlaylists": _empty("playlists", {"playlist": []}),
    "getStarred": _empty("starred", {"artist": [], "album": [], "song": []}),
    "getStarred2": _empty("starred2", {"artist": [], "album": [], "song": []}),
    "getNowPlaying": _empty("nowPlaying", {"entry": []}),
    "getPodcasts": _empty("podcasts", {"channel": []}),
    "getNewestPodcasts": _empty("newestPodcasts", {"episode": []}),
    "getInternetRadioStations": _empty("internetRadioStations", {"internetRadioStation": []}),
    "getBookmarks": _empty("bookmarks", {"bookmark": []}),
    "getShares": _empty("shares", {"share": []}),
    "getVideos": _empty("videos", {"video": []}),
}
