"""How a draft becomes an entry."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest

from doubles.ledgers import START, a_draft
from roadworthy.domain import GENESIS, EvidenceError
from roadworthy.ledger import entry_digest, leaf_of, seal


def test_the_digest_covers_every_field_but_payload_and_digest() -> None:
    entry, _ = seal(a_draft(), seq=1, time=START, prev=GENESIS)
    covered = {
        name: value
        for name, value in msgspec.to_builtins(entry).items()
        if name not in ("payload", "digest")
    }
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert entry.digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert leaf_of(entry).hex() == entry.digest.removeprefix("sha256:")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", 2),
        ("time", "2026-11-21T20:00:00.000001Z"),
        ("system", "other"),
        ("kind", "gate.decided2"),
        ("subject", "x"),
        ("actor", "person:0123456789abcdef"),
        ("payload_digest", GENESIS),
        ("prev", "sha256:" + "1" * 64),
    ],
)
def test_changing_any_field_changes_the_digest(field: str, value: object) -> None:
    entry, _ = seal(a_draft(), seq=1, time=START, prev=GENESIS)
    assert entry_digest(msgspec.structs.replace(entry, **{field: value})) != entry.digest


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": ""}, "no kind of entry"),
        ({"kind": "gäte"}, "no kind of entry"),
        ({"actor": "ada"}, "names no actor"),
        ({"subject": "\ud800"}, "valid Unicode"),
    ],
)
def test_a_draft_that_is_no_entry_is_refused(changed: dict[str, str], message: str) -> None:
    with pytest.raises(EvidenceError, match=message):
        seal(a_draft(**changed), seq=1, time=START, prev=GENESIS)
