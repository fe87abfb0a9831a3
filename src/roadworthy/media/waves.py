"""Sound as samples: WAV files and bare PCM, decoded within limits and written again as they came.

What enters: bytes. What leaves: samples, and bytes. What never happens here: a file of another
sample format read as noise; a length believed that a header only claims.
"""

from __future__ import annotations

import io
import wave
from typing import Any

from msgspec import Struct

from .installed import MarkError

PCM_RATE = 24_000
"""Of bare PCM, as OpenAI's speech API gives it: 16 bits, one channel, little-endian."""
_WIDTHS = (2, 3, 4)
_MOST_CHANNELS = 8


class Sound(Struct, frozen=True, kw_only=True):
    """A sound, decoded."""

    samples: Any
    """Of numpy: (count, channels), -1 to 1."""
    rate: int
    """Samples a second."""
    width: int
    """Bytes of a sample."""
    bare: bool = False
    """Whether it is PCM without a header."""


def open_wave(data: bytes) -> Sound:
    """Decode a WAV file of whole numbers. Raises MarkError."""
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            held = file.readframes(len(data))  # a stream's header claims any length
    except (wave.Error, EOFError, OSError, ValueError) as error:
        raise MarkError(f"no WAV of whole numbers ({error or type(error).__name__})") from None
    if width not in _WIDTHS or not 1 <= channels <= _MOST_CHANNELS or not rate:
        raise MarkError(f"a WAV of {channels} channels, {8 * width} bits, {rate} Hz")
    return Sound(samples=_samples(held, width, channels), rate=rate, width=width)


def open_pcm(data: bytes) -> Sound:
    """Decode bare PCM."""
    return Sound(samples=_samples(data, 2, 1), rate=PCM_RATE, width=2, bare=True)


def with_samples(sound: Sound, samples: Any) -> bytes:
    """The sound in its form with other samples."""
    import numpy as np

    top = 1 << (8 * sound.width - 1)
    whole = np.clip(np.rint(samples * top), -top, top - 1).astype("<i4")
    held = bytes(whole.view(np.uint8).reshape(*whole.shape, 4)[..., : sound.width].tobytes())
    if sound.bare:
        return held
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(sound.width)
        file.setframerate(sound.rate)
        file.writeframes(held)
    return out.getvalue()


def _samples(held: bytes, width: int, channels: int) -> Any:
    import numpy as np

    whole = len(held) // (width * channels)
    raw = np.frombuffer(held, dtype=np.uint8, count=whole * width * channels)
    filled = np.zeros((whole * channels, 4), dtype=np.uint8)
    filled[:, 4 - width :] = raw.reshape(-1, width)
    return filled.view("<i4").reshape(whole, channels) / float(1 << 31)
