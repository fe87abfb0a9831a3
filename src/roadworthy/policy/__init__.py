"""From measurements to verdicts to one decision. Pure: same evidence, same bytes."""

from .assessment import assess
from .bar import moved_since, removed_cases, same_bar
from .deliberation import deliberation_blockers, is_about
from .gate import decide
from .lookout import undecided_by
from .relative import Side, assess_relative, unpaired
from .rendering import estimate, interval, shown, to_junit, to_markdown, verdict

__all__ = [
    "Side",
    "assess",
    "assess_relative",
    "decide",
    "deliberation_blockers",
    "estimate",
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
