"""Each statement of a document names what it comes from, by a digest that can be checked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadworthy.compliance import FORMS
from roadworthy.domain import Block, Cell, Draft, Grid, Listing, Paper, Paragraph, sha256
from roadworthy.domain import Source as Origin
from roadworthy.flows.papers.documents import gather, make_document
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    loop = open_loop(folder)
    loop.ledger.record(Draft(
        system="claims-desk", kind="release.built", subject=f"sha256:{'1' * 64}",
        actor=loop.machine, payload={},
    ))  # fmt: skip
    return folder


def papers(desk: Path, candidate: str = "candidate.yaml") -> list[Paper]:
    system, loop = load_system(desk, candidate=candidate), open_loop(desk)
    found = gather(system, loop, on="2026-11-22", catalogue="eu-ai-act")
    return [make_document(kind, found, loop, language="en", written={}) for kind in FORMS]


def cells(block: Block) -> Iterator[Cell]:
    match block:
        case Paragraph(cell=cell):
            yield cell
        case Listing(cells=each):
            yield from each
        case Grid(rows=rows):
            yield from (cell for row in rows for cell in row)
        case _:
            return


def origins(every: list[Paper]) -> set[Origin]:
    blocks = (block for paper in every for section in paper.sections for block in section.blocks)
    return {cell.source for block in blocks for cell in cells(block) if cell.source is not None}


@pytest.mark.parametrize("candidate", ["candidate.yaml", "baseline.yaml", "candidates/next.yaml"])
def test_the_model_and_the_parts_come_from_the_candidate_that_was_named(
    desk: Path, candidate: str
) -> None:
    found = {one.what: one.digest for one in origins(papers(desk, candidate))}
    assert found[candidate] == sha256((desk / candidate).read_bytes())
    assert [name for name in found if "candidate" in name or "baseline" in name] == [candidate]


def test_every_source_has_a_digest(desk: Path) -> None:
    (desk / "waivers").mkdir()
    (desk / "waivers" / "w.yaml").write_text(
        "id: w9\nslo: routing_accuracy\nreason: it opens in January\nauthor: ana\n"
        'approved_by: rosa\nuntil: "2026-12-31"\n'
    )
    found = origins(papers(desk))
    bare = {one.what for one in found if not re.fullmatch(r"sha256:[0-9a-f]{64}", one.digest)}
    assert {one for one in bare if one != "roadworthy"} == set()
    files = {one.what: one.digest for one in found}
    for name in ("waivers/w.yaml", "safety-slos.yaml", "rollout.yaml", "facts.yaml",
                 "suites/full.yaml", "playbooks/never-event.md"):  # fmt: skip
        assert files[name] == sha256((desk / name).read_bytes())


def test_that_nothing_happened_is_said_of_the_whole_ledger(desk: Path) -> None:
    ledger = open_loop(desk).ledger
    (said,) = (one for one in origins(papers(desk)) if one.what == "ledger")
    assert (said.entry, said.digest) == (ledger.size(), ledger.entry(ledger.size()).digest)
