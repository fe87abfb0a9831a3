"""Which provider a model gets, and how configuration faults are told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.set_clock import SetClock
from roadworthy.domain import (
    Address,
    Deployment,
    Model,
    ModelRequest,
    Provider,
    Upstream,
    UsageError,
)
from roadworthy.providers import Traffic, make_provider
from roadworthy.providers.time_limit import time_limit

KEY = "sk-secret-000111222"


def make(model: Model, deployment: Deployment, root: Path | str = ".", **assets: Any) -> Provider:
    return make_provider(
        model, deployment=deployment, root=str(root), assets=assets, clock=SetClock()
    )


def openai(**fields: Any) -> Model:
    return Model(provider="openai_compatible", name="m", **{"upstream": "main", **fields})


def deployed(url: str, **fields: Any) -> Deployment:
    return Deployment(upstreams={"main": Upstream(url=url, **fields)})


async def ask(provider: Provider, **fields: Any) -> str:
    request = ModelRequest(model="m", **{"prompt": "a car", **fields})
    return "".join([chunk.text async for chunk in provider.stream(request)])


@pytest.mark.parametrize("kind", ["env", "file"])
async def test_the_credential_arrives(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RW_TEST_KEY", KEY)
    (tmp_path / "key").write_text(KEY + "\n")
    reference = {"env": "env:RW_TEST_KEY", "file": "file:key"}[kind]
    async with FakeUpstream() as upstream:
        provider = make(openai(), deployed(upstream.url, credential=reference), tmp_path)
        assert await ask(provider) == "ok"
        assert upstream.requests[0].headers["authorization"] == f"Bearer {KEY}"
        await provider.aclose()


async def test_addresses_are_shared_by_all_releases_of_the_same_traffic() -> None:
    """One release has a single address, the other has that one and a second."""
    async with FakeUpstream() as first, FakeUpstream(answer="second") as second:
        traffic = Traffic()
        both = deployed(first.url, also=[Address(url=second.url)])
        one, two = (
            make_provider(
                openai(), deployment=each, root=".", assets={}, clock=SetClock(), traffic=traffic
            )
            for each in (deployed(first.url), both)
        )
        first.script.append(Reply(pieces=["slow"], piece_delay_s=5.0))
        under_way = one.stream(ModelRequest(model="m", prompt="x", stream=True))
        begun = asyncio.ensure_future(anext(under_way))
        await asyncio.sleep(0)
        assert [await ask(two) for _ in range(4)] == ["second"] * 4
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        await under_way.aclose()  # type: ignore[attr-defined]
        assert "ok" in [await ask(two) for _ in range(2)]
        for each in (one, two):
            await each.aclose()


async def test_an_openai_provider_retries() -> None:
    async with FakeUpstream() as upstream:
        upstream.script.append(Reply(status=503, body="{}"))
        provider = make(openai(), deployed(upstream.url))
        assert await ask(provider) == "ok"
        assert len(upstream.requests) == 2
        await provider.aclose()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (KEY, "must be a reference"),
        ("env:", "must be a reference"),
        ("env:RW_NOT_SET_ANYWHERE", "is not set"),
        ("file:missing", "cannot be read"),
        ("file:empty", "is empty"),
        ("file:binary", "is not text"),
        ("file:lines", "no header can carry"),
    ],
)
def test_a_credential_that_cannot_be_used_is_named_and_not_shown(
    reference: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "lines").write_text(f"{KEY}\nmore")
    with pytest.raises(UsageError, match=message) as caught:
        make(openai(), deployed("http://host", credential=reference), tmp_path)
    assert KEY not in caught.value.message + caught.value.fix


def test_an_unknown_upstream_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="it has: main"):
        make(openai(upstream="other"), deployed("http://host"))


def test_http_is_refused_with_what_to_use() -> None:
    with pytest.raises(UsageError, match="not there yet") as caught:
        make(Model(provider="http", name="m"), Deployment())
    assert "openai" in caught.value.fix.lower()


async def test_rules_from_assets_and_from_the_folder(tmp_path: Path) -> None:
    rules = {"labels": {"motor": {"words": {"car": 1.0}}, "home": {}}}
    (tmp_path / "rules.yaml").write_text(json.dumps(rules))
    model = Model(provider="rule", name="m", file="rules.yaml")
    assert await ask(make(model, Deployment(), tmp_path)) == "motor"
    assert await ask(make(model, Deployment(), **{"rules.yaml": rules})) == "motor"


@pytest.mark.parametrize("provider", ["rule", "recorded"])
@pytest.mark.parametrize("file", ["", "../x", "/etc/passwd", "missing"])
def test_files_lie_in_the_folder(provider: Any, file: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        make(Model(provider=provider, name="m", file=file), Deployment(), tmp_path)


def test_broken_yaml_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("a: [")
    with pytest.raises(UsageError, match="not YAML"):
        make(Model(provider="rule", name="m", file="r.yaml"), Deployment(), tmp_path)


@pytest.mark.parametrize(
    ("wish", "own", "limit"), [(0.0, 300.0, 300.0), (5.0, 300.0, 5.0), (300.0, 5.0, 5.0)]
)
def test_the_tighter_time_limit_holds(wish: float, own: float, limit: float) -> None:
    assert time_limit(ModelRequest(model="m", timeout_s=wish), own) == limit
