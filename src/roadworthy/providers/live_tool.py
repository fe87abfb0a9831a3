"""A live tool: a function beside the candidate that an evaluation runs when the model calls it.

Its source must have the digest that the candidate pins and runs in this process with all rights,
so only where the candidate says `trusted: true`. It gets the arguments and the episode's state and
a limit on time. Whatever it raises is a result that says so, never the end of this process; a
function that does not end keeps its thread, as no thread can be stopped from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from roadworthy.domain import LiveTool, Model, ProviderError

from .python_function import function_of, said_of

LiveCall = Callable[[dict[str, Any], dict[str, Any]], Awaitable[Any]]
"""(arguments, state) -> plain JSON. Raises ProviderError with what went wrong."""


def make_live_tool(tool: LiveTool, root: str) -> LiveCall:
    """The tool's function. Raises UsageError when it is not trusted, not pinned or not there."""
    model = Model(
        provider="python",
        name=tool.function,
        file=tool.file,
        digest=tool.digest,
        options={"trusted": True} if tool.trusted else {},
    )
    function = function_of(model, root, {})
    named = f"{tool.file}:{tool.function}"

    def run(arguments: dict[str, Any], state: dict[str, Any]) -> Any:
        try:
            return function(arguments, state)
        except BaseException as error:
            raise ProviderError(f"{named} raised {said_of(error)}", retryable=False) from error

    async def call(arguments: dict[str, Any], state: dict[str, Any]) -> Any:
        try:
            async with asyncio.timeout(tool.timeout_s):
                result = await asyncio.to_thread(run, arguments, state)
        except TimeoutError:
            message = f"{named} did not answer within {tool.timeout_s:g} s"
            raise ProviderError(message, retryable=False) from None
        try:
            return msgspec.json.decode(msgspec.json.encode(result))
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            raise ProviderError(
                f"{named} must return JSON: {said_of(error)}", retryable=False
            ) from None

    return call
