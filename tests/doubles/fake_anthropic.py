"""An upstream that speaks Anthropic's Messages API as documented: real sockets, made-up words.

It refuses what the API refuses (no `max_tokens`, fields it does not know, a result that answers no
call …) with the API's own errors, and streams in the API's own events. That it speaks what the
official SDK reads is a test of its own (`test_anthropic_upstream.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from doubles.fake_upstream import Connection, FakeUpstream, Reply

REQUEST_ID = "req_011CSHoEeqs5C35K2UUqR7Fy"

_FIELDS = frozenset(
    (
        "cache_control", "context_management", "inference_geo", "max_tokens", "messages",
        "metadata", "model", "output_config", "service_tier", "speed", "stop_sequences", "stream",
        "system", "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p",
    )
)  # fmt: skip
_TYPES = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error",
          500: "api_error", 529: "overloaded_error"}  # fmt: skip
_STREAMED = {
    "text": lambda block: ({**block, "text": ""}, [{"type": "text_delta", "text": block["text"]}]),
    "thinking": lambda block: (
        {**block, "thinking": "", "signature": ""},
        [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block["signature"]},
        ],
    ),
}


class Said(Reply, kw_only=True):
    """How one request is answered, in the API's own words."""

    blocks: list[dict[str, Any]] | None = None
    """All of the content, in the place of `text`."""
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    between: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """Events before the last block's end: a `ping`, an `error`, one of a later version."""


class FakeAnthropic(FakeUpstream):
    """Serves `/v1/messages` on a free port."""

    def __init__(
        self,
        answer: str | Callable[[dict[str, Any]], str] = "ok",
        *,
        wants_key: bool = True,
        **settings: Any,
    ) -> None:
        """`wants_key`: whether it refuses who sends none, as the API does."""
        super().__init__(answer, **settings)
        self.standing = lambda body: Said()
        self._wants_key = wants_key

    def talk(self) -> Connection:
        """What speaks on one connection."""
        talk = _Talk(self)
        talk.wants_key = self._wants_key
        return talk


def problem(status: int, message: str, **error: Any) -> Said:
    """An error in the API's shape."""
    body = {
        "type": "error",
        "error": {"type": _TYPES[status], "message": message, **error},
        "request_id": REQUEST_ID,
    }
    headers = {"request-id": REQUEST_ID}
    return Said(status=status, body=msgspec.json.encode(body).decode(), headers=headers)


