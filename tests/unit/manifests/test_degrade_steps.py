"""`degrade_steps` of a playbook: unknown steps with their line, and what an objective does."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from doubles.systems import SLOS, write_system
from roadworthy.domain import Fault, digest_of
from roadworthy.manifests import check_system, load_system
from roadworthy.release import build_bundle, pin, read_bundle

PLAYBOOK = """\
---
trigger: slow
degrade_steps:
- cache_off
- do: narrow_use
  allowed: {region: [S-1]}
  within: 10m
- do: route_to_human_review
  slice: region=S-9
- kill_switch
---
Call Ada.
"""
OBJECTIVE = """
- name: slow
  metric: error_rate
  target: "<= 0.05"
  action_on_breach: degrade_steps
"""


def faults(root: Path, playbook: str = PLAYBOOK, objective: str = OBJECTIVE) -> list[Fault]:
    files = {"playbooks/slow.md": playbook, "safety-slos.yaml": SLOS + objective}
    found = check_system(write_system(root, files))
    return [fault for fault in found if fault.severity == "error"]


def test_an_objective_does_the_steps_of_its_playbook_and_they_are_pinned(tmp_path: Path) -> None:
    assert faults(tmp_path) == []
    system = load_system(tmp_path)
    (slow,) = [slo for slo in system.slos.slos if slo.name == "slow"]
    assert slow.steps is not UNSET
    assert [(each.do, each.within) for each in slow.steps] == [
        ("cache_off", "15m"), ("narrow_use", "10m"),
        ("route_to_human_review", "15m"), ("kill_switch", "15m"),
    ]  # fmt: skip
    assert slow.steps[2].facets == {"region": "S-9"}
    build_bundle(pin(system), tmp_path / "bundle")
    assert read_bundle(tmp_path / "bundle")[1].slos == system.slos


def test_without_steps_objectives_keep_their_digest(tmp_path: Path) -> None:
    plain = load_system(write_system(tmp_path / "a")).slos
    by_hand = PLAYBOOK.replace("trigger: slow", "trigger: by hand")
    other = load_system(write_system(tmp_path / "b", {"playbooks/slow.md": by_hand})).slos
    assert digest_of(plain) == digest_of(other)
    assert all(slo.steps is UNSET for slo in other.slos)


@pytest.mark.parametrize(
    ("was", "becomes", "line", "words"),
    [
        ("- cache_off", "- cache_of", 4, "there is no step `cache_of`"),
        ("- do: narrow_use", "- do: narow_use", 5, "there is no step `narow_use`"),
        ("- cache_off", "- 7", 4, "degrade_steps"),
        ("within: 10m", "within: soon", 7, "`soon` is no duration"),
        ("slice: region=S-9", "slice: regoin=S-9", 8, "no request has the facet `regoin`"),
        ("slice: region=S-9", "slice: region", 9, "`region` is no slice"),
        ("  allowed: {region: [S-1]}\n", "", 5, "`narrow_use` says nothing that is still let in"),
        ("- cache_off\n", "- kill_switch\n", 4, "a step follows `kill_switch`"),
        ("- do: route_to_human_review\n", "- do: rollback\n  allowed: {region: [a]}\n", 8,
         "`rollback` has no use for it"),
        ("  within: 10m\n", "  wihtin: 10m\n", 7, "`wihtin` is no key"),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_taken_is_a_fault_with_its_line(
    tmp_path: Path, was: str, becomes: str, line: int, words: str
) -> None:
    found = faults(tmp_path, PLAYBOOK.replace(was, becomes, 1))
    assert [(fault.file, fault.line) for fault in found] == [("playbooks/slow.md", line)], found
    assert words in found[0].message and found[0].fix


@pytest.mark.parametrize(
    ("playbook", "objective", "words"),
    [
        (PLAYBOOK.replace("trigger: slow", "trigger: other"), OBJECTIVE, "it triggers none"),
        ("---\ntrigger: slow\n---\nCall Ada.\n", OBJECTIVE, "it triggers none"),
        (PLAYBOOK, OBJECTIVE + "  steps: [{do: cache_off}]\n", "steps stand in a playbook"),
    ],
)
def test_an_objective_without_one_playbook_is_a_fault_with_its_line(
    tmp_path: Path, playbook: str, objective: str, words: str
) -> None:
    (found,) = faults(tmp_path, playbook, objective)
    assert found.file == "safety-slos.yaml" and found.line > 1 and words in found.message
