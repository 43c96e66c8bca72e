"""Ids: 22 letters and digits for every song, artist and album, and back to what they name."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from typing import Literal

from engine.plain import shown
from indexer.errors import RequestError

Kind = Literal["track", "artist", "album"]

LENGTH = 22  # 62**22 > 2**128: as many digits as 128 bits need
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_ID = re.compile(rf"[0-9A-Za-z]{{{LENGTH}}}", re.ASCII)
# Some proxies make one slash of the two after "https:".
_WRITTEN = re.compile(
    r"(?:spotify:(?P<uri>\w+):|(?:https?:/{1,2})?(?:open|play)\.spotify\.com/(?:intl-[\w-]+/)?(?:embed/)?(?P<url>\w+)/)?"
    rf"(?P<id>{_ID.pattern})/*(?:[?#].*)?",
    re.ASCII,
)

log = logging.getLogger("refrain.service")


def digest_id(kind: Kind, name: str, attempt: int = 0) -> str:
    """A lasting id: BLAKE2b of 128 bits over the name in UTF-8, personalised by kind, as 22 digits to base 62.

    attempt   another number gives another id, for a name whose first one is taken

    >>> digest_id("track", "the-marrows/salt-road") == digest_id("artist", "the-marrows/salt-road")
    False
    >>> len(digest_id("track", ""))
    22
    """
    digest = hashlib.blake2b(
        name.encode("utf-8", "surrogatepass"), digest_size=16,
        person=f"refrain {kind}".encode(), salt=attempt.to_bytes(8, "little"),
    )  # fmt: skip
    number, pairs = int.from_bytes(digest.digest()), []
    for _ in range(LENGTH // 2):
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    return "".join(reversed(pairs))


def read_id(kind: Kind, text: str) -> str:
    """The 22 characters of an id, a URI or a link of this kind; RequestError for anything else.

    >>> read_id("track", "spotify:track:0000000000000000000000")
    '0000000000000000000000'
    >>> read_id("artist", "https://open.spotify.com/intl-de/artist/0000000000000000000000?si=1")
    '0000000000000000000000'
    >>> read_id("artist", "spotify:track:0000000000000000000000")
    Traceback (most recent call last):
    indexer.errors.RequestError: invalid id: ...
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None or (written["uri"] or written["url"] or kind).lower() != kind:
        expected = f"{LENGTH} letters and digits, or the URI or link of one {kind}"
        message = f"invalid id: {shown(text)}, expected {expected}"
        raise RequestError(message, field="id", found=shown(text), expected=expected)
    return written["id"]


class IdTable:
    """The ids of one kind of thing, which go by numbers in an index; "" is no thing.

    names   by number, no name twice: what a made id is the digest of
    real    by number: the ids that Spotify gave, "" where it gave none

    Whoever has a real id goes by it. Of several that have the same one, the first by name does; the others, and a name
    whose digest is somebody's id, get another digest, and the log says how many.
    """

    def __init__(self, kind: Kind, names: Sequence[str], real: Sequence[str] = ()):
        numbers: dict[str, int] = {}
        for number, given in enumerate(real):
            if _ID.fullmatch(given) and (given not in numbers or names[number] < names[numbers[given]]):
                numbers[given] = number
        ids = [""] * len(names)
        for given, number in numbers.items():
            ids[number] = given
        moved = 0
        for number, name in enumerate(names):
            if not name or ids[number]:
                continue
            attempt, made = 0, digest_id(kind, name)
            while made in numbers:
                attempt += 1
                made = digest_id(kind, name, attempt)
            moved += bool(attempt) or (bool(real) and real[number] in numbers)
            numbers[made], ids[number] = number, made
        if moved:
            log.warning("%d of kind %s go by other ids than their own, which others have", moved, kind)
        self._numbers, self._ids = numbers, ids

    def id_of(self, number: int) -> str:
        """The id of a thing; "" for none."""
        return self._ids[number]

    def number_of(self, id_: str) -> int | None:
        """What an id names; None where nothing has it."""
        return self._numbers.get(id_)
