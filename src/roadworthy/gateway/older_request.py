"""What chat completions and completions, OpenAI's older APIs, let a caller say alike.

Enters: the fields of a body. Leaves: wishes of `Sampling`. What never happens here: a field of
one of the two only.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from .problems import bad_field


class _StreamOptions(Struct):
    include_usage: bool | None = None


class OlderBody(Struct):
    """The fields that are looked at; every other one passes through."""

    model: str
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    user: str | None = None
    variables: dict[str, Any] | None = None

    @property
    def include_usage(self) -> bool:
        """Whether a stream ends with a chunk that counts tokens."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    def require_one(self, *names: str) -> None:
        """Refuse more than one answer under any of these names. Raises ApiError."""
        for name in names:
            if getattr(self, name) not in (None, 1):
                raise bad_field(name, f"{name} must be 1: one answer a request")

    def wishes(self, *, max_tokens: int | None) -> dict[str, Any]:
        """What is wanted of `Sampling`, None where nothing was said."""
        return {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": max_tokens,
            "seed": self.seed,
            "stop": [self.stop] if isinstance(self.stop, str) else self.stop,
        }
