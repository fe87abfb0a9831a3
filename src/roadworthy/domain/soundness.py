"""What a reply may hold so that it can be judged, hashed and written down.

Providers hand on what models and upstreams say, and those say anything: NaN, infinities, half of
a surrogate pair. Such a reply is the model's failure, never a row that cannot be read again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from .errors import ProviderError
from .exchange import Chunk, Usage

_MOST_TOKENS = 2**53 - 1
"""The largest whole number that every reader holds exactly."""


def require_sound(chunk: Chunk) -> None:
    """Raise ProviderError unless the chunk's texts are Unicode and its numbers are finite."""
    _require_text(chunk.text, "its answer")
    if chunk.finish_reason:
        _require_text(chunk.finish_reason, "its finish reason")
    for token in chunk.logprobs:
        _require_text(token.token, "a token")
        _require_finite((token.logprob, *token.top.values()))
        for way in token.top:
            _require_text(way, "a token")
    if chunk.label_logprobs is not None:
        _require_finite(chunk.label_logprobs.values())
        for label in chunk.label_logprobs:
            _require_text(label, "a label")
    if chunk.usage is not None:
        _require_counts(chunk.usage)


def _require_text(text: str, what: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ProviderError(
            f"the model gave half of a character (a lone surrogate) in {what}",
            retryable=False,
            fix="write whole characters; U+FFFD stands for one that is not known",
        ) from None


def _require_finite(logprobs: Iterable[float]) -> None:
    for number in logprobs:
        if not math.isfinite(number):
            raise ProviderError(
                f"the model gave {number} as a log-probability",
                retryable=False,
                fix="give finite numbers; for what is as good as impossible -60.0",
            )


def _require_counts(usage: Usage) -> None:
    counts = (
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        usage.audio_tokens,
    )
    if min(counts) < 0 or max(counts) > _MOST_TOKENS:
        raise ProviderError("the model gave an impossible number of tokens", retryable=False)
