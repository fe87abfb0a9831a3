"""The `python` provider: a function beside the candidate, such as a classic classifier.

Its source is read from the system's folder (or the bundle), must have the digest that the
candidate pins, and runs in this process with all rights: so it runs only when the candidate
says `options.trusted: true`. Nothing outside the folder can be named. Whatever the function
raises, `SystemExit` included, is a failed call, never the end of this process.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Chunk,
    Model,
    ModelRequest,
    ProviderError,
    UsageError,
    require_sound,
    sha256,
)
from roadworthy_verify.plain_file import read_plain

from .time_limit import time_limit


class PythonFunction:
    """Calls `function(request: dict) -> str | dict`, in a thread unless it is `async`.

    The dict that enters holds `model`, `prompt`, `messages`, `labels`, `tools`, `sampling`; the one
    that leaves the fields of a Chunk and no other key: `text` and, where known, `label_logprobs`,
    `finish_reason`, `usage`, `logprobs` and `delta` (tool calls, in OpenAI's shape).
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
            "tools": request.extra.get("tools") or [],
            "sampling": msgspec.to_builtins(request.sampling),
        }
        try:
            async with asyncio.timeout(time_limit(request)):
                if inspect.iscoroutinefunction(self._function):
                    answer = await self._awaited(asked)
                else:
                    answer = await asyncio.to_thread(self._called, asked)
        except TimeoutError:
            raise ProviderError(f"{self._named} did not answer in time", retryable=True) from None
        yield self._chunk(answer)

    async def aclose(self) -> None:
        """Nothing to release."""

    def _called(self, asked: dict[str, Any]) -> Any:
        """The function's answer. In a thread no exception is a person's ^C: all are its own."""
        try:
            return self._function(asked)
        except TimeoutError:
            raise
        except BaseException as error:
            raise self._failed(error) from error

    async def _awaited(self, asked: dict[str, Any]) -> Any:
        """The same of an `async` function, which runs among our own tasks."""
        try:
            return await self._function(asked)
        except (TimeoutError, KeyboardInterrupt, GeneratorExit):
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise self._failed(error) from error
        except BaseException as error:
            raise self._failed(error) from error

    def _failed(self, error: BaseException) -> ProviderError:
        said = said_of(error)
        return ProviderError(f"{self._named} raised {said}", retryable=False, quoted=said)

    def _chunk(self, answer: Any) -> Chunk:
        """The answer as a chunk that holds nothing but JSON."""
        value = {"text": answer} if isinstance(answer, str) else answer
        try:
            _require_known(value)
            chunk = msgspec.convert({"finish_reason": "stop", **value}, Chunk)
            require_sound(chunk)
            return msgspec.json.decode(msgspec.json.encode(chunk), type=Chunk)
        except ProviderError as error:
            raise ProviderError(
                f"{self._named}: {error.message}", retryable=False, fix=error.fix
            ) from None
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            raise ProviderError(
                f"{self._named} must return a text or a dict with `text`: {error}",
                retryable=False,
                quoted=str(error),
            ) from None


class _Called(Struct):
    """What a tool call must say: which tool; its arguments as JSON text, or as an object."""

    name: str
    arguments: str | dict[str, Any] = ""


class _ToolCall(Struct):
    function: _Called


def _require_known(value: dict[str, Any]) -> None:
    """Refuse what nobody would read: another key, a tool call of another shape.

    Raises ValueError or msgspec's own error.
    """
    known = msgspec.structs.fields(Chunk)
    unknown = sorted(str(key) for key in set(value) - {field.name for field in known})
    if unknown:
        raise ValueError(
            f"`{unknown[0]}` is no key; known are {', '.join(field.name for field in known)}"
            " (tool calls stand in `delta`)"
        )
    calls = (value.get("delta") or {}).get("tool_calls")
    if calls is not None:
        msgspec.convert(calls, list[_ToolCall])


def make_python(model: Model, root: str, assets: dict[str, Any]) -> PythonFunction:
    """The provider of the function that `model` names. Raises UsageError as `function_of` does."""
    function = function_of(model, root, assets)
    return PythonFunction(function, name=f"{model.file}:{model.name}")


def function_of(model: Model, root: str, assets: dict[str, Any]) -> Callable[..., Any]:
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UsageError(f"{model.file}: {said_of(error)}") from error
    function = scope.get(model.name)
    if not callable(function):
        raise UsageError(f"{model.file}: there is no function {model.name!r}")
    return function  # type: ignore[no-any-return]


def said_of(error: BaseException) -> str:
    """An error of somebody else's code in words that can be written down."""
    try:
        words = str(error)
    except Exception:
        words = ""
    words = words.encode(errors="replace").decode()
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


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
        return read_plain(path)
    except OSError as error:
        raise UsageError(f"{model.file}: cannot be read ({error.strerror})") from None
