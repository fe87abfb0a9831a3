"""What each phase was to cost and cost: counted once, in its own unit, and unknown is never 0."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from doubles.answers_that_left import Answers
from doubles.dated_desk import DatedDesk
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import sums
from roadworthy.domain import (
    COST_PHASES,
    MEASURES,
    Cost,
    CostSum,
    Draft,
    Estimate,
    HostSample,
    Measurement,
    RunSummary,
    UnknownCost,
    UsageError,
    Witness,
    format_instant,
)
from roadworthy.flows.papers.costs import Receipt, costs_of, parse_spent, record_cost
from roadworthy.flows.papers.documents import gather, make_document
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import HostLog
from roadworthy.manifests import load_charter, load_system
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.loop import loop_of

ESTIMATES = """\
value:
  estimates:
    modelling: {amount: 1000, currency: EUR, hours: 40, reason: two people for a week}
    evaluation: {amount: 10, currency: EUR, kwh: 2}
"""


@pytest.fixture
def desk(tmp_path: Path) -> DatedDesk:
    desk = DatedDesk(tmp_path / "desk")
    desk.write("charter.yaml", (desk.root / "charter.yaml").read_text() + ESTIMATES)
    return desk


def of(found: tuple[CostSum, ...], phase: str, measure: str) -> CostSum:
    return next(one for one in found if (one.phase, one.measure) == (phase, measure))


def spent(desk: DatedDesk, phase: str, *texts: str, digest: str = "", note: str = "n") -> None:
    record_cost(
        desk.loop(), "desk", desk.acting("ana"), phase=phase, spent=parse_spent(texts),
        receipt=Receipt(digest=digest, note=note),
    )  # fmt: skip


def costs(desk: DatedDesk) -> tuple[CostSum, ...]:
    return costs_of(desk.loop(), load_system(desk.root).charter)


def test_what_nobody_recorded_is_unknown_and_no_zero(desk: DatedDesk) -> None:
    found = costs(desk)
    assert len(found) == len(COST_PHASES) * len(MEASURES)
    money = of(found, "modelling", "money")
    assert (money.estimate, money.estimated_unit) == ("1000", "EUR")
    assert (money.actual, money.share, money.whole) == ({}, "", False)
    assert money.in_words == "unknown"
    assert of(found, "data", "hours").unknown == ("nothing was recorded",)


def test_what_people_entered_counts_once_for_each_receipt(desk: DatedDesk) -> None:
    spent(desk, "modelling", "600 EUR", "12 h", digest="sha256:a")
    spent(desk, "modelling", "650.50 EUR", "12 h", digest="sha256:a")  # corrected
    spent(desk, "modelling", "100 EUR", digest="sha256:b")
    spent(desk, "data", "5 USD", digest="sha256:a")
    found = costs(desk)
    money = of(found, "modelling", "money")
    assert (money.actual, money.share, money.whole) == ({"EUR": "750.5"}, "75.0", True)
    assert of(found, "modelling", "hours").actual == {"h": "12"}
    assert of(found, "data", "money").actual == {"USD": "5"}


def test_what_is_entered_each_by_itself_for_one_receipt_counts_each(desk: DatedDesk) -> None:
    """As the refusal of two amounts in one command advises."""
    spent(desk, "modelling", "5 EUR", digest="sha256:a")
    spent(desk, "modelling", "7 USD", digest="sha256:a")
    spent(desk, "modelling", "48 h", digest="sha256:a")
    spent(desk, "modelling", "6 EUR", digest="sha256:a")  # corrected
    found = costs(desk)
    assert of(found, "modelling", "money").actual == {"EUR": "6", "USD": "7"}
    assert of(found, "modelling", "hours").actual == {"h": "48"}
    spent(desk, "modelling", "0 USD", digest="sha256:a")  # taken back
    assert of(costs(desk), "modelling", "money").actual == {"EUR": "6", "USD": "0"}


def test_what_takes_the_place_of_another_says_so(
    desk: DatedDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ["cost", "add", "modelling", str(desk.root), "--as", "ana", "--note", "a bill", "--spent"]
    for amount in ("5 EUR", "7 USD", "48 h"):
        capsys.readouterr()
        assert run(VERBS, [*add, amount, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["replaced"] == []
    assert run(VERBS, [*add, "6 EUR"]) == 0
    assert "in the place of 5 EUR, entry" in " ".join(capsys.readouterr().out.split())


def test_currencies_are_not_added_and_not_held_against_another(desk: DatedDesk) -> None:
    spent(desk, "modelling", "600 EUR", note="a")
    spent(desk, "modelling", "600 USD", note="b")
    money = of(costs(desk), "modelling", "money")
    assert (money.actual, money.share, money.over) == ({"EUR": "600", "USD": "600"}, "", False)
    spent(desk, "modelling", "401 EUR", note="c")  # more than the estimate, whatever the rest is
    assert of(costs(desk), "modelling", "money").over


@pytest.mark.parametrize(
    ("expected", "actual", "over"),
    [(1000, "1000", False), (1000, "1000.4", True), (0, "5", True), (0, "0", False)],
)
def test_what_was_spent_is_held_against_the_estimate_as_it_is_and_not_as_it_is_shown(
    expected: float, actual: str, over: bool
) -> None:
    known = [Cost(phase="data", measure="money", amount=actual, unit="EUR", source="s")]
    assert of(sums({"data": Estimate(amount=expected)}, known, ()), "data", "money").over is over


def entered_run(loop: Loop, name: str, **fields: object) -> None:
    """A run as an evaluation enters it."""
    summary = RunSummary(
        run=name, system="desk", candidate="sha256:c", bar="sha256:b", status="complete", n=200,
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip
    digest = loop.blobs.put_json(msgspec.to_builtins(summary))
    loop.ledger.record(
        Draft(system="desk", kind="run.completed", subject="sha256:c", actor=loop.machine,
              payload={"run": name, "status": "partial", "summary": digest})
    )  # fmt: skip


def energy(value: float | None) -> Measurement:
    return Measurement(
        name="energy", value=value, low=None, high=None, n=7, unit="Wh",
        reason="measured by the machine's counters",
    )  # fmt: skip


def test_evaluations_count_by_their_answers_and_what_has_no_price_is_said(
    desk: DatedDesk,
) -> None:
    loop = desk.loop()
    for name, rows, cost, wh in (
        ("one", "sha256:1", "1.25 EUR", 0.5),
        ("again", "sha256:1", "1.25 EUR", 0.5),  # the same answers, out of the cache
        ("two", "sha256:2", "2 EUR + 3 USD", None),
        ("three", "sha256:3", None, None),
    ):
        entered_run(loop, name, observations=rows, cost=cost, indicators=(energy(wh),))
    found = costs(desk)
    money, kwh = of(found, "evaluation", "money"), of(found, "evaluation", "energy")
    assert money.actual == {"EUR": "3.25", "USD": "3"}
    assert money.unknown == ("in 1 of 3 runs answers or judges have no known price",)
    assert kwh.actual == {"kWh": "0.1"}  # 200 answers of 0.5 Wh
    assert (kwh.share, kwh.whole) == ("5.0", False)
    assert kwh.in_words == "0.1 kWh and what is unknown"
    assert "measured by the machine's counters (n=7)" in kwh.sources[0]


async def test_live_answers_cost_what_their_records_say(tmp_path: Path) -> None:
    loop = loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)
    answers = Answers(loop)
    seen = await answers.leave()  # of no known price
    spool = answers._spool()
    for cost, stage in (("0.25", "live"), ("0.5", "canary"), ("100", "shadow")):
        paid = structs.replace(seen, id=new_id(), cost=cost, currency="EUR", stage=stage)
        await spool.close(paid, Witness(input="a", output="b"))
    await spool.aclose()
    found = costs_of(loop, load_charter(tmp_path))
    money, kwh = of(found, "monitoring", "money"), of(found, "monitoring", "energy")
    assert (money.actual, money.unknown) == (
        {"EUR": "0.75"}, ("1 of 3 live answers have no known price",),
    )  # fmt: skip
    assert (kwh.actual, kwh.unknown) == (
        {}, ("nobody measured the energy of 3 live answers",),
    )  # fmt: skip
    log = HostLog(loop.workspace.host)
    at = format_instant(loop.clock.now())
    log.append(HostSample(at=at, seconds=5.0, cores=2.0, joules=7200.0, answers=10))
    kwh = of(costs_of(loop, load_charter(tmp_path)), "monitoring", "energy")
    assert kwh.actual == {"kWh": "0.0006"}  # 3 answers of 0.2 Wh


async def test_answers_that_are_not_counted_leave_no_answer_out_unsaid(tmp_path: Path) -> None:
    """A bound on what is added up is a bound on answers: copies before them are none."""
    loop = loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)
    answers = Answers(loop)
    seen = await answers.leave()
    spool = answers._spool()
    for stage in ("shadow", "shadow", "shadow", "shadow", "live"):
        paid = structs.replace(seen, id=new_id(), cost="0.25", currency="EUR", stage=stage)
        await spool.close(paid, Witness(input="a", output="b"))
    await spool.aclose()
    money = of(costs_of(loop, load_charter(tmp_path), most=2), "monitoring", "money")
    assert (money.actual, money.unknown) == (
        {"EUR": "0.25"}, ("1 of 2 live answers have no known price",),
    )  # fmt: skip
    money = of(costs_of(loop, load_charter(tmp_path), most=1), "monitoring", "money")
    assert (money.actual, money.whole) == ({}, False)
    assert "more than 1 live answers" in money.unknown[0]


@given(
    st.lists(st.tuples(
        st.sampled_from(COST_PHASES), st.sampled_from(MEASURES), st.sampled_from("AB"),
        st.decimals(0, 10**9, places=4),
    ))
)  # fmt: skip
def test_nothing_is_lost_and_nothing_is_counted_twice(
    items: list[tuple[str, str, str, Decimal]],
) -> None:
    known = [
        Cost(phase=phase, measure=measure, amount=f"{amount:f}", unit=unit, source="s")  # type: ignore[arg-type]
        for phase, measure, unit, amount in items
    ]
    found = sums({}, known, ())
    for unit in "AB":
        total = sum((Decimal(one.actual.get(unit, "0")) for one in found), Decimal(0))
        assert total == sum((item[3] for item in items if item[2] == unit), Decimal(0))
    assert all(one.unknown or one.actual for one in found)


def test_a_sum_with_something_unknown_is_at_least_that() -> None:
    known = [Cost(phase="data", measure="money", amount="90", unit="EUR", source="s")]
    open_ones = [UnknownCost(phase="data", measure="money", why="one has no price")]
    one = of(sums({"data": Estimate(amount=80)}, known, open_ones), "data", "money")
    assert (one.share, one.whole, one.over) == ("112.5", False, True)


@pytest.mark.parametrize(
    "text",
    ["", "12", "-1 EUR", "nan EUR", "1e400 EUR", "inf h", "5 euros", "5 eur", "x h", "1,5 h",
     "5 XYZ", "5 XXX"],
)  # fmt: skip
def test_what_is_no_cost_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_spent([text])


def test_a_second_amount_of_a_kind_and_an_unknown_phase_are_refused(desk: DatedDesk) -> None:
    with pytest.raises(UsageError, match="second one"):
        parse_spent(["5 EUR", "6 USD"])
    with pytest.raises(UsageError, match="no phase"):
        spent(desk, "modeling", "5 EUR")


def test_the_commands_show_enter_and_say_when_it_was_more(
    desk: DatedDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, bill = str(desk.root), tmp_path / "bill.pdf"
    bill.write_bytes(b"%PDF")
    assert run(VERBS, ["cost", "show", where]) == 0
    assert "unknown" in capsys.readouterr().out
    add = ["cost", "add", "modelling", where, "--as", "ana", "--spent", "1200 EUR"]
    assert run(VERBS, add) == 1  # nothing shows it
    assert run(VERBS, [*add, "--file", str(bill), "--spent", "3 h"]) == 0
    capsys.readouterr()
    assert run(VERBS, ["cost", "show", where, "--json"]) == 3
    rows = json.loads(capsys.readouterr().out)["phases"]
    money = next(one for one in rows if (one["phase"], one["measure"]) == ("modelling", "money"))
    assert (money["actual"], money["percent"]) == ({"EUR": "1200"}, "120.0")
    assert "(bill.pdf)" in money["sources"][0]
    unknown = next(one for one in rows if (one["phase"], one["measure"]) == ("data", "money"))
    assert (unknown["actual"], unknown["estimate"]) == (None, None)
    run(VERBS, ["scope", where, "--json"])
    (said,) = json.loads(capsys.readouterr().out)
    assert said["costs"] == rows
    run(VERBS, ["scope", where])
    assert "1200 EUR" in capsys.readouterr().out


def test_what_is_known_to_be_unknown_is_said_of_phases_that_nobody_estimated(
    desk: DatedDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.write("charter.yaml", (desk.root / "charter.yaml").read_text().replace(ESTIMATES, ""))
    loop = desk.loop()
    entered_run(loop, "one", observations="sha256:1", cost=None)
    why = "in 1 of 1 runs answers or judges have no known price"
    assert run(VERBS, ["cost", "show", str(desk.root)]) == 0
    assert f"evaluation, money: {why}" in capsys.readouterr().out
    found = gather(load_system(desk.root), loop, on="2026-11-22", catalogue="eu-ai-act")
    paper = make_document("cost-energy", found, loop, language="en", written={})
    assert f"evaluation, money: {why}" in msgspec.json.encode(paper).decode()
    assert any("no phase has an estimate" in gap.what for gap in paper.gaps)


@pytest.mark.parametrize("language", ["en", "de"])
def test_documents_say_estimate_actual_and_what_is_unknown(desk: DatedDesk, language: str) -> None:
    spent(desk, "modelling", "1200 EUR", note="a GPU for a week")
    loop = desk.loop()
    entered_run(loop, "one", observations="sha256:1", cost=None)
    found = gather(load_system(desk.root), loop, on="2026-11-22", catalogue="eu-ai-act")
    for kind in ("final-report", "cost-energy", "spend-forecast", "mlops-canvas"):
        paper = make_document(kind, found, loop, language=language, written={})  # type: ignore[arg-type]
        text = msgspec.json.encode(paper).decode()
        assert "1200 EUR" in text and "120.0 %" in text and "1000 EUR" in text, kind
        assert ("unknown" if language == "en" else "unbekannt") in text
        assert "0 EUR" not in text.replace("1000 EUR", "").replace("1200 EUR", "").replace(
            "10 EUR", ""
        )
