"""Schemathesis reads what the doors say of themselves and asks them thousands of wrong things.

`make outside` makes its environment; ROADWORTHY_OUTSIDE_PYTHON_SCHEMATHESIS tells another place: an
interpreter. Needs no network. A gateway may answer 502 where the upstream made nothing of what was
asked (the one here answers chats only); anything else above 499 is a fault of ours.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import httpx2
import pytest

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually, free_port, roadworthy

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(
    os.environ.get("ROADWORTHY_OUTSIDE_PYTHON_SCHEMATHESIS", "")
    or ROOT / "build" / "outside" / "schemathesis" / "bin" / "python"
)
SETTINGS = """\
[[operations]]
include-name-regex = "(audio|images|embeddings)"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "502"]
"""
EXAMPLES = 8
NOT_SAID = "positive_data_acceptance,object_level_authorization"
"""What a schema cannot say: which models and files there are, and what a rail finds."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON.exists(), reason="needs schemathesis: make outside"),
]


async def schemathesis(folder: Path, base: str, *options: str) -> tuple[int, str]:
    """Its exit code and words, after it was let loose on a document in the folder."""
    (folder / "schemathesis.toml").write_text(SETTINGS)
    process = await asyncio.create_subprocess_exec(
        str(PYTHON.with_name("schemathesis")),
        *("run", "api.json", "--url", base, "--checks", "all", "--seed", "1", "--no-color"),
        *("--continue-on-failure", *options),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(errors="replace")


async def the_document(base: str) -> dict[str, Any]:
    async with httpx2.AsyncClient() as http:

        async def there() -> bool:
            try:
                return (await http.get(f"{base}/openapi.json")).status_code == 200
            except httpx2.HTTPError:
                return False

        await eventually(there)
        found: dict[str, Any] = (await http.get(f"{base}/openapi.json")).json()
        return found


def with_models(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the models that are served, so that more than 404 comes of it."""
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Body") and "model" in schema["properties"]:
            schema["properties"]["model"] = {"enum": ["letters", "letters/transparent"]}
    return document


async def test_the_control_process_is_what_its_document_says(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        write_live_system(tmp_path / "desk", upstream.url)
        port = free_port()
        options = ("--control-port", str(port))
        async with RunningGateway(tmp_path / "desk", options=options):
            base = f"http://127.0.0.1:{port}"
            (tmp_path / "api.json").write_text(json.dumps(await the_document(base)))
            code, said = await schemathesis(
                tmp_path, base, "--phases", "coverage,fuzzing", "--max-examples", "50"
            )
    assert code == 0, said


@pytest.mark.parametrize(
    "key",
    [
        "none",
        pytest.param("a key", marks=pytest.mark.extended),
        pytest.param("a wrong key", marks=pytest.mark.extended),
    ],
)
async def test_a_worker_is_what_its_document_says(tmp_path: Path, key: str) -> None:
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = write_live_system(tmp_path / "desk", upstream.url)
        assert (await roadworthy("keys", "media", str(tmp_path / "desk")))[0] == 0
        sent = {"a key": a_key(loop), "a wrong key": "rw-nobodys"}.get(key, "")
        headers = ("--header", f"Authorization: Bearer {sent}") if sent else ()
        async with RunningGateway(tmp_path / "desk") as gateway:
            document = with_models(await the_document(gateway.base))
            (tmp_path / "api.json").write_text(json.dumps(document))
            phases = "coverage,fuzzing" if key == "a key" else "fuzzing"
            code, said = await schemathesis(
                tmp_path, gateway.base, "--max-examples", str(EXAMPLES), *headers,
                *("--phases", phases, "--exclude-checks", NOT_SAID),
            )  # fmt: skip
            async with httpx2.AsyncClient() as http:
                assert (await http.get(f"{gateway.base}/readyz")).json()["in_flight"] == 0
        assert code == 0, said + gateway.errors
        assert "failed" not in gateway.errors, "nothing fell over"
        assert bool(upstream.requests) == (key == "a key")
