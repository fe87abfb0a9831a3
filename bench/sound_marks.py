"""What the inaudible mark of sound survives, how often it is heard where none is, what it costs.

Sounds: WAV files from folders that are named (`--sounds DIR`, speech), and some made by arithmetic
(harmonics, hiss, pauses), up to `--count`. Each is marked once; each change is made to the marked
one, then the mark is looked for. The codecs are PyAV's; without it those rows are skipped. The same
sounds without a mark, as two keys hear them, are looked at for false alarms, thoroughly.
`python bench/marks.py --sounds DIR [--count 40] [--json]`.
"""

from __future__ import annotations

import io
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from doubles.voices import a_voice
from roadworthy.media.sound_mark import embed_sound, find_sound_mark
from roadworthy.media.waves import open_wave
from roadworthy.statistics import wilson

KEY = b"bench" * 6
Change = Callable[[Any, int], tuple[Any, int]]


def coded(codec: str, form: str, bitrate: int, rate: int) -> Change:
    """Encoded and decoded again."""

    def change(sound: Any, own: int) -> tuple[Any, int]:
        import av

        held = io.BytesIO()
        with av.open(held, "w", format=form) as out:
            stream: Any = out.add_stream(codec, rate=rate)
            stream.layout, stream.bit_rate = "mono", bitrate
            whole = (np.clip(sound, -1, 1) * 32767).astype("<i2")[None]
            frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
            frame.rate = own
            context = stream.codec_context
            taken = av.AudioResampler(
                format=context.format, layout="mono", rate=rate, frame_size=context.frame_size or 0
            )
            for part in (*taken.resample(frame), *taken.resample(None), None):
                for packet in stream.encode(part):
                    out.mux(packet)
        held.seek(0)
        plain = av.AudioResampler(format="flt", layout="mono")
        with av.open(held) as again:
            read = [one for part in again.decode(audio=0) for one in plain.resample(part)]
        return np.concatenate([one.to_ndarray().ravel() for one in read]).astype(float), rate

    return change


def at_rate(rate: int) -> Change:
    def change(sound: Any, own: int) -> tuple[Any, int]:
        from scipy.signal import resample_poly

        return resample_poly(sound, rate, own), rate

    return change


def with_noise(decibels: float) -> Change:
    def change(sound: Any, own: int) -> tuple[Any, int]:
        power = float((sound**2).mean()) / 10 ** (decibels / 10)
        return sound + np.random.default_rng(1).normal(0, math.sqrt(power), sound.shape), own

    return change


def part(begin: float, seconds: float) -> Change:
    return lambda sound, own: (sound[int(begin * own) : int((begin + seconds) * own)], own)


def room(sound: Any, own: int) -> tuple[Any, int]:
    """Played in a room of 0.4 s, heard with noise of 25 dB, by a telephone."""
    rng = np.random.default_rng(2)
    tail = rng.normal(size=int(0.4 * own)) * np.exp(-np.arange(int(0.4 * own)) / (0.06 * own))
    tail[0] = 4.0
    heard = np.convolve(sound, tail / np.abs(tail).sum())[: len(sound)]
    return at_rate(8_000)(with_noise(25)(heard, own)[0], own)


def faster(share: float) -> Change:
    def change(sound: Any, own: int) -> tuple[Any, int]:
        places = np.arange(0, len(sound) - 1, 1 + share)
        return np.interp(places, np.arange(len(sound)), sound), own

    return change


