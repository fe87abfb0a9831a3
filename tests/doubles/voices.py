"""Sounds made by arithmetic: something of what speech has."""

from __future__ import annotations

import io
import wave
from functools import lru_cache

import numpy as np


@lru_cache(maxsize=8)
def a_voice(seed: int = 1, seconds: float = 8.0, rate: int = 24_000) -> np.ndarray:
    """Harmonics of a moving pitch through moving formants, hiss between them, and pauses."""
    rng = np.random.default_rng(seed)
    count = int(seconds * rate)
    time = np.arange(count) / rate
    knots = np.arange(0, seconds + 0.2, 0.15)
    pitch = np.interp(time, knots, rng.uniform(90, 230, len(knots)))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    formants = [
        np.interp(time, knots, rng.uniform(low, high, len(knots)))
        for low, high in ((300, 900), (900, 2300), (2300, 3500))
    ]
    voiced = np.zeros(count)
    for harmonic in range(1, 60):
        at = pitch * harmonic
        heard = sum(1 / (1 + ((at - formant) / 120) ** 2) for formant in formants)
        voiced += np.where(at < rate / 2, (heard + 0.01) / harmonic**0.5, 0) * np.sin(
            harmonic * phase
        )
    kinds = rng.choice([0.0, 1.0, 2.0], len(knots), p=[0.15, 0.65, 0.2])
    kind = kinds[np.minimum((time / 0.15).astype(int), len(knots) - 1)]
    hiss = np.diff(rng.normal(size=count + 1))
    loud = np.convolve((kind > 0).astype(float), np.hanning(601) / np.hanning(601).sum(), "same")
    sound = np.where(kind == 2, 0.15 * hiss, voiced) * loud + 0.001 * rng.normal(size=count)
    return 0.3 * sound / np.abs(sound).max()


def as_wave(samples: np.ndarray, rate: int = 24_000, width: int = 2) -> bytes:
    """As a WAV file; samples (count,) or (count, channels)."""
    out = io.BytesIO()
    shaped = samples if samples.ndim == 2 else samples[:, None]
    top = 1 << (8 * width - 1)
    whole = np.clip(np.rint(shaped * top), -top, top - 1).astype("<i4")
    with wave.open(out, "wb") as file:
        file.setnchannels(shaped.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(whole.view(np.uint8).reshape(*whole.shape, 4)[..., :width].tobytes())
    return out.getvalue()
