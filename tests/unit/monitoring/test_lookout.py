"""What rails could not look at, counted with its reason."""

from __future__ import annotations

from roadworthy.domain import NOBODY_LOOKS, Observation, RailVerdict
from roadworthy.monitoring import lookouts, unchecked


def row(action: str, *verdicts: RailVerdict) -> Observation:
    return Observation(
        id="o",
        time="t",
        system="s",
        release="r",
        stage="eval",
        action=action,
        rails=verdicts,  # type: ignore[arg-type]
    )


def verdict(rail: str, outcome: str, reason: str = "", side: str = "output") -> RailVerdict:
    return RailVerdict(
        rail=rail, side=side, outcome=outcome, reason=reason,  # type: ignore[arg-type]
        never_event=rail.removeprefix("never:") if rail.startswith("never:") else "",
    )  # fmt: skip


def test_answers_that_were_blocked_because_a_rail_could_not_look_are_counted() -> None:
    unwired = verdict("never:rude", "not_checked", "no judge is wired")
    rows = [row("blocked", unwired)] * 123 + [row("held", verdict("hurt", "hold"))] * 25
    (one,) = unchecked(rows)
    assert (one.rail, one.reason, one.rows, one.blocked) == (
        "never:rude", "no judge is wired", 123, 123,
    )  # fmt: skip


def test_what_another_rail_blocked_is_not_laid_at_this_ones_door() -> None:
    late = verdict("never:rude", "not_checked", NOBODY_LOOKS)
    slow = verdict("slow", "not_checked", "over its budget of 5 ms")
    first = verdict("schema", "not_checked", "stopped first by pii")
    rows = [row("blocked", verdict("pii", "block"), slow, late, first), row("blocked", late)]
    assert [(one.rail, one.rows, one.blocked) for one in unchecked(rows)] == [
        ("never:rude", 2, 0),
        ("slow", 1, 0),
    ]


def test_an_answer_is_looked_at_when_every_side_was() -> None:
    half = row(
        "answered",
        verdict("never:n", "passed", side="input"),
        verdict("never:n", "not_checked", "over its budget"),
    )
    whole = row("answered", verdict("never:n", "passed"))
    (one,) = lookouts([half, whole, row("answered"), row("blocked")], ["n"])
    assert (one.left, one.looked) == (3, 1)
