"""Every API that the gateway speaks, as its callers write it and read it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.recorded_answer import RecordedAnswer
from roadworthy.flows.workspace.loop import Loop
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.plan import Plan


class Spoken(msgspec.Struct, kw_only=True):
    """What a caller read, whichever API it came by."""

    text: str = ""
    calls: list[tuple[str, str, Any]] = []
    """id, name, arguments."""
    reason: str = ""
    usage: Any = None
    about: Any = None
    error: Any = None


class Door:
    """One worker's application, knocked at without sockets."""

    def __init__(self, app: App, gateway: Gateway, upstream: FakeUpstream, loop: Loop) -> None:
        self.app = app
        self.gateway = gateway
        self.upstream = upstream
        self.loop = loop
        self.key = a_key(loop)

    async def ask(self, path: str, body: Any, *, key: str | None = None) -> RecordedAnswer:
        headers = {b"authorization": f"Bearer {key or self.key}".encode()}
        request = Request("POST", path, headers)
        request.body = body if isinstance(body, bytes) else msgspec.json.encode(body)
        self.app.admit(request)
        answer = RecordedAnswer()
        await self.app.answer(request, answer)
        return answer


@asynccontextmanager
async def a_door(
    root: Path, files: Mapping[str, str] = {}, *, behind: FakeUpstream | None = None
) -> AsyncIterator[Door]:
    """A live system and its door, in front of an upstream."""
    async with behind or FakeUpstream(answer="It is on its way") as upstream:
        loop = write_live_system(root, upstream.url, dict(files))
        plan = Plan(workspace=str(loop.workspace.root), roots={"": str(root)})
        gateway = Gateway(plan, SystemClock())
        await gateway.start()
        try:
            yield Door(App(gateway, new_id), gateway, upstream, loop)
        finally:
            await gateway.aclose()


def text_whole(data: bytes) -> Spoken:
    said = msgspec.json.decode(data)
    choice = said["choices"][0]
    return Spoken(
        text=choice["text"],
        reason=choice["finish_reason"],
        usage=said["usage"],
        about=said["roadworthy"],
    )


def text_streamed(data: bytes) -> Spoken:
    spoken = Spoken()
    for event in events(data):
        if "error" in event:
            spoken.error = event["error"]
            continue
        spoken.usage = event.get("usage") or spoken.usage
        spoken.about = event.get("roadworthy", spoken.about)
        for choice in event["choices"]:
            spoken.text += choice["text"]
            spoken.reason = choice["finish_reason"] or spoken.reason
    return spoken


def events(data: bytes) -> list[dict[str, Any]]:
    """The data of each event of a stream, [DONE] left out."""
    found = []
    for event in data.split(b"\n\n"):
        for line in event.split(b"\n"):
            if line.startswith(b"data: ") and line != b"data: [DONE]":
                found.append(msgspec.json.decode(line[6:]))
    return found


def chat_whole(data: bytes) -> Spoken:
    said = msgspec.json.decode(data)
    choice = said["choices"][0]
    message = choice["message"]
    return Spoken(
        text=message["content"] or "",
        calls=[_chat_call(call) for call in message.get("tool_calls", [])],
        reason=choice["finish_reason"],
        usage=said["usage"],
        about=said["roadworthy"],
    )


def chat_streamed(data: bytes) -> Spoken:
    spoken = Spoken(calls=[])
    for event in events(data):
        if "error" in event:
            spoken.error = event["error"]
            continue
        spoken.usage = event.get("usage") or spoken.usage
        spoken.about = event.get("roadworthy", spoken.about)
        for choice in event["choices"]:
            spoken.text += choice["delta"].get("content") or ""
            spoken.calls += [_chat_call(call) for call in choice["delta"].get("tool_calls", [])]
            spoken.reason = choice["finish_reason"] or spoken.reason
    return spoken


def _chat_call(call: dict[str, Any]) -> tuple[str, str, Any]:
    function = call["function"]
    return call["id"], function["name"], msgspec.json.decode(function["arguments"] or "{}")


