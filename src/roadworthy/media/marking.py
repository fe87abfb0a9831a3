"""Every mark that a file gets before it leaves, and every mark that is looked for in one.

What enters: a file that a model made, or one of unknown origin. What leaves: the marked file once
its own detectors have found the marks in it, or what was found. What never happens here: a file
given back whose marks were not read again.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct, structs

from . import manifest
from .certificates import MarkKey
from .installed import MarkError
from .label import draw_label, require_seen
from .manifest import About, Manifest
from .pictures import open_picture, with_pixels
from .sound_mark import LEAST_HZ, embed_sound, find_sound_mark
from .watermark import SMALLEST, Found, embed, find_mark
from .waves import Sound, open_pcm, open_wave, with_samples

SOUNDS = {"mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac"}
"""Formats whose container holds a manifest."""
MOST_BYTES = 64 << 20

Kind = Literal["picture", "sound", "document"]
Origin = Literal["c2pa", "own watermark", "unknown"]


class Marked(Struct, frozen=True, kw_only=True):
    """A file with its marks."""

    data: bytes
    mime: str
    marks: tuple[str, ...]
    size: tuple[int, int] | None = None
    """Width and height of a picture."""

    @property
    def digest(self) -> str:
        """Of the bytes that leave."""
        return "sha256:" + hashlib.sha256(self.data).hexdigest()


class Seen(Struct, frozen=True, kw_only=True):
    """What marks a file has."""

    kind: Kind = "picture"
    manifest: Manifest
    watermark: Found | None = None
    """None: not looked for."""

    @property
    def made_by_ai(self) -> Origin:
        """What says that a model made it; `unknown` says nothing of who did."""
        if self.watermark is not None and self.watermark.there:
            return "own watermark"
        readable = self.manifest.state in ("valid", "trusted")
        return "c2pa" if readable and self.manifest.by_ai else "unknown"


class Marker(Struct, frozen=True, kw_only=True):
    """Marks with the keys of one workspace."""

    signing: MarkKey
    secret: bytes
    """Of the invisible mark."""
    version: str
    font: str = ""
    """Of labels; empty: one that has plain letters only."""

    def picture(self, data: bytes, about: About, at_s: int) -> Marked:
        """A picture with an invisible mark and a signed manifest. Raises MarkError.

        The label of `about`, where it has one, is written on it first.
        """
        import numpy as np

        found, label = open_picture(data), None
        if min(found.image.size) < SMALLEST:
            raise MarkError(f"a picture with a side of less than {SMALLEST} pixels")
        if about.label:
            drawn, label = draw_label(found.image, about.label, self.font)
            found = structs.replace(found, image=drawn)
        pixels = embed(np.asarray(found.image.convert("RGB")), self.secret, at_s)
        written = with_pixels(found, pixels)
        signed = manifest.sign(
            written, found.mime, about=about, key=self.signing, version=self.version
        )
        seen = look_at_picture(signed, secret=self.secret, anchor=self.signing.anchor)
        self._require(seen.manifest, about)
        if seen.watermark is None or seen.watermark.marked_s is None:
            raise MarkError(
                "the invisible mark cannot be read in it: it is too smooth or too rough"
            )
        marks: tuple[str, ...] = ("c2pa", "watermark")
        if label is not None:
            require_seen(open_picture(signed).image, label)
            marks = (*marks, "label")
        return Marked(data=signed, mime=found.mime, marks=marks, size=found.image.size)

    def sound(self, data: bytes, kind: str, about: About) -> Marked:
        """A sound with the marks that its format holds. Raises MarkError where it can hold none.

        A WAV gets both; MP3 and FLAC, whose samples would have to be coded anew, a manifest; bare
        PCM the inaudible mark. One that is too short or too quiet for that is a WAV without.
        """
        if kind == "pcm":
            heard = self._inaudible(open_pcm(data))
            if heard is None:
                raise MarkError("the inaudible mark cannot be read in it: too short or too quiet")
            return Marked(data=heard, mime="audio/pcm", marks=("watermark",))
        mime = SOUNDS.get(kind)
        if mime is None:
            raise MarkError(
                f"sound as {kind!r}, which holds no mark (those that do: mp3, wav, flac, pcm)"
            )
        heard = self._inaudible(_opened(data)) if kind == "wav" else None
        signed = manifest.sign(
            heard or data, mime, about=about, key=self.signing, version=self.version
        )
        seen = look_at_sound(signed, mime, secret=self.secret, anchor=self.signing.anchor)
        self._require(seen.manifest, about)
        both = seen.watermark is not None and seen.watermark.there
        return Marked(data=signed, mime=mime, marks=("c2pa", "watermark") if both else ("c2pa",))

    def _inaudible(self, sound: Sound | None) -> bytes | None:
        """The sound with the mark; None where it cannot be read in it again."""
        if sound is None or sound.rate < LEAST_HZ or not len(sound.samples):
            return None
        data = with_samples(sound, embed_sound(sound.samples, sound.rate, self.secret))
        again = open_pcm(data) if sound.bare else open_wave(data)
        found = find_sound_mark(again.samples, again.rate, self.secret)
        return data if found.there else None

    def _require(self, said: Manifest, about: About) -> None:
        fits = (said.observation, said.label) == (about.observation, about.label)
        if said.state != "trusted" or not said.by_ai or not fits:
            raise MarkError(f"the manifest that was signed into it does not verify ({said.state})")


def look_at_picture(
    data: bytes, *, secret: bytes, anchor: str = "", thorough: bool = False
) -> Seen:
    """What marks a picture has. Raises MarkError where it cannot be decoded."""
    found = open_picture(data)
    said = manifest.read(data, found.mime, anchor=anchor)
    mark = find_mark(found.image.convert("L"), secret, thorough=thorough)
    return Seen(manifest=said, watermark=mark)


def look_at_document(data: bytes, *, anchor: str = "") -> Seen:
    """What marks a PDF has: a manifest, or none. Raises MarkError where it cannot be read."""
    said = manifest.read(data, "application/pdf", anchor=anchor)
    if said.state == "unreadable":
        raise MarkError("no PDF that can be read")
    return Seen(kind="document", manifest=said)


def look_at_sound(
    data: bytes, mime: str, *, secret: bytes, anchor: str = "", thorough: bool = False
) -> Seen:
    """What marks a sound has; the inaudible one is looked for in WAV files of whole numbers."""
    said = manifest.read(data, mime, anchor=anchor)
    sound = _opened(data) if mime == SOUNDS["wav"] else None
    if sound is None or sound.rate < LEAST_HZ:
        return Seen(kind="sound", manifest=said)
    found = find_sound_mark(sound.samples, sound.rate, secret, thorough=thorough)
    return Seen(kind="sound", manifest=said, watermark=found)


def _opened(data: bytes) -> Sound | None:
    """A WAV; None where its samples cannot be read."""
    try:
        return open_wave(data)
    except MarkError:
        return None
