"""One command for a proposed change: what got worse, what was dropped, what cannot be told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from doubles.desk import CHARTER, RULES, Desk, cases
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Verdict
from roadworthy.flows.papers.pulling import Proposed, judge_pull
from roadworthy.manifests import load_system
from roadworthy.policy import RegressionRule


class Change(Desk):
    """A desk beside the state that it was changed from."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "head")
        self.base = root / "base"
        shutil.copytree(self.root, self.base)
        self.capsys: pytest.CaptureFixture[str]

    def ci(self, *more: str, against: str | None = None) -> tuple[int, dict]:  # type: ignore[type-arg]
        base = str(self.base) if against is None else against
        code = run(VERBS, ["ci", str(self.root), "--against", base, "--json", *more])
        return code, json.loads(self.capsys.readouterr().out)


@pytest.fixture
def change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Change:
    made = Change(tmp_path)
    made.capsys = capsys
    return made


def regression(decided: dict) -> dict:  # type: ignore[type-arg]
    return next(item for item in decided["slos"] if item["name"].startswith("no_regression"))


def test_a_change_that_excludes_a_drop_passes(change: Change) -> None:
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    code, decided = change.ci("--drop", "0.06")
    assert (code, decided["decision"]) == (0, "PASS"), decided["reasons"]
    found = regression(decided)
    assert (found["verdict"], found["n"]) == ("PASS", 80)
    assert any("deliberation note is asked for at the gate" in note for note in decided["notes"])


def test_a_change_that_makes_it_worse_is_refused(change: Change) -> None:
    change.write("safety-slos.yaml", 'slos:\n- {name: accuracy, target: ">= 0.1"}\n')
    change.write("rules.yaml", RULES.replace("roof: 3, kitchen: 3", "nothing: 3"))
    code, decided = change.ci()
    assert (code, decided["decision"]) == (3, "FAIL")
    assert "worse than the base: 1 to 0.5, 40 broken, 0 fixed" in regression(decided)["reason"]
    assert any(note.startswith("broken: c1, c11") for note in decided["notes"])


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        (RULES.replace("roof: 3, kitchen: 3", "nothing: 3"), "FAIL"),
        (RULES.replace("car: 3", "car: 4"), "PASS"),
    ],
)
def test_a_score_of_degree_is_judged_where_no_case_is_right_or_wrong(
    change: Change, rules: str, verdict: str
) -> None:
    change.write("safety-slos.yaml", 'slos:\n- {name: rouge_l, target: ">= 0.1"}\n')
    scorers = "name: main\ncases: [main.jsonl]\nscorers:\n- scorer: rouge_l\n"
    change.write("suites/main.yaml", scorers)
    change.cases(
        [{**case, "expect": {"text": f"the {case['expect']['label']} desk"}} for case in cases()]
    )
    change.write("rules.yaml", rules)
    code, decided = change.ci("--drop", "0.06")
    found = regression(decided)
    assert found["name"] == "no_regression{rouge_l}"
    assert (found["verdict"], found["n"]) == (verdict, 80), found["reason"]
    assert code == {"FAIL": 3, "PASS": 0}[verdict], decided["reasons"]


def test_too_few_cases_are_never_a_pass_and_it_says_how_many_would_do(change: Change) -> None:
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    code, decided = change.ci("--drop", "0.03")
    assert (code, decided["decision"]) == (4, "INCONCLUSIVE")
    reason = regression(decided)["reason"]
    found = re.search(r"80 cases find such a drop in (\d+) % of runs, (\d+) would in 80 %", reason)
    assert found is not None, reason
    assert int(found[1]) < 80
    assert int(found[2]) > 80


def test_the_objectives_rule_too(change: Change) -> None:
    change.write("safety-slos.yaml", 'slos:\n- {name: accuracy, target: "<= 0.1"}\n')
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    code, decided = change.ci("--drop", "0.2")
    assert code == 3
    assert regression(decided)["verdict"] == "PASS"


def test_a_case_that_the_base_had_and_the_change_dropped_is_refused(change: Change) -> None:
    change.cases(cases()[2:])
    code, decided = change.ci("--drop", "0.2")
    assert (code, decided["decision"]) == (3, "FAIL")
    assert any("removed" in reason and "c0" in reason for reason in decided["reasons"])


def test_the_base_is_asked_the_cases_of_today(change: Change) -> None:
    """A case that the change adds counts for both; one it makes easier is named."""
    more = {**cases()[0], "id": "new", "input": "a tyre, and the roof and kitchen"}
    changed = {**cases()[1], "id": "c1", "input": "the roof"}
    change.cases([cases()[0], changed, *cases()[2:], more])
    change.write("rules.yaml", RULES.replace("car: 3, tyre: 3", "car: 9, tyre: 9"))
    _, decided = change.ci("--drop", "0.2")
    assert regression(decided)["n"] == 81
    assert any("no longer as an earlier bar fixed it: c1" in note for note in decided["notes"])


def test_the_same_behaviour_is_not_compared(change: Change) -> None:
    change.cases([*cases(), {**cases()[0], "id": "new"}])
    code, decided = change.ci()
    assert code == 0, decided["reasons"]
    assert any("nothing that changes behaviour" in note for note in decided["notes"])


