"""POST /v1/responses (OpenAI), the way in: items and tools in chat completions' own words.

What enters: bytes. What leaves: a chat request that says the same. What never happens here: an
item that nobody looks at, or one that stands for something stored: nothing is stored here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from .dialect import ChatRequest, checked, decoded
from .problems import bad_field
from .taken_out import TakenOut


class _Sound(Struct):
    data: str
    format: str


class _Part(Struct):
    type: str
    text: str | None = None
    image_url: str | None = None
    detail: str | None = None
    input_audio: _Sound | None = None
    file_data: str | None = None
    filename: str | None = None
    file_url: str | None = None
    file_id: str | None = None


class _Item(Struct):
    """An item of any type; which fields it needs depends on that."""

    type: str = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | list[_Part] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | list[_Part] | None = None


class _Tool(Struct):
    type: str
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class _ToolChoice(Struct):
    type: str
    name: str | None = None


class _Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


class _Text(Struct):
    format: _Format | None = None
    verbosity: str | None = None


class _Reasoning(Struct):
    effort: str | None = None


class ResponsesBody(Struct):
    """The fields that are looked at."""

    model: str
    input: str | Annotated[list[_Item], Meta(max_length=4096)] | None = None
    instructions: str | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    text: _Text = field(default_factory=_Text)
    tools: list[_Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | _ToolChoice | None = None
    reasoning: _Reasoning | None = None
    include: list[str] | None = None
    user: str | None = None
    variables: dict[str, Any] | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    stream_options: dict[str, Any] | None = None


_WORDS = ("input_text", "output_text")
_KNOWN = frozenset(ResponsesBody.__struct_fields__)
_ALIKE = (
    "metadata", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_retention",
    "safety_identifier", "seed", "service_tier", "top_logprobs",
)  # fmt: skip
"""Fields that mean the same to chat completions."""

_LOGPROBS = "message.output_text.logprobs"
_INCLUDE = (_LOGPROBS, "reasoning.encrypted_content")
"""What may be asked for: no reasoning leaves here, so there is never any to include."""


def read_responses_request(data: bytes) -> ChatRequest:
    """Decode and check a body. Raises ApiError (400) that names the field."""
    raw = decoded(data)
    body = checked(raw, ResponsesBody)
    _refuse_stored(body)
    if not body.input and body.variables is None:
        raise bad_field("input", "input must be a text or a list with at least one item")
    messages: list[dict[str, Any]] = []
    taken = TakenOut("input")
    if body.instructions:
        messages.append({"role": "system", "content": body.instructions})
    if isinstance(body.input, str):
        messages.append({"role": "user", "content": body.input})
    else:
        for number, item in enumerate(body.input or []):
            _add(messages, item, f"input[{number}]", taken)
    return ChatRequest(
        raw=raw,
        model=body.model,
        messages=messages if body.input else [],
        stream=bool(body.stream),
        user=body.user or "",
        variables=body.variables,
        wishes={
            "temperature": body.temperature,
            "top_p": body.top_p,
            "max_tokens": body.max_output_tokens,
        },
        extra=_extra(body, raw),
        media=taken.media,
        foreign=_foreign(body, raw),
    )


def _refuse_stored(body: ResponsesBody) -> None:
    """Refuse what would need an answer that was stored, or one to be stored."""
    if body.store:
        raise bad_field("store", "store: no response is stored here; send store: false")
    if body.background:
        raise bad_field("background", "background: a response is waited for; leave it out")
    for name in ("previous_response_id", "conversation", "prompt"):
        if getattr(body, name) is not None:
            raise bad_field(name, f"{name}: nothing is stored here; send the whole in `input`")


def _foreign(body: ResponsesBody, raw: dict[str, Any]) -> tuple[str, ...]:
    names = {name for name in raw if name not in _KNOWN and name not in _ALIKE}
    if body.truncation == "auto":
        names.add("truncation")
    if any(each not in _INCLUDE for each in body.include or ()):
        names.add("include")
    return tuple(sorted(names))


def _add(messages: list[dict[str, Any]], item: _Item, at: str, taken: TakenOut) -> None:
    """Add an item to the conversation; calls join the words that the assistant said before."""
    if item.type == "message":
        if item.role is None:
            raise bad_field(at, f"{at}: a message has a role")
        at = f"{at}.content"
        files = item.role == "user" and isinstance(item.content, list)
        said = _parts(item.content, at, taken) if files else _text(item.content, at)
        messages.append({"role": item.role, "content": said})
    elif item.type == "function_call":
        if not item.call_id or not item.name or item.arguments is None:
            raise bad_field(at, f"{at}: a function_call has a call_id, a name and arguments")
        function = {"name": item.name, "arguments": item.arguments}
        call = {"id": item.call_id, "type": "function", "function": function}
        if not messages or messages[-1]["role"] != "assistant":
            messages.append({"role": "assistant", "content": None})
        messages[-1].setdefault("tool_calls", []).append(call)
    elif item.type == "function_call_output":
        if not item.call_id:
            raise bad_field(at, f"{at}: a function_call_output has a call_id")
        text = _text(item.output, f"{at}.output")
        messages.append({"role": "tool", "tool_call_id": item.call_id, "content": text})
    else:
        raise bad_field(at, f"{at} is of type {item.type!r}: {_TEXT_ONLY}")


_TEXT_ONLY = (
    "the rails look at text only, so nothing else is let in but files in messages of the user, "
    "where the charter says so; send text and function calls"
)


def _parts(content: Any, at: str, taken: TakenOut) -> str | list[dict[str, Any]]:
    """Words and files in their order; words alone are one text."""
    if all(part.type in _WORDS for part in content):
        return _text(content, at)
    found: list[dict[str, Any]] = []
    for part in content:
        if part.type == "input_image":
            taken.no_file(part.file_id, at)
            more = {} if part.detail is None else {"detail": part.detail}
            found.append(taken.picture(part.image_url, at, **more))
        elif part.type == "input_audio" and part.input_audio is not None:
            found.append(taken.sound(part.input_audio.data, part.input_audio.format, at))
        elif part.type == "input_file":
            taken.no_file(part.file_id, at)
            url = part.file_url or part.file_data
            found.append(taken.document(url, at, title=part.filename or ""))
        else:
            found.append({"type": "text", "text": _text([part], at)})
    return found


def _text(content: str | list[_Part] | None, place: str) -> str:
    """The text of a content, parts one a line, as rails and model both read it."""
    if isinstance(content, str):
        return content
    if not content:
        raise bad_field(place, f"{place} must hold a text")
    texts = []
    for part in content:
        if part.type not in _WORDS or part.text is None:
            at = place.partition("[")[0]
            raise bad_field(at, f"{place} holds a part of type {part.type!r}: {_TEXT_ONLY}")
        texts.append(part.text)
    return "\n".join(texts)


def _extra(body: ResponsesBody, raw: dict[str, Any]) -> dict[str, Any]:
    """Tools, structured output and what means the same, in chat completions' words."""
    extra = {name: raw[name] for name in _ALIKE if raw.get(name) is not None}
    if body.top_logprobs is not None or _LOGPROBS in (body.include or ()):
        extra["logprobs"] = True
    if body.tools:
        extra["tools"] = [_tool(tool, number) for number, tool in enumerate(body.tools)]
    if isinstance(body.tool_choice, _ToolChoice):
        if body.tool_choice.type != "function" or not body.tool_choice.name:
            raise bad_field("tool_choice", "tool_choice: none, auto, required or a function")
        extra["tool_choice"] = {"type": "function", "function": {"name": body.tool_choice.name}}
    elif body.tool_choice is not None:
        extra["tool_choice"] = body.tool_choice
    if body.text.format is not None and body.text.format.type != "text":
        extra["response_format"] = _format(body.text.format)
    if body.text.verbosity is not None:
        extra["verbosity"] = body.text.verbosity
    if body.reasoning is not None and body.reasoning.effort is not None:
        extra["reasoning_effort"] = body.reasoning.effort
    return extra


def _format(wanted: _Format) -> dict[str, Any]:
    if wanted.type == "json_object":
        return {"type": "json_object"}
    if not wanted.name or wanted.schema is None:
        raise bad_field("text.format", "text.format: a json_schema has a name and a schema")
    schema: dict[str, Any] = {"name": wanted.name, "schema": wanted.schema}
    for name in ("strict", "description"):
        if getattr(wanted, name) is not None:
            schema[name] = getattr(wanted, name)
    return {"type": "json_schema", "json_schema": schema}


def _tool(tool: _Tool, number: int) -> dict[str, Any]:
    if tool.type != "function" or not tool.name:
        raise bad_field(
            "tools",
            f"tools[{number}]: a tool of type {tool.type!r} runs at OpenAI; send functions, each "
            "with a name",
        )
    function: dict[str, Any] = {"name": tool.name}
    for name in ("description", "parameters", "strict"):
        if getattr(tool, name) is not None:
            function[name] = getattr(tool, name)
    return {"type": "function", "function": function}
