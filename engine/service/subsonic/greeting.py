"""Calls that players make when they connect: who they are, what there is, and lists that are empty here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.service.subsonic.entries import Call, Entry

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
    return {"user": {"username": _user(call), "scrobblingEnabled": False, **_ROLES, "folder": [FOLDER]}}


def get_music_folders(_: Call) -> Entry:
    return {"musicFolders": {"musicFolder": [{"id": FOLDER, "name": "Refrain"}]}}


def get_scan_status(call: Call) -> Entry:
    return {"scanStatus": {"scanning": False, "count": len(call.index)}}


def scrobble(call: Call) -> Entry:
    """What is played is not noted, but every player says it and shows an error where it is refused."""
    call.given.required("id")
    return {}


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
