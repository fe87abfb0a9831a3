"""All objectives and blockers, one decision; and the texts it is shown in."""

from __future__ import annotations

from xml.etree import ElementTree

from roadworthy.domain import (
    Assessment,
    Bar,
    Blocker,
    Charter,
    RunSummary,
    SafetySLO,
    SuitePin,
    Use,
    Verdict,
    canonical,
)
from roadworthy.policy import (
    decide,
    deliberation_blockers,
    moved_since,
    removal_blockers,
    removed_cases,
    same_bar,
    to_junit,
    to_markdown,
)
from roadworthy.policy.rendering import cell

CANDIDATE = "sha256:" + "ab" * 32


def judged(verdict: Verdict, name: str = "accuracy") -> Assessment:
    return Assessment(
        slo=SafetySLO(name=name, target=">= 0.5"), name=name, target=">= 0.5", estimate=0.39,
        low=0.3, high=0.49, n=120, verdict=verdict, reason="0.39 <misses> | it", phase="prompt",
    )  # fmt: skip


def complete(**changes: object) -> RunSummary:
    values: dict[str, object] = {
        "run": "run-1", "system": "desk", "candidate": CANDIDATE, "bar": "sha256:bar",
        "status": "complete", "n": 120, **changes,
    }  # fmt: skip
    return RunSummary(**values)  # type: ignore[arg-type]


def gate(*items: Assessment, run: RunSummary | None = None, blockers: tuple[Blocker, ...] = ()):  # type: ignore[no-untyped-def]
    return decide(system="desk", candidate=CANDIDATE, run=run, assessments=items, blockers=blockers)


def test_only_all_pass_opens() -> None:
    assert gate(judged(Verdict.PASS), run=complete()).decision is Verdict.PASS
    both = gate(judged(Verdict.PASS), judged(Verdict.INCONCLUSIVE, "ece"), run=complete())
    assert both.decision is Verdict.INCONCLUSIVE


def test_no_run_is_never_a_pass() -> None:
    assert gate().decision is Verdict.INCONCLUSIVE
    assert gate(judged(Verdict.PASS)).decision is Verdict.INCONCLUSIVE


def test_no_objective_is_never_a_pass() -> None:
    assert gate(run=complete()).decision is Verdict.INCONCLUSIVE


def test_a_partial_run_is_never_a_pass() -> None:
    decision = gate(judged(Verdict.PASS), run=complete(status="partial"))
    assert decision.decision is Verdict.INCONCLUSIVE


def test_a_blocker_keeps_it_closed_and_is_named() -> None:
    blocker = Blocker(verdict=Verdict.FAIL, reason="case x was removed", phase="suite")
    decision = gate(judged(Verdict.PASS), run=complete(), blockers=(blocker,))
    assert decision.decision is Verdict.FAIL
    assert decision.reasons == ("case x was removed; go back to the suite and its cases",)


def test_the_next_step_is_peoples_only_where_nothing_else_is_missing() -> None:
    charter = Charter(
        system="desk", title="Desk", owners={}, human_goal="help", use=Use(intended_purpose="x"),
        endpoints=[],
    )  # fmt: skip
    missing = tuple(deliberation_blockers(None, charter, CANDIDATE))
    alone = gate(judged(Verdict.PASS), run=complete(), blockers=missing)
    assert alone.next_step.startswith("roadworthy deliberate ")
    assert "eval" not in alone.next_step
    more = gate(judged(Verdict.INCONCLUSIVE), run=complete(), blockers=missing)
    assert "roadworthy eval" in more.next_step


def test_a_reason_names_the_phase_to_go_back_to() -> None:
    decision = gate(judged(Verdict.FAIL), run=complete())
    assert "go back to the prompt" in decision.reasons[0]


def test_the_same_evidence_gives_the_same_bytes() -> None:
    one, two = (gate(judged(Verdict.FAIL), run=complete()) for _ in range(2))
    assert canonical(one) == canonical(two)
    assert to_markdown(one) == to_markdown(two)
    assert to_junit(one) == to_junit(two)


