"""Loudness: integrated LUFS after ITU-R BS.1770-4, gated over all pieces of a recording together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from indexer.sources.sound.decode import Samples

Array = npt.NDArray[np.float64]

BLOCK_S = 0.4  # BS.1770's gating block
SILENCE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0

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

    if len(samples) < BLOCK_S * sample_rate:
        return np.zeros(0)
    meter = pyloudnorm.Meter(sample_rate, block_size=BLOCK_S)
    with np.errstate(divide="ignore", invalid="ignore"):
        meter.integrated_loudness(_by_place(samples).astype(np.float64))
    return np.array(meter.blockwise_loudness)


def integrated(blocks: Iterable[Array]) -> float | None:
    """The loudness in LUFS of a recording whose pieces have these blocks; None for silence.

    Blocks below -70 LUFS do not count, nor do those 10 LU below the mean of the rest.

    >>> integrated([np.array([-20.0, -20.0]), np.array([-20.0, -90.0])])
    -20.0
    """
    levels = np.concatenate([np.zeros(0), *blocks])
    levels = levels[levels >= SILENCE_LUFS]
    if not len(levels):
        return None
    return _mean(levels[levels > _mean(levels) + RELATIVE_GATE_LU])


def _mean(levels: Array) -> float:
    return float(round(10 * np.log10(np.mean(10 ** (levels / 10))), 9))


def _by_place(samples: Samples) -> Samples:
    """The channels in the order that the meter weighs: left, right, centre, left surround, right surround."""
    layout = _LAYOUTS.get(samples.shape[1])
    if layout is None:
        layout = (0, 1) if samples.shape[1] > 1 else (0,)
    silent = np.zeros(len(samples), np.float32)
    return np.stack([silent if place is None else samples[:, place] for place in layout], axis=1)
