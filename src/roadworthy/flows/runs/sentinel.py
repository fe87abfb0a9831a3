"""Sentinels: whether a model that somebody else hosts still answers as it did behind its name.

    watch   1 the golden cases, as the candidate asks its model, drawn greedily
            2 the first time: each asked several times, and entered as what later looks are held to
            3 later: each asked once, and held beside the first answer
            4 the evidence of all looks since, and the look into the ledger

Enters: a checked system, which cases. Leaves: whether the model is the same, has changed, or too
little says so. What never happens here: an answer from a cache, the text of one in the ledger,
personal data sent where it may not go, a baseline replaced without a person's reason, a model
called the same because nobody could ask it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import (
    AccessError,
    Case,
    DetectorError,
    Draft,
    Entry,
    ModelRequest,
    PersonRole,
    ReleaseContent,
    RoadworthyError,
    System,
    UndecidedError,
    UsageError,
    digest_of,
    plain,
)
from roadworthy.release import pin
from roadworthy.statistics import Returning

from ..entries.model_moved import ASK_AGAIN, LOOKED, RECORDED, model_digest
from ..incidents.opening import moved_drafts
from ..request.service import Service
from ..workspace.intact import require_intact
from ..workspace.people import Acting
from .case_target import PathTarget
from .evaluating import EvaluatingDeps
from .said_again import Said, Sign, answers, signs_of

GOLDEN = "golden"
"""The tag of the cases that are asked where no suite is named."""
RENEWERS: tuple[PersonRole, ...] = ("engineer", "operator", "risk_officer", "admin")
"""Who may say that what changed is the model from now on."""

CALLS_FOR = (
    f"evaluate the live candidate again (`{ASK_AGAIN}`, then `gate`) and hold rollouts; "
    "when the changed model is wanted: `roadworthy sentinel --renew --reason TEXT`"
)
Verdict = Literal["recorded", "same", "changed", "undecided"]


class Watching(Struct, frozen=True, kw_only=True):
    """What a person asks of a sentinel."""

    suite: str = ""
    """Its cases; empty: those that carry the tag `golden`, of every suite."""
    repeats: int = 3
    """So often each is asked for the baseline: what differs then is how much the model wavers."""
    alpha: float | None = None
    """How often, over all looks together, an unchanged model may be called changed; None: as the
    baseline says, 1 % where there is none."""
    within: float = 0.1
    """The share of cases that may have changed unseen where it is called the same."""
    renew: str = ""
    """Why a new baseline is wanted; empty: it is not."""
    by: Acting | None = None
    """Who wants that."""
    concurrency: int = 4


class Watched(Struct, frozen=True, kw_only=True):
    """What a look found."""

    verdict: Verdict
    reason: str
    baseline: int
    """The entry that holds it."""
    entry: int
    """The look's own; the baseline's where that was recorded."""
    looks: int
    """Since the baseline, this one among them."""
    asked: int
    """Cases that were answered now and at the baseline."""
    failed: int
    withheld: int
    """Cases that hold personal data, which the release may not send to where the model is."""
    differ: int
    signs: dict[Sign, int]
    """Sign -> cases that show it."""
    cases: tuple[str, ...]
    """Which differ, as `suite/case`."""
    wavered: int
    """Answers that differed from the first one while the baseline was recorded."""
    wavered_of: int
    usual: float
    """So often answers differ anyway, at most."""
    evidence: float
    needed: float


class _Asking(Struct, frozen=True):
    """What is asked."""

    requests: dict[str, ModelRequest]
    digest: str
    """Of the model's name and of every request: a baseline is one of exactly these."""
    withheld: int


async def watch(system: System, asked: Watching, deps: EvaluatingDeps) -> Watched:
    """Look once. The first look records what later ones are held to.

    Raises UsageError where nothing is to be asked, or at another level than before, AccessError
    for somebody who may not renew, UndecidedError where nothing of a baseline was answered.
    """
    _check(asked)
    require_intact(deps.loop)
    content = pin(system)
    service = deps.service(content, lambda provider: provider)  # no cache: it would say the same
    try:
        target = PathTarget(service, deps.loop.clock, deps.new_id)
        asking = _asking(_golden(system, asked.suite), target, service)  # 1
        entry = _baseline(deps, content.system, asking)
        if entry is None or asked.renew:
            return await _record(asking, asked, service, content, deps)  # 2
        return await _look(entry, asking, asked, service, deps)  # 3, 4
    finally:
        await service.aclose()


