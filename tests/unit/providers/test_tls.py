"""TLS is verified, always."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from doubles.certificates import certificate
from doubles.fake_upstream import FakeUpstream
from roadworthy.domain import ProviderError
from roadworthy.providers.http_client import HttpClient


async def call(pem: Path, tls: ssl.SSLContext | None) -> int:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    async with FakeUpstream(ssl=serving) as upstream:
        client = HttpClient(upstream.url, tls=tls)
        try:
            for _ in range(3):
                async with await client.post("/completions", b"{}", timeout_s=5.0) as response:
                    await response.read()
            assert upstream.connections == 1
            return response.status
        finally:
            await client.aclose()


async def test_a_certificate_of_a_trusted_authority_is_accepted(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "127.0.0.1")
    assert await call(pem, ssl.create_default_context(cafile=str(pem))) == 200


async def test_an_unknown_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="not trusted") as caught:
        await call(certificate(tmp_path, "127.0.0.1"), None)
    assert not caught.value.retryable


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "127.0.0.9")
    with pytest.raises(ProviderError, match="not trusted"):
        await call(pem, ssl.create_default_context(cafile=str(pem)))