def messages_whole(data: bytes) -> Spoken:
    said = msgspec.json.decode(data)
    spoken = Spoken(
        calls=[], reason=said["stop_reason"], usage=said["usage"], about=said["roadworthy"]
    )
    for block in said["content"]:
        if block["type"] == "text":
            spoken.text += block["text"]
        else:
            spoken.calls.append((block["id"], block["name"], block["input"]))
    return spoken


def messages_streamed(data: bytes) -> Spoken:
    spoken = Spoken(calls=[])
    written: dict[int, str] = {}
    blocks: dict[int, dict[str, Any]] = {}
    for event in events(data):
        kind, index = event["type"], event.get("index", -1)
        if kind == "error":
            spoken.error = event["error"]
        elif kind == "content_block_start":
            assert index == len(blocks)
            blocks[index], written[index] = event["content_block"], ""
        elif kind == "content_block_delta":
            assert index == len(blocks) - 1
            delta = event["delta"]
            written[index] += delta.get("text") or delta.get("partial_json") or ""
        elif kind == "message_delta":
            spoken.reason = event["delta"]["stop_reason"]
            spoken.usage, spoken.about = event["usage"], event["roadworthy"]
    for index, block in blocks.items():
        if block["type"] == "text":
            spoken.text += written[index]
        else:
            called = msgspec.json.decode(written[index] or "{}")
            spoken.calls.append((block["id"], block["name"], called))
    return spoken


def responses_whole(data: bytes) -> Spoken:
    return _responded(msgspec.json.decode(data))


def responses_streamed(data: bytes) -> Spoken:
    """What the events add up to; it must be what the last one repeats as a whole."""
    spoken = Spoken(calls=[])
    items: dict[int, dict[str, Any]] = {}
    written: dict[int, str] = {}
    for number, event in enumerate(events(data)):
        assert event["sequence_number"] == number
        kind, index = event["type"], event.get("output_index", -1)
        if kind == "error":
            spoken.error = event["error"]
        elif kind == "response.output_item.added":
            items[index], written[index] = event["item"], ""
        elif kind.endswith(".delta"):
            written[index] += event["delta"]
        elif kind == "response.output_item.done":
            done = event["item"]
            assert done["id"] == items[index]["id"]
            said = done["content"][0]["text"] if "content" in done else done["arguments"]
            assert said == written[index]
        elif kind in ("response.completed", "response.incomplete"):
            assert event["response"]["status"] == kind.partition(".")[2]
            assert [item["id"] for item in event["response"]["output"]] == [
                item["id"] for item in items.values()
            ]
            spoken = _responded(event["response"])
    return spoken


def _responded(said: dict[str, Any]) -> Spoken:
    spoken = Spoken(calls=[], reason=said["status"], usage=said["usage"], about=said["roadworthy"])
    for item in said["output"]:
        if item["type"] == "message":
            spoken.text += "".join(part["text"] for part in item["content"])
        else:
            called = msgspec.json.decode(item["arguments"] or "{}")
            spoken.calls.append((item["call_id"], item["name"], called))
    return spoken


class Api(msgspec.Struct, kw_only=True):
    """One API: its path, a request in it, and its answers read back."""

    path: str
    body: Callable[[str], dict[str, Any]]
    whole: Callable[[bytes], Spoken]
    streamed: Callable[[bytes], Spoken]
    tools: bool = True
    """Whether it can say tool calls."""


APIS = [
    Api(
        path="/v1/chat/completions",
        body=lambda text: {
            "messages": [{"role": "user", "content": text}],
            "stream_options": {"include_usage": True},
        },
        whole=chat_whole,
        streamed=chat_streamed,
    ),
    Api(
        path="/v1/messages",
        body=lambda text: {"messages": [{"role": "user", "content": text}], "max_tokens": 64},
        whole=messages_whole,
        streamed=messages_streamed,
    ),
    Api(
        path="/v1/responses",
        body=lambda text: {"input": text},
        whole=responses_whole,
        streamed=responses_streamed,
    ),
    Api(
        path="/v1/completions",
        body=lambda text: {"prompt": text, "stream_options": {"include_usage": True}},
        whole=text_whole,
        streamed=text_streamed,
        tools=False,
    ),
]
