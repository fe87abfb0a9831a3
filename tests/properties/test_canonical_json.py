"""What is hashed and signed is RFC 8785, keys of every script included (`rfc8785` says)."""

from __future__ import annotations

import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from roadworthy.domain import canonical, plain
from roadworthy.ledger import decode_payload, encode_payload
from roadworthy_verify.covered import encoded

KEYS = st.text(st.sampled_from("aö\ud7ff\ue000\ufb01\uffff\U00010000\U0001f600")) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
)
"""Many around the surrogates, where the orders of code points and of UTF-16 units part."""
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


BEYOND = {"\ufb01": {"\uffff": 1, "\U00010000": 2}, "\U0001f600": [{"\U0001f600": 1, "\ue000": 2}]}


@given(PAYLOADS)
@example(BEYOND)
def test_a_payload_is_rfc_8785(payload: dict[str, object]) -> None:
    encoded = encode_payload(payload)
    assert encoded == rfc8785.dumps(payload)
    assert decode_payload(encoded) == payload


@given(PAYLOADS)
@example(BEYOND)
def test_the_auditor_writes_the_same(payload: dict[str, object]) -> None:
    """`roadworthy-verify` writes it with the standard library alone."""
    assert encoded(payload) == encode_payload(payload)


@given(PAYLOADS)
def test_the_order_of_the_keys_does_not_matter(payload: dict[str, object]) -> None:
    assert canonical(dict(reversed(payload.items()))) == canonical(payload)


@given(WITH_FLOATS)
def test_canonical_is_rfc_8785_of_the_plain_value(value: dict[str, object]) -> None:
    assert canonical(value) == rfc8785.dumps(plain(value))
