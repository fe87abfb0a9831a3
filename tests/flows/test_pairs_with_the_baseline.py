"""`against: baseline`: pairs with what the live release answered on the same bar, or none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from doubles.desk import RULES, SLOS
from doubles.judge_prompts import answer_in
from doubles.judged_desk import JudgedDesk
from roadworthy.domain import Draft, GateDecision, RunSummary, UsageError, Verdict
from roadworthy.flows.entries.run_records import rows_of
from roadworthy.flows.release_loop import gate
from roadworthy.flows.runs.evaluating import Asked
from roadworthy.manifests import check_system, load_system
from roadworthy.release import pin

PAIRS = """\
name: main
cases: [main.jsonl]
scorers:
- scorer: pairwise
  name: better
  options:
    against: baseline
    model: {provider: openai_compatible, name: judge, upstream: judge, version: "1"}
"""
OBJECTIVE = SLOS + '- {name: NAME, target: ">= 0.6"}\n'
WORSE = RULES.replace("roof: 3, kitchen: 3", "boat: 3")


def knows(prompt: str) -> str:
    """Whichever of the two names the right desk; 3 is a tie."""
    right = "motor" if "tyre" in answer_in(prompt, "question") else "home"
    first, second = (answer_in(prompt, f"answer {n}") == right for n in (1, 2))
    return "3" if first == second else "1" if first else "2"


@pytest.fixture(params=["better", "win_rate"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> JudgedDesk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = JudgedDesk(tmp_path / "desk", says=knows, suite=PAIRS)
    desk.write("safety-slos.yaml", OBJECTIVE.replace("NAME", name))
    desk.write("old-rules.yaml", WORSE)
    text = (desk.root / "candidate.yaml").read_text()
    desk.write("live.yaml", text.replace("rules.yaml", "old-rules.yaml") + "name: live\n")
    return desk


def go_live(desk: JudgedDesk, candidate: str = "live.yaml", release: str = "1") -> None:
    content = pin(load_system(desk.root, candidate=candidate))
    loop = desk.loop()
    loop.ledger.record(
        Draft(system="desk", kind="release.activated", subject="sha256:" + release * 64,
              actor=loop.machine, payload={"candidate": content.candidate_digest})
    )  # fmt: skip


def evaluate(desk: JudgedDesk, candidate: str = "candidate.yaml", **asked: object) -> RunSummary:
    done = asyncio.run(desk.evaluate(Asked(**asked), candidate=candidate))  # type: ignore[arg-type]
    return done.summary


def decided(desk: JudgedDesk) -> GateDecision:
    desk.deliberate()
    return gate(load_system(desk.root), desk.loop())


def objective(decision: GateDecision, name: str):  # type: ignore[no-untyped-def]
    return next((item for item in decision.slos if item.name == name), None)


def test_check_accepts_it(desk: JudgedDesk) -> None:
    assert [one.message for one in check_system(desk.root) if one.severity == "error"] == []


def test_before_a_first_release_nobody_is_asked_and_nothing_is_judged(
    desk: JudgedDesk, name: str
) -> None:
    asked: list[str] = []
    desk.says = lambda prompt: asked.append(prompt) or "1"  # type: ignore[func-returns-value]
    evaluate(desk)
    assert asked == []
    decision = decided(desk)
    assert objective(decision, name) is None
    assert f"{name} is on pairs and there is no baseline yet: not judged" in decision.notes


def test_the_live_release_must_have_answered_the_same_first(desk: JudgedDesk) -> None:
    go_live(desk)
    with pytest.raises(UsageError, match="was not run on these cases") as caught:
        evaluate(desk)
    assert "roadworthy eval --candidate live.yaml" in caught.value.fix


def test_a_better_candidate_wins_and_people_make_it_count(desk: JudgedDesk, name: str) -> None:
    go_live(desk)
    live = evaluate(desk, "live.yaml").run
    run = evaluate(desk)
    row = next(row for row in rows_of(desk.loop(), run) if "better" in row.scores)
    assert row.attributes["judges"]["better"]["baseline"] == live
    assert row.attributes["judges"]["better"]["people"] == f"preference@{live}"
    found = objective(decided(desk), name)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.estimate == pytest.approx(0.75)  # half won, half tied
    assert "people rated 0" in found.reason


def test_pairs_with_another_baseline_are_never_judged(desk: JudgedDesk, name: str) -> None:
    go_live(desk)
    live = evaluate(desk, "live.yaml").run
    evaluate(desk)
    desk.write("third-rules.yaml", RULES.replace("car: 3", "car: 5"))
    text = (desk.root / "candidate.yaml").read_text()
    desk.write("third.yaml", text.replace("rules.yaml", "third-rules.yaml") + "name: third\n")
    evaluate(desk, "third.yaml")
    go_live(desk, "third.yaml", release="2")
    decision = decided(desk)
    found = objective(decision, name)
    assert (found.verdict, found.estimate) == (Verdict.INCONCLUSIVE, None)
    assert any(f"pairs with {live} left out" in note and "--fresh" in note
               for note in decision.notes)  # fmt: skip
    evaluate(desk, fresh=True)
    assert objective(decided(desk), name).estimate == pytest.approx(0.5)


def test_a_withheld_answer_loses_to_a_baseline_and_to_none_when_there_is_none(
    desk: JudgedDesk,
) -> None:
    desk.patterns('"tyre"')
    run = evaluate(desk)
    assert all("better" not in row.scores for row in rows_of(desk.loop(), run))
    go_live(desk)
    evaluate(desk, "live.yaml")
    run = evaluate(desk, fresh=True)
    held = [row.scores["better"] for row in rows_of(desk.loop(), run) if row.action == "held"]
    assert held and set(held) == {0.0}
