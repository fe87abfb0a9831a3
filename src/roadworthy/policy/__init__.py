"""From measurements to verdicts to one decision. Pure: same evidence, same bytes."""

from .assessment import assess
from .bar import moved_since, removed_cases, same_bar
from .deliberation import deliberation_blockers, is_about
from .gate import decide
from .incident_cases import REQUIREMENT, assess_incident_cases, holds, incident_blockers
from .lookout import undecided_by
from .relative import Side, assess_relative, unpaired
from .rendering import estimate, interval, shown, to_junit, to_markdown, verdict

__all__ = [
    "REQUIREMENT",
    "Side",
    "assess",
    "assess_incident_cases",
    "assess_relative",
    "decide",
    "deliberation_blockers",
    "estimate",
    "holds",
    "incident_blockers",
    "interval",
    "is_about",
    "moved_since",
    "removed_cases",
    "same_bar",
    "shown",
    "to_junit",
    "to_markdown",
    "undecided_by",
    "unpaired",
    "verdict",
]