def test_markdown_cannot_be_broken_by_a_name() -> None:
    text = to_markdown(gate(judged(Verdict.FAIL), run=complete()))
    assert "&lt;misses> \\| it" in text


def test_markdown_leaves_a_target_as_it_is_read() -> None:
    text = to_markdown(gate(judged(Verdict.FAIL), run=complete()))
    assert "| >= 0.5 |" in text
    assert cell("<= 0.1 </td><!-- <b>") == "<= 0.1 &lt;/td>&lt;!-- &lt;b>"


def test_a_callers_words_are_only_words_in_a_pull_request() -> None:
    hostile = (
        "@octocat ![x](http://evil.example/p.png) [click](www.evil.example) **PASS**\u202e\u2028"
    )
    shown = cell(hostile)
    assert "@octocat" not in shown and "http://" not in shown and "www." not in shown
    assert "![" not in shown and "**" not in shown.replace("\\*", "")
    assert "\u202e" not in shown and "\u2028" not in shown
    assert cell("accuracy of `routing_accuracy` <= 0.1, a (n=3)") == (
        "accuracy of `routing_accuracy` <= 0.1, a (n=3)"
    )


def test_junit_never_calls_an_undecided_objective_skipped() -> None:
    decision = gate(judged(Verdict.INCONCLUSIVE), run=complete())
    suite = ElementTree.fromstring(to_junit(decision))
    assert suite.get("errors") == "1"
    assert suite.find("testcase/error") is not None


def test_junit_of_a_gate_without_a_run_is_an_error() -> None:
    suite = ElementTree.fromstring(to_junit(gate()))
    assert suite.get("errors") == "1"


def bar(cases: dict[str, str], slos: str = "s") -> Bar:
    pin = SuitePin(name="quick", digest=str(sorted(cases.items())), cases=cases)
    return Bar(system="desk", candidate=CANDIDATE, slos=slos, suites=(pin,))


def test_a_moved_bar_is_seen() -> None:
    fixed = bar({"a": "1", "b": "2"})
    assert same_bar(fixed, bar({"a": "1", "b": "2"})) == []
    assert "safety-slos.yaml" in same_bar(fixed, bar({"a": "1", "b": "2"}, slos="t"))[0].reason
    assert "quick changed" in same_bar(fixed, bar({"a": "1"}))[0].reason


def test_a_deleted_case_is_seen_across_bars() -> None:
    earlier = [("2026-01-01", bar({"a": "1", "b": "2"})), ("2026-01-02", bar({"a": "1"}))]
    lost = removed_cases(earlier, bar({"a": "1"}))
    assert [(item.case, item.bar_fixed_at) for item in lost] == [("b", "2026-01-01")]
    assert removed_cases(earlier, bar({"a": "1", "b": "changed"})) == []


def test_lost_cases_are_one_reason_a_suite_and_bar_with_the_first_of_them() -> None:
    many = {f"c{n:03}": "1" for n in range(120)}
    lost = removed_cases([("2026-01-01T00:00:00Z", bar(many))], bar({"other": "1"}))
    (blocker,) = removal_blockers(lost)
    assert blocker.verdict is Verdict.FAIL
    assert blocker.reason.startswith(
        "120 cases (c000, c001, c002, c003, c004 and 115 more) of suite quick were removed since"
    )
    (one,) = removal_blockers(lost[:1])
    assert one.reason.startswith("case c000 of suite quick was removed since the bar fixed at 2026")
    assert removal_blockers([]) == []


def test_a_case_made_easier_and_a_moved_target_are_said_in_the_notes() -> None:
    earlier = [("2026-01-01T00:00:00.000000Z", bar({"a": "1", "b": "1"}))]
    assert moved_since(earlier, bar({"a": "1", "b": "1", "c": "1"})) == []
    moved = moved_since(earlier, bar({"a": "1", "b": "2"}, slos="sha256:other"))
    assert moved == [
        "safety-slos.yaml is another than in the bar fixed at 2026-01-01T00:00:00Z",
        "1 case is no longer as an earlier bar fixed it: b",
    ]
