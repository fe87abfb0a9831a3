"""safety-slos.yaml: the numbers a system must hold, before release and after it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from .charter import Clause, Positive, Scope, Share
from .degrade import DegradeStep
from .file import File
from .online import OnlineScore
from .severity import Severity

MitigationKind = Literal[
    "alert",
    "hold_rollout",
    "rollback",
    "degrade_to_safe_mode",
    "route_to_human_review",
    "kill_switch",
    "degrade_steps",
]


class SafetySLO(File, frozen=True, kw_only=True):
    """One objective as written. The published three-line form needs only the first five keys."""

    name: str
    objective: str = ""
    target: str
    """`>= 0.90`, `<= 0.05`, `== 0`, or relative: `<= 2 x previous 7d`."""
    window: str = "rolling"
    """`rolling`, or a duration such as `24h`, `7d`."""
    action_on_breach: MitigationKind = "alert"
    metric: str = ""
    """The indicator, when the name does not say it."""
    clause: Clause | None = None
    by: list[str] = field(default_factory=list)
    """Facets: the objective is judged in each of their slices by itself."""
    where: str = ""
    """A CEL filter over the observation, or `tag:NAME`."""
    at: list[Literal["gate", "runtime"]] = field(default_factory=lambda: ["gate", "runtime"])
    """Where it is judged: before a release, after it, or both."""
    min_samples: Positive | None = None
    """With fewer rows it is INCONCLUSIVE."""
    evidence: Literal["proven", "point"] | None = None
    """None: `point` for calibration, else `proven`."""
    max_rate: Share | None = None
    """For `== 0`: asks for proof that the true rate is below this."""
    values_at_most: float | UnsetType = UNSET
    """Of a mean: no case's value is ever larger. Without it nobody can prove that a mean is low;
    with a value beyond it there is no verdict."""
    values_at_least: float | UnsetType = UNSET
    """The same of the smallest, where the indicator has none of its own."""
    burn: list[dict[str, Any]] = field(default_factory=list)
    recover: str = ""
    owner: str = ""
    severity: Severity = "medium"
    incident: bool | UnsetType = UNSET
    """Whether a breach opens an incident. Left out: where it does more than `alert`, and from
    severity `high` on."""
    scope: Scope = "system"
    steps: list[DegradeStep] | UnsetType = UNSET
    """Of `degrade_steps`: those of the playbook that it triggers. They are written there."""


class SloFile(File, frozen=True, kw_only=True):
    """The whole of safety-slos.yaml."""

    roadworthy: int = 1
    slos: list[SafetySLO]
    online: list[OnlineScore] | UnsetType = UNSET
    """What is scored after the answer left, on a random sample. Left out: nothing is."""


class SloTarget(Struct, frozen=True, kw_only=True):
    """A target as parsed: compare the value with `bound`, or with `factor` x an earlier window."""

    operator: Literal["<=", ">=", "==", "<", ">"]
    bound: float
    relative_to: str = ""
    """`""` (absolute), or `previous 7d`, `baseline`; then `bound` is the factor."""

    @property
    def end_of_scale(self) -> bool:
        """True for `== 0` and `== 1`, which are judged on the count."""
        return self.operator == "==" and self.bound in (0.0, 1.0) and not self.relative_to
