"""How Redis or Valkey is reached: who it is, the password, TLS.

What enters: an address without a secret, and the secret beside it. What leaves: a client, or a
`CountError` that says what is wrong and holds no secret. What never happens here: a second try
behind the caller's back, an unverified certificate, or a wait without an end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from roadworthy.domain import CountError, UsageError

INSTALL = "pip install 'roadworthy[redis]'"
_SHOWN = 200
CONNECT_S = 2.0
"""For name, TLS and password; nobody's request waits so long for it."""


class Hidden(Protocol):
    """A secret that does not print itself: who looks at files needs none of its makers."""

    def reveal(self) -> str:
        """The text, for the one place that sends it."""
        ...

    def hide_in(self, text: str) -> str:
        """The text with every occurrence of the secret replaced."""
        ...


class Link(Struct, frozen=True, kw_only=True):
    """What is needed to reach it."""

    url: str
    user: str = ""
    secret: Hidden
    timeout_s: float

    @property
    def peer(self) -> str:
        """Host and port, for people."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or 6379}"

    def options(self, retry: Callable[..., Any]) -> dict[str, Any]:
        """What both kinds of client are made with; `retry` is the one's own kind."""
        from redis.backoff import NoBackoff

        parts = urlsplit(self.url)
        return {
            "host": parts.hostname,
            "port": parts.port or 6379,
            "db": int(parts.path.strip("/") or 0),
            "username": self.user or None,
            "password": self.secret.reveal() or None,
            "ssl": parts.scheme == "rediss",
            "socket_timeout": max(self.timeout_s, CONNECT_S),
            "socket_connect_timeout": CONNECT_S,
            "protocol": 2,
            "driver_info": None,
            "retry": retry(NoBackoff(), 0),
        }

    def said_of(self, error: BaseException) -> str:
        """What went wrong, in one line, without the secret and whatever else may stand there."""
        told = str(error) or type(error).__name__
        line = "".join(each if each.isprintable() else " " for each in told)
        return self.secret.hide_in(line)[:_SHOWN]

    def failed(self, error: BaseException) -> CountError:
        """The error of an operator, who may know where it is."""
        return CountError(
            f"limits cannot be counted at {self.peer}: {self.said_of(error)}",
            fix="see to it that it runs and can be reached; nothing has to be started again here",
        )


def async_client(link: Link) -> Any:
    """A client of one connection for an event loop. Raises UsageError without the library."""
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
    except ImportError:
        raise UsageError("limits in Redis need a library", fix=INSTALL) from None
    return Redis(**link.options(Retry), max_connections=1)


def plain_client(link: Link) -> Any:
    """A client for a thread. Raises UsageError without the library."""
    try:
        from redis import Redis
        from redis.retry import Retry
    except ImportError:
        raise UsageError("limits in Redis need a library", fix=INSTALL) from None
    return Redis(**link.options(Retry))
