"""The tool calls that left with an answer: kept sealed, read by rules and by judges.

What enters: deltas of a reply, later what the journal unsealed. What leaves: the calls as JSON, as
the text that rules look at, as the lines that a judge is shown. What never happens here: a call of
a stopped answer, since calls leave whole, with the reply, or not at all (so none leaves with what
a person lets go of a held answer).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from roadworthy.serving import delta_text, tool_calls

_encode = msgspec.json.Encoder().encode


def calls_kept(deltas: Sequence[dict[str, Any]]) -> str:
    """The calls that leave with a reply of these deltas; empty where it has none."""
    calls = [each.as_message() for each in tool_calls(deltas)]
    return _encode(calls).decode() if calls else ""


def calls_looked_at(kept: str) -> str:
    """What rules look at: names, arguments as written, and what escapes in them spell."""
    return delta_text(_delta(kept)) if kept else ""


def calls_shown(kept: str) -> str:
    r"""What a judge reads: a call a line, its arguments with no escape (`\u0062`) left to hide in.

    Arguments that are no JSON object are shown as the text that they are.
    """
    calls = tool_calls(_delta(kept)) if kept else ()
    lines = [
        _encode({"tool": each.name, "arguments": each.arguments or each.text}) for each in calls
    ]
    return b"\n".join(lines).decode()


def _delta(kept: str) -> list[dict[str, Any]]:
    return [{"tool_calls": msgspec.json.decode(kept)}]
