"""The one row: an evaluation run and live traffic write the same observation.

Only gains fields; `version` says which it has. Labels, feedback and outcomes that arrive later
are joined by id, never rewritten into it.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from .clock import Instant
from .drawn import Drawn
from .exchange import Usage
from .finding import RailVerdict
from .host import HostSample
from .shift import Reviewed, Shift

Stage = Literal["eval", "shadow", "canary", "live", "probe", "drill"]
UNHEARD = frozenset({"shadow"})
"""Stages whose answers nobody got."""

Status = Literal["ok", "error", "interrupted", "refused"]
Action = Literal["answered", "blocked", "held", "fallback", "killed", "error"]


NO_CHECKS = ("raw.", "human.")
"""Scores that begin so check nothing of what left: the model's own words, people's ratings."""


KNOWN_BEFORE = (
    "system", "release", "stage", "suite", "case", "tags", "tenant", "end_user", "facets",
    "session", "endpoint", "model", "label", "input_digest",
)  # fmt: skip
"""Fields that no answer changes: who selects observations by these hides none that went wrong."""

EXPECTED = "expect_action"
"""The attribute that says what must happen with a case; the one that is known before."""


class NeverRecord(Struct, frozen=True, kw_only=True):
    """A never event seen in an exchange: stopped inline (attempt) or found after it left."""

    event: str
    kind: Literal["attempt", "violation"]
    found_by: str
    """`rail`, `late_rule`, `label`, `report:<key id>`."""


class Observation(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One exchange. Times are UTC; durations are milliseconds from a monotonic clock."""

    version: int = 1
    id: str
    time: Instant
    system: str
    release: str
    """Bundle digest; for an evaluation the candidate's digest."""
    stage: Stage
    suite: str = ""
    case: str = ""
    repeat: int = 0
    tags: tuple[str, ...] = ()
    tenant: str = ""
    end_user: str = ""
    facets: dict[str, str] = field(default_factory=dict)
    session: str = ""
    endpoint: str = ""
    model: str = ""
    usage: Usage = Usage()
    cost: str | None = None
    """Decimal string in `currency`; None when no price was known, never 0."""
    currency: str = ""
    latency_ms: float | None = None
    first_token_ms: float | None = None
    status: Status = "ok"
    error: str = ""
    quoted: str = ""
    """What of `error` is somebody else's words. In the journal they are sealed; in a run file
    they are kept."""
    finish_reason: str = ""
    cache_hit: bool = False
    action: Action = "answered"
    decision: str = ""
    confidence: float | None = None
    """Probability of `decision` among the labels, in [0, 1]."""
    label_probabilities: dict[str, float] = field(default_factory=dict)
    label: str = ""
    """The truth, when the case or a later label says it."""
    rails: tuple[RailVerdict, ...] = ()
    never: tuple[NeverRecord, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    """Scorer name -> value; raw-output scores are named `raw.<scorer>`, people's `human.<name>`."""
    output: str = ""
    """What was released. In the journal it is sealed; in a run file it is kept."""
    raw_output: str = ""
    """What the model said before the output rails, when it differs."""
    input_digest: str = ""
    output_digest: str = ""
    review: str = ""
    mitigation: str = ""
    notice_given: bool = False
    sampling_weight: float = 1.0
    shift: Shift | None = None
    """How it stands to the release's reference; None where nobody looked."""
    ood: bool | None = None
    """Whether its input is out of scope in truth: a case's tag `ood`, a probe, a reviewer."""
    reviewed: Reviewed | None = None
    misuse: tuple[str, ...] | None = None
    """Patterns of misuse that its session showed up to it: `extraction:NAME`,
    `exploitation:NAME`, `compromise:NAME`. A sign for people, no finding; None: nobody looked."""
    drawn: tuple[Drawn, ...] = ()
    """How it stands in the random samples that are scored after the answer left, one a score."""
    host: HostSample | None = None
    """Of an evaluation whose objectives ask for it: what the machine gave up to its end."""
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def unit(self) -> tuple[str, str]:
        """(suite, case) of what it counts for: its own, or the first case that asks the same."""
        copied = self.attributes.get("copy_of")
        return (copied[0], copied[1]) if copied else (self.suite, self.case)


class Outcome(Struct, frozen=True, kw_only=True):
    """What was learned about an observation after it left; joined by id, never rewritten."""

    observation: str
    time: Instant
    reporter: str
    """`person:<key id>`, `tenant:<name>`, `late_rule:<event>`, or `look:<what looked>`."""
    label: str = ""
    never_event: str = ""
    """The id of the never event that the answer violated."""
    feedback: str = ""
    business: dict[str, str] = field(default_factory=dict)
    note: str = ""
    shift: Shift | None = None
    ood: bool | None = None
    reviewed: Reviewed | None = None
    misuse: tuple[str, ...] | None = None
    drawn: tuple[Drawn, ...] | None = None
    """What the look at a random sample says: of each score for which it was drawn."""


ReportState = Literal["waiting", "accepted", "rejected"]


class Report(Struct, frozen=True, kw_only=True):
    """A claim about an answer by somebody who may not act on it, and what a person made of it."""

    id: str
    system: str
    observation: str
    time: Instant
    reporter: str
    never_event: str = ""
    label: str = ""
    state: ReportState = "waiting"
    settled_at: Instant = ""
    settled_by: str = ""
    """`person:<key id>`, or whoever recorded the violation first."""
    reason: str = ""
