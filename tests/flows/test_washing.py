"""What a candidate was seen doing is not washed off by touching what stands around it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.desk import SLOS, Desk, cases
from doubles.lucky_desk import ALL, LEAK, Lucky
from roadworthy.domain import GateDecision, Verdict
from roadworthy.flows.runs.evaluating import Asked, Evaluated

POINT = SLOS.replace('">= 0.8"', '">= 0.8", evidence: point')


@pytest.fixture
def lucky(tmp_path: Path) -> Lucky:
    return Lucky(tmp_path / "desk")


def of(decision: GateDecision, name: str) -> Verdict:
    return next(item.verdict for item in decision.slos if item.name == name)


def tagged(*tags: str) -> list[dict[str, object]]:
    return [{**case, "tags": [*case["tags"], *tags]} for case in ALL]  # type: ignore[misc]


async def test_in_luck_it_passes(lucky: Lucky) -> None:
    assert (await lucky.again()).decision is Verdict.PASS


async def test_a_violation_stays_when_every_case_gets_a_tag(lucky: Lucky) -> None:
    await lucky.run("bad")
    lucky.desk.cases(tagged("seen"))
    decision = await lucky.again()
    assert (decision.decision, decision.runs) == (Verdict.FAIL, 2)
    assert "a later run does not undo it" in " ".join(decision.reasons)


async def test_it_stays_when_its_case_moves_to_another_name_and_suite(lucky: Lucky) -> None:
    await lucky.run("bad")
    lucky.desk.cases(ALL[1:])
    lucky.desk.write("suites/more.yaml", "name: more\ncases: [more.jsonl]\n")
    lucky.desk.write("suites/more.jsonl", json.dumps({**LEAK, "id": "other"}) + "\n")
    decision = await lucky.again()
    assert of(decision, "never_event_violations") is Verdict.FAIL


async def test_it_stays_when_the_objective_selects_what_the_case_is_only_now(lucky: Lucky) -> None:
    await lucky.run("bad")
    lucky.desk.cases(tagged("new"))
    lucky.desk.write("safety-slos.yaml", SLOS.replace('"== 0"', '"== 0", where: "tag:new"'))
    assert of(await lucky.again(), "never_event_violations") is Verdict.FAIL


async def test_it_stays_when_a_word_of_its_case_is_changed(lucky: Lucky) -> None:
    await lucky.run("bad")
    lucky.desk.cases([{**LEAK, "input": "the car left a small bruise"}, *ALL[1:]])
    assert (await lucky.again()).decision is Verdict.FAIL


async def test_it_stays_when_cases_are_added(lucky: Lucky) -> None:
    await lucky.run("bad")
    more = [{**case, "id": f"more{at}", "input": f"my car {at}", "expect": {"label": "motor"}}
            for at, case in enumerate(cases(200))]  # fmt: skip
    lucky.desk.cases([*ALL, *more])
    decision = await lucky.again()
    assert (decision.decision, decision.runs) == (Verdict.FAIL, 1), "a new look, an old violation"


async def test_it_stays_when_the_code_gets_a_comment(lucky: Lucky) -> None:
    await lucky.run("bad")
    lucky.code('"""What it does."""\n' + lucky.source.replace("# lucky or not", "# lucky"))
    decision = await lucky.again()
    assert (decision.decision, decision.runs) == (Verdict.FAIL, 2)


async def test_it_stays_when_only_a_part_of_the_cases_was_asked(lucky: Lucky) -> None:
    await lucky.run("bad", Asked(cache=False, limit=10))
    decision = await lucky.again()
    assert (decision.decision, decision.runs) == (Verdict.FAIL, 1)


async def test_it_stays_when_the_run_that_saw_it_was_cut_off(lucky: Lucky) -> None:
    """Neither a summary nor an entry says how it ended; its file does."""
    seen = await lucky.run("bad", Asked(cache=False, limit=60))
    lost = lucky.desk.root / "lost"
    cut_off(lucky.desk, seen, lost)
    decision = await lucky.again()
    assert of(decision, "never_event_violations") is Verdict.FAIL
    assert any("never completed" in note for note in decision.notes)


def cut_off(desk: Desk, seen: Evaluated, elsewhere: Path) -> None:
    """A workspace that knows the run's beginning and its rows, as a killed process leaves it."""
    import shutil

    from roadworthy.domain import Draft

    loop = desk.loop()
    (fixed,) = loop.ledger.entries(kind="bar.fixed", system="desk")
    bar = loop.blobs.get_json(str(fixed.payload["bar"]))
    shutil.move(desk.root / ".roadworthy", elsewhere)
    loop = desk.loop()
    digest = loop.blobs.put_json(bar)
    assert digest == fixed.payload["bar"]
    loop.ledger.record(
        Draft(system=fixed.system, kind=fixed.kind, subject=fixed.subject, actor=loop.machine,
              payload=fixed.payload)
    )  # fmt: skip
    loop.workspace.runs.mkdir(parents=True, exist_ok=True)
    shutil.copy(elsewhere / "runs" / seen.run_file.name, loop.workspace.runs)


async def test_code_that_does_something_else_is_another_candidate(lucky: Lucky) -> None:
    await lucky.run("bad")
    lucky.code(lucky.source.replace("0.99 if luck", "0.9 if luck"))
    decision = await lucky.again()
    assert (decision.decision, decision.runs) == (Verdict.PASS, 1)
    assert any("1 other candidate was asked these cases before" in one for one in decision.notes)


async def test_a_missed_estimate_stays_when_every_case_gets_a_tag(lucky: Lucky) -> None:
    lucky.desk.write("safety-slos.yaml", POINT.replace("0.8", "0.95"))
    await lucky.run("slips")
    lucky.desk.cases(tagged("seen"))
    decision = await lucky.again()
    assert decision.decision is Verdict.INCONCLUSIVE
    assert "but missed it in" in " ".join(decision.reasons)


async def test_a_corrected_label_helps_the_earlier_answers_too(lucky: Lucky) -> None:
    """An honest correction: the cases were labelled wrongly, and the earlier run was right."""
    lucky.desk.write("safety-slos.yaml", POINT)
    wrong = [{**case, "expect": {"label": "home"}} for case in cases()]
    lucky.desk.cases([LEAK, *wrong])
    await lucky.run("good")
    lucky.desk.cases(ALL)
    assert (await lucky.again()).decision is Verdict.PASS


async def test_rows_that_are_gone_decide_nothing_of_what_must_not_happen(lucky: Lucky) -> None:
    lucky.desk.write("safety-slos.yaml", SLOS.replace('"== 0"', '"== 0", where: "tag:golden"'))
    seen = await lucky.run("good")
    lucky.desk.cases(tagged("seen"))
    seen.run_file.unlink()
    assert of(await lucky.again(), "never_event_violations") is Verdict.INCONCLUSIVE
