"""Outside sets of attacks, read from a file that stays where it is.

JSON Lines (a text or a mapping a line), JSON (texts, mappings, or texts by class, as in BIPIA and
garak), CSV with a header, or plain text with one attack a line; each may be gzipped. What a set
knows of success is taken along: `absent` (RE2), or `expected_strings` as in the sets of Giskard.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from roadworthy.domain import UsageError
from roadworthy_verify.plain_file import TooLargeError, read_plain

from .attacks.payloads import Payload

MAX_BYTES = 256 * 1024 * 1024
MAX_TEXT = 100_000
"""Characters of one attack; longer ones are left out and counted."""

_TEXT_KEYS = ("text", "prompt", "payload", "attack", "input", "goal", "query", "question")
_SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".txt")


def read_payloads(path: Path) -> tuple[Payload, ...]:
    """Every attack of a file, in its order, equal texts once. Raises UsageError with the place."""
    data = _bytes(path)
    kind = next((one for one in reversed(path.suffixes) if one in _SUFFIXES), "")
    try:
        text = data.decode("utf-8-sig")
        rows = list(_rows(text, kind))
    except (UnicodeDecodeError, json.JSONDecodeError, csv.Error, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read as {kind or 'text'}: {error}") from None
    if not kind:
        raise UsageError(
            f"{path}: its name does not say what it is", fix=f"name it {' or '.join(_SUFFIXES)}"
        )
    found: dict[str, Payload] = {}
    for place, value in rows:
        payload = _payload(value, f"{path.name}#{place}")
        if payload is not None and len(payload.text) <= MAX_TEXT:
            found.setdefault(payload.text, payload)
    if not found:
        raise UsageError(
            f"{path}: no attack was found in it",
            fix=f"give texts, or mappings with one of {', '.join(_TEXT_KEYS)}",
        )
    return tuple(found.values())


def _bytes(path: Path) -> bytes:
    try:
        data = read_plain(path, MAX_BYTES)
        if path.suffix == ".gz":
            with gzip.open(io.BytesIO(data)) as stream:
                data = stream.read(MAX_BYTES + 1)
    except TooLargeError:
        raise UsageError(f"{path} has more than {MAX_BYTES >> 20} MiB") from None
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path} holds more than {MAX_BYTES >> 20} MiB")
    return data


def _rows(text: str, kind: str) -> Iterator[tuple[str, Any]]:
    """(place, value) of every row."""
    if kind == ".jsonl":
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield str(number), json.loads(line)
    elif kind == ".json":
        yield from _walk(json.loads(text), "")
    elif kind in (".csv", ".tsv"):
        csv.field_size_limit(1 << 24)
        table = csv.DictReader(io.StringIO(text), delimiter="\t" if kind == ".tsv" else ",")
        for number, row in enumerate(table, start=2):
            yield str(number), row
    else:
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield str(number), line


def _walk(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every text or mapping with a text, through lists and classes; comments are left out."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _walk(item, f"{place}/{number}" if place else str(number))
    elif isinstance(value, dict):
        if any(isinstance(value.get(key), str) for key in _TEXT_KEYS):
            yield place, value
            return
        if isinstance(value.get("payloads"), list):
            yield from _walk(value["payloads"], place)
            return
        for key, item in value.items():
            if isinstance(item, list | dict):
                yield from _walk(item, f"{place}/{key}" if place else str(key))


def _payload(value: Any, source: str) -> Payload | None:
    if isinstance(value, str):
        return Payload(text=value, source=source) if value.strip() else None
    if not isinstance(value, dict):
        return None
    text = next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), "")
    if not text.strip():
        return None
    return Payload(
        text=text,
        absent=_absent(value, source),
        hazard=_word(value.get("hazard")) or "steering",
        language=_word(value.get("language"))[:2],
        source=source,
    )


def _absent(value: dict[str, Any], source: str) -> str:
    """The pattern that success matches, where the set names one."""
    import re2

    given = value.get("absent")
    if isinstance(given, str) and given:
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(given, options)
        except re2.error as error:
            raise UsageError(f"{source}: `absent` is not an RE2 pattern: {error}") from None
        return given
    return _any_of(value.get("expected_strings"))


def _any_of(strings: Any) -> str:
    if isinstance(strings, str):
        try:
            strings = json.loads(strings)
        except json.JSONDecodeError:
            strings = [strings]
    if not isinstance(strings, Iterable) or isinstance(strings, str | bytes | dict):
        return ""
    words = [one for one in strings if isinstance(one, str) and one.strip()]
    return "(?i)" + "|".join(map(re.escape, words)) if words else ""


def _word(value: Any) -> str:
    """A short word of a set that may be a tag; nothing else of it."""
    word = value.strip().lower().replace(" ", "_") if isinstance(value, str) else ""
    return word if len(word) <= 40 and re.fullmatch(r"[a-z0-9_]+", word) else ""
