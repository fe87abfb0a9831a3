"""Wrong methods and places beside the right ones; and the OpenAPI document that says which are."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import Door, a_door
from doubles.recorded_answer import RecordedAnswer
from roadworthy.gateway.app import DIALECTS
from roadworthy.gateway.control_door import control_api
from roadworthy.gateway.gateway_api import gateway_api
from roadworthy.gateway.media import with_media
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.wire import Request, send_problem

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")


async def knock(
    door: Door, method: str, path: str, *, key: bool = True, body: bytes = b"{}"
) -> RecordedAnswer:
    headers = {b"authorization": f"Bearer {door.key}".encode()} if key else {}
    request, answer = Request(method, path, headers), RecordedAnswer()
    try:
        door.app.admit(request)
    except ApiError as problem:
        send_problem(answer, problem, path)
    else:
        request.body = body
        await door.app.answer(request, answer)
    return answer


def documented() -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = msgspec.json.decode(gateway_api())["paths"]
    return paths


def filled(path: str) -> str:
    return re.sub(r"\{[a-z]+\}", "nothing-of-that-id", path)


async def test_a_method_that_is_not_documented_is_told_which_are(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        for path, method in itertools.product(documented(), METHODS):
            allowed = {each.upper() for each in documented()[path]}
            if method in allowed:
                continue
            answer = await knock(door, method, filled(path))
            assert answer.status == 405, (method, path)
            told = dict(answer.headers)[b"allow"].decode().split(", ")
            assert set(told) == allowed, (method, path)


async def test_what_is_documented_is_there(tmp_path: Path) -> None:
    every = [
        (path, method, operation)
        for path, operations in documented().items()
        for method, operation in operations.items()
    ]
    async with a_door(tmp_path) as door:
        for path, method, operation in every:
            if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
                continue  # it is read while it comes, by a connection
            answer = await knock(door, method.upper(), filled(path))
            assert str(answer.status) in operation["responses"], answer.data
            if operation["security"]:
                answer = await knock(door, method.upper(), filled(path), key=False)
                assert answer.status == 401
                assert dict(answer.headers)[b"www-authenticate"] == b"Bearer"


async def test_all_that_asks_a_model_is_documented(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        assert set(with_media(door.gateway, DIALECTS)) <= set(documented())


NOWHERE = [
    "/v1/files/",
    "/v1/filesfile-1",
    "/v1/files/file-1/",
    "/v1/files/file-1/contents",
    "/v1/files/file-1/content/more",
    "/v1/files//content",
    "/v1/batches/",
    "/v1/batchesbatch-1",
    "/v1/batches/batch-1/cancel/",
    "/v1/models/",
    "/v1/chat/completions/",
    "/v1",
    "/",
    "",
]


async def test_a_place_that_only_begins_like_one_is_none(tmp_path: Path) -> None:
    """An upload to `/v1/files/` was the gateway's own failure (500)."""
    async with a_door(tmp_path) as door:
        for path, method in itertools.product(NOWHERE, ("GET", "POST", "DELETE")):
            answer = await knock(door, method, path)
            assert answer.status == 404, (method, path, answer.data)


@pytest.mark.parametrize(("name", "made"), [("gateway", gateway_api()), ("control", control_api())])
def test_the_documents_in_the_reference_are_those_that_are_served(name: str, made: bytes) -> None:
    assert (REFERENCE / f"openapi-{name}.json").read_bytes() == made + b"\n"


def test_no_reference_in_a_document_leads_nowhere() -> None:
    for made in (gateway_api(), control_api()):
        known = msgspec.json.decode(made)["components"]["schemas"]
        for name in re.findall(rb'"\$ref": "#/components/schemas/([^"]+)"', made):
            assert name.decode() in known
            assert re.fullmatch(r"[A-Za-z0-9._-]+", name.decode()), "what OpenAPI allows"
