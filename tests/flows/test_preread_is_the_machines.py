"""A figure that a hand put between the machine's marks is never taken for one that was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.dated_desk import DatedDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import (
    PREREAD,
    SECTIONS,
    EvidenceError,
    UndecidedError,
    Verdict,
    VerificationError,
)
from roadworthy.flows.findings.findings import open_finding
from roadworthy.flows.papers.preread import open_note, record_note
from roadworthy.manifests import load_system
from roadworthy.policy import RiskFinding

NOTE = "deliberation-note.md"


@pytest.fixture
async def desk(tmp_path: Path) -> DatedDesk:
    desk = DatedDesk(tmp_path / "desk")
    await desk.evaluate()
    open_note(load_system(desk.root), desk.loop())
    desk.write(NOTE, finished(note(desk)))
    return desk


def note(desk: DatedDesk) -> str:
    return (desk.root / NOTE).read_text(encoding="utf-8")


def finished(text: str) -> str:
    for section in SECTIONS:
        text = text.replace(
            f"## {section.title}\n<!-- people write here: {section.write} -->",
            f"## {section.title}\nWe said so.",
        )
    return text.replace("decision: hold ", "decision: ship ").replace('name: ""', 'name: "rosa"')


def record(desk: DatedDesk) -> object:
    return record_note(load_system(desk.root), desk.loop(), desk.acting("rosa"))


def forge(desk: DatedDesk) -> int:
    """Another figure between the marks; the line on which it stands."""
    lines = note(desk).split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("| accuracy"))
    lines[at] = "| accuracy | >= 0.8 | 0.999 |"
    desk.write(NOTE, "\n".join(lines))
    return at + 1


async def test_a_changed_figure_is_refused_with_its_line_and_never_recorded(
    desk: DatedDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    line = forge(desk)
    with pytest.raises(VerificationError, match=rf"{NOTE}:{line}: .* changed by hand.*0\.999"):
        record(desk)
    words = ["deliberate", str(desk.root), "--record", "--as", "rosa"]
    assert run(VERBS, words) == 5
    assert "roadworthy deliberate" in capsys.readouterr().err
    assert not list(desk.loop().ledger.entries(kind="deliberation.recorded"))
    assert run(VERBS, ["deliberate", str(desk.root)]) == 0, "renewed, and every word kept"
    assert run(VERBS, words) == 0


async def test_the_gate_refuses_a_changed_figure(desk: DatedDesk) -> None:
    assert desk.gate().decision is Verdict.PASS
    forge(desk)
    decided = desk.gate()
    assert decided.decision is Verdict.FAIL
    assert any("changed by hand" in reason for reason in decided.reasons)


async def test_marks_that_stand_twice_or_alone_are_refused(desk: DatedDesk) -> None:
    for text in (
        note(desk) + f"\n{PREREAD[0]}\n0.999\n{PREREAD[1]}\n",
        note(desk).replace(PREREAD[0], ""),
    ):
        desk.write(NOTE, text)
        with pytest.raises(EvidenceError, match="marks of the machine's part"):
            record(desk)


async def test_a_line_put_in_or_taken_out_is_refused(desk: DatedDesk) -> None:
    whole = note(desk)
    lines = whole.split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("## Findings"))
    for changed in ([*lines[:at], "None.", *lines[at:]], lines[:at] + lines[at + 1 :]):
        desk.write(NOTE, "\n".join(changed))
        with pytest.raises(VerificationError, match=f"{NOTE}:{at + 1}:"):
            record(desk)


async def test_what_an_editor_does_to_ends_of_lines_is_no_change(desk: DatedDesk) -> None:
    desk.write(NOTE, note(desk).replace("\n", "\r\n"))
    assert record(desk)


async def test_an_older_pre_read_and_one_of_elsewhere_are_undecided(
    desk: DatedDesk, tmp_path: Path
) -> None:
    older = note(desk)
    seen = RiskFinding(id="", severity="low", summary="it repeats itself", source="")
    open_finding(desk.loop(), "desk", seen, desk.acting("ravi"))
    open_note(load_system(desk.root), desk.loop())
    desk.write(NOTE, older)
    with pytest.raises(UndecidedError, match="a newer one was made"):
        record(desk)
    elsewhere = DatedDesk(tmp_path / "elsewhere")
    await elsewhere.evaluate()
    elsewhere.write(NOTE, older)
    with pytest.raises(UndecidedError, match="no pre-read of this candidate was made"):
        record_note(load_system(elsewhere.root), elsewhere.loop(), elsewhere.acting("rosa"))


async def test_the_same_pre_read_is_entered_once_and_a_recorded_note_names_it(
    desk: DatedDesk,
) -> None:
    before = list(desk.loop().ledger.entries(kind="deliberation.opened"))
    open_note(load_system(desk.root), desk.loop())
    opened = list(desk.loop().ledger.entries(kind="deliberation.opened"))
    assert len(opened) == len(before) == 1
    record(desk)
    (entry,) = desk.loop().ledger.entries(kind="deliberation.recorded")
    assert entry.payload["preread"] == opened[-1].payload["preread"]


async def test_a_note_without_a_pre_read_is_recorded_and_says_so(desk: DatedDesk) -> None:
    text = note(desk)
    desk.write(NOTE, text.split(PREREAD[0])[0] + text.split(PREREAD[1])[1])
    record(desk)
    (entry,) = desk.loop().ledger.entries(kind="deliberation.recorded")
    assert entry.payload["preread"] == ""
