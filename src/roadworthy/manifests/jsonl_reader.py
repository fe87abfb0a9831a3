"""JSON Lines and JSON to values, each with its line; duplicate keys are faults.

Cases come by the thousands, so a line takes the fast way (one strict decode) and only a line
that might be faulty takes the slow one, which finds every fault of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from .document import Document
from .typed import build

T = TypeVar("T", bound=msgspec.Struct)

MAX_LINE_BYTES = 4 * 1024 * 1024
"""One case: some four books."""

MAX_JSON_DEPTH = 40
"""Nesting of one value; deeper ones would exhaust the stack of whoever walks them."""


def read_lines(
    lines: Iterable[bytes],
    document: Document,
    kind: type[T],
    each: Callable[[T], T] | None = None,
) -> list[T]:
    """One struct a line. Blank lines are skipped; line N is item `(N,)` of the document.

    `each` is asked of every value what is to be kept of it.
    """
    decoder = msgspec.json.Decoder(kind)
    values: list[T] = []
    document.by_line = True
    for number, raw in enumerate(lines, start=1):
        line = (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()
        if not line:
            continue
        value = _fast(line, decoder)
        if value is None:
            value = _slow(line, number, document, kind)
        if value is not None:
            values.append(value if each is None else each(value))
            document.order.append(number)
    return values


def _fast(line: bytes, decoder: msgspec.json.Decoder[T]) -> T | None:
    """The line when it is plainly sound; None when it needs a closer look."""
    if len(line) > MAX_LINE_BYTES or line.count(b"{") + line.count(b"[") > MAX_JSON_DEPTH:
        return None
    try:
        return decoder.decode(line) if _keys_are_sound(line) else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _keys_are_sound(line: bytes) -> bool:
    """Whether no mapping of the line has a key twice or a key that is not ASCII.

    Raises ValueError and MsgspecError on what is no JSON. Where every quotation mark stands for
    itself, a doubled key is seen without looking at the keys: it is gone once the line was read
    and written again, and its quotation marks with it.
    """
    if line.isascii() and b"\\u" not in line:
        return _write(_read(line)).count(b'"') == line.count(b'"')
    _decoder_of_pairs.decode(line.decode())
    return True


def _sound_pairs(items: list[tuple[str, Any]]) -> None:
    names = {key for key, _ in items}
    if len(names) < len(items) or not all(map(str.isascii, names)):
        raise ValueError("a key stands twice or is not ASCII")


_read = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode
_decoder_of_pairs = json.JSONDecoder(object_pairs_hook=_sound_pairs)


def _slow(line: bytes, number: int, document: Document, kind: type[T]) -> T | None:
    """The line with every fault noted."""
    if len(line) > MAX_LINE_BYTES:
        document.fault(
            (number,), f"the line has {len(line):,} bytes", f"at most {MAX_LINE_BYTES:,} are read"
        )
        return None
    read, value = read_json(line, document, first_line=number, path=(number,))
    if not read:
        return None
    before = document.noted
    built = build(document, kind, data=value, path=(number,))
    return built if document.noted == before else None


def read_json(
    data: bytes, document: Document, *, first_line: int = 1, path: tuple[int, ...] = ()
) -> tuple[bool, Any]:
    """Whether it could be read, and the value; faults are noted."""
    deep = _depth(data)
    if deep > MAX_JSON_DEPTH:
        document.fault(
            path, f"nested {deep} levels deep", f"at most {MAX_JSON_DEPTH} levels are read"
        )
        return False, None
    doubles: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                doubles.append(key)
            found[key] = value
        return found

    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        document.fault(
            path, f"byte 0x{data[error.start]:02x} is not UTF-8", "save the file as UTF-8"
        )
        return False, None
    except json.JSONDecodeError as error:
        document.fault(
            path,
            f"this is not valid JSON: {error.msg.lower()} at column {error.colno}",
            _json_fix(error.msg),
            line=first_line + error.lineno - 1,
        )
        return False, None
    except (ValueError, RecursionError) as error:
        document.fault(path, f"this is not valid JSON: {error}", "write a finite, shorter number")
        return False, None
    if "\\ud" in text.lower() and not _is_unicode(value):
        document.fault(path, "a text holds half of a surrogate pair", "write the whole character")
        return False, None
    for key in doubles:
        document.fault(path, f"`{key}` stands here twice", "keep one of them")
    return not doubles, value


def _is_unicode(value: Any) -> bool:
    """Whether every text of the value can be written as UTF-8 again."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _json_fix(message: str) -> str:
    if "property name" in message:
        return 'put keys in double quotes: `"id": …`, and no comma after the last one'
    if "delimiter" in message:
        return "a comma or a bracket is missing before this column"
    if "Extra data" in message:
        return "one JSON value only; in a .jsonl file one a line"
    if "control character" in message:
        return "write a line break inside a text as `\\n`"
    if "Unterminated" in message:
        return "close the text with a double quote"
    return "check the JSON"


def _depth(data: bytes) -> int:
    """Nesting of brackets outside of texts (an upper bound for malformed input)."""
    if data.count(b"{") + data.count(b"[") <= MAX_JSON_DEPTH:
        return 0
    depth = deepest = 0
    in_text = escaped = False
    for byte in data:
        if in_text:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_text = False
        elif byte == 0x22:
            in_text = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest
