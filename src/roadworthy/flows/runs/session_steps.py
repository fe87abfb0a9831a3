"""A run's questions in their sessions: each row says how it stands to those before it.

Enters: a plan and a target. Leaves: the same observations, those of a session with its name, their
steps, and whether they ask again. What never happens here: a step that depends on which answer came
first: a session's order is its suite's, whatever was asked when. A single question is in none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from roadworthy.domain import Asked, Case, Observation, Shift, Step, Target, last_words
from roadworthy.evaluation import Plan
from roadworthy.monitoring import STEPS

from ..late.session_trail import Reader, Trail

Name = tuple[str, str]
"""(suite, session)."""


class SteppedTarget:
    """The Target port before another one."""

    def __init__(self, target: Target, planned: Plan) -> None:
        self._target = target
        self._cases: dict[Name, list[Case]] = {}
        for item in planned.items:
            if item.repeat == 0 and item.case.session is not UNSET:
                self._cases.setdefault((item.suite, item.case.session), []).append(item.case)
        self._steps: dict[Name, dict[str, list[Step]]] = {}
        self._reader: Reader | None = None

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        """Answer, and say how what was asked stands to what was asked before."""
        found = await self._target.answer(case, suite=suite, repeat=repeat)
        steps = self._steps_of(case, suite, found)
        if not steps:
            return found
        rephrased = any(step.again for step in steps) if steps[-1].at else None
        return msgspec.structs.replace(
            found,
            session="" if case.session is UNSET else case.session,
            shift=msgspec.structs.replace(found.shift or Shift(), rephrased=rephrased),
            attributes={**found.attributes, STEPS: msgspec.to_builtins(steps)},
        )

    def _steps_of(self, case: Case, suite: str, found: Observation) -> list[Step]:
        """The steps of a case; of an episode in no session those of what was really said."""
        if case.session is UNSET:
            said = _said(case, found)
            return self._read(Trail(), said) if len(said) > 1 else []
        name = (suite, case.session)
        if name not in self._steps:
            trail = Trail()
            self._steps[name] = {
                each.id: self._read(trail, _said(each)) for each in self._cases[name]
            }
        return self._steps[name][case.id]

    def _read(self, trail: Trail, said: Sequence[str]) -> list[Step]:
        if self._reader is None:
            self._reader = Reader()
        return [self._reader.step(trail, words) for words in said]


def _said(case: Case, found: Observation | None = None) -> list[str]:
    """What the user says in a case, in its order; of a played one what was said."""
    told = found.attributes.get("trajectory") if found is not None else None
    if told and told.get("messages"):
        return _by_user(told["messages"])
    given = case.input
    before = [turn for turn in case.turns if "role" in turn]
    script = [turn.user for turn in case.script if turn.user]
    if isinstance(given, list):
        return [*_by_user([*before, *given]), *script]
    return [*_by_user(before), last_words(Asked(input=given)), *script]


def _by_user(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        last_words(Asked(input=[dict(message)]))
        for message in messages
        if message.get("role") == "user"
    ]
