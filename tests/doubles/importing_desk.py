"""A desk for which ana brings evidence that was made elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Entry
from roadworthy.flows.workspace.people import add_person

PDFS = Path(__file__).resolve().parents[1] / "golden/outside/signed-pdf-pyhanko-0.38"


def desk_of_ana(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Its workspace is in its folder."""
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    made = Desk(folder)
    add_person(made.loop(), name="ana", roles=["engineer"])
    return made


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, what was said, and what went wrong."""
    code = run(VERBS, list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def entries(desk: Desk) -> list[Entry]:
    """What was received so far."""
    return list(desk.loop().ledger.entries(kind="evidence.received"))
