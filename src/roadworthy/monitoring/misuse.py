"""Patterns of misuse in a session: which kinds its answers show, one after the other.

Enters: a session's answers in their order, each with its step. Leaves: the names of the kinds that
the session has shown so far. A sign for people, no finding, and nothing is blocked by it. Never
here: a word of a request; a signal that nobody looked for taken for one that was not there.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator

from msgspec import Struct

from roadworthy.domain import (
    MISUSE_KINDS,
    NEVER_SIGNAL,
    MisuseKind,
    Observation,
    RailVerdict,
    Step,
)
from roadworthy.statistics import BernoulliAlarm

ALARM = math.log(10_000.0)
"""Evidence at which a kind is named: of innocent sessions of 40 answers at most 1 in 250 a kind."""

SUSPICIOUS = 0.5
"""Score of a take-over from which on a request is one attempt: 1 in 100 innocent texts."""

CLOSE = 0.5
"""Likeness from which on two requests hardly differ: most of their words are the same."""

PERSON_PACE = 120
"""Requests in an hour that nobody makes who reads the answers: one takes 45 seconds and more, 100
words at 238 a minute (Brysbaert 2019, https://doi.org/10.1016/j.jml.2019.104047) and a line typed.
"""

MOST_ALARMS = 32
"""Kept of a session; of never events the first so many."""

MOST_ENDED = 8
"""Answers of which it is kept how they ended."""

_TAKEOVER = ("INJECTION", "JAILBREAK")
_LEAK = ("PROMPT_LEAK", "SYSTEM_PROMPT")
_INSULT = ("TOXICITY", "INSULT", "HATE", "HARASSMENT")
_RECITED = ("VERBATIM",)

_NEVER = f"{NEVER_SIGNAL}:"
_BY_SIGNAL = {kind.signal: kind for kind in MISUSE_KINDS}


class _Ended(Struct, frozen=True):
    decision: str
    stopped: bool


class Evidence:
    """What one session has shown so far."""

    __slots__ = ("_alarms", "_ended", "_named")

    def __init__(self) -> None:
        self._alarms: dict[str, BernoulliAlarm] = {}
        self._ended: OrderedDict[int, _Ended] = OrderedDict()
        self._named: dict[str, None] = {}

    def take(self, row: Observation, step: Step) -> tuple[str, ...]:
        """The kinds that the session has shown up to this answer, in the order it showed them."""
        for signal, seen in self._signals(row, step):
            kind = _BY_SIGNAL[signal.partition(":")[0]]
            alarm = self._alarms.get(signal)
            if alarm is None:
                if len(self._alarms) >= MOST_ALARMS:
                    continue
                alarm = self._alarms[signal] = BernoulliAlarm(kind.usual, kind.attack)
            alarm.add(seen)
            if alarm.hits >= kind.least and alarm.log_evidence >= ALARM:
                self._named[_name(kind, signal)] = None
        self._ended[step.at] = _Ended(row.decision, _stopped(row))
        while len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)
        return tuple(self._named)

    def _signals(self, row: Observation, step: Step) -> Iterator[tuple[str, bool]]:
        """Every signal that was looked for, and whether the answer shows it."""
        yield from _of_request(row, step)
        yield from _of_answer(row)
        tried = {record.event for record in row.never if record.kind == "attempt"}
        known = {name.partition(":")[2] for name in self._alarms if name.startswith(_NEVER)}
        for event in sorted(tried | known):
            yield f"{_NEVER}{event}", event in tried
        before = self._ended.get(step.near) if step.near is not None else None
        if before is not None and before.decision and row.decision and not step.same:
            yield "flip", step.like >= CLOSE and before.decision != row.decision
        if any(each.stopped for each in self._ended.values()):
            yield "retried", before is not None and before.stopped


def _of_request(row: Observation, step: Step) -> Iterator[tuple[str, bool]]:
    yield "frame", step.frame
    yield "veiled", step.veiled
    yield "recited", step.drone or _found(row, "output", _RECITED)
    if step.takeover is not None or _looked(row, "input"):
        found = _found(row, "input", _TAKEOVER)
        yield "takeover", found or (step.takeover or 0.0) >= SUSPICIOUS
    if step.hourly is not None:
        fast = step.hourly > PERSON_PACE
        yield "pace", fast
        yield "sweep", fast and step.near is None and not step.same
    if row.shift is not None and row.shift.flagged is not None:
        yield "out_of_scope", row.shift.flagged
    yield "logprobs", bool(row.attributes.get("logprobs", {}).get("asked"))


def _of_answer(row: Observation) -> Iterator[tuple[str, bool]]:
    if _looked(row, "output"):
        yield "leak", _leaks(row)
        yield "insult_out", _found(row, "output", _INSULT)


def _name(kind: MisuseKind, signal: str) -> str:
    event = signal.partition(":")[2]
    return f"{kind.group}:{event}" if event else kind.name


def _stopped(row: Observation) -> bool:
    """Whether a rail, a refusal or a never event stood between the request and an answer."""
    return row.action in ("blocked", "held") or bool(row.attributes.get("refused"))


def _leaks(row: Observation) -> bool:
    """Whether the system's own words were about to leave: a rail for them, by kind or by name."""
    return any(
        _hit(verdict, _LEAK) or (_hit(verdict, _RECITED) and "prompt" in verdict.rail)
        for verdict in row.rails
    )


def _looked(row: Observation, side: str) -> bool:
    return any(each.side == side and each.outcome != "not_checked" for each in row.rails)


def _found(row: Observation, side: str, kinds: tuple[str, ...]) -> bool:
    return any(verdict.side == side and _hit(verdict, kinds) for verdict in row.rails)


def _hit(verdict: RailVerdict, kinds: tuple[str, ...]) -> bool:
    """Whether a rail found one of these. What a detector only scored was passed."""
    if verdict.outcome in ("passed", "not_checked"):
        return False
    return any(kind in each.upper() for each in verdict.kinds for kind in kinds)
