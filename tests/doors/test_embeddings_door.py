"""Vectors through the request path: rails on every text, a record without text, limits charged."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.fake_upstream import Reply
from roadworthy.domain import KillFlag, Observation, sha256
from roadworthy.gateway.embeddings import read_embedding_request
from roadworthy.gateway.problems import ApiError
from roadworthy.journal import read_journal, unseal

PATH = "/v1/embeddings"
VECTORS = [[0.123456789, -1.0], [2.5, 0.0]]


def said(vectors: list[list[float]] = VECTORS, **more: Any) -> Reply:
    data = [{"index": n, "embedding": each} for n, each in enumerate(vectors)]
    body = {"data": data[::-1], "usage": {"prompt_tokens": 7}, **more}
    return Reply(body=msgspec.json.encode(body).decode())


async def ask(door: Door, **body: Any) -> tuple[int, Any, dict[bytes, bytes]]:
    answer = await door.ask(PATH, {"model": "letters", **body})
    return answer.status, msgspec.json.decode(answer.data), dict(answer.headers)


def kept(door: Door) -> list[Observation]:
    records = read_journal(door.loop.workspace.journal)
    return [r.observation for r in records if r.kind == "close" and r.observation is not None]


async def test_each_text_gets_its_vector_in_order_and_none_is_kept(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [said(), said(), said()]
        for model in ("letters", "letters/transparent", "small"):
            body = {"model": model, "input": ["one bill", "two"], "dimensions": 2, "new": [1]}
            status, found, headers = await ask(door, **body)
            assert status == 200
            assert [each["embedding"] for each in found["data"]] == VECTORS
            assert [each["index"] for each in found["data"]] == [0, 1]
            assert found["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
            assert headers[b"x-roadworthy-action"] == b"answered"
        for request in door.upstream.requests:
            assert request.path == PATH
            assert request.body == {
                "model": "small", "input": ["one bill", "two"], "dimensions": 2, "new": [1],
            }  # fmt: skip
        observation = kept(door)[0]
        assert observation.usage.input_tokens == 7
        assert observation.attributes["vectors"] == {"count": 2, "dimensions": 2}
        assert observation.output_digest == sha256(msgspec.json.encode(VECTORS))
        output = [v for v in observation.rails if v.side == "output"]
        assert output and {verdict.outcome for verdict in output} == {"not_checked"}
        first = next(r for r in read_journal(door.loop.workspace.journal) if r.kind == "close")
        texts = unseal(first, door.gateway.vault)
        assert texts is not None and texts.input.startswith("one bill\ntwo")
        assert texts.output == texts.raw_output == ""


async def test_base64_holds_floats_of_32_bits(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [said()]
        _, found, _ = await ask(door, input=["a", "b"], encoding_format="base64")
        packed = base64.b64decode(found["data"][1]["embedding"])
        assert struct.unpack("<2f", packed) == (2.5, 0.0)
        assert "encoding_format" not in door.upstream.requests[0].body


@pytest.mark.parametrize(
    "words", [["fine", "xyzzy"], ["xyzzy", "fine"], ["xy", "my lawyer"], "xyzzy"]
)
async def test_one_text_that_a_rail_stops_stops_all(tmp_path: Path, words: Any) -> None:
    async with a_door(tmp_path) as door:
        status, found, headers = await ask(door, input=words)
        assert (status, found["error"]["code"]) == (400, "content_filter")
        assert headers[b"x-roadworthy-action"] in (b"blocked", b"pending")
        assert door.upstream.requests == []
        assert kept(door)[0].action in ("blocked", "held")


@pytest.mark.parametrize(
    "reply",
    [
        said([[1.0]]),
        said([[1.0], [1.0, 2.0]]),
        said([[], []]),
        Reply(body='{"data": [{"embedding": ["a"]}, {"embedding": [1]}]}'),
        Reply(body='{"data": [{"embedding": [NaN]}, {"embedding": [1]}]}'),
        Reply(status=400, body="no"),
    ],
)
async def test_what_are_no_vectors_is_an_error(tmp_path: Path, reply: Reply) -> None:
    async with a_door(tmp_path) as door:
        door.upstream.script = [reply]
        status, found, _ = await ask(door, input=["a", "b"])
        assert (status, found["error"]["code"]) == (502, "upstream_error")
        assert kept(door)[0].status == "error"


async def test_a_kill_stops_vectors_too(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        flag = KillFlag(
            id="kill-1", scope="system", value="letters", reason="r", by="brake",
            at="2026-01-01T00:00:00.000000Z",
        )  # fmt: skip
        await door.gateway.brake([flag])
        status, found, _ = await ask(door, input="a")
        assert (status, found["error"]["code"]) == (503, "kill_switch")
        assert door.upstream.requests == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": ["a", ""]}, "input"),
        ({"input": [1, 2]}, "input"),
        ({"input": [[1]]}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({}, "input"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_embedding_request(msgspec.json.encode({"model": "m", **fields}))
    assert (caught.value.status, caught.value.param) == (400, param)


async def test_vectors_are_not_streamed(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        status, found, _ = await ask(door, input="a", stream=True)
        assert (status, found["error"]["param"]) == (400, "stream")
        assert door.upstream.requests == [] and kept(door) == []
