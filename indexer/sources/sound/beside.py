"""Beside: what lies in the folder of a file of sound and belongs to it: a cover, the words; and what is a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from indexer.sources.encodings import encoding_of

COVERS = tuple(  # the first of them that there is
    f"{name}{ending}"
    for name in ("cover", "folder", "front", "album", "albumart", "albumartsmall")
    for ending in (".jpg", ".jpeg", ".png", ".webp", ".gif")
)
_PICTURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
WORDS = (".lrc", ".txt")  # the first of them that there is
_MAX_BYTES = 1 << 20
_HEAD = 65_536


def words_beside(stem: str, names: Mapping[str, str]) -> str:
    """The file that holds the words of `stem`, among `names` (lower case -> as written); "" without one.

    >>> words_beside("03 Umbrella", {"03 umbrella.lrc": "03 umbrella.LRC", "cover.jpg": "cover.jpg"})
    '03 umbrella.LRC'
    """
    return next((names[name] for ending in WORDS if (name := f"{stem.lower()}{ending}") in names), "")


def has_cover(names: Mapping[str, str]) -> bool:
    """Whether a folder holds a picture of its album."""
    return bool(cover_beside(names))


def cover_beside(names: Mapping[str, str]) -> str:
    """The picture of an album, among the `names` of its folder (lower case -> as written); "" without one.

    >>> cover_beside({"folder.png": "Folder.PNG", "back.jpg": "back.jpg"})
    'Folder.PNG'
    """
    return next((names[name] for name in COVERS if name in names), "")


def picture_type(picture: bytes) -> str | None:
    """What kind of picture some bytes are, by how they begin; None for anything that is none.

    >>> picture_type(b"GIF89a..."), picture_type(b"<svg onload=alert(1)>")
    ('image/gif', None)
    """
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in _PICTURES if picture.startswith(begin)), None)


def read_words(path: Path) -> tuple[str, str]:
    """The text of a file of words, and what is to be remarked about it. Raises OSError where it cannot be read."""
    if path.stat().st_size > _MAX_BYTES:
        return "", f"{path.suffix.lower()} beside it has more than 1 MiB, expected the words of a song"
    raw = path.read_bytes()
    encoding = encoding_of(path, raw[:_HEAD])
    text = raw.decode(encoding.name, encoding.errors if encoding.errors != "strict" else "replace")
    if "\x00" in text:
        return "", f"{path.suffix.lower()} beside it is no text"
    return text, f"{path.suffix.lower()} beside it is {encoding.remark}" if encoding.remark else ""
