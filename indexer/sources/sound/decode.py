"""Decode: a file of sound as samples, read a piece at a time, by libsndfile or else by FFmpeg.

libsndfile (extra `audio`) reads MP3, FLAC, Ogg Vorbis and Opus, WAV, AIFF and their like; what it does not know (M4A,
AAC, WMA, Matroska) goes to FFmpeg where PyAV (extra `m4a`) is installed. The content decides, not the file's ending.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.errors import SourceError
from indexer.sources.opened import FFMPEG_ENDINGS, shown

Samples = npt.NDArray[np.float32]

# What FFmpeg may take a file for: not the formats that it guesses from anything, nor those that name other files.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,aac,asf,matroska,webm,ape,wv,mpc,mpc8,tta,mp3,ogg,flac,wav,aiff,caf,dsf,ac3,avi"

_LONGEST_H = 200  # a header that claims more than this has no length
_SLOWEST_HZ, _FASTEST_HZ, _MOST_CHANNELS = 2000, 1_000_000, 64
_BLOCK = 1 << 16  # frames in one read: what is lost where one of them is damaged


class Sound(Protocol):
    """An opened file of sound.

    sample_rate   frames a second
    channels      1 or more
    frames        samples of each channel; the file's length is frames / sample_rate seconds
    """

    sample_rate: int
    channels: int
    frames: int

    def read(self, start: int, count: int) -> Samples:
        """Frames start..start+count as float32 (n, channels), full scale 1.

        n is less than count where the file ends or is damaged. What is no number (NaN, infinity) is silence.
        """
        ...


class SoundDecodeError(SourceError):
    """A file holds no sound that can be decoded here."""


@contextmanager
def opened_sound(path: Path) -> Iterator[Sound]:
    """The file's sound. Raises `SoundDecodeError`, with what to install where that would help."""
    if not path.is_file():
        raise SoundDecodeError(f"{shown(path)} is no file")
    if not path.stat().st_size:
        raise SoundDecodeError(f"{shown(path)} is empty (0 bytes), expected a file of sound; copy it again")
    try:
        import soundfile
    except ImportError:
        raise SoundDecodeError(
            f"{shown(path)} cannot be decoded: the package soundfile is missing; pip install 'refrain[audio]'"
        ) from None
    try:
        with _quiet_libraries():
            file = soundfile.SoundFile(path if os.name == "nt" else os.fsencode(path))  # names need not be UTF-8
    except soundfile.SoundFileError as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        if "not exist" in reason:  # its answer to a file that it takes for MP3 and then does not find any in
            reason = "no frame of MP3 in it"
        sound: _LibsndfileSound | _FfmpegSound = _ffmpeg_sound(path, reason)
    else:
        sound = _LibsndfileSound(file)
    with closing(sound):
        if not (_SLOWEST_HZ <= sound.sample_rate <= _FASTEST_HZ and sound.channels <= _MOST_CHANNELS):
            raise SoundDecodeError(
                f"{shown(path)} has {sound.channels} channels at {sound.sample_rate} Hz, expected at most "
                f"{_MOST_CHANNELS} at {_SLOWEST_HZ}..{_FASTEST_HZ} Hz; its header is damaged or it is no sound: "
                "convert it to FLAC"
            )
        yield sound


class _LibsndfileSound:
    def __init__(self, file: Any) -> None:
        self._file = file
        self.sample_rate: int = file.samplerate
        self.channels: int = file.channels
        self.frames: int = file.frames
        self._unfinished = not 0 <= self.frames < _LONGEST_H * 3600 * self.sample_rate
        self._position = 0
        if self._unfinished:  # written into a pipe, without a length: it cannot be sought in either
            with _quiet_libraries():
                self.frames = sum(len(block) for block in self._blocks(1 << 62))

    def close(self) -> None:
        self._file.close()

    def read(self, start: int, count: int) -> Samples:
        import soundfile

        with _quiet_libraries():
            try:
                self._go_to(start)
            except soundfile.SoundFileError:
                return np.zeros((0, self.channels), np.float32)
            blocks = list(self._blocks(count))
        return _finite(np.concatenate(blocks)) if blocks else np.zeros((0, self.channels), np.float32)

    def _go_to(self, start: int) -> None:
        import soundfile

        if start == self._position:
            return
        if not self._unfinished:
            self._file.seek(start)
        else:
            if start < self._position:
                self._file.close()
                self._file, self._position = soundfile.SoundFile(self._file.name), 0
            for _ in self._blocks(start - self._position):
                pass
        self._position = start

    def _blocks(self, count: int) -> Iterator[Samples]:
        """Up to `count` frames from here on, until the file ends or a block cannot be decoded."""
        import soundfile

        while count > 0:
            block: Samples = np.full((min(count, _BLOCK), self.channels), np.nan, np.float32)
            try:
                block = self._file.read(out=block)
            except soundfile.SoundFileError:  # what was decoded before the damage stands in the block
                count, block = 0, block[: int(np.argmax(np.isnan(block).any(1)))]
            if not len(block):
                return
            count -= len(block)
            self._position += len(block)
            yield block


