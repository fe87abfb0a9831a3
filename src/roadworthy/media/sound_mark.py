"""An inaudible mark in sound: a key, found after re-encoding, cutting and noise.

    1 tile      75 bands of 100 Hz by 64 slots of a tenth of a second: random signs from the key
    2 embed     each band of each slot a little louder or softer, the tile repeated
    3 look      the loudness of bands and slots against their neighbours, folded onto one tile
    4 decide    its correlation with the tile, over every shift and the speeds that are tried

What enters: samples and a key. What leaves: samples, or whether the mark is there. What never
happens here: a sound called marked on less than the bound allows; a payload, which would cost the
short sounds that speech is made of.

The bound is that of pictures: with signs that a sound cannot know, a correlation of z or more has
probability at most exp(-z^2 / 2) whatever the sound is (Hoeffding 1963); over all M that are tried
at most M exp(-z^2 / 2), and z is chosen so that this is `FALSE_ALARM`.

Sources: Kirovski and Malvar 2003, spread spectrum in the logarithm of magnitudes
(https://doi.org/10.1109/TSP.2003.809384). Who averages many marked sounds can estimate the tile and
take it out or copy it: it is a mark against forgetting, none against somebody who means harm.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

from .watermark import FALSE_ALARM, Found, square_mean

BANDS = 75
PERIOD = 64
"""Slots of one tile."""
SLOT_S = 0.1
LOWEST_HZ = 300.0
BAND_HZ = 100.0
STRENGTH_DB = 1.0
"""By so much each band of each slot is louder or softer."""
LEAST_HZ = 8000
"""Samples a second below which nothing is marked."""
MOST_S = 900.0
"""Of a longer sound only so much is looked at; all of it is marked."""
_PART_S = 20.0
"""Looked at in parts of this length: a speed that is a little off is none within it."""
_PHASES = 4
"""A slot may begin anywhere: this many beginnings are tried."""
_SPEEDS = tuple(1 + step / 200 for step in range(-8, 9))
"""That a thorough look tries, of 4 % slower to 4 % faster, with the pitch and without it."""


def embed_sound(samples: Any, rate: int, key: bytes) -> Any:
    """The samples (count, channels; -1 to 1) with the mark of the key."""
    import numpy as np

    size = _frame(rate)
    half, count = size // 2, len(samples)
    window = np.sqrt(np.hanning(size + 1)[:size])[:, None]
    signs, bands = _signs(key), _band_of(np.fft.rfftfreq(size, 1 / rate))
    inside = bands >= 0
    frames = -(-(count + half) // half)
    padded = np.zeros((frames * half + size, samples.shape[1]))
    padded[half : half + count] = samples
    marked = np.zeros_like(padded)
    gain = np.ones((len(bands), 1))
    for number in range(frames):
        at = slice(number * half, number * half + size)
        slot = int(number * half / rate / SLOT_S) % PERIOD
        gain[inside, 0] = 10 ** (STRENGTH_DB / 20 * signs[bands[inside], slot])
        spectrum = np.fft.rfft(padded[at] * window, axis=0)
        marked[at] += window * np.fft.irfft(spectrum * gain, size, axis=0)
    return np.clip(marked[half : half + count], -1.0, 1.0)


def find_sound_mark(samples: Any, rate: int, key: bytes, *, thorough: bool = False) -> Found:
    """Whether samples (count, channels) have the mark of the key.

    `thorough`: also in a sound that was made faster or slower, in about thirty times the time.
    """
    import numpy as np

    mono = np.asarray(samples[: int(MOST_S * rate)], dtype=np.float32).mean(axis=1)
    looks = list(_looks(thorough=thorough))
    part = int(_PART_S * rate)
    parts = [mono[at : at + part] for at in range(0, max(1, len(mono) - part // 2), part)]
    tried = len(parts) * len(looks) * _PHASES * PERIOD
    threshold = math.sqrt(2 * math.log(tried / FALSE_ALARM))
    spectrum = np.conj(np.fft.rfft(_signs(key), axis=1))
    best = 0.0
    for each in parts:
        for look in looks:
            best = max(best, _best(_folded(each, rate, look), spectrum))
            if best >= threshold:
                return Found(there=True, score=best, threshold=threshold)
    return Found(there=False, score=best, threshold=threshold)


def _looks(*, thorough: bool) -> Iterator[tuple[float, float]]:
    """How much faster, and how much higher: as it is, played faster, made faster."""
    yield 1.0, 1.0
    if thorough:
        for speed in _SPEEDS:
            if speed != 1.0:
                yield speed, speed
                yield speed, 1.0


def _best(folded: Any, spectrum: Any) -> float:
    """The largest correlation over all beginnings and shifts, in standard deviations."""
    import numpy as np

    if not len(folded):
        return 0.0
    found = np.fft.irfft((np.fft.rfft(folded, axis=2) * spectrum).sum(1), PERIOD, axis=1)
    return float(found.max())


def _folded(mono: Any, rate: int, look: tuple[float, float]) -> Any:
    """Of each beginning: how much louder than its neighbours, on one tile, of length 1."""
    import numpy as np

    loud, folded = _loudness(mono, rate, look), []
    for phase in range(_PHASES):
        slots = (loud.shape[1] - phase) // _PHASES
        if slots < 1:
            continue
        cells = loud[:, phase : phase + slots * _PHASES].reshape(BANDS, slots, _PHASES).sum(2)
        level = np.log(cells + cells.max() * 1e-7 + 1e-12)
        edged = np.pad(level, ((1, 1), (0, 0)), mode="edge")
        rest = level - (edged[:-2] + level + edged[2:]) / 3
        spread = np.sqrt(np.maximum(square_mean(rest * rest, 4), 0)) + 0.05
        rest = np.clip(rest / spread, -3, 3)
        rest = np.pad(rest, ((0, 0), (0, -slots % PERIOD)))
        tile = rest.reshape(BANDS, -1, PERIOD).sum(1)
        folded.append(tile / (math.sqrt(float((tile * tile).sum())) or 1.0))
    return np.array(folded)


def _loudness(mono: Any, rate: int, look: tuple[float, float]) -> Any:
    """The power of each band at every quarter of a slot."""
    import numpy as np

    speed, higher = look
    size = _frame(rate)
    step = SLOT_S * rate / _PHASES / speed
    count = max(0, int((len(mono) - size) / step))
    starts = np.rint(np.arange(count) * step).astype(int)
    if not count:
        return np.zeros((BANDS, 0))
    window = np.hanning(size).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(mono, size)[starts] * window
    found = np.fft.rfft(frames, axis=1)
    bands = _band_of(np.fft.rfftfreq(size, 1 / rate) / higher)
    belongs = (bands == np.arange(BANDS)[:, None]).astype(np.float32)
    return belongs @ (found.real**2 + found.imag**2).T


def _frame(rate: int) -> int:
    """Samples of a frame: half a slot, an even number."""
    return 2 * round(rate * SLOT_S / 4)


def _band_of(frequencies: Any) -> Any:
    """The band of each frequency; -1 where there is none."""
    import numpy as np

    band = np.floor((frequencies - LOWEST_HZ) / BAND_HZ).astype(int)
    return np.where((band >= 0) & (band < BANDS), band, -1)


def _signs(key: bytes) -> Any:
    """A tile of random signs that nobody knows without the key."""
    import numpy as np

    stream = hashlib.shake_256(b"roadworthy sound mark 1\x00" + key).digest(BANDS * PERIOD // 8)
    bits = np.unpackbits(np.frombuffer(stream, dtype=np.uint8))
    return bits.reshape(BANDS, PERIOD).astype(np.float64) * 2 - 1
