"""A reply that cannot be judged or written down is the model's failure."""

from __future__ import annotations

import math

import pytest

from roadworthy.domain import Chunk, ProviderError, TokenLogprob, Usage, require_sound

UNSOUND = {
    "half a character": Chunk(text="a\ud83d"),
    "half a character in the reason": Chunk(finish_reason="\udc00"),
    "half a character in a token": Chunk(logprobs=(TokenLogprob(token="\ud800", logprob=0.0),)),
    "half a character in a way": Chunk(
        logprobs=(TokenLogprob(token="a", logprob=0.0, top={"\ud800": -1.0}),)
    ),
    "half a character in a label": Chunk(label_logprobs={"\ud800": -1.0}),
    "nan": Chunk(label_logprobs={"a": math.nan}),
    "inf": Chunk(label_logprobs={"a": 0.0, "b": math.inf}),
    "-inf": Chunk(label_logprobs={"a": -math.inf}),
    "nan of a token": Chunk(logprobs=(TokenLogprob(token="a", logprob=math.nan),)),
    "inf of a way": Chunk(logprobs=(TokenLogprob(token="a", logprob=0.0, top={"b": math.inf}),)),
    "fewer tokens than none": Chunk(usage=Usage(input_tokens=-1)),
    "more tokens than there are": Chunk(usage=Usage(output_tokens=2**60)),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_chunk_is_a_failed_call_that_is_not_tried_again(name: str) -> None:
    with pytest.raises(ProviderError) as raised:
        require_sound(UNSOUND[name])
    assert not raised.value.retryable
    str(raised.value).encode()


def test_a_sound_chunk_passes() -> None:
    require_sound(Chunk())
    require_sound(
        Chunk(
            text="größe 😀",
            finish_reason="stop",
            usage=Usage(input_tokens=3),
            logprobs=(TokenLogprob(token="ü", logprob=-9999.0, top={"😀": -0.1}),),
            label_logprobs={"a": -1e308, "ä": 0.0},
        )
    )
