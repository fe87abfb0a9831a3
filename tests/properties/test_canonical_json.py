"""Under the rules of evidence, msgspec's sorted JSON is RFC 8785 (the `rfc8785` package says)."""

from __future__ import annotations

import json

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import canonical, plain
from roadworthy.ledger import decode_payload, encode_payload

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**53 - 1), 2**53 - 1)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
PAYLOADS = st.dictionaries(KEYS, VALUES, max_size=5)
WITH_FLOATS = st.dictionaries(
    KEYS, SCALARS | st.floats(allow_nan=False, allow_infinity=False), max_size=5
)


@given(PAYLOADS)
def test_a_payload_is_rfc_8785(payload: dict[str, object]) -> None:
    encoded = encode_payload(payload)
    assert encoded == rfc8785.dumps(payload)
    assert decode_payload(encoded) == payload


@given(PAYLOADS)
def test_the_standard_library_writes_the_same(payload: dict[str, object]) -> None:
    """This is what `roadworthy-verify` relies on: it has no msgspec."""
    written = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert written.encode() == encode_payload(payload)


@given(WITH_FLOATS)
def test_canonical_is_rfc_8785_of_the_plain_value(value: dict[str, object]) -> None:
    assert canonical(value) == rfc8785.dumps(plain(value))
