"""Whatever JSON a caller sends: a request, or a 400 in the API's shape that names the field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.dialects import APIS
from roadworthy.domain import Call, History, Sampling
from roadworthy.gateway.app import DIALECTS
from roadworthy.gateway.problems import ApiError
from roadworthy.serving import Conversation, conversation, input_texts, with_texts

BODIES = {api.path: api.body("hello") for api in APIS} | {"/v1/embeddings": {"input": "hello"}}
WORDS = st.sampled_from(
    ["type", "text", "role", "content", "name", "id", "input", "tool_use", "tool_result", "user",
     "assistant", "system", "function", "arguments", "output", "call_id", "tool_use_id", "schema",
     "format", "json_schema", "function_call", "function_call_output", "message", "input_text",
     "output_text", "input_schema", "parameters", "auto", "custom", "refusal"]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(), WORDS
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.one_of(WORDS, st.text(max_size=4)), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip
FIELDS = st.sampled_from(
    ["model", "messages", "system", "stream", "max_tokens", "tools", "tool_choice", "metadata",
     "stop_sequences", "temperature", "top_k", "thinking", "output_config", "variables", "input",
     "instructions", "text", "max_output_tokens", "reasoning", "store", "include", "prompt", "stop",
     "suffix", "echo", "best_of", "logprobs", "top_logprobs", "n", "user", "stream_options",
     "previous_response_id", "background", "truncation", "conversation", "dimensions",
     "encoding_format", "seed", "parallel_tool_calls", "anything"]
)  # fmt: skip


KINDS = st.sampled_from(
    ["text", "input_text", "output_text", "tool_use", "tool_result", "image", "refusal",
     "image_url", "input_image", "input_audio", "file", "input_file", "document"]
)  # fmt: skip
URLS = st.sampled_from(
    ["data:image/png;base64,AAAA", "data:text/plain;base64,aGk=", "data:application/pdf;base64,AA",
     "data:text/plain,hi", "data:,", "https://example.com/a.png"]
)  # fmt: skip
SOURCE = st.fixed_dictionaries(
    {"type": st.sampled_from(["base64", "url", "text", "content", "file"])},
    optional={"media_type": st.sampled_from(["image/png", "text/plain"]) | JSON, "data": st.text(),
              "url": URLS, "content": st.text() | JSON, "file_id": st.text()},
)  # fmt: skip
BLOCK = st.fixed_dictionaries(
    {"type": KINDS},
    optional={"text": st.text() | JSON, "id": st.text(), "name": st.text(),
              "input": JSON, "tool_use_id": st.text() | JSON, "content": st.text() | JSON,
              "source": SOURCE | JSON, "image_url": URLS | st.fixed_dictionaries({"url": URLS}),
              "file": st.fixed_dictionaries({"file_data": URLS}), "file_data": URLS,
              "input_audio": st.fixed_dictionaries({"data": st.text(), "format": st.just("wav")})},
)  # fmt: skip
TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "developer", "tool"])},
    optional={"content": st.text() | st.lists(BLOCK, max_size=3) | JSON, "tool_calls": JSON},
)
ITEM = TURN | st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "function_call", "function_call_output", "reasoning"])},
    optional={"role": st.sampled_from(["user", "assistant"]), "content": st.text() | JSON,
              "call_id": st.text() | JSON, "name": st.text(), "arguments": st.text() | JSON,
              "output": st.text() | st.lists(BLOCK, max_size=2) | JSON},
)  # fmt: skip
VALUES = JSON | st.lists(TURN | ITEM, max_size=4)


@pytest.mark.parametrize("path", DIALECTS)
@settings(max_examples=300)
@given(fields=st.dictionaries(FIELDS, VALUES, max_size=4))
def test_it_is_read_or_refused_with_400(path: str, fields: dict[str, Any]) -> None:
    body = {"model": "desk", **BODIES[path], **fields}
    data = msgspec.json.encode(body)
    try:
        asked = DIALECTS[path].read(data)
    except ApiError as problem:
        assert problem.status == 400
        said = msgspec.json.decode(problem.body(path))
        assert set(said["error"]) == {"message", "type", "param", "code"}
        return
    assert isinstance(asked.model, str)
    asked.sampling(Sampling())
    call = Call(
        id="",
        system="desk",
        managed=False,
        prompt=asked.prompt,
        messages=() if asked.prompt is not None else tuple(asked.messages),
        extra=asked.extra,
    )
    texts = input_texts(call)
    msgspec.json.encode([call.messages, call.extra])
    # what the rails see is all there is: put back unchanged, it is the same call
    assert with_texts(call, texts) == call
    said_of = conversation(asked.messages, History())
    assert isinstance(said_of, Conversation)
