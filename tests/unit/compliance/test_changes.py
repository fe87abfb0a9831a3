"""A change of law is named, and what it means for each system."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.systems_by_law import SCENARIOS
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import classify, meaning_of, shipped, text_changes
from roadworthy.manifests import load_catalogue

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "claims-desk"


def test_the_same_law_changes_nothing() -> None:
    act = load_catalogue(shipped()[0])
    assert text_changes(act, act) == []


def test_a_later_date_a_new_duty_and_one_that_fell_away_are_said() -> None:
    act = load_catalogue(shipped()[0])
    duties = [one for one in act.obligations if one.id != "A50-5"]
    at = next(n for n, one in enumerate(duties) if one.id == "A50-2")
    duties[at] = msgspec.structs.replace(duties[at], applicable_from="2027-01-01")
    duties.append(msgspec.structs.replace(duties[0], id="A99-1", title="New"))
    new = msgspec.structs.replace(act, version="next", obligations=duties)
    changes = {one.id: (one.change, one.fields) for one in text_changes(act, new)}
    assert changes == {
        "A50-2": ("changed", ("applicable_from",)), "A99-1": ("added", ()),
        "A50-5": ("removed", ()),
    }  # fmt: skip
    chatbot = next(one for one in SCENARIOS if one.name.startswith("chatbot"))
    before, after = (
        classify([law], chatbot.facts, chatbot.roles, on="2026-11-22") for law in (act, new)
    )
    found = meaning_of("bot", before, after)
    assert (found.gained, found.lost) == (("A99-1",), ("A50-5",))
    assert found.moved == {"A50-2": ("2026-08-02", "2027-01-01")}


def test_the_command_compares_files_for_systems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = tmp_path / "newer.yaml"
    text = shipped()[0].read_text("utf-8").replace("title: AI literacy", "title: Literacy", 1)
    newer.write_text(text, "utf-8")
    code = run(VERBS, ["obligations", "diff", "eu-ai-act", str(newer), str(EXAMPLE), "--json"])
    said = msgspec.json.decode(capsys.readouterr().out)
    assert code == 0
    assert said["changes"] == [
        {"id": "A4-1", "what": "duty", "change": "changed", "fields": ["title"]}
    ]
    assert said["systems"][0]["gained"] == []
    assert run(VERBS, ["obligations", "diff", "eu-ai-act"]) == 1
