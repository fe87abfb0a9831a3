"""safety-slos.yaml: whether an objective on sessions meets any case that is in one.

Enters: an objective and the suites. Leaves: a warning. Never here: a session made up for a single
question.
"""

from __future__ import annotations

from msgspec import UNSET

from roadworthy.domain import Case, IndicatorSpec, SafetySLO

from .document import Document, Path
from .reading import Reading


def check_sessions(
    slo: SafetySLO, spec: IndicatorSpec | None, place: Path, document: Document, reading: Reading
) -> None:
    """Note that the gate will find no session; live answers have theirs from their callers."""
    if spec is None or "session" not in spec.needs or "gate" not in slo.at:
        return
    if not reading.cases_known or any(_talks(c) for suite in reading.suites for c in suite.cases):
        return
    document.fault(
        (*place, "metric" if slo.metric else "name"),
        f"`{spec.name}` is about sessions, and no case is in one: the gate will say INCONCLUSIVE",
        "give cases that belong together a `session`, add conversations, or write `at: [runtime]`",
        severity="warning",
    )


def _talks(case: Case) -> bool:
    """Whether it is in a session: by name, or as a conversation."""
    return case.session is not UNSET or case.simulate is not UNSET or bool(case.turns)