def test_a_new_system_is_judged_by_its_objectives_alone(change: Change, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, decided = change.ci(against=str(tmp_path / "empty"))
    assert code == 0
    assert any("there is no base" in note for note in decided["notes"])


def test_another_candidate_of_the_folder_may_be_the_base(change: Change) -> None:
    candidate = (change.root / "candidate.yaml").read_text()
    change.write("old.yaml", candidate.replace("rules.yaml", "old-rules.yaml"))
    change.write("old-rules.yaml", RULES.replace("roof: 3, kitchen: 3", "nothing: 3"))
    code, decided = change.ci(against="old.yaml")
    assert code == 0, decided["reasons"]
    assert "0 broken, 40 fixed" in regression(decided)["reason"]


def tried(decided: dict) -> list[str]:  # type: ignore[type-arg]
    return [note for note in decided["notes"] if "asked these cases before this one" in note]


def test_the_base_that_is_asked_for_the_comparison_is_no_try(change: Change) -> None:
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    for _ in range(2):
        assert tried(change.ci("--drop", "0.06")[1]) == []


def test_every_other_candidate_that_was_asked_stays_a_try(change: Change) -> None:
    change.write("rules.yaml", RULES.replace("car: 3", "car: 5"))
    change.ci("--drop", "0.06")
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    found = tried(change.ci("--drop", "0.06")[1])
    assert len(found) == 1
    assert found[0].startswith("1 other candidate was asked")


@pytest.mark.parametrize("faulty", ["another", "broken", "gone"])
def test_a_base_that_is_none_is_an_input_error(change: Change, faulty: str) -> None:
    if faulty == "another":
        text = CHARTER.format(patterns='"injured"').replace("system: desk", "system: other")
        (change.base / "charter.yaml").write_text(text)
    elif faulty == "broken":
        (change.base / "charter.yaml").write_text("system: [")
    where = "nowhere.yaml" if faulty == "gone" else None
    assert change.ci(against=where)[0] == 1


@pytest.mark.parametrize("option", [("--drop", "0"), ("--alpha", "1"), ("--drop", "nan")])
def test_a_rule_that_cannot_be_is_an_input_error(change: Change, option: tuple[str, str]) -> None:
    assert change.ci(*option)[0] == 1


def test_no_release_can_rest_on_a_proposed_changes_decision(change: Change) -> None:
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    assert change.ci("--drop", "0.2")[0] == 0
    loop = change.loop()
    assert loop.ledger.newest(kind="gate.decided") is None
    judged = loop.ledger.newest(kind="pull.judged")
    assert judged is not None
    assert judged.subject == change.digest()


async def test_a_base_that_was_not_run_is_never_a_pass(change: Change) -> None:
    """The candidate is run and good; of the base there is no whole run on these cases."""
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    await change.evaluate()
    proposed = Proposed(head=load_system(change.root), base=load_system(change.base))
    decision = judge_pull(proposed, change.loop(), RegressionRule(drop=0.2), lambda _: None)
    assert decision.decision is Verdict.INCONCLUSIVE
    assert any("not compared" in reason for reason in decision.reasons)


def test_it_writes_what_a_ci_shows(change: Change, tmp_path: Path) -> None:
    change.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    text, xml = tmp_path / "gate.md", tmp_path / "gate.xml"
    change.ci("--drop", "0.06", "--markdown", str(text), "--junit", str(xml))
    assert "| no_regression{" in text.read_text(encoding="utf-8")
    suite = ElementTree.fromstring(xml.read_text(encoding="utf-8"))
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")


PINNED = re.compile(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}")


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, place: str) -> str:
    monkeypatch.chdir(tmp_path)
    assert run(VERBS, ["ci", "desks/claims", "--write", which]) == 0
    assert run(VERBS, ["ci", "desks/claims", "--write", which]) == 1, "nothing is overwritten"
    return (tmp_path / place).read_text(encoding="utf-8")


def test_the_github_job_is_pinned_and_may_do_little(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    text = written(tmp_path, monkeypatch, "github", ".github/workflows/roadworthy.yml")
    job = yaml.safe_load(text)
    assert job["permissions"] == {}
    judge, comment = job["jobs"]["judge"], job["jobs"]["comment"]
    assert judge["permissions"] == {"contents": "read"}
    assert comment["permissions"] == {"pull-requests": "write"}
    used = [step["uses"] for each in (judge, comment) for step in each["steps"] if "uses" in step]
    assert used
    assert all(PINNED.fullmatch(each) for each in used)
    assert all(re.search(rf"{each}  # v\d+\.\d+\.\d+", text) for each in used)
    assert not any("checkout" in str(step) for step in comment["steps"]), "it runs no change"
    assert "secrets." not in text
    scripts = [step["run"] for each in (judge, comment) for step in each["steps"] if "run" in step]
    assert not any("${{" in script for script in scripts), "nothing is pasted into a shell"
    assert any("roadworthy ci" in each and "desks/claims" in each for each in scripts)


def test_the_gitlab_job_has_no_secret_where_the_change_runs(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    job = yaml.safe_load(written(tmp_path, monkeypatch, "gitlab", ".gitlab/roadworthy.yml"))
    judge, note = job["roadworthy"], job["roadworthy-note"]
    assert judge["variables"]["ROADWORTHY_NOTE_TOKEN"] == ""
    assert judge["artifacts"]["reports"] == {"junit": "gate.xml"}
    assert judge["artifacts"]["expose_as"]
    assert "ROADWORTHY_NOTE_TOKEN" in note["rules"][0]["if"]
    assert note["variables"]["GIT_STRATEGY"] == "none"
    assert any("roadworthy ci" in line for line in judge["script"])


@pytest.mark.parametrize("where", ["/etc", "../x", "a b", "a;b", "$(x)"])
def test_a_folder_that_cannot_stand_in_a_job_is_refused(tmp_path, monkeypatch, where) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    assert run(VERBS, ["ci", where, "--write", "github"]) == 1
    assert not (tmp_path / ".github").exists()
