"""Rubrics that are ready: told their sources, held to people, gating, closed on a bad judge."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from doubles.desk import cases
from doubles.judge_prompts import answer_in, question_in
from doubles.judged_desk import JudgedDesk
from roadworthy.domain import (
    JUDGE_SHOWN,
    READY_RUBRICS,
    Measurement,
    ScorerSpec,
    Verdict,
    judge_digest,
)
from roadworthy.flows.entries.run_records import newest_run, rows_of

MODEL = '{provider: openai_compatible, name: judge, upstream: judge, version: "1"}'

SUITE = """\
name: main
cases: [main.jsonl]
scorers:
- scorer: NAME
  options: {model: MODEL, sources: [passages]}
"""


def suite(name: str) -> str:
    text = SUITE.replace("NAME", name).replace("MODEL", MODEL)
    return text if READY_RUBRICS[name].of_sources else text.replace(", sources: [passages]", "")


def sourced(count: int = 80) -> list[dict[str, object]]:
    """Cases whose source names the right desk; of every fourth it names another one."""
    rows = cases(count)
    for number, row in enumerate(rows):
        right = row["expect"]["label"]  # type: ignore[index]
        row["context"] = {"passages": [f"Ours is the {right if number % 4 else 'travel'} desk."]}
    return rows


def holds(prompt: str) -> bool:
    """Whether the source holds what the answer says."""
    return f"the {answer_in(prompt)} desk" in answer_in(prompt, "what matters")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JudgedDesk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = JudgedDesk(tmp_path / "desk", suite=suite("groundedness"))
    desk.cases(sourced())
    desk.says = lambda prompt: "3" if holds(prompt) else "1"
    return desk


def knows_sources(item: object, texts: list[str]) -> str:
    levels = READY_RUBRICS["groundedness"].levels
    held = f"the {texts[0]} desk" in item.matters  # type: ignore[attr-defined]
    return levels[2] if held else levels[0]


def objective(desk: JudgedDesk, name: str, target: str) -> None:
    desk.write("safety-slos.yaml", f'slos:\n- {{name: {name}, target: "{target}"}}\n')
    desk.deliberate()


def said_of(desk: JudgedDesk, name: str) -> Measurement:
    run = newest_run(desk.loop(), desk.digest())
    assert run is not None
    return next(each for each in run.indicators if each.name == name)


def judged(desk: JudgedDesk, name: str):  # type: ignore[no-untyped-def]
    return next(each for each in desk.gate().slos if each.name == name)


def test_the_judge_is_told_the_sources_and_the_closed_levels(desk: JudgedDesk) -> None:
    seen: list[str] = []
    desk.says = lambda prompt: seen.append(prompt) or "3"  # type: ignore[func-returns-value]
    asyncio.run(desk.evaluate())
    assert answer_in(seen[1], "what matters").startswith("[1] Ours is the ")
    assert "3: yes, the sources support all that it claims" in seen[0]
    assert seen[0].endswith("Reply with one number of 1, 2, 3 and nothing else.")


def test_groundedness_gates_only_when_people_rated(desk: JudgedDesk) -> None:
    objective(desk, "groundedness", ">= 0.5")
    asyncio.run(desk.evaluate())
    assert said_of(desk, "groundedness").value == 0.75
    found = judged(desk, "groundedness")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "uncorrected judge: it says 0.75 of 80 cases, and people rated 0" in found.reason
    desk.rate(desk.task(rubric="groundedness", n=60), desk.rater("Ada"), knows_sources)
    found = judged(desk, "groundedness")
    assert found.verdict is Verdict.PASS, found.reason
    assert found.low is not None and found.high is not None
    assert found.low < 0.75 < found.high


def test_raters_see_the_sources_that_the_judge_saw(desk: JudgedDesk) -> None:
    asyncio.run(desk.evaluate())
    task = desk.task(rubric="groundedness", n=5).task
    assert task.rubric is not None
    assert task.rubric.question == READY_RUBRICS["groundedness"].question
    assert all(item.matters.startswith("[1] Ours is the ") for item in task.items)


def test_a_judge_of_sources_that_answers_nonsense_gives_error_rows_and_no_value(
    desk: JudgedDesk,
) -> None:
    desk.says = lambda prompt: "It is mostly grounded: 3 out of 3."
    objective(desk, "groundedness", ">= 0.5")
    done = asyncio.run(desk.evaluate())
    assert (done.summary.status, done.summary.errors) == ("partial", 80)
    assert not any(each.name == "groundedness" for each in done.summary.indicators)
    assert judged(desk, "groundedness").verdict is not Verdict.PASS


def test_an_answer_without_sources_is_not_judged_by_them(desk: JudgedDesk) -> None:
    rows = sourced()
    for row in rows[:30]:
        row["context"] = {}
    desk.cases(rows)
    asyncio.run(desk.evaluate())
    assert said_of(desk, "groundedness").n == 50
    left_out = desk.task(rubric="groundedness", n=60).task.left_out
    assert left_out == {"the case gives no sources": 30}


@pytest.mark.parametrize("name", READY_RUBRICS)
def test_every_ready_rubric_is_asked_scored_and_marked(desk: JudgedDesk, name: str) -> None:
    ready = READY_RUBRICS[name]
    desk.write("suites/main.yaml", suite(name))
    best = str(len(ready.levels))
    desk.says = lambda prompt: best if "tyre" in question_in(prompt) else "1"
    done = asyncio.run(desk.evaluate())
    assert done.summary.status == "complete"
    run = newest_run(desk.loop(), desk.digest())
    assert run is not None
    rows = rows_of(desk.loop(), run)
    assert {row.scores[name] for row in rows} == {0.0, 1.0}
    assert all(row.attributes["judges"][name]["said"] in ready.levels for row in rows)
    shown = next(each for each, score in JUDGE_SHOWN.items() if score == name)
    for indicator in (shown, "judge_score"):
        found = said_of(desk, indicator)
        assert (found.value, found.n, found.low) == (0.5, 80, None)
        assert found.doubt.startswith("uncorrected judge")


def test_a_ready_judge_does_not_count_as_one_who_read_the_case_s_rubric(desk: JudgedDesk) -> None:
    rows = sourced(4)
    for row in rows:
        row["expect"] = {"rubric": "It must name a desk."}
    desk.cases(rows)
    asyncio.run(desk.evaluate())
    run = newest_run(desk.loop(), desk.digest())
    assert run is not None
    assert all(row.attributes["not_scored"] == ["rubric"] for row in rows_of(desk.loop(), run))


def test_judge_score_and_agreement_gate(desk: JudgedDesk) -> None:
    desk.write(
        "safety-slos.yaml",
        'slos:\n- {name: judge_score, target: ">= 0.5"}\n'
        '- {name: judge_agreement, target: ">= 0.4"}\n',
    )
    desk.deliberate()
    desk.says = lambda prompt: (
        "2" if question_in(prompt).endswith("9") else ("3" if holds(prompt) else "1")
    )
    asyncio.run(desk.evaluate())
    assert judged(desk, "judge_score").verdict is Verdict.INCONCLUSIVE
    assert judged(desk, "judge_agreement").verdict is Verdict.INCONCLUSIVE
    desk.rate(desk.task(rubric="groundedness", n=70), desk.rater("Ada"), knows_sources)
    assert judged(desk, "judge_score").verdict is Verdict.PASS
    agreed = judged(desk, "judge_agreement")
    assert agreed.verdict is Verdict.PASS, agreed.reason
    assert agreed.n == 70
    assert agreed.low is not None and agreed.high is not None
    assert 0.4 < agreed.low < agreed.high <= 1.0


def test_a_judge_that_agreed_in_every_case_bounds_no_agreement(desk: JudgedDesk) -> None:
    """Nothing varies that could be resampled: no interval, so no verdict."""
    objective(desk, "judge_agreement", ">= 0.4")
    asyncio.run(desk.evaluate())
    desk.rate(desk.task(rubric="groundedness", n=70), desk.rater("Ada"), knows_sources)
    found = judged(desk, "judge_agreement")
    assert (found.verdict, found.estimate, found.low) == (Verdict.INCONCLUSIVE, 1.0, None)
    assert "the cases vary too little to resample" in found.reason


def test_a_wording_is_part_of_the_judge_and_an_old_judge_keeps_its_name() -> None:
    own = ScorerSpec(scorer="rubric", options={"question": "Good?", "levels": ["no", "yes"]})
    assert "sources" not in json.dumps(own.options)
    first = judge_digest(own)
    shown = ScorerSpec(scorer="rubric", options={**own.options, "sources": ["passages"]})
    assert judge_digest(shown) != first
    assert first == "sha256:e0fba9d120795d339e4bf3f6e682535ced37d680fd3940fe269c2fa94f24200a"
