"""The invisible mark: what it survives, how often it is seen where none is, what it says."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from doubles.pictures import a_picture, decoded, encoded
from roadworthy.media.watermark import (
    FALSE_ALARM,
    TILE,
    _correlations,
    _looks,
    _tiles,
    embed,
    find_mark,
)

KEY = b"a key of this workspace"
AT_S = 1_795_000_123


def marked(image: Image.Image, key: bytes = KEY) -> Image.Image:
    return Image.fromarray(embed(np.asarray(image), key, AT_S))


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    return decoded(encoded(image, "JPEG", quality=quality))


def part(image: Image.Image, share: float) -> Image.Image:
    width, height = image.size
    wide, high = int(width * share), int(height * share)
    left, top = (width - wide) // 3, (height - high) // 2
    return image.crop((left, top, left + wide, top + high))


def resized(image: Image.Image, share: float) -> Image.Image:
    width, height = image.size
    return image.resize((round(width * share), round(height * share)), Image.Resampling.LANCZOS)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "none": lambda image: image,
    "jpeg 75": lambda image: jpeg(image, 75),
    "webp 80": lambda image: decoded(encoded(image, "WEBP", quality=80)),
    "three quarters of its size": lambda image: resized(image, 0.75),
    "half its size": lambda image: resized(image, 0.5),
    "a tenth cut off": lambda image: part(image, 0.9),
    "a quarter cut off": lambda image: part(image, 0.75),
    "darker": lambda image: image.point(lambda value: int(value * 0.7)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_mark_is_found_after(change: str, seed: int) -> None:
    changed = CHANGES[change](marked(a_picture(seed))).convert("L")
    found = find_mark(changed, KEY, thorough=False)
    assert found.there and found.score >= found.threshold


def test_its_time_is_read_and_a_turned_picture_is_known_by_a_thorough_look() -> None:
    picture = marked(a_picture(3))
    found = find_mark(picture.convert("L"), KEY)
    assert found.marked_s is not None and 0 <= AT_S - found.marked_s < 4
    turned = picture.rotate(1.2, Image.Resampling.BICUBIC).convert("L")
    assert find_mark(turned, KEY).there


def test_it_is_hardly_seen() -> None:
    for seed in (1, 2, 3):
        plain = np.asarray(a_picture(seed)).astype(float)
        change = np.asarray(marked(a_picture(seed))).astype(float) - plain
        error = float((change**2).mean())
        assert 10 * math.log10(255**2 / error) > 36.0


def test_another_key_and_no_mark_are_nothing() -> None:
    for seed in (1, 2, 3):
        assert not find_mark(a_picture(seed).convert("L"), KEY, thorough=False).there
        other = find_mark(marked(a_picture(seed), b"other").convert("L"), KEY, thorough=False)
        assert not other.there and other.marked_s is None


def test_smooth_black_and_white_pictures_are_no_marks() -> None:
    for value in (0, 128, 255):
        assert not find_mark(Image.new("L", (300, 300), value), KEY, thorough=False).there
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (256, 128))
    assert not find_mark(Image.fromarray(stripes), KEY, thorough=False).there


def test_the_bound_on_false_alarms_holds_over_keys() -> None:
    """P(largest of n correlations >= z) <= n exp(-z^2 / 2), whatever the picture, over keys."""
    pictures = [a_picture(1, (256, 256)).convert("L"), Image.linear_gradient("L")]
    keys, tail = 400, 0.05
    z = math.sqrt(2 * math.log(TILE * TILE / tail))
    for picture in pictures:
        over = 0
        for number in range(keys // 4):  # four tiles a key
            spectra = np.conj(np.fft.rfft2(_tiles(b"%d" % number)))
            found = _correlations(picture, (1.0, 0.0), spectra).max(axis=(1, 2))
            over += int((found >= z).sum())
        assert over <= keys * tail  # the bound is wide: about a tenth of it is seen
    looks = len(list(_looks(thorough=True)))
    threshold = find_mark(Image.new("L", (200, 200)), KEY).threshold
    assert looks * TILE * TILE * math.exp(-(threshold**2) / 2) == pytest.approx(FALSE_ALARM)
