"""What is scored on a sample of live answers: a scorer that needs a case is found before."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.systems import SLOS, write_system
from roadworthy.manifests import check_system

MODEL = '{provider: openai_compatible, name: big, upstream: lab, version: "1"}'


def faults(root: Path, online: str, charter: str = "") -> list[str]:
    files: dict[str, str | None] = {"safety-slos.yaml": f"{SLOS}online:\n{online}\n"}
    write_system(root, files)
    if charter:
        path = root / "charter.yaml"
        path.write_text(path.read_text().replace("review:\n", f"review:\n  {charter}\n"))
    return [f"{each.message} | {each.fix}" for each in check_system(root)]


@pytest.mark.parametrize(
    "rule",
    [
        "- {scorer: refusal, share: 0.1}",
        '- {scorer: regex, share: 1.0, options: {pattern: "[0-9]", absent: true}}',
        "- {scorer: detector, share: 0.1, options: {detector: pii}, shares: {region=x: 0.5}}",
        '- {scorer: rubric, share: 0.1, options: {question: Kind?, levels: ["no", "yes"], '
        f"model: {MODEL}}}}}",
        f"- {{scorer: groundedness, share: 0.1, options: {{sources: [input], model: {MODEL}}}}}",
    ],
)
def test_a_scorer_that_needs_no_case_is_fine(tmp_path: Path, rule: str) -> None:
    assert [each for each in faults(tmp_path, rule) if "online" in each or "live" in each] == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("- {scorer: exact, share: 0.1}", "reads `expect.text`, and no live answer has one"),
        ("- {scorer: regex, share: 0.1}", "give it the option `pattern`"),
        ("- {scorer: python, share: 0.1}", "compares with something that no live answer has"),
        ("- {scorer: kindness, share: 0.1}", "there is no scorer `kindness`"),
        ("- {scorer: refusal, share: 0}", "write a number above 0, to 1"),
        ("- {scorer: refusal, share: 1.5}", "share"),
        ("- {scorer: refusal, share: 0.1, shares: {tier: 0.5}}", "`tier` names no slice"),
        ("- {scorer: refusal, share: 0.1, shares: {tier=x: 0.5}}", "`tier=x` names no slice"),
        ("- {scorer: refusal, share: 0.1, name: upheld}", "`upheld` is scored twice"),
        ("- {scorer: refusal, share: 0.1}\n- {scorer: refusal, share: 0.2}", "is scored twice"),
        ('- {scorer: rubric, share: 0.1, options: {question: Kind?, levels: ["no", "yes"]}}',
         "nobody would judge live answers"),
        (f"- {{scorer: groundedness, share: 0.1, options: {{model: {MODEL}}}}}",
         "live answers have no `context`"),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_live_is_a_fault(tmp_path: Path, rule: str, said: str) -> None:
    assert any(said in each for each in faults(tmp_path, rule))


def test_a_sample_beyond_its_budget_is_said_before_it_is_skipped(tmp_path: Path) -> None:
    found = faults(
        tmp_path, "- {scorer: refusal, share: 0.1}", "sample: {share: 0.5, shares: {tier=x: 1.0}}"
    )
    assert any("`tier=x` names no slice" in each for each in found)
    write_system(tmp_path, {})
    path = tmp_path / "charter.yaml"
    text = path.read_text().replace("- id: sort\n", "- id: sort\n  expected_volume_per_day: 1000\n")
    path.write_text(text.replace("review:\n", "review:\n  sample: {share: 0.5}\n"))
    warned = [each for each in check_system(tmp_path) if "skipped, and counts" in each.message]
    assert [each.severity for each in warned] == ["warning"]
