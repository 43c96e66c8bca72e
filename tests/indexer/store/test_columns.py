"""Mapped arrays and texts: what was written comes back, what nobody wrote is refused, no descriptor stays open."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import IndexFormatError
from indexer.store.columns import Strings, create_array, map_array, map_bytes, map_strings

ARRAYS = [
    np.arange(12, dtype=np.float32).reshape(3, 4),
    np.asfortranarray(np.arange(12).reshape(3, 4)),
    np.zeros((0, 5), np.float16),
    np.zeros(0, np.int64),
    np.array(7.5),
    np.array([(1, 2.0)], np.dtype([("end", "<u8"), ("share", "<f4")])),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_an_array_comes_back_read_only(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    back = map_array(tmp_path / "a.npy")
    assert type(back) is np.ndarray
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert (back == array).all()
    assert not back.flags.writeable


def test_a_mapped_file_holds_no_descriptor(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(1000))
    map_array(tmp_path / "a.npy")  # loads what mapping needs
    before = len(os.listdir("/proc/self/fd"))
    arrays = [map_array(tmp_path / "a.npy") for _ in range(20)] + [map_bytes(tmp_path / "a.npy")]
    assert len(os.listdir("/proc/self/fd")) == before
    (tmp_path / "a.npy").unlink()
    assert all(array[-1] == 999 for array in arrays[:20]), "a file that is removed stays readable"


def headers(array: np.ndarray, **facts: object) -> bytes:
    file = io.BytesIO()
    header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
    np.lib.format.write_array_header_1_0(file, header | facts)  # type: ignore[arg-type]
    return file.getvalue() + array.tobytes()


GOOD = headers(np.arange(6.0))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        GOOD[:5],
        GOOD[:40],
        GOOD[:-1],
        GOOD + b"x",
        headers(np.arange(6.0), shape=(7,)),
        headers(np.arange(6.0), shape=(-6,)),
        headers(np.arange(6.0), shape=(2**62, 2**62)),
        headers(np.arange(6.0), shape="six"),
        headers(np.arange(6.0), descr="|O"),
        headers(np.arange(6.0), descr="|V0"),
        headers(np.arange(6.0), descr="no such type"),
        GOOD.replace(b"'shape'", b"'shade'"),
        b"\x93NUMPY\x01\x00\xff\x0f" + b"(" * 0xFFF,
        b"\x93NUMPY\x09\x00" + GOOD[8:],
    ],
)
def test_what_is_no_array_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(IndexFormatError, match=r"a\.npy is damaged .*rebuild with"):
        map_array(tmp_path / "a.npy")


@pytest.mark.filterwarnings("ignore:Reading `.npy`")  # numpy reads headers of Python 2, too
@pytest.mark.filterwarnings("ignore:Data type alias")  # and aliases of before 2.0
@settings(max_examples=200)
@given(at=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_gives_an_array_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.npy"
    path.write_bytes(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :])
    with contextlib.suppress(IndexFormatError):
        map_array(path)


# ---- texts ---------------------------------------------------------------------------------------


def strings(offsets: list[int], text: bytes) -> Strings:
    return Strings(np.array(offsets, np.int64), np.frombuffer(text, np.uint8), "titles.utf8")


def test_texts_come_back(tmp_path: Path) -> None:
    texts = ["", "Où est l'été", "비", ""]
    encoded = [text.encode() for text in texts]
    (tmp_path / "titles.utf8").write_bytes(b"".join(encoded))
    np.save(tmp_path / "titles.offsets.npy", np.cumsum([0, *map(len, encoded)]))
    back = map_strings(tmp_path / "titles")
    back.check()
    assert (list(back), back[-2], back[1:3], len(back)) == (texts, "비", texts[1:3], 4)
    with pytest.raises(IndexError, match="string 4 of 4"):
        back[4]


@pytest.mark.parametrize("offsets", [[], [0, 2], [1, 3], [0, 4], [-1, 3], [0, 2**62], [3, 0]])
def test_offsets_that_do_not_fit_the_text_are_refused(offsets: list[int]) -> None:
    with pytest.raises(IndexFormatError, match=r"titles.utf8 is damaged: .*rebuild with"):
        strings(offsets, b"abc")


def test_offsets_of_another_type_are_refused() -> None:
    for offsets in (np.array([0.0, 3.0]), np.array([[0, 3]]), np.array([0, 3], np.int32)):
        with pytest.raises(IndexFormatError, match="expected int64"):
            Strings(offsets, np.frombuffer(b"abc", np.uint8))  # type: ignore[arg-type]


@pytest.mark.parametrize("middle", [-1, 5, 2**62])
def test_an_offset_out_of_order_is_refused_when_it_is_read(middle: int) -> None:
    damaged = strings([0, 1, middle, 3, 4], b"abcd")
    assert damaged[0] == "a"
    for row in (1, 2):
        with pytest.raises(IndexFormatError, match=f"titles.utf8 is damaged: text {row} "):
            damaged[row]
    with pytest.raises(IndexFormatError):
        damaged.check()


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(IndexFormatError, match="text 1 is no UTF-8"):
        strings([0, 1, 2], b"a\xff")[1]


# ---- new arrays ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (5,)])
def test_a_new_array_is_filled_in_place(tmp_path: Path, shape: tuple[int, ...]) -> None:
    out = create_array(tmp_path / "a.npy", np.float32, shape)
    out[...] = 7
    out.flush()  # type: ignore[attr-defined]
    assert (map_array(tmp_path / "a.npy") == np.full(shape, 7, np.float32)).all()
    assert map_array(tmp_path / "a.npy").shape == shape
    with pytest.raises(FileExistsError):
        create_array(tmp_path / "a.npy", np.float32, shape)


def test_an_array_that_the_disk_has_no_room_for_is_refused_before_it_is_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        create_array(tmp_path / "a.npy", np.float32, (3, 4))
