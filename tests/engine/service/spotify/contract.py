"""The published contract of Spotify's Web API: which field of which object has which type, and which must be there.

Facts from the OpenAPI document of sonallux/spotify-web-api (fixed-spotify-open-api.yml). A type is "str", "int",
"number", "bool", an object's name, or a list of one in brackets; "?" may be null; "low..high" are bounds. Where the
document's words say that a field can be null and its schema does not, the words count.
"""

from __future__ import annotations

import re
from typing import Any

_ITEM = {"external_urls": "ExternalUrls", "href": "str", "id": "str", "name": "str", "type": "str", "uri": "str"}
_PAGE = {
    "href": "str", "limit": "int", "next": "str?", "offset": "int", "previous": "str?", "total": "int",
}  # fmt: skip

OBJECTS: dict[str, dict[str, str]] = {
    "ExternalUrls": {"spotify": "str"},
    "ExternalIds": {"isrc": "str", "ean": "str", "upc": "str"},
    "Followers": {"href": "str?", "total": "int"},
    "Image": {"url": "str", "height": "int?", "width": "int?"},
    "SimpleArtist": _ITEM,
    "Artist": _ITEM | {"followers": "Followers", "genres": "[str]", "images": "[Image]", "popularity": "int 0..100"},
    "Album": _ITEM
    | {
        "album_type": "str", "artists": "[SimpleArtist]", "available_markets": "[str]", "images": "[Image]",
        "release_date": "str", "release_date_precision": "str", "total_tracks": "int",
    },
    "Track": _ITEM
    | {
        "album": "Album", "artists": "[Artist]", "available_markets": "[str]", "disc_number": "int 1..999",
        "duration_ms": "int", "explicit": "bool", "external_ids": "ExternalIds", "is_local": "bool",
        "is_playable": "bool", "popularity": "int 0..100", "preview_url": "str?", "track_number": "int 1..9999",
    },
    "SimpleTrack": _ITEM
    | {
        "artists": "[SimpleArtist]", "available_markets": "[str]", "disc_number": "int 1..9999", "duration_ms": "int",
        "explicit": "bool", "is_local": "bool", "is_playable": "bool", "preview_url": "str?",
        "track_number": "int 1..9999",
    },
    "AudioFeatures": {
        "acousticness": "number 0..1", "analysis_url": "str", "danceability": "number 0..1", "duration_ms": "int",
        "energy": "number 0..1", "id": "str", "instrumentalness": "number 0..1", "key": "int -1..11",
        "liveness": "number 0..1", "loudness": "number", "mode": "int 0..1", "speechiness": "number 0..1",
        "tempo": "number",
        "time_signature": "int 0..7",  # published 3..7; 0 is unknown
        "track_href": "str", "type": "str", "uri": "str", "valence": "number 0..1",
    },
    "Seed": {
        "afterFilteringSize": "int", "afterRelinkingSize": "int", "href": "str?", "id": "str", "initialPoolSize": "int",
        "type": "str",
    },
    "Recommendations": {"seeds": "[Seed]", "tracks": "[Track]"},
    "Genres": {"genres": "[str]"},
    "Tracks": {"tracks": "[Track?]"},
    "Artists": {"artists": "[Artist?]"},
    "ManyFeatures": {"audio_features": "[AudioFeatures?]"},
    "TrackPage": _PAGE | {"items": "[Track]"},
    "ArtistPage": _PAGE | {"items": "[Artist]"},
    "AlbumPage": _PAGE | {"items": "[Album]"},
    "OtherPage": _PAGE | {"items": "[Nothing]"},
    "Search": {
        "tracks": "TrackPage", "artists": "ArtistPage", "albums": "AlbumPage", "playlists": "OtherPage",
        "shows": "OtherPage", "episodes": "OtherPage", "audiobooks": "OtherPage",
    },
    "TracksOfAlbum": _PAGE | {"items": "[SimpleTrack]"},
    "Copyright": {"text": "str", "type": "str"},
    "Albums": {"albums": "[FullAlbum?]"},
    "Error": {"status": "int 400..599", "message": "str"},
    "Refusal": {"error": "Error"},
}  # fmt: skip

