"""Words on a picture that say who made it: drawn by us, and looked at again.

What enters: a decoded picture and words. What leaves: the picture with the words on an opaque box
in its lower left corner, and how clearly they stand there in what was decoded again. What never
happens here: a sign that the font does not have drawn as an empty box, words too small to be read,
a label where the picture is transparent.

White on black is a contrast of 21 to 1; what is asked for after the file was encoded is 7 to 1,
WCAG 2.2's enhanced contrast (success criterion 1.4.6,
https://www.w3.org/TR/WCAG22/#contrast-enhanced).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from msgspec import Struct

from .installed import MarkError

READY = {
    "da": "Lavet med AI", "de": "KI-generiert", "en": "AI-generated", "es": "Generado por IA",
    "fr": "Fait par une IA", "it": "Generato da IA", "nl": "Gemaakt met AI",
    "pl": "Wygenerowane przez AI", "pt": "Gerado por IA", "ro": "Creat cu IA",
    "sk": "Vytvorila AI", "sv": "Skapad med AI",
}  # fmt: skip
"""Language -> words in letters that every font has."""
LEAST_CONTRAST = 7.0
LEAST_PIXELS = 18
"""Of the letters' height, from ascender to descender."""
MOST_WORDS = 80
"""Characters."""
_SHARE = 22
"""The letters are one part in so many of the shorter side."""
_MOST_COVERED = 0.25
"""Of the picture."""
_INK, _GROUND = 200, 16
"""From which on, and up to which, a pixel of the mask is a letter's or the box's."""


class Label(Struct, frozen=True, kw_only=True):
    """A label that was drawn."""

    words: str
    box: tuple[int, int, int, int]
    """Left, upper, right, lower."""
    mask: Any
    """The letters in the box (of Pillow, mode L)."""


def require_drawable(words: str, font: str = "") -> None:
    """Raises MarkError where the font has not all the signs, or there are no words."""
    if not words.strip() or len(words) > MOST_WORDS:
        raise MarkError(f"a label has 1 to {MOST_WORDS} characters")
    face = _font(font, LEAST_PIXELS)
    none = face.getmask("\U000f1234")
    for sign in sorted(set(words)):
        seen = face.getmask(sign)
        if not sign.isspace() and seen.size == none.size and bytes(seen) == bytes(none):
            raise MarkError(
                f"no letter of the font stands for {sign!r} of the label {words!r}",
                fix="words in plain letters, or a font of your own ([media] in roadworthy.toml)",
            )


def draw_label(image: Any, words: str, font: str = "") -> tuple[Any, Label]:
    """The picture with the words on it. Raises MarkError where they have no room."""
    from PIL import Image, ImageDraw

    require_drawable(words, font)
    size = max(LEAST_PIXELS, round(min(image.size) / _SHARE))
    face, edge = _font(font, size), round(size * 0.4)
    lines = _lines(words, face, image.width - 4 * edge)
    text = "\n".join(lines)
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, upper, right, lower = pen.multiline_textbbox((0, 0), text, font=face)
    box = (round(right - left) + 2 * edge, round(lower - upper) + 2 * edge)
    covered = box[0] * box[1] / (image.width * image.height)
    if box[0] + edge > image.width or covered > _MOST_COVERED:
        raise MarkError(f"the label {words!r} would cover too much of a picture of {image.size}")
    mask = Image.new("L", box, 0)
    ImageDraw.Draw(mask).multiline_text((edge - left, edge - upper), text, fill=255, font=face)
    at = (edge, image.height - edge - box[1])
    drawn = image.copy()
    opaque = (255,) if image.mode == "RGBA" else ()
    drawn.paste((0, 0, 0, *opaque), (*at, at[0] + box[0], at[1] + box[1]))
    drawn.paste((255, 255, 255, *opaque), at, mask)
    return drawn, Label(words=words, box=(*at, at[0] + box[0], at[1] + box[1]), mask=mask)


def contrast_of(image: Any, label: Label) -> float:
    """How clearly the letters stand in the box: WCAG's contrast ratio, 1 to 21."""
    import numpy as np

    seen = np.asarray(image.convert("RGB").crop(label.box), dtype=np.float64) / 255
    straight = np.where(seen <= 0.04045, seen / 12.92, ((seen + 0.055) / 1.055) ** 2.4)
    light = straight @ (0.2126, 0.7152, 0.0722)
    mask = np.asarray(label.mask)
    ink, ground = light[mask >= _INK].mean(), light[mask <= _GROUND].mean()
    return float((max(ink, ground) + 0.05) / (min(ink, ground) + 0.05))


def require_seen(image: Any, label: Label) -> None:
    """Raises MarkError where the words cannot be read in a picture that was decoded again."""
    if image.mode == "RGBA" and image.getchannel("A").crop(label.box).getextrema() != (255, 255):
        raise MarkError("the label cannot be read in it: the picture is transparent there")
    if contrast_of(image, label) < LEAST_CONTRAST:
        raise MarkError("the label cannot be read in it")


def _lines(words: str, face: Any, width: int) -> list[str]:
    """The words in lines of at most that many pixels. Raises MarkError."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and face.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
        if face.getlength(lines[-1]) > width:
            raise MarkError(f"the label {words!r} has no room in the picture")
    return lines


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> Any:
    from PIL import ImageFont

    try:
        return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
    except (OSError, ImportError) as error:
        raise MarkError(f"the font of labels cannot be read: {path or error}") from None
