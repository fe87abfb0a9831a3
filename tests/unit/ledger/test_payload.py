"""What may stand in an entry, and how what may not is named."""

from __future__ import annotations

import pytest

from roadworthy.domain import EvidenceError
from roadworthy.ledger import decode_payload, encode_payload


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert encode_payload({"b": [1, {"d": None, "c": True}], "a": "ä"}) == (
        b'{"a":"\xc3\xa4","b":[1,{"c":true,"d":null}]}'
    )


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"a": 0.5}, r"payload\.a is a float"),
        ({"a": {"b": [1, {"c": 1.0}]}}, r"payload\.a\.b\.1\.c is a float"),
        ({"a": (float("nan"),)}, r"payload\.a\.0 is a float"),
        ({1: 1}, "key 1 is not a text"),
        ({"a": {"b": {2: 1}}}, r"payload\.a\.b: key 2"),
        ({"\ud800": 1}, "not valid Unicode"),
        ({"a": 2**53}, "beyond 2"),
        ({"a": -(2**60)}, "beyond 2"),
        ({"a": b"bytes"}, "is a bytes, not plain JSON"),
        ({"a": {1, 2}}, "is a set, not plain JSON"),
        ({"a": "\ud800"}, "not valid Unicode"),
        ([1], "a payload is a JSON object"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(payload: object, message: str) -> None:
    with pytest.raises(EvidenceError, match=message):
        encode_payload(payload)  # type: ignore[arg-type]


def test_keys_stand_in_the_order_of_their_utf_16_code_units() -> None:
    assert encode_payload({"\ufb01": 1, "\U0001f600": 2, "ö": 3}).decode() == (
        '{"ö":3,"\U0001f600":2,"\ufb01":1}'
    )


def test_the_largest_integers_fit() -> None:
    payload = {"a": 2**53 - 1, "b": -(2**53 - 1)}
    assert decode_payload(encode_payload(payload)) == payload


@pytest.mark.parametrize("data", [b"", b"[1]", b"{", b'{"a":'])
def test_a_stored_payload_that_is_no_object_is_an_error(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="cannot be read"):
        decode_payload(data)
