"""The request path as what answers a case: input rails, compose, model, output rails, decide.

Enters: a case. Leaves: its observation, of stage `eval`. No door, no journal, no kill switch:
an evaluation asks the same path that the gateway walks, and nothing of it reaches a user. The late
rules, which live traffic meets in the control process, look right after the answer.

`latency_ms` and `first_token_ms` are those of the model calls when they were paid for, so that
an answer from the cache says how long it took, not how long it took to find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from roadworthy.domain import (
    Call,
    Case,
    Clock,
    EvidenceError,
    ModelRequest,
    Observation,
    RoadworthyError,
    Sampling,
    UnavailableError,
    UsageError,
    format_instant,
)
from roadworthy.evaluation import Receipt, new_receipt
from roadworthy.serving import conversation, input_text

from ..late.late_looking import look_late
from ..late.never_judges import NeverJudge, failed_look, look_judged
from ..late.shift_looking import OUT_OF_SCOPE, ShiftLooker, shift_looker
from ..request.called import calls_kept
from ..request.service import Service
from ..request.tool_desk import ToolDesk
from ..request.trace import Reply
from ..request_path import answer
from .episode import opening, play, with_calls
from .players import Players

_TELLS_OF_TOOLS = frozenset({"openai_compatible", "anthropic", "python", "recorded", "local"})
"""Providers that tell their model of tools. Of any other, what it does not call proves nothing."""


class PathTarget:
    """The Target port over `request_path.answer`."""

    def __init__(
        self,
        service: Service,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        players: Players | None = None,
        never: Sequence[NeverJudge] = (),
    ) -> None:
        """`new_id` makes the observations' ids (UUIDv7); `players` are around an episode.

        `never` are the judges that look for never events. Raises ManifestError where the candidate
        names a reference that is broken, UsageError where what it needs is not installed.
        """
        self._service = service
        self._clock = clock
        self._new_id = new_id
        self._players = players or Players()
        self._never = tuple(never)
        self._looker = shift_looker(service.content)

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        """Answer one case once. What fails is an observation with `status="error"`.

        Raises EvidenceError when the answer cannot be kept: going on would pay for it twice, and
        UnavailableError when no other case would be answered either.
        """
        receipt = new_receipt()
        try:
            if case.is_episode:
                observation = await self._played(case, suite, repeat)
            else:
                reply = await self._replied(self._call(case, repeat))
                desk = ToolDesk(case, self._service.content.candidate.tools)
                observation = await with_calls(reply, desk)
        except (EvidenceError, UnavailableError):
            raise
        except RoadworthyError as error:
            observation = self._failed(case, error)
        return msgspec.structs.replace(
            failed_look(observation),
            suite=suite,
            case=case.id,
            repeat=repeat,
            tags=tuple(case.tags),
            facets=case.facets,
            ood=OUT_OF_SCOPE in case.tags if self._looker is not None else None,
            **_durations(receipt, observation),
        )

    def asked(self, case: Case) -> str:
        """What a case asks, as whoever looks at inputs sees it."""
        return input_text(self._call(case, 0))

    async def reply(
        self, case: Case, *, repeat: int, sampling: Sampling | None, extra: Mapping[str, Any]
    ) -> Reply:
        """What is said to a question that somebody else asks, late rules looked at.

        `sampling` and `extra` are the asker's wishes; a release that owns the prompt takes none.
        Raises UsageError where the question would not arrive as it was asked.
        """
        receipt = new_receipt()
        call = self._call(case, repeat)
        if not call.managed:
            call.sampling, call.extra = sampling, dict(extra)
        reply = await self._replied(call)
        timed = msgspec.structs.replace(reply.observation, **_durations(receipt, reply.observation))
        return msgspec.structs.replace(reply, observation=timed)

    def request(self, case: Case) -> ModelRequest:
        """What the model would be asked for a case of one turn. Raises as `answer`'s parts do."""
        return self._service.composer.compose(self._call(case, 0))

    async def _played(self, case: Case, suite: str, repeat: int) -> Observation:
        """A case of several turns, or with tools: each question through the same path."""
        content = self._service.content
        desk = ToolDesk(case, content.candidate.tools, self._players.live)
        self._require_told(case, desk)

        async def ask(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Reply:
            call = self._blank(case, repeat)
            if self.owned:
                self._fill(call, case, messages)
            else:
                call.managed = False
                call.messages = tuple(messages)
                call.extra = {"tools": tools} if tools else {}
            return await self._replied(call)

        user, model = self._players.users.get(suite, (None, ""))
        return await play(case, ask=ask, desk=desk, user=user, model=model, repeat=repeat)

    def _require_told(self, case: Case, desk: ToolDesk) -> None:
        """Raises UsageError where the model would be told of other tools than the case has."""
        if not desk.definitions():
            return
        candidate = self._service.content.candidate
        if candidate.model.provider not in _TELLS_OF_TOOLS:
            raise UsageError(
                f"case {case.id} has tools, and a `{candidate.model.provider}` model is told of"
                " none",
                fix="a model that cannot call a tool shows nothing by not calling it: use"
                " openai_compatible, anthropic, local, python or recorded",
            )
        if candidate.decision is not None:
            raise UsageError(f"case {case.id} has tools, and a decision calls none")
        prompt = self._service.content.prompt
        if prompt is not None and prompt.header.format == "completion":
            raise UsageError(
                f"case {case.id} has tools, and a prompt of format `completion` tells of none",
                fix="write format: chat",
            )
        listed = {tool.name for tool in candidate.tools}
        unlisted = [tool.name for tool in case.tools or () if tool.name not in listed]
        if self.owned and unlisted:
            raise UsageError(
                f"case {case.id} has the tool {unlisted[0]!r}, but the release owns the prompt and"
                " its list does not name it",
                fix="name the tool under `tools` in the candidate: what is evaluated is what is"
                " served",
            )

    async def _replied(self, call: Call) -> Reply:
        reply: Reply | None = None
        async with aclosing(answer(call, self._service, self._clock)) as items:
            async for item in items:
                if isinstance(item, Reply):
                    reply = item
        if reply is None:
            raise UsageError("the request path ended without a reply")
        called, rails = calls_kept(reply.deltas), self._service.rails
        looked = look_late(reply.observation, call, rails, self._clock, called=called)
        asked = input_text(call)
        looked = await look_judged(looked, self._never, asked=asked, called=called)
        looked = _beside_reference(looked, self._looker, asked)
        return msgspec.structs.replace(reply, observation=looked)

    def _blank(self, case: Case, repeat: int) -> Call:
        return Call(
            id=self._new_id(),
            system=self._service.content.system,
            tenant=case.facets.get("tenant", ""),
            facets=case.facets,
            context=case.context,
            stage="eval",
            repeat=repeat,
        )

    @property
    def owned(self) -> bool:
        """Whether the release owns the prompt; else a conversation goes through as it is."""
        content = self._service.content
        return content.prompt is not None or content.candidate.decision is not None

    def _call(self, case: Case, repeat: int) -> Call:
        call = self._blank(case, repeat)
        before = case.turns
        if self.owned and (before or isinstance(case.input, list)):
            self._fill(call, case, [*before, *opening(case)])
        elif before or isinstance(case.input, list):
            call.managed = False
            call.messages = (*before, *opening(case))
        else:
            call.variables = case.input if isinstance(case.input, dict) else {"input": case.input}
        return call

    def _fill(self, call: Call, case: Case, messages: Sequence[dict[str, Any]]) -> None:
        """Let a release that owns the prompt take the conversation, as the gateway does."""
        content = self._service.content
        declared = content.prompt.header.variables if content.prompt is not None else {}
        if declared and "input" not in declared:
            raise UsageError(
                f"case {case.id} is a conversation, and the prompt has no variable `input` for"
                " what the user says"
            )
        _require_said(case, messages)
        said = conversation(messages, content.charter.behaviour.history)
        given = case.input if isinstance(case.input, dict) else {}
        call.variables = {**given, "input": said.text}
        call.messages, call.steps = said.earlier, said.steps

    def _failed(self, case: Case, error: RoadworthyError) -> Observation:
        """The row of a case that could not even be asked."""
        content = self._service.content
        return Observation(
            id=self._new_id(),
            time=format_instant(self._clock.now()),
            system=content.system,
            release=self._service.digest,
            stage="eval",
            tenant=case.facets.get("tenant", ""),
            model=content.candidate.model.name,
            status="error",
            action="error",
            error=error.message,
        )


def _beside_reference(seen: Observation, looker: ShiftLooker | None, asked: str) -> Observation:
    """The row with how it stands to the candidate's reference; as it is where there is none."""
    if looker is None or seen.status == "error":
        return seen
    left = seen.output if seen.action == "answered" else None
    return msgspec.structs.replace(seen, shift=looker.shift(seen.facets, asked, left))


def _require_said(case: Case, messages: Sequence[dict[str, Any]]) -> None:
    """Raises UsageError on what the gateway would drop: nobody should believe that it was asked."""
    for message in messages:
        if message.get("role") not in ("user", "assistant", "tool"):
            raise UsageError(
                f"case {case.id} has a {message.get('role')} message, but the release owns the"
                " prompt",
                fix="give messages of user, assistant and tool only",
            )
        parts = message.get("content")
        if isinstance(parts, list) and any("text" not in part for part in parts):
            raise UsageError(f"case {case.id} has a message that is no text")
    if not messages or messages[-1]["role"] == "assistant":
        raise UsageError(
            f"case {case.id} ends with words of the assistant",
            fix="end with what the user says, or with a tool's result",
        )
    if all(message["role"] != "user" for message in messages):
        raise UsageError(f"case {case.id} is a conversation in which no user speaks")


def _durations(receipt: Receipt, observation: Observation) -> dict[str, Any]:
    """How long the model took, and whether all of it was found in the cache.

    What no model was asked for has no such duration: how fast this machine blocked it today is
    nothing that the same answers would say again.
    """
    if not receipt.paid and not receipt.found:
        failed = observation.status == "error"
        return {} if failed else {"latency_ms": None, "first_token_ms": None}
    return {
        "latency_ms": round(receipt.latency_ms, 3),
        "first_token_ms": (
            None if receipt.first_token_ms is None else round(receipt.first_token_ms, 3)
        ),
        "cache_hit": receipt.cache_hit,
    }