CHANGES: dict[str, tuple[Change, bool]] = {
    "as it left": (lambda sound, own: (sound, own), False),
    "5 s of it": (part(1.37, 5), False),
    "3 s of it": (part(1.37, 3), False),
    "1.5 s of it": (part(1.37, 1.5), False),
    "MP3, 128 kbit/s": (coded("libmp3lame", "mp3", 128_000, 24_000), False),
    "MP3, 64 kbit/s": (coded("libmp3lame", "mp3", 64_000, 24_000), False),
    "MP3, 32 kbit/s": (coded("libmp3lame", "mp3", 32_000, 24_000), False),
    "AAC, 64 kbit/s": (coded("aac", "adts", 64_000, 24_000), False),
    "Opus (OGG), 48 kbit/s": (coded("libopus", "ogg", 48_000, 48_000), False),
    "Opus (OGG), 24 kbit/s": (coded("libopus", "ogg", 24_000, 48_000), False),
    "Opus (OGG), 12 kbit/s": (coded("libopus", "ogg", 12_000, 48_000), False),
    "at 16,000 Hz": (at_rate(16_000), False),
    "at 8,000 Hz": (at_rate(8_000), False),
    "noise, 20 dB below": (with_noise(20), False),
    "noise, 10 dB below": (with_noise(10), False),
    "a quarter as loud": (lambda sound, own: (sound / 4, own), False),
    "through a room, by telephone": (room, False),
    "2 % faster and higher": (faster(0.02), True),
    "3.3 % slower and lower": (faster(-0.033), True),
    "8 % faster and higher": (faster(0.08), True),
}


def sounds(folders: list[Path], count: int) -> list[tuple[str, Any, int]]:
    """(kind, samples, rate)."""
    found = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.wav"))):
        opened = open_wave(path.read_bytes())
        found.append(("file", opened.samples.mean(axis=1), opened.rate))
    made = [("made", a_voice(seed, 10.0), 24_000) for seed in range(max(0, count - len(found)))]
    return (found + made)[:count]


def share(hits: int, n: int) -> dict[str, float]:
    bounds = wilson(hits, n)
    return {"hits": hits, "n": n, "low": bounds.low, "high": bounds.high}


def measured(folders: list[Path], count: int) -> dict[str, Any]:
    """All figures."""
    every = sounds(folders, count)
    hits: dict[str, list[bool]] = {name: [] for name in CHANGES}
    skipped: dict[str, str] = {}
    false, change, took, found_s = [], [], [], []
    for _, sound, rate in every:
        for key in (KEY, b"another"):
            begun = time.perf_counter()
            false.append(find_sound_mark(sound[:, None], rate, key, thorough=True).there)
            found_s.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        marked = embed_sound(sound[:, None], rate, KEY)[:, 0]
        took.append((time.perf_counter() - begun) / (len(sound) / rate))
        change.append(
            10 * math.log10(float((sound**2).sum()) / float(((marked - sound) ** 2).sum()))
        )
        for name, (make, thorough) in CHANGES.items():
            try:
                changed, heard = make(marked, rate)
            except ImportError as error:
                skipped[name] = str(error)
                continue
            seen = find_sound_mark(changed[:, None], heard, KEY, thorough=thorough)
            hits[name].append(seen.there)
    return {
        "sounds": len(every),
        "files": sum(kind == "file" for kind, _, _ in every),
        "seconds": sum(len(sound) / rate for _, sound, rate in every),
        "snr_db": [min(change), sum(change) / len(change), max(change)],
        "mark_s_a_second": sorted(took)[len(took) // 2],
        "thorough_look_s": sorted(found_s)[len(found_s) // 2],
        "false_alarms": share(sum(false), len(false)),
        "survives": {name: share(sum(each), len(each)) for name, each in hits.items() if each},
        "skipped": skipped,
    }


def shown(found: dict[str, Any]) -> None:
    """The table."""
    low, mean, high = found["snr_db"]
    print(
        f"{found['sounds']} sounds ({found['files']} files), {found['seconds']:.0f} s; change "
        f"{low:.1f} / {mean:.1f} / {high:.1f} dB below; marking {found['mark_s_a_second']:.3f} s a "
        f"second, a thorough look {found['thorough_look_s']:.1f} s"
    )
    false = found["false_alarms"]
    print(f"false alarms {false['hits']} of {false['n']} (up to {false['high']:.3f})")
    for name, row in found["survives"].items():
        bounds = f"{100 * row['low']:.0f} to {100 * row['high']:.0f} %"
        print(f"| {name} | {row['hits']} of {row['n']} ({bounds}) |")
    for name, why in found["skipped"].items():
        print(f"| {name} | skipped: {why} |")


def main(folders: list[Path], count: int, *, as_json: bool) -> None:
    """Measure and print."""
    found = measured(folders, count)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        shown(found)
