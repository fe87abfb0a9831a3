"""A duty is met only by evidence that is there, is fresh and is about what it must be about."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from doubles.pinnable import charter
from doubles.systems_by_law import SYSTEM
from roadworthy.compliance import EVIDENCE, FORMS, classify, covered, proof_of, shipped
from roadworthy.compliance.periods import after
from roadworthy.domain import (
    Catalogue,
    DutyStatus,
    Entry,
    EvidenceKind,
    FactSpec,
    Obligation,
    Proof,
    RoleSpec,
)
from roadworthy.flows.papers.coverage import load_evidence_kinds
from roadworthy.manifests import load_catalogue

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def a_duty(*evidence: str, since: str = "2026-01-01") -> Obligation:
    return Obligation(
        id="D1", article="1", title="T", actor=["provider"], applies_when="asked", duty="Do it.",
        evidence=list(evidence), applicable_from=since,
    )  # fmt: skip


def status(duty: Obligation, proofs: dict[str, Proof], *, asked: bool | None = True) -> DutyStatus:
    catalogue = Catalogue(
        catalogue="x", version="1", title="X", state="2026-01-01", source="a test",
        roles=[RoleSpec(id="provider", title="P")], obligations=[duty],
        facts=[FactSpec(id="asked", question="Q?")],
    )  # fmt: skip
    facts = {} if asked is None else {"asked": asked}
    found = classify([catalogue], facts, ["provider"], on="2026-11-22")
    kinds = {
        "report": EvidenceKind(id="report", title="R", command="make it"),
        "policy": EvidenceKind(id="policy", title="P", person="write it"),
    }
    (one,) = covered([duty], found, kinds, proofs)
    return one


def a_proof(kind: str, *, fresh: bool = True) -> Proof:
    return Proof(kind=kind, seq=7, time="2026-11-01T00:00:00.000000Z", subject="s", digest="d",
                 fresh=fresh)  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "proofs", "asked", "wanted"),
    [
        (("report",), ("report",), True, "met"),
        (("report",), (), True, "missing"),
        (("policy",), (), True, "needs_a_person"),
        (("policy", "report"), ("policy",), True, "missing"),
        (("policy", "report"), ("report",), True, "needs_a_person"),
        (("unheard_of",), (), True, "needs_a_person"),
        ((), (), True, "needs_a_person"),
        (("report",), ("report",), False, "not_applicable"),
        (("report",), ("report",), None, "undecided"),
    ],
)
def test_absence_is_never_met(
    evidence: tuple[str, ...], proofs: tuple[str, ...], asked: bool | None, wanted: str
) -> None:
    one = status(a_duty(*evidence), {kind: a_proof(kind) for kind in proofs}, asked=asked)
    assert one.status == wanted
    assert {lack.kind for lack in one.missing} == (set(evidence) - set(proofs) if asked else set())


def test_what_is_old_is_stale_and_what_comes_later_is_not_in_force() -> None:
    assert status(a_duty("report"), {"report": a_proof("report", fresh=False)}).status == "stale"
    later = status(a_duty("report", since="2027-12-02"), {})
    assert (later.status, later.in_force, later.since) == ("missing", False, "2027-12-02")


@pytest.mark.parametrize(
    ("time", "fresh"),
    [("2026-05-22T12:00:00.000000Z", True), ("2026-05-22T11:59:59.999999Z", False)],
)
def test_freshness_ends_to_the_microsecond(time: str, fresh: bool) -> None:
    kind = EvidenceKind(id="report", title="R", fresh="P6M")
    entry = Entry(
        seq=1, time=time, system="s", kind="k", subject="s", actor="a", payload={},
        payload_digest="", prev="", digest="",
    )  # fmt: skip
    assert proof_of(kind, entry, NOW, charter()).fresh is fresh


@given(
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1)),
    st.tuples(*(st.integers(0, most) for most in (30, 40, 9, 40, 50))),
)
def test_periods_are_moved_as_dateutil_moves_them(
    moment: dt.datetime, parts: tuple[int, ...]
) -> None:
    years, months, weeks, days, hours = parts
    said = f"P{years}Y{months}M{weeks}W{days}DT{hours}H"
    span = relativedelta(years=years, months=months)
    rest = dt.timedelta(weeks=weeks, days=days, hours=hours)
    assert after(moment, said) == moment + span + rest


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_each_kind_of_evidence_of_a_catalogue_is_known(path: Any) -> None:
    bases = [load_catalogue(shipped()[0])] if path != shipped()[0] else []
    wanted = {kind for duty in load_catalogue(path, bases).obligations for kind in duty.evidence}
    kinds = load_evidence_kinds()
    assert wanted <= set(kinds), EVIDENCE
    assert all(kind.command or kind.person for kind in kinds.values())


def test_each_document_that_proves_something_has_a_form() -> None:
    for kind in load_evidence_kinds().values():
        named = {*kind.documents, *(match.document for match in kind.entries if match.document)}
        assert named <= set(FORMS), kind.id


def test_a_prohibition_that_is_broken_is_not_met_by_saying_so() -> None:
    act = load_catalogue(next(path for path in shipped() if path.stem == "eu-ai-act"))
    facts = {"ai_system": True, "prohibited_practice_a": True}
    found = classify([act], facts, ["provider"], on="2026-11-22")
    assert found.risk_class == "prohibited"
    proofs = {name: a_proof(name) for name in ("classification_record", "approval_record")}
    by_id = {one.id: one for one in covered(act.obligations, found, load_evidence_kinds(), proofs)}
    assert (by_id["A5-1A"].status, by_id["A5-1A"].in_force) == ("missing", True)
    assert "do not" in by_id["A5-1A"].missing[0].person


def test_a_practice_that_will_be_prohibited_is_not_met_by_records_either() -> None:
    act = load_catalogue(next(path for path in shipped() if path.stem == "eu-ai-act"))
    found = classify([act], {**SYSTEM, "generates_csam": True}, ["provider"], on="2026-11-22")
    assert found.risk_class == "other"
    duty = next(one for one in act.obligations if one.id == "A5-1BB")
    proofs = {name: a_proof(name) for name in duty.evidence}
    by_id = {one.id: one for one in covered(act.obligations, found, load_evidence_kinds(), proofs)}
    assert (by_id["A5-1BB"].status, by_id["A5-1BB"].in_force) == ("missing", False)
    assert by_id["A5-1BB"].since == "2026-12-02"


@pytest.mark.parametrize("name", ["nist-ai-rmf", "iso-42001"])
def test_no_duty_that_always_holds_asks_for_what_an_incident_or_a_stop_leaves(name: str) -> None:
    act = load_catalogue(shipped()[0])
    (path,) = (path for path in shipped() if path.stem == name)
    kinds = load_evidence_kinds()
    for duty in load_catalogue(path, [act]).obligations:
        asked = [kind for kind in duty.evidence if kinds[kind].event]
        assert not asked, f"{duty.id} is met only once something went wrong: {asked}"


def test_what_proves_an_incident_is_made_by_opening_one() -> None:
    assert "incident open" in load_evidence_kinds()["incident_record"].command
