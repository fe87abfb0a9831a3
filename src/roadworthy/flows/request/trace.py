"""What is known of one call so far, and the observation and reply that it ends in."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Callable
from typing import Any

from msgspec import Struct, field

from roadworthy.domain import (
    Call,
    Chunk,
    Clock,
    KillFlag,
    NeverRecord,
    Observation,
    ProviderError,
    RailVerdict,
    TokenLogprob,
    Usage,
    format_instant,
    require_sound,
    sha256,
)
from roadworthy.serving import Decided, RailOutcome, tool_calls

from .service import Service

_FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""All that the API knows. A model's own word is none of them: no rail looks at it."""

_ENDED = {"ended"}


class Reply(Struct, frozen=True, kw_only=True):
    """How a call ended. `text` is all of the answer, pieces that already left included."""

    text: str
    rest: str
    """What has not left yet; a door sends it last."""
    observation: Observation
    finish_reason: str
    usage: Usage = Usage()
    logprobs: tuple[TokenLogprob, ...] = ()
    deltas: tuple[dict[str, Any], ...] = ()
    """Tool calls and other raw parts of the upstream's reply."""
    ended: dict[str, Any] = field(default_factory=dict)
    """How the upstream says that it ended, where chat has no word: `reason` and `sequence`."""
    vectors: tuple[list[float], ...] = ()
    """In the place of text, of a call that asked for them."""
    kill: KillFlag | None = None
    error: str = ""
    asked: str = ""
    """The input, as the journal keeps it; a door has no use for it."""


Path = AsyncGenerator[str | Reply, None]
Walk = Callable[[Call, Service, Clock], Path]
"""Step 3 of the request line: what may leave, then one Reply."""


