"""The official OpenAI SDK's files, against the gateway as a real process."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import openai
import pytest

from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import WORKER, RunningGateway, eventually
from roadworthy.wiring.processes import process


def line(number: int, text: str = "Where is my bill?", **other: Any) -> bytes:
    body = {"model": "letters", "messages": [{"role": "user", "content": text}]}
    said = {"custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions"}
    return msgspec.json.encode(said | {"body": body} | other) + b"\n"


async def test_upload_list_retrieve_content_and_delete_async_and_sync(tmp_path: Path) -> None:
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    key, other = a_key(loop), a_key(loop, "rival")
    data = b"".join(line(n) for n in range(3)) + b"\r\n" + line(3).rstrip(b"\n")
    (tmp_path / "requests.jsonl").write_bytes(data)
    async with (
        RunningGateway(tmp_path) as gateway,
        openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        openai.AsyncOpenAI(base_url=gateway.url, api_key=other, max_retries=0) as rival,
    ):
        with open(tmp_path / "requests.jsonl", "rb") as file:
            first = await client.files.create(file=file, purpose="batch")
        assert (first.filename, first.bytes, first.purpose) == (
            "requests.jsonl",
            len(data),
            "batch",
        )
        assert first.object == "file" and first.expires_at == first.created_at + 30 * 86_400
        second = await client.files.create(
            file=("../../etc/passwd\r\nx: y", line(1)),
            purpose="batch",
            expires_after={"anchor": "created_at", "seconds": 3600},
        )
        assert second.filename == "passwdx: y" and second.expires_at == second.created_at + 3600
        assert await client.files.retrieve(first.id) == first
        assert [one.id async for one in await client.files.list()] == [second.id, first.id]
        paged = [one.id async for one in await client.files.list(limit=1, order="asc")]
        assert paged == [first.id, second.id]
        assert (await client.files.content(first.id)).content == data
        with pytest.raises(openai.NotFoundError):
            await rival.files.retrieve(first.id)
        with pytest.raises(openai.NotFoundError):
            await rival.files.content(first.id)
        with pytest.raises(openai.NotFoundError):
            await rival.files.delete(first.id)
        assert [one async for one in await rival.files.list()] == []
        gone = await client.files.delete(first.id)
        assert gone.deleted and gone.id == first.id
        with pytest.raises(openai.NotFoundError):
            await client.files.content(first.id)
        with openai.OpenAI(base_url=gateway.url, api_key=key, max_retries=0) as sync:
            again = sync.files.create(file=("r.jsonl", data), purpose="batch")
            assert sync.files.content(again.id).read() == data
            assert {one.id for one in sync.files.list()} == {again.id, second.id}
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
                    and ".roadworthy/batches" in str(path))  # fmt: skip
    assert kept and b"my bill" not in kept and b"passwd" not in kept


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (line(1) + b'{"custom_id": 1,\n', "line 2"),
        (line(1) + line(2) + b"\xff\xfe\n", "line 3"),
        (b"[1, 2]\n", "line 1"),
        (line(1) + line(2, "x" * (4 << 20)), "line 2 of the file: it is longer than 4194304 bytes"),
    ],
)
async def test_a_line_that_is_no_request_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    key = a_key(write_live_system(tmp_path, "http://127.0.0.1:9/v1"))
    async with (
        RunningGateway(tmp_path) as gateway,
        openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            await client.files.create(file=("r.jsonl", data + b"{}" * 400_000), purpose="batch")
        assert said in refused.value.message and refused.value.param == "file"
        assert [one async for one in await client.files.list()] == []
        with pytest.raises(openai.BadRequestError, match="purpose"):
            await client.files.create(file=("r.jsonl", line(1)), purpose="fine-tune")
    assert not list((tmp_path / ".roadworthy" / "batches").rglob("*.part"))


async def send(gateway: RunningGateway, key: str, pieces: Iterator[bytes], length: int) -> bytes:
    """Upload over a bare socket; returns all of the answer."""
    address = urlsplit(gateway.base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        b"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\nconnection: close\r\n"
        b"content-type: multipart/form-data; boundary=frontier\r\ncontent-length: %d\r\n\r\n"
        % (key.encode(), length)
    )
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


PURPOSE = b'--frontier\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
FILE = b'--frontier\r\ncontent-disposition: form-data; name="file"; filename="r.jsonl"\r\n\r\n'
END = b"\r\n--frontier--\r\n"


async def test_fifty_megabytes_come_up_and_go_down_in_bounded_memory(tmp_path: Path) -> None:
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    key = a_key(loop)
    block = b"".join(line(n, "word " * 100) for n in range(100))
    count = 50_000_000 // len(block) + 1
    async with RunningGateway(tmp_path) as gateway:
        small = await send(
            gateway, key, iter([PURPOSE + FILE + block + END]), len(PURPOSE + FILE + block + END)
        )
        assert b" 200 OK" in small
        (worker,) = gateway.children(WORKER)
        before, asked = process(worker), asyncio.ensure_future(keep_asking(gateway))
        assert before is not None
        pieces = itertools.chain([PURPOSE + FILE], itertools.repeat(block, count), [END])
        length = len(PURPOSE + FILE + END) + count * len(block)
        said = msgspec.json.decode(
            (await send(gateway, key, pieces, length)).partition(b"\r\n\r\n")[2]
        )
        assert said["bytes"] == count * len(block)
        async with openai.AsyncOpenAI(base_url=gateway.url, api_key=key) as client:
            down = 0
            async with client.files.with_streaming_response.content(said["id"]) as content:
                async for piece in content.iter_bytes():
                    down += len(piece)
        assert down == said["bytes"]
        after = process(worker)
        assert after is not None and after.resident - before.resident < 24 << 20
        asked.cancel()
        with suppress(asyncio.CancelledError):
            await asked
    plain = b"word word"
    for path in (tmp_path / ".roadworthy" / "batches").rglob("*.lines"):
        assert plain not in path.read_bytes()


async def keep_asking(gateway: RunningGateway) -> None:
    """Somebody else is there all the while; a worker that waited for the upload would show."""
    address = urlsplit(gateway.base)
    while True:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
            async with asyncio.timeout(5):  # wait_for of Python 3.11 may swallow being cancelled
                assert b"ok" in await reader.read()
        finally:  # also where it is cancelled meanwhile
            writer.close()
        await asyncio.sleep(0.01)


async def test_what_is_too_large_or_leaves_early_leaves_nothing(tmp_path: Path) -> None:
    toml = '[upstreams.lab]\nurl = "http://127.0.0.1:9/v1"\n[batches]\nfile_mb = 1\ntenant_mb = 1\n'
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"roadworthy.toml": toml})
    key, reader_only = a_key(loop), a_key(loop, "acme", "outcomes")
    batches = tmp_path / ".roadworthy" / "batches"
    async with RunningGateway(tmp_path) as gateway:
        lines = line(1, "x" * 600_000)
        whole = PURPOSE + FILE + lines + END
        refused = await send(gateway, key, iter([bytes(9_000_000)]), 9_000_000)
        assert b" 413 " in refused and b"request_too_large" in refused
        assert b" 401 " in await send(gateway, "rw-no", iter([whole]), len(whole))
        assert b" 403 " in await send(gateway, reader_only, iter([whole]), len(whole))
        first = await send(gateway, key, iter([whole]), len(whole))
        assert b" 200 OK" in first
        second = await send(gateway, key, iter([whole]), len(whole))
        assert b" 413 " in second and b"storage_quota_exceeded" in second
        other = a_key(loop, "other")
        address = urlsplit(gateway.base)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(
            b"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %b\r\n"
            b"content-length: 9999\r\n" % other.encode()
            + b"content-type: multipart/form-data; boundary=frontier\r\n\r\n"
            + PURPOSE + FILE + b"{}\n" * 9
        )  # fmt: skip
        await writer.drain()
        await eventually(lambda: list(batches.rglob("*.part")))
        writer.close()
        await eventually(lambda: not list(batches.rglob("*.part")))
    assert len(list(batches.rglob("*.json"))) == 1
