"""A conversation in chat completions' words becomes one in Anthropic's.

Enters: messages as callers and prompts have them. Leaves: what stands under `system`, and the
turns. What never happens here: a part that is dropped unsaid. What has no counterpart is refused;
blocks of Anthropic's own (thinking, documents, their `cache_control`) go through untouched.
https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from roadworthy.domain import ProviderError

Block = dict[str, Any]
Sourced = Callable[[str, str], Block]
"""What the address of a file becomes; the second is where it stands, for an error."""

_SYSTEM = ("system", "developer")
_OURS = frozenset(("role", "content", "tool_calls", "tool_call_id", "refusal", "annotations"))
_CALLS_OWN = frozenset(("id", "type", "function", "index"))


def unheard(place: str, why: str) -> ProviderError:
    """What Anthropic has no words for. `place` names the field."""
    return ProviderError(f"{place}: {why}", retryable=False, status=400)


def listed(value: Any, place: str) -> list[Any]:
    """A list, or none of it. Raises ProviderError for what is no list."""
    if value is None or isinstance(value, list):
        return value or []
    raise unheard(place, "must be a list")


def turns_of(
    messages: Sequence[dict[str, Any]], sourced: Sourced | None = None
) -> tuple[list[Block], list[dict[str, Any]]]:
    """The blocks of `system` and the turns. Raises ProviderError for what cannot be said.

    Instructions before the first turn are `system`; later ones stay where they are.
    """
    system: list[Block] = []
    turns: list[dict[str, Any]] = []
    shown = sourced or source_of
    for number, message in enumerate(messages):
        place = f"messages[{number}]"
        role = message.get("role")
        if role in _SYSTEM and not turns:
            system += _blocks(message, place, shown)
        elif role in _SYSTEM:
            turns.append({"role": "system", "content": _content(message, place, shown)})
        elif role == "tool":
            _add_result(turns, _result(message, place, shown))
        elif role == "assistant":
            turns.append({"role": "assistant", "content": _said(message, place, shown)})
        elif role == "user":
            _add_user(turns, message, place, shown)
        else:
            raise unheard(place, f"a role {role!r} has no counterpart at Anthropic")
    return system, turns


def source_of(url: str, place: str) -> Block:
    """The source of a file from its address. Raises ProviderError for one of no known kind."""
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    kind, data = _data_url(url, place)
    return {"type": "base64", "media_type": kind, "data": data}


def _add_result(turns: list[dict[str, Any]], result: Block) -> None:
    """Results of one round of calls are one turn of the user."""
    last = turns[-1] if turns else None
    if last is not None and last["role"] == "user" and _ends_in_results(last):
        last["content"].append(result)
    else:
        turns.append({"role": "user", "content": [result]})


def _add_user(
    turns: list[dict[str, Any]], message: dict[str, Any], place: str, shown: Sourced
) -> None:
    """What the user says after results stands in the same turn, behind them."""
    last = turns[-1] if turns else None
    if last is not None and last["role"] == "user" and _ends_in_results(last):
        last["content"] += _blocks(message, place, shown)
    else:
        turns.append({"role": "user", "content": _content(message, place, shown)})


def _ends_in_results(turn: dict[str, Any]) -> bool:
    content = turn["content"]
    return isinstance(content, list) and bool(content) and content[-1]["type"] == "tool_result"


def _content(message: dict[str, Any], place: str, shown: Sourced) -> str | list[Block]:
    """A message's content; a plain text stays one."""
    _require_known(message, place)
    content = message.get("content")
    return content if isinstance(content, str) else _blocks(message, place, shown)


def _blocks(message: dict[str, Any], place: str, shown: Sourced) -> list[Block]:
    _require_known(message, place)
    content = message.get("content")
    if content is None:
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise unheard(f"{place}.content", "neither a text nor a list of parts")
    return [
        _block(part, f"{place}.content[{number}]", shown) for number, part in enumerate(content)
    ]


def _block(part: Any, place: str, shown: Sourced) -> Block:
    """One part as a block; parts of Anthropic's own as they are."""
    if not isinstance(part, dict):
        raise unheard(place, "a part must be an object")
    kind = part.get("type")
    if kind == "image_url":
        return _picture(part, place, shown)
    if kind == "file":
        return _document(part, place, shown)
    if kind == "refusal":
        return {"type": "text", "text": str(part.get("refusal") or "")}
    if kind == "input_audio":
        raise unheard(place, "sound has no counterpart at Anthropic")
    return part


def _picture(part: dict[str, Any], place: str, shown: Sourced) -> Block:
    named = part.get("image_url")
    named = {"url": named} if isinstance(named, str) else named
    if not isinstance(named, dict) or not isinstance(named.get("url"), str):
        raise unheard(place, "an image_url names a url")
    if named.get("detail") not in (None, "auto"):
        raise unheard(f"{place}.image_url.detail", "has no counterpart at Anthropic")
    rest = {name: value for name, value in part.items() if name not in ("type", "image_url")}
    return {"type": "image", "source": shown(named["url"], place), **rest}


def _document(part: dict[str, Any], place: str, shown: Sourced) -> Block:
    file = part.get("file")
    if not isinstance(file, dict) or not isinstance(file.get("file_data"), str):
        raise unheard(place, "a file is sent as `file_data`, a data: URL; ids mean nothing there")
    rest = {name: value for name, value in part.items() if name not in ("type", "file")}
    titled = {"title": file["filename"]} if file.get("filename") else {}
    return {"type": "document", "source": shown(file["file_data"], place), **titled, **rest}


def _data_url(url: str, place: str) -> tuple[str, str]:
    head, comma, data = url.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if not comma or head != f"data:{kind};base64" or "/" not in kind:
        raise unheard(place, "must be an https:// or a data:TYPE;base64, URL")
    return kind, data


def _said(message: dict[str, Any], place: str, shown: Sourced) -> str | list[Block]:
    """What the model said and called before."""
    refused = message.get("refusal")
    calls = listed(message.get("tool_calls"), f"{place}.tool_calls")
    if not refused and not calls and isinstance(message.get("content"), str):
        return _content(message, place, shown)
    blocks = [
        block
        for block in _blocks(message, place, shown)
        if block.get("type") != "text" or block.get("text")  # beside calls it is often empty
    ]
    if isinstance(refused, str) and refused:
        blocks.append({"type": "text", "text": refused})
    for number, call in enumerate(calls):
        blocks.append(_call(call, f"{place}.tool_calls[{number}]"))
    return blocks


def _call(call: Any, place: str) -> Block:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        raise unheard(place, "only calls of functions have a counterpart at Anthropic")
    written = function.get("arguments") or "{}"
    try:
        given = msgspec.json.decode(written) if isinstance(written, str) else written
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise unheard(f"{place}.function.arguments", "no JSON object, and Anthropic takes no other")
    rest = {name: value for name, value in call.items() if name not in _CALLS_OWN}
    return {
        "type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": given,
        **rest,
    }  # fmt: skip


def _result(message: dict[str, Any], place: str, shown: Sourced) -> Block:
    """What a tool said; its name is told by the id already."""
    known = ("role", "content", "tool_call_id", "name")
    rest = {name: value for name, value in message.items() if name not in known}
    said = {"role": "tool", "content": message.get("content")}
    content = _content(said, place, shown)
    block = {"type": "tool_result", "tool_use_id": message.get("tool_call_id"), **rest}
    return {**block, "content": content} if content else block


def _require_known(message: dict[str, Any], place: str) -> None:
    for name, value in message.items():
        if name not in _OURS and value not in (None, [], {}):
            raise unheard(f"{place}.{name}", "has no counterpart at Anthropic")
