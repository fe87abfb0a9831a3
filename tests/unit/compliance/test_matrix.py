"""Each artifact of the lifecycle is done by evidence, or says what makes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec import convert

from roadworthy.compliance import MATRIX, matrix, profile_of
from roadworthy.domain import ArtifactSpec, MatrixFile, PhaseSpec, Profile, Proof
from roadworthy.flows.papers.coverage import load_evidence_kinds
from roadworthy.manifests import load_system

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "claims-desk"


def a_phase(**changed: Any) -> PhaseSpec:
    spec = ArtifactSpec(**{"id": "card", "title": "Card", "command": "make it", **changed})
    return PhaseSpec(id="p", title="P", stages=["Testing"], checks={}, artifacts=[spec], tasks=[])


def status(profile: Profile = "strict", proofs: Any = (), **changed: Any) -> tuple[str, str]:
    system = msgspec.structs.replace(load_system(EXAMPLE), playbooks=())
    (cell,) = matrix([a_phase(**changed)], system, dict(proofs), profile)
    return cell.status, cell.missing


def a_proof(*, fresh: bool) -> dict[str, Proof]:
    return {"card": Proof(kind="card", seq=1, time="t", subject="s", digest="d", fresh=fresh)}


@pytest.mark.parametrize(
    ("changed", "proofs", "wanted"),
    [
        ({"by": ["card"]}, a_proof(fresh=True), ("done", "")),
        ({"by": ["card"]}, a_proof(fresh=False), ("stale", "make it")),
        ({"by": ["card"]}, {}, ("open", "make it")),
        ({"charter": "owners"}, {}, ("done", "")),
        ({"charter": "playbooks"}, {}, ("open", "playbooks/NAME.md")),
        ({"none_is_good": True}, {}, ("not_needed", "")),
    ],
)
def test_a_cell_is_done_only_by_what_is_there(
    changed: dict[str, Any], proofs: dict[str, Proof], wanted: tuple[str, str]
) -> None:
    assert status(proofs=proofs, **changed) == wanted


def test_the_profile_says_what_is_asked_for() -> None:
    assert status("light", by=["card"], since="strict")[0] == "not_needed"
    assert status("strict", by=["card"], since="strict")[0] == "open"
    assert profile_of("high", transparency=False) == "strict"
    assert profile_of("undecided", transparency=False) == "strict"
    assert profile_of("other", transparency=True) == "standard"
    assert profile_of("other", transparency=False) == "light"


def test_a_risk_without_a_test_is_no_tested_risk(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "desk", ignore=shutil.ignore_patterns(".roadworthy"))
    charter = tmp_path / "desk" / "charter.yaml"
    charter.write_text(charter.read_text().replace("tested_by: [ood]", "tested_by: []"))
    phase = a_phase(charter="tested-risks")
    (cell,) = matrix([phase], load_system(tmp_path / "desk"), {}, "light")
    assert (cell.status, cell.missing) == ("open", "no test: R8-not-a-claim")


def test_the_matrix_names_kinds_commands_and_people_that_there_are() -> None:
    phases = convert(yaml.safe_load(MATRIX.read_text("utf-8")), MatrixFile).phases
    assert [phase.id for phase in phases] == [
        "understanding", "data", "modelling", "evaluation", "deployment", "monitoring",
    ]  # fmt: skip
    cells = [cell for phase in phases for cell in (*phase.artifacts, *phase.tasks)]
    ids = {(phase.id, cell.id) for phase in phases for cell in (*phase.artifacts, *phase.tasks)}
    assert len(ids) == len(cells)
    for cell in cells:
        assert cell.by or cell.charter, cell.id
        assert cell.charter or cell.none_is_good or cell.command or cell.person, cell.id
    known = set(load_evidence_kinds())
    assert {kind for cell in cells for kind in cell.by} <= known
    for phase in phases:
        assert set(phase.checks) == {"requirements", "risks", "method", "residual", "exit"}
