"""Guards and judges that are elsewhere: what they read has no personal data in it.

Enters: what would be asked. Leaves: the same without the data, to whoever is asked. Never happens
here: a question that goes out where data is blocked, or where nobody could look for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from msgspec import structs

from roadworthy.domain import (
    AddressState,
    Chunk,
    DetectorError,
    Finding,
    Inspector,
    ModelRequest,
    Provider,
    ProviderError,
    TextContext,
)

from .egress import Border


class Veiled:
    """Implements the Inspector port before another one that is elsewhere: no personal data goes."""

    def __init__(self, inner: Inspector, border: Border) -> None:
        self._inner = inner
        self._border = border

    async def inspect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """What the inner one finds in what may leave; over the whole text where that is another."""
        veiled = await self._border.without(text)
        told = structs.replace(
            context,
            input=await self._border.without(context.input),
            context=await _mapped(context.context, self._border.without),
        )
        found = await self._inner.inspect(veiled, told)
        if veiled == text:
            return found
        return [structs.replace(one, start=0, end=len(text)) for one in found]

    def states(self) -> tuple[AddressState, ...]:
        """How the inner one does."""
        return self._inner.states()

    async def aclose(self) -> None:
        """Release the inner one."""
        await self._inner.aclose()


class VeiledProvider:
    """Implements the Provider port before a model that judges and whose words reach no caller."""

    def __init__(self, inner: Provider, border: Border) -> None:
        self.name = inner.name
        self._inner = inner
        self._border = border

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """What the inner one says to what may leave. Raises ProviderError where nothing may."""
        try:
            messages = await _mapped(list(request.messages), self._border.without)
            prompt = await _mapped(request.prompt, self._border.without)
        except DetectorError as problem:
            raise ProviderError(problem.message, retryable=False) from None
        veiled = structs.replace(request, messages=tuple(messages), prompt=prompt)
        chunks = self._inner.stream(veiled)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await chunks.aclose()  # type: ignore[attr-defined]

    async def aclose(self) -> None:
        """Release the inner one."""
        await self._inner.aclose()


async def _mapped(value: Any, change: Callable[[str], Awaitable[str]]) -> Any:
    """A JSON value with every text in it changed."""
    if isinstance(value, str):
        return await change(value)
    if isinstance(value, dict):
        return {
            await change(str(name)): await _mapped(inner, change) for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [await _mapped(inner, change) for inner in value]
    return value
