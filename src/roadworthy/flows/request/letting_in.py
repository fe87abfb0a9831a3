"""Step 3.1 of the request line: what of a call the model may read.

    1 rails in this process          input_look.py
    2 rails that ask outside         deep_look.py, where a release has any
    3 what may leave to the upstream where that is elsewhere

What enters: a call and its texts. What leaves: the call as the model may read it, the names that
stand for personal data in it, and what becomes of it. What never happens here: an upstream that is
asked before all three have spoken.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import Action, Call, DetectorError, ModelRequest
from roadworthy.serving import (
    Border,
    Pseudonyms,
    escaped_texts,
    is_plain_talk,
    spoken_texts,
    texts_between,
    with_texts,
)

from .deep_look import ask_of_input
from .input_look import check_input
from .service import Service
from .trace import Trace

ACROSS = "personal data stands across texts, or behind escapes, and cannot be taken out"
COMPOSED = "the filled prompt holds personal data that no text of the call does"


async def let_in(
    call: Call, texts: list[str], service: Service, trace: Trace
) -> tuple[Call, Pseudonyms | None, Action]:
    """The call as the model may read it; what becomes of it."""
    passed, action = check_input(call, texts, service, trace)
    if service.rails.deep_input is not None:
        passed, action = await ask_of_input(call, passed, action, service, trace)
    names: Pseudonyms | None = None
    if service.border is not None:
        if action != "answered":
            said = service.border.verdict(
                "not_checked", set(), f"stopped first by {trace.stopped_by}"
            )
            trace.verdicts.append(said)
        else:
            passed, names, action = await _over(service.border, call, passed, service, trace)
    if action == "answered" and passed != texts:  # a stopped call has not all of its texts
        call = with_texts(call, passed)
    return call, names, action


def may_leave(request: ModelRequest, service: Service, trace: Trace) -> bool:
    """Whether a composed request may go to its upstream: a template may join what stood apart."""
    border = service.border
    if border is None:
        return True
    try:
        kinds = border.kinds_leaving(request)
    except DetectorError as problem:
        trace.verdicts.append(border.verdict("not_checked", set(), problem.message))
        return False
    if kinds:
        trace.verdicts.append(border.verdict("block", kinds, COMPOSED))
    return not kinds


async def _over(
    border: Border, call: Call, texts: list[str], service: Service, trace: Trace
) -> tuple[list[str], Pseudonyms | None, Action]:
    """3. The texts as they may leave; then as the model reads them, together."""
    names = None
    if border.action == "pseudonymise":
        names = Pseudonyms(texts, escape=not service.notice.is_talk(call))
    try:
        left, kinds = await border.passed(texts, names)
        across = border.kinds_in(_readings(with_texts(call, left), left))
    except DetectorError as problem:
        trace.verdicts.append(border.verdict("not_checked", set(), problem.message))
        return texts, None, "blocked"
    if across or (kinds and border.action == "block"):
        reason = ACROSS if across else f"it may not go to {border.where}"
        trace.verdicts.append(border.verdict("block", kinds | across, reason))
        return texts, None, "blocked"
    if not kinds:
        trace.verdicts.append(border.verdict("passed", set()))
        return texts, None, "answered"
    said = "put back in the answer" if names is not None else "taken out"
    trace.verdicts.append(border.verdict("redact", kinds, f"{said}, for {border.where}"))
    return left, names, "answered"


def _readings(call: Call, texts: Sequence[str]) -> list[str]:
    """All that a model may read: the texts, what their escapes spell, what stands between."""
    beside = escaped_texts(texts)
    if is_plain_talk(call):
        return [*texts, *beside]
    spoken = "\n".join(spoken_texts(call))
    return [*texts, *beside, *texts_between(call), spoken]
