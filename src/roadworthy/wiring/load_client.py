"""Sends requests to a gateway, over as many connections as callers would have.

What enters: requests, a key. What leaves: why each failed, or nothing. What never happens here: an
answer's text kept, or a request that is sent again.
"""

from __future__ import annotations

import resource
from collections.abc import Sequence

import msgspec

from roadworthy.domain import ProviderError, UnavailableError, UsageError
from roadworthy.flows.load.load_requests import PATH, LoadRequest
from roadworthy.providers import HttpClient

MOST_CONNECTIONS = 4096
ACTION = b"x-roadworthy-action"
STOOD_IN = frozenset({b"fallback", b"error"})
"""What the gateway did where no model answered; it is an answer by HTTP, and none to be had."""


class _Problem(msgspec.Struct, frozen=True):
    code: str | None = None
    message: str = ""


class _Body(msgspec.Struct, frozen=True):
    error: _Problem = _Problem()


class LoadClient:
    """One gateway as its callers see it."""

    def __init__(
        self, url: str, key: str, requests: Sequence[LoadRequest], *, timeout_s: float
    ) -> None:
        """Raises UsageError for an address that is none."""
        self._requests = requests
        self._timeout_s = timeout_s
        most = min(MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100)
        self._clients = {
            headers: HttpClient(
                url.rstrip("/").removesuffix("/v1"),
                max_connections=max(16, most),
                headers={"authorization": f"Bearer {key}", **dict(headers)},
            )
            for headers in {request.headers for request in requests}
        }

    async def send(self, number: int) -> str:
        """Send one; why it failed, or nothing. The cases follow each other in a ring."""
        status, why, _ = await self._sent(self._requests[number % len(self._requests)])
        return why if status != 200 else ""

    async def try_each(self, most: int = 20) -> None:
        """Ask some cases once. Raises UsageError for one that no load can be made of.

        Raises UnavailableError where nothing answers.
        """
        for request in self._requests[:most]:
            status, why, said = await self._sent(request)
            if not status and said:
                raise UnavailableError(
                    f"nothing answers at {next(iter(self._clients.values())).peer}: {said}",
                    fix="see that the gateway runs there: GET /readyz",
                )
            if status != 200:
                raise UsageError(
                    f"case {request.case} is not answered: {why} {said}".rstrip(),
                    fix="load asks what is answered: choose other cases with --suite, or see that"
                    " the gateway and its model are well",
                )

    async def _sent(self, request: LoadRequest) -> tuple[int, str, str]:
        client = self._clients[request.headers]
        try:
            async with await client.post(PATH, request.body, timeout_s=self._timeout_s) as response:
                data = await response.read()
                if response.headers.get(ACTION) in STOOD_IN:
                    return 0, "the fallback answered: the model failed", ""
                if response.status == 200:
                    return 200, "", ""
                return response.status, *_problem(response.status, data)
        except ProviderError as error:
            return 0, type(error).__name__, error.message

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()


def _problem(status: int, data: bytes) -> tuple[str, str]:
    try:
        error = msgspec.json.decode(data, type=_Body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return f"{status}", ""
    return f"{status} {error.code or ''}".strip(), error.message[:300]
