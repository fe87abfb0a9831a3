"""What `check` says of the output rails: which collect the answer, what the others hold back."""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.serving import RailExplanation

from .terminal import say

_TITLE = "What the output rails mean for a stream"


def tell_rails(rails: Sequence[RailExplanation] | None) -> None:
    """One line a rail, then what follows for a streamed answer; None: nobody looked."""
    if rails is None:
        say(f"{_TITLE}: not looked at while there are faults")
        return
    say(_TITLE)
    wide = max((len(row.rail) for row in rails), default=0)
    for row in rails:
        say(f"  {row.rail:<{wide}}  {row.note}")
    say(f"  {_in_short(rails)}")


def _in_short(rails: Sequence[RailExplanation]) -> str:
    collecting = [row.rail for row in rails if row.collects]
    if collecting:
        return f"So a streamed answer leaves in one piece, because of {', '.join(collecting)}."
    if any(row.holds_back for row in rails):
        farthest = max(rails, key=lambda row: row.holds_back)
        return (
            f"So a streamed answer leaves at most {farthest.holds_back} characters behind the"
            f" model, because of {farthest.rail}."
        )
    return "So a streamed answer leaves as the model writes it."
