"""What of a message is no text: pictures, sounds and documents, with names in their places.

What enters: the parts of a request's messages, whichever API they came by. What leaves: the same
parts in chat completions' shape with a name where the bytes were, and the bytes. What never happens
here: an address elsewhere that is asked for, since whoever is asked learns who asks and may say
something else to the model; a byte of a file in a message, which the journal keeps.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from roadworthy.domain import sha256

from .problems import bad_field

MOST_FILES = 8
_SOUNDS = {"wav": "audio/wav", "mp3": "audio/mpeg"}
_IN_BYTES = "send its bytes in base64"


class TakenOut:
    """The files of one request."""

    def __init__(self, field: str) -> None:
        """`field` is what messages stand in."""
        self.media: dict[str, str] = {}
        """Name -> `data:` address."""
        self._field = field

    def picture(self, url: str | None, at: str, **more: Any) -> dict[str, Any]:
        """The part of a picture. Raises ApiError where it is not here."""
        name = self._named("picture", "data:image/", url, at)
        return {"type": "image_url", "image_url": {**more, "url": name}}

    def sound(self, data: str, kind: str, at: str) -> dict[str, Any]:
        """The part of a sound in base64. Raises ApiError."""
        if kind not in _SOUNDS:
            raise self._refused(f"{at} holds a sound as {kind!r}; send {' or '.join(_SOUNDS)}")
        name = self._named("sound", "data:audio/", f"data:{_SOUNDS[kind]};base64,{data}", at)
        return {"type": "input_audio", "input_audio": {"data": name, "format": kind}}

    def document(self, url: str | None, at: str, *, title: str = "") -> dict[str, Any]:
        """The part of a document: of a text its words, which rails read. Raises ApiError."""
        if url is not None and url.startswith("data:text/"):
            words = self._words(url, at)
            return {"type": "text", "text": f"{title}\n{words}" if title else words}
        name = self._named("document", "data:application/pdf;", url, at)
        named = {"filename": title} if title else {}
        return {"type": "file", "file": {**named, "file_data": name}}

    def no_file(self, file: str | None, at: str) -> None:
        """Raises ApiError where a part names a file that was sent before."""
        if file is not None:
            raise self._refused(f"{at} names a file: none is kept here for a model; {_IN_BYTES}")

    def _named(self, kind: str, start: str, url: str | None, at: str) -> str:
        """What stands in its place, so that records have its digest and no byte of it."""
        if url is None:
            raise self._refused(f"{at} holds no {kind}; {_IN_BYTES}")
        if not url.startswith("data:"):
            raise self._refused(
                f"{at} names a {kind} elsewhere: nobody here could look at it; {_IN_BYTES}"
            )
        if not url.startswith(start) or ";base64," not in url[:64]:
            kinds = f"{start}…" if start.endswith("/") else start.removesuffix(";")
            raise self._refused(f"{at} holds a {kind} that is no {kinds} in base64")
        name = f"{kind} {sha256(url.encode()).removeprefix('sha256:')[:12]}"
        self.media[name] = url
        if len(self.media) > MOST_FILES:
            raise self._refused(f"{self._field} hold more than {MOST_FILES} files, which may be")
        return name

    def _words(self, url: str, at: str) -> str:
        head, _, data = url.partition(",")
        try:
            if not head.endswith(";base64"):
                raise ValueError
            return base64.b64decode(data, validate=True).decode()
        except (binascii.Error, ValueError):
            raise self._refused(f"{at} holds a text that is no UTF-8 in base64") from None

    def _refused(self, why: str) -> Exception:
        return bad_field(self._field, why)
