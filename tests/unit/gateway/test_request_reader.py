"""Bytes become requests, within limits, and never in two ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.request_reader import (
    MAX_BODY_BYTES,
    MAX_DISCARDED_BYTES,
    MAX_HEAD_BYTES,
    RequestReader,
)
from roadworthy.gateway.wire import Request, head


def everybody(_: Request) -> None:
    """Admits."""


def nobody(_: Request) -> None:
    raise ApiError(401, "no", code="invalid_api_key")


def post(body: bytes = b"{}", *headers: bytes, target: bytes = b"/v1/chat/completions") -> bytes:
    lines = [b"POST %b HTTP/1.1" % target, b"Host: x", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def read(data: bytes, admit: object = everybody) -> RequestReader:
    reader = RequestReader(admit)  # type: ignore[arg-type]
    reader.feed(data)
    return reader


def refusal(data: bytes) -> tuple[int, str]:
    (request,) = read(data).arrived
    assert request.problem is not None
    return request.problem.status, request.problem.code


def test_a_request_arrives_whole() -> None:
    (request,) = read(post(b'{"a":1}', b"X-Jurisdiction: DE")).arrived
    assert (request.method, request.path, request.body) == (
        "POST",
        "/v1/chat/completions",
        b'{"a":1}',
    )
    assert request.header(b"x-jurisdiction") == "DE"
    assert request.problem is None and request.whole and request.keep_alive and request.chunks


def test_paths_are_decoded_and_lose_their_query() -> None:
    (request,) = read(post(target=b"/v1/reviews/review%2D1?x=%2Fy")).arrived
    assert request.path == "/v1/reviews/review-1"
    (odd,) = read(post(target=b"*")).arrived
    assert odd.path in ("", "*")


BODIES = (b'{"a": "\xc3\xa4"}', b"", b"x" * 300)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_however_the_bytes_are_cut_the_requests_are_the_same(cuts: list[int]) -> None:
    chunked = (
        b"POST /v1/outcomes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\ntrailer: y\r\n\r\n"
    )
    stream = b"".join(post(body) for body in BODIES) + chunked
    reader = RequestReader(everybody)
    at = 0
    while at < len(stream):
        size = cuts[at % len(cuts)]
        reader.feed(stream[at : at + size])
        at += size
    assert [request.body for request in reader.arrived] == [*BODIES, b"abcdefg"]
    assert not reader.partial and not reader.broken


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    reader = read(data)
    reader.feed(data)
    for request in reader.arrived:
        assert request.whole or request.problem is not None


@given(st.binary(min_size=1, max_size=20), st.integers(0, 120))
def test_a_spoiled_request_is_refused_or_still_one_request(spoil: bytes, at: int) -> None:
    good = post(b'{"a":1}')
    reader = read(good[:at] + spoil + good[at:])
    assert len([request for request in reader.arrived if request.problem is None]) <= 2


def test_a_wrong_key_is_refused_at_the_head_and_its_body_is_thrown_away() -> None:
    reader = RequestReader(nobody)
    whole = post(b"x" * 1000)
    reader.feed(whole[:100])
    (request,) = reader.arrived
    assert request.problem is not None and request.problem.status == 401
    assert not request.whole and reader.partial
    reader.feed(whole[100:])
    assert request.whole and request.body == b"" and not reader.partial


@pytest.mark.parametrize(
    "spoiled",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -3\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost : a\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\n folded: b\r\n\r\n",
        b"POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello there\r\n\r\n",
    ],
)
def test_what_two_readers_could_understand_in_two_ways_is_refused(spoiled: bytes) -> None:
    assert refusal(spoiled) == (400, "malformed_request")


def test_an_endless_head_is_refused() -> None:
    assert refusal(b"POST / HTTP/1.1\r\nhost: x\r\na: " + b"b" * MAX_HEAD_BYTES)[0] == 431
    assert refusal(b"POST /" + b"b" * (MAX_HEAD_BYTES + 1))[0] == 431
    many = b"".join(b"h%d: x\r\n" % n for n in range(9000))
    assert refusal(b"POST / HTTP/1.1\r\nhost: x\r\n" + many + b"\r\n")[0] == 431


def test_a_body_that_is_too_long_is_refused_by_its_length_or_as_it_comes() -> None:
    long = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)
    assert refusal(long) == (413, "request_too_large")
    reader = read(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
    piece = b"x" * 65536
    while not reader.arrived:
        reader.feed(b"%x\r\n%b\r\n" % (len(piece), piece))
    (request,) = reader.arrived
    assert request.problem is not None and request.problem.status == 413
    sent = MAX_BODY_BYTES
    while not reader.exhausted:
        reader.feed(b"%x\r\n%b\r\n" % (len(piece), piece))
        sent += len(piece)
    assert MAX_DISCARDED_BYTES <= sent < MAX_DISCARDED_BYTES + 2 * len(piece)


def test_another_protocol_is_declined_and_the_request_is_read_whole() -> None:
    asks = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
    whole = post(b'{"a":1}', *asks) + post(b"2")
    for cut in range(0, len(whole), 7):
        reader = RequestReader(everybody)
        reader.feed(whole[:cut])
        reader.feed(whole[cut:])
        assert [request.body for request in reader.arrived] == [b'{"a":1}', b"2"]
        assert not reader.broken
    assert refusal(b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n") == (400, "malformed_request")


def test_a_client_that_waits_for_100_is_told_so_only_when_it_may_go_on() -> None:
    ask = post(b"", b"Expect: 100-continue").replace(b"Content-Length: 0", b"Content-Length: 5")
    assert read(ask).continues
    assert not read(ask, nobody).continues


CHUNKED = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


def test_what_comes_after_the_body_changes_no_header() -> None:
    late = b"x-tenant: other\r\nx-roadworthy-endpoint: zz\r\nhost: y\r\n"
    (request,) = read(CHUNKED + b"2\r\n{}\r\n0\r\n" + late + b"\r\n").arrived
    assert request.headers == {b"host": b"x", b"transfer-encoding": b"chunked"}
    assert request.body == b"{}" and request.problem is None


@pytest.mark.parametrize(
    "endless",
    [
        b"0\r\n" + b"x-t: aaaaaaa\r\n" * 40_000,
        b"0\r\nx-t: " + b"a" * 500_000,
        b"0;ext=" + b"a" * 500_000,
    ],
)
def test_an_endless_end_of_a_body_is_refused(endless: bytes) -> None:
    reader = read(CHUNKED)
    for at in range(0, len(endless), 65536):
        reader.feed(endless[at : at + 65536])
    (request,) = reader.arrived
    assert request.problem is not None and request.problem.status in (400, 431)
    assert reader.broken


def test_a_body_in_chunks_of_one_byte_is_read() -> None:
    reader = read(CHUNKED)
    for _ in range(30_000):
        reader.feed(b"1\r\nx\r\n")
    reader.feed(b"0\r\n\r\n")
    (request,) = reader.arrived
    assert request.problem is None and len(request.body) == 30_000


def test_a_header_with_a_line_break_never_leaves() -> None:
    for value in (b"a\r\nset-cookie: x", b"a\nb", b"a\rb"):
        with pytest.raises(ValueError, match="line break"):
            head(200, ((b"x-a", value),))
