"""An easier gate is said to be one: what was moved since earlier bars stands in every decision."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from doubles.desk import SLOS, Desk, cases
from roadworthy.domain import GateDecision, Verdict
from roadworthy.flows.runs.evaluating import Asked


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


async def after(desk: Desk) -> GateDecision:
    """The decision on the second bar, after the first was evaluated."""
    desk.deliberate()
    await desk.evaluate()
    return desk.gate()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('">= 0.8"', '">= 0.5"', "objective accuracy: target was `>= 0.8` and is `>= 0.5`"),
        ('">= 0.8"', '">= 0.8", evidence: point', "evidence was not set and is `point`"),
        ('">= 0.8"', '">= 0.8", where: "tag:golden"', "where was not set and is `tag:golden`"),
        ('"== 0"', '"== 0", at: [runtime]', "at was gate, runtime and is runtime"),
        ("- {name: accuracy, target: \">= 0.8\"}\n", "",
         "objective accuracy (>= 0.8) is not there any more"),
    ],
)  # fmt: skip
async def test_an_objective_that_was_moved_is_named_with_what_it_was(
    desk: Desk, old: str, new: str, said: str
) -> None:
    await desk.evaluate()
    assert old in SLOS
    desk.write("safety-slos.yaml", SLOS.replace(old, new))
    notes = (await after(desk)).notes
    assert any(said in note and "(bar fixed at " in note for note in notes), notes


async def test_another_wording_for_readers_is_no_move(desk: Desk) -> None:
    await desk.evaluate()
    desk.write("safety-slos.yaml", SLOS.replace('">= 0.8"', '">= 0.8", owner: Ada'))
    assert not any("objective accuracy" in note for note in (await after(desk)).notes)


async def test_a_suite_that_is_scored_otherwise_is_named(desk: Desk) -> None:
    await desk.evaluate()
    desk.write("suites/main.yaml", "name: main\ncases: [main.jsonl]\nscorers: [{scorer: label}]\n")
    notes = (await after(desk)).notes
    assert any(note.startswith("suite main is asked or scored otherwise") for note in notes)


async def test_a_case_that_is_added_changes_no_suite_file(desk: Desk) -> None:
    await desk.evaluate()
    desk.cases([*cases(), {"id": "new", "input": "my car", "expect": {"label": "motor"}}])
    assert not any("otherwise" in note for note in (await after(desk)).notes)


async def test_a_case_that_moves_to_another_suite_is_named(desk: Desk) -> None:
    await desk.evaluate()
    lines = (desk.root / "suites/main.jsonl").read_text().splitlines(keepends=True)
    desk.write("suites/main.jsonl", "".join(lines[1:]))
    desk.write("suites/easy.jsonl", lines[0])
    desk.write("suites/easy.yaml", "name: easy\ncases: [easy.jsonl]\n")
    notes = (await after(desk)).notes
    assert "1 case stands in another suite than before: c0 of main" in notes


def rename(desk: Desk) -> None:
    """The charter calls the system otherwise."""
    text = (desk.root / "charter.yaml").read_text()
    desk.write("charter.yaml", text.replace("system: desk", "system: counter"))


async def test_a_system_under_another_name_does_not_lose_its_past(desk: Desk) -> None:
    await desk.evaluate()
    rename(desk)
    decision = await after(desk)
    assert any("asked of the system `desk`, too" in note for note in decision.notes)
    assert decision.runs == 2


async def test_another_name_washes_no_removed_case_off(desk: Desk) -> None:
    await desk.evaluate()
    desk.cases(cases()[:60])
    rename(desk)
    decision = await after(desk)
    assert decision.decision is Verdict.FAIL
    assert any("20 cases" in why and "removed" in why for why in decision.reasons)


async def test_another_name_with_many_new_cases_washes_nothing_off(desk: Desk) -> None:
    await desk.evaluate()
    new = [{**case, "id": f"n{case['id']}", "input": f"{case['input']} again"} for case in cases()]
    desk.cases([*cases()[:60], *new, *({**case, "id": f"m{case['id']}"} for case in new)])
    rename(desk)
    assert (await after(desk)).decision is Verdict.FAIL


async def test_another_name_for_system_and_cases_is_the_same_behaviour(desk: Desk) -> None:
    await desk.evaluate()
    desk.cases([{**case, "id": f"n{case['id']}"} for case in cases()])
    rename(desk)
    decision = await after(desk)
    assert any("80 cases" in why and "removed" in why for why in decision.reasons)


async def test_another_system_with_other_cases_binds_nothing(desk: Desk) -> None:
    await desk.evaluate()
    desk.cases([{**case, "id": f"n{case['id']}", "input": f"I say: {case['input']}"}
                for case in cases()])  # fmt: skip
    desk.patterns('"burnt"')
    rename(desk)
    decision = await after(desk)
    assert (decision.decision, decision.runs) == (Verdict.PASS, 1)
    assert not any("asked of the system" in note for note in decision.notes)


async def test_objectives_that_an_earlier_version_did_not_keep_stop_nothing(desk: Desk) -> None:
    await desk.evaluate()
    desk.write("safety-slos.yaml", SLOS.replace("0.8", "0.5"))
    shutil.rmtree(desk.root / ".roadworthy" / "cache", ignore_errors=True)
    loop = desk.loop()
    (entry,) = loop.ledger.entries(kind="bar.fixed", system="desk")
    loop.blobs.path(str(entry.payload["slos"])).unlink()
    notes = (await after(desk)).notes
    assert any("safety-slos.yaml is another than" in note for note in notes)


EXTRA = "name: extra\ncases: [extra.jsonl]\n"


def extra(desk: Desk) -> None:
    """A second suite beside `main`."""
    lines = [json.dumps({**each, "id": f"x{each['id']}"}) + "\n" for each in cases(20)]
    desk.write("suites/extra.jsonl", "".join(lines))
    desk.write("suites/extra.yaml", EXTRA)


async def test_a_run_of_one_suite_undoes_no_full_run(desk: Desk) -> None:
    extra(desk)
    full = await desk.inspect()
    assert full.decision is Verdict.PASS, full.reasons
    await desk.evaluate(Asked(suites=("extra",)))
    again = desk.gate()
    assert (again.decision, again.run) == (Verdict.PASS, full.run), again.reasons


async def test_a_new_suite_that_alone_was_run_says_how_both_are_asked(desk: Desk) -> None:
    assert (await desk.inspect()).decision is Verdict.PASS
    extra(desk)
    await desk.evaluate(Asked(suites=("extra",)))
    undecided = desk.gate()
    assert undecided.decision is Verdict.INCONCLUSIVE
    said = "the newest asked extra, not main; `roadworthy eval` without --suite asks all"
    assert any(said in reason for reason in undecided.reasons), undecided.reasons
    await desk.evaluate()
    assert desk.gate().decision is Verdict.PASS
