"""What judges and simulated users cost is in the run's cost, and shown apart."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from doubles.agents import Agent
from doubles.answering import CountingProvider
from doubles.suites import a_case, a_suite, a_system
from roadworthy.cli.evaluate_results import _spent
from roadworthy.domain import Candidate, Case, Model, ScorerSpec, SimulatedUser, Spending, Usage
from roadworthy.evaluation import Limits, read_run, row_digest
from roadworthy.flows.request.service import Service
from roadworthy.flows.runs.evaluating import Asked, Evaluated, EvaluatingDeps, evaluate
from roadworthy.flows.workspace.loop import Loop
from roadworthy.prompting import Composer
from roadworthy.serving import RailLine
from roadworthy.wiring.loop import open_loop

USER = Model(provider="python", name="user", digest="sha256:1")
JUDGE = Model(provider="openai_compatible", name="judge", upstream="u", version="1")
COHERENCE = ScorerSpec(
    scorer="coherence",
    options={"model": {"provider": "openai_compatible", "name": "judge", "upstream": "u",
                       "version": "1"}},
)  # fmt: skip
PRICES = {"judge": "0.5", "user": "0.25"}


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return open_loop(tmp_path)


def price(usage: Usage, model: str, at: str) -> tuple[str, str] | None:
    """So much a token in; the price of other models is not known."""
    if model not in PRICES:
        return None
    return str(Decimal(PRICES[model]) * usage.input_tokens), "EUR"


async def ran(
    loop: Loop,
    *cases: Case,
    judge: str = "3",
    asked: Asked | None = None,
    scorers: list[ScorerSpec] = [COHERENCE],  # noqa: B006
    **more: Any,
) -> Evaluated:
    numbers = itertools.count()
    models = {"judge": judge, "user": "More, please."}

    def service(content: Any, wrap: Any) -> Service:
        return Service(
            content=content, digest=content.candidate_digest,
            composer=Composer(content.candidate, content.prompt, content.charter),
            rails=RailLine.compile(rails=content.rails, charter=content.charter, assets={}),
            provider=wrap(Agent(lambda messages: "42")),
            pricing=lambda usage, at: ("0.01", "EUR"),
        )  # fmt: skip

    deps = EvaluatingDeps(
        loop=loop, new_id=lambda: f"id-{next(numbers)}", service=service,
        provider=lambda model: CountingProvider(models[model.name]), **{"price": price, **more},
    )  # fmt: skip
    made = a_system(
        a_suite("all", list(cases), user=USER, scorers=scorers),
        candidate=Candidate(task="chat", model=Model(provider="recorded", name="agent")),
    )
    return await evaluate(made, asked or Asked(limits=Limits(concurrency=2)), deps)


def simulated(number: int = 0) -> Case:
    return a_case(number, simulate=SimulatedUser(persona="p", goal="g", most_turns=3))


async def test_judges_and_users_are_in_the_cost_and_shown_apart(loop: Loop) -> None:
    done = await ran(loop, simulated(), a_case(1))
    # 3 + 1 answers at 0.01, 2 verdicts and 2 words of the user at 3 tokens in.
    assert done.summary.cost == "4.54 EUR"
    assert done.summary.spent == (
        Spending(by="judges", calls=2, input_tokens=6, output_tokens=2, cost="3 EUR"),
        Spending(by="users", calls=2, input_tokens=6, output_tokens=2, cost="1.5 EUR"),
    )
    rows = {row.case: row for row in read_run(done.run_file)}
    assert rows["c1"].cost == "0.01"
    assert rows["c1"].attributes["spent"] == {
        "judges": {"calls": 1, "input_tokens": 3, "output_tokens": 1, "cost": {"EUR": "1.5"},
                   "unpriced": 0}
    }  # fmt: skip
    assert set(rows["c0"].attributes["spent"]) == {"judges", "users"}


async def test_what_has_no_price_is_counted_and_is_not_0(loop: Loop) -> None:
    done = await ran(loop, simulated(), a_case(1), price=None)
    assert done.summary.cost == "0.04 EUR"
    assert [(each.by, each.cost, each.unpriced) for each in done.summary.spent] == [
        ("judges", None, 2), ("users", None, 2),
    ]  # fmt: skip


async def test_a_verdict_that_was_none_was_paid_all_the_same(loop: Loop) -> None:
    done = await ran(loop, a_case(0), judge="I would say 3.")
    (row,) = read_run(done.run_file)
    assert row.status == "error"
    assert [(each.by, each.calls, each.cost) for each in done.summary.spent] == [
        ("judges", 1, "1.5 EUR")
    ]


async def test_a_judge_found_in_the_cache_cost_what_it_did_and_costs_nothing_now(
    loop: Loop,
) -> None:
    cases = [simulated(), a_case(1)]
    first = await ran(loop, *cases)
    again = await ran(loop, *cases, asked=Asked(fresh=True, limits=Limits(concurrency=2)))
    assert first.progress is not None and again.progress is not None
    assert first.progress.spent == {"EUR": Decimal("4.54")}
    assert again.progress.spent == {}
    assert again.summary.spent == first.summary.spent
    assert again.summary.cost == first.summary.cost
    assert again.summary.observations == first.summary.observations
    assert again.digest == first.digest
    rows = [read_run(done.run_file) for done in (first, again)]
    assert all("paid" in row.attributes for row in rows[0])
    assert not any("paid" in row.attributes for row in rows[1])
    assert [*map(row_digest, rows[0])] == [*map(row_digest, rows[1])]


async def test_a_budget_counts_what_judges_are_paid(loop: Loop) -> None:
    limits = Limits(concurrency=1, budget=Decimal("3"))
    done = await ran(loop, *(a_case(number) for number in range(10)), asked=Asked(limits=limits))
    assert "budget of 3 is spent" in done.stopped
    assert done.summary.n == 2


async def test_a_row_that_asked_nobody_else_says_nothing_of_it(loop: Loop) -> None:
    done = await ran(loop, a_case(0), scorers=[])
    (row,) = read_run(done.run_file)
    assert "spent" not in row.attributes
    assert (done.summary.spent, done.summary.cost) == ((), "0.01 EUR")


def test_the_line_for_people_names_what_is_not_known() -> None:
    known = Spending(
        by="judges", calls=4, input_tokens=9, output_tokens=4, cost="1 EUR", unpriced=1
    )
    said = "Of which judges: 1 EUR, 4 calls, 1 of unknown price, 9 tokens in and 4 out."
    assert _spent(known) == said
    free = Spending(by="users", calls=2, input_tokens=0, output_tokens=0, cost=None, unpriced=2)
    assert _spent(free).startswith("Of which users: no price is known, 2 calls, 0 tokens in")
