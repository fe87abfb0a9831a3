"""An OpenAI-like upstream for tests and benchmarks: real sockets, made-up answers.

    async with FakeUpstream(answer="motor", delay_s=0.05) as upstream:
        ...  # upstream.url is the base URL; upstream.requests what was asked

`answer` is a text or a function of the request's body. `script` holds `Reply`s for the next
requests, first come first served; after them every request gets the standing answer. A request
header `x-fake` (JSON with the fields of `Reply`) rules its own request.

As a process of its own (on another core, for benchmarks):
    python tests/doubles/fake_upstream.py --port 9100 --delay-ms 50 --answer motor
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import httptools
import msgspec


class Reply(msgspec.Struct, kw_only=True):
    """How one request is answered; the defaults are the upstream's standing answer."""

    text: str | None = None
    status: int = 200
    headers: dict[str, str] = {}
    body: str | None = None
    """The raw body instead of a completion (errors, garbage); half characters as bytes."""
    delay_s: float | None = None
    pieces: list[str] | None = None
    """Contents of the streamed chunks; None: one per word."""
    piece_delay_s: float = 0.0
    reset_after: int | None = None
    """Close the connection after that many bytes of the body."""
    done: bool = True
    """Whether a stream ends with [DONE]."""
    finish_reason: str = "stop"
    message: dict[str, Any] | None = None
    """Fields beside the text (tool calls, refusal)."""
    deltas: list[dict[str, Any]] | None = None
    """How a stream brings them; None: whole, in one event."""
    logprobs: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    raw: list[str] | None = None
    """Pieces to write as they are instead of any HTTP answer, latin-1; then close."""
    hang: bool = False
    """Never answer."""


