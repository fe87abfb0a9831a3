"""The golden proofs: what verifies without its ledger, and what each tampering is called.

No import of the platform here. The files are written by `tests/golden/make_proofs.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roadworthy_verify import Report, load_heads, verify_path, verify_proof
from roadworthy_verify.command import run

GOLDEN = Path(__file__).parent / "golden" / "proofs"
TRUST = GOLDEN / "trust.yaml"
GOOD = GOLDEN / "inclusion.json"
GROWN = GOLDEN / "consistency.json"

EXPECTED = {
    "a_million_hashes": ("tampered", "`hashes` is no list of hashes"),
    "a_number_of_5000_digits": ("not_evidence", "is no JSON: Exceeds the limit (4300 digits)"),
    "another_entry": ("tampered", "its path does not lead from entry 8 to check"),
    "another_number": ("tampered", "the proof is of entry 8, but holds 7"),
    "beyond_every_number": ("tampered", "the entry cannot be one: Out of range float"),
    "both_numbers": ("tampered", "the entry's digest is not that of its fields"),
    "cut_short": ("not_evidence", "is no JSON: Unterminated string starting at:"),
    "entry_actor": ("tampered", "the entry's digest is not that of its fields"),
    "entry_digest": ("tampered", "the entry's digest is not that of its fields"),
    "entry_field_more": ("tampered", "the entry has 'note', which no such thing ha"),
    "entry_gone": ("tampered", "the proof has lost entry"),
    "entry_half_a_character": ("tampered", "the entry cannot be one: 'utf-8' codec can't"),
    "entry_infinite": ("not_evidence", "is no JSON: Infinity is no number"),
    "entry_kind": ("tampered", "the entry's digest is not that of its fields"),
    "entry_payload": ("tampered", "the entry's payload does not have its payloa"),
    "entry_payload_digest": ("tampered", "the entry's payload does not have its payloa"),
    "entry_prev": ("tampered", "the entry's digest is not that of its fields"),
    "entry_subject": ("tampered", "the entry's digest is not that of its fields"),
    "entry_system": ("tampered", "the entry's digest is not that of its fields"),
    "entry_time": ("tampered", "the entry's digest is not that of its fields"),
    "field_more": ("tampered", "the proof has 'ok', which no such thing has"),
    "growth_backwards": ("tampered", "its path does not lead from checkpoint 13 of"),
    "growth_field_more": ("tampered", "the older checkpoint has 'witness', which no "),
    "growth_hash_flipped": ("tampered", "its path does not lead from checkpoint 6 of"),
    "growth_new_rewritten": ("tampered", "its path does not lead from checkpoint 6 of"),
    "growth_no_hash": ("tampered", "its path does not lead from checkpoint 6 of"),
    "growth_of_another_log": ("tampered", "checkpoints of different logs: other/1, road"),
    "growth_old_rewritten": ("tampered", "its path does not lead from checkpoint 6 of"),
    "growth_old_root": ("tampered", "its path does not lead from checkpoint 6 of"),
    "growth_old_unsigned": ("unsigned", "the older checkpoint is not signed"),
    "growth_unsigned": ("unsigned", "the newer checkpoint is not signed"),
    "hash_flipped": ("tampered", "its path does not lead from entry 7 to check"),
    "hash_not_hex": ("tampered", "'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz' i"),
    "hash_with_spaces": ("tampered", "' e6b14822856d71e7d9e399fc076928befc75252' i"),
    "hashes_a_text": ("tampered", "`hashes` is no list of hashes"),
    "hashes_swapped": ("tampered", "its path does not lead from entry 7 to check"),
    "head_field_more": ("tampered", "the proof's checkpoint has 'witness', which n"),
    "head_from_the_future": ("refused", "checkpoint 13 of 2999-01-01T00:00:00.000000Z"),
    "head_gone": ("unsigned", "the proof has lost checkpoint"),
    "head_huge_size": ("tampered", "the proof's checkpoint: size or root is not"),
    "head_key_id": ("tampered", "checkpoint 13 of 2026-11-21T20:00:00.003000Z"),
    "head_not_base64": ("tampered", "the proof's checkpoint: '!!!!' cannot be dec"),
    "head_of_another_log": ("tampered", "its path does not lead from entry 7 to check"),
    "head_of_the_same_size": ("tampered", "its path does not lead from entry 7 to check"),
    "head_origin": ("tampered", "checkpoint 13 of 2026-11-21T20:00:00.003000Z"),
    "head_root": ("tampered", "its path does not lead from entry 7 to check"),
    "head_signature": ("tampered", "checkpoint 13 of 2026-11-21T20:00:00.003000Z"),
    "head_size": ("tampered", "checkpoint 14 of 2026-11-21T20:00:00.003000Z"),
    "head_time": ("tampered", "checkpoint 13 of 2026-11-21T20:00:00.999999Z"),
    "head_unsigned": ("unsigned", "the proof's checkpoint is not signed"),
    "huge_number": ("tampered", "the entry's digest is not that of its fields"),
    "kind_of_the_other": ("tampered", "the proof has lost new, old"),
    "kind_unknown": ("not_evidence", "is no proof: `kind` is not one of a proof"),
    "name_twice_deep_down": ("tampered", "does not mean one thing: 'text' stands in it"),
    "nested_deeply": ("not_evidence", "is no JSON: it is nested too deeply"),
    "no_hash": ("tampered", "its path does not lead from entry 7 to check"),
    "not_a_number": ("not_evidence", "is no JSON: NaN is no number"),
    "not_utf_8": ("not_evidence", "is no JSON: 'utf-8' codec can't decode byte"),
    "number_a_text": ("tampered", "the proof is of entry '7', but holds 7"),
    "number_true": ("tampered", "True is no number of an entry"),
    "number_zero": ("tampered", "0 is no number of an entry"),
    "one_hash_more": ("tampered", "its path does not lead from entry 7 to check"),
    "persons_signature": ("tampered", "the entry's payload does not have its payloa"),
    "seq_twice": ("tampered", "does not mean one thing: 'seq' stands in it"),
    "two_documents": ("not_evidence", "is no JSON: Extra data: line 47 column 1 (ch"),
    "version_2": ("not_evidence", "has version 2, this verifier knows 1"),
    "version_a_text": ("tampered", "the proof's version is '1'"),
}


def verified(path: Path, **how: object) -> Report:
    return verify_path(path, **{"trust": TRUST, **how})  # type: ignore[arg-type]


def test_an_entry_is_proved_without_its_ledger_and_its_people_are_named() -> None:
    report = verified(GOOD)
    assert (report.state, report.exit_code) == ("verified", 0)
    assert report.details["kind"] == "inclusion_proof"
    assert report.details["entry"]["kind"] == "kill.lifted"
    assert report.details["checkpoint"]["size"] == 13
    assert [one["name"] for one in report.details["signed_by"]] == ["machine"]
    assert report.details["signatures_of_people"] == 1
    assert any("entry 7 (kill.lifted" in line for line in report.lines)
    assert any("of ada, valid then" in line for line in report.lines)
    assert report.details["not_checked"] == ["the rest of the ledger"]


def test_a_log_is_proved_to_have_only_grown() -> None:
    report = verified(GROWN)
    assert report.ok and report.details["kind"] == "consistency_proof"
    assert (report.details["old"]["size"], report.details["new"]["size"]) == (6, 13)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_golden_proof_is_called_what_it_is(name: str) -> None:
    state, fault = EXPECTED[name]
    report = verified(GOLDEN / "bad" / f"{name}.json")
    assert report.state == state
    assert fault in report.fault
    assert not report.ok and report.exit_code > 0


def test_every_golden_proof_is_expected() -> None:
    assert {path.stem for path in (GOLDEN / "bad").iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("proof", [GOOD, GROWN], ids=["inclusion", "consistency"])
@pytest.mark.parametrize(
    ("trust", "fault"),
    [
        (GOLDEN / "revoked.yaml", "was revoked at"),
        (GOLDEN / "strangers.yaml", "which is unknown"),
        (None, "which is unknown"),
    ],
    ids=["revoked", "strangers", "nobody"],
)
def test_a_key_that_is_not_trusted_proves_nothing(
    proof: Path, trust: Path | None, fault: str
) -> None:
    report = verify_path(proof, trust=trust)
    assert (report.state, report.exit_code) == ("unknown_key", 4)
    assert fault in report.fault


def test_tampering_outweighs_a_key_that_is_not_trusted(tmp_path: Path) -> None:
    """Ada's signature is checked although the machine that signed the head is a stranger."""
    document = json.loads(GOOD.read_text())
    document["checkpoint"]["signature"] = "A" * 86 + "=="
    (tmp_path / "p.json").write_text(json.dumps(document))
    only_machine = {"keys": [key for key in _keys() if key["name"] == "machine"]}
    assert verify_path(tmp_path / "p.json", trust=only_machine).state == "tampered"


