"""The end of a stream: its response in, read to the end where that costs nothing.

A connection whose body was read to its end can be used again; the end usually came with the same
packet as the last event.
"""

from __future__ import annotations

import asyncio

from roadworthy.domain import ProviderError

from .http_client import Response

_DRAIN_S = 0.05
"""How long it is waited for."""


async def drain(response: Response) -> None:
    """Read what is left of the body; leave it where it does not come."""
    if response.complete:
        return
    try:
        async with asyncio.timeout(_DRAIN_S):
            while await response.piece():
                pass
    except (TimeoutError, ProviderError):
        return
