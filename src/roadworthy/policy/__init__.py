"""From measurements to verdicts to one decision. Pure: same evidence, same bytes."""

from .assessment import assess, percent, rests_on_estimate, unjudged
from .bar import Removed, moved_since, removal_blockers, removed_cases, same_bar
from .deliberation import deliberation_blockers, is_about
from .findings import (
    SEVERITIES,
    FindingAnswers,
    FindingStanding,
    RiskFinding,
    Severity,
    accept_findings,
    finding_blockers,
    finding_notes,
    finding_sentence,
    finding_standing,
)
from .gate import decide
from .incident_cases import REQUIREMENT, assess_incident_cases, holds, incident_blockers
from .lookout import undecided_by
from .multiplicity import beside_objectives, held_together, is_compared
from .objectives_moved import objectives_moved
from .preread import (
    Change,
    Flip,
    PreRead,
    SliceSeen,
    new_note,
    preread_block,
    with_preread,
)
from .regression import (
    REGRESSION,
    PairedScore,
    RegressionRule,
    announced,
    power_of,
    regressions,
)
from .relative import Side, assess_relative, unpaired
from .rendering import (
    asked,
    estimate,
    headline,
    interval,
    level,
    shown,
    to_junit,
    to_markdown,
    verdict,
    waived,
)
from .retold import Today
from .setting_aside import SetAside, set_aside
from .trials import (
    agreed,
    confidence_of,
    in_runs,
    looked_at,
    only_adds,
    shares,
    stopped_early,
    tried_before,
)
from .unscored import unscored_blockers, unscored_notes
from .waivers import (
    Held,
    Terms,
    accept_failures,
    accept_removals,
    held,
)
from .waivers import unsound as unsound_waiver
from .waivers import used as waivers_in_use

__all__ = [
    "REGRESSION",
    "REQUIREMENT",
    "SEVERITIES",
    "Change",
    "FindingAnswers",
    "FindingStanding",
    "Flip",
    "Held",
    "PairedScore",
    "PreRead",
    "RegressionRule",
    "Removed",
    "RiskFinding",
    "SetAside",
    "Severity",
    "Side",
    "SliceSeen",
    "Terms",
    "Today",
    "accept_failures",
    "accept_findings",
    "accept_removals",
    "agreed",
    "announced",
    "asked",
    "assess",
    "assess_incident_cases",
    "assess_relative",
    "beside_objectives",
    "confidence_of",
    "decide",
    "deliberation_blockers",
    "estimate",
    "finding_blockers",
    "finding_notes",
    "finding_sentence",
    "finding_standing",
    "headline",
    "held",
    "held_together",
    "holds",
    "in_runs",
    "incident_blockers",
    "interval",
    "is_about",
    "is_compared",
    "level",
    "looked_at",
    "moved_since",
    "new_note",
    "objectives_moved",
    "only_adds",
    "percent",
    "power_of",
    "preread_block",
    "regressions",
    "removal_blockers",
    "removed_cases",
    "rests_on_estimate",
    "same_bar",
    "set_aside",
    "shares",
    "shown",
    "stopped_early",
    "to_junit",
    "to_markdown",
    "tried_before",
    "undecided_by",
    "unjudged",
    "unpaired",
    "unscored_blockers",
    "unscored_notes",
    "unsound_waiver",
    "verdict",
    "waived",
    "waivers_in_use",
    "with_preread",
]
