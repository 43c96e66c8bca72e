"""Loudness: integrated LUFS after ITU-R BS.1770-4, gated over all pieces of a recording together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.decode import Samples

Array = npt.NDArray[np.float64]

BLOCK_S = 0.4  # BS.1770's gating block
CHUNK_S = 10  # what the meter filters at once: it copies what it is given
SILENCE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0
LOUDEST_LUFS = 10.0  # full scale is near 0: what is above is in some other unit

# Which channels are left, right, centre, left and right surround (weighted 1.41), by how many there are, in the order
# of WAVE and FFmpeg; None is a channel that such a file lacks. The low-frequency channel does not count.
_LAYOUTS: dict[int, tuple[int | None, ...]] = {
    1: (0,),
    2: (0, 1),
    3: (0, 1, 2),
    4: (0, 1, None, 2, 3),
    5: (0, 1, 2, 3, 4),
    6: (0, 1, 2, 4, 5),
    8: (0, 1, 2, 6, 7),
}


def block_loudness(samples: Samples, sample_rate: int) -> Array:
    """Loudness in LUFS of every block of 0.4 s, three quarters of it shared with the next; -inf for silence.

    samples   float32 (n, channels); a piece shorter than a block has none
    """
    import pyloudnorm

    meter = pyloudnorm.Meter(sample_rate, block_size=BLOCK_S)
    placed = _by_place(samples)
    levels = [np.zeros(0)]
    for start in range(0, len(placed), CHUNK_S * sample_rate):
        chunk = placed[start : start + CHUNK_S * sample_rate]
        if len(chunk) >= BLOCK_S * sample_rate:
            with np.errstate(all="ignore"):
                meter.integrated_loudness(chunk)
            levels.append(np.array(meter.blockwise_loudness))
    return np.concatenate(levels)


def integrated(blocks: Iterable[Array]) -> float | None:
    """The loudness in LUFS of a recording whose pieces have these blocks; None for silence and above LOUDEST_LUFS.

    Blocks below -70 LUFS do not count, nor do those 10 LU below the mean of the rest.

    >>> integrated([np.array([-20.0, -20.0]), np.array([-20.0, -90.0])])
    -20.0
    """
    levels = np.concatenate([np.zeros(0), *blocks])
    levels = levels[np.isfinite(levels) & (levels >= SILENCE_LUFS)]
    if not len(levels):
        return None
    loudness = _mean(levels[levels > _mean(levels) + RELATIVE_GATE_LU])
    return loudness if loudness <= LOUDEST_LUFS else None


def _mean(levels: Array) -> float:
    return float(round(10 * np.log10(np.mean(10 ** (levels / 10))), 6))


def _by_place(samples: Samples) -> Samples:
    """The channels in the order that the meter weighs: left, right, centre, left surround, right surround."""
    layout = _LAYOUTS.get(samples.shape[1])
    if layout is None:
        layout = (0, 1) if samples.shape[1] > 1 else (0,)
    silent = np.zeros(len(samples), np.float32)
    return np.stack([silent if place is None else samples[:, place] for place in layout], axis=1)
