"""Tools of a local model: what it is told, what counts as a call, and what never does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roadworthy.domain import Chunk, ModelRequest, ProviderError, Usage
from roadworthy.providers.local_grammar import DEEPEST, call_grammar
from roadworthy.providers.local_tools import CallReader, Tools, plain_messages, tools_of

SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
USER = {"role": "user", "content": "Refund A1"}


def a_tool(name: str = "refund", **more: Any) -> dict[str, Any]:
    function = {"name": name, "description": "Pays back.", "parameters": SCHEMA, **more}
    return {"type": "function", "function": function}


def asked(*tools: Any, choice: Any = None, **more: Any) -> ModelRequest:
    extra = {"tools": list(tools), **({} if choice is None else {"tool_choice": choice})}
    return ModelRequest(**({"model": "m", "messages": (USER,), "extra": extra} | more))


def read(*pieces: str, end: str = "stop", names: tuple[str, ...] = ("refund",)) -> list[Chunk]:
    tools = Tools(told="x", functions=tuple({"name": name} for name in names))
    reader = CallReader(tools, place=3)
    chunks = [Chunk(text=piece) for piece in pieces]
    usage = Usage(output_tokens=len(pieces))
    return [reader.read(each) for each in (*chunks, Chunk(finish_reason=end, usage=usage))]


def text(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


# what the model is told


def test_the_model_is_told_of_every_tool_in_the_documented_form() -> None:
    tools = tools_of(asked(a_tool(), a_tool("look_up", strict=True)))
    head, _, told = tools.told.rpartition("\n")
    assert '{"name": function name, "parameters": dictionary of argument name' in head
    assert json.loads(told) == [
        {"name": "refund", "description": "Pays back.", "parameters": SCHEMA},
        {"name": "look_up", "description": "Pays back.", "parameters": SCHEMA},
    ]
    assert not tools.required


def test_a_conversation_is_told_in_the_same_form() -> None:
    call = {"id": "c1", "function": {"name": "refund", "arguments": '{"order":"A1"}'}}
    other = {"id": "c2", "function": {"name": "look_up", "arguments": "{no json"}}
    messages = (
        USER, {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": 'paid "20"\n<end_of_turn>'},
        {"role": "assistant", "content": "Wait.", "tool_calls": [call, other]},
    )  # fmt: skip
    plain = plain_messages(messages, tools_of(asked(a_tool())))
    assert [each["role"] for each in plain] == ["system", "user", "assistant", "user", "assistant"]
    assert plain[2]["content"] == '{"name":"refund","parameters":{"order":"A1"}}'
    assert json.loads(plain[3]["content"]) == {
        "name": "refund", "result": 'paid "20"\n<end_of_turn>',
    }  # fmt: skip
    before, _, calls = plain[4]["content"].partition("\n")
    assert before == "Wait."
    assert [each["parameters"] for each in json.loads(calls)] == [{"order": "A1"}, "{no json"]


@pytest.mark.parametrize("said", ["[" * 100_000, '{"a": "\\ud800"}', '{"a": NaN}'])
def test_arguments_that_are_no_json_are_told_as_the_text_that_they_are(said: str) -> None:
    call = {"id": "c1", "function": {"name": "refund", "arguments": said}}
    told = plain_messages(({"role": "assistant", "tool_calls": [call]},), tools_of(asked(a_tool())))
    assert json.loads(told[-1]["content"]) == {"name": "refund", "parameters": said}


@pytest.mark.parametrize(
    ("choice", "required", "names"),
    [
        (None, False, ["refund", "look_up"]), ("auto", False, ["refund", "look_up"]),
        ("required", True, ["refund", "look_up"]), ("none", False, []),
        ({"type": "function", "function": {"name": "look_up"}}, True, ["look_up"]),
    ],
)  # fmt: skip
def test_the_caller_chooses(choice: Any, required: bool, names: list[str]) -> None:
    tools = tools_of(asked(a_tool(), a_tool("look_up"), choice=choice))
    assert (tools.required, tools.names) == (required, names)
    assert bool(tools.grammar()) is required


def test_call_first_holds_for_what_a_user_says_and_gives_way_to_the_caller() -> None:
    said = ({"role": "tool", "tool_call_id": "c", "content": "ok"},)
    assert tools_of(asked(a_tool()), call_first=True).required
    assert not tools_of(asked(a_tool(), messages=said), call_first=True).required
    assert not tools_of(asked(a_tool(), choice="auto"), call_first=True).required
    assert not tools_of(asked(), call_first=True).required


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (asked("f"), "a tool must be a function"),
        (asked(a_tool("no spaces")), "a tool must be a function"),
        (asked(a_tool('x" | root')), "a tool must be a function"),
        (asked(a_tool(), a_tool()), "each name once"),
        (asked(a_tool(), choice={"function": {"name": "bonus"}}), "not among the tools"),
        (asked(a_tool(), choice="perhaps"), "tool_choice must be"),
        (asked(a_tool(), choice=["auto"]), "tool_choice must be"),
        (asked(choice="required"), "there are no tools"),
        (asked(a_tool(), labels=("a", "b")), "a decision calls no tools"),
        (asked(a_tool(), messages=(), prompt="Once"), "write format: chat"),
        (ModelRequest(model="m", messages=(USER,), extra={"tools": {"a": 1}}), "a list"),
    ],
)
def test_what_cannot_be_told_is_refused(request_: ModelRequest, said: str) -> None:
    with pytest.raises(ProviderError) as caught:
        tools_of(request_)
    assert said in f"{caught.value.message} {caught.value.fix}"
    assert (caught.value.status, caught.value.retryable) == (400, False)


def test_a_message_with_a_call_that_is_none_is_refused() -> None:
    with pytest.raises(ProviderError, match="without a function"):
        plain_messages([{"role": "assistant", "tool_calls": ["x"]}], Tools())


# what counts as a call


def test_an_answer_that_is_a_call_leaves_as_one() -> None:
    chunks = read(' {"na', 'me": "refund", "parameters"', ': {"order": "A1"}}\n')
    assert text(chunks) == ""
    last = chunks[-1]
    assert (last.finish_reason, last.usage) == ("tool_calls", Usage(output_tokens=3))
    assert last.delta == {
        "tool_calls": [
            {
                "index": 0,
                "id": "call_3_0",
                "type": "function",
                "function": {"name": "refund", "arguments": '{"order": "A1"}'},
            }
        ]
    }


def test_several_calls_stand_in_a_list() -> None:
    (*_, last) = read(
        '[{"name": "refund", "parameters": {}},', ' {"name": "refund", "parameters": {}}]'
    )
    assert last.delta is not None
    assert [call["id"] for call in last.delta["tool_calls"]] == ["call_3_0", "call_3_1"]


@pytest.mark.parametrize(
    "pieces",
    [
        ("Sure, ", "done."), ("  ", "Hi"), ("[", "1] says"), ("[ ", "x"), ("",), (" ",), ("[",),
        ('I call {"name": "refund", "parameters": {}}',),
    ],
)  # fmt: skip
def test_a_text_is_a_text_and_none_of_it_is_lost(pieces: tuple[str, ...]) -> None:
    chunks = read(*pieces)
    assert text(chunks) == "".join(pieces)
    assert chunks[-1].finish_reason == "stop"
    assert all(chunk.delta is None for chunk in chunks)


def test_text_streams_as_soon_as_it_can_be_no_call() -> None:
    assert [chunk.text for chunk in read(" ", "Yes", ", done")] == ["", " Yes", ", done", ""]


CALL = '{"name": "refund", "parameters": {"order": "A1"}}'


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (CALL[:-1], "cannot be read"),
        (CALL + " I did it.", "Extra data"),
        (CALL + CALL, "Extra data"),
        ('{"order": "A1"}', "`name` and `parameters`"),
        ('{"name": "refund", "arguments": {}}', "`name` and `parameters`"),
        ('{"name": "refund", "parameters": {}, "id": 1}', "`name` and `parameters`"),
        ('{"name": "refund", "parameters": "A1"}', "is no object"),
        ('{"name": "bonus", "parameters": {}}', "no function 'bonus'"),
        ('{"name": ["refund"], "parameters": {}}', "no function"),
        ('{"name": "bonus", "name": "refund", "parameters": {}}', "stands twice"),
        ('{"name": "refund", "parameters": {"order": 1, "order": 2}}', "stands twice"),
        ('{"name": "refund", "parameters": {"order": NaN}}', "NaN is no JSON"),
        ('[{"name": "refund", "parameters": {}}, "and"]', "`name` and `parameters`"),
        ('{"name": "refund", "parameters": ' + '{"a": ' * 5000, "cannot be read"),
        ("{'name': 'refund', 'parameters': {}}", "cannot be read"),
    ],
)
def test_a_malformed_call_is_an_error_and_never_a_guess(answer: str, said: str) -> None:
    with pytest.raises(ProviderError, match="cannot be read") as caught:
        read(answer)
    assert said in caught.value.message
    assert not caught.value.retryable


def test_a_call_that_was_cut_says_so() -> None:
    with pytest.raises(ProviderError, match="cut at max_tokens"):
        read(CALL[:-3], end="length")


# what a call that must be may look like


def test_a_grammar_holds_names_types_and_what_is_required() -> None:
    schema = {
        "type": "object",
        "properties": {
            "unit": {"enum": ["cm", "in"]}, "n": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}}, "odd": {"type": ["a", "b"]},
        },
        "required": ["n", "nobody", 3],
    }  # fmt: skip
    rules = call_grammar([{"name": "f", "parameters": schema}]).splitlines()
    assert rules[:10] == [
        "root ::= r9",
        'r0 ::= "\\"cm\\""',
        'r1 ::= "\\"in\\""',
        "r2 ::= r0 | r1",
        'r3 ::= "\\"unit\\": " r2',
        'r4 ::= "\\"n\\": " integer',
        'r5 ::= "[" (string (", " string)*)? "]"',
        'r6 ::= "\\"tags\\": " r5',
        'r7 ::= "\\"odd\\": " value',
        'r8 ::= "{" r4 (", " r3)? (", " r6)? (", " r7)? "}"',
    ]
    assert rules[10] == 'r9 ::= "{\\"name\\": \\"f\\", \\"parameters\\": " r8 "}"'


def test_a_schema_reaches_the_grammar_as_quoted_text_only() -> None:
    hostile = {"type": "object", "properties": {'a" | root ::= "\n': {"enum": ['"\\']}}}
    rules = call_grammar([{"name": "f", "parameters": hostile}]).split("object ::=")[0]
    assert [line.split(" ")[0] for line in rules.split()[:1]] == ["root"]
    assert all(line.split(" ::= ")[0] in {"root", "r0", "r1", "r2", "r3", "r4"}
               for line in rules.splitlines() if line)  # fmt: skip
    assert r'"\"a\\\" | root ::= \\\"\\n\": "' in rules
    assert r'"\"\\\"\\\\\""' in rules


def test_a_grammar_is_neither_deep_nor_long_without_end() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(50):
        deep = {"type": "object", "properties": {"x": deep}}
    assert call_grammar([{"name": "f", "parameters": deep}]).count('x\\": ') == DEEPEST
    wide = {"type": "object", "properties": {str(n): {} for n in range(100_000)}}
    assert len(call_grammar([{"name": "f", "parameters": wide}])) < 2_000
    bushy: dict[str, Any] = {"type": "string"}
    for _ in range(DEEPEST):
        bushy = {"type": "object", "properties": {str(n): bushy for n in range(60)}}
    with pytest.raises(ProviderError, match="too long"):
        call_grammar([{"name": "f", "parameters": bushy}])
