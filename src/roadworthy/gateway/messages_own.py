"""A body of /v1/messages for an upstream that speaks the same API: nothing of it is left out.

What enters: a body whose fields were checked. What leaves: messages and fields in chat completions'
words, as everywhere, with what only Anthropic knows beside them: `cache_control`, thoughts,
citations, `is_error`, `thinking` … What never happens here: a block that the check did not let in.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .taken_out import TakenOut

_encode = msgspec.json.Encoder().encode

Block = dict[str, Any]


def own_messages(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a body, each block as it came."""
    said: list[dict[str, Any]] = []
    taken = TakenOut("messages")
    if raw.get("system"):
        said.append({"role": "system", "content": _blocks(raw["system"], taken)})
    for message in raw.get("messages") or ():
        said += _turn(message, taken)
    return said


def own_tools(raw: list[Block], functions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tools in chat's words, with what only Anthropic knows of each beside its function."""
    known = ("name", "description", "input_schema", "strict", "type")
    return [
        {**function, **_without(tool, known)} for function, tool in zip(functions, raw, strict=True)
    ]


def _turn(message: dict[str, Any], taken: TakenOut) -> list[dict[str, Any]]:
    content = message["content"]
    if isinstance(content, str):
        return [{"role": message["role"], "content": content}]
    results: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    spoken: list[Block] = []
    for block in content:
        if block["type"] == "tool_result":
            results.append(_result(block, taken))
        elif block["type"] == "tool_use":
            calls.append(_call(block))
        else:
            spoken.append(block)
    if not spoken and not calls:
        return results
    turn: dict[str, Any] = {"role": message["role"]}
    turn["content"] = _blocks(spoken, taken) if spoken else None
    if calls:
        turn["tool_calls"] = calls
    return [*results, turn]


def _result(block: Block, taken: TakenOut) -> dict[str, Any]:
    content = _blocks(block.get("content") or "", taken)
    rest = _without(block, ("type", "tool_use_id", "content"))
    return {"role": "tool", "tool_call_id": block["tool_use_id"], "content": content, **rest}


def _call(block: Block) -> dict[str, Any]:
    function = {"name": block["name"], "arguments": _encode(block.get("input") or {}).decode()}
    rest = _without(block, ("type", "id", "name", "input"))
    return {"id": block["id"], "type": "function", "function": function, **rest}


def _blocks(content: str | list[Block], taken: TakenOut) -> str | list[Block]:
    if isinstance(content, str):
        return content
    return [_file(block, taken) if "source" in block else block for block in content]


def _file(block: Block, taken: TakenOut) -> Block:
    """A picture or a document with a name where its bytes were, as chats have them."""
    source, rest = block["source"], _without(block, ("type", "source"))
    if source["type"] != "base64":
        return block  # the words of a document, which rails read where they stand
    url = f"data:{source['media_type']};base64,{source['data']}"
    if block["type"] == "image":
        return {**taken.picture(url, "messages"), **rest}
    part = taken.document(url, "messages", title=rest.pop("title", None) or "")
    return {**part, **(rest if part["type"] == "file" else {})}


def _without(block: Block, names: tuple[str, ...]) -> Block:
    return {name: value for name, value in block.items() if name not in names}
