"""What answers the tool calls of an episode: records first, then live functions, else an error.

    call    1 is it a call of a tool that there is   2 does it need approval, and did one come
            3 a recorded result that fits            4 the live function

Enters: a call that left the request line. Leaves: the text that the model is told, and a record of
it. What never happens here: a tool that needs approval executed without one, recorded or live; a
call that nothing answers passed over, or an answer made up for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct

from roadworthy.domain import (
    ACT_WITHOUT_APPROVAL,
    Approval,
    Case,
    CaseTool,
    NeverRecord,
    ProviderError,
    Tool,
    ToolResult,
    tool_definition,
)
from roadworthy.evaluation import arguments_match
from roadworthy.providers import LiveCall
from roadworthy.serving import ToolCall

Outcome = Literal["answered", "error", "malformed", "unknown", "unrecorded", "unapproved"]


class Answered(Struct, frozen=True, kw_only=True):
    """What became of one call."""

    text: str
    """What the model is told."""
    outcome: Outcome


class ToolDesk:
    """The tools of one episode. Holds its state; used once."""

    def __init__(
        self, case: Case, tools: Sequence[Tool], live: Mapping[str, LiveCall] | None = None
    ) -> None:
        """`tools` are the candidate's; `live` their functions, by name."""
        recorded = case.tools or []
        self._own = {tool.name: tool for tool in recorded}
        self._candidates = {tool.name: tool for tool in tools}
        self._approvals: Sequence[Approval] = case.approvals or []
        self._live = live or {}
        self.state: dict[str, Any] = {}
        """What the calls left behind."""
        self.calls: list[dict[str, Any]] = []
        """Every call with its turn, arguments and outcome, in order."""
        self.never: tuple[NeverRecord, ...] = ()
        """Acts that nobody had approved."""

    def definitions(self) -> list[dict[str, Any]]:
        """What the model is told of the tools, in OpenAI's shape."""
        names = dict.fromkeys((*self._candidates, *self._own))
        return [_definition(name, self._candidates.get(name), self._own.get(name))
                for name in names]  # fmt: skip

    async def answer(self, call: ToolCall, *, turn: int) -> Answered:
        """Answer one call of the user's turn `turn` (0: the first), and record it."""
        found = await self._answered(call, turn)
        arguments = call.text if call.arguments is None else call.arguments
        self.calls.append(
            {
                "turn": turn,
                "tool": call.name,
                "arguments": arguments,
                "outcome": found.outcome,
            }
        )
        return found

    async def _answered(self, call: ToolCall, turn: int) -> Answered:
        # 1
        if call.name not in self._own and call.name not in self._candidates:
            return _refusal("unknown", f"there is no tool named {call.name!r}")
        # 2, before arguments are looked at: an act that nobody approved is one however it is spelt
        if self._needs_approval(call.name) and not self._approved(call, turn):
            act = NeverRecord(event=ACT_WITHOUT_APPROVAL, kind="violation", found_by="trajectory")
            self.never = (*self.never, act)
            return _refusal("unapproved", f"{call.name} needs approval, and nobody gave it")
        if call.arguments is None:
            return _refusal("malformed", "the arguments are no JSON object")
        # 3
        result = self._recorded(call.name, call.arguments)
        if result is not None:
            self.state |= result.sets
            outcome: Outcome = "error" if result.error else "answered"
            return Answered(text=_spoken(result.result), outcome=outcome)
        # 4
        live = self._live.get(call.name)
        if live is None:
            return _refusal("unrecorded", f"no result of {call.name} is recorded for these")
        try:
            return Answered(text=_spoken(await live(call.arguments, self.state)),
                            outcome="answered")  # fmt: skip
        except ProviderError as error:
            return _refusal("error", error.message)

    def _needs_approval(self, name: str) -> bool:
        """As the candidate says; a case can only ask for more, never for less."""
        own, candidates = self._own.get(name), self._candidates.get(name)
        asked = own.needs_approval if own is not None else None
        return bool(asked) or (candidates is not None and candidates.needs_approval)

    def _approved(self, call: ToolCall, turn: int) -> bool:
        return any(
            each.tool == call.name
            and each.turn <= turn
            and call.arguments is not None
            and arguments_match(each.when, call.arguments)
            for each in self._approvals
        )

    def _recorded(self, name: str, arguments: Mapping[str, Any]) -> ToolResult | None:
        own = self._own.get(name)
        results = own.results if own is not None else []
        return next((each for each in results if arguments_match(each.when, arguments)), None)


def _definition(name: str, candidate: Tool | None, own: CaseTool | None) -> dict[str, Any]:
    description = own.description if own is not None else ""
    schema = own.schema if own is not None else {}
    if candidate is not None:
        told = "" if candidate.description is UNSET else candidate.description
        description, schema = told or description, candidate.schema or schema
    return tool_definition(name, description, schema)


def _refusal(outcome: Outcome, message: str) -> Answered:
    return Answered(text=_spoken({"error": message}), outcome=outcome)


def _spoken(result: Any) -> str:
    return result if isinstance(result, str) else msgspec.json.encode(result).decode()
