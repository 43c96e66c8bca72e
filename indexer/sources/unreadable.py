"""Unreadable files: what an XML document is that holds no songs that Refrain could read, and what to export instead."""

from __future__ import annotations

from indexer.sources.opened import OpenedFile

# Root tag (or the beginning of its namespace) -> what it is, what to do instead.
_KNOWN = {
    "html": ("an HTML page", "download the file itself (on GitHub: the raw file)"),
    "opml": ("a list of subscriptions (OPML)", "it names podcasts, no songs: export your songs from the player"),
    "rss": ("a feed (RSS)", "it lists episodes or news, no songs: export your songs from the player"),
    "feed": ("a feed (Atom)", "it lists episodes or news, no songs: export your songs from the player"),
    "metadata": ("an answer of MusicBrainz", "ask for it as JSON (fmt=json), or export a collection as JSPF"),
    "lfm": ("an answer of Last.fm's API", "ask for it as JSON (format=json)"),
    "subsonic-response": ("an answer of a Subsonic server", "ask for it as JSON (f=json), or save the playlist as M3U"),
    "MediaContainer": ("an answer of a Plex server", "export the playlist as M3U"),
    "plist": ("a property list, but no music library",
              "in Music or iTunes choose File > Library > Export Library, which writes Library.xml"),
    "rhythmdb": ("a library of Rhythmbox", "save its playlists as M3U or XSPF (Playlist > Save to File)"),
    "rhythmdb-playlists": ("playlists of Rhythmbox", "save each as M3U or XSPF (Playlist > Save to File)"),
    "asx": ("a playlist of Windows Media Player (ASX)", "save it as M3U or WPL"),
    "musicdb": ("a library of Kodi", "export its playlists as M3U"),
    "album": ("notes on an album (NFO of Kodi)", "import the folder with the music itself"),
    "artist": ("notes on an artist (NFO of Kodi)", "import the folder with the music itself"),
    "score-partwise": ("sheet music (MusicXML)", "export a list of your songs from the player as CSV or M3U"),
    "svg": ("a picture (SVG)", "export a list of your songs from the player as CSV or M3U"),
    "kml": ("a map (KML)", "export a list of your songs from the player as CSV or M3U"),
    "workbook": ("a spreadsheet as XML (Excel 2003)", "open it, and save it as XLSX or as CSV UTF-8"),
}  # fmt: skip
_BY_NAME = {name.casefold(): known for name, known in _KNOWN.items()}


def known_xml(opened: OpenedFile) -> str:
    """What an XML document of a known kind is and what to do instead, as the rest of a sentence; "" for others."""
    tag = opened.outline[0] if opened.kind == "xml" and isinstance(opened.outline, tuple) else ""
    known = _BY_NAME.get(str(tag).casefold())
    return f"{known[0]}; {known[1]}" if known else ""
