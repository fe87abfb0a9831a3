"""Pictures from a stranger: decoded within limits, and written again in the format they came in.

What enters: bytes. What leaves: pixels, and bytes. What never happens here: a format that no mark
goes into, an animation of which only one frame is marked, a small file that becomes gigabytes.
"""

from __future__ import annotations

import io
from typing import Any

from msgspec import Struct

from .installed import MarkError

MIMES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
"""What can be marked."""
MOST_PIXELS = 17_000_000
"""4,096 a side; marking takes about 21 bytes of memory for each."""
_QUALITY = {"PNG": {}, "JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"quality": 95}}
_PLAIN = {"L": "RGB", "LA": "RGBA", "P": "RGBA", "PA": "RGBA", "1": "RGB", "CMYK": "RGB"}


class Picture(Struct, frozen=True, kw_only=True):
    """A picture, decoded."""

    format: str
    """PNG, JPEG or WEBP."""
    image: Any
    """Of Pillow, mode RGB or RGBA."""
    profile: bytes | None

    @property
    def mime(self) -> str:
        """Its media type."""
        return MIMES[self.format]


def open_picture(data: bytes) -> Picture:
    """Decode a picture. Raises MarkError."""
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=list(MIMES))
            if image.width * image.height > MOST_PIXELS:
                raise MarkError(f"a picture of more than {MOST_PIXELS:,} pixels")
            if getattr(image, "n_frames", 1) > 1:
                raise MarkError("an animation: only pictures that stand still can be marked")
            image.load()
    except MarkError:
        raise
    except Exception as error:  # Pillow raises whatever the decoder did
        raise MarkError(
            f"no PNG, JPEG or WEBP that can be decoded ({type(error).__name__})"
        ) from None
    mode = _PLAIN.get(image.mode, image.mode)
    if mode not in ("RGB", "RGBA"):
        raise MarkError(f"pixels of a kind that cannot be marked ({image.mode})")
    profile = image.info.get("icc_profile") if image.mode != "CMYK" else None
    made = image.convert(mode)
    return Picture(format=str(image.format), image=made, profile=profile)


def with_pixels(picture: Picture, pixels: Any) -> bytes:
    """The picture in its format with other colours; transparency and colour profile stay."""
    from PIL import Image

    image = Image.fromarray(pixels)
    if picture.image.mode == "RGBA" and picture.format != "JPEG":
        image.putalpha(picture.image.getchannel("A"))
    out = io.BytesIO()
    image.save(out, picture.format, icc_profile=picture.profile, **_QUALITY[picture.format])
    return out.getvalue()
