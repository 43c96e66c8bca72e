"""Content: a hash of the sound in a file that writing other tags does not change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_PIECE = 1 << 20
_ID3V1, _APE_FOOTER, _APE_SIZES = 128, 32, 8
_FLAC_LAST, _STREAMINFO, _MD5_AT = 0x80, 34, 18
_OGG_HEADER = 27  # bytes of a page before its table of segments
_OGG_PAGE = re.compile(rb"OggS\x00")
_OGG_CHANGES = slice(18, 26)  # number and checksum: a longer comment before shifts the one and so changes the other
_LAST_HEADER = {b"\x01vorbis": 3, b"OpusHead": 2}  # packets before the sound

Region = tuple[int, int]  # first byte, and the one behind the last


def sound_hash(path: Path) -> str:
    """128 bits of BLAKE2b over the sound in a file, as 32 hexadecimal digits; "" where there is none.

    Left out are the tags of MP3 (ID3, APE), FLAC, Ogg, MP4, WAV and AIFF; of another kind of file every byte counts.
    A FLAC is known by the hash of its samples that its encoder wrote: compressed again, it stays itself.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start, end = _without_id3(file, size)
        file.seek(start)
        head = file.read(64)
        if head.startswith(b"fLaC"):
            samples = head[8 + _MD5_AT : 8 + _STREAMINFO]
            if len(samples) == 16 and any(samples):
                return _digest(iter([b"flac", samples]))
            regions = [(_after_flac_blocks(file, start, end), end)]
        elif head.startswith(b"OggS"):
            return _digest(_ogg_pieces(file, _after_ogg_headers(file, end), end))
        elif head[4:8] == b"ftyp":
            regions = list(_chunks(file, 0, end, b"mdat", "big", header_counts=True))
        elif head.startswith(b"RIFF") and head[8:12] == b"WAVE":
            regions = list(_chunks(file, start + 12, end, b"data", "little"))
        elif head.startswith(b"FORM") and head[8:11] == b"AIF":
            regions = list(_chunks(file, start + 12, end, b"SSND", "big"))
        else:
            regions = [(start, end)]
        return _digest(piece for region in regions for piece in _pieces(file, *region))


def _digest(pieces: Iterator[bytes]) -> str:
    state, length = hashlib.blake2b(digest_size=16), 0
    for piece in pieces:
        state.update(piece)
        length += len(piece)
    return state.hexdigest() if length else ""


def _pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (piece := file.read(min(_PIECE, end - start))):
        start += len(piece)
        yield piece


def _without_id3(file: BinaryIO, size: int) -> Region:
    """Where the file begins and ends without ID3v2 before, ID3v1 and APE tags behind."""
    start, end = 0, size
    while len(header := _at(file, start, 10)) == 10 and header.startswith(b"ID3"):
        start += 10 + (header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9])
    if _at(file, max(end - _ID3V1, 0), 3) == b"TAG":
        end -= _ID3V1
    footer = _at(file, max(end - _APE_FOOTER, 0), _APE_FOOTER)
    if footer.startswith(b"APETAGEX"):
        length = int.from_bytes(footer[12:16], "little")
        has_header = int.from_bytes(footer[20:24], "little") >> 31
        end -= length + (_APE_FOOTER if has_header else 0)
    return (start, end) if 0 <= start < end else (start, max(start, end))


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)


def _after_flac_blocks(file: BinaryIO, start: int, end: int) -> int:
    place = start + 4
    while place < end and len(header := _at(file, place, 4)) == 4:
        place += 4 + int.from_bytes(header[1:], "big")
        if header[0] & _FLAC_LAST:
            break
    return min(place, end)


def _chunks(
    file: BinaryIO, place: int, end: int, wanted: bytes, order: str, *, header_counts: bool = False
) -> Iterator[Region]:
    """The bodies of the chunks called `wanted`: (name, length) in RIFF and AIFF, (length with header, name) in MP4."""
    while place + 8 <= end:
        header = _at(file, place, 16)
        name, length, body = header[:4], int.from_bytes(header[4:8], order), place + 8  # type: ignore[arg-type]
        if header_counts:
            name, length = header[4:8], int.from_bytes(header[:4], "big") - 8
            if length == 1 - 8:
                length, body = int.from_bytes(header[8:16], "big") - 16, place + 16
            elif length == -8:  # to the end of the file
                length = end - body
        if length < 0:
            return
        if name == wanted:
            yield body, min(body + length, end)
        place = body + length + (0 if header_counts else length % 2)


def _after_ogg_headers(file: BinaryIO, end: int) -> int:
    """Where the first page with sound begins: the headers end with their page."""
    place, packets, wanted = 0, 0, 0
    while len(header := _at(file, place, _OGG_HEADER)) == _OGG_HEADER and header.startswith(b"OggS"):
        table = file.read(header[26])
        if not wanted:
            head = file.read(8)
            wanted = next((count for mark, count in _LAST_HEADER.items() if head.startswith(mark)), 1)
        packets += sum(length < 255 for length in table)
        place += _OGG_HEADER + len(table) + sum(table)
        if packets >= wanted:
            return place
    return end


def _ogg_pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """The pages from `start` on, with nulls where retagging changes them."""
    rest = b""
    for piece in _pieces(file, start, end):
        block = _masked(rest + piece)
        # The header of a page that the piece cuts is whole only with the next one.
        last = max(len(block) - _OGG_HEADER + 1, 0)
        rest = block[last:]
        yield block[:last]
    yield rest


def _masked(block: bytes) -> bytes:
    changed = bytearray(block)
    for page in _OGG_PAGE.finditer(block):
        if page.start() + _OGG_CHANGES.stop <= len(block):
            changed[page.start() + _OGG_CHANGES.start : page.start() + _OGG_CHANGES.stop] = bytes(8)
    return bytes(changed)
