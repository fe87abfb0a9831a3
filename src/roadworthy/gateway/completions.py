"""POST /v1/completions (OpenAI): one text to be continued, in the API's own shape.

What enters: bytes, later a reply. What leaves: a chat request whose words are one text, and its
answer. What never happens here: a prompt of tokens, which no rail can read, or a tool call passed
over in silence.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import TokenLogprob
from roadworthy.flows.request.trace import Reply

from .about import about
from .chat_reply import DONE, usage_of
from .dialect import ChatRequest, Dialect, checked, decoded
from .older_request import OlderBody
from .problems import ApiError, bad_field


class CompletionBody(OlderBody):
    """The fields that are looked at; every other one passes through."""

    prompt: str | list[Any] | None = None
    best_of: int | None = None
    echo: bool | None = None
    suffix: str | None = None


_OURS = frozenset(CompletionBody.__struct_fields__)
_encoder = msgspec.json.Encoder()


def read_completion_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, CompletionBody)
    body.require_one("n", "best_of")
    if body.echo:
        raise bad_field("echo", "echo: the prompt is not said again; leave it out")
    if body.suffix:
        raise bad_field("suffix", "suffix: nothing is filled in before a text; leave it out")
    prompt = _prompt(body)
    if not prompt and body.variables is None:
        raise bad_field("prompt", "prompt must be a text")
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=[{"role": "user", "content": prompt}] if prompt else [],
        prompt=prompt or None,
        stream=bool(body.stream),
        include_usage=body.include_usage,
        user=body.user or "",
        variables=body.variables,
        wishes=body.wishes(max_tokens=body.max_tokens),
        extra={name: value for name, value in raw.items() if name not in _OURS},
    )


def _prompt(body: CompletionBody) -> str:
    if body.prompt is None or isinstance(body.prompt, str):
        return body.prompt or ""
    if len(body.prompt) == 1 and isinstance(body.prompt[0], str):
        return body.prompt[0]
    raise bad_field(
        "prompt", "prompt must be one text: the rails read no tokens, and one answer a request"
    )


def text_completion(reply: Reply, asked: ChatRequest, created: int) -> bytes:
    """The body of a plain answer. Raises ApiError for a tool call: the API has no place for it."""
    _refuse_calls(reply)
    said = _opening(reply.observation.id, asked, created)
    said["choices"] = [_choice(reply.text, reply)]
    said["usage"] = usage_of(reply.usage)
    said["roadworthy"] = about(reply.observation)
    return _encoder.encode(said)


class TextEvents:
    """Encodes the chunks of one stream."""

    def __init__(self, observation_id: str, asked: ChatRequest, created: int) -> None:
        self._usage = asked.include_usage
        self._head = _opening(observation_id, asked, created)

    def first(self) -> bytes:
        """Nothing: nobody is named before he speaks."""
        return b""

    def piece(self, text: str) -> bytes:
        """A piece of the answer."""
        return self._chunk(choices=[_choice(text, None)])

    def last(self, reply: Reply) -> bytes:
        """Everything after the last piece. Raises ApiError like `text_completion`."""
        _refuse_calls(reply)
        parts = [self.piece(reply.rest)] if reply.rest else []
        parts.append(self._chunk(choices=[_choice("", reply)], roadworthy=about(reply.observation)))
        if self._usage:
            parts.append(self._chunk(choices=[], usage=usage_of(reply.usage)))
        parts.append(DONE)
        return b"".join(parts)

    def error(self, problem: ApiError) -> bytes:
        """An error in the middle of a stream."""
        return b"data: " + problem.body() + b"\n\n"

    def _chunk(self, **fields: Any) -> bytes:
        chunk = {**self._head, "usage": None} if self._usage else self._head
        return b"data: " + _encoder.encode({**chunk, **fields}) + b"\n\n"


COMPLETIONS = Dialect(
    read=read_completion_request, whole=text_completion, events=TextEvents, words="prompt"
)


def _opening(observation_id: str, asked: ChatRequest, created: int) -> dict[str, Any]:
    return {
        "id": f"cmpl-{observation_id}",
        "object": "text_completion",
        "created": created,
        "model": asked.model,
    }


def _choice(text: str, ended: Reply | None) -> dict[str, Any]:
    return {
        "index": 0,
        "text": text,
        "logprobs": _logprobs(ended.logprobs) if ended is not None else None,
        "finish_reason": (ended.finish_reason or "stop") if ended is not None else None,
    }


def _refuse_calls(reply: Reply) -> None:
    if any(delta.get("tool_calls") for delta in reply.deltas):
        raise ApiError(
            502,
            "the model called a tool, which this endpoint cannot say; ask /v1/chat/completions",
            code="upstream_error",
        )


def _logprobs(tokens: tuple[TokenLogprob, ...]) -> dict[str, Any] | None:
    if not tokens:
        return None
    offsets, at = [], 0
    for token in tokens:
        offsets.append(at)
        at += len(token.token)
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [token.top for token in tokens],
        "text_offset": offsets,
    }
