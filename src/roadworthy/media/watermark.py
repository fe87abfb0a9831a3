"""An invisible mark in a picture's brightness: a key and 28 bits of time, found after re-encoding.

    1 tile      four tiles of 64 x 64 random signs from the key; three are shifted by the payload
    2 embed     their sum, repeated, enlarged so that 256 cells span the shorter side, weak where
                the picture is smooth
    3 look      the picture on a grid of 256 cells, local differences only, folded onto one tile
    4 decide    its correlation with the first tile, over every shift and the scales and turns that
                are tried

What enters: pixels and a key. What leaves: pixels, or whether the mark is there. What never happens
here: a picture called marked on less than the bound allows.

The bound: with signs that a picture cannot know, a correlation of z or more has probability at most
exp(-z^2 / 2) whatever the picture is (Hoeffding 1963); over all M correlations that are tried at
most M exp(-z^2 / 2), and z is chosen so that this is `FALSE_ALARM`.

Sources: spread spectrum, Cox et al. 1997 (https://doi.org/10.1109/83.650120); shifts that carry the
payload as in code shift keying. Who averages many marked pictures can estimate the tiles and
subtract or copy them: it is a mark against forgetting, none against somebody who means harm.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

CELLS = 256
"""Across the shorter side."""
TILE = 64
STRENGTH = 2.0
"""Root mean square of the change in grey levels of 256, where the picture is neither smooth nor
rough; measured, it leaves 37 to 46 dB."""
FALSE_ALARM = 1e-6
"""Of one picture that has no mark of this key."""
SMALLEST = 192
"""Pixels of the shorter side below which nothing is marked."""
_TILES = 4
_CHECK_BITS = 8
_TIME_BITS = 28
_EPOCH_S = 1_704_067_200
"""2024-01-01."""
_STEP_S = 4
_STEP = 0.01
"""Between two scales that are tried: drifts by less than a cell from the middle to the edge."""
_TURN = 0.6
"""The same between two angles, in degrees."""
_LARGEST = 1024
"""Pixels of the shorter side that are looked at; a larger picture is made smaller first."""

Look = tuple[float, float]
"""Scale and angle."""


class Found(Struct, frozen=True, kw_only=True):
    """What was seen of the mark of a key."""

    there: bool
    score: float
    """The largest correlation, in standard deviations."""
    threshold: float
    """From which on it is the mark."""
    marked_s: int | None = None
    """When it was put in (seconds since 1970, to four seconds); None where that is not readable."""


def embed(pixels: Any, key: bytes, at_s: int) -> Any:
    """The pixels (height, width, 3; 0 to 255) with the mark of the key and a time."""
    import numpy as np
    from PIL import Image

    height, width = pixels.shape[:2]
    tiles = _tiles(key)
    tile = tiles[0].copy()
    for each, shift in zip(tiles[1:], _shifts(key, at_s), strict=True):
        tile += np.roll(each, shift, (0, 1))
    rows, columns = _grid_size(height, width, 1.0)
    pattern = np.tile(tile / math.sqrt(_TILES), (-(-rows // TILE), -(-columns // TILE)))
    spread = Image.fromarray(np.ascontiguousarray(pattern[:rows, :columns]))
    delta = np.asarray(spread.resize((width, height), Image.Resampling.BICUBIC))
    delta = STRENGTH * delta * _weight(pixels)
    marked = np.empty_like(pixels)
    for colour in range(3):  # one after the other: a large picture takes much memory
        changed = np.rint(pixels[..., colour] + delta)
        marked[..., colour] = np.clip(changed, 0, 255)
    return marked


def _weight(pixels: Any) -> Any:
    """How strong the mark may be at each pixel: by how rough the picture is around it."""
    import numpy as np
    from PIL import Image

    height, width = pixels.shape[:2]
    small = _smaller(Image.fromarray(pixels).convert("L"))
    grey = np.asarray(small, dtype=np.float32)
    radius = max(2, min(grey.shape) // 128)
    mean = square_mean(grey, radius)
    rough = np.sqrt(np.maximum(square_mean(grey * grey, radius) - mean * mean, 0))
    weight = np.clip(0.8 + rough / 15, 0.8, 2.4)
    if small.size == (width, height):
        return weight
    return np.asarray(Image.fromarray(weight).resize((width, height), Image.Resampling.BILINEAR))


def find_mark(grey: Any, key: bytes, *, thorough: bool = True) -> Found:
    """Whether a grey picture (of Pillow, mode L) has the mark of the key.

    Not `thorough`: neither turned pictures nor such as were put into larger ones are looked for,
    and a tenth of the time is taken.
    """
    import numpy as np

    grey = _smaller(grey)
    looks = list(_looks(thorough=thorough))
    threshold = math.sqrt(2 * math.log(len(looks) * TILE * TILE / FALSE_ALARM))
    spectra = np.conj(np.fft.rfft2(_tiles(key)))
    best, at = 0.0, looks[0]
    for look in looks:
        score = float(_correlations(grey, look, spectra[:1]).max())
        if score > best:
            best, at = score, look
        if best >= threshold and look != at:  # the next one was no better
            break
    if best < threshold:
        return Found(there=False, score=best, threshold=threshold)
    near = [(at[0] * (1 + s * _STEP / 4), at[1] + d * _TURN / 4) for s in _NEAR for d in _NEAR]
    scored = [(float(_correlations(grey, look, spectra[:1]).max()), look) for look in near]
    score, look = max(scored)
    marked_s = _read_time(_correlations(grey, look, spectra), key)
    return Found(there=True, score=max(score, best), threshold=threshold, marked_s=marked_s)


_NEAR = (-2, -1, 0, 1, 2)


def _looks(*, thorough: bool) -> Iterator[Look]:
    """What is tried: as it is, cut to a part, put into a larger one, turned a little."""
    yield 1.0, 0.0
    for step in range(1, 51):  # cut to 0.6 of its side
        yield math.exp(-step * _STEP), 0.0
    if not thorough:
        return
    for step in range(1, 51):
        yield math.exp(step * _STEP), 0.0
    for turn in (1, -1, 2, -2, 3, -3, 4, -4, 5, -5):
        for step in range(-12, 13):
            yield math.exp(step * _STEP), turn * _TURN


def _tiles(key: bytes) -> Any:
    """Four tiles of random signs that nobody knows without the key."""
    import numpy as np

    stream = hashlib.shake_256(b"roadworthy image mark 1\x00" + key).digest(
        _TILES * TILE * TILE // 8
    )
    bits = np.unpackbits(np.frombuffer(stream, dtype=np.uint8))
    return bits.reshape(_TILES, TILE, TILE).astype(np.float32) * 2 - 1


def _grid_size(height: int, width: int, scale: float) -> tuple[int, int]:
    across = CELLS * scale / min(height, width)
    return max(TILE, round(height * across)), max(TILE, round(width * across))


def _smaller(grey: Any) -> Any:
    from PIL import Image

    shorter = min(grey.size)
    if shorter <= _LARGEST:
        return grey
    size = tuple(round(side * _LARGEST / shorter) for side in grey.size)
    return grey.resize(size, Image.Resampling.BOX)


def square_mean(values: Any, radius: int) -> Any:
    """The mean of the square around each value."""
    import numpy as np

    side = 2 * radius + 1
    padded = np.pad(values, radius, mode="edge")
    sums = np.cumsum(np.cumsum(np.pad(padded, ((1, 0), (1, 0))), 0, dtype=np.float64), 1)
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return (inside / (side * side)).astype(np.float32)


def _correlations(grey: Any, look: Look, spectra: Any) -> Any:
    """The correlation with each tile at every shift, in standard deviations of a random tile."""
    import numpy as np
    from PIL import Image

    scale, turn = look
    width, height = grey.size
    rows, columns = _grid_size(height, width, scale)
    seen = grey.rotate(turn, Image.Resampling.BICUBIC) if turn else grey
    how = Image.Resampling.BOX if min(height, width) >= CELLS * scale else Image.Resampling.BICUBIC
    cells = np.asarray(seen.resize((columns, rows), how), dtype=np.float32)
    rest = cells - square_mean(cells, 2)
    rest = np.clip(rest / (np.sqrt(np.maximum(square_mean(rest * rest, 4), 0)) + 1.0), -3, 3)
    rest = np.pad(rest, ((0, -rows % TILE), (0, -columns % TILE)))
    folded = rest.reshape(rest.shape[0] // TILE, TILE, rest.shape[1] // TILE, TILE).sum((0, 2))
    size = math.sqrt(float((folded * folded).sum())) or 1.0
    return np.fft.irfft2(np.fft.rfft2(folded)[None] * spectra, s=(TILE, TILE)) / size


def _shifts(key: bytes, at_s: int) -> list[tuple[int, int]]:
    """Six numbers below 64: 28 bits of time and eight that check them."""
    time = max(0, (at_s - _EPOCH_S) // _STEP_S) % (1 << _TIME_BITS)
    payload = time << _CHECK_BITS | _check(key, time)
    numbers = [payload >> 6 * place & 63 for place in range(6)]
    return [(numbers[0], numbers[1]), (numbers[2], numbers[3]), (numbers[4], numbers[5])]


def _read_time(correlations: Any, key: bytes) -> int | None:
    """The time in the shifts between the tiles; None where they do not check."""
    import numpy as np

    places = [np.unravel_index(int(each.argmax()), each.shape) for each in correlations]
    (down, right), payload = places[0], 0
    for number, place in enumerate(places[1:]):
        payload |= (int(place[0] - down) % TILE) << 12 * number
        payload |= (int(place[1] - right) % TILE) << 12 * number + 6
    time = payload >> _CHECK_BITS
    if payload & ((1 << _CHECK_BITS) - 1) != _check(key, time):
        return None
    return _EPOCH_S + time * _STEP_S


def _check(key: bytes, time: int) -> int:
    return hmac.digest(key, b"time" + time.to_bytes(4, "big"), "sha256")[0]
