"""Signed PDFs that pyHanko wrote: what holds, what does not, what nobody checked."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.domain import Received, UsageError, VerificationError, sha256
from roadworthy.origins import Wanted, read_foreign
from roadworthy.origins.cms import BrokenError, verified
from roadworthy.origins.der import DerError, read

REAL = Path(__file__).resolve().parents[2] / "golden/outside/signed-pdf-pyhanko-0.38"
ROOT, OTHER = REAL / "root.pem", REAL / "other-root.pem"
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
PADES = (REAL / "pades.pdf").read_bytes()
ADA, EMMY = "CN=Ada Lovelace,O=Example,C=DE", "CN=Emmy Noether,O=Example,C=DE"


def one(path: Path, *roots: Path) -> Received:
    found = read_foreign(str(path), Wanted(now=NOW, roots=roots))
    assert found is not None
    (brought,) = found
    assert brought.original == path.read_bytes()
    return brought.received


def gap() -> tuple[int, int]:
    match = re.search(rb"/ByteRange\s*\[\s*0 (\d+) (\d+) ", PADES)
    assert match
    return int(match[1]), int(match[2])


@pytest.mark.parametrize(
    ("name", "by", "algorithm"),
    [
        ("pades", ADA, "RSA 2048, sha256"),
        ("adobe", ADA, "RSA 2048, sha256"),
        ("pss", ADA, "RSA 2048 PSS, sha256"),
        ("ecdsa", EMMY, "ECDSA secp256r1, sha256"),
        ("stamped-inside", ADA, "RSA 2048, sha256"),
        ("two", EMMY, "ECDSA secp256r1, sha256"),
    ],
)
def test_a_signature_that_holds_is_verified_with_its_root_alone(
    name: str, by: str, algorithm: str
) -> None:
    path = REAL / f"{name}.pdf"
    assert [one(path, *roots).trust for roots in ((), (ROOT,), (OTHER,), (OTHER, ROOT))] == [
        "signed", "verified", "signed", "verified",
    ]  # fmt: skip
    found = one(path, ROOT)
    assert (found.by, found.subject) == (by, sha256(path.read_bytes()))
    last = found.facts["signatures"][-1]
    assert (last["algorithm"], last["covers"]) == (algorithm, "the whole file")
    results = {each.what: each.result for each in found.checks}
    assert results == {
        "its bytes": "holds", "certificate chain": "holds", "revocation": "not checked",
        "time of signing": "not checked",
    }  # fmt: skip


def test_without_a_root_the_chain_is_not_checked_and_says_so() -> None:
    chain = one(REAL / "pades.pdf").checks[1]
    assert (chain.result, chain.why) == ("not checked", "no root was given (--root FILE)")


def test_a_certificate_that_ended_is_not_verified_whatever_the_signer_says_of_the_time() -> None:
    found = one(REAL / "ended.pdf", ROOT)
    assert found.trust == "signed"
    assert "not valid at validation time" in found.checks[1].why


@pytest.mark.parametrize("name", ["appended", "stamped-after"])
def test_bytes_appended_after_signing_make_it_a_claim(name: str) -> None:
    found = one(REAL / f"{name}.pdf", ROOT)
    assert found.trust == "claimed"
    assert found.by == f"{ADA} (who signed an earlier state)"
    assert "were appended after the signature" in found.notes[0]
    assert found.checks[0].result == "not checked"


def test_a_time_stamp_is_no_signature_of_a_person() -> None:
    first, second = one(REAL / "stamped-after.pdf", ROOT).facts["signatures"]
    assert (first["kind"], second["kind"]) == ("signature", "time stamp")
    assert second["time"].startswith("2026-11-22T")


def test_a_pdf_without_a_signature_is_refused() -> None:
    with pytest.raises(UsageError, match="it has no signature") as refused:
        one(REAL / "unsigned.pdf")
    assert "roadworthy record" in refused.value.fix


def test_a_pdf_that_was_changed_after_signing_is_refused(tmp_path: Path) -> None:
    start, end = gap()
    path = tmp_path / "changed.pdf"
    for at in (8, 100, start - 1, end + 1, len(PADES) - 3):
        data = bytearray(PADES)
        data[at] ^= 1
        path.write_bytes(data)
        with pytest.raises((VerificationError, UsageError)):
            one(path, ROOT)
    path.write_bytes(PADES.replace(b"Certificate", b"Counterfeit"))
    if b"Certificate" in PADES:
        with pytest.raises(VerificationError, match="changed after signing"):
            one(path, ROOT)


def test_every_digit_of_the_signature_counts(tmp_path: Path) -> None:
    start, _ = gap()
    der = bytes.fromhex(PADES[start + 1 : PADES.index(b">", start)].decode())
    size = read(der).end
    data = PADES[:start] + PADES[gap()[1] :]
    verified(der, data)
    broken = 0
    for at in range(0, size, 7):
        changed = bytearray(der)
        changed[at] ^= 0x01
        try:
            signature = verified(bytes(changed), data)
        except (BrokenError, DerError):
            broken += 1
        else:  # it lies in a certificate that is not the signer's, which nothing of this rests on
            assert signature.signer == verified(der, data).signer
    assert broken > size // 7 // 2
    with pytest.raises(DerError, match="something else than zeros"):
        verified(der[:-1] + b"\x01", data)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.pdf"
    path.write_bytes(PADES[:-10])
    with pytest.raises(VerificationError, match="10 bytes are missing"):
        one(path)


@pytest.mark.parametrize("told", [b"1 %d %d %d", b"0 %d %d %d"])
def test_a_range_that_leaves_out_more_than_the_signature_is_refused(
    tmp_path: Path, told: bytes
) -> None:
    start, end = gap()
    size = start - 20 if told.startswith(b"0") else start
    shown = told % (size, end, len(PADES) - end)
    data = re.sub(rb"/ByteRange\s*\[[^\]]*\]", b"/ByteRange [" + shown + b"]", PADES)
    path = tmp_path / "range.pdf"
    path.write_bytes(data)
    with pytest.raises(VerificationError, match=r"leaves out more|was cut off"):
        one(path)


def test_a_root_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "root.pem"
    path.write_text("no certificate")
    with pytest.raises(UsageError, match="holds no certificate"):
        one(REAL / "pades.pdf", path)


@given(st.binary(max_size=200))
def test_whatever_a_signature_is_it_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(BrokenError, DerError):
        verified(data, b"")


@given(st.integers(0, len(PADES) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_into_a_signed_file_it_never_becomes_verified(
    tmp_path: Path, at: int, more: bytes
) -> None:
    data = PADES[:at] + more + PADES[at + len(more) :]
    start, end = gap()
    if data == PADES or (start < at and at + len(more) < end):  # case of a digit, a certificate
        return
    path = tmp_path / "fuzz.pdf"
    path.write_bytes(data)
    with contextlib.suppress(UsageError, VerificationError):
        found = read_foreign(str(path), Wanted(now=NOW, roots=(ROOT,)))
        assert found is None or found[0].received.trust != "verified"
