"""Pictures made by arithmetic: something of everything that photographs have."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image


def a_picture(seed: int = 1, size: tuple[int, int] = (512, 384)) -> Image.Image:
    """Noise with the spectrum of photographs (1/f), edges, and a smooth part."""
    rng = np.random.default_rng(seed)
    width, height = size
    down = np.fft.fftfreq(height)[:, None]
    right = np.fft.rfftfreq(width)[None]
    fall = 1 / np.maximum(np.hypot(down, right), 1 / max(size))
    planes = []
    for _ in range(3):
        phases = rng.normal(size=fall.shape) + 1j * rng.normal(size=fall.shape)
        plane = np.fft.irfft2(phases * fall, s=(height, width))
        planes.append(128 + 45 * plane / plane.std())
    pixels = np.stack(planes, axis=-1)
    for _ in range(6):
        x, y = rng.integers(0, width - 60), rng.integers(0, height - 60)
        pixels[y : y + 50, x : x + 60] += rng.normal(0, 40, size=3)
    pixels[: height // 5] = np.linspace(90, 200, width)[None, :, None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def a_sound(seconds: float = 0.2) -> bytes:
    """A tone as WAV."""
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        count = int(8000 * seconds)
        tone = (8000 * np.sin(np.arange(count) * 0.3)).astype("<i2")
        file.writeframes(tone.tobytes())
    return out.getvalue()
