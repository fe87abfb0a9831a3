"""That people are to look again: how it is said."""

from __future__ import annotations

from roadworthy.compliance import ReviewDue

from .terminal import printable, say

_COLOURS = {"soon": "yellow", "overdue": "red"}


def say_review(review: ReviewDue) -> None:
    """A line where a review is due or overdue; the day alone where it is due later."""
    if review.words:
        say(printable(review.words), _COLOURS.get(review.state, ""))
    elif review.due:
        say(f"the next review of {review.system} is due by {review.due} ({review.cadence})")
