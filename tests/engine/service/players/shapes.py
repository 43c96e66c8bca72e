"""What the OpenSubsonic specification says of answers: their fields, which are required, and their types."""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]  # field -> type, another shape, or a list of one of them; "?" at the end: not required

GENRE: Shape = {"name": str}
ARTIST: Shape = {
    "id": str, "name": str, "coverArt?": str, "artistImageUrl?": str, "albumCount?": int, "starred?": str,
    "musicBrainzId?": str, "sortName?": str, "roles?": [str],
}  # fmt: skip
GAIN: Shape = {
    f"{name}?": float for name in ("trackGain", "albumGain", "trackPeak", "albumPeak", "baseGain", "fallbackGain")
}
CHILD: Shape = {
    "id": str, "parent?": str, "isDir": bool, "title": str, "album?": str, "artist?": str, "track?": int, "year?": int,
    "genre?": str, "coverArt?": str, "size?": int, "contentType?": str, "suffix?": str, "duration?": int,
    "bitRate?": int, "path?": str, "isVideo?": bool, "discNumber?": int, "created?": str, "albumId?": str,
    "artistId?": str, "type?": str, "mediaType?": str, "bpm?": int, "musicBrainzId?": str, "isrc?": [str],
    "genres?": [GENRE], "artists?": [ARTIST], "displayArtist?": str, "albumArtists?": [ARTIST],
    "displayAlbumArtist?": str, "moods?": [str], "replayGain?": GAIN, "explicitStatus?": str,
}  # fmt: skip
ALBUM: Shape = {
    "id": str, "name": str, "artist?": str, "artistId?": str, "coverArt?": str, "songCount": int, "duration": int,
    "created": str, "year?": int, "genre?": str, "genres?": [GENRE], "artists?": [ARTIST], "displayArtist?": str,
}  # fmt: skip
MATCH: Shape = {"entry": CHILD, "similarity": float}
DIRECTORY_CHILD: Shape = CHILD | {"name?": str, "songCount?": int}

ENVELOPE: Shape = {"status": str, "version": str, "type": str, "serverVersion": str, "openSubsonic": bool}

# What stands in subsonic-response beside the envelope.
ANSWERS: dict[str, Shape] = {
    "ping": {},
    "getLicense": {"license": {"valid": bool, "email?": str}},
    "getOpenSubsonicExtensions": {"openSubsonicExtensions": [{"name": str, "versions": [int]}]},
    "getMusicFolders": {"musicFolders": {"musicFolder": [{"id": int, "name?": str}]}},
    "getScanStatus": {"scanStatus": {"scanning": bool, "count?": int}},
    "getSonicSimilarTracks": {"sonicMatch": [MATCH]},
    "findSonicPath": {"sonicMatch": [MATCH]},
    "getSimilarSongs": {"similarSongs": {"song": [CHILD]}},
    "getSimilarSongs2": {"similarSongs2": {"song": [CHILD]}},
    "getTopSongs": {"topSongs": {"song": [CHILD]}},
    "search2": {"searchResult2": {"artist": [ARTIST], "album": [DIRECTORY_CHILD | {"created": str}], "song": [CHILD]}},
    "search3": {"searchResult3": {"artist": [ARTIST], "album": [ALBUM], "song": [CHILD]}},
    "getSong": {"song": CHILD},
    "getArtist": {"artist": ARTIST | {"album": [ALBUM]}},
    "getAlbum": {"album": ALBUM | {"song": [CHILD]}},
    "getArtists": {"artists": {"ignoredArticles": str, "index": [{"name": str, "artist": [ARTIST]}]}},
    "getIndexes": {
        "indexes": {"ignoredArticles": str, "lastModified": int, "index": [{"name": str, "artist": [ARTIST]}]}
    },
    "getMusicDirectory": {"directory": {"id": str, "name": str, "parent?": str, "child": [DIRECTORY_CHILD]}},
    "getArtistInfo2": {"artistInfo2": {"similarArtist": [ARTIST]}},
    "getGenres": {"genres": {"genre": [{"songCount": int, "albumCount": int, "value": str}]}},
    "getRandomSongs": {"randomSongs": {"song": [CHILD]}},
    "getSongsByGenre": {"songsByGenre": {"song": [CHILD]}},
    "getAlbumList2": {"albumList2": {"album": [ALBUM]}},
    "getPlaylists": {"playlists": {"playlist": []}},
    "getStarred2": {"starred2": {"artist": [], "album": [], "song": []}},
}


def misfits(value: Any, shape: Any, at: str = "") -> list[str]:
    """Where a value is not of a shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at} is {value!r}, expected an object"]
        fields = {name.removesuffix("?"): each for name, each in shape.items()}
        wrong = [f"{at}.{name} is missing" for name in shape if not name.endswith("?") and name not in value]
        wrong += [f"{at}.{name} is unknown" for name in value if name not in fields]
        return wrong + [
            w for name in value if name in fields for w in misfits(value[name], fields[name], f"{at}.{name}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at} is {value!r}, expected a list"]
        return [w for i, each in enumerate(value) for w in (misfits(each, shape[0], f"{at}[{i}]") if shape else [at])]
    fits = isinstance(value, int | float) if shape is float else type(value) is shape
    return [] if fits and not (shape is float and isinstance(value, bool)) else [f"{at} is {value!r}, no {shape}"]
