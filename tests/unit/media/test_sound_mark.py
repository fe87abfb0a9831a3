"""The inaudible mark: what it survives, how often it is heard where none is, what it changes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from doubles.voices import a_voice, as_wave
from roadworthy.media.installed import MarkError
from roadworthy.media.sound_mark import (
    BANDS,
    FALSE_ALARM,
    LEAST_HZ,
    PERIOD,
    STRENGTH_DB,
    _band_of,
    _best,
    _folded,
    _looks,
    _signs,
    embed_sound,
    find_sound_mark,
)
from roadworthy.media.waves import PCM_RATE, open_pcm, open_wave, with_samples

KEY = b"a key of this workspace"
RATE = 24_000
Sound = tuple[np.ndarray, int]


def marked(seed: int = 1, seconds: float = 8.0, rate: int = RATE) -> np.ndarray:
    return embed_sound(a_voice(seed, seconds, rate)[:, None], rate, KEY)


def resampled(sound: np.ndarray, rate: int) -> Sound:
    import scipy.signal

    return scipy.signal.resample_poly(sound, rate, RATE), rate


def noisy(sound: np.ndarray, decibels: float) -> np.ndarray:
    power = float((sound**2).mean()) / 10 ** (decibels / 10)
    return sound + np.random.default_rng(0).normal(0, math.sqrt(power), sound.shape)


def coarse(sound: np.ndarray) -> np.ndarray:
    """Eight bits, as telephones have them (mu-law)."""
    pressed = np.sign(sound) * np.log1p(255 * np.abs(sound)) / math.log(256)
    kept = np.rint(pressed * 127) / 127
    return np.sign(kept) * (256 ** np.abs(kept) - 1) / 255


CHANGES: dict[str, Callable[[np.ndarray], Sound]] = {
    "none": lambda sound: (sound, RATE),
    "cut at both ends": lambda sound: (sound[int(1.37 * RATE) : int(6.4 * RATE)], RATE),
    "quieter": lambda sound: (sound / 8, RATE),
    "noise of 20 dB": lambda sound: (noisy(sound, 20), RATE),
    "at 44,100 Hz": lambda sound: resampled(sound, 44_100),
    "at 16,000 Hz": lambda sound: resampled(sound, 16_000),
    "at 8,000 Hz, mu-law": lambda sound: (coarse(resampled(sound, 8_000)[0]), 8_000),
    "turned round": lambda sound: (-sound, RATE),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_mark_is_found_after(change: str, seed: int) -> None:
    sound, rate = CHANGES[change](marked(seed))
    found = find_sound_mark(sound, rate, KEY)
    assert found.there and found.score >= found.threshold and found.marked_s is None
    assert not find_sound_mark(sound, rate, b"another").there


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_it_goes_into_sound_of_every_usual_rate_and_into_all_channels(rate: int) -> None:
    mono = a_voice(3, 6.0, rate)
    both = embed_sound(np.stack([mono, 0.5 * mono], 1), rate, KEY)
    assert both.shape == (len(mono), 2)
    for channel in (0, 1):
        assert find_sound_mark(both[:, channel : channel + 1], rate, KEY).there


def test_a_sound_that_was_made_faster_is_known_by_a_thorough_look() -> None:
    sound = marked(4)
    faster = np.interp(np.arange(0, len(sound), 1.025), np.arange(len(sound)), sound[:, 0])
    assert not find_sound_mark(faster[:, None], RATE, KEY).there
    assert find_sound_mark(faster[:, None], RATE, KEY, thorough=True).there


def test_it_changes_no_band_by_more_than_it_says_and_nothing_outside_them() -> None:
    sound = a_voice(5)[:, None]
    change = embed_sound(sound, RATE, KEY) - sound
    ratio = 10 * math.log10(float((sound**2).sum() / (change**2).sum()))
    assert ratio > 18
    power = np.abs(np.fft.rfft(change[:, 0])) ** 2
    outside = _band_of(np.fft.rfftfreq(len(change), 1 / RATE)) < 0
    low = np.fft.rfftfreq(len(change), 1 / RATE) < 200
    assert power[outside & low].sum() < 1e-4 * power.sum()
    steady = np.sin(2 * np.pi * 1000 * np.arange(4 * RATE) / RATE)[:, None] * 0.3
    heard = embed_sound(steady, RATE, KEY)[RATE:-RATE]
    peak = float(np.abs(heard).max()) / 0.3
    assert peak <= 10 ** ((STRENGTH_DB + 0.3) / 20)  # where two bands meet


def test_the_bound_of_false_alarms_holds() -> None:
    """At a rate of 5 % over one look of a sound; the bound says at most 100 of 2,000 keys."""
    folded = _folded(a_voice(6, 5.0), RATE, (1.0, 1.0))
    looks = PERIOD * len(folded)
    threshold = math.sqrt(2 * math.log(looks / 0.05))
    alarms = 0
    for number in range(2_000):
        spectrum = np.conj(np.fft.rfft(_signs(number.to_bytes(4, "big")), axis=1))
        alarms += _best(folded, spectrum) >= threshold
    assert alarms <= 100 + 3 * math.sqrt(2_000 * 0.05 * 0.95)


def test_the_threshold_pays_for_everything_that_is_tried() -> None:
    quick = find_sound_mark(a_voice(7, 3.0)[:, None], RATE, KEY)
    slow = find_sound_mark(a_voice(7, 3.0)[:, None], RATE, KEY, thorough=True)
    assert quick.threshold == pytest.approx(math.sqrt(2 * math.log(4 * PERIOD / FALSE_ALARM)))
    every = len(list(_looks(thorough=True)))
    assert every == 33
    assert slow.threshold == pytest.approx(
        math.sqrt(2 * math.log(every * 4 * PERIOD / FALSE_ALARM))
    )


@pytest.mark.parametrize("samples", [np.zeros((0, 1)), np.zeros((RATE, 1)), np.ones((50, 2))])
def test_of_silence_and_of_next_to_nothing_nothing_is_said(samples: np.ndarray) -> None:
    assert embed_sound(samples, RATE, KEY).shape == samples.shape
    assert not find_sound_mark(samples, RATE, KEY, thorough=True).there


def test_tiles_are_half_louder_half_softer_and_differ_by_key() -> None:
    one, other = _signs(KEY), _signs(b"another")
    assert one.shape == (BANDS, PERIOD) and abs(one.mean()) < 0.05
    assert abs((one * other).mean()) < 0.05
    assert LEAST_HZ == 8000


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_wave_is_read_and_written_as_it_was(width: int, channels: int) -> None:
    data = as_wave(np.stack([a_voice(8, 0.5)] * channels, 1), 22_050, width)
    opened = open_wave(data)
    assert (opened.rate, opened.width, opened.samples.shape[1]) == (22_050, width, channels)
    assert with_samples(opened, opened.samples) == data


def test_a_header_that_claims_more_than_there_is_is_not_believed() -> None:
    data = bytearray(as_wave(a_voice(8, 0.5)))
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"  # as streams have it
    opened = open_wave(bytes(data))
    assert len(opened.samples) == RATE // 2
    again = with_samples(opened, opened.samples)
    assert int.from_bytes(again[40:44], "little") == RATE


def test_bare_samples_stay_bare() -> None:
    held = as_wave(a_voice(8, 0.5))[44:]
    opened = open_pcm(held + b"x")
    assert (opened.rate, len(opened.samples)) == (PCM_RATE, RATE // 2)
    assert with_samples(opened, opened.samples) == held


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", as_wave(a_voice(1, 0.1))[:30]]
)
def test_what_is_no_wave_is_refused(data: bytes) -> None:
    with pytest.raises(MarkError):
        open_wave(data)
