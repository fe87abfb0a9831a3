"""Kinds of misuse: each is shown by its signal and by no other, and one sign is no series."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from roadworthy.domain import (
    MISUSE_KINDS,
    NeverRecord,
    Observation,
    RailVerdict,
    Shift,
    Step,
)
from roadworthy.monitoring import Evidence
from roadworthy.monitoring.misuse import MOST_ALARMS, PERSON_PACE

Made = tuple[Observation, Step]


def answer(**fields: object) -> Observation:
    plain = {"id": "o", "time": "2026-11-22T10:00:00Z", "system": "desk", "release": "sha256:r"}
    return Observation(**(plain | {"stage": "live"} | fields))  # type: ignore[arg-type]


def rail(kind: str, side: str, outcome: str = "block", name: str = "guard") -> Observation:
    verdict = RailVerdict(rail=name, side=side, outcome=outcome, kinds=(kind,))  # type: ignore[arg-type]
    return answer(rails=(verdict,), action="blocked" if outcome == "block" else "answered")


def innocent(at: int) -> Made:
    passed = [
        RailVerdict(rail="guard", side=side, outcome="passed") for side in ("input", "output")
    ]  # type: ignore[arg-type]
    seen = answer(rails=tuple(passed), decision="motor", shift=Shift(flagged=False))
    return seen, Step(at=at, takeover=0.05, hourly=3)


def tried(at: int) -> Made:
    record = NeverRecord(event="hurt-alone", kind="attempt", found_by="rail")
    return answer(never=(record,)), Step(at=at)


def moved(at: int) -> Made:
    label = "motor" if at % 2 else "home"
    return answer(decision=label), Step(at=at, near=at - 1 if at else None, like=0.9)


def retried(at: int) -> Made:
    return answer(action="held"), Step(at=at, near=at - 1 if at else None, like=0.5)


SHOWN: dict[str, Callable[[int], Made]] = {
    "extraction:frames": lambda at: (answer(), Step(at=at, frame=at > 0, near=None)),
    "extraction:sweep": lambda at: (answer(), Step(at=at, hourly=PERSON_PACE + 1 + at)),
    "extraction:boundary": moved,
    "extraction:probabilities": lambda at: (
        answer(attributes={"logprobs": {"tokens": 3, "sum": -1.0, "asked": True}}), Step(at=at),
    ),
    "extraction:training_data": lambda at: (answer(), Step(at=at, drone=True)),
    "exploitation:hurt-alone": tried,
    "exploitation:out_of_scope": lambda at: (answer(shift=Shift(flagged=True)), Step(at=at)),
    "exploitation:insults": lambda at: (rail("TOXICITY", "output"), Step(at=at)),
    "exploitation:volume": lambda at: (
        answer(), Step(at=at, hourly=PERSON_PACE + 1 + at, same=True),
    ),
    "compromise:series": lambda at: (rail("INJECTION", "input", "flag"), Step(at=at)),
    "compromise:backtracking": retried,
    "compromise:prompt_leak": lambda at: (
        rail("VERBATIM", "output", "redact", "own-prompt"), Step(at=at),
    ),
    "compromise:encoded": lambda at: (answer(), Step(at=at, veiled=True)),
}  # fmt: skip

BESIDE = {"extraction:sweep": {"exploitation:volume"}, "extraction:training_data": set(),
          "compromise:prompt_leak": {"extraction:training_data"}}  # fmt: skip
"""What the same answers show too."""


def names(made: Callable[[int], Made], count: int, *, after: int = 0) -> tuple[str, ...]:
    evidence = Evidence()
    found: tuple[str, ...] = ()
    for at in range(after):
        found = evidence.take(*innocent(at))
    for at in range(after, after + count):
        found = evidence.take(*made(at))
    return found


def test_every_kind_of_the_catalogue_has_a_series_here() -> None:
    known = {kind.name for kind in MISUSE_KINDS} - {"exploitation:never_event"}
    assert known | {"exploitation:hurt-alone"} == set(SHOWN)
    for kind in MISUSE_KINDS:
        assert kind.source and kind.definition
        assert 0 < kind.usual < kind.attack < 1
        assert kind.least >= 2


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("after", [0, 300])
def test_a_series_shows_its_kind_and_no_other(name: str, after: int) -> None:
    found = set(names(SHOWN[name], 80, after=after))
    assert found == {name} | BESIDE.get(name, set())


@pytest.mark.parametrize("name", SHOWN)
def test_one_sign_is_no_series(name: str) -> None:
    kind = next((each for each in MISUSE_KINDS if each.name == name), None)
    least = kind.least if kind is not None else 3
    assert name not in names(SHOWN[name], least - 1)
    assert name not in names(SHOWN[name], 1, after=50)


@pytest.mark.parametrize("name", SHOWN)
def test_a_kind_is_named_at_the_answer_that_the_catalogue_says(name: str) -> None:
    kinds = {kind.name: kind for kind in MISUSE_KINDS}
    kind = kinds.get(name, kinds["exploitation:never_event"])
    evidence, hits = Evidence(), 0
    for at in range(200):
        found = evidence.take(*SHOWN[name](at))
        alarms = [alarm for key, alarm in evidence._alarms.items() if key.startswith(kind.signal)]
        hits = alarms[0].hits if alarms else 0
        if name in found:
            break
    assert hits == kind.least


def test_innocent_answers_show_nothing_however_many() -> None:
    assert names(innocent, 2000) == ()


def test_innocent_sessions_that_show_every_signal_as_often_as_may_be_are_rarely_named() -> None:
    """At most 40 answers over 10,000 a kind, and there are so many kinds."""
    draw = random.Random(5)
    usual = {kind.signal: kind.usual for kind in MISUSE_KINDS}

    def some(signal: str) -> bool:
        return draw.random() < usual[signal]

    def made(at: int) -> Made:
        verdicts = [RailVerdict(rail="guard", side="input", outcome="passed")]
        kinds = [k for k, on in (("TOXICITY", "insult_out"), ("PROMPT_LEAK", "leak")) if some(on)]
        outcome = "flag" if kinds else "passed"
        verdicts.append(
            RailVerdict(rail="guard", side="output", outcome=outcome, kinds=tuple(kinds))
        )  # type: ignore[arg-type]
        never = (NeverRecord(event="e", kind="attempt", found_by="rail"),) if some("never") else ()
        seen = answer(
            rails=tuple(verdicts), never=never, shift=Shift(flagged=some("out_of_scope")),
            attributes={"logprobs": {"asked": some("logprobs")}},
        )  # fmt: skip
        step = Step(
            at=at, frame=some("frame"), veiled=some("veiled"), drone=some("recited"),
            takeover=0.9 if some("takeover") else 0.0, hourly=130 if some("pace") else 5,
        )  # fmt: skip
        return seen, step

    sessions, answers = 1000, 40
    named = sum(bool(names(made, answers)) for _ in range(sessions))
    most = len(MISUSE_KINDS) * answers / 10_000
    assert named / sessions <= most + 3 * (most * (1 - most) / sessions) ** 0.5


def test_once_shown_it_stays_said() -> None:
    evidence = Evidence()
    for at in range(10):
        evidence.take(*SHOWN["compromise:series"](at))
    for at in range(10, 500):
        found = evidence.take(*innocent(at))
    assert found == ("compromise:series",)


def test_what_nobody_looked_for_is_no_answer_without_it() -> None:
    evidence = Evidence()
    unlooked = RailVerdict(rail="guard", side="input", outcome="not_checked", reason="gone")
    for at in range(3):
        evidence.take(rail("JAILBREAK", "input"), Step(at=2 * at))
        evidence.take(answer(rails=(unlooked,)), Step(at=2 * at + 1))
    assert evidence.take(rail("JAILBREAK", "input"), Step(at=9)) == ("compromise:series",)


def test_what_the_release_asks_for_itself_is_no_wish_of_the_caller() -> None:
    own = answer(attributes={"logprobs": {"tokens": 3, "sum": -1.0}})
    assert names(lambda at: (own, Step(at=at)), 80) == ()


def test_a_passed_score_and_a_finding_on_the_other_side_are_no_attempt() -> None:
    assert names(lambda at: (rail("INJECTION", "input", "passed"), Step(at=at)), 40) == ()
    assert names(lambda at: (rail("INJECTION", "output", "flag"), Step(at=at)), 40) == ()


def test_who_names_ever_new_never_events_fills_no_memory() -> None:
    evidence = Evidence()
    for at in range(500):
        record = NeverRecord(event=f"event-{at}", kind="attempt", found_by="rail")
        evidence.take(answer(never=(record,)), Step(at=at))
    assert len(evidence._alarms) <= MOST_ALARMS
