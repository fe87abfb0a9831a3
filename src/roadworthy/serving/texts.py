"""The texts of a call that rails look at, in order, and the call with them replaced.

Enters: a call. Leaves: every text in it that a model may read: variables of any type, messages
with all their fields, and whatever else a caller's body holds (tools, schemas, a prediction).
Never happens here: a text that goes to a model and is not among these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from roadworthy.domain import Call

from .escapes import unescaped

_OWN = frozenset(
    (
        "adaptive", "additionalProperties", "arguments", "assistant", "budget_tokens",
        "cache_control", "content", "description", "developer", "disabled", "display", "effort",
        "enabled", "enum", "ephemeral", "format", "function", "id", "index", "integer", "is_error",
        "items", "json_object", "json_schema", "name", "number", "object", "output_config",
        "parameters", "properties", "redacted_thinking", "required", "response_format", "role",
        "schema", "signature", "strict", "string", "system", "text", "thinking", "tool",
        "tool_call_id", "tool_calls", "tool_choice", "tools", "ttl", "type", "user",
    )
)  # fmt: skip
"""The API's own words as names, and as values of `role` and `type`: nobody's text."""

_KINDS = ("role", "type")

_TUNING = ("logit_bias",)
"""What of a body holds numbers that no model reads."""


def input_texts(call: Call) -> list[str]:
    """Every text that a caller sent, in the order in which a model reads them.

    Earlier turns, the variables that fill the prompt (or the prompt itself), steps since then, and
    what else the body holds.
    """
    texts: list[str] = []
    for message in call.messages:
        if _is_plain(message):
            texts.append(message["content"])
        else:
            _gather(message, texts)
    if call.managed:
        for value in call.variables.values():
            _gather(value, texts, figures=True)
    if call.prompt is not None:
        texts.append(call.prompt)
    for message in call.steps:
        _gather(message, texts)
    if call.extra:
        _gather(call.extra, texts)
    return texts


def input_text(call: Call) -> str:
    """All of it as one text, one part a line."""
    return "\n".join(input_texts(call))


def with_texts(call: Call, texts: Sequence[str]) -> Call:
    """The call with its texts replaced, in the order of `input_texts`."""
    left = iter(texts)
    messages = tuple(_replaced(message, left) for message in call.messages)
    variables = call.variables
    if call.managed:
        variables = {
            name: _replaced(value, left, figures=True) for name, value in variables.items()
        }
    prompt = None if call.prompt is None else next(left)
    steps = tuple(_replaced(message, left) for message in call.steps)
    extra = _replaced(call.extra, left) if call.extra else call.extra
    return structs.replace(
        call, variables=variables, prompt=prompt, messages=messages, steps=steps, extra=extra
    )


def is_plain_talk(call: Call) -> bool:
    """Whether a call is words and nothing else: then nothing stands between them, or is escaped."""
    if call.steps or call.extra:
        return False
    for each in call.messages:  # noqa: SIM110 - every plain question waits for this
        if not _is_plain(each):
            return False
    return True


def escaped_texts(texts: Sequence[str]) -> list[str]:
    """What escapes in texts spell: arguments, results and schemas may be JSON in JSON."""
    found: list[str] = []
    for each in texts:  # a comprehension costs a plain question as much as the look itself
        if "\\" in each:
            found += unescaped(each)
    return found


def texts_between(call: Call) -> list[str]:
    """What a model may read that is none of the call's texts.

    The parts of a message with nothing between them, as some templates put them together, and
    figures in messages and schemas, one text for all.
    """
    found: list[str] = []
    figures: dict[str, None] = {}
    for message in (*call.messages, *call.steps):
        if _is_plain(message):
            continue
        parts = _parts(message)
        if len(parts) > 1:
            found.append("".join(parts))
        _gather_figures(message, figures)
    for name, value in call.extra.items():
        if isinstance(value, dict | list) and name not in _TUNING:
            _gather_figures(value, figures)
    if figures:
        found.append(f"|{'|'.join(figures)}|")  # no pattern takes two for one
    return found


def spoken_texts(call: Call) -> list[str]:
    """The same without what stands between the words: ids, names, arguments, further fields."""
    texts: list[str] = []
    for message in call.messages:
        _gather(message.get("content"), texts)
    if call.managed:
        for value in call.variables.values():
            _gather(value, texts, figures=True)
    if call.prompt is not None:
        texts.append(call.prompt)
    for message in call.steps:
        _gather(message.get("content"), texts)
    return texts


def message_text(message: Mapping[str, Any]) -> str:
    """A message's content as one text, parts one a line; empty where there is none."""
    content = message.get("content")
    return content if isinstance(content, str) else "\n".join(_parts(message))


def message_texts(message: Mapping[str, Any]) -> list[str]:
    """Every text of a message."""
    texts: list[str] = []
    _gather(message, texts)
    return texts


def _is_plain(message: Mapping[str, Any]) -> bool:
    """A role of the API's and a text: nearly every message."""
    role = message.get("role")
    return (
        isinstance(role, str)
        and role in _OWN
        and isinstance(message.get("content"), str)
        and len(message) == 2
    )


def _gather(value: Any, texts: list[str], *, figures: bool = False) -> None:
    """Add every text in a JSON value, names of objects included; with `figures` numbers too."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _OWN:
                texts.append(name)
            if not _is_own(name, inner):
                _gather(inner, texts, figures=figures)
    elif isinstance(value, list | tuple):
        for inner in value:
            _gather(inner, texts, figures=figures)
    elif figures and _is_figure(value):
        texts.append(str(value))


def _replaced(value: Any, left: Iterator[str], *, figures: bool = False) -> Any:
    """The value with its texts replaced, in the order of `_gather`."""
    if isinstance(value, str):
        return next(left)
    if isinstance(value, dict):
        said = {}
        for name, inner in value.items():
            key = name if name in _OWN else next(left)
            said[key] = inner if _is_own(name, inner) else _replaced(inner, left, figures=figures)
        return said
    if isinstance(value, list | tuple):
        return type(value)(_replaced(inner, left, figures=figures) for inner in value)
    if figures and _is_figure(value):
        text = next(left)
        return value if text == str(value) else text
    return value


def _is_own(name: str, value: Any) -> bool:
    return name in _KINDS and isinstance(value, str) and value in _OWN


def _parts(message: Mapping[str, Any]) -> list[str]:
    """The texts of a message's parts; none where its content is one text."""
    content = message.get("content")
    parts = content if isinstance(content, list) else ()
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return [text for text in texts if isinstance(text, str) and text]


def _gather_figures(value: Any, figures: dict[str, None]) -> None:
    """Add every number in a JSON value, each once, whole ones as they are written."""
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            _gather_figures(inner, figures)
    elif _is_figure(value):
        whole = isinstance(value, float) and value.is_integer()
        figures[str(int(value)) if whole else str(value)] = None


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
