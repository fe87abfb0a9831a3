"""Functions as models: only trusted, only pinned, only from the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from roadworthy.domain import Chunk, Model, ModelRequest, ProviderError, UsageError, sha256
from roadworthy.providers.python_function import make_python
from roadworthy.serving import tool_calls

SOURCE = """
import time

def label(request):
    return {"text": request["labels"][0], "label_logprobs": {"a": -0.1, "b": -2.4}}

async def shout(request):
    return request["prompt"].upper()

def fail(request):
    raise ValueError("broken")

def number(request):
    return 7

def unknown(request):
    return {"text": 3}

def slow(request):
    time.sleep(0.2)

CALL = {"index": 0, "id": "c1", "type": "function",
        "function": {"name": "refund", "arguments": '{"order": "A17"}'}}

def agent(request):
    return {"finish_reason": "tool_calls", "delta": {"tool_calls": [CALL]}}

def misplaced(request):
    return {"text": "", "tool_calls": [CALL]}

def nameless(request):
    return {"delta": {"tool_calls": [{"name": "refund", "arguments": {}}]}}

def listless(request):
    return {"delta": {"tool_calls": CALL}}
"""


def model(name: str, *, file: str = "baseline.py", **fields: Any) -> Model:
    fields.setdefault("digest", sha256(SOURCE.encode()))
    fields.setdefault("options", {"trusted": True})
    return Model(provider="python", name=name, file=file, **fields)


async def run(folder: Path, name: str, **fields: Any) -> Chunk:
    provider = make_python(model(name), str(folder), {})
    request = ModelRequest(model=name, prompt="hello", labels=("a", "b"), **fields)
    (chunk,) = [chunk async for chunk in provider.stream(request)]
    await provider.aclose()
    return chunk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "baseline.py").write_text(SOURCE)
    return tmp_path


async def test_a_function_answers(folder: Path) -> None:
    chunk = await run(folder, "label")
    assert chunk == Chunk(text="a", finish_reason="stop", label_logprobs={"a": -0.1, "b": -2.4})
    assert (await run(folder, "shout")).text == "HELLO"


@pytest.mark.parametrize("name", ["fail", "number", "unknown"])
async def test_a_broken_function_is_a_provider_error(folder: Path, name: str) -> None:
    with pytest.raises(ProviderError):
        await run(folder, name)


async def test_a_function_calls_tools(folder: Path) -> None:
    (call,) = tool_calls([(await run(folder, "agent")).delta or {}])
    assert (call.name, call.arguments) == ("refund", {"order": "A17"})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("misplaced", "`tool_calls` is no key.*tool calls stand in `delta`"),
        ("nameless", "function"),
        ("listless", "array"),
    ],
)
async def test_what_nobody_would_read_is_an_error_and_never_dropped(
    folder: Path, name: str, said: str
) -> None:
    with pytest.raises(ProviderError, match=said):
        await run(folder, name)


async def test_a_slow_function_is_a_timeout(folder: Path) -> None:
    with pytest.raises(ProviderError, match="in time"):
        await run(folder, "slow", timeout_s=0.01)


async def test_the_bundles_source_comes_first(tmp_path: Path) -> None:
    provider = make_python(model("shout"), str(tmp_path), {"baseline.py": SOURCE})
    request = ModelRequest(model="m", prompt="hello")
    assert [chunk.text async for chunk in provider.stream(request)] == ["HELLO"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"options": {}}, "rights"),
        ({"options": {"trusted": "yes"}}, "rights"),
        ({"options": {"trusted": True, "x": 1}}, "rights"),
        ({"digest": ""}, "not the pinned one"),
        ({"digest": sha256(b"other")}, "not the pinned one"),
        ({"file": "../elsewhere.py"}, "not a file in"),
        ({"file": "/etc/passwd"}, "not a file in"),
        ({"file": ""}, "not a file in"),
        ({"file": "missing.py"}, "cannot be read"),
        ({"name": "absent"}, "no function"),
        ({"name": "SOURCE"}, "no function"),
    ],
)
def test_what_is_not_trusted_pinned_and_there_does_not_run(
    folder: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        make_python(model(**{"name": "label", **fields}), str(folder), {})


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path_factory: Any) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x.py"
    outside.write_text(SOURCE)
    (folder / "link.py").symlink_to(outside)
    with pytest.raises(UsageError, match="not a file in"):
        make_python(model("label", file="link.py"), str(folder), {})
