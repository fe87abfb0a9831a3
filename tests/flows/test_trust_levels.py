"""How far evidence is trusted is shown wherever it is used, and decides what it can meet."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import covered as hold
from roadworthy.compliance import to_markdown
from roadworthy.domain import (
    Applied,
    Classification,
    Draft,
    Obligation,
    Proof,
    TrustLevel,
    Written,
    reaches,
    trust_in,
)
from roadworthy.flows.findings.received_entries import RECEIVED
from roadworthy.flows.papers.coverage import cover, load_evidence_kinds
from roadworthy.flows.papers.documents import gather, make_document
from roadworthy.flows.papers.lifecycle import lifecycle
from roadworthy.flows.workspace.loop import Loop
from roadworthy.ledger import sign_draft
from roadworthy.manifests import load_charter, load_system
from roadworthy.wiring.loop import open_loop

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
CANDIDATE, LIVE = f"sha256:{'2' * 64}", f"sha256:{'1' * 64}"
BY = "MLflow 3.17.2"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    return folder


@pytest.fixture
def loop(desk: Path) -> Loop:
    opened = open_loop(desk)
    enter(opened, "release.activated", LIVE, candidate=CANDIDATE)
    return opened


def enter(loop: Loop, kind: str, subject: str = "s", /, **payload: Any) -> int:
    draft = Draft(
        system="claims-desk", kind=kind, subject=subject, actor=loop.machine, payload=payload
    )
    (entry,) = loop.ledger.record(sign_draft(draft, loop.keyring.machine()))
    return entry.seq


def receive(loop: Loop, *kinds: str, trust: str = "claimed", **more: Any) -> int:
    content = {"kinds": kinds, **more}
    return enter(loop, RECEIVED, loop.blobs.put_json(content), **{
        "trust": trust, "by": BY, "kinds": list(kinds), "title": "first", "id": "r1",
        "origin": {"tool": "mlflow", "version": "3.17.2", "exported_at": ""}, "candidate": "",
        "figures": [{"name": "accuracy", "value": "0.97"}], "figures_in_all": 1, "files": [],
        "content": loop.blobs.put_json(content), "original": "", **more,
    })  # fmt: skip


def covered(desk: Path, loop: Loop, catalogue: str = "eu-ai-act") -> Any:
    return cover(desk, load_charter(desk), loop, on="2026-11-22", catalogue=catalogue)


@pytest.mark.parametrize(
    ("level", "least", "enough"),
    [
        ("own", "own", True), ("verified", "own", False), ("signed", "own", False),
        ("claimed", "own", False), ("verified", "verified", True), ("signed", "verified", False),
        ("signed", "claimed", True), ("claimed", "signed", False), ("claimed", "claimed", True),
    ],
)  # fmt: skip
def test_the_scale_has_an_order(level: TrustLevel, least: TrustLevel, enough: bool) -> None:
    assert reaches(level, least) is enough


@pytest.mark.parametrize("trust", ["claimed", "signed", "verified"])
def test_a_duty_that_asks_for_our_own_evidence_is_not_met_by_a_weaker_one(
    desk: Path, loop: Loop, trust: str
) -> None:
    seq = receive(loop, "evaluation_report", trust=trust, candidate=CANDIDATE)
    found = covered(desk, loop, "nist-ai-rmf")
    assert "evaluation_report" not in found.proofs
    claim = found.claims["evaluation_report"]
    assert (claim.seq, claim.trust, claim.by) == (seq, trust, BY)
    asking = [one for one in found.duties if one.status not in ("not_applicable", "undecided")]
    lacks = [lack for one in asking for lack in one.missing if lack.kind == "evaluation_report"]
    assert lacks
    assert all(lack.claims == (claim,) for lack in lacks)
    if trust == "claimed":
        assert f"claimed by {BY}, not verified (entry {seq})" in lacks[0].in_words
    enter(loop, "gate.decided", CANDIDATE, decision="PASS")
    assert covered(desk, loop).proofs["evaluation_report"].trust == "own"


def test_what_a_person_records_is_claimed_and_meets_no_duty_of_our_own(
    desk: Path, loop: Loop
) -> None:
    enter(loop, "evidence.recorded", "s", kind="evaluation_report", file="report.pdf")
    enter(loop, "evidence.recorded", "s", kind="policy_document", file="policy.pdf")
    found = covered(desk, loop)
    assert "evaluation_report" not in found.proofs
    assert found.claims["evaluation_report"].trust == "claimed"
    proof = found.proofs["policy_document"]
    assert proof.entered
    assert proof.in_words.endswith(", not verified)")


def test_a_duty_that_takes_claims_is_met_and_says_so(desk: Path, loop: Loop) -> None:
    seq = receive(loop, "data_lineage_record")
    proof = covered(desk, loop).proofs["data_lineage_record"]
    assert (proof.trust, proof.by, proof.entered) == ("claimed", BY, True)
    assert proof.in_words == f"entry {seq} (claimed by {BY}, not verified)"


def test_what_asks_for_a_signature_takes_none_that_is_not_verified(loop: Loop) -> None:
    kinds = {
        "certificate": msgspec.structs.replace(
            load_evidence_kinds()["certificate"], least="verified"
        )
    }
    duty = Obligation(
        id="D1", article="1", title="T", actor=["provider"], applies_when="true", duty="Do it.",
        evidence=["certificate"], applicable_from="2026-01-01",
    )  # fmt: skip
    claim = Proof(
        kind="certificate", seq=3, time="2026-11-01T00:00:00.000000Z", subject="s", digest="d",
        fresh=True, trust="signed", by="CN=Ada",
    )  # fmt: skip
    said = Classification(
        catalogue="x", version="1", digest="d", on="2026-11-22", roles=("provider",),
        facts={}, risk_class="", steps=(),
        applied=(Applied(id="D1", applies=True, since="2026-01-01"),),
    )  # fmt: skip
    (one,) = hold([duty], said, kinds, {}, {"certificate": claim})
    assert one.status == "needs_a_person"
    assert "signed elsewhere, not verified (CN=Ada) (entry 3)" in one.missing[0].in_words


def test_evidence_of_a_release_must_be_about_the_live_one(desk: Path, loop: Loop) -> None:
    receive(loop, "model_card", candidate=f"sha256:{'3' * 64}")
    found = covered(desk, loop)
    assert "model_card" not in {*found.proofs, *found.claims}
    receive(loop, "model_card", candidate=CANDIDATE)
    assert covered(desk, loop).proofs["model_card"].trust == "claimed"


@pytest.mark.parametrize(
    ("made", "fresh"),
    [("2020-01-01T00:00:00Z", False), ("2999-01-01T00:00:00Z", True), ("x", True)],
)
def test_what_was_made_elsewhere_is_as_old_as_it_says_and_never_younger(
    desk: Path, loop: Loop, made: str, fresh: bool
) -> None:
    origin = {"tool": "langfuse", "version": "", "exported_at": made}
    receive(loop, "monitoring_report", origin=origin)
    assert covered(desk, loop).proofs["monitoring_report"].fresh is fresh


def test_evidence_of_another_system_proves_nothing_here(desk: Path, loop: Loop) -> None:
    loop.ledger.record(Draft(
        system="loans", kind=RECEIVED, subject="s", actor=loop.machine,
        payload={"trust": "verified", "by": BY, "kinds": ["certificate"]},
    ))  # fmt: skip
    assert "certificate" not in covered(desk, loop).proofs


def test_an_entry_that_says_it_is_ours_is_a_claim(loop: Loop) -> None:
    receive(loop, "certificate", trust="own")
    (entry,) = loop.ledger.entries(kind=RECEIVED)
    assert trust_in(entry) == ("claimed", BY)


def test_the_matrix_says_how_far_a_cell_is_trusted(desk: Path, loop: Loop) -> None:
    receive(loop, "bias_log")
    receive(loop, "test_log", candidate=CANDIDATE)
    found = lifecycle(load_system(desk), loop, on="2026-11-22", catalogue="eu-ai-act")
    done = [one for cell in found.cells for one in cell.evidence if one.kind == "bias_log"]
    assert {one.worth for one in done} == {f"claimed by {BY}, not verified"}
    told = [cell for cell in (*found.cells, *found.tasks) if "not enough" in cell.missing]
    assert told
    assert {cell.status for cell in told} <= {"open", "stale"}


def test_documents_show_it_beside_the_figure(desk: Path, loop: Loop) -> None:
    found = gather(load_system(desk), loop, on="2026-11-22", catalogue="eu-ai-act")
    written: dict[str, Written] = {}
    before = make_document("evaluation-report", found, loop, language="en", written=written)
    assert "trusted" not in to_markdown(before)
    receive(loop, "data_lineage_record", trust="signed")
    found = gather(load_system(desk), loop, on="2026-11-22", catalogue="eu-ai-act")
    for language, words in (
        ("en", f"signed elsewhere, not verified ({BY})"),
        ("de", f"anderswo signiert, nicht geprüft ({BY})"),
    ):
        paper = make_document("evaluation-report", found, loop, language=language, written=written)
        (row,) = [line for line in to_markdown(paper).splitlines() if "accuracy 0.97" in line]
        assert words in row
        assert len(paper.gaps) == len(before.gaps)  # nobody has to bring any


def test_the_dossier_shows_it_and_holds_what_was_read(desk: Path, loop: Loop) -> None:
    paper = {"tool": "pdf", "version": "", "exported_at": ""}
    seq = receive(loop, "training_record", origin=paper)
    receive(loop, "evaluation_report", candidate=CANDIDATE)
    (entry, _) = loop.ledger.entries(kind=RECEIVED)
    out = desk.parent / "dossier.zip"
    assert run(VERBS, ["dossier", str(desk), "--out", str(out)]) == 0
    assert run(VERBS, ["verify", str(out), "--trust", str(loop.workspace.trust)]) == 0
    with zipfile.ZipFile(out) as archive:
        page = archive.read("index.html").decode()
        held = archive.read(f"evidence/{entry.payload['content'].removeprefix('sha256:')}.json")
    assert held == loop.blobs.get(entry.payload["content"])
    assert f"entry {seq} (claimed by {BY}, not verified)" in page
    assert "not enough" in page


def test_what_a_machine_made_is_none_of_what_people_did(desk: Path, loop: Loop) -> None:
    seq = receive(loop, "training_record", imported_by="ana")
    found = covered(desk, loop)
    assert "training_record" not in found.proofs
    claim = found.claims["training_record"]
    assert (claim.seq, claim.worth) == (seq, f"claimed by ana (from {BY}), not verified")
    receive(loop, "training_record", origin={"tool": "pdf", "version": "", "exported_at": ""})
    assert covered(desk, loop).proofs["training_record"].entered


@pytest.mark.parametrize("field", ["title", "id", "by"])
def test_what_a_file_says_of_itself_names_no_release(desk: Path, loop: Loop, field: str) -> None:
    other = f"sha256:{'3' * 64}"
    for live in (LIVE, CANDIDATE):
        receive(loop, "model_card", candidate=other, **{field: live})
    assert "model_card" not in covered(desk, loop).proofs


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    "made", ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
             "9999-12-31T23:59:59", "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_a_time_that_no_calendar_has_stops_no_reading_of_the_ledger(
    desk: Path, loop: Loop, made: str, zone: str
) -> None:
    charter = desk / "charter.yaml"
    charter.write_text(charter.read_text().replace("Europe/Berlin", zone))
    assert load_charter(desk).time_zone == zone
    origin = {"tool": "pdf", "version": "", "exported_at": made}
    receive(loop, "monitoring_report", "review_record", origin=origin)
    proof = covered(desk, loop).proofs["monitoring_report"]
    assert proof.fresh is made.startswith("9999")


@pytest.mark.parametrize("made", ["2020-01-01", "2020-01-01T10:00:00", "2020-01-01T10:00:00+02:00"])
def test_a_proof_says_from_when_its_age_counts(desk: Path, loop: Loop, made: str) -> None:
    receive(
        loop, "monitoring_report", "data_lineage_record",
        origin={"tool": "langfuse", "version": "", "exported_at": made},
    )  # fmt: skip
    proofs = covered(desk, loop).proofs
    for kind, fresh in (("monitoring_report", False), ("data_lineage_record", True)):
        assert proofs[kind].made < "2020-01-01T10:00:01"
        assert proofs[kind].fresh is fresh
        assert proofs[kind].time > "2026"


def test_what_a_person_records_for_a_release_counts_for_the_live_one_alone(
    desk: Path, loop: Loop
) -> None:
    enter(loop, "evidence.recorded", "s", kind="model_card", file="card.pdf")
    enter(loop, "evidence.recorded", "s", kind="model_card", file="c.pdf", candidate="sha256:old")
    assert "model_card" not in covered(desk, loop).proofs
    enter(loop, "evidence.recorded", "s", kind="model_card", file="c.pdf", candidate=CANDIDATE)
    assert covered(desk, loop).proofs["model_card"].entered
