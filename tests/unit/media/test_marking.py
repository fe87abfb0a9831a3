"""Files with their marks: signed, read back, refused where a mark cannot be put in."""

from __future__ import annotations

import datetime as dt

import pytest
from PIL import Image

from doubles.pictures import a_picture, a_sound, decoded, encoded
from doubles.voices import a_voice, as_wave
from roadworthy.media import (
    About,
    Marker,
    MarkError,
    look_at_picture,
    look_at_sound,
    make_authority,
    make_mark_key,
)
from roadworthy.media.sound_mark import find_sound_mark
from roadworthy.media.waves import PCM_RATE, open_pcm, open_wave, with_samples

NOW = dt.datetime.now(dt.UTC)
ABOUT = About(observation="01a2", system="desk", release="sha256:" + "0" * 64)
AT_S = 1_795_000_000
SECRET = b"secret of the workspace"


@pytest.fixture(scope="module")
def marker() -> Marker:
    return Marker(
        signing=make_mark_key(make_authority("desk", NOW), "desk", NOW), secret=SECRET, version="1"
    )


@pytest.mark.parametrize(("kind", "how"), [("PNG", {}), ("JPEG", {"quality": 90}), ("WEBP", {})])
def test_a_picture_is_marked_twice_and_both_are_read(
    marker: Marker, kind: str, how: dict[str, int]
) -> None:
    done = marker.picture(encoded(a_picture(), kind, **how), ABOUT, AT_S)
    assert decoded(done.data).format == kind and done.marks == ("c2pa", "watermark")
    assert done.size == (512, 384)
    seen = look_at_picture(done.data, secret=SECRET, anchor=marker.signing.anchor)
    assert (seen.manifest.state, seen.manifest.by_ai) == ("trusted", True)
    assert (seen.manifest.observation, seen.manifest.issuer) == ("01a2", "desk")
    assert seen.watermark is not None and seen.watermark.marked_s == AT_S
    stranger = look_at_picture(done.data, secret=b"another")
    assert (stranger.manifest.state, stranger.made_by_ai) == ("valid", "c2pa")
    assert stranger.manifest.observation == ""


def test_what_was_saved_again_lost_its_manifest_and_keeps_the_other_mark(marker: Marker) -> None:
    done = marker.picture(encoded(a_picture()), ABOUT, AT_S)
    again = encoded(decoded(done.data), "JPEG", quality=75)
    seen = look_at_picture(again, secret=SECRET, anchor=marker.signing.anchor)
    assert (seen.manifest.state, seen.made_by_ai) == ("none", "own watermark")


def test_a_changed_file_is_told(marker: Marker) -> None:
    data = bytearray(marker.picture(encoded(a_picture()), ABOUT, AT_S).data)
    data[-40] ^= 1  # in the pixels' last chunk: Pillow reads it still, the manifest does not fit
    try:
        seen = look_at_picture(bytes(data), secret=b"other", anchor=marker.signing.anchor)
    except MarkError:
        return
    assert seen.manifest.state == "invalid" and seen.made_by_ai == "unknown"


def test_transparency_stays(marker: Marker) -> None:
    image = a_picture().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    done = decoded(marker.picture(encoded(image), ABOUT, AT_S).data)
    assert done.mode == "RGBA" and done.getchannel("A").tobytes() == image.getchannel("A").tobytes()


@pytest.mark.parametrize("mode", ["L", "LA", "P"])
def test_grey_and_palette_pictures_are_marked(marker: Marker, mode: str) -> None:
    assert marker.picture(encoded(a_picture().convert(mode)), ABOUT, AT_S).data


def frames() -> bytes:
    return encoded(a_picture(), "WEBP", save_all=True, append_images=[a_picture(2)], duration=100)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "that can be decoded"),
        (b"\x89PNG\r\n\x1a\nrubbish", "that can be decoded"),
        (encoded(a_picture())[:3000], "that can be decoded"),
        (encoded(a_picture(), "GIF"), "that can be decoded"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "that can be decoded"),
        (encoded(a_picture(1, (400, 120))), "less than 192"),
        (encoded(Image.new("I;16", (300, 300))), "of a kind"),
        (encoded(Image.new("1", (9000, 9000))), "more than 17,000,000"),
        (frames(), "animation"),
    ],
)
def test_what_cannot_be_marked_is_an_error_and_nothing_else(
    marker: Marker, data: bytes, why: str
) -> None:
    with pytest.raises(MarkError, match=why):
        marker.picture(data, ABOUT, AT_S)


def test_a_self_signed_key_signs_nothing(marker: Marker) -> None:
    authority = make_authority("desk", NOW)
    own = type(marker.signing)(key=authority.key, chain=authority.certificate)
    wrong = Marker(signing=own, secret=SECRET, version="1")
    with pytest.raises(MarkError):
        wrong.picture(encoded(a_picture()), ABOUT, AT_S)


def test_an_expired_key_signs_nothing(marker: Marker) -> None:
    long_ago = NOW - dt.timedelta(days=900)
    old = make_mark_key(make_authority("desk", long_ago), "desk", long_ago)
    with pytest.raises(MarkError):
        Marker(signing=old, secret=SECRET, version="1").picture(encoded(a_picture()), ABOUT, AT_S)


def test_a_wave_has_a_manifest_and_a_mark_that_outlives_it(marker: Marker) -> None:
    done = marker.sound(as_wave(a_voice(1, 5.0)), "wav", ABOUT)
    assert done.marks == ("c2pa", "watermark")
    seen = look_at_sound(done.data, done.mime, secret=SECRET, anchor=marker.signing.anchor)
    assert (seen.manifest.state, seen.made_by_ai) == ("trusted", "own watermark")
    again = open_wave(done.data)
    saved = look_at_sound(with_samples(again, again.samples), "audio/wav", secret=SECRET)
    assert (saved.manifest.state, saved.made_by_ai) == ("none", "own watermark")
    stranger = look_at_sound(done.data, done.mime, secret=b"another")
    assert stranger.made_by_ai == "c2pa" and stranger.watermark is not None


def test_bare_samples_leave_with_the_mark_alone_and_only_where_it_can_be_read(
    marker: Marker,
) -> None:
    held = as_wave(a_voice(2, 5.0))[44:]
    done = marker.sound(held, "pcm", ABOUT)
    assert (done.mime, done.marks, len(done.data)) == ("audio/pcm", ("watermark",), len(held))
    assert find_sound_mark(open_pcm(done.data).samples, PCM_RATE, SECRET).there
    for short in (held[:4800], b"", bytes(48_000 * 5)):
        with pytest.raises(MarkError, match="too short or too quiet"):
            marker.sound(short, "pcm", ABOUT)


def test_sound_has_a_manifest_where_its_container_holds_one(marker: Marker) -> None:
    done = marker.sound(a_sound(), "wav", ABOUT)
    assert done.marks == ("c2pa",), "too short for the mark in its samples"
    seen = look_at_sound(done.data, done.mime, secret=SECRET, anchor=marker.signing.anchor)
    assert (seen.manifest.state, seen.made_by_ai) == ("trusted", "c2pa")
    assert look_at_sound(a_sound(), "audio/wav", secret=SECRET).made_by_ai == "unknown"
    for kind in ("aac", "opus", "nonsense"):
        with pytest.raises(MarkError, match="holds no mark"):
            marker.sound(b"sound", kind, ABOUT)
    with pytest.raises(MarkError):
        marker.sound(b"no sound at all", "wav", ABOUT)