def _check(asked: Watching) -> None:
    if asked.repeats < 2:
        raise UsageError("a model that is asked once shows no wavering", fix="--repeats 3")
    for name, share in (("--alpha", asked.alpha), ("--within", asked.within)):
        if share is not None and not 0 < share < 1:
            raise UsageError(f"{name} lies strictly between 0 and 1, not at {share}")
    if asked.renew and (asked.by is None or not set(asked.by.key.roles) & set(RENEWERS)):
        raise AccessError(
            "a baseline is renewed by a person", fix=f"--as NAME, of: {', '.join(RENEWERS)}"
        )


def _golden(system: System, suite: str) -> dict[str, Case]:
    """`suite/case` -> the case, of those that ask one question."""
    if suite and system.suite(suite) is None:
        known = ", ".join(each.name for each in system.suites)
        raise UsageError(f"there is no suite {suite!r}", fix=f"one of: {known}")
    found = {
        f"{each.name}/{case.id}": case
        for each in system.suites
        if suite in ("", each.name)
        for case in each.cases
        if not case.is_episode and (suite or GOLDEN in case.tags)
    }
    if not found:
        fix = "--suite NAME, or the tag `golden` on cases of one turn that tell models apart"
        raise UsageError("there is no golden case to ask", fix=fix)
    return found


def _asking(cases: Mapping[str, Case], target: PathTarget, service: Service) -> _Asking:
    requests = {}
    for key, case in cases.items():
        request = target.request(case)
        greedy = structs.replace(request.sampling, temperature=0.0)
        if _may_leave(request, service):
            requests[key] = structs.replace(request, sampling=greedy)
    if not requests:
        raise UsageError(
            "every golden case holds personal data, which the release may not send to the model",
            fix="write cases without",
        )
    named = {"model": plain(service.content.candidate.model), "requests": plain(requests)}
    return _Asking(requests, digest_of(named), len(cases) - len(requests))


def _may_leave(request: ModelRequest, service: Service) -> bool:
    """Whether a request may go to where the model is; what cannot be looked at may not."""
    try:
        return service.border is None or not service.border.kinds_leaving(request)
    except DetectorError:
        return False


def _baseline(deps: EvaluatingDeps, system: str, asking: _Asking) -> Entry | None:
    found = list(deps.loop.ledger.entries(kind=RECORDED, subject=asking.digest, system=system))
    return found[-1] if found else None


async def _record(
    asking: _Asking,
    asked: Watching,
    service: Service,
    content: ReleaseContent,
    deps: EvaluatingDeps,
) -> Watched:
    """2 ask each case several times, and enter what was said."""
    rounds = [
        await answers(asking.requests, service, asked.concurrency) for _ in range(asked.repeats)
    ]
    whole = {key: [each[key] for each in rounds] for key in asking.requests if _in_all(key, rounds)}
    if not whole:
        raise UndecidedError(
            f"none of {len(asking.requests)} cases was answered {asked.repeats} times: no baseline",
            fix="ask again when the model answers",
        )
    wavered = sum(bool(signs_of(now, said[0])) for said in whole.values() for now in said[1:])
    of = len(whole) * (asked.repeats - 1)
    alpha = asked.alpha or 0.01
    by = asked.by
    (entry,) = deps.loop.ledger.record(
        Draft(
            system=content.system,
            kind=RECORDED,
            subject=asking.digest,
            actor=deps.loop.machine if by is None else f"person:{by.key.key_id}",
            payload={
                "model": model_digest(content.candidate.model),
                "name": content.candidate.model.name,
                "answers": deps.loop.blobs.put_json(plain({k: v[0] for k, v in whole.items()})),
                "cases": len(whole),
                "wavered": wavered,
                "wavered_of": of,
                "alpha": repr(alpha),
                "reason": asked.renew,
            },
        )
    )
    watched = Returning(wavered, of, alpha=alpha)
    failed = len(asking.requests) - len(whole)
    return Watched(
        verdict="recorded",
        reason=f"the first answers are entered: {wavered} of {of} differed when asked again",
        baseline=entry.seq, entry=entry.seq, looks=0, asked=len(whole), failed=failed,
        withheld=asking.withheld, differ=0, signs={}, cases=(), wavered=wavered, wavered_of=of,
        usual=watched.usual, evidence=1.0, needed=watched.needed,
    )  # fmt: skip


