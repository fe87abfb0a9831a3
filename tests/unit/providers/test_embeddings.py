"""Embedding models: an upstream's `/embeddings`, and the table of vectors from a package."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.set_clock import SetClock
from roadworthy.domain import (
    STATIC_MODEL,
    Deployment,
    Model,
    ModelRequest,
    Provider,
    ProviderError,
    Upstream,
    UsageError,
    VerificationError,
)
from roadworthy.providers import make_embedder
from roadworthy.providers.embeddings import StaticEmbeddings

MODEL = Model(provider="openai_compatible", name="vectors", upstream="up", version="1")

static = pytest.mark.skipif(find_spec("wordllama") is None, reason="needs wordllama: make setup")


def of_upstream(upstream: FakeUpstream) -> Provider:
    return make_embedder(
        MODEL,
        deployment=Deployment(upstreams={"up": Upstream(url=upstream.url, timeout_s=2.0)}),
        root=".",
        assets={},
        clock=SetClock(),
    )


async def vector(provider: Provider, text: str) -> list[float]:
    try:
        request = ModelRequest(model="vectors", prompt=text)
        chunks = [chunk async for chunk in provider.stream(request)]
    finally:
        await provider.aclose()
    assert chunks[-1].finish_reason == "stop"
    return json.loads("".join(chunk.text for chunk in chunks))


def body(*vectors: list[float]) -> str:
    data = [{"object": "embedding", "index": 0, "embedding": each} for each in vectors]
    return json.dumps({"object": "list", "data": data, "usage": {"prompt_tokens": 3}})


async def test_an_upstream_is_asked_for_the_vector_of_one_text() -> None:
    async with FakeUpstream() as upstream:
        upstream.script.append(Reply(body=body([0.1, -0.25, 1e-9])))
        assert await vector(of_upstream(upstream), "hello") == [0.1, -0.25, 1e-9]
        asked = upstream.requests[-1]
    assert asked.path.endswith("/v1/embeddings")
    assert asked.body == {"model": "vectors", "input": "hello"}


@pytest.mark.parametrize(
    "said", ["", "no", "{}", body(), body([1.0], [2.0]), '{"data": [{"embedding": "AAAA"}]}',
             '{"data": [{"embedding": [1, "x"]}]}', '{"data": [{"embedding": [NaN]}]}',
             '{"data": [], "more": ' + "[" * 100_000, '{"data": [{"embedding": [1], "index": 1}]}'],
)  # fmt: skip
async def test_what_is_no_vector_is_an_error(said: str) -> None:
    async with FakeUpstream() as upstream:
        upstream.script.append(Reply(body=said))
        with pytest.raises(ProviderError):
            await vector(of_upstream(upstream), "hello")


@pytest.mark.parametrize(
    ("places", "right"), [((1, 0), [[2.0], [1.0]]), ((0, 0), [[1.0], [2.0]]), ((1, 1), None),
                          ((0, 2), None), ((-1, 0), None)],
)  # fmt: skip
async def test_vectors_stand_where_their_texts_do_or_nowhere(places: Any, right: Any) -> None:
    data = [{"index": at, "embedding": [float(n)]} for n, at in enumerate(places, start=1)]
    texts = tuple({"role": "user", "content": text} for text in ("a", "b"))
    async with FakeUpstream() as upstream:
        upstream.script.append(Reply(body=json.dumps({"data": data})))
        provider = of_upstream(upstream)
        asked = provider.stream(ModelRequest(model="vectors", messages=texts))
        try:
            if right is None:
                with pytest.raises(ProviderError, match="which text"):
                    await anext(asked)
            else:
                assert json.loads((await anext(asked)).text) == right
        finally:
            await provider.aclose()


async def test_an_upstream_that_refuses_is_heard() -> None:
    async with FakeUpstream() as upstream:
        upstream.script.append(Reply(status=401, body='{"error": {"message": "no such key"}}'))
        with pytest.raises(ProviderError, match="401"):
            await vector(of_upstream(upstream), "hello")


async def test_an_upstream_that_is_overloaded_is_asked_again() -> None:
    async with FakeUpstream() as upstream:
        upstream.script += [Reply(status=503, body="busy"), Reply(body=body([1.0]))]
        assert await vector(of_upstream(upstream), "hello") == [1.0]


@static
@pytest.mark.parametrize(
    "text",
    ["The tyre is flat.", "Der Reifen ist platt.", "a", "\N{SNOWMAN} \x00 \n", "word " * 999],
)
async def test_the_local_vectors_are_those_of_the_package_itself(text: str) -> None:
    import wordllama

    home = Path(str(wordllama.__file__)).parent
    theirs = wordllama.WordLlama.load(cache_dir=home, disable_download=True)
    oracle = theirs.embed([text], norm=False)[0]
    found = np.array(await vector(StaticEmbeddings(), text))
    assert found.shape == (256,)
    cosine = found @ oracle / np.linalg.norm(found) / np.linalg.norm(oracle)
    assert cosine == pytest.approx(1.0, abs=1e-5)


@static
async def test_the_local_vectors_know_what_is_alike() -> None:
    async def unit(text: str) -> Any:
        found = np.array(await vector(StaticEmbeddings(), text))
        return found / np.linalg.norm(found)

    asked, same, other = [
        await unit(text)
        for text in ("My car will not start.", "The vehicle's engine fails to turn on.",
                     "The soup needs more salt.")
    ]  # fmt: skip
    assert asked @ same > asked @ other + 0.2


@static
async def test_a_text_without_a_token_has_a_vector_of_zeros() -> None:
    assert await vector(StaticEmbeddings(), "") == [0.0] * 256


def test_without_the_package_the_fix_is_its_installation() -> None:
    with pytest.raises(UsageError) as caught:
        StaticEmbeddings("no_such_package_of_vectors")
    assert "pip install 'roadworthy[embeddings]'" in caught.value.fix


def test_other_bytes_than_the_pinned_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "forged_vectors"
    (package / "weights").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "weights" / "l2_supercat_256.safetensors").write_bytes(b"\0" * 64)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(VerificationError, match="not the pinned file"):
        StaticEmbeddings("forged_vectors")
    shutil.rmtree(package / "weights")
    with pytest.raises(UsageError, match="cannot be read"):
        StaticEmbeddings("forged_vectors")


def test_an_upstream_that_nobody_named_is_told() -> None:
    with pytest.raises(UsageError, match="no upstream 'up'"):
        make_embedder(MODEL, deployment=Deployment(), root=".", assets={}, clock=SetClock())


def test_the_local_model_has_the_name_that_check_knows() -> None:
    assert STATIC_MODEL == "wordllama-256"
