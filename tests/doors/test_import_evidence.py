"""`roadworthy import` of evidence made elsewhere: whole or not at all, once, with its trust."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from doubles import actions_run as actions
from doubles import mlflow_answers as real
from doubles.desk import Desk
from doubles.importing_desk import PDFS, call, desk_of_ana, entries
from roadworthy.flows.workspace.people import add_person


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return desk_of_ana(tmp_path / "desk", monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return shutil.copytree(real.FILES, tmp_path / "mlruns")


def taken(capsys: Any, desk: Desk, place: object, *more: object) -> dict[str, Any]:
    code, said, error = call(capsys, "import", place, "--dir", desk.root, *more, "--json")
    assert code == 0, error
    (one,) = json.loads(said)["received"]
    return dict(one)


def a_run(name: str) -> tuple[str, str]:
    return "--run", real.IN_FILES[name]


def test_a_run_is_entered_with_its_origin_its_digest_and_its_trust(desk, store, capsys):
    told = taken(capsys, desk, store, *a_run("first"), "--kind", "data_lineage_record")
    (entry,) = entries(desk)
    payload = entry.payload
    assert (told["entry"], told["trust"]) == (entry.seq, "claimed")
    assert told["trust_in_words"] == "claimed, not verified"
    assert payload["origin"]["tool"] == "mlflow"
    assert payload["origin"]["place"] == "mlruns"
    assert payload["kinds"] == ["data_lineage_record"]
    assert payload["imported_by"] == "ana"
    assert entry.actor.startswith("person:")
    assert entry.subject == told["subject"] == payload["original"]
    loop = desk.loop()
    assert json.loads(loop.blobs.get(payload["original"]))["params"]["learning_rate"] == "0.001"
    assert loop.blobs.get_json(payload["content"])["facts"]["experiment"] == "claims"


def test_no_float_is_in_an_entry(desk, store, capsys):
    taken(capsys, desk, store, *a_run("first"))
    (entry,) = entries(desk)

    def floats(value: object) -> bool:
        if isinstance(value, dict):
            return any(map(floats, value.values()))
        return any(map(floats, value)) if isinstance(value, list) else isinstance(value, float)

    assert entry.payload["figures"][0]["value"] == "0.8666666666666667"
    assert not floats(entry.payload)


def test_a_duplicate_import_is_idempotent_by_digest(desk, store, capsys, tmp_path):
    first = taken(capsys, desk, store, *a_run("first"))
    moved = shutil.copytree(store, tmp_path / "copy")
    again = taken(capsys, desk, moved, *a_run("first"))
    assert not first["entered_before"]
    assert again["entered_before"]
    assert again["entry"] == first["entry"]
    more = taken(capsys, desk, store, *a_run("first"), "--kind", "data_lineage_record")
    assert not more["entered_before"]  # it is to prove more than before
    assert taken(capsys, desk, store, *a_run("first"))["entered_before"]
    assert len(entries(desk)) == 2


def test_the_same_run_with_other_contents_is_entered_and_said(desk, store, capsys):
    first = taken(capsys, desk, store, *a_run("first"))
    (metric,) = store.glob(f"*/{real.IN_FILES['first']}/metrics/accuracy")
    metric.write_text(metric.read_text().replace("0.8666", "0.9666"))
    second = taken(capsys, desk, store, *a_run("first"))
    assert not second["entered_before"]
    (note,) = [one for one in second["notes"] if "has the same id" in one]
    assert note.startswith(f"entry {first['entry']} has the same id and other contents")
    assert note in entries(desk)[-1].payload["notes"]


def test_a_time_that_is_still_to_come_is_said(desk, store, capsys):
    (meta,) = store.glob(f"*/{real.IN_FILES['first']}/meta.yaml")
    text = meta.read_text()
    assert "\nend_time: 1" in text
    meta.write_text(re.sub(r"\nend_time: \d+", "\nend_time: 1900000000000", text))
    told = taken(capsys, desk, store, *a_run("first"))
    assert any("which is still to come" in note for note in told["notes"])


def test_a_run_that_claims_another_system_is_refused(desk, store, capsys):
    code, _, error = call(capsys, "import", store, "--dir", desk.root, *a_run("other"))
    assert code == 1
    assert "says that it is about 'loans'" in error
    assert entries(desk) == []


def test_a_run_that_was_entered_for_another_system_is_refused(
    desk, store, capsys, tmp_path, monkeypatch
):
    monkeypatch.setenv("ROADWORTHY_HOME", str(tmp_path / "home"))
    other = Desk(tmp_path / "other")
    charter = other.root / "charter.yaml"
    charter.write_text(charter.read_text().replace("system: desk", "system: loans"))
    add_person(other.loop(), name="ana", roles=["engineer"])
    taken(capsys, other, store, *a_run("second"))
    code, _, error = call(capsys, "import", store, "--dir", desk.root, *a_run("second"))
    assert code == 1
    assert "was entered for 'loans'" in error
    assert [entry.system for entry in entries(desk)] == ["loans"]


def test_of_several_runs_all_are_entered_or_none(desk, store, capsys):
    both = [*a_run("first"), *a_run("broken")]
    code, _, error = call(capsys, "import", store, "--dir", desk.root, *both)
    assert code == 1
    assert "which is no number" in error
    assert entries(desk) == []
    code, _, error = call(
        capsys, "import", store, "--dir", desk.root, *a_run("first"), *a_run("second")
    )
    assert code == 0, error
    assert len(entries(desk)) == 2


def test_an_unknown_kind_of_evidence_is_refused(desk, store, capsys):
    code, _, error = call(
        capsys, "import", store, "--dir", desk.root, *a_run("first"), "--kind", "test_report"
    )
    assert code == 1
    assert "test_log" in error
    assert entries(desk) == []


def test_a_look_enters_nothing_and_shows_the_trust_beside_the_figures(desk, store, capsys):
    code, said, _ = call(capsys, "import", store, "--dir", desk.root, *a_run("first"), "--look")
    assert code == 0
    assert "claimed, not verified" in said
    assert "0.8666666666666667" in said
    assert "not checked: signature (MLflow signs nothing)" in said
    assert entries(desk) == []


def test_imported_metrics_never_open_the_gate(desk, store, capsys):
    taken(
        capsys, desk, store, *a_run("first"), "--candidate", "candidate.yaml",
        "--kind", "evaluation_report",
    )  # fmt: skip
    code, said, _ = call(capsys, "gate", desk.root, "--json")
    decision = json.loads(said)
    assert code == 4
    assert decision["decision"] == "INCONCLUSIVE"
    assert any("claimed by ana (from MLflow), not verified" in note for note in decision["notes"])


def test_the_list_names_what_was_imported(desk, store, capsys):
    taken(capsys, desk, store, *a_run("first"), "--kind", "data_lineage_record")
    code, said, _ = call(capsys, "import", "--dir", desk.root)
    assert code == 0
    assert "claimed by ana (from MLflow)" in " ".join(said.split())
    _, said, _ = call(capsys, "import", "--dir", desk.root, "--json")
    assert [each["id"] for each in json.loads(said)] == [real.IN_FILES["first"]]


def test_an_entry_and_the_matrix_say_how_far_it_is_trusted(desk, store, capsys):
    told = taken(
        capsys, desk, store, *a_run("first"), "--candidate", "candidate.yaml",
        "--kind", "evaluation_report", "--kind", "bias_log",
    )  # fmt: skip
    _, said, _ = call(capsys, "ledger", "show", told["entry"], desk.root)
    assert "trust  claimed by ana (from MLflow), not verified" in said
    code, said, _ = call(capsys, "matrix", desk.root, "--json")
    assert code == 4
    cells = [cell for phase in json.loads(said)["phases"] for cell in phase["cells"]]
    (proof,) = [one for cell in cells for one in cell["evidence"] if one["kind"] == "bias_log"]
    assert (proof["trust"], proof["by"]) == ("claimed", "ana (from MLflow)")
    assert any("which is not enough" in cell["missing"] for cell in cells)


def test_what_counts_for_a_release_names_a_candidate(desk, store, capsys):
    code, _, error = call(
        capsys, "import", store, "--dir", desk.root, *a_run("first"), "--kind", "test_log"
    )
    assert code == 1
    assert "counts for a release, and no candidate is named" in error
    assert entries(desk) == []


def test_a_signed_pdf_is_entered_with_its_signer_and_what_was_checked(desk, capsys):
    told = taken(
        capsys, desk, PDFS / "pades.pdf", "--kind", "certificate", "--root", PDFS / "root.pem"
    )
    assert (told["trust"], told["by"]) == ("verified", "CN=Ada Lovelace,O=Example,C=DE")
    (entry,) = entries(desk)
    assert desk.loop().blobs.get(entry.payload["original"]) == (PDFS / "pades.pdf").read_bytes()
    again = taken(capsys, desk, PDFS / "pades.pdf", "--kind", "certificate")
    assert again["entered_before"]  # it was verified before; nothing less is added


def test_a_root_that_is_given_later_adds_what_it_proves(desk, capsys):
    taken(capsys, desk, PDFS / "pades.pdf")
    taken(capsys, desk, PDFS / "pades.pdf", "--root", PDFS / "root.pem")
    assert [entry.payload["trust"] for entry in entries(desk)] == ["signed", "verified"]


def test_a_pdf_without_a_signature_or_changed_after_signing_enters_nothing(desk, capsys, tmp_path):
    changed = tmp_path / "changed.pdf"
    data = (PDFS / "pades.pdf").read_bytes()
    changed.write_bytes(data[:8] + b"9" + data[9:])
    for path, code, words in (
        (PDFS / "unsigned.pdf", 1, "it has no signature"),
        (changed, 5, "the file was changed after signing"),
    ):
        ended, _, error = call(capsys, "import", path, "--dir", desk.root, "--kind", "certificate")
        assert ended == code
        assert words in error
    assert entries(desk) == []


def test_a_run_of_actions_is_claimed_and_its_attestation_signed(desk, capsys, tmp_path):
    folder = actions.folder(tmp_path / "run")
    (folder / "desk.sigstore.json").write_text(json.dumps(actions.Issuer().bundle()))
    code, said, error = call(capsys, "import", folder, "--dir", desk.root, "--json")
    assert code == 0, error
    run_of, attested = json.loads(said)["received"]
    assert (run_of["trust"], attested["trust"]) == ("claimed", "signed")
    first, second = entries(desk)
    loop = desk.loop()
    listed = json.loads(loop.blobs.get(first.payload["original"]))
    assert actions.WHEEL in [loop.blobs.get(each["digest"]) for each in listed]
    assert second.payload["by"] == actions.WORKFLOW


def test_an_attestation_that_does_not_hold_enters_nothing_of_the_run(desk, capsys, tmp_path):
    folder = actions.folder(tmp_path / "run")
    bundle = actions.Issuer().bundle()
    bundle["dsseEnvelope"]["signatures"] = actions.Issuer().bundle()["dsseEnvelope"]["signatures"]
    (folder / "desk.sigstore.json").write_text(json.dumps(bundle))
    code, _, error = call(capsys, "import", folder, "--dir", desk.root)
    assert code == 5
    assert "does not hold" in error
    assert entries(desk) == []


def test_of_an_export_of_langfuse_the_digest_alone_is_kept(desk, capsys, tmp_path):
    path = tmp_path / "scores.jsonl"
    row = {"id": "s1", "traceId": "t1", "name": "helpful", "source": "API", "dataType": "NUMERIC",
           "value": 0.5, "timestamp": "2026-11-20", "comment": "my car broke"}  # fmt: skip
    path.write_text(json.dumps(row))
    taken(capsys, desk, path, "--kind", "monitoring_report")
    (entry,) = entries(desk)
    assert entry.payload["original"] == ""
    kept = b"".join(
        each.read_bytes() for each in (desk.root / ".roadworthy/blobs").rglob("*") if each.is_file()
    )
    assert b"0.5" in kept
    assert b"my car broke" not in kept
    path.write_text(json.dumps({**row, "metadata": {"roadworthy.system": "loans"}}))
    code, _, error = call(capsys, "import", path, "--dir", desk.root)
    assert code == 1
    assert "says that it is about 'loans'" in error


def test_kinds_and_runs_are_no_matter_of_results(desk, capsys, tmp_path):
    from doubles import outside_results as outside

    path = outside.written(tmp_path / "out.json", outside.promptfoo())
    code, _, error = call(
        capsys, "import", path, "--dir", desk.root, "--kind", "data_lineage_record"
    )
    assert code == 1
    assert "prove no duty" in error


def test_what_people_did_is_shown_by_no_run_of_a_machine(desk, store, capsys):
    code, _, error = call(
        capsys, "import", store, "--dir", desk.root, *a_run("first"), "--kind", "training_record"
    )
    assert code == 1
    assert "is what people did, decided or wrote" in error
    assert "roadworthy record training_record FILE" in error
    assert entries(desk) == []
    taken(capsys, desk, PDFS / "pades.pdf", "--kind", "training_record")  # a paper shows it


def test_a_duty_says_when_its_proof_was_made_and_who_claims_it(desk, store, capsys):
    taken(capsys, desk, store, *a_run("first"), "--kind", "bias_log")
    (entry,) = entries(desk)
    _, said, _ = call(capsys, "matrix", desk.root, "--json")
    cells = [cell for phase in json.loads(said)["phases"] for cell in phase["cells"]]
    proof = next(one for cell in cells for one in cell["evidence"] if one["kind"] == "bias_log")
    assert proof["made"][:19] == entry.payload["origin"]["exported_at"][:19]
    assert proof["time"] == entry.time > proof["made"]
    assert proof["by"] == "ana (from MLflow)"
