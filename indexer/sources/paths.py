"""Paths: what a list of songs writes of a file of sound, as the path that it is here."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from indexer.sources.cells import plain
from indexer.sources.opened import OpenedFile

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: "C:" is a drive
_DRIVE = re.compile(r"/?[A-Za-z]:[\\/]")


def is_address(text: str) -> bool:
    """Whether a text is an address other than that of a file: "https://...", "spotify:...".

    >>> is_address("https://a.example/b.mp3"), is_address("file:///b.mp3"), is_address("C:/b.mp3")
    (True, False, False)
    """
    found = _SCHEME.match(text)
    return found is not None and not text.lower().startswith("file:")


def plain_path(text: str) -> str:
    """The path in a path or in an address of a file; "" for another address.

    A byte of an address that is no UTF-8 is half a character, as `os.fsdecode` makes it.

    >>> plain_path("file://localhost/Users/ada/A%20Song.mp3"), plain_path("file:///C:/b.mp3"), plain_path("a#1.mp3")
    ('/Users/ada/A Song.mp3', 'C:/b.mp3', 'a#1.mp3')
    """
    text = text.strip()
    if is_address(text) or "\x00" in text:
        return ""
    if text[:5].lower() == "file:":
        try:
            parts = urlsplit(text.replace("#", "%23").replace("?", "%3F"))
        except ValueError:
            return ""
        host = "" if parts.netloc.lower() in ("", "localhost", "127.0.0.1") else f"//{parts.netloc}"
        text = host + unquote(parts.path, errors="surrogateescape")
        if _DRIVE.match(text):
            text = text.lstrip("/")
    return "" if "\x00" in text else text


def file_path(text: str, folder: Path | None) -> str:
    """The absolute path of a file as this machine writes it, ".." and doubled slashes taken out.

    Relative paths start at `folder`. "" where it is none of this machine: an address, a drive of Windows, or a relative
    path without a folder.

    >>> file_path("file:///m/../music/a%20b.mp3", None), file_path("b.mp3", Path("/music")), file_path("b.mp3", None)
    ('/music/a b.mp3', '/music/b.mp3', '')
    """
    path = plain_path(text)
    try:
        os.fsencode(path)
    except UnicodeEncodeError:  # half a character that stands for no byte
        return ""
    if not path:
        return ""
    if os.name != "nt":
        if _DRIVE.match(path) or path.startswith("\\\\"):
            return ""
        if "\\" in path and "/" not in path:
            path = path.replace("\\", "/")
    if os.path.isabs(path):
        return os.path.normpath(path)
    return "" if folder is None else os.path.normpath(folder / path)


def list_folder(opened: OpenedFile) -> Path | None:
    """The folder that a list lies in; None where it was unpacked or came through a pipe."""
    path = Path(opened.path)
    return Path(os.path.abspath(path)).parent if PurePosixPath(opened.name).name == path.name else None


def file_stem(text: str) -> str:
    """The name of the file that a list writes, without its folder and ending; "" where it names none in a folder.

    >>> file_stem("file:///m/A%20Band%20-%20A%20Song.ogg"), file_stem("A Band - A Song"), file_stem("C:\\\\m\\\\a.mp3")
    ('A Band - A Song', '', 'a')
    """
    path = plain_path(text).replace("\\", "/")
    return plain(PurePosixPath(path).stem) if "/" in path else ""
