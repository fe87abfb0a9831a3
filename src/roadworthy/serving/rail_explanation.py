"""What the rails cost a stream: which collect the answer, what the others hold back.

Enters: a rail line. Leaves: one row per output rail, for `check`. Never happens here: a judgement.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.detectors import ShapeDetector, Undecided, waits_of

from .guard import NOT_WIRED, Guard
from .rails import RailLine


class RailExplanation(Struct, frozen=True, kw_only=True):
    """What one output rail means for a streamed answer."""

    rail: str
    collects: bool
    """Whether it makes the line wait for the whole answer."""
    holds_back: int
    """Most characters that it holds back; 0 when it only flags, or collects."""
    note: str


def explain_rails(line: RailLine) -> list[RailExplanation]:
    """One row per output rail and late rule, in order."""
    rows = [_explained(guard) for guard in line.outputs]
    for rule in line.late_rules:
        by = " by a judge" if rule.judged else ""
        looked = f"looked at{by} right after the answer left" if rule.wired else "not checked"
        why = "" if rule.wired else f": {NOT_WIRED}"
        rows.append(
            RailExplanation(
                rail=f"never:{rule.event}", collects=False, holds_back=0, note=looked + why
            )
        )
    return rows


def _explained(guard: Guard) -> RailExplanation:
    window = guard.window
    if guard.deep:
        note = _deep_note(guard)
    elif guard.detector is None:
        note = f"{NOT_WIRED}, so every answer is blocked; drop `inline: true`"
    elif guard.collects and window is None:
        note = "must see the whole answer, so nothing leaves before it is complete"
    elif guard.collects:
        note = f"`{guard.action}` needs the whole answer before its first character leaves"
    elif window is None:
        note = f"only {guard.action}s, so the answer flows; looked at when it is complete"
    elif guard.only_tells:
        note = f"only {guard.action}s, so nothing is held back"
    else:
        note = _wait_note(window)
    holds = 0
    if not guard.collects and not guard.only_tells and window is not None:
        holds = int(window.needs)
    return RailExplanation(rail=guard.rail, collects=guard.collects, holds_back=holds, note=note)


def _deep_note(guard: Guard) -> str:
    """What asking outside means for an answer, in words."""
    asked = f"asks outside, at most {guard.budget_s * 1000:g} ms"
    unsaid = "passes" if guard.open else "is blocked"
    if guard.only_tells:
        return f"{asked}, when the answer is complete; without a word it {unsaid}"
    return f"{asked}, so nothing leaves before the answer is complete; without a word it {unsaid}"


def _wait_note(window: ShapeDetector) -> str:
    """How long a guard makes a stream wait, in words."""
    reach = int(window.needs) if window.needs != "whole" else 0
    followed = Undecided((shape, window.ignore_case) for shape in window.shapes)
    if followed.knows_all:
        return f"holds back what a match may begin with, at most {reach} characters"
    usual = max(min(far, (blanks + 1) * _LETTERS_A_WORD) for blanks, far, _ in waits_of([window]))
    if usual == reach:
        return f"holds back {reach} characters"
    return f"holds back about {usual} characters, at most {reach} where no blank comes"


_LETTERS_A_WORD = 6
"""English and German prose, the blank counted."""
