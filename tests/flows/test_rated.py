"""People's ratings at the gate: joined by the very answer, one case one case, never a smaller n."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from doubles.rated_desk import RatedDesk, knows
from roadworthy.domain import Draft, EvidenceError, Verdict, VerificationError
from roadworthy.evaluation import passed
from roadworthy.flows.entries.run_records import newest_run, rows_of
from roadworthy.flows.gate.rated import ballots_of, with_ratings
from roadworthy.monitoring import measure
from roadworthy.monitoring.rates import met


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RatedDesk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = RatedDesk(tmp_path / "desk")
    desk.write(
        "safety-slos.yaml",
        'slos:\n- {name: preferred, metric: human.preference, target: ">= 0.7"}\n'
        '- {name: accuracy, target: ">= 0.8"}\n',
    )
    asyncio.run(desk.both())
    desk.deliberate()
    return desk


def rows(desk):
    loop = desk.loop()
    run = newest_run(loop, desk.digest())
    return with_ratings(rows_of(loop, run), ballots_of(loop, "desk"))


def preferred(decision):
    return next(each for each in decision.slos if each.name == "preferred")


def test_without_ratings_an_objective_on_them_is_inconclusive(desk):
    found = preferred(desk.gate())
    assert (found.verdict, found.n) == (Verdict.INCONCLUSIVE, 0)


def test_ratings_rule_at_the_gate(desk):
    fixed = desk.task(n=40)
    desk.rate(fixed, desk.rater("Ada"), knows)
    found = preferred(desk.gate())
    assert (found.estimate, found.n, found.verdict) == (1.0, 40, Verdict.PASS)


def test_two_raters_of_a_case_are_one_case(desk):
    fixed = desk.task(n=40)
    desk.rate(fixed, desk.rater("Ada"), knows)
    one = measure("human.preference", rows(desk))
    desk.rate(fixed, desk.rater("Bo"), knows)
    two = measure("human.preference", rows(desk))
    assert (one.n, one.low) == (two.n, two.low)


def test_who_is_preferred_does_not_hang_on_the_side(desk):
    fixed = desk.task(n=40)
    desk.rate(fixed, desk.rater("Ada"), lambda item, texts: "left")
    assert measure("human.preference", rows(desk)).value == pytest.approx(0.5)


def test_skipped_and_attention_items_count_in_no_rate(desk):
    first = desk.task(n=40).task.items[0]
    fixed = desk.task(n=40, gold={(first.suite, first.case): "second"})
    skip = fixed.task.items[1].id
    by = desk.rater("Ada")
    desk.rate(fixed, by, lambda item, texts: "" if item.id == skip else knows(item, texts))
    found = measure("human.preference", rows(desk))
    assert (found.n, found.value) == (38, 1.0)


def test_ratings_are_no_check_of_an_answer(desk):
    """A preference of 0.5 does not make an attack succeed or a case fail."""
    desk.rate(desk.task(n=40), desk.rater("Ada"), lambda item, texts: "tie")
    rated = [row for row in rows(desk) if "human.preference" in row.scores]
    assert len(rated) == 40
    for row in rated:
        assert met(row)
        assert passed(row) is not False


def test_a_rubric_is_graded_by_its_levels(desk):
    fixed = desk.task(rubric="helpful", n=30)
    assert fixed.task.choices == ("no", "yes")
    desk.rate(fixed, desk.rater("Ada"), knows)
    found = measure("human.helpful", rows(desk))
    assert (found.n, found.value) == (30, 1.0)


def test_a_lost_rating_is_a_fault_and_no_smaller_n(desk):
    fixed = desk.task(n=40)
    desk.rate(fixed, desk.rater("Ada"), knows)
    (entry,) = desk.loop().ledger.entries(kind="rating.submitted")
    desk.loop().blobs.path(entry.payload["ratings"]).unlink()
    with pytest.raises(EvidenceError):
        desk.gate()


def test_a_rating_that_another_key_signed_is_a_fault(desk):
    """Somebody who can write entries, but has not the rater's key, cannot enter ratings."""
    fixed = desk.task(n=40)
    desk.rate(fixed, desk.rater("Ada"), knows)
    loop = desk.loop()
    (entry,) = loop.ledger.entries(kind="rating.submitted")
    bo = desk.rater("Bo")
    payload = {**entry.payload}
    draft = Draft(
        system=entry.system, kind=entry.kind, subject=entry.subject,
        actor=f"person:{bo.key.key_id}", payload=payload,
    )  # fmt: skip
    loop.ledger.record(draft)
    with pytest.raises(VerificationError):
        ballots_of(desk.loop(), "desk")
