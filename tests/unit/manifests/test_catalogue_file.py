"""A catalogue that cannot be worked out is refused, with file, line and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.compliance import shipped
from roadworthy.domain import Fault, ManifestError, UsageError
from roadworthy.manifests import load_catalogue

HEAD = """\
catalogue: policy
version: "1"
title: Our policy
state: "2026-11-01"
source: the board
roles: [{id: provider, title: Provider}]
"""
DUTY = """\
obligations:
- {id: P1, article: "1", title: T, actor: [ACTOR], applies_when: "WHEN", duty: D,
   evidence: [x], applicable_from: "2026-01-01", binding: policy}
"""


def faults(tmp_path: Path, text: str) -> tuple[Fault, ...]:
    path = tmp_path / "policy.yaml"
    path.write_text(HEAD + text)
    with pytest.raises(ManifestError) as caught:
        load_catalogue(path)
    return caught.value.faults


def duty(when: str = "role == 'provider'", actor: str = "provider") -> str:
    return DUTY.replace("WHEN", when).replace("ACTOR", actor)


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_what_comes_along_holds_together(path: Path) -> None:
    bases = [load_catalogue(shipped()[0])] if path != shipped()[0] else []
    assert load_catalogue(path, bases).catalogue == path.stem


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        (duty("nowhere && role == 'provider'"), "`nowhere` is no fact", 8),
        (duty("role =="), "this is no CEL condition", 8),
        (duty("[1, 2].all(role, [1, 2].exists (role, true))"), "a loop, or too long", 8),
        (duty("role == 'x'" + " || role == 'x'" * 300), "a loop, or too long", 8),
        (duty(actor="cook"), "`cook` is no role", 8),
        ("facts:\n- {id: a, derived: b}\n- {id: b, derived: a}\n", "rest on each other", 8),
        ("facts:\n- {id: a, question: Q?, asked_when: a}\n", "rest on each other: a -> a", 8),
        ("facts:\n- {id: a}\n", "neither asked nor worked out", 8),
        ("facts:\n- {id: a, kind: choice, question: Q?}\n", "has no `choices`", 8),
        ("facts:\n- {id: a, question: Q?}\n- {id: a, question: Q?}\n", "`a` stands twice", 9),
        ("extends: [nothing]\n", "there is no catalogue `nothing`", 7),
        ("class_fact: nowhere\n", "`nowhere` is no fact", 7),
        ("steps: [{title: T, fact: nowhere, cite: C}]\n", "`nowhere` is no fact", 7),
        ("surprise: 1\n", "surprise", 7),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, said: str, line: int) -> None:
    found = faults(tmp_path, text)
    assert any(said in fault.message and fault.line == line for fault in found), found
    assert all(fault.fix for fault in found)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        load_catalogue(tmp_path / "nothing.yaml")