OBJECTS["FullAlbum"] = OBJECTS["Album"] | {
    "copyrights": "[Copyright]", "external_ids": "ExternalIds", "genres": "[str]", "label": "str",
    "popularity": "int 0..100", "tracks": "TracksOfAlbum",
}  # fmt: skip

REQUIRED: dict[str, set[str]] = {
    "Album": {
        "album_type", "artists", "available_markets", "external_urls", "href", "id", "images", "name", "release_date",
        "release_date_precision", "total_tracks", "type", "uri",
    },
    "Image": {"url", "height", "width"},
    "Recommendations": {"seeds", "tracks"},
    "Genres": {"genres"},
    "Tracks": {"tracks"},
    "Artists": {"artists"},
    "ManyFeatures": {"audio_features"},
    **{key: {*_PAGE, "items"} for key in ("TrackPage", "ArtistPage", "OtherPage", "TracksOfAlbum")},
    "Albums": {"albums"},
    "Error": {"status", "message"},
    "Refusal": {"error"},
}  # fmt: skip

REQUIRED["FullAlbum"] = set(OBJECTS["FullAlbum"])

CHOICES = {
    "album_type": {"album", "single", "compilation"},
    "release_date_precision": {"year", "month", "day"},
}  # fmt: skip

ANSWERS = {  # by path
    r"/v1/recommendations/?": "Recommendations",
    r"/v1/recommendations/available-genre-seeds/?": "Genres",
    r"/v1/audio-features/?": "ManyFeatures",
    r"/v1/audio-features/.+": "AudioFeatures",
    r"/v1/tracks/?": "Tracks",
    r"/v1/tracks/.+": "Track",
    r"/v1/search/?": "Search",
    r"/v1/artists/?": "Artists",
    r"/v1/artists/.+/related-artists/?": "Artists",
    r"/v1/artists/.+/top-tracks/?": "Tracks",
    r"/v1/artists/.+": "Artist",
    r"/v1/albums/?": "Albums",
    r"/v1/albums/.+/tracks/?": "TracksOfAlbum",
    r"/v1/albums/.+": "FullAlbum",
}

_PLAIN = {"str": str, "int": int, "number": (int, float), "bool": bool}


def complaints(path: str, status: int, answer: Any) -> list[str]:
    """What is wrong with the answer of a path; a field that the contract does not know is wrong too."""
    if status >= 400:
        return _wrong("Refusal", answer, "answer") + ([] if answer["error"]["status"] == status else ["the status"])
    kind = next(kind for pattern, kind in ANSWERS.items() if re.fullmatch(pattern, path))
    return _wrong(kind, answer, "answer")


def _wrong(kind: str, value: Any, place: str) -> list[str]:
    if kind.startswith("["):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [wrong for i, each in enumerate(value) for wrong in _wrong(kind[1:-1], each, f"{place}[{i}]")]
    name, _, bounds = kind.partition(" ")
    if name.endswith("?"):
        if value is None:
            return []
        name = name[:-1]
    if name in _PLAIN:
        if not isinstance(value, _PLAIN[name]) or (isinstance(value, bool) and name != "bool"):
            return [f"{place} is {value!r}, expected {name}"]
        low, _, high = bounds.partition("..")
        outside = bool(bounds) and not float(low) <= value <= float(high)
        wrong_word = value not in CHOICES.get(place.rpartition(".")[2], {value})
        return [f"{place} is {value!r}"] if outside or wrong_word else []
    if not isinstance(value, dict):
        return [f"{place} is {value!r}, expected {name}"]
    fields = OBJECTS[name]
    missing = [f"{place} has no {field}" for field in REQUIRED.get(name, set()) - set(value)]
    unknown = [f"{place} has {field}, which is not published" for field in set(value) - set(fields)]
    inside = [
        wrong
        for field, each in value.items()
        if field in fields
        for wrong in _wrong(fields[field], each, f"{place}.{field}")
    ]
    return missing + unknown + inside