def _in_all(key: str, rounds: Sequence[Mapping[str, Said]]) -> bool:
    return all(key in each for each in rounds)


async def _look(
    baseline: Entry, asking: _Asking, asked: Watching, service: Service, deps: EvaluatingDeps
) -> Watched:
    """3 ask each case once, 4 the evidence of all looks since."""
    alpha = float(str(baseline.payload["alpha"]))
    if asked.alpha is not None and asked.alpha != alpha:
        raise UsageError(
            f"the baseline was recorded for --alpha {alpha}: a level is chosen before the looks",
            fix="leave --alpha out, or --renew --reason TEXT",
        )
    wavered, of = int(baseline.payload["wavered"]), int(baseline.payload["wavered_of"])
    first = msgspec.convert(
        deps.loop.blobs.get_json(str(baseline.payload["answers"])), dict[str, Said]
    )
    now = await answers(
        {key: each for key, each in asking.requests.items() if key in first},
        service,
        asked.concurrency,
    )
    signs = {key: signs_of(said, first[key]) for key, said in now.items()}
    cases = tuple(sorted(key for key, found in signs.items() if found))
    counted = Counter(sign for found in signs.values() for sign in found)
    watched = _so_far(baseline, Returning(wavered, of, alpha=alpha), deps)
    if now:
        watched.look(len(cases), len(now))
    verdict, reason = _judged(watched, len(cases), len(now), asked.within)
    model = model_digest(service.content.candidate.model)
    beside = _incident(deps, baseline, model, reason) if verdict == "changed" else []
    (entry, *_) = deps.loop.ledger.record(
        Draft(
            system=baseline.system,
            kind=LOOKED,
            subject=asking.digest,
            actor=deps.loop.machine,
            payload={
                "model": model,
                "baseline": baseline.seq,
                "asked": len(now),
                "failed": len(first) - len(now),
                "differ": len(cases),
                "signs": dict(sorted(counted.items())),
                "evidence": repr(float(f"{watched.evidence:.6g}")),
                "verdict": verdict,
            },
        ),
        *beside,
    )
    return Watched(
        verdict=verdict, reason=reason, baseline=baseline.seq, entry=entry.seq,
        looks=watched.looks, asked=len(now), failed=len(first) - len(now),
        withheld=asking.withheld, differ=len(cases),
        signs=dict(counted), cases=cases, wavered=wavered, wavered_of=of, usual=watched.usual,
        evidence=watched.evidence, needed=watched.needed,
    )  # fmt: skip


def _incident(deps: EvaluatingDeps, baseline: Entry, model: str, why: str) -> list[Draft]:
    """What is entered beside a change of what is live; a look is entered where that is gone."""
    with suppress(RoadworthyError):
        return moved_drafts(deps.loop, baseline.system, model=model, baseline=baseline.seq, why=why)
    return []


def _so_far(baseline: Entry, watched: Returning, deps: EvaluatingDeps) -> Returning:
    """The evidence of the looks that the ledger holds."""
    for entry in deps.loop.ledger.entries(
        kind=LOOKED, subject=baseline.subject, system=baseline.system
    ):
        if entry.payload["baseline"] == baseline.seq and entry.payload["asked"]:
            watched.look(int(entry.payload["differ"]), int(entry.payload["asked"]))
    return watched


def _judged(watched: Returning, differ: int, asked: int, within: float) -> tuple[Verdict, str]:
    told = f"{differ} of {asked} answers differ from the first ones"
    if watched.changed:
        return "changed", f"{told}; over all looks that refutes an unchanged model: {CALLS_FOR}"
    if not asked:
        return "undecided", "no case was answered: nobody knows what the model says now"
    if watched.proves_same(differ, asked, within=within, confidence=0.95):
        return "same", f"{told}: at most {within:.0%} can have changed, at 95 %"
    if differ:
        return "undecided", f"{told}, which so few looks leave open: ask again"
    enough = math.ceil(math.log(0.05) / math.log(1 - within))
    return "undecided", f"{told}, but {asked} cases prove too little: {enough} would do"
