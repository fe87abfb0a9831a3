"""The tool calls and thoughts that left with an answer: kept sealed, read by rules and by judges.

What enters: deltas of a reply, later what the journal unsealed. What leaves: the calls as JSON, as
the text that rules look at, as the lines that a judge is shown. What never happens here: a call of
a stopped answer, since calls leave whole, with the reply, or not at all (so none leaves with what
a person lets go of a held answer).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from roadworthy.serving import delta_text, thought_text, thoughts, tool_calls

_encode = msgspec.json.Encoder().encode


def calls_kept(deltas: Sequence[dict[str, Any]]) -> str:
    """The calls that leave with a reply of these deltas, and thoughts; empty where it has none."""
    kept = [*(each.as_message() for each in tool_calls(deltas)), *thoughts(deltas)]
    return _encode(kept).decode() if kept else ""


def calls_looked_at(kept: str) -> str:
    """What rules look at: names, arguments as written, what escapes in them spell, thoughts."""
    if not kept:
        return ""
    deltas = _delta(kept)
    texts = (delta_text(deltas), thought_text(thoughts(deltas)))
    return "\n".join(text for text in texts if text)


def calls_shown(kept: str) -> str:
    r"""What a judge reads: a call a line, its arguments with no escape (`\u0062`) left to hide in.

    Arguments that are no JSON object are shown as the text that they are.
    """
    if not kept:
        return ""
    deltas = _delta(kept)
    lines = [
        {"tool": each.name, "arguments": each.arguments or each.text} for each in tool_calls(deltas)
    ]
    thought = thought_text(thoughts(deltas))
    lines += [{"thought": thought}] if thought else []
    return b"\n".join(_encode(line) for line in lines).decode()


def _delta(kept: str) -> list[dict[str, Any]]:
    listed = msgspec.json.decode(kept)
    calls = [each for each in listed if each.get("type") == "function"]
    return [{"tool_calls": calls}, {"thoughts": [each for each in listed if each not in calls]}]
