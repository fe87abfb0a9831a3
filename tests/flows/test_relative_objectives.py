"""A relative objective compares case by case with the live release, on one bar, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import RULES, SLOS, Desk, cases
from roadworthy.domain import Draft, EvidenceError, GateDecision, Verdict
from roadworthy.flows.runs.evaluating import Asked
from roadworthy.manifests import load_system
from roadworthy.release import pin

RELATIVE = SLOS + '- {name: better, metric: accuracy, target: ">= 1 x baseline"}\n'
NEAR = SLOS + '- {name: near, metric: accuracy, target: ">= 0.9 x baseline"}\n'
WORSE = RULES.replace("roof: 3, kitchen: 3", "boat: 3")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "desk")
    desk.write("safety-slos.yaml", RELATIVE)
    desk.write("live.yaml", (desk.root / "candidate.yaml").read_text())
    return desk


def enter_live(desk: Desk, system: str = "desk") -> None:
    """Enter that the candidate of today is live."""
    content = pin(load_system(desk.root))
    loop = desk.loop()
    loop.ledger.record(
        Draft(
            system=system, kind="release.activated", subject="sha256:" + "1" * 64,
            actor=loop.machine, payload={"candidate": content.candidate_digest},
        )
    )  # fmt: skip


def go_live(desk: Desk) -> None:
    """Enter that the candidate of today is live, and let the next one differ from it."""
    enter_live(desk)
    desk.write("next-rules.yaml", RULES.replace("car: 3", "car: 4"))
    text = (desk.root / "candidate.yaml").read_text()
    desk.write("candidate.yaml", text.replace("rules.yaml", "next-rules.yaml") + "name: next\n")


def of(decision: GateDecision, name: str):  # type: ignore[no-untyped-def]
    return next(item for item in decision.slos if item.name == name)


async def evaluate_live(desk: Desk, asked: Asked = Asked()) -> None:  # noqa: B008
    await desk.evaluate(asked, candidate="live.yaml")


async def test_without_a_release_before_it_is_not_judged(desk: Desk) -> None:
    decision = await desk.inspect()
    assert decision.decision is Verdict.PASS
    assert "better is relative and there is no baseline yet: not judged" in decision.notes


async def test_a_worse_candidate_fails_it(desk: Desk) -> None:
    go_live(desk)
    await evaluate_live(desk)
    desk.write("next-rules.yaml", WORSE)
    decision = await desk.inspect()
    found = of(decision, "better")
    assert (found.verdict, found.baseline, found.difference) == (Verdict.FAIL, 1.0, -0.5)
    assert "80 cases paired" in found.reason


@pytest.mark.parametrize(
    "asked", [Asked(suites=("hard",)), Asked(limit=3), Asked(repeats=2)], ids=str
)
async def test_a_run_of_the_baseline_on_other_cases_is_never_compared(
    desk: Desk, asked: Asked
) -> None:
    """The worse candidate must not win against a baseline that was asked the hard cases only."""
    desk.write("suites/hard.yaml", "name: hard\ncases: [hard.jsonl]\n")
    desk.write(
        "suites/hard.jsonl",
        '{"id": "h1", "input": "the boat", "expect": {"label": "motor"}}\n'
        '{"id": "h2", "input": "the ship", "expect": {"label": "home"}}\n',
    )
    go_live(desk)
    await evaluate_live(desk, asked)
    desk.write("next-rules.yaml", WORSE)
    decision = await desk.inspect()
    found = of(decision, "better")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.endswith("roadworthy eval --candidate live.yaml")
    assert decision.baseline_run == ""
    # nor does it replace the whole run that is there
    await evaluate_live(desk)
    await evaluate_live(desk, asked)
    assert of(desk.gate(), "better").verdict is Verdict.FAIL


async def test_a_case_added_since_asks_for_a_run_of_the_baseline(desk: Desk) -> None:
    go_live(desk)
    await evaluate_live(desk)
    more = {"id": "new", "input": "the car", "expect": {"label": "motor"}, "tags": ["tail"]}
    desk.cases([*cases(), more])
    decision = await desk.inspect()
    assert of(decision, "better").verdict is Verdict.INCONCLUSIVE
    assert decision.decision is Verdict.INCONCLUSIVE


async def test_a_baseline_whose_files_are_gone_says_what_to_put_back(desk: Desk) -> None:
    go_live(desk)
    desk.write("live.yaml", "no: candidate\n")
    desk.write("rules.yaml", WORSE)
    found = of(await desk.inspect(), "better")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no candidate file here makes it" in found.reason


async def test_an_equal_candidate_proves_that_it_is_near_and_no_more(desk: Desk) -> None:
    desk.write("safety-slos.yaml", NEAR + RELATIVE.splitlines()[-1] + "\n")
    go_live(desk)
    await evaluate_live(desk)
    decision = await desk.inspect()
    assert of(decision, "near").verdict is Verdict.PASS
    assert of(decision, "better").verdict is Verdict.INCONCLUSIVE


async def test_two_cases_prove_nothing_against_the_baseline(desk: Desk) -> None:
    desk.write("safety-slos.yaml", NEAR)
    desk.cases(cases(2))
    go_live(desk)
    await evaluate_live(desk)
    assert of(await desk.inspect(), "near").verdict is Verdict.INCONCLUSIVE


async def test_repeats_that_the_contract_does_not_know_are_another_bar(desk: Desk) -> None:
    desk.deliberate()
    await desk.evaluate(Asked(repeats=4))
    decision = desk.gate()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert "asked every case 4 times" in decision.reasons[0]
    # what the contract says anyway is no other bar
    await desk.evaluate(Asked(repeats=1))
    assert desk.gate().decision is Verdict.PASS


async def test_repeats_of_the_contract_are_the_bar(desk: Desk) -> None:
    desk.write("suites/main.yaml", "name: main\ncases: [main.jsonl]\nrepeats: 2\n")
    assert (await desk.inspect()).decision is Verdict.PASS
    await desk.evaluate(Asked(repeats=1))
    assert desk.gate().decision is Verdict.PASS


async def test_the_baseline_must_have_drawn_with_the_seed_of_the_judged_run(desk: Desk) -> None:
    go_live(desk)
    await evaluate_live(desk)
    desk.deliberate()
    await desk.evaluate(Asked(seed=7))
    found = of(desk.gate(), "better")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "with the seed 7 of this run" in found.reason
    assert found.reason.endswith("roadworthy eval --candidate live.yaml --seed 7")
    await evaluate_live(desk, Asked(seed=7))
    assert desk.gate().baseline_run


async def test_the_first_run_of_the_baseline_counts_however_often_it_is_asked_again(
    desk: Desk,
) -> None:
    """Who asks the live release until it does badly would choose what must be beaten."""
    go_live(desk)
    first = await desk.evaluate(candidate="live.yaml")
    again = await desk.evaluate(Asked(fresh=True), candidate="live.yaml")
    assert again.summary.run != first.summary.run
    assert (await desk.inspect()).baseline_run == first.summary.run


async def test_a_first_run_of_the_baseline_that_was_lost_is_not_replaced(desk: Desk) -> None:
    go_live(desk)
    first = await desk.evaluate(candidate="live.yaml")
    await desk.evaluate(Asked(fresh=True), candidate="live.yaml")
    first.run_file.unlink()
    with pytest.raises(EvidenceError):
        await desk.inspect()


async def test_f1_is_compared_case_by_case(desk: Desk) -> None:
    desk.write(
        "safety-slos.yaml", SLOS + '- {name: f1_near, metric: f1, target: ">= 0.9 x baseline"}\n'
    )
    go_live(desk)
    await evaluate_live(desk)
    assert "80 cases paired" in of(await desk.inspect(), "f1_near").reason


def rename(desk: Desk) -> None:
    charter = (desk.root / "charter.yaml").read_text()
    desk.write("charter.yaml", charter.replace("system: desk\n", "system: other\n"))


async def test_a_renamed_system_is_compared_with_what_was_live_before(desk: Desk) -> None:
    go_live(desk)
    await evaluate_live(desk)
    rename(desk)
    desk.write("next-rules.yaml", WORSE)
    decision = await desk.inspect()
    found = of(decision, "better")
    assert (found.verdict, found.baseline) == (Verdict.FAIL, 1.0)
    assert any("asked of the system `desk`" in note for note in decision.notes)


async def test_the_live_release_of_the_old_name_can_still_be_asked_new_cases(desk: Desk) -> None:
    await evaluate_live(desk)
    go_live(desk)
    rename(desk)
    more = {"id": "new", "input": "the car", "expect": {"label": "motor"}, "tags": ["tail"]}
    desk.cases([*cases(), more])
    desk.write("next-rules.yaml", WORSE)
    found = of(await desk.inspect(), "better")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "live release of `desk`" in found.reason
    assert found.reason.endswith("roadworthy eval --candidate live.yaml")
    await evaluate_live(desk)
    assert of(desk.gate(), "better").verdict is Verdict.FAIL


async def test_a_rename_alone_is_no_other_candidate(desk: Desk) -> None:
    await desk.evaluate()
    enter_live(desk)
    rename(desk)
    decision = await desk.inspect()
    assert "better is relative and this candidate is the live release: not judged" in decision.notes


async def test_once_the_new_name_has_a_live_release_that_is_the_baseline(desk: Desk) -> None:
    go_live(desk)
    await evaluate_live(desk)
    rename(desk)
    enter_live(desk, "other")
    desk.write("next-rules.yaml", RULES.replace("car: 3", "car: 5"))
    found = of(await desk.inspect(), "better")
    assert found.verdict is Verdict.INCONCLUSIVE  # the old name's run does not stand in for it
    assert "`desk`" not in found.reason
