"""Files of known exports that hold no songs: what each is, so that nobody looks for songs in it."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.sources.meanings import column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.tabular import sample_of
from indexer.sources.units import moment

# Keys or columns, each of them in the file, and what it is.
_WITHOUT_SONGS = {
    "username country": "the profile of an account (Spotify's Userdata)",
    "payment_method": "payment data (Spotify's Payments)",
    "artist_name segment": "the artists whose advertisements were shown (Spotify's Marquee)",
    "search_time search_query": "what was searched for (Spotify's SearchQueries)",
    "follower_count following_users_count": "who follows whom (Spotify's Follow)",
    "identifier_type identifier_value": "identifiers of an account (Spotify's Identifiers)",
    "inferences": "what Spotify guesses about a listener (Inferences)",
    "podcast_name episode_name": "a listening history of podcasts",
    "audiobook_name ms_played": "a listening history of audiobooks",
    "channel_id channel_url": "channels that are subscribed to (YouTube)",
    "video_id playlist_video_creation_timestamp": (
        "a list of YouTube's video ids, which do not say what songs they are; the songs' names stand in "
        "music-library-songs.csv of Google Takeout, or export the playlist with TuneMyMusic or Soundiiz"
    ),
}
_VIDEO_ID = 11  # characters


def without_songs(opened: OpenedFile) -> str:
    """What a file is that is known to hold no songs; "" where it is not known."""
    keys = {column_key(key) for key in _keys(opened)}
    what = next((what for needed, what in _WITHOUT_SONGS.items() if keys.issuperset(needed.split())), "")
    if not what and _only_videos(opened):
        what = _WITHOUT_SONGS["video_id playlist_video_creation_timestamp"]
    return what


def _keys(opened: OpenedFile) -> Iterable[str]:
    if opened.columns:
        return opened.columns
    outline = opened.outline if opened.kind == "json" else None
    first = next((each for each in outline if isinstance(each, dict)), None) if isinstance(outline, list) else outline
    return map(str, first) if isinstance(first, dict) else ()


def _only_videos(opened: OpenedFile) -> bool:
    """A video's id and a time, under names in the language of the account."""
    if opened.kind != "csv" or len(opened.columns) != 2:
        return False
    rows = [tuple(row.values()) for _, row in sample_of(opened)]
    return bool(rows) and all(
        len(row) == 2 and len(str(row[0]).strip()) == _VIDEO_ID and moment(row[1]) is not None for row in rows
    )
