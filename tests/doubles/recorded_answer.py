"""An Answer that keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable

from roadworthy.gateway.wire import EVENTS, JSON, Header


class RecordedAnswer:
    """Implements the Answer port in memory."""

    def __init__(self) -> None:
        self.begun = False
        self.on_gone: Callable[[], None] | None = None
        self.status = 0
        self.headers: tuple[Header, ...] = ()
        self.data = b""
        self.ended = False

    def whole(
        self, status: int, body: bytes, headers: tuple[Header, ...] = (), *, kind: Header = JSON
    ) -> None:
        if self.begun:
            return
        self.begun = self.ended = True
        self.status, self.data, self.headers = status, body, headers

    def begin(self, headers: tuple[Header, ...], *, kind: tuple[Header, ...] = EVENTS) -> None:
        self.begun = True
        self.status, self.headers = 200, headers

    async def piece(self, data: bytes, *, last: bool = False) -> None:
        self.data += data
        self.ended = self.ended or last
