"""What a case with several turns or tools adds: who speaks, what tools say, what must be done.

Arguments are described by matchers, which are plain JSON. A value means equality; a mapping with
one of these keys means more: `$any_of` (a list of matchers), `$like` (texts, compared without
case, spaces and punctuation), `$regex` (RE2, somewhere in a text), `$any` (whatever it is),
`$optional` (a matcher of an argument that may also be left out).
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field

from .charter import Count
from .file import File

MATCHERS = ("$any_of", "$like", "$regex", "$any", "$optional")
"""The keys that make a mapping a matcher."""

ACT_WITHOUT_APPROVAL = "act-without-approval"
"""The never event of a call that needs approval, that left, and that nobody had approved."""

Turns = Annotated[int, Meta(ge=1, le=100)]


def tool_definition(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """What a model is told of a tool, in OpenAI's shape."""
    parameters = schema or {"type": "object", "properties": {}}
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


class ToolResult(File, frozen=True, kw_only=True):
    """What a recorded tool says to calls whose arguments match; the first that fits answers."""

    when: dict[str, Any] = field(default_factory=dict)
    """Argument -> matcher; arguments that are not named may be anything."""
    result: Any = ""
    error: bool = False
    """Whether the result says that the tool failed."""
    sets: dict[str, Any] = field(default_factory=dict)
    """What the call changes in the episode's state."""


class CaseTool(File, frozen=True, kw_only=True):
    """A tool of a case: one of the candidate's with recorded results, or one of the case's own."""

    name: str
    description: str = ""
    schema: dict[str, Any] = field(default_factory=dict)
    """JSON Schema of the arguments; empty: the candidate's."""
    needs_approval: bool | None = None
    """None: as the candidate says; a tool that it does not name needs none."""
    results: list[ToolResult] = field(default_factory=list)


class Approval(File, frozen=True, kw_only=True):
    """From which turn of the user on a tool may be used that needs approval."""

    tool: str
    when: dict[str, Any] = field(default_factory=dict)
    """Argument -> matcher: what exactly was approved."""
    turn: Count = 0
    """0: from the beginning; 1: from the user's second turn on."""


class SimulatedUser(File, frozen=True, kw_only=True):
    """A user whom the suite's `user` model plays, after `input`, which opens the conversation."""

    persona: str
    goal: str
    most_turns: Turns = 6
    """The user speaks at most so often, `input` included."""


class ExpectedCall(File, frozen=True, kw_only=True):
    """One call that must be made."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    """Argument -> matcher."""
    exactly: bool = False
    """Whether no other argument may be given."""


class Trajectory(File, frozen=True, kw_only=True):
    """What must be done on the way to the answer. Only calls that left the request line count."""

    calls: list[ExpectedCall] = field(default_factory=list)
    """Each must be made, by a call of its own."""
    ordered: bool = False
    """Whether in this order; others may lie between."""
    only: bool = False
    """Whether no other call may be made."""
    never: list[str] = field(default_factory=list)
    """Tools that must not be called; `*` means none at all."""
    at_most: Count | None = None
    """Calls, all of them."""
    state: dict[str, Any] = field(default_factory=dict)
    """Key -> matcher: what the tools must have left behind."""


class LiveTool(File, frozen=True, kw_only=True):
    """The function behind a tool: `function(arguments, state) -> result`, in the folder."""

    file: str
    function: str
    digest: str
    """Of the source; another source is not run."""
    trusted: bool = False
    """It runs with all rights of this process, so somebody must say that it may."""
    timeout_s: Annotated[float, Meta(ge=0.01, le=600)] = 10.0
