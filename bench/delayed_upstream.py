"""An OpenAI-compatible upstream that answers "42" after exactly so many milliseconds.

A process of its own. It reads just enough HTTP to find the end of a request, so that it is never
what a benchmark waits for: `python bench/delayed_upstream.py --delay-ms 50` prints its port.
"""

from __future__ import annotations

import argparse
import asyncio

import uvloop

_BODY = (
    b'{"id":"x","object":"chat.completion","created":0,"model":"mock","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"42"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":40,"completion_tokens":1,"total_tokens":41}}'
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_BODY)
) + _BODY


class Connection(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Collect one request; answer it when its time has come."""
        self._seen += data
        head, mark, body = self._seen.partition(b"\r\n\r\n")
        if not mark:
            return
        _, _, rest = head.lower().partition(b"content-length:")
        if len(body) < int(rest.partition(b"\r\n")[0]):
            return
        self._seen = b""
        asyncio.get_running_loop().call_later(self._delay_s, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_ANSWER)


async def serve(delay_s: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(delay_s), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay-ms", type=float, default=50.0)
    uvloop.run(serve(parser.parse_args().delay_ms / 1000))
