"""Labels for people: large enough, clear enough, still so when a picture is saved again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from PIL import Image

from doubles.pictures import a_picture, decoded, encoded
from roadworthy.media import (
    READY,
    About,
    Marker,
    MarkError,
    look_at_picture,
    make_authority,
    make_mark_key,
    require_drawable,
)
from roadworthy.media.label import (
    LEAST_CONTRAST,
    LEAST_PIXELS,
    contrast_of,
    draw_label,
    require_seen,
)

NOW = dt.datetime.now(dt.UTC)
ABOUT = About(observation="01a2", system="desk", release="sha256:0", label="AI-generated")
SECRET = b"secret"
SIZES = [(192, 192), (512, 384), (1024, 700), (220, 1024)]


@pytest.fixture(scope="module")
def marker() -> Marker:
    key = make_mark_key(make_authority("desk", NOW), "desk", NOW)
    return Marker(signing=key, secret=SECRET, version="1")


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("size", SIZES)
def test_ready_words_stand_large_and_clear_in_every_language(
    language: str, size: tuple[int, int]
) -> None:
    picture = a_picture(3, size)
    drawn, label = draw_label(picture, READY[language])
    assert drawn.size == size
    seen = np.asarray(label.mask)
    rows = np.flatnonzero(seen.max(1) > 200)
    lines = 2 if label.mask.height > 2.2 * max(LEAST_PIXELS, min(size) / 22) else 1
    # what is inked of a line (no accents, few descenders) is two thirds of its height and more
    assert (rows[-1] - rows[0] + 1) / lines >= 0.66 * max(LEAST_PIXELS, min(size) / 22)
    assert contrast_of(drawn, label) >= 2 * LEAST_CONTRAST
    assert contrast_of(picture, label) < 2, "no letters stood there before"
    left, upper, right, lower = label.box
    covered = (right - left) * (lower - upper) / (size[0] * size[1])
    assert covered <= 0.25 and 0 <= left < right <= size[0] and 0 <= upper < lower <= size[1]
    outside = np.asarray(drawn).copy(), np.asarray(picture).copy()
    for pixels in outside:
        pixels[upper:lower, left:right] = 0
    assert (outside[0] == outside[1]).all(), "nothing else was touched"


@pytest.mark.parametrize(
    ("kind", "how"), [("JPEG", {"quality": 30}), ("WEBP", {"quality": 40}), ("PNG", {})]
)
def test_it_is_read_after_the_picture_was_saved_again_and_made_smaller(
    marker: Marker, kind: str, how: dict[str, int]
) -> None:
    done = marker.picture(encoded(a_picture(5, (640, 480))), ABOUT, 1_795_000_000)
    assert done.marks == ("c2pa", "watermark", "label")
    _, label = draw_label(a_picture(5, (640, 480)), ABOUT.label)
    again = decoded(encoded(decoded(done.data).convert("RGB"), kind, **how))
    assert contrast_of(again, label) >= LEAST_CONTRAST
    half = again.resize((320, 240), Image.Resampling.LANCZOS).resize((640, 480))
    assert contrast_of(half, label) >= LEAST_CONTRAST


def test_the_manifest_says_what_is_written_and_the_invisible_mark_stays(marker: Marker) -> None:
    done = marker.picture(encoded(a_picture(), "JPEG", quality=90), ABOUT, 1_795_000_000)
    seen = look_at_picture(done.data, secret=SECRET, anchor=marker.signing.anchor)
    assert (seen.manifest.state, seen.manifest.label) == ("trusted", "AI-generated")
    assert seen.watermark is not None and seen.watermark.marked_s == 1_795_000_000
    assert look_at_picture(done.data, secret=SECRET).manifest.label == "", "nobody vouches for it"
    plain = marker.picture(encoded(a_picture()), structs.replace(ABOUT, label=""), 1_795_000_000)
    assert plain.marks == ("c2pa", "watermark")


def test_where_a_picture_is_transparent_the_label_is_not(marker: Marker) -> None:
    picture = a_picture().convert("RGBA")
    picture.putalpha(0)
    picture.paste((200, 30, 30, 255), (0, 0, 512, 200))
    done = decoded(marker.picture(encoded(picture), ABOUT, 1_795_000_000).data)
    _, label = draw_label(picture, ABOUT.label)
    assert done.getchannel("A").crop(label.box).getextrema() == (255, 255)
    assert done.getchannel("A").crop((400, 250, 512, 384)).getextrema() == (0, 0)


def test_a_label_that_cannot_be_read_in_what_was_encoded_stops_the_picture() -> None:
    drawn, label = draw_label(a_picture(), "AI-generated")
    gone = drawn.copy()
    gone.paste((0, 0, 0), label.box)
    require_seen(drawn, label)
    for picture in (gone, a_picture()):
        with pytest.raises(MarkError, match="cannot be read"):
            require_seen(picture, label)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("AI 生成", "no letter of the font"),
        ("", "1 to 80"),
        ("x" * 81, "1 to 80"),
    ],
)
def test_words_that_cannot_be_drawn_are_refused(words: str, why: str) -> None:
    with pytest.raises(MarkError, match=why):
        require_drawable(words)


@pytest.mark.parametrize("words", ["W" * 40, "word " * 16])
def test_words_without_room_are_refused(words: str) -> None:
    with pytest.raises(MarkError, match=r"no room|too much"):
        draw_label(a_picture(1, (192, 192)), words)


def test_a_font_of_ones_own_has_other_letters(tmp_path: Path) -> None:
    fonts = sorted(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"))
    if not fonts:
        pytest.skip("no font with accents is installed")
    require_drawable("Créé par une IA", str(fonts[0]))
    drawn, label = draw_label(a_picture(), "Créé par une IA", str(fonts[0]))
    assert contrast_of(drawn, label) >= LEAST_CONTRAST
    with pytest.raises(MarkError, match="no letter"):
        require_drawable("Créé par une IA")
    (tmp_path / "no.ttf").write_bytes(b"no font")
    with pytest.raises(MarkError, match="cannot be read"):
        require_drawable("AI", str(tmp_path / "no.ttf"))