class Trace:
    """What is known of one call so far; makes its observation and reply once."""

    def __init__(
        self, call: Call, service: Service, clock: Clock, started: float, *, asked: str
    ) -> None:
        """`asked` is the whole input as one text."""
        self._call = call
        self._service = service
        self._clock = clock
        self._started = started
        self._asked = asked
        self._clean: tuple[RailVerdict, ...] | None = None
        self._first_ms: float | None = None
        self._sent: list[str] = []
        self._raw: list[str] = []
        self.verdicts: list[RailVerdict] = []
        self._never: list[NeverRecord] = []
        self._labels: list[str] = []
        self._turns = 1
        self._usage = Usage()
        self._spent = Usage()
        """What earlier turns took, once the model is asked again."""
        self._finish = ""
        self.logprobs: list[TokenLogprob] = []
        self.deltas: list[dict[str, Any]] = []
        self.ended: dict[str, Any] = {}
        """How the answer ended in the upstream's own words, where it has more than chat has."""
        self.stopped_by = ""
        """The rail that stopped the call."""
        self.cached = False
        """Whether nobody was asked: the answer is an earlier one."""
        self.similar = False
        """Whether the earlier answer is one to a question that asks the same."""
        self.alike: tuple[bytes, bytes] | None = None
        """What the question comes to, and the question: how the answer may be kept."""
        self.refused = False
        """Whether the upstream called its answer a refusal."""
        self.logprobs_leave = True
        """False once a rail objects to what they spell."""
        self.label_logprobs: dict[str, float] | None = None

    @property
    def raw(self) -> str:
        """What the model said."""
        return "".join(self._raw)

    @property
    def sent(self) -> str:
        """What left so far."""
        return "".join(self._sent)

    def note(self, outcome: RailOutcome) -> None:
        """Keep a rail line's verdicts; of several clean texts of one side, one row a rail."""
        if outcome.clean:
            if outcome.verdicts == self._clean:
                return
            self._clean = outcome.verdicts
        self.verdicts.extend(outcome.verdicts)
        self._never.extend(outcome.never)
        self._labels.extend(outcome.labels)
        if outcome.rail:
            self.stopped_by = outcome.rail

    def take(self, chunk: Chunk) -> None:
        """Keep what a chunk of the model says. Raises ProviderError when it is not sound."""
        require_sound(chunk)
        if self._first_ms is None:
            self._first_ms = self._elapsed_ms()
        if chunk.text:
            self._raw.append(chunk.text)
        if chunk.usage is not None:
            self._usage = _added(self._spent, chunk.usage) if self._turns > 1 else chunk.usage
        if chunk.finish_reason:
            known = chunk.finish_reason in _FINISH_REASONS
            self._finish = chunk.finish_reason if known else "stop"
        if chunk.logprobs:
            self.logprobs.extend(chunk.logprobs)
        if chunk.delta is not None:
            if chunk.delta.keys() != _ENDED:
                self.deltas.append(chunk.delta)
            self.ended = chunk.delta.get("ended") or self.ended
            self.refused = self.refused or bool(chunk.delta.get("refusal"))
        if chunk.label_logprobs is not None:
            self.label_logprobs = chunk.label_logprobs

    def again(self) -> None:
        """The model is asked once more: what it said is dropped, what it took is not."""
        self._turns += 1
        self._spent = self._usage
        self._raw.clear()
        self.logprobs.clear()
        self.deltas.clear()
        self.ended = {}
        self.label_logprobs = None
        self.refused = self.cached = False
        self._finish = ""
        self._clean = None

    def left(self, piece: str) -> None:
        """Keep a piece that left."""
        self._sent.append(piece)

    def done(self, outcome: RailOutcome, decided: Decided | None) -> Reply:
        """The reply of a call whose output rails have spoken."""
        if outcome.action != "answered":
            return self.stopped(outcome.action, decided)
        told = ""
        if self._labels and self._service.notice.is_talk(self._call):
            told = "".join(f"\n\n{label}" for label in dict.fromkeys(self._labels))
        text = "".join(self._sent) + outcome.text + told
        observation = self._observe(text, "answered", decided=decided)
        return Reply(
            text=text,
            rest=outcome.text + told,
            observation=observation,
            finish_reason=self._finish or "stop",
            usage=self._usage,
            logprobs=tuple(self.logprobs) if self.logprobs_leave and text == self.raw else (),
            deltas=tuple(self.deltas),
            ended=self.ended,
            asked=self._asked,
        )

    def stopped(self, action: Any, decided: Decided | None = None) -> Reply:
        """The reply of a call that a rail blocked or held: the endpoint's fallback."""
        fallback = self._service.endpoint(self._call.endpoint).fallback
        sent = self._gone()
        observation = self._observe(
            sent + fallback, action, decided=decided, finish="content_filter"
        )
        return Reply(
            text=sent + fallback,
            rest=fallback,
            observation=observation,
            finish_reason="content_filter",
            usage=self._usage,
            asked=self._asked,
        )

    def failed(self, error: ProviderError) -> Reply:
        """The reply of a call whose model failed: the fallback, and the error in the record."""
        fallback = self._service.endpoint(self._call.endpoint).fallback
        sent = self._gone()
        observation = self._observe(
            sent + fallback, "fallback", finish="content_filter", failure=error
        )
        return Reply(
            text=sent + fallback,
            rest=fallback,
            observation=observation,
            finish_reason="content_filter",
            usage=self._usage,
            error=error.message,
            asked=self._asked,
        )

    def _attributes(self, decided: Decided | None, action: str) -> dict[str, Any]:
        """What else is known of this answer, each where it is known.

        `logprobs`: how likely the model's own tokens were, all of them together, and whether the
        caller asked for them. `said_confidence`: the model's, where a calibration put another in
        its place. `refused`: the upstream called its answer a refusal; the words are its output.
        `labels`: what rails tell people. `turns`: how often the model was asked, where a rail had
        it asked again. `similar`: the answer was given to a question that asks the same.
        `shadow_of`: whose copy. `calls`: how many tool calls left with it.
        """
        known: dict[str, Any] = {}
        if self.logprobs:
            total = math.fsum(one.logprob for one in self.logprobs)
            known["logprobs"] = {"tokens": len(self.logprobs), "sum": total}
            if self._call.extra.get("logprobs"):
                known["logprobs"]["asked"] = True
        if decided is not None and decided.said is not None:
            known["said_confidence"] = decided.said
        if self.refused:
            known["refused"] = True
        if self._labels:
            known["labels"] = list(dict.fromkeys(self._labels))
        if self._turns > 1:
            known["turns"] = self._turns
        if self.similar and self.cached:
            known["similar"] = True
        if self.deltas and action == "answered" and (calls := tool_calls(self.deltas)):
            known["calls"] = len(calls)
        return known | ({"shadow_of": self._call.shadow_of} if self._call.shadow_of else {})

    def _gone(self) -> str:
        """What a caller has already: the pieces of a stream, nothing of a plain answer."""
        return "".join(self._sent) if self._call.stream else ""

    def _elapsed_ms(self) -> float:
        return round((self._clock.monotonic() - self._started) * 1000, 3)

    def _observe(
        self,
        text: str,
        action: Any,
        *,
        decided: Decided | None = None,
        finish: str = "",
        failure: ProviderError | None = None,
    ) -> Observation:
        call, service = self._call, self._service
        now = format_instant(self._clock.now())
        price = service.pricing(self._usage, now)
        if self.cached:
            known = service.pricing(Usage(input_tokens=1), now)
            price = ("0", known[1]) if known is not None else None
        raw = self.raw
        return Observation(
            **identity(call, service, now),
            usage=self._usage,
            cost=price[0] if price else None,
            currency=price[1] if price else "",
            latency_ms=self._elapsed_ms(),
            first_token_ms=self._first_ms,
            status="error" if failure else "ok",
            error=failure.message if failure else "",
            quoted=failure.quoted if failure else "",
            finish_reason=finish or self._finish or "stop",
            cache_hit=self.cached,
            action=action,
            decision=decided.label if decided else "",
            confidence=decided.confidence if decided else None,
            label_probabilities=decided.probabilities if decided else {},
            rails=(*self.verdicts, *service.rails.unlooked),
            never=tuple(self._never),
            output=text,
            raw_output=raw if raw != text else "",
            input_digest=sha256(self._asked.encode()),
            output_digest=sha256(text.encode()),
            attributes=self._attributes(decided, action),
        )


def _added(one: Usage, other: Usage) -> Usage:
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_input_tokens=one.cached_input_tokens + other.cached_input_tokens,
        cache_write_tokens=one.cache_write_tokens + other.cache_write_tokens,
        reasoning_tokens=one.reasoning_tokens + other.reasoning_tokens,
        audio_tokens=one.audio_tokens + other.audio_tokens,
        raw=other.raw,
    )


def identity(call: Call, service: Service, now: str) -> dict[str, Any]:
    """The part of an observation that says who asked whom."""
    return {
        "id": call.id,
        "time": now,
        "system": call.system,
        "release": service.digest,
        "stage": call.stage,
        "tenant": call.tenant,
        "end_user": call.end_user,
        "facets": call.facets,
        "session": call.session,
        "endpoint": service.endpoint(call.endpoint).id,
        "model": service.content.candidate.model.name,
        "repeat": call.repeat,
    }
