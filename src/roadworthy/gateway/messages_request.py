"""POST /v1/messages (Anthropic), the way in: system, turns and tools in chat completions' words.

What enters: bytes. What leaves: a chat request that says the same. What never happens here: a
block that nobody looks at, or a text that rails read otherwise than the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from .dialect import ChatRequest, checked, decoded
from .messages_own import own_messages, own_tools
from .problems import bad_field
from .taken_out import TakenOut


class _Source(Struct):
    """Where the bytes of a picture or document are."""

    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    content: str | list[_Block] | None = None


class _Block(Struct):
    """A block of any type; which fields it needs depends on that."""

    type: str
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, Any] | None = None
    tool_use_id: str | None = None
    content: str | list[_Block] | None = None
    source: _Source | str | None = None
    title: str | None = None
    context: str | None = None


class _Message(Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[_Block]


class _Tool(Struct):
    name: str
    input_schema: dict[str, Any] | None = None
    type: str | None = None
    description: str | None = None
    strict: bool | None = None


class _ToolChoice(Struct):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Metadata(Struct):
    user_id: str | None = None


class _Format(Struct):
    type: Literal["json_schema"]
    schema: dict[str, Any]


class _OutputConfig(Struct):
    format: _Format | None = None
    effort: str | None = None


class MessagesBody(Struct):
    """The fields that are looked at."""

    model: str
    max_tokens: Annotated[int, Meta(ge=1)]
    messages: Annotated[list[_Message], Meta(max_length=4096)] | None = None
    system: str | list[_Block] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    stop_sequences: list[str] | None = None
    tools: list[_Tool] | None = None
    tool_choice: _ToolChoice | None = None
    metadata: _Metadata = field(default_factory=_Metadata)
    output_config: _OutputConfig = field(default_factory=_OutputConfig)
    thinking: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None


_KNOWN = frozenset(MessagesBody.__struct_fields__) - {"thinking"}
_OUTPUT = frozenset(_OutputConfig.__struct_fields__)
_THOUGHTS = frozenset(("thinking", "redacted_thinking"))
_HINTS = frozenset(("cache_control", "inference_geo", "service_tier", "speed"))
"""How Anthropic should run it, not what is asked; they are not passed on."""

_encode = msgspec.json.Encoder().encode


def read_messages_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, MessagesBody)
    if not body.messages and body.variables is None:
        raise bad_field("messages", "messages must hold at least one message")
    messages: list[dict[str, Any]] = []
    taken = TakenOut("messages")
    if body.system:
        messages.append({"role": "system", "content": _text(body.system, "system")})
    for number, message in enumerate(body.messages or []):
        messages += _turn(message, f"messages[{number}]", taken)
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=messages if body.messages else [],
        stream=bool(body.stream),
        user=body.metadata.user_id or "",
        variables=body.variables,
        wishes={
            "temperature": body.temperature,
            "top_p": body.top_p,
            "top_k": body.top_k,
            "max_tokens": body.max_tokens,
            "stop": body.stop_sequences,
        },
        extra=_extra(body),
        media=taken.media,
        foreign=_foreign(raw, body),
        own=lambda: _own(raw, body),
    )


def _foreign(raw: dict[str, Any], body: MessagesBody) -> tuple[str, ...]:
    """What chat completions have no words for."""
    foreign = raw.keys() - _KNOWN - _HINTS
    if (body.thinking or {}).get("type") == "disabled":
        foreign -= {"thinking"}
    if (raw.get("output_config") or {}).keys() - _OUTPUT:
        foreign |= {"output_config"}
    if any(_has_thoughts(message) for message in body.messages or ()):
        foreign |= {"thinking"}
    return tuple(sorted(foreign))


def _has_thoughts(message: _Message) -> bool:
    said = message.content
    return not isinstance(said, str) and any(block.type in _THOUGHTS for block in said)


def _own(raw: dict[str, Any], body: MessagesBody) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Messages and further fields for an upstream of the same API: nothing is left out."""
    extra = _extra(body)
    if body.tools:
        extra["tools"] = own_tools(raw["tools"], extra["tools"])
    extra.pop("response_format", None)
    extra.pop("reasoning_effort", None)
    passed = (raw.keys() - _KNOWN) | {"output_config"}
    extra |= {name: raw[name] for name in sorted(passed) if raw.get(name) is not None}
    return own_messages(raw), extra