class Request(msgspec.Struct):
    """What was asked."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    connection: int


class FakeUpstream:
    """Serves `/v1/chat/completions` and `/v1/completions` on a free port."""

    def __init__(
        self,
        answer: str | Callable[[dict[str, Any]], str] = "ok",
        *,
        delay_s: float = 0.0,
        port: int = 0,
        keep_requests: bool = True,
        ssl: Any = None,
    ) -> None:
        self.answer = answer
        self.delay_s = delay_s
        self.requests: list[Request] = []
        self.received = bytearray()
        """All bytes that reached its sockets."""
        self.script: list[Reply] = []
        self.standing: Callable[[dict[str, Any]], Reply] = lambda body: _STANDING
        """How what the script says nothing of is answered."""
        self.served = 0
        self.connections = 0
        self.open_now = 0
        self.most_open = 0
        self.aborted = asyncio.Event()
        """Set when a client hung up before its answer was finished."""
        self.keep_requests = keep_requests
        self._port = port
        self._ssl = ssl
        self._server: asyncio.Server | None = None
        self._live: set[Connection] = set()
        self.url = ""

    def talk(self) -> Connection:
        """What speaks on one connection."""
        return Connection(self)

    async def __aenter__(self) -> FakeUpstream:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self.talk, "127.0.0.1", self._port, ssl=self._ssl, backlog=1024
        )
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self._ssl else ''}://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.drop_connections()
        await asyncio.sleep(0)

    def drop_connections(self) -> None:
        """Close every connection, as a server does with idle ones."""
        for connection in tuple(self._live):
            connection.close()

    def text_for(self, body: dict[str, Any]) -> str:
        return self.answer if isinstance(self.answer, str) else self.answer(body)


_numbers = itertools.count(1)


class Connection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, upstream: FakeUpstream) -> None:
        self.upstream = upstream
        self.number = next(_numbers)
        self.parser = httptools.HttpRequestParser(self)
        self.transport: Any = None
        self.path = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.busy = False
        self.task: asyncio.Task[None] | None = None

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        up = self.upstream
        up.connections += 1
        up.open_now += 1
        up.most_open = max(up.most_open, up.open_now)
        up._live.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.upstream.open_now -= 1
        self.upstream._live.discard(self)
        if self.busy:
            self.upstream.aborted.set()
        if self.task is not None:
            self.task.cancel()
        self.transport = None

    def data_received(self, data: bytes) -> None:
        if self.upstream.keep_requests:
            self.upstream.received += data
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_url(self, url: bytes) -> None:
        self.path, self.headers, self.body = url.decode(), {}, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        up = self.upstream
        if self.headers.get("content-type", "").startswith("multipart/"):
            body: Any = {"form": self.body.decode("latin-1")}
        else:
            body = msgspec.json.decode(self.body) if self.body else {}
        if up.keep_requests:
            up.requests.append(
                Request(path=self.path, headers=self.headers, body=body, connection=self.number)
            )
        reply = self._chosen(body)
        self.busy = True
        delay = up.delay_s if reply.delay_s is None else reply.delay_s
        plain = not body.get("stream") and reply.raw is None and reply.reset_after is None
        if plain and not delay and not reply.hang:
            self._plain(reply, body)
        elif plain and not reply.hang:
            asyncio.get_running_loop().call_later(delay, self._plain, reply, body)
        else:
            self.task = asyncio.get_running_loop().create_task(self._slowly(reply, body, delay))

    def _chosen(self, body: dict[str, Any]) -> Reply:
        up = self.upstream
        if "x-fake" in self.headers:
            return msgspec.json.decode(self.headers["x-fake"], type=Reply)
        return up.script.pop(0) if up.script else up.standing(body)

    def _head(self, reply: Reply, kind: str, length: int | None) -> bytes:
        lines = [f"HTTP/1.1 {reply.status} X", f"content-type: {kind}"]
        lines.append(
            "transfer-encoding: chunked" if length is None else f"content-length: {length}"
        )
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _plain(self, reply: Reply, body: dict[str, Any]) -> None:
        if self.transport is None:
            return
        payload = self._payload(reply, body)
        self.transport.write(self._head(reply, "application/json", len(payload)) + payload)
        self._finished()

    def _finished(self) -> None:
        self.busy = False
        self.upstream.served += 1

    def _payload(self, reply: Reply, body: dict[str, Any]) -> bytes:
        if reply.body is not None:
            return reply.body.encode(errors="surrogateescape")
        text = self.upstream.text_for(body) if reply.text is None else reply.text
        choice: dict[str, Any] = {"index": 0, "finish_reason": reply.finish_reason}
        if "messages" in body:
            choice["message"] = {"role": "assistant", "content": text, **(reply.message or {})}
        else:
            choice["text"] = text
        if reply.logprobs is not None:
            choice["logprobs"] = reply.logprobs
        return msgspec.json.encode(
            {
                "id": f"fake-{self.upstream.served}",
                "object": "chat.completion" if "messages" in body else "text_completion",
                "created": 0,
                "model": body.get("model", ""),
                "choices": [choice],
                "usage": reply.usage or _usage(body, text),
            }
        )

    async def _slowly(self, reply: Reply, body: dict[str, Any], delay: float) -> None:
        if reply.hang:
            await asyncio.Event().wait()
        if delay:
            await asyncio.sleep(delay)
        if reply.raw is not None:
            for piece in reply.raw:
                self.transport.write(piece.encode("latin-1"))
                await asyncio.sleep(reply.piece_delay_s)
            self.busy = False
            self.close()
            return
        if not body.get("stream") or reply.status != 200 or reply.body is not None:
            payload = self._payload(reply, body)
            head = self._head(reply, "application/json", len(payload))
            cut = reply.reset_after
            self.transport.write(head + (payload if cut is None else payload[:cut]))
            self.busy = False
            if cut is not None:
                await asyncio.sleep(0.01)
                self.transport.abort()
            return
        await self._events(reply, body)

    async def _events(self, reply: Reply, body: dict[str, Any]) -> None:
        self.transport.write(self._head(reply, "text/event-stream", None))
        sent = 0
        for event in self._event_values(reply, body):
            data = self._framed(event)
            if reply.reset_after is not None and sent + len(data) > reply.reset_after:
                self.busy = False
                self.transport.abort()
                return
            sent += len(data)
            self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
            if reply.piece_delay_s:
                await asyncio.sleep(reply.piece_delay_s)
        self.transport.write(b"0\r\n\r\n")
        self._finished()

    def _framed(self, event: Any) -> bytes:
        text = event if isinstance(event, str) else msgspec.json.encode(event).decode()
        return f"data: {text}\n\n".encode()

    def _event_values(self, reply: Reply, body: dict[str, Any]) -> list[Any]:
        text = self.upstream.text_for(body) if reply.text is None else reply.text
        pieces = _words(text) if reply.pieces is None else reply.pieces
        chat = "messages" in body
        events: list[Any] = []
        for index, piece in enumerate(pieces):
            choice: dict[str, Any] = {"index": 0, "finish_reason": None}
            if chat:
                choice["delta"] = {"content": piece}
                if index == 0:
                    choice["delta"] = {"role": "assistant", "content": piece}
            else:
                choice["text"] = piece
            events.append(_event(body, [choice]))
        whole = [reply.message] if reply.message else []
        for delta in (whole if reply.deltas is None else reply.deltas) if chat else ():
            events.append(_event(body, [{"index": 0, "delta": delta}]))
        last: dict[str, Any] = {"index": 0, "finish_reason": reply.finish_reason or None}
        last["delta" if chat else "text"] = {} if chat else ""
        events.append(_event(body, [last]))
        if (body.get("stream_options") or {}).get("include_usage"):
            events.append({**_event(body, []), "usage": reply.usage or _usage(body, text)})
        return [*events, "[DONE]"] if reply.done else events


_STANDING = Reply()


def _event(body: dict[str, Any], choices: list[dict[str, Any]]) -> dict[str, Any]:
    kind = "chat.completion.chunk" if "messages" in body else "text_completion"
    return {
        "id": "fake",
        "object": kind,
        "created": 0,
        "model": body.get("model", ""),
        "choices": choices,
    }


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [word if index == 0 else " " + word for index, word in enumerate(words)]


def _usage(body: dict[str, Any], text: str) -> dict[str, Any]:
    asked = body.get("prompt") or body.get("messages") or ""
    put_in, put_out = len(str(asked)) // 4, max(1, len(text) // 4)
    return {
        "prompt_tokens": put_in,
        "completion_tokens": put_out,
        "total_tokens": put_in + put_out,
    }


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--answer", default="ok")
    options = parser.parse_args()
    upstream = FakeUpstream(
        options.answer, delay_s=options.delay_ms / 1000, port=options.port, keep_requests=False
    )
    async with upstream:
        print(upstream.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(_main())
    except KeyboardInterrupt:
        pass
