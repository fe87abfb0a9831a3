"""Lines that only this workspace can have written, in the order in which it wrote them.

Enters: JSON objects, one a line. Leaves: the same with a code as last member, HMAC-SHA-256
(RFC 2104) over the code of the line before and the line itself. So a changed, moved, removed or
foreign line does not hold, and neither does any line after it; a cut tail does, because a killed
process leaves one.
"""

from __future__ import annotations

import hmac

from msgspec import Struct

_BEFORE_THE_FIRST = bytes(32)
_TAIL = b',"mac":"%b"}'
_TAIL_BYTES = len(_TAIL % bytes(64))


class Seal(Struct, frozen=True):
    """Who writes: the id of the workspace's key, and what is derived from it for this purpose."""

    key_id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Seal({self.key_id})"


class SealedLines:
    """The chain of one file, from its first line on."""

    def __init__(self, secret: bytes) -> None:
        self._keyed = hmac.new(secret, digestmod="sha256")
        """Keyed once; a copy costs half of keying it again."""
        self._last = _BEFORE_THE_FIRST

    def sealed(self, line: bytes) -> bytes:
        """The next line: a JSON object with at least one member, and its code."""
        body = line[:-1]
        self._last = self._code(body)
        return body + _TAIL % self._last.hex().encode()

    def holds(self, line: bytes) -> bool:
        """Whether this is the next line as it was written here; the chain goes on if so."""
        code = self._code(line[:-_TAIL_BYTES])
        if not hmac.compare_digest(line[-_TAIL_BYTES:], _TAIL % code.hex().encode()):
            return False
        self._last = code
        return True

    def _code(self, body: bytes) -> bytes:
        code = self._keyed.copy()
        code.update(self._last)
        code.update(body)
        return code.digest()
