"""Embedding models behind the streaming port: a text goes in, its vector comes out as JSON.

A request's `prompt` is the text; the reply's words are one JSON list of numbers (of lists, where an
upstream is given several texts as `messages`). So retries, the answer cache, prices and recordings
are those of every other model. `openai_compatible` asks
`/embeddings` of an upstream; `local` is a table of vectors from a Python package, read here and
checked against its pinned digest; `python` and `recorded` reply with such a list themselves. Never
here: a judgement of a vector. Whoever reads it must look.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import (
    SHA256_PREFIX,
    STATIC_MODEL,
    STATIC_SHA256,
    Chunk,
    Clock,
    Deployment,
    Model,
    ModelRequest,
    Provider,
    ProviderError,
    Usage,
    UsageError,
    VerificationError,
)

from .factory import behind_upstream, make_provider
from .openai_compatible import OpenAICompatible

INSTALL = "pip install 'roadworthy[embeddings]'"
_PACKAGE = "wordllama"
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_TOKENIZER_SHA256 = "sha256:93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68"


def make_embedder(
    model: Model, *, deployment: Deployment, root: str, assets: dict[str, Any], clock: Clock
) -> Provider:
    """The provider of an embedding model. Raises as `make_provider`."""
    if model.provider == "local":
        return StaticEmbeddings()
    if model.provider != "openai_compatible":
        return make_provider(model, deployment=deployment, root=root, assets=assets, clock=clock)
    return behind_upstream(OpenAIEmbeddings, model, deployment, root=root, clock=clock)


class _Vector(Struct):
    embedding: list[float]
    index: int = 0


class _Tokens(Struct):
    prompt_tokens: int = 0


class _Reply(Struct):
    data: list[_Vector]
    usage: _Tokens = field(default_factory=_Tokens)


_reply = msgspec.json.Decoder(_Reply)
_encode = msgspec.json.Encoder().encode


class OpenAIEmbeddings(OpenAICompatible):
    """`/embeddings` of an upstream, with its credential, connections and errors."""

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the vector of `request.prompt`, or a list of those of `request.messages`.

        Raises ProviderError.
        """
        one = request.prompt is not None
        texts = [message["content"] for message in request.messages]
        asked = {**self._options.fields, **request.extra, "model": request.model}
        body = {**asked, "input": request.prompt if one else texts}
        data = await self._read("/embeddings", _encode(body), request)
        try:
            reply = _reply.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ProviderError(
                f"{self._peer} answered something that is no list of embeddings", retryable=False
            ) from None
        count = 1 if one else len(texts)
        if len(reply.data) != count:
            raise ProviderError(
                f"{self._peer} answered {len(reply.data)} vectors to "
                + ("one text" if one else f"{count} texts"),
                retryable=False,
            )
        places = {vector.index for vector in reply.data}
        if places not in ({0}, set(range(count))):
            raise ProviderError(
                f"{self._peer} does not say which text each vector is of", retryable=False
            )
        usage = Usage(input_tokens=reply.usage.prompt_tokens)
        yield _spoken(reply.data[0].embedding, usage) if one else _listed(reply.data, usage)


def _spoken(vector: list[float], usage: Usage) -> Chunk:
    """The vector in words. Seven digits are what a float of 32 bits holds."""
    text = _encode([float(f"{value:.7g}") for value in vector]).decode()
    return Chunk(text=text, finish_reason="stop", usage=usage)


def _listed(vectors: list[_Vector], usage: Usage) -> Chunk:
    """Vectors in the order of their texts; where no place is said, as they came."""
    ordered = sorted(vectors, key=lambda vector: vector.index)
    text = _encode([vector.embedding for vector in ordered]).decode()
    return Chunk(text=text, finish_reason="stop", usage=usage)


class StaticEmbeddings:
    """The mean of the vectors of a text's tokens, from a table: 256 numbers, no network.

    WordLlama (https://github.com/dleemiller/WordLlama): the token table of a large model, made
    small by training on pairs of sentences. Order of words does not count.
    """

    def __init__(self, package: str = _PACKAGE) -> None:
        """Raises UsageError where the package is missing, VerificationError on other bytes."""
        self.name = STATIC_MODEL
        self._rows, self._encode = _table(package)

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the vector of `request.prompt`; of a text without a token all zeros."""
        text = request.prompt or ""
        vector, tokens = await asyncio.to_thread(self._vector, text)
        yield _spoken(vector, Usage(input_tokens=tokens))

    def _vector(self, text: str) -> tuple[list[float], int]:
        ids = self._encode(text)
        rows = self._rows[ids].astype("float64")
        mean = rows.mean(axis=0) if len(ids) else rows.sum(axis=0)
        return [float(value) for value in mean], len(ids)

    async def aclose(self) -> None:
        """Nothing to release."""


@cache
def word_vectors() -> Callable[[str], Any]:
    """A word -> the sum of the vectors of its tokens, zeros where it has none; read once.

    Raises UsageError where the package is missing, VerificationError on other bytes.
    """
    rows, ids = _table(_PACKAGE)

    def vector(word: str) -> Any:
        return rows[ids(word)].astype("f4").sum(axis=0)

    return vector


def _table(package: str) -> tuple[Any, Any]:
    """The vectors of all tokens, and what splits a text into tokens."""
    from importlib.util import find_spec

    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise UsageError(f"the embedding model {STATIC_MODEL} is not installed", fix=INSTALL)
    folder = Path(found.submodule_search_locations[0])
    data = pinned(folder / _WEIGHTS, STATIC_SHA256)
    words = pinned(folder / _TOKENIZER, _TOKENIZER_SHA256)
    try:
        import numpy as np
        from tokenizers import Tokenizer
    except ImportError as error:
        raise UsageError(f"{STATIC_MODEL} needs {error.name}", fix=INSTALL) from error
    splits = Tokenizer.from_str(words.decode())
    splits.no_padding()
    splits.no_truncation()
    # safetensors: the length of the header, the header in JSON, then the numbers.
    start = 8 + int.from_bytes(data[:8], "little")
    about = msgspec.json.decode(data[8:start])["embedding.weight"]
    first, last = about["data_offsets"]
    rows = np.frombuffer(data[start + first : start + last], dtype="<f2").reshape(about["shape"])

    def ids(text: str) -> list[int]:
        return list(splits.encode(text, add_special_tokens=False).ids)

    return rows, ids


def pinned(path: Path, digest: str, install: str = INSTALL) -> bytes:
    """A file's bytes. Raises VerificationError when they are not the pinned ones.

    `install` is the command that brings it.
    """
    import hashlib

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", fix=install) from None
    if SHA256_PREFIX + hashlib.sha256(data).hexdigest() != digest:
        raise VerificationError(f"{path.name} is not the pinned file", fix=f"{install} anew")
    return data
