"""What was asked, as whoever judges an answer must see it: a rater or a judge.

Enters: a case and its row. Leaves: the input, with what was said before it. What never happens
here: what a case expects of a turn told to who judges it, or a turn that nobody said.
"""

from __future__ import annotations

from typing import Any

from roadworthy.domain import Case, Observation


def asked_of(case: Case, row: Observation) -> Any:
    """The input; of a conversation all messages that stood before the answer.

    Of an episode those that were really said, a simulated user's and the tools' among them.
    """
    told = row.attributes.get("trajectory")
    if told and told.get("messages"):
        messages = list(told["messages"])
        last = messages[-1]
        if last.get("role") == "assistant" and last.get("content") == row.output:
            messages.pop()
        return messages
    if not case.turns or case.script:
        return case.input
    before = (
        case.input if isinstance(case.input, list) else [{"role": "user", "content": case.input}]
    )
    return [*case.turns, *before]
