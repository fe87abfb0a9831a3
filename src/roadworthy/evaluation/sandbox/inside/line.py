"""Lines of JSON over two file descriptors: what two processes say to each other, in turn."""

from __future__ import annotations

import json
import os
from typing import Any

LONGEST = 16_000_000
"""Bytes of a line; a longer one ends the talk."""


class Gone(BaseException):
    """The other side ended, or says what it may not. No `except Exception` of a test hides it."""


class Line:
    """One end of the talk."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._left = bytearray()

    def say(self, message: list[Any]) -> None:
        """Send one message. Raises Gone."""
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._writing, data) :]
        except OSError as error:
            raise Gone from error

    def hear(self) -> list[Any]:
        """The next message. Raises Gone when there is none, or it is none."""
        at = self._left.find(b"\n")
        while at < 0:
            seen = len(self._left)
            self._left += self._piece()
            at = self._left.find(b"\n", seen)
        line, self._left = self._left[:at], self._left[at + 1 :]
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Gone from error
        if not isinstance(message, list) or not message:
            raise Gone
        return message

    def _piece(self) -> bytes:
        try:
            piece = os.read(self._reading, 65_536)
        except OSError as error:
            raise Gone from error
        if not piece or len(self._left) + len(piece) > LONGEST:
            raise Gone
        return piece
