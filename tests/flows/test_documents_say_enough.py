"""A document says what was met, by whom, and over what; it shows neither too much nor half."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from roadworthy.compliance import Gathered, to_markdown
from roadworthy.compliance.documents.plain import figure
from roadworthy.domain import Draft, Entry, Gap, Grid, Measurement, Paper, RunSummary
from roadworthy.flows.papers.documents import gather, make_document
from roadworthy.flows.workspace.loop import Loop
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Loop, Gathered]:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    loop = open_loop(folder)
    found = gather(load_system(folder), loop, on="2026-11-22", catalogue="eu-ai-act")
    return loop, found


def entered(loop: Loop, kind: str) -> Entry:
    loop.ledger.record(Draft(
        system="claims-desk", kind=kind, subject="s", actor=loop.machine, payload={},
    ))  # fmt: skip
    entry = loop.ledger.newest(kind=kind)
    assert entry is not None
    return entry


def made(kind: str, loop: Loop, found: Gathered, **changed: object) -> Paper:
    return make_document(
        kind, msgspec.structs.replace(found, **changed), loop, language="en", written={}
    )


def test_what_a_machine_signed_is_no_acceptance_by_name(desk: tuple[Loop, Gathered]) -> None:
    loop, found = desk
    signed = entered(loop, "release.signed")
    page = to_markdown(made("deployment-checklist", loop, found, newest={"release.signed": signed}))
    risks = page.partition("Residual risks")[2].partition("## Oversight")[0]
    assert "release.signed" not in risks
    assert "no release was approved" in risks


def test_a_class_that_nobody_entered_is_not_cited_as_entered(desk: tuple[Loop, Gathered]) -> None:
    """An older entry with other answers is no source of what is said today."""
    loop, found = desk
    other = entered(loop, "system.classified")
    for kind in ("audit-summary", "systemic-risk-notification"):
        page = to_markdown(made(kind, loop, found, newest={"system.classified": other}))
        assert f"entry {other.seq}" not in page, kind
        page = to_markdown(made(kind, loop, found, classified=other))
        assert f"entry {other.seq}" in page, kind


def test_a_note_that_nobody_entered_is_not_cited_as_entered(desk: tuple[Loop, Gathered]) -> None:
    loop, found = desk
    assert found.system.deliberation is not None
    other = entered(loop, "deliberation.recorded")
    same = msgspec.structs.replace(other, subject=found.system.deliberation.digest)
    page = to_markdown(made("design-history", loop, found, newest={other.kind: other}))
    assert f"entry {other.seq}" not in page and "not the one that is entered" in page
    page = to_markdown(made("design-history", loop, found, newest={same.kind: same}))
    assert f"entry {other.seq}" in page


def test_a_criterion_beside_figures_asks_whether_it_was_met(desk: tuple[Loop, Gathered]) -> None:
    loop, found = desk
    for kind in ("deployment-checklist", "final-report"):
        assert "success-met" in {gap.block for gap in made(kind, loop, found).gaps}


def test_a_count_says_what_it_is_of() -> None:
    one = Measurement(name="accuracy", value=0.7, n=233, count=164, every=164, unit="share",
                      method="wilson")  # fmt: skip
    assert figure(one, "en") == "70 % (164 of n = 233)"
    assert figure(one, "de") == "70 % (164 von n = 233)"


def test_parts_are_few_where_the_document_is_about_something_else(
    desk: tuple[Loop, Gathered],
) -> None:
    loop, found = desk
    parts = {
        f"tenant=t{number}": Measurement(
            name="accuracy", value=number / 100, n=20, unit="share", method="wilson"
        )
        for number in range(40)
    }
    one = Measurement(
        name="accuracy", value=0.5, n=800, unit="share", method="wilson", slices=parts
    )
    run = RunSummary(
        run="r", system="claims-desk", candidate="c", bar="b", status="complete", n=800,
        indicators=(one,),
    )  # fmt: skip
    entry = entered(loop, "run.completed")

    def shown(kind: str) -> list[str]:
        paper = made(kind, loop, found, run=run, run_entry=entry)
        grids = [b for s in paper.sections for b in s.blocks if isinstance(b, Grid)]
        return [row[1].text for g in grids if "slice" in g.columns for row in g.rows]

    assert shown("model-card") == ["tenant=t0", "tenant=t1", "tenant=t2"]
    assert len(shown("evaluation-report")) == 40
    assert "37 more figures of parts" in to_markdown(
        made("model-card", loop, found, run=run, run_entry=entry)
    )


def test_a_measure_of_dora_that_nobody_can_say_yet_is_missing(desk: tuple[Loop, Gathered]) -> None:
    from roadworthy.compliance import four_measures

    loop, found = desk
    live = entered(loop, "release.activated")
    dora = four_measures([], [live], [], loop.clock.now())
    paper = made("dora", loop, found, dora=dora)
    said = {gap.what for gap in paper.gaps if isinstance(gap, Gap)}
    assert "time to restore: no incident was closed so far (n = 0)" in said
    assert any(one.startswith("deployment frequency: fewer than two") for one in said)
    assert " a week (n = 1)[" not in to_markdown(paper)
