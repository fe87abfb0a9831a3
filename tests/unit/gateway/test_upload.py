"""A form with a file, wherever the socket cuts it: the same lines, the same errors."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multipart import MultipartError

from doubles.set_clock import SetClock
from roadworthy.domain import StoredFile
from roadworthy.flows.batches.files import BatchFiles
from roadworthy.gateway.problems import ApiError
from roadworthy.gateway.upload import MAX_LINE, Form, FormReader, Lines, filename_of
from roadworthy.journal import Vault

KIND = "multipart/form-data; boundary=frontier"


def form(data: bytes, *, name: str = "r.jsonl", before: str = "purpose", after: str = "") -> bytes:
    def part(field: str) -> bytes:
        return (
            b'--frontier\r\ncontent-disposition: form-data; name="%b"\r\n\r\nbatch\r\n'
            % field.encode()
        )

    head = f'--frontier\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n'
    return b"".join(
        [
            part(before) if before else b"",
            head.encode() + b"content-type: application/octet-stream\r\n\r\n" + data + b"\r\n",
            part(after) if after else b"",
            b"--frontier--\r\n",
        ]
    )


class Kept:
    """A store, and what one upload left in it."""

    def __init__(self, root: Path) -> None:
        self.vault = Vault(root / "keys", b"m" * 32)
        self.files = BatchFiles(root / "batches", self.vault, SetClock())

    def upload(self, body: bytes, cuts: list[int] | None = None) -> tuple[Form, StoredFile]:
        draft = self.files.draft("acme")
        reader = FormReader(KIND, Lines(draft, lambda user: f"eu-{user}"))
        try:
            for piece in pieces(body, cuts or []):
                reader.feed(piece)
            told = reader.end()
        except BaseException:
            draft.drop()
            raise
        draft.sync()
        return told, draft.publish("batch", expires_s=0)

    def text(self, file: StoredFile) -> bytes:
        return "".join(text or "" for _, text in self.files.lines(file)).encode()


def pieces(body: bytes, cuts: list[int]) -> Iterator[bytes]:
    marks = [0, *sorted({cut % len(body) for cut in cuts}), len(body)]
    for start, end in itertools.pairwise(marks):
        if end > start:
            yield body[start:end]


LINES = st.lists(
    st.sampled_from(
        [b'{"body": {"user": "u"}}\n', b"{}\r\n", b"\n", b'{"a": "\\u00e9--frontier"}\n', b" \t\n"]
    ),
    max_size=8,
).map(b"".join)


@given(LINES, st.sampled_from([b"", b'{"last": 1}']), st.lists(st.integers(0, 5000), max_size=12),
       st.booleans())  # fmt: skip
def test_the_bytes_that_came_are_the_bytes_that_leave(
    tmp_path_factory: Any, lines: bytes, last: bytes, cuts: list[int], late: bool
) -> None:
    kept = Kept(tmp_path_factory.mktemp("kept"))
    body = form(lines + last, before="" if late else "purpose", after="purpose" if late else "")
    told, file = kept.upload(body, cuts)
    assert kept.text(file) == lines + last and file.size == len(lines + last)
    assert told.fields == {"purpose": "batch"} and told.filename == "r.jsonl"
    assert kept.files.name_of(file) == "r.jsonl"


@given(st.binary(max_size=400), st.lists(st.integers(0, 5000), max_size=6))
def test_any_bytes_end_in_a_file_or_an_error_and_leave_no_draft(
    tmp_path_factory: Any, body: bytes, cuts: list[int]
) -> None:
    root = tmp_path_factory.mktemp("any")
    for sent in (body or b"x", form(body), form(body)[: len(body)] or b"y"):
        try:
            kept = Kept(root)
            _, file = kept.upload(sent, cuts)
        except (ApiError, MultipartError):
            continue
        assert kept.text(file) == body
    assert not list(root.rglob("*.part"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{}\n\n{]\n{}\n", "line 3 of the file: it is no JSON object"),
        (b'{"a": "\xff"}\n', "line 1 of the file"),
        (b"{}\n7\n", "line 2 of the file"),
        (b"{}\n" + b"[" * 20_000, "line 2 of the file"),
        (b'{}\n{"body": 7}\n', "line 2 of the file"),
        (b"{}\n" + b" " * (MAX_LINE + 1), "line 2 of the file: it is longer than"),
        (b"{}\n" + b" " * MAX_LINE + b"\n", "line 2 of the file: it is longer than"),
    ],
)
def test_the_line_at_fault_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    body = form(data)
    for cuts in ([], [len(body) - 30], list(range(0, len(body), 40_001))):
        with pytest.raises(ApiError) as refused:
            Kept(tmp_path).upload(body, cuts)
        assert said in refused.value.message and refused.value.param == "file"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (form(b"{}\n", before="x" * 5000), "header"),
        (form(b"{}\n", after="file"), "two fields `file`"),
        (form(b"{}\n", after="purpose"), "twice"),
        (b"--frontier--\r\n", "no field `file`"),
        (form(b"{}\n")[:-20], ""),
    ],
)
def test_a_form_that_is_none_is_refused(tmp_path: Path, body: bytes, said: str) -> None:
    with pytest.raises((ApiError, MultipartError)) as refused:
        Kept(tmp_path).upload(body)
    assert said in str(refused.value)


def test_a_content_type_without_a_boundary_is_refused(tmp_path: Path) -> None:
    draft = Kept(tmp_path).files.draft("acme")
    lines = Lines(draft, str)
    for kind in ("", "application/json", "multipart/form-data", "multipart/form-data; boundary="):
        with pytest.raises(ApiError, match="multipart/form-data"):
            FormReader(kind, lines)
    FormReader('multipart/form-data; boundary="a b"', lines)
    draft.drop()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\temp\\r.jsonl", "r.jsonl"),
        ("a\r\nx-evil: 1\x00", "ax-evil: 1"),
        ("..", ".."),
        (None, "requests.jsonl"),
        ("/", "requests.jsonl"),
        ("é" * 900, "é" * 255),
    ],
)
def test_a_name_is_shown_and_leads_nowhere(said: str | None, shown: str) -> None:
    assert filename_of(said) == shown


def test_the_subject_of_a_line_is_the_user_in_either_apis_words(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    chat, other = b'{"body": {"user": "ann"}}\n', b'{"body": {"user": 7}}\n'
    messages = b'{"body": {"metadata": {"user_id": "ann"}}}\n'
    _, file = kept.upload(form(chat + messages + other))
    kept.vault.erase(tenant="acme", subject="eu-ann")
    assert [text for _, text in kept.files.lines(file)] == [None, None, other.decode()]
