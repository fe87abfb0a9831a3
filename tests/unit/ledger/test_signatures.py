"""A person's signature in an entry: it holds for what was said, about what, by whom."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from doubles.ledgers import START, a_draft, a_memory_ledger, a_signer, a_trust, later
from roadworthy.domain import AccessError, Draft, UndecidedError, VerificationError
from roadworthy.ledger import require_signature, revoke, sign_draft


def signed(number: int = 2, **changed: Any) -> Draft:
    signer = a_signer(number)
    return sign_draft(a_draft(actor=f"person:{signer.key_id}", **changed), signer)


def test_a_signed_draft_stays_signed_as_an_entry() -> None:
    ledger = a_memory_ledger()
    (entry,) = ledger.record(signed())
    assert require_signature(entry, a_trust(), at=entry.time) == a_signer(2).key_id
    assert ledger.verify(trust=a_trust()).details["signatures_of_people"] == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "kill.lifted"},
        {"subject": "another"},
        {"system": "another"},
        {"actor": f"person:{a_signer(3).key_id}"},
        {"payload": {"reason": "another"}},
    ],
)
def test_a_signature_cannot_be_moved_to_something_else(changed: dict[str, Any]) -> None:
    draft = signed()
    if "payload" in changed:
        changed = {"payload": {**changed["payload"], "signature": draft.payload["signature"]}}
    with pytest.raises(VerificationError, match="does not hold"):
        require_signature(msgspec.structs.replace(draft, **changed), a_trust(), at=START)


def test_nobody_signs_for_somebody_else() -> None:
    with pytest.raises(VerificationError, match="cannot be signed by key"):
        sign_draft(a_draft(actor=f"person:{a_signer(3).key_id}"), a_signer(2))


def test_an_unsigned_entry_is_not_taken_for_signed() -> None:
    for payload in ({}, {"signature": "yes"}, {"signature": {"key_id": "x"}}):
        with pytest.raises(VerificationError, match="carries no signature"):
            require_signature(a_draft(payload=payload), a_trust(), at=START)


def test_an_unknown_or_ended_key_does_not_count() -> None:
    with pytest.raises(UndecidedError, match="not in the trust file"):
        require_signature(signed(9), a_trust(), at=START)
    with pytest.raises(AccessError, match="was not valid"):
        require_signature(signed(), revoke(a_trust(), "ada", at=later(5)), at=later(5))
