"""Downloaded runs of GitHub Actions: counted, held together, and attested where something is."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doubles import actions_run as made
from roadworthy.domain import Brought, UsageError, VerificationError, sha256
from roadworthy.origins import Wanted, read_foreign

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def every(place: Path, *roots: Path) -> list[Brought]:
    found = read_foreign(str(place), Wanted(now=NOW, roots=roots))
    assert found is not None
    return found


def test_a_run_is_a_claim_with_its_jobs_tests_and_findings(tmp_path: Path) -> None:
    (brought,) = every(made.folder(tmp_path / "run"))
    found = brought.received
    assert (found.trust, found.by) == ("claimed", "GitHub Actions of example/claims-desk")
    assert found.id == "example/claims-desk/actions/runs/4711"
    assert found.origin.exported_at == "2026-11-20T10:05:00Z"
    assert {each.name: (each.value, each.n) for each in found.figures} == {
        "jobs succeeded": ("2", 3), "jobs skipped": ("1", 3), "jobs that did not succeed": ("0", 3),
        "tests passed": ("2", 4), "tests failed": ("1", 4), "tests that broke": ("0", 4),
        "tests skipped": ("1", 4), "findings: error": ("1", 2), "findings: warning": ("1", 2),
        "findings: note": ("0", 2),
    }  # fmt: skip
    assert found.facts["commit"] == made.COMMIT
    assert found.facts["analysers"] == ["CodeQL 2.20.1"]
    assert {each.name for each in found.files} == {
        "jobs.json", "run.json", "junit.xml", "codeql.sarif", "desk.whl",
    }  # fmt: skip
    assert found.subject == sha256(brought.original)
    assert made.WHEEL in brought.files
    assert found.checks[0].why == "GitHub signs no answer of its API"


def test_the_jobs_alone_are_enough(tmp_path: Path) -> None:
    path = made.folder(tmp_path / "run") / "jobs.json"
    (brought,) = every(path)
    assert brought.received.subject == sha256(path.read_bytes())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"total_count": 9}, "3 of 9 jobs: a page of several"),
        ({"jobs": []}, "0 of 3 jobs|has no job"),
        ({"jobs": [made.job("a"), made.job("b"), made.job("c", head_sha="d" * 40)]}, "2 runs or"),
        ({"jobs": [made.job("a"), made.job("b"), made.job("c", run_id=7)]}, "names no run, or"),
        ({"jobs": [made.job("a"), made.job("b"), made.job("c", "great")]}, "another version"),
        ({"jobs": [made.job("a"), made.job("b"), {"run_id": 1}]}, "run_url"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        every(made.folder(tmp_path / "run", {**made.jobs(), **change}))


def test_the_run_of_another_is_refused(tmp_path: Path) -> None:
    folder = made.folder(tmp_path / "run")
    told = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**told, "id": 12}))
    with pytest.raises(UsageError, match="the run is 12"):
        every(folder)


def test_jobs_that_were_cut_off_are_refused(tmp_path: Path) -> None:
    path = made.folder(tmp_path / "run") / "jobs.json"
    path.write_text(path.read_text()[:-30])
    with pytest.raises(UsageError, match=r"jobs.json"):
        every(path)


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (made.JUNIT[:-20], r"junit.xml: line 8: .*"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><testsuites/>', "declares a document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><testsuites/>', "declares a document type"),
        ("<html/>", "its root is <html>"),
        ("<testsuites><testcase><failure/><testcase/></testcase></testsuites>", "stands in anoth"),
        ("<testsuites>" + "<a>" * 100, "nested too deeply"),
        ('<testsuites><testsuite tests="3"/></testsuites>', "says 3 tests and holds none"),
    ],
)
def test_results_in_xml_that_are_none_are_refused(tmp_path: Path, xml: str, words: str) -> None:
    folder = made.folder(tmp_path / "run")
    (folder / "junit.xml").write_text(xml)
    with pytest.raises(UsageError, match=words):
        every(folder)


def test_another_version_of_sarif_is_refused(tmp_path: Path) -> None:
    folder = made.folder(tmp_path / "run")
    (folder / "codeql.sarif").write_text(json.dumps({**made.SARIF, "version": "2.0.0"}))
    with pytest.raises(UsageError, match=r"SARIF 2\.0\.0"):
        every(folder)


def test_findings_are_known_by_what_they_are_and_not_by_a_name(tmp_path: Path) -> None:
    folder = made.folder(tmp_path / "run", made.jobs(made.job("sarif-2.1 upload")))
    (folder / "codeql.sarif").rename(folder / "codeql.json")
    (brought,) = every(folder)
    figures = {each.name: each.value for each in brought.received.figures}
    assert (figures["jobs succeeded"], figures["findings: error"]) == ("1", "1")


def test_of_files_too_large_the_digest_alone_is_kept_and_it_says_so(tmp_path: Path) -> None:
    folder = made.folder(tmp_path / "run")
    for number in range(9):
        with (folder / f"log-{number}.txt").open("wb") as file:
            file.truncate((64 << 20) + (number == 8))
    (brought,) = every(folder)
    assert sum(map(len, brought.files)) <= 512 << 20
    (note,) = brought.received.notes
    assert note.startswith("2 files are too large to be kept here: keep ")
    assert {f"log-{number}.txt" for number in range(9)} <= {
        each.name for each in brought.received.files
    }


def test_an_attestation_says_what_was_verified_and_what_was_not(tmp_path: Path) -> None:
    issuer, folder = made.Issuer(), made.folder(tmp_path / "run")
    (folder / "desk.sigstore.json").write_text(json.dumps(issuer.bundle()))
    root, other = issuer.pem(tmp_path / "root.pem"), made.Issuer().pem(tmp_path / "other.pem")
    for roots, chain in (((root,), "holds"), ((), "not checked"), ((other,), "not checked")):
        run, attested = (one.received for one in every(folder, *roots))
        assert run.trust == "claimed"
        assert (attested.trust, attested.by) == ("signed", made.WORKFLOW)
        assert {each.what: each.result for each in attested.checks} == {
            "signature over the statement": "holds", "certificate chain": chain,
            "the files that it is about": "holds", "transparency log": "not checked",
            "revocation": "not checked",
        }  # fmt: skip
    assert attested.facts["repository"] == f"https://github.com/{made.REPOSITORY}"
    assert attested.facts["subjects"][0]["file"] == "desk.whl"


def test_an_attestation_alone_names_files_that_nobody_saw(tmp_path: Path) -> None:
    path = tmp_path / "desk.sigstore.json"
    path.write_text(json.dumps(made.Issuer().bundle()))
    (brought,) = every(path)
    checks = {each.what: each for each in brought.received.checks}
    assert checks["the files that it is about"].why == "0 of 1 lie beside it"


def test_an_attestation_of_another_commit_is_refused(tmp_path: Path) -> None:
    folder = made.folder(tmp_path / "run")
    bundle = made.Issuer().bundle(commit="d" * 40)
    (folder / "desk.sigstore.json").write_text(json.dumps(bundle))
    with pytest.raises(UsageError, match="it attests commit dddd"):
        every(folder)


def test_a_statement_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "desk.sigstore.json"
    one, two = made.Issuer().bundle(), made.Issuer().bundle(b"another")
    one["dsseEnvelope"]["payload"] = two["dsseEnvelope"]["payload"]
    path.write_text(json.dumps(one))
    with pytest.raises(VerificationError, match="does not hold"):
        every(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mediaType": "application/vnd.dev.sigstore.bundle.v9+json"}, "0.1 to 0.3"),
        ({"dsseEnvelope": None}, "holds no in-toto statement"),
        ({"verificationMaterial": {}}, "holds no certificate"),
        ({"verificationMaterial": {"certificate": {"rawBytes": "AAAA"}}}, "cannot be read"),
    ],
)
def test_a_bundle_that_is_none_is_refused(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = tmp_path / "desk.sigstore.json"
    path.write_text(json.dumps({**made.Issuer().bundle(), **change}))
    with pytest.raises(UsageError, match=words):
        every(path)


@given(st.text(alphabet="<>/!?&;testsuicaflrDOCTYPE[]\"'= \n", max_size=120))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_xml_it_is_it_is_read_or_refused(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "run"
    if not folder.exists():
        made.folder(folder)
    (folder / "junit.xml").write_text(f"<testsuites>{text}")
    with contextlib.suppress(UsageError):
        every(folder)
