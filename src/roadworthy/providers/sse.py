"""Server-sent events: bytes in pieces of any size in, the data of whole events out.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
for what matters to model APIs: LF, CR and CRLF, comments, several `data` lines, a byte order
mark. The result never depends on where the pieces were cut.
"""

from __future__ import annotations

from roadworthy.domain import ProviderError

MAX_EVENT_BYTES = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_DATA = b"data: "


class EventParser:
    """Feed it pieces; it hands out the data of each finished event."""

    __slots__ = ("_after_cr", "_data", "_size", "_started", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._started = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that `piece` finished, in order.

        Raises ProviderError when one event grows beyond MAX_EVENT_BYTES.
        """
        if self._after_cr and piece:
            self._after_cr = False
            if piece[:1] == b"\n":
                piece = piece[1:]
        text = self._tail + piece if self._tail else piece
        if not self._started:
            if _BOM.startswith(text):
                self._tail = text
                return []
            self._started = True
            text = text.removeprefix(_BOM)
        if not self._data and text.endswith(b"\n\n") and text.startswith(_DATA):
            whole = text[len(_DATA) : -2].split(b"\n\n" + _DATA)
            if text.count(b"\n") == 2 * len(whole) and b"\r" not in text:
                self._tail = b""  # nearly every piece: whole events of one line each
                return whole
        lines = text.splitlines(keepends=True)
        self._tail = b""
        if lines:
            last = lines[-1][-1:]
            if last == b"\r":
                self._after_cr = True
            elif last != b"\n":
                self._tail = lines.pop()
        events: list[bytes] = []
        for line in lines:
            self._take(line.rstrip(b"\r\n"), events)
        if len(self._tail) + self._size > MAX_EVENT_BYTES:
            raise ProviderError(
                f"one event of the stream is larger than {MAX_EVENT_BYTES} bytes", retryable=False
            )
        return events

    def finish(self) -> list[bytes]:
        """At the end of the stream: an event whose closing blank line is missing."""
        tail, self._tail = self._tail, b""
        events: list[bytes] = []
        if tail:
            self._take(tail, events)
        self._take(b"", events)
        return events

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._data = []
                self._size = 0
        elif line.startswith(b"data:"):
            value = line[6:] if line[5:6] == b" " else line[5:]
            self._data.append(value)
            self._size += len(value)
        elif line == b"data":
            self._data.append(b"")
