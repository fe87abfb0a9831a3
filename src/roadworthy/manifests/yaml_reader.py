"""YAML to plain values, each with its line; YAML 1.2 core scalars; every limit bounded.

Built from libyaml's flat stream of events instead of a recursive composer: depth and size are
counted before anything is built, so nested brackets or aliases cannot exhaust stack or memory.
Never here: a tag that makes an object, a second document, a silent duplicate key.
Sources: YAML 1.2.2, section 10.3 (core schema), https://yaml.org/spec/1.2.2/#103-core-schema.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from .document import Document, Path

MAX_DEPTH = 40
"""Nesting of a contract file; the deepest of ours has 8."""

MAX_NODES = 100_000
"""Values of one file, aliases counted as often as they are used."""

_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_MAX_DIGITS = 40
"""Longer numbers stay text: no field holds one, and reading them costs quadratic time."""


class _StopError(Exception):
    """Reading cannot go on; the fault is noted."""


class _Open:
    """A mapping or sequence that is being filled."""

    __slots__ = ("anchor", "key", "path", "start", "value")

    def __init__(self, value: Any, path: Path, anchor: str, start: int) -> None:
        self.value = value
        self.path = path
        self.anchor = anchor
        self.start = start
        self.key: str | None = None


def read_yaml(text: str, document: Document, *, first_line: int = 1) -> bool:
    """Fill the document's data and lines; False after a fault that leaves nothing to check."""
    reader = _Reader(document, first_line)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except _StopError:
        return False
    except yaml.YAMLError as error:
        _note_syntax(error, text, document, first_line)
        return False
    except UnicodeEncodeError:
        document.fault((), "the file holds half of a surrogate pair", "save it as UTF-8")
        return False
    document.data = reader.result
    document.lines.setdefault((), first_line)
    return True


class _Reader:
    """Takes events one by one and builds values without recursion."""

    def __init__(self, document: Document, first_line: int) -> None:
        self.document = document
        self.offset = first_line
        self.result: Any = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        """Handle one event of the stream."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(event, [])
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(event, "the file holds a second document", "keep one `---` at most")

    def _line(self, event: Any) -> int:
        return int(event.start_mark.line) + self.offset

    def _stop(self, event: Any, message: str, fix: str) -> None:
        self.document.fault((), message, fix, line=self._line(event))
        raise _StopError

    def _count(self, event: Any, number: int) -> None:
        self._nodes += number
        if self._nodes > MAX_NODES:
            self._stop(
                event,
                f"the file holds more than {MAX_NODES:,} values (aliases counted as often as used)",
                "split it, or write less with anchors",
            )

    def _scalar(self, event: Any) -> None:
        self._count(event, 1)
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(event, top)
            return
        value: Any = event.value
        if event.tag is not None and event.tag != "tag:yaml.org,2002:str":
            self._tag(event)
        elif event.tag is None and event.implicit[0]:
            value = resolve(event.value)
        self._put(event, value, size=1)

    def _key(self, event: Any, top: _Open) -> None:
        key = str(event.value)
        path = (*top.path, key)
        if key == "<<" and event.implicit[0] and event.tag is None:
            self._merge(event)
        if key in top.value:
            first = self.document.line_of(path)
            self.document.fault(
                path,
                f"`{key}` stands here twice (first on line {first})",
                "keep one of them",
                line=self._line(event),
            )
        else:
            self.document.lines[path] = self._line(event)
        top.key = key

    def _merge(self, event: Any) -> None:
        """A merge key of YAML 1.1, which YAML 1.2 no longer has: refused with the way out."""
        self._stop(
            event,
            "merge keys (`<<`) are not supported: whoever reads the file must see every value where"
            " it counts",
            "write the keys out; an anchor may still stand for a whole value: `name: *anchor`",
        )

    def _put(self, event: Any, value: Any, *, size: int) -> Path:
        """Place a value where the stream stands; returns its path."""
        if event.anchor:
            self._anchors[event.anchor] = (value, size)
        if not self._stack:
            self.result = value
            self.document.lines.setdefault((), self._line(event))
            return ()
        top = self._stack[-1]
        if isinstance(top.value, list):
            path: Path = (*top.path, len(top.value))
            self.document.lines[path] = self._line(event)
            top.value.append(value)
            return path
        if top.key is None:
            self._stop(event, "a key must be a plain word here", "write `name: value`")
        key = str(top.key)
        top.key = None
        top.value.setdefault(key, value)
        return (*top.path, key)

    def _open(self, event: Any, value: Any) -> None:
        self._count(event, 1)
        if event.tag is not None:
            self._tag(event)
        if len(self._stack) >= MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels", "write it flatter")
        anchor, start = event.anchor or "", self._nodes
        event.anchor = None
        path = self._put(event, value, size=0)
        self._stack.append(_Open(value, path, anchor, start))

    def _close(self) -> None:
        done = self._stack.pop()
        if done.anchor:
            # Known only now: an alias inside its own anchor would be an endless value.
            self._anchors[done.anchor] = (done.value, self._nodes - done.start + 1)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            self._stop(
                event,
                f"`*{event.anchor}` names no anchor above it",
                "define the anchor first, or write the value out",
            )
        value, size = self._anchors[event.anchor]
        self._count(event, size)
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._stop(event, "an alias cannot be a key", "write the key out")
        event.anchor = None
        self._put(event, value, size=size)

    def _tag(self, event: Any) -> None:
        shown = str(event.tag).replace("tag:yaml.org,2002:", "!!")[:60]
        self._stop(event, f"the tag `{shown}` is not allowed", "write the plain value")


def resolve(text: str) -> Any:
    """A plain scalar's value by the core schema: `no` and `2026-01-01` stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "-+.0123456789" or len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "", 1).lower()) if _SPECIAL.fullmatch(text) else text


_SYNTAX = {
    "found character that cannot start any token": "indent with spaces, never with a tab; put "
    "text that starts with `@`, `` ` `` or `%` in quotes",
    "mapping values are not allowed": "put text that contains `: ` in quotes, and check the "
    "indentation of this line",
    "found unexpected end of stream": "close the quote that was opened",
    "did not find expected key": "align this line with the keys above it",
    "did not find expected '-' indicator": "align this line with the items above it",
    "did not find expected ',' or '}'": "close the brace that was opened",
    "did not find expected ',' or ']'": "close the bracket that was opened",
    "could not find expected ':'": "write `key: value`",
    "control characters are not allowed": "remove the invisible character",
}


def _note_syntax(error: Any, text: str, document: Document, first_line: int) -> None:
    """A libyaml error as a fault: where, what, and what usually helps."""
    problem = str(getattr(error, "problem", "") or "")
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        line = min(int(mark.line), text.count("\n")) + first_line
        where = f" at column {int(mark.column) + 1}"
    else:
        position = int(getattr(error, "position", 0) or 0)
        line, where = text.count("\n", 0, position) + first_line, ""
        problem = str(getattr(error, "reason", "") or problem or error)
    fix = next((hint for start, hint in _SYNTAX.items() if start in problem), "check the YAML")
    document.fault((), f"this is not valid YAML: {problem}{where}", fix, line=line)