def _turn(message: _Message, place: str, taken: TakenOut) -> list[dict[str, Any]]:
    """The chat messages that one message is: results of tools first, then what is said."""
    if isinstance(message.content, str):
        return [{"role": message.role, "content": message.content}]
    said: list[_Block] = []
    calls: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    thought = False
    for number, block in enumerate(message.content):
        at = f"{place}.content[{number}]"
        if block.type == "tool_use" and message.role == "assistant":
            calls.append(_call(block, at))
        elif block.type in _THOUGHTS and message.role == "assistant":
            thought = True
        elif block.type == "tool_result" and message.role == "user":
            if said:
                raise bad_field(at, f"{at}: results of tools stand before what else is said")
            results.append(_result(block, at))
        else:
            said.append(block)
    if not said and not calls:
        if not results and not thought:
            raise bad_field(f"{place}.content", f"{place}.content must hold at least one block")
        return results
    turn: dict[str, Any] = {"role": message.role}
    at = f"{place}.content"
    files = message.role == "user" and any(block.type in _FILES for block in said)
    words = _parts(said, at, taken) if files else _text(said, at)
    turn["content"] = words if said else None
    if calls:
        turn["tool_calls"] = calls
    return [*results, turn]


_FILES = ("image", "document")


def _parts(said: Sequence[_Block], at: str, taken: TakenOut) -> list[dict[str, Any]]:
    """Words and files in their order."""
    found: list[dict[str, Any]] = []
    for block in said:
        source = block.source
        if block.type not in _FILES or not isinstance(source, _Source):
            found.append({"type": "text", "text": _text([block], at)})
            continue
        taken.no_file(source.file_id, at)
        if block.type == "image":
            found.append(taken.picture(_url(source), at))
            continue
        about = [text for text in (block.title, block.context) if text]
        if source.type in ("text", "content"):
            words = _text((source.data if source.type == "text" else source.content) or "", at)
            found.append({"type": "text", "text": "\n".join([*about, words])})
            continue
        found += [{"type": "text", "text": block.context}] if block.context else []
        found.append(taken.document(_url(source), at, title=block.title or ""))
    return found


def _url(source: _Source) -> str | None:
    """The address of a source; of bytes that are here a `data:` one."""
    if source.type == "base64" and source.data is not None:
        return f"data:{source.media_type or ''};base64,{source.data}"
    return source.url


def _call(block: _Block, at: str) -> dict[str, Any]:
    if not block.id or not block.name:
        raise bad_field(at, f"{at}: a tool_use has an id, a name and an input")
    function = {"name": block.name, "arguments": _encode(block.input or {}).decode()}
    return {"id": block.id, "type": "function", "function": function}


def _result(block: _Block, at: str) -> dict[str, Any]:
    if not block.tool_use_id:
        raise bad_field(at, f"{at}: a tool_result has a tool_use_id")
    text = _text(block.content or "", f"{at}.content")
    return {"role": "tool", "tool_call_id": block.tool_use_id, "content": text}


def _text(content: str | Sequence[_Block], place: str) -> str:
    """The text of a content, blocks one a line, as rails and model both read it.

    Raises ApiError for a block that is none: no rail of this version looks at it.
    """
    if isinstance(content, str):
        return content
    texts = []
    for block in content:
        if block.type != "text" or block.text is None:
            raise bad_field(
                place.partition("[")[0],
                f"{place} holds a block of type {block.type!r}: the rails look at text only, so "
                "nothing else is let in but files in messages of the user, where the charter says "
                "so; send blocks of type 'text'",
            )
        texts.append(block.text)
    return "\n".join(texts)


def _extra(body: MessagesBody) -> dict[str, Any]:
    """Tools and structured output in chat completions' words."""
    extra: dict[str, Any] = {}
    if body.tools:
        extra["tools"] = [_tool(tool, number) for number, tool in enumerate(body.tools)]
    choice = body.tool_choice
    if choice is not None:
        if choice.type == "tool" and not choice.name:
            raise bad_field("tool_choice", "tool_choice: name says which tool")
        extra["tool_choice"] = (
            {"type": "function", "function": {"name": choice.name}}
            if choice.type == "tool"
            else {"auto": "auto", "any": "required", "none": "none"}[choice.type]
        )
        if choice.disable_parallel_tool_use is not None:
            extra["parallel_tool_calls"] = not choice.disable_parallel_tool_use
    if body.output_config.effort is not None:
        extra["reasoning_effort"] = body.output_config.effort
    if body.output_config.format is not None:
        schema = {"name": "answer", "schema": body.output_config.format.schema, "strict": True}
        extra["response_format"] = {"type": "json_schema", "json_schema": schema}
    return extra


def _tool(tool: _Tool, number: int) -> dict[str, Any]:
    if tool.type not in (None, "custom"):
        raise bad_field(
            "tools",
            f"tools[{number}]: a tool of type {tool.type!r} is known to Anthropic's models only; "
            "send tools with an input_schema",
        )
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.input_schema or {}}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}
