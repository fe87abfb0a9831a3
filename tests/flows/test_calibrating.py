"""From labelled cases to a file, and from the file to what leaves without a person."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec
import pytest

from doubles.desk import Desk, cases
from roadworthy.domain import (
    Calibration,
    ManifestError,
    Observation,
    RefusedError,
    Reliability,
    UndecidedError,
    UsageError,
)
from roadworthy.flows.entries.run_records import rows_of
from roadworthy.flows.runs.calibrating import Calibrated, Wanted, calibrate, fit, promise
from roadworthy.flows.runs.evaluating import Evaluated
from roadworthy.manifests import check_system, load_system
from roadworthy.release import calibration_of, fitted_for, pin, uncalibrated
from roadworthy.serving import compile_acceptance
from roadworthy.serving.decision import Decided
from roadworthy.statistics import equal_mass, gap_of
from roadworthy.wiring.service import build_service

CALIBRATED = """\
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home], calibration: calibration.json, accept: auto}
"""

RULES = """\
labels:
  motor: {words: {car: 3, tyre: 3, drive: 0.4}}
  home: {words: {roof: 3, kitchen: 3, door: 0.4}}
"""


def letters(count: int, *, wrong_when_unsure: float = 0.5) -> list[dict[str, object]]:
    """Half surely right; of the others, which say one weak word, so many are of the other label."""
    made: list[dict[str, object]] = []
    for number in range(count):
        label = ("motor", "home")[number // 2 % 2]
        if number % 2:
            text = {"motor": "my car has a flat tyre", "home": "the roof of the kitchen"}[label]
        else:
            wrong = (number // 2 * 7919 % 100) / 100 < wrong_when_unsure
            weak = {"motor": "drive", "home": "door"}
            text = weak[label if not wrong else ("home" if label == "motor" else "motor")]
        made.append({"id": f"k{number}", "input": f"{text}, letter {number}",
                     "expect": {"label": label}, "tags": ["golden"]})  # fmt: skip
    return made


class Office(Desk):
    """A desk with a suite for calibration."""

    def __init__(self, root: Path, given: list[dict[str, object]] | None = None) -> None:
        super().__init__(root)
        self.write("rules.yaml", RULES)
        self.write("suites/calib.yaml", "name: calib\npurpose: calibration\ncases: [calib.jsonl]\n")
        self.given(letters(400) if given is None else given)

    def given(self, items: list[dict[str, object]]) -> None:
        self.write("suites/calib.jsonl", "".join(json.dumps(item) + "\n" for item in items))

    def rows(self, evaluated: Evaluated) -> list[Observation]:
        return rows_of(self.loop(), evaluated.summary)

    async def calibrate(self, **wanted: object) -> Calibrated:
        asked = Wanted(**{"suite": "calib", "limit": 0.1, **wanted})  # type: ignore[arg-type]
        found = await calibrate(load_system(self.root), asked, self.deps())
        self.write("calibration.json", msgspec.json.encode(found.calibration).decode())
        return found


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "desk")


async def test_below_the_threshold_a_person_decides_and_above_the_answer_stands(
    office: Office,
) -> None:
    found = await office.calibrate(map="platt")
    threshold = found.calibration.threshold
    assert threshold is not None
    assert threshold.threshold is not None
    assert found.calibration.n == 400
    assert "at most 10 % are wrong, with 95 % certainty" in promise(threshold)
    office.write("candidate.yaml", CALIBRATED)
    office.cases([*cases(), *({**each, "id": f"u{n}", "input": f"drive, other letter {n}"}
                              for n, each in enumerate(cases(20)))])  # fmt: skip
    evaluated = await office.evaluate()
    rows = {row.case: row for row in office.rows(evaluated)}
    assert rows["c0"].action == "answered"
    assert rows["u0"].action == "held"
    assert rows["u0"].rails[-1].reason == "less sure than the accept threshold"
    # What is told is how often such answers are right, not what the model says.
    said = rows["u0"].attributes["said_confidence"]
    assert rows["u0"].confidence is not None
    assert abs(rows["u0"].confidence - 0.5) < abs(said - 0.5)


async def test_the_gate_never_asks_the_calibration_suite(office: Office) -> None:
    await office.calibrate()
    evaluated = await office.evaluate()
    assert set(evaluated.summary.suites) == {"main"}
    assert {suite.name for suite in load_system(office.root).suites} == {"main"}


async def test_a_suite_that_judges_is_refused(office: Office) -> None:
    with pytest.raises(RefusedError, match="the gate judges by"):
        await office.calibrate(suite="main")
    with pytest.raises(UsageError, match="no suite"):
        await office.calibrate(suite="elsewhere")


def test_a_question_that_judges_and_calibrates_is_a_fault(office: Office) -> None:
    office.given([*letters(40), {"id": "same", "input": cases(2)[0]["input"],
                                 "expect": {"label": "motor"}}])  # fmt: skip
    faults = [each for each in check_system(office.root) if each.severity == "error"]
    assert [each.file for each in faults] == ["suites/calib.yaml"]
    assert "what suite `main` asks (`same` and `c0`)" in faults[0].message


async def test_a_calibration_is_part_of_the_candidates_digest(office: Office) -> None:
    await office.calibrate()
    bare = pin(load_system(office.root)).candidate_digest
    office.write("candidate.yaml", CALIBRATED)
    named = office.digest()
    file = office.root / "calibration.json"
    file.write_text(file.read_text().replace('"wrong":', '"wrong": '))
    assert office.digest() == named  # a blank more says the same
    data = json.loads(file.read_text())
    data["threshold"]["threshold"] = 0.5
    file.write_text(json.dumps(data))
    assert len({bare, named, office.digest()}) == 3
    assert fitted_for(load_system(office.root)) == bare


@pytest.mark.parametrize("what", ["model", "prompt of rails", "charter"])
async def test_a_stale_calibration_closes_the_line(office: Office, what: str) -> None:
    await office.calibrate()
    office.write("candidate.yaml", CALIBRATED)
    assert calibration_of(pin(load_system(office.root))) is not None
    if what == "model":
        office.write("rules.yaml", RULES.replace("0.4", "0.7"))
    elif what == "charter":
        office.patterns('"injured", "hurt"')
    else:
        office.write("rails.yaml", "rails:\n- {id: pii, detector: pii, action: redact}\n")
        office.write("candidate.yaml", CALIBRATED + "rails: rails.yaml\n")
    with pytest.raises(ManifestError) as caught:
        await office.evaluate()
    assert "fitted for another candidate" in caught.value.faults[0].message


async def test_auto_without_a_calibration_is_a_fault_and_never_runs(office: Office) -> None:
    office.write("candidate.yaml", CALIBRATED.replace("calibration: calibration.json, ", ""))
    faults = check_system(office.root)
    assert any("`accept: auto` needs a calibration" in each.message for each in faults)
    office.write("candidate.yaml", CALIBRATED)
    assert any("does not exist" in each.message for each in check_system(office.root))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"map": {"kind": "isotonic", "confidences": [0.1, 0.9], "shares": [0.8, 0.2]}}, "rise"),
        ({"map": {"kind": "platt", "slope": -1.0}}, "slope"),
        ({"threshold": None}, "holds none"),
        ({"n": 0}, "no calibration"),
        ({"surprise": 1}, "no calibration"),
        ({"threshold": {"guarantee": "answered", "limit": 0.1}}, "certainty"),
    ],
)
async def test_a_broken_calibration_is_a_fault_with_its_file(
    office: Office, change: dict[str, object], says: str
) -> None:
    await office.calibrate()
    office.write("candidate.yaml", CALIBRATED)
    data = json.loads((office.root / "calibration.json").read_text())
    (office.root / "calibration.json").write_text(json.dumps({**data, **change}))
    errors = [each for each in check_system(office.root) if each.severity == "error"]
    assert any(says in each.message for each in errors), errors


async def test_where_nothing_is_proven_everything_goes_to_a_person(office: Office) -> None:
    office.given(letters(400, wrong_when_unsure=0.5)[:60])
    found = await office.calibrate(limit=0.01)
    threshold = found.calibration.threshold
    assert threshold is not None
    assert threshold.threshold is None
    assert "everything goes to a person" in promise(threshold)
    office.write("candidate.yaml", CALIBRATED)
    rows = office.rows(await office.evaluate())
    assert {row.action for row in rows} == {"held"}


async def test_variants_and_repeats_of_a_case_are_no_further_cases(office: Office) -> None:
    given = letters(60)
    grown = [{**each, "id": f"{each['id']}~typos-1", "input": f"{each['input']}!!",
              "origin": {"generator": "typos", "of": each["id"], "seed": "0"}}
             for each in given]  # fmt: skip
    office.given([*given, *grown])
    office.write(
        "suites/calib.yaml",
        "name: calib\npurpose: calibration\nrepeats: 2\ncases: [calib.jsonl]\n",
    )
    found = await office.calibrate()
    assert (found.calibration.n, found.left_out) == (60, 180)


async def test_too_few_cases_fit_nothing(office: Office) -> None:
    office.given(letters(20))
    with pytest.raises(UndecidedError, match="at least 30"):
        await office.calibrate()


async def test_a_fit_again_starts_from_what_the_model_says_itself(office: Office) -> None:
    first = await office.calibrate(map="isotonic")
    office.write("candidate.yaml", CALIBRATED)
    again = await office.calibrate(map="isotonic")
    assert again.evaluated.reprinted
    assert again.calibration == first.calibration


async def test_the_fit_is_in_the_ledger(office: Office) -> None:
    found = await office.calibrate()
    entries = list(office.loop().ledger.entries(kind="calibration.fitted"))
    assert [each.subject for each in entries] == [found.calibration.candidate]
    assert entries[0].payload["suite_digest"] == found.calibration.suite_digest


async def test_a_service_without_its_calibration_accepts_nothing(office: Office) -> None:
    await office.calibrate()
    office.write("candidate.yaml", CALIBRATED)
    system = load_system(office.root)
    content = msgspec.structs.replace(pin(system), assets={})
    with pytest.raises(ManifestError):
        build_service(content, "d", deployment=system.deployment, clock=office.loop().clock,
                      root=system.root)  # fmt: skip
    assert pin(uncalibrated(system)).candidate_digest == fitted_for(system)


BLANK = Calibration(
    system="s", candidate="sha256:c", suite="calib", suite_digest="sha256:s", run="run-1",
    date="2026-01-01T00:00:00.000000Z", n=1, before=Reliability(adaptive_ece=0.0, brier=0.0),
)  # fmt: skip


def drawn(source: random.Random, count: int) -> tuple[list[float], list[bool]]:
    """A model that is too sure: right in confidence ** 2 of its answers, less so in the middle."""
    confidences = [round(source.random() ** 0.4, 3) for _ in range(count)]
    return confidences, [source.random() < sure**2 for sure in confidences]


def served(calibration: Calibration, decided: Decided) -> tuple[float | None, bool]:
    """What the request line makes of a decision, from the bytes of the file on."""
    from roadworthy.domain import Decision

    read = msgspec.json.decode(msgspec.json.encode(calibration), type=Calibration)
    asked = Decision(labels=["a", "b"], accept="auto", calibration="calibration.json")
    acceptance = compile_acceptance(asked, read)
    found = acceptance.calibrated(decided)
    return found.confidence, not acceptance.doubt(found)


@pytest.mark.parametrize("kind", [None, "isotonic", "platt"])
def test_the_promise_holds_from_the_cases_to_what_is_served(kind: str | None) -> None:
    """In at most 5 % of all calibrations are more than `limit` of the answered wrong."""
    source = random.Random(5)
    rounds, broken, answering = 150, 0, 0
    wanted = Wanted(suite="calib", limit=0.2, map=kind)  # type: ignore[arg-type]
    truth_at = [(step / 1000, (step / 1000) ** 2) for step in range(1001)]
    for _ in range(rounds):
        calibration = fit(BLANK, *drawn(source, 500), wanted)
        assert calibration.threshold is not None
        least = calibration.threshold.threshold
        if least is None:
            continue
        answering += 1
        # The true share of errors above the threshold, by the density of confidences.
        weigh = [(sure**1.5, 1 - right) for sure, right in truth_at if sure >= least]
        risk = sum(w * wrong for w, wrong in weigh) / sum(w for w, _ in weigh)
        broken += risk > 0.2
        assert served(calibration, Decided("a", min(1.0, least + 0.001), {}))[1]
        assert not served(calibration, Decided("a", least - 0.001, {}))[1]
    assert answering > rounds / 2
    assert broken / rounds <= 0.05 + 0.036


def test_the_promise_about_all_requests_holds_on_average() -> None:
    source = random.Random(6)
    wanted = Wanted(suite="calib", limit=0.08, guarantee="all")
    wrong = total = 0
    for _ in range(200):
        calibration = fit(BLANK, *drawn(source, 120), wanted)
        for sure, right in zip(*drawn(source, 40), strict=True):
            total += 1
            wrong += served(calibration, Decided("a", sure, {}))[1] and not right
    assert wrong / total <= 0.08 + 0.008


def test_a_map_makes_confidences_honest_on_cases_that_it_never_saw() -> None:
    source = random.Random(7)
    calibration = fit(BLANK, *drawn(source, 800), Wanted(suite="calib", map="isotonic"))
    confidences, right = drawn(source, 4000)
    mapped = [served(calibration, Decided("a", sure, {}))[0] or 0.0 for sure in confidences]
    before, after = (gap_of(equal_mass(each, right)) for each in (confidences, mapped))
    assert after < before / 2
    assert calibration.after is not None
    assert calibration.after.adaptive_ece < calibration.before.adaptive_ece


@pytest.mark.parametrize("kind", ["isotonic", "platt", "temperature"])
def test_where_the_wrong_answers_stand_in_the_suite_stops_no_map(kind: str) -> None:
    """All of them in every fifth place: the other places alone have right answers only."""
    right = [bool(number % 50) for number in range(400)]
    confidences = [
        (0.7 + number % 7 / 50) if sure else 0.55 + number / 4000
        for number, sure in enumerate(right)
    ]
    wanted = Wanted(suite="calib", map=kind)  # type: ignore[arg-type]
    calibration = fit(BLANK, confidences, right, wanted)
    assert calibration.after is not None
    assert calibration.after.brier < calibration.before.brier
    assert fit(BLANK, confidences, right, wanted) == calibration


@pytest.mark.parametrize("said", [True, False])
def test_a_map_of_answers_of_one_kind_is_refused(said: bool) -> None:
    wanted = Wanted(suite="calib", map="platt")
    with pytest.raises(UndecidedError, match="nothing can be fitted"):
        fit(BLANK, [0.5 + number / 1000 for number in range(400)], [said] * 400, wanted)
