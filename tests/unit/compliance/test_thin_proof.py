"""What says little proves no artifact: template rows, notes from before the road, one key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec import convert

from roadworthy.compliance import MATRIX, exit_lacks, matrix
from roadworthy.domain import (
    ArtifactSpec,
    MatrixCell,
    MatrixFile,
    PhaseSpec,
    Proof,
    Risk,
    System,
)
from roadworthy.domain.charter import Stakeholder
from roadworthy.flows.papers.coverage import load_evidence_kinds
from roadworthy.manifests import load_system

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "claims-desk"
TEMPLATE = ROOT / "src/roadworthy/manifests/templates/charter.yaml"


def cell(system: System | None = None, *, seq: int = 0, live: int = 0, **spec: Any) -> MatrixCell:
    one = ArtifactSpec(**{"id": "card", "title": "Card", "command": "make it", **spec})
    phase = PhaseSpec(id="p", title="P", stages=["Testing"], checks={}, artifacts=[one], tasks=[])
    proofs = {"card": Proof(kind="card", seq=seq, time="t", subject="s", digest="d", fresh=True)}
    of = system or load_system(EXAMPLE)
    (found,) = matrix([phase], of, proofs if seq else {}, "strict", live_since=live)
    return found


def with_charter(**changed: Any) -> System:
    system = load_system(EXAMPLE)
    charter = msgspec.structs.replace(system.charter, **changed)
    return msgspec.structs.replace(system, charter=charter)


def phases() -> list[PhaseSpec]:
    return convert(yaml.safe_load(MATRIX.read_text("utf-8")), MatrixFile).phases


def written_by_init() -> list[Risk]:
    """The rows of the template, as it stands."""
    text = TEMPLATE.read_text("utf-8")
    rows = text.partition("\nrisks:\n")[2].partition("\n\n")[0].partition("\n#")[0]
    return convert(yaml.safe_load(f"risks:\n{rows}\n")["risks"], list[Risk])


@pytest.mark.parametrize("part", ["risks", "tested-risks", "mitigations"])
def test_the_rows_that_init_wrote_are_nobodys_assessment(part: str) -> None:
    rows = written_by_init()
    assert len(rows) > 1
    assert cell(with_charter(risks=rows), charter=part).status == "open"
    rated = [msgspec.structs.replace(rows[0], severity=9), *rows[1:]]
    assert cell(with_charter(risks=rated), charter=part).status == "done"


def test_the_owner_alone_is_no_map_of_stakeholders() -> None:
    owner = Stakeholder(who="Ana", voice="product", consulted=True)
    alone = with_charter(owners={"product": "Ana"}, stakeholders=[owner])
    assert cell(alone, charter="stakeholders").status == "open"
    heard = [owner, Stakeholder(who="customers", voice="end users")]
    both = with_charter(owners={"product": "Ana"}, stakeholders=heard)
    assert cell(both, charter="stakeholders").status == "done"


def test_what_was_entered_before_the_road_is_no_look_at_it() -> None:
    spec = {"by": ["card"], "on_the_road": "asked"}
    assert cell(seq=5, live=0, **spec).status == "open"
    assert cell(seq=5, live=9, **spec).status == "open"
    assert cell(seq=12, live=9, **spec).status == "done"


def test_a_classification_that_still_holds_is_no_re_scoping_and_needs_none() -> None:
    spec = {"by": ["card"], "on_the_road": "if_changed"}
    still = cell(seq=5, live=9, **spec)
    assert (still.status, still.why) == ("not_needed", "entry 5 still holds: nothing changed since")
    assert cell(seq=12, live=9, **spec).status == "done"
    assert cell(seq=0, live=9, **spec).status == "open"


def test_rows_of_monitoring_ask_for_what_came_after_the_first_release() -> None:
    specs = {one.id: one for phase in phases() for one in (*phase.artifacts, *phase.tasks)}
    assert specs["mitigation-alive"].on_the_road == "asked"
    assert specs["periodic-audits"].on_the_road == "asked"
    assert specs["re-scoping"].on_the_road == "if_changed"


def test_who_operates_oversees_nobody_by_that_alone() -> None:
    (match,) = load_evidence_kinds()["human_oversight_assignment"].entries
    assert match.roles == ["reviewer", "risk_officer"]


def test_every_exit_check_is_judged_by_rows_that_are_there() -> None:
    ids = {one.id for phase in phases() for one in (*phase.artifacts, *phase.tasks)}
    for phase in phases():
        assert phase.exits, phase.id
        assert set(phase.exits) <= ids


def test_an_exit_check_is_held_by_its_rows_alone() -> None:
    phase = PhaseSpec(
        id="p", title="P", stages=[], checks={}, exits=["a", "b"], artifacts=[], tasks=[]
    )

    def of(**status: Any) -> list[MatrixCell]:
        return [
            MatrixCell(phase="p", stages=(), id=name, title=name, status=told)
            for name, told in status.items()
        ]

    assert exit_lacks(phase, of(a="done", b="done", c="open")) == []
    assert exit_lacks(phase, of(a="done", b="not_needed")) == []
    assert exit_lacks(phase, of(a="not_needed", b="not_needed")) is None
    assert [one.id for one in exit_lacks(phase, of(a="done", b="stale")) or ()] == ["b"]
    with pytest.raises(KeyError):
        exit_lacks(phase, of(a="done"))
