"""YouTube Music in Google's Takeout (https://takeout.google.com): the library of songs, and what was played.

watch-history.json   [{"header": "YouTube Music", "title": "Watched Salt Road", "subtitles": [{"name": "Ada - Topic"}],
                     "time": "2022-04-25T18:09:04.784Z"}]; the word around the title differs with the language
music library        "Video ID,Song Title,Album Title,Artist Name 1,Artist Name 2"; before 2023
                     "Song URL,Song Title,Album Title,Artist Names"; the first name differs with the language

In older files the header is "YouTube" for all. Ids of videos are no ids that other catalogues know. Lists of nothing
but video ids: see `without_songs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from indexer.sources.base import CERTAIN, Batch, Fit, Format
from indexer.sources.cells import plain
from indexer.sources.documents import items
from indexer.sources.listens import NoListen, Record, listens_format, objects_below
from indexer.sources.meanings import column_key
from indexer.sources.opened import OpenedFile
from indexer.sources.playlist_names import PlaylistName
from indexer.sources.reader import read_songs

_LIBRARY = PlaylistName("youtube music:library", "YouTube Music Library")
_BRAND, _ADDRESS = "YouTube Music", "https://music.youtube.com/"
# What Google writes around the title of a video that was watched, in the languages that are known.
_AROUND = (
    ("Watched ", ""), ("Viewed ", ""), ("", " angesehen"), ("Vous avez regardé ", ""), ("A regardé ", ""),
    ("Has visto ", ""), ("Se vio ", ""), ("Viste ", ""), ("Hai guardato ", ""), ("Assistiu ao vídeo ", ""),
    ("Assistiu a ", ""), ("Viu ", ""), ("", " bekeken"), ("Je hebt ", " bekeken"), ("Har sett på ", ""),
    ("Tittade på ", ""), ("Obejrzano: ", ""), ("Вы посмотрели видео ", ""), ("Просмотрено видео ", ""),
    ("", " を視聴しました"), ("", "을(를) 시청했습니다."), ("", " 시청함"), ("已观看 ", ""), ("觀看了「", "」"),
    ("", " izlendi"), ("Ditonton ", ""),
)  # fmt: skip
_TITLES_TO_COMPARE = 200
_TITLES_NEEDED = 5  # that begin or end alike, until their beginning or end is taken for Google's words
# YouTube's own channels of an artist's recordings: "Ada - Topic".
_TOPIC = re.compile(
    r"\s+[-–—]\s+(?:Topic|Thema|Thème|Tema|Argomento|Onderwerp|Temat|Тема|Konu|トピック|주제|主题|主題)\Z"
)
_CHANNEL = re.compile(r"(?:\s*-?\s*VEVO|\s+Official(?:\s+\w+)?)\Z", re.IGNORECASE)
_VIDEO_MARK = re.compile(
    r"\s*[\[(](?:the )?(?:official|lyrics?|music|audio|visuali[sz]er|video|hd|hq|4k)[^\])]*[\])]", re.IGNORECASE
)
_LIBRARY_COLUMNS = frozenset({"song_title", "album_title"})
_ARTIST_COLUMNS = frozenset({"artist_name_1", "artist_names", "artist_name", "artist_name_s"})


def _is_video(value: Record) -> bool:
    return plain(value.get("header")).startswith("YouTube") and "title" in value and "time" in value


def _played(video: Record) -> bool:
    """Whether a video was played as music: in YouTube Music, or of a channel that YouTube made of recordings."""
    of_music = plain(video.get("header")) == _BRAND or plain(video.get("titleUrl")).startswith(_ADDRESS)
    return of_music or _TOPIC.search(_channel(video)) is not None


def _channel(video: Record) -> str:
    subtitles = video.get("subtitles")
    first = subtitles[0] if isinstance(subtitles, list) and subtitles else None
    return plain(first.get("name")) if isinstance(first, dict) else ""


def _is_history(opened: OpenedFile) -> Fit | None:
    listed = opened.outline if opened.kind == "json" and isinstance(opened.outline, list) else []
    videos = list(objects_below(listed, _is_video))
    if not videos:
        return None
    songs = any(map(_played, videos))
    return Fit(CERTAIN, f'objects with the header "{_BRAND if songs else "YouTube"}", a title and a time')


def _listens(opened: OpenedFile) -> Iterator[tuple[int, Record | NoListen]]:
    videos = (item for _, item in items(opened) if isinstance(item, dict) and _is_video(item))
    played = (video for video in videos if _played(video) and _channel(video))
    before, after = _words_around([plain(each["title"]) for each in islice(played, _TITLES_TO_COMPARE)])
    for row, (_, item) in enumerate(items(opened), start=1):
        if not isinstance(item, dict):
            yield row, NoListen("no object")
        elif not _is_video(item) or not _played(item):
            yield row, NoListen("a video of YouTube, not of YouTube Music")
        else:
            yield row, _listen(item, before, after)


def _listen(item: Record, before: str, after: str) -> Record | NoListen:
    channel = _channel(item)
    title = plain(item.get("title")).removeprefix(before).removesuffix(after).strip()
    if not channel or not title or title.startswith("http"):
        return NoListen("a video that is private or no longer there: it has no title or no channel")
    artist = _TOPIC.sub("", channel)
    if artist == channel:  # a video clip: "Ada - Salt Road (Official Video)"
        title = _VIDEO_MARK.sub("", title).strip() or title
        artist = _CHANNEL.sub("", channel) or channel
        performer, dash, rest = title.partition(" - ")
        if dash and performer and rest:
            artist, title = performer, rest
    others = {name: cell for name, cell in item.items() if name not in ("title", "subtitles", "time")}
    return {"title": title, "artist": artist, "listened_at": item.get("time"), **others}


def _words_around(titles: Sequence[str]) -> tuple[str, str]:
    """What stands before and after all titles: the words for "watched" in the language of the account.

    >>> _words_around(["Watched Salt Road", "Watched Night Ferry"]), _words_around(["Salt Road angesehen"])
    (('Watched ', ''), ('', ' angesehen'))
    """
    fitting = [(a, z) for a, z in _AROUND if all(each.startswith(a) and each.endswith(z) for each in titles)]
    if fitting and titles:
        return max(fitting, key=lambda each: len(each[0]) + len(each[1]))
    if len(set(titles)) < _TITLES_NEEDED:
        return "", ""
    before, after = _shared(titles), _shared([each[::-1] for each in titles])[::-1]
    return before[: before.rfind(" ") + 1], after[after.find(" ") :] if " " in after else ""


def _shared(titles: Sequence[str]) -> str:
    """What all titles begin with."""
    first, last = min(titles), max(titles)  # in order of letters these two differ soonest
    return first[: next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _is_library(opened: OpenedFile) -> Fit | None:
    names = {column_key(name) for name in opened.columns}
    if opened.kind == "csv" and names >= _LIBRARY_COLUMNS and not names.isdisjoint(_ARTIST_COLUMNS):
        return Fit(CERTAIN, "the columns Song Title, Album Title and Artist Name 1 or Artist Names")
    return None


def _library(opened: OpenedFile) -> Iterator[Batch]:
    yield from read_songs(opened, playlist=_LIBRARY)


FORMATS = (
    listens_format(
        "youtube music history", "watch-history.json with songs of YouTube Music (Takeout)", _is_history, _listens
    ),
    Format("youtube music library", 1, "Song Title, Album Title, Artist Name 1 (Takeout)", _is_library, _library),
)
