"""The pytest plugin: cases and objectives as items, failing in the gate's words."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from doubles.desk import Desk, cases

pytest_plugins = ["pytester"]

HERE = Path(__file__).resolve().parents[2]
LOADED = [] if list(entry_points(group="pytest11", name="roadworthy")) else [
    "-p", "roadworthy.pytest_plugin"
]  # fmt: skip


@pytest.fixture
def desk(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Desk(pytester.path / "desk")


def asked(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        *LOADED, "-p", "no:cacheprovider", "-p", "no:asyncio", *arguments
    )


def test_every_case_and_objective_is_an_item(desk, pytester):
    desk.deliberate()
    done = asked(pytester, "--roadworthy", "desk")
    done.assert_outcomes(passed=80 + 2 + 1)
    done.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_nothing_is_collected_without_the_option(desk, pytester):
    assert asked(pytester, "desk").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_wrong_case_fails_with_what_was_said(desk, pytester):
    wrong = cases(4)
    wrong[1]["expect"] = {"label": "motor"}
    desk.cases(wrong)
    done = asked(pytester, "--roadworthy", "desk/suites")
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines(["*main/c1: label 0*", "*input:  'the roof leaks*"])


def test_a_case_that_nothing_judges_fails(desk, pytester):
    desk.cases([{"id": "c0", "input": "my car"}])
    done = asked(pytester, "--roadworthy", "desk/suites")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*nothing judged the answer*"])


def test_an_objective_that_is_not_met_fails_in_the_words_of_the_gate(desk, pytester):
    wrong = cases(80)
    for each in wrong[:40]:
        each["expect"] = {"label": "home" if "car" in str(each["input"]) else "motor"}
    desk.cases(wrong)
    done = asked(pytester, "--roadworthy", "desk/safety-slos.yaml")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*accuracy: FAIL*"])


def test_too_few_cases_are_inconclusive_and_never_skipped(desk, pytester):
    desk.deliberate()
    desk.cases(cases(4))
    done = asked(pytester, "--roadworthy", "desk/safety-slos.yaml")
    outcomes = done.parseoutcomes()
    assert "skipped" not in outcomes
    assert outcomes["failed"] >= 2
    done.stdout.fnmatch_lines(["*INCONCLUSIVE*"])


def test_the_decision_is_not_recorded(desk, pytester):
    asked(pytester, "--roadworthy", "desk/safety-slos.yaml")
    kinds = {entry.kind for entry in desk.loop().ledger.entries()}
    assert "run.completed" in kinds
    assert "gate.decided" not in kinds


def test_faults_of_the_files_stop_the_collection_in_words(desk, pytester):
    desk.write("candidate.yaml", "task: decision\nmodle: {}\n")
    done = asked(pytester, "--roadworthy", "desk")
    assert done.ret != 0
    done.stdout.fnmatch_lines(["*candidate.yaml:*modle*"])


def test_cases_are_selected_by_tag_and_only_their_suite_is_asked(desk, pytester):
    tail = [{**each, "id": f"t{n}", "tags": ["tail"]} for n, each in enumerate(cases(4))]
    desk.write("suites/rare.yaml", "name: rare\ncases: [rare.jsonl]\n")
    desk.write("suites/rare.jsonl", "".join(json.dumps(each) + "\n" for each in tail))
    done = asked(pytester, "--roadworthy", "desk/suites", "-k", "tail")
    done.assert_outcomes(passed=4, deselected=80)
    (entry,) = desk.loop().ledger.entries(kind="run.completed")
    assert entry.payload["status"] == "complete"
    summary = desk.loop().blobs.get_json(str(entry.payload["summary"]))
    assert summary["n"] == 4


def test_own_checks_run_once_a_case(desk, pytester):
    desk.cases(cases(4))
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.roadworthy("desk", suite="main", tags=["golden"])
        def test_short(roadworthy_case):
            assert roadworthy_case.passed
            assert len(roadworthy_case.output) < 10

        @pytest.mark.roadworthy("desk")
        def test_never_motor(roadworthy_case):
            assert "motor" not in roadworthy_case.output
        """
    )
    asked(pytester, "--strict-markers").assert_outcomes(passed=6, failed=2)


@pytest.mark.parametrize(
    ("mark", "said"),
    [("", "without"), ('@pytest.mark.roadworthy("desk", suite="none")', "no case is selected"),
     ('@pytest.mark.roadworthy("nowhere")', "nowhere")],
)  # fmt: skip
def test_a_test_that_would_look_at_nothing_is_an_error(desk, pytester, mark, said):
    pytester.makepyfile(f"import pytest\n{mark}\ndef test_it(roadworthy_case):\n    pass\n")
    done = asked(pytester)
    assert done.ret not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert said in done.stdout.str() + done.stderr.str()


def test_who_does_not_use_it_pays_nothing():
    code = (
        "import sys, roadworthy.pytest_plugin as p; "
        "print([m for m in sys.modules if m.startswith('roadworthy') or m == 'msgspec'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['roadworthy', 'roadworthy.pytest_plugin']"


def test_pytest_finds_it_by_its_entry_point():
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"roadworthy": "roadworthy.pytest_plugin"}
