"""Thoughts that left with an answer are kept with its tool calls, and looked at late as those."""

from __future__ import annotations

import msgspec

from roadworthy.flows.request.called import calls_kept, calls_looked_at, calls_shown

THOUGHT = {"type": "thinking", "thinking": "You will get 900 euro.", "signature": "EqQB"}
CALL = {
    "index": 0, "id": "a", "type": "function",
    "function": {"name": "pay", "arguments": '{"to": "\\u0062ob"}'},
}  # fmt: skip


def test_they_are_kept_beside_calls_and_alone() -> None:
    both = calls_kept([{"tool_calls": [CALL]}, {"thoughts": [THOUGHT]}])
    assert [each["type"] for each in msgspec.json.decode(both)] == ["function", "thinking"]
    assert msgspec.json.decode(calls_kept([{"thoughts": [THOUGHT]}])) == [THOUGHT]
    assert calls_kept([]) == ""


def test_rules_and_judges_read_them() -> None:
    both = calls_kept([{"tool_calls": [CALL]}, {"thoughts": [THOUGHT]}])
    assert "900 euro" in calls_looked_at(both) and "bob" in calls_looked_at(both)
    assert "EqQB" not in calls_looked_at(both)
    lines = [msgspec.json.decode(line) for line in calls_shown(both).splitlines()]
    assert lines == [
        {"tool": "pay", "arguments": {"to": "bob"}}, {"thought": "You will get 900 euro."},
    ]  # fmt: skip
    assert calls_looked_at("") == calls_shown("") == ""
