"""The `python` provider: a function beside the candidate, such as a classic classifier.

Its source is read from the system's folder (or the bundle), must have the digest that the
candidate pins, and runs in this process with all rights: so it runs only when the candidate
says `options.trusted: true`. Nothing outside the folder can be named.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import Chunk, Model, ModelRequest, ProviderError, UsageError, sha256

from .time_limit import time_limit


class PythonFunction:
    """Calls `function(request: dict) -> str | dict`, in a thread unless it is `async`.

    The dict that enters holds `model`, `prompt`, `messages`, `labels`, `sampling`; the one that
    leaves `text` and, where known, `label_logprobs` and `finish_reason`.
    """

    def __init__(self, function: Callable[[dict[str, Any]], Any], *, name: str) -> None:
        self.name = "python"
        self._function = function
        self._named = name

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the one chunk; see the port."""
        asked = {
            "model": request.model,
            "prompt": request.prompt,
            "messages": list(request.messages),
            "labels": list(request.labels),
            "sampling": msgspec.to_builtins(request.sampling),
        }
        try:
            async with asyncio.timeout(time_limit(request)):
                if inspect.iscoroutinefunction(self._function):
                    answer = await self._function(asked)
                else:
                    answer = await asyncio.to_thread(self._function, asked)
        except TimeoutError:
            raise ProviderError(f"{self._named} did not answer in time", retryable=True) from None
        except Exception as error:
            raise ProviderError(
                f"{self._named} raised {type(error).__name__}: {error}", retryable=False
            ) from error
        yield self._chunk(answer)

    async def aclose(self) -> None:
        """Nothing to release."""

    def _chunk(self, answer: Any) -> Chunk:
        value = {"text": answer} if isinstance(answer, str) else answer
        try:
            return msgspec.convert({"finish_reason": "stop", **value}, Chunk)
        except (msgspec.ValidationError, TypeError) as error:
            raise ProviderError(
                f"{self._named} must return a text or a dict with `text`: {error}", retryable=False
            ) from None


def make_python(model: Model, root: str, assets: dict[str, Any]) -> PythonFunction:
    """Load the function that `model` names (`file`: the source, `name`: the function).

    Raises UsageError when it is not trusted, not pinned, not there or outside the folder.
    """
    if model.options != {"trusted": True}:
        raise UsageError(
            f"model {model.name!r}: a python model runs with all rights of this process",
            fix="write model.options: {trusted: true}, or use `rule` or `openai_compatible`",
        )
    source = _source(model, root, assets)
    digest = sha256(source)
    if model.digest != digest:
        raise UsageError(
            f"{model.file}: the source is not the pinned one ({model.digest or 'no digest'})",
            fix=f"read it, then write model.digest: {digest}",
        )
    scope: dict[str, Any] = {"__name__": "roadworthy_model", "__file__": model.file}
    try:
        exec(compile(source, model.file, "exec"), scope)  # noqa: S102
    except Exception as error:
        raise UsageError(f"{model.file}: {type(error).__name__}: {error}") from error
    function = scope.get(model.name)
    if not callable(function):
        raise UsageError(f"{model.file}: there is no function {model.name!r}")
    return PythonFunction(function, name=f"{model.file}:{model.name}")


def _source(model: Model, root: str, assets: dict[str, Any]) -> bytes:
    asset = assets.get(model.file)
    if isinstance(asset, str):
        return asset.encode()
    folder = Path(root).resolve()
    path = Path(folder, model.file).resolve()
    if not model.file or not path.is_relative_to(folder):
        raise UsageError(
            f"model {model.name!r}: {model.file!r} is not a file in the system's folder"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{model.file}: cannot be read ({error.strerror})") from None
