"""What the marks of a picture survive, how often one is seen where none is, and what it costs.

Pictures: photographs from folders that are named (`--pictures DIR`), scikit-learn's two, and
pictures made by arithmetic (1/f noise, edges, a smooth part), up to `--count`. Each is marked once;
each change is made to the marked one, then both marks are looked for. Turned, mirrored and bordered
pictures are looked for thoroughly, all others as the gateway does. The same pictures without a
mark, as two keys see them, are looked at for false alarms.
`python bench/marks.py [--count 40] [--pictures DIR …] [--json]`; of sound (`sound_marks.py`)
`python bench/marks.py --sounds DIR … [--count 40] [--json]`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import sound_marks
from doubles.pictures import a_picture, decoded, encoded
from roadworthy.media import (
    About,
    Marker,
    MarkError,
    look_at_picture,
    make_authority,
    make_mark_key,
)
from roadworthy.media.watermark import find_mark
from roadworthy.statistics import wilson

ABOUT = About(observation="01a2", system="bench", release="sha256:" + "0" * 64)
SECRET = b"bench" * 6
SIZES = ((512, 512), (640, 480), (1024, 768), (1024, 1024))
Change = Callable[[Image.Image], bytes]


def saved(kind: str, **how: int) -> Change:
    return lambda image: encoded(image, kind, **how)


def resized(share: float) -> Change:
    def change(image: Image.Image) -> bytes:
        size = (round(image.width * share), round(image.height * share))
        return encoded(image.resize(size, Image.Resampling.BICUBIC))

    return change


def cropped(share: float) -> Change:
    """`share` of the area is cut away, unevenly on all sides."""

    def change(image: Image.Image) -> bytes:
        side = math.sqrt(1 - share)
        wide, high = int(image.width * side), int(image.height * side)
        left, top = (image.width - wide) // 3, (image.height - high) * 3 // 5
        return encoded(image.crop((left, top, left + wide, top + high)))

    return change


def turned(degrees: float) -> Change:
    return lambda image: encoded(image.rotate(degrees, Image.Resampling.BICUBIC))


def screenshot(image: Image.Image) -> bytes:
    """Shown at 83 % on a white page, cut out with a border, saved as JPEG 80."""
    size = (round(image.width * 0.83), round(image.height * 0.83))
    shown = image.resize(size, Image.Resampling.LANCZOS)
    page = Image.new("RGB", (size[0] + 40, size[1] + 30), "white")
    page.paste(shown, (17, 9))
    return encoded(page, "JPEG", quality=80)


def brighter(image: Image.Image) -> bytes:
    return encoded(image.point(lambda value: min(255, int(value * 1.15 + 8))))


CHANGES: dict[str, tuple[Change, bool]] = {
    "as it left": (saved("PNG"), False),
    "JPEG, quality 90": (saved("JPEG", quality=90), False),
    "JPEG, quality 75": (saved("JPEG", quality=75), False),
    "JPEG, quality 50": (saved("JPEG", quality=50), False),
    "WEBP, quality 80": (saved("WEBP", quality=80), False),
    "0.75 of its size": (resized(0.75), False),
    "0.5 of its size": (resized(0.5), False),
    "10 % of its area cut away": (cropped(0.10), False),
    "25 % of its area cut away": (cropped(0.25), False),
    "brighter": (brighter, False),
    "turned by 1 degree": (turned(1.0), True),
    "turned by 2.5 degrees": (turned(2.5), True),
    "screenshot with a border, JPEG 80": (screenshot, True),
    "turned by 10 degrees": (turned(10.0), True),
    "mirrored": (lambda image: encoded(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)), True),
}


def pictures(folders: list[Path], count: int) -> list[tuple[str, Image.Image]]:
    found: list[tuple[str, Image.Image]] = []
    paths = [path for folder in folders for path in sorted(folder.iterdir())]
    try:
        from sklearn import datasets

        paths += sorted((Path(datasets.__file__).parent / "images").glob("*.jpg"))
    except ImportError:
        pass
    for path in paths:
        try:
            image = Image.open(path, formats=["PNG", "JPEG", "WEBP"]).convert("RGB")
        except (OSError, ValueError):
            continue
        if min(image.size) >= 256:
            found.append(("photograph", image))
    made = [("made", a_picture(seed, SIZES[seed % len(SIZES)])) for seed in range(count)]
    return (found + made)[:count]


def decibels(before: Image.Image, after: bytes) -> float:
    change = np.asarray(before, dtype=float) - np.asarray(
        decoded(after).convert("RGB"), dtype=float
    )
    return 10 * math.log10(255**2 / float((change**2).mean()))


def share(hits: int, n: int) -> dict[str, float]:
    bounds = wilson(hits, n)
    return {"hits": hits, "n": n, "low": bounds.low, "high": bounds.high}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--pictures", type=Path, nargs="*", default=[])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sounds", type=Path, nargs="*")
    options = parser.parse_args()
    if options.sounds is not None:
        sound_marks.main(options.sounds, options.count, as_json=options.json)
        return
    now = dt.datetime.now(dt.UTC)
    key = make_mark_key(make_authority("bench", now), "bench", now)
    marker = Marker(signing=key, secret=SECRET, version="bench")
    every = pictures(options.pictures, options.count)
    hits = {name: [0, 0, 0] for name in CHANGES}  # manifest, mark, its time
    false_alarms, looked, refused, noise, took = 0, 0, 0, [], []
    for _, image in every:
        for secret in (SECRET, b"another"):
            looked += 1
            false_alarms += find_mark(image.convert("L"), secret).there
        begun = time.perf_counter()
        try:
            done = marker.picture(encoded(image), ABOUT, 1_795_000_000)
        except MarkError:
            refused += 1
            continue
        took.append(time.perf_counter() - begun)
        noise.append(decibels(image, done.data))
        for name, (change, thorough) in CHANGES.items():
            data = done.data if name == "as it left" else change(decoded(done.data))
            seen = look_at_picture(data, secret=SECRET, anchor=key.anchor, thorough=thorough)
            hits[name][0] += seen.manifest.state == "trusted"
            hits[name][1] += seen.watermark is not None and seen.watermark.there
            hits[name][2] += seen.watermark is not None and seen.watermark.marked_s is not None
    n = len(noise)
    found = {
        "pictures": len(every),
        "photographs": sum(kind == "photograph" for kind, _ in every),
        "refused": refused,
        "psnr_db": [min(noise), sum(noise) / n, max(noise)],
        "mark_s": sorted(took)[len(took) // 2],
        "false_alarms": share(false_alarms, looked),
        "survives": {
            name: {"manifest": share(a, n), "mark": share(b, n), "time": share(c, n)}
            for name, (a, b, c) in hits.items()
        },
    }
    if options.json:
        print(json.dumps(found, indent=2))
        return
    shown(found)


def shown(found: dict) -> None:  # type: ignore[type-arg]
    low, mean, high = found["psnr_db"]
    kinds = f"{found['photographs']} photographs"
    print(f"{found['pictures']} pictures ({kinds}), {found['refused']} refused")
    print(
        f"PSNR {low:.1f} / {mean:.1f} / {high:.1f} dB; marking and reading {found['mark_s']:.2f} s"
    )
    false = found["false_alarms"]
    print(f"false alarms {false['hits']} of {false['n']} (up to {false['high']:.3f})")
    for name, row in found["survives"].items():
        mark = row["mark"]
        bounds = f"{100 * mark['low']:.0f} to {100 * mark['high']:.0f} %"
        cells = (name, row["manifest"]["hits"], f"{mark['hits']} ({bounds})", row["time"]["hits"])
        print("|", " | ".join(map(str, cells)), "|")


if __name__ == "__main__":
    main()
