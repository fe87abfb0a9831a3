"""JSON Lines, TOML and Markdown: values, lines, faults."""

from __future__ import annotations

import io

import pytest

from roadworthy.domain import Case
from roadworthy.manifests.document import Document
from roadworthy.manifests.jsonl_reader import MAX_JSON_DEPTH, read_json, read_lines
from roadworthy.manifests.markdown_reader import read_markdown
from roadworthy.manifests.toml_reader import read_toml


def cases(data: bytes) -> tuple[list[Case], Document]:
    document = Document("cases.jsonl")
    return read_lines(io.BytesIO(data), document, Case), document


def test_blank_lines_and_a_byte_order_mark_are_skipped() -> None:
    read, document = cases(b'\xef\xbb\xbf{"id":"a","input":"x"}\n\n  \n{"id":"b","input":"y"}\r\n')
    assert [case.id for case in read] == ["a", "b"]
    assert list(document.order) == [1, 4]
    assert not document.faults


def test_a_faulty_line_does_not_hide_the_others() -> None:
    read, document = cases(b'{"id":1,"input":2}\nnonsense\n{"id":"c","input":"z"}\n')
    assert [case.id for case in read] == ["c"]
    assert [fault.line for fault in document.faults] == [1, 1, 2]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (b'{"id":"a","id":"b","input":"x"}', "`id` stands here twice"),
        (b'{"id" : "a", "id" : "b", "input":"x"}', "`id` stands here twice"),
        (b'{"id":"a","input":"x","context":{"k":1,"k":2}}', "`k` stands here twice"),
        (b'{"id":"a","input":"x","expect":{"text":"1","text":"2"}}', "`text` stands here twice"),
        (b'{"id":"a","input":"\xff"}', "UTF-8"),
        (b'{"id":"a","input":NaN}', "NaN"),
        (b'{"id":"a","input":"\\ud800"}', "surrogate"),
        (b'{"id":"a"', "not valid JSON"),
        (b'["a"]', "must be a mapping"),
        (b'{"id":"a","input":"x"} {}', "extra data"),
        (b'{"id":"a","input":"x","context":' + b"[" * 60 + b"]" * 60 + b"}", "levels deep"),
        (b'{"id":"a","input":"x","context":{"h\xc3\xb6he":1}}', "not ASCII"),
    ],
)
def test_what_is_wrong_with_a_line(line: bytes, part: str) -> None:
    _, document = cases(line)
    assert any(part in fault.message for fault in document.faults), document.faults


def test_a_known_word_inside_a_text_is_no_duplicate() -> None:
    read, document = cases(rb'{"id":"a","input":"say \"id\": 1"}')
    assert read[0].input == 'say "id": 1'
    assert not document.faults


def test_brackets_inside_a_text_are_no_nesting() -> None:
    read, document = cases(b'{"id":"a","input":"' + b"[" * (MAX_JSON_DEPTH * 3) + b'"}')
    assert not document.faults
    assert len(read) == 1


def test_the_line_inside_a_json_file_is_named() -> None:
    document = Document("schema.json")
    read, _ = read_json(b'{\n"a": 1,\n"b": }\n', document)
    assert not read
    assert document.faults[0].line == 3


TOML = """\
roadworthy = 1

[listen]
port = 80  # a comment

[upstreams.lab]
url = "http://x"

[[prices]]
model = "a"

[[prices]]
model = "b"
since = "2026-01-01"
"""


def test_toml_keys_have_their_lines() -> None:
    document = Document("roadworthy.toml")
    assert read_toml(TOML, document)
    assert document.line_of(("listen", "port")) == 4
    assert document.line_of(("upstreams", "lab", "url")) == 7
    assert document.line_of(("prices", 0, "model")) == 10
    assert document.line_of(("prices", 1, "since")) == 14


@pytest.mark.parametrize("text", ["a = ", "[a", "a = 1\na = 2\n", "a" + " = [" * 3000, "\x00"])
def test_bad_toml_is_a_fault(text: str) -> None:
    document = Document("roadworthy.toml")
    assert not read_toml(text, document)
    assert document.faults[0].line >= 1


def test_front_matter_and_body_have_their_lines() -> None:
    document = Document("note.md")
    assert read_markdown("---\na: 1\nb: 2\n---\nbody\n", document)
    assert document.data == {"a": 1, "b": 2}
    assert document.line_of(("b",)) == 3
    assert (document.text, document.text_line) == ("body\n", 5)


def test_empty_front_matter_is_an_empty_mapping() -> None:
    document = Document("note.md")
    assert read_markdown("---\n---\nbody", document)
    assert document.data == {}
