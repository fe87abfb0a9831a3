from __future__ import annotations

from pathlib import Path

import pytest

from doubles.systems import FILES
from roadworthy.manifests import check_system


def faults(root: Path, generators: str) -> list[tuple[str, str, str, str]]:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    suite = next(path for path in (root / "suites").iterdir() if path.suffix == ".yaml")
    suite.write_text(suite.read_text() + f"\ngenerators:\n{generators}", encoding="utf-8")
    before = len((root / "suites" / suite.name).read_text().split("generators:")[0].splitlines())
    return [
        (fault.message, fault.fix, fault.severity, str(fault.line - before))
        for fault in check_system(root)
        if fault.file.endswith(suite.name)
    ]


def test_right_generators_have_no_fault(tmp_path: Path) -> None:
    text = "- {generator: typos, per_case: 2, options: {rate: 0.1}}\n- {generator: casing}\n"
    assert faults(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("- {generator: typoes}\n", "there is no generator `typoes`", "did you mean `typos`?"),
        ("- {generator: typos, options: {rat: 1}}\n", "no option `rat`", "did you mean `rate`?"),
        ("- {generator: typos, options: {rate: 7}}\n", "must be between 0.001 and 1", "share"),
        ("- {generator: typos, options: {rate: x}}\n", "must be a number", "share"),
        ("- {generator: typos, options: {rate: .nan}}\n", "not a finite number", ""),
        ("- {generator: casing, options: {modes: [uper]}}\n", "has no `uper`", "in turn"),
        ("- {generator: casing, options: {modes: []}}\n", "at least one text", "in turn"),
        ("- {generator: many_shot, options: {shots: 1.5}}\n", "whole number", "examples"),
        ("- {generator: typos, per_case: 0}\n", "per_case", ""),
        ("- {generator: typos}\n- {generator: typos}\n", "stands here twice", "keep one"),
        ("- {generatr: typos}\n", "generatr", ""),
        ("- typos\n", "must be a mapping", ""),
    ],
)
def test_a_wrong_generator_is_found_with_what_would_be_right(
    tmp_path: Path, text: str, message: str, fix: str
) -> None:
    found = faults(tmp_path, text)
    assert [1 for said, right, severity, _ in found if message in said and fix in right
            and severity == "error"], found  # fmt: skip


def test_a_wrong_pattern_of_what_must_be_absent_is_found(tmp_path: Path) -> None:
    faults(tmp_path, "- {generator: typos}\n")
    lines = next((tmp_path / "suites").rglob("*.jsonl"))
    lines.write_text('{"id": "z", "input": "x", "expect": {"absent": "(?=x)"}}\n')
    assert any("absent" in fault.message for fault in check_system(tmp_path))