class _Talk(Connection):
    wants_key = True

    def _chosen(self, body: dict[str, Any]) -> Reply:
        wrong = self._wrong(body)
        return super()._chosen(body) if wrong is None else wrong

    def _wrong(self, body: dict[str, Any]) -> Said | None:
        """What the API says of a request that it does not take."""
        if self.path.partition("?")[0] != "/v1/messages":
            return problem(400, f"no such path {self.path}")
        has_key = self.headers.get("x-api-key") or self.headers.get("authorization")
        if self.wants_key and not has_key:
            return problem(401, "x-api-key header is required")
        version = self.headers.get("anthropic-version")
        if version not in ("2023-06-01", "2026-10-21"):
            return problem(400, "anthropic-version: header is required")
        for name in ("model", "max_tokens", "messages"):
            if name not in body:
                return problem(400, f"{name}: Field required")
        for name in body.keys() - _FIELDS:
            return problem(400, f"{name}: Extra inputs are not permitted")
        for said in _faults(body):
            return problem(400, said)
        if version == "2026-10-21":
            for name in {"temperature", "top_p", "top_k"} & body.keys():
                return problem(400, f"{name}: Extra inputs are not permitted")
        return None

    def _blocks(self, reply: Reply, body: dict[str, Any]) -> list[dict[str, Any]]:
        if isinstance(reply, Said) and reply.blocks is not None:
            return reply.blocks
        text = self.upstream.text_for(body) if reply.text is None else reply.text
        return [{"type": "text", "text": text, "citations": None}]

    def _opening(self, reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"msg_fake{self.upstream.served}", "type": "message", "role": "assistant",
            "model": body["model"], "content": [], "stop_reason": None, "stop_sequence": None,
            "stop_details": None, "usage": {**_counted(reply, body), "output_tokens": 1},
        }  # fmt: skip

    def _ending(self, reply: Reply) -> dict[str, Any]:
        said = reply if isinstance(reply, Said) else Said()
        return {
            "stop_reason": said.stop_reason,
            "stop_sequence": said.stop_sequence,
            "stop_details": said.stop_details,
        }

    def _payload(self, reply: Reply, body: dict[str, Any]) -> bytes:
        if reply.body is not None:
            return reply.body.encode(errors="surrogateescape")
        whole = {
            **self._opening(reply, body), **self._ending(reply),
            "content": self._blocks(reply, body), "usage": _counted(reply, body),
        }  # fmt: skip
        return msgspec.json.encode(whole)

    def _framed(self, event: Any) -> bytes:
        return f"event: {event['type']}\n".encode() + super()._framed(event)

    def _event_values(self, reply: Reply, body: dict[str, Any]) -> list[Any]:
        events: list[Any] = [{"type": "message_start", "message": self._opening(reply, body)}]
        between = reply.between if isinstance(reply, Said) else []
        blocks = self._blocks(reply, body)
        for index, block in enumerate(blocks):
            begun, deltas = _streamed(block, reply.pieces)
            events.append({"type": "content_block_start", "index": index, "content_block": begun})
            if index == 0:
                events.append({"type": "ping"})
            events += [
                {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
            ]
            events += between if index == len(blocks) - 1 else []
            events.append({"type": "content_block_stop", "index": index})
        usage = {"output_tokens": _counted(reply, body)["output_tokens"]}
        events.append({"type": "message_delta", "delta": self._ending(reply), "usage": usage})
        return [*events, {"type": "message_stop"}] if reply.done else events


def _streamed(
    block: dict[str, Any], pieces: list[str] | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How a block begins in a stream, and what is added to it."""
    if block["type"] == "text" and pieces is None:
        pieces = [block["text"][at : at + 5] for at in range(0, len(block["text"]), 5)]
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": one} for one in pieces or ()]
    if block["type"] == "tool_use":
        written = msgspec.json.encode(block["input"]).decode() if block["input"] else ""
        parts = ["", written[:4], written[4:]] if written else [""]
        return {**block, "input": {}}, [
            {"type": "input_json_delta", "partial_json": part} for part in parts
        ]
    if block["type"] in _STREAMED:
        return _STREAMED[block["type"]](block)
    return block, []


def _counted(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    read = len(str(body["messages"])) // 4
    usage = {
        "input_tokens": read, "output_tokens": 7, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "service_tier": "standard",
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    }  # fmt: skip
    return {**usage, **(reply.usage or {})}


def _faults(body: dict[str, Any]) -> list[str]:
    """Of a few rules of the API those that a body breaks."""
    found = []
    turns = body["messages"]
    if not turns:
        found.append("messages: at least one message is required")
    if not 0 <= body.get("temperature", 0) <= 1:
        found.append("temperature: Input should be less than or equal to 1")
    thinking = (body.get("thinking") or {}).get("type", "disabled")
    if thinking != "disabled" and body.get("temperature", 1) != 1:
        found.append("`temperature` may only be set to 1 when thinking is enabled")
    open_calls: set[str] = set()
    for number, turn in enumerate(turns):
        if turn["role"] not in ("user", "assistant", "system"):
            found.append(f"messages.{number}: unexpected role {turn['role']!r}")
        content = turn["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        answered = {b["tool_use_id"] for b in blocks if b["type"] == "tool_result"}
        if open_calls - answered:
            found.append(f"messages.{number}: `tool_use` ids were found without `tool_result`")
        if answered - open_calls:
            found.append(f"messages.{number}: unexpected `tool_use_id` in `tool_result` blocks")
        if any(b["type"] == "text" and not b["text"] for b in blocks):
            found.append(f"messages.{number}: text content blocks must be non-empty")
        open_calls = {b["id"] for b in blocks if b["type"] == "tool_use"}
    for tool in body.get("tools") or ():
        if tool.get("type", "custom") == "custom" and "input_schema" not in tool:
            found.append("tools.0.custom.input_schema: Field required")
    return found