def _keys() -> list[dict[str, object]]:
    from roadworthy_verify.trust import parse_trust

    keys: list[dict[str, object]] = parse_trust(TRUST.read_text())["keys"]
    return keys


def test_a_proof_is_of_its_time() -> None:
    before = verified(GOOD, at="2026-11-21T19:00:00.000000Z")
    assert (before.state, "is of a time after" in before.fault) == ("refused", True)
    assert verified(GOOD, at="2026-11-21T21:00:00.000000Z").ok
    assert verified(GOOD, at="yesterday").state == "not_evidence"


def test_a_proof_is_held_against_the_checkpoint_that_was_kept(tmp_path: Path) -> None:
    older = json.loads(GROWN.read_text())["old"]
    (tmp_path / "kept.json").write_text(json.dumps(older))
    assert verified(GOOD, checkpoint=tmp_path / "kept.json").state == "undecided"
    report = verified(GOOD, checkpoint=GROWN)
    assert report.ok and any("is one that was kept" in line for line in report.lines)
    assert verified(GROWN, checkpoint=GROWN).ok


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"root": "00" * 32}, "tampered"),
        ({"origin": "x/1"}, "tampered"),
        ({"size": 20}, "undecided"),
    ],
    ids=["root", "origin", "size"],
)
def test_another_kept_checkpoint_is_never_passed_over(
    tmp_path: Path, changed: dict[str, object], state: str
) -> None:
    kept = json.loads(GOOD.read_text())["checkpoint"] | changed
    (tmp_path / "kept.json").write_text(json.dumps(kept))
    report = verified(GOOD, checkpoint=tmp_path / "kept.json")
    assert report.state == state and report.exit_code in (4, 5)


def test_a_proof_carries_a_checkpoint_for_those_who_keep_it() -> None:
    assert [head.size for head in load_heads(GOOD)] == [13]
    assert [head.size for head in load_heads(GROWN)] == [6, 13]


def test_no_byte_of_a_proof_can_be_changed_unseen(tmp_path: Path) -> None:
    """But for blanks between its words, which say nothing."""
    said = json.loads(GOOD.read_bytes())
    data = bytearray(GOOD.read_bytes())
    target = tmp_path / "p.json"
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 1
        target.write_bytes(changed)
        report = verify_proof(target, TRUST)
        if report.ok:
            assert json.loads(changed) == said, f"byte {place}"


def test_the_command_verifies_a_proof(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([str(GOOD), "--trust", str(TRUST)]) == 0
    assert capsys.readouterr().out.endswith("VERIFIED\n")
    assert run([str(GOLDEN / "bad" / "head_unsigned.json"), "--trust", str(TRUST), "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["state"] == "unsigned"


def test_a_large_file_is_no_proof(tmp_path: Path) -> None:
    with (tmp_path / "p.json").open("wb") as file:
        file.write(b'{"kind":')
        file.truncate(1 << 40)
    assert verified(tmp_path / "p.json").state == "not_evidence"