def _ffmpeg_sound(path: Path, reason: str) -> _FfmpegSound:
    """The sound as FFmpeg decodes it. `reason` is why libsndfile does not."""
    try:
        import av
    except ImportError:
        if path.suffix.lower() in FFMPEG_ENDINGS:
            advice = f"{path.suffix.lower()[1:].upper()} needs the package av; pip install 'refrain[m4a]'"
        else:
            advice = "if other players play it, the package av may decode it; pip install 'refrain[m4a]'"
        raise SoundDecodeError(f"{shown(path)} cannot be decoded ({reason}); {advice}") from None
    try:
        return _FfmpegSound(path)
    except (av.FFmpegError, OSError, ValueError) as error:
        known = not isinstance(error, av.ArgumentError)  # its answer to formats that are not among _CONTAINERS
        why = (getattr(error, "strerror", None) or str(error)) if known else "no format of sound that it knows"
        raise SoundDecodeError(
            f"{shown(path)} cannot be decoded, by libsndfile ({reason}) or by FFmpeg ({why}); "
            "it is damaged, protected or no sound: try it in a player, or convert it to FLAC"
        ) from None


class _FileOfFfmpeg(FileIO):
    """A file for FFmpeg, whose seek answers -1 where there is no such place, as C does.

    A damaged header asks for places before the file's beginning; of an exception PyAV prints the traceback.
    """

    def seek(self, place: int, whence: int = 0, /) -> int:
        try:
            return super().seek(place, whence)
        except OSError:
            return -1


class _FfmpegSound:
    """Every read goes through the packets from the first on and decodes only those that it needs.

    Packets are cheap to pass over, and their durations add up to positions also where a file has no index, right to a
    packet or two.
    """

    def __init__(self, path: Path) -> None:
        import av

        self._file = _FileOfFfmpeg(path)  # not its name: FFmpeg takes "http:..." and the like for more than a file
        try:
            self._container: Any = av.open(
                self._file, metadata_errors="ignore", options={"format_whitelist": _CONTAINERS}
            )
            if not self._container.streams.audio:
                raise ValueError("it holds no stream of sound")
            self._stream = self._container.streams.audio[0]
            context = self._stream.codec_context
            if context is None:
                raise ValueError("no decoder for its stream of sound")
            self.sample_rate: int = context.sample_rate or 0
            self.channels: int = context.channels or 0
            if not self.sample_rate or not self.channels:
                raise ValueError("its stream of sound has no sample rate or no channels")
            self.frames: int = max((end for _, _, end in self._packets()), default=0)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._container.close()
        self._file.close()

    def read(self, start: int, count: int) -> Samples:
        import av

        context, resampler = self._stream.codec_context, av.AudioResampler(format="fltp")
        context.flush_buffers()
        blocks: list[Samples] = []
        first: int | None = None
        margin = self.sample_rate // 2  # decoders lean on the packets before and answer late
        for packet, begin, end in self._packets():
            if end <= start - margin:
                continue
            if begin >= start + count + margin:
                break
            first = begin if first is None else first
            try:
                frames = [plain for frame in packet.decode() for plain in resampler.resample(frame)]
            except (av.FFmpegError, ValueError):  # a damaged packet: the sound goes on after it, silent meanwhile
                blocks.append(np.zeros((end - begin, self.channels), np.float32))
                continue
            blocks += [np.asarray(frame.to_ndarray(), np.float32).T for frame in frames]
        blocks = [block for block in blocks if block.shape[1] == self.channels]
        if first is None or not any(block.any() for block in blocks):
            return np.zeros((0, self.channels), np.float32)
        return _finite(np.concatenate(blocks)[start - first :][:count])

    def _packets(self) -> Iterator[tuple[Any, int, int]]:
        """Every packet of the stream with the frames that it covers."""
        import av

        position, frame_length = 0.0, self._stream.codec_context.frame_size or 0
        packets: Iterator[Any] | None = None
        while True:
            try:
                if packets is None:
                    self._container.seek(0)
                    packets = self._container.demux(self._stream)
                packet = next(packets, None)
            except av.FFmpegError:  # the file is cut short
                return
            if packet is None or packet.size == 0:
                return
            begin, length = position, float((packet.duration or 0) * (packet.time_base or 0)) * self.sample_rate
            if not length or abs(length - frame_length) < 0.05 * frame_length:  # Matroska rounds to milliseconds
                length = frame_length
            position += length
            yield packet, round(begin), round(position)


_quieted = 0
_quieting = Lock()
_saved_stderr = -1


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Meanwhile what is written to file descriptor 2 is lost: libmpg123 writes there about every damaged frame.

    Threads may be inside together; the last one out opens it again.
    """
    global _quieted, _saved_stderr
    with _quieting:
        _quieted += 1
        if _quieted == 1:
            try:
                _saved_stderr = os.dup(2)
            except OSError:  # a program without a standard error
                _saved_stderr = -1
            else:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)
    try:
        yield
    finally:
        with _quieting:
            _quieted -= 1
            if not _quieted and _saved_stderr >= 0:
                os.dup2(_saved_stderr, 2)
                os.close(_saved_stderr)


def _finite(samples: npt.NDArray[Any]) -> Samples:
    """`samples` as float32 in memory of its own; NaN and infinity become 0."""
    samples = np.ascontiguousarray(samples, np.float32)
    if not np.isfinite(samples).all():
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return samples
