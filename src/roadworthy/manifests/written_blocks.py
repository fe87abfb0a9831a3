"""documents/KIND.LANGUAGE.md: what people wrote for a document, in marked blocks.

A block stands between `<!-- block: ID -->` and `<!-- /block -->`, each on a line of its own, with
or without spaces and in either case. What stands outside of blocks is for whoever writes and enters
no document; a line that was meant as a mark and is none is a fault, and so is a file that lies
elsewhere: a text that nobody reads is never passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from roadworthy.domain import Fault, Form, Language, ManifestError, Source, Written, sha256

from .document import Document
from .source import MAX_MANIFEST_BYTES, inside, read_bytes

FOLDER = "documents"
_BEGINS, _ENDS, _CLOSE = "<!-- block:", "-->", "<!-- /block -->"
_OPENING = re.compile(r"\s*<!--\s*block\s*:\s*(\S*)\s*-->\s*", re.IGNORECASE)
_CLOSING = re.compile(r"\s*<!--\s*/\s*block\s*-->\s*", re.IGNORECASE)
_MEANT = re.compile(r"<!-*\s*/?\s*(?:end[ -]?)?blocks?\b", re.IGNORECASE)
"""A line that was meant as a mark."""


def written_file(form: Form, language: Language) -> str:
    """Where the blocks of a document lie in the system's folder."""
    return f"{FOLDER}/{form.document}.{language}.md"


def load_written(root: Path, form: Form, language: Language) -> dict[str, Written]:
    """Block id -> what stands in it; without a file nothing does.

    Raises ManifestError with every fault: a block that the form does not have, stands twice or
    never ends.
    """
    file = written_file(form, language)
    document = Document(file)
    if not os.path.lexists(root / file):
        return {}
    if not inside(root, file):
        fix = "put the file itself there: nothing outside of the system's folder is read"
        document.fault((), "the link leads out of the system's folder", fix, line=0)
        raise ManifestError([fault for fault in document.faults if isinstance(fault, Fault)])
    data = read_bytes(root, document, limit=MAX_MANIFEST_BYTES)
    text = "" if data is None else _decoded(data, document)
    known = {block.human for section in form.sections for block in section.blocks if block.human}
    found = _blocks(text.split("\n"), document, known, form.moved)
    if document.faults:
        raise ManifestError([fault for fault in document.faults if isinstance(fault, Fault)])
    source = Source(what=file, digest=sha256(data or b""))
    return {name: Written(id=name, text=body, source=source) for name, body in found.items()}


def blank_blocks(form: Form, language: Language, written: dict[str, Written]) -> str:
    """The file with a block for each that a person writes; what is written stays."""
    lines = [f"# {form.title[language]}", ""]
    for section in form.sections:
        for block in section.blocks:
            if not block.human:
                continue
            kept = written[block.human].text if block.human in written else ""
            lines += [f"{section.heading[language]}: {block.ask[language]}", ""]
            lines += [f"{_BEGINS} {block.human} {_ENDS}", kept, _CLOSE, ""]
    return "\n".join(lines)


def _decoded(data: bytes, document: Document) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        document.fault((), "this is no UTF-8 text", "save it as UTF-8")
        return ""


def _blocks(
    lines: Iterable[str], document: Document, known: set[str], moved: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    name, since = "", 0
    for number, line in enumerate(lines, start=1):
        if opening := _OPENING.fullmatch(line):
            if name:
                _note(document, since, f"the block `{name}` never ends", f"end it: {_CLOSE}")
            name, since = opening[1], number
            if name not in known:
                fix = f"one of {', '.join(sorted(known)) or 'none'}; or take it out"
                if new := moved.get(name):
                    fix = (
                        f"what it asked is asked one by one now: rename it to `{new[0]}`, write the"
                        f" file anew with --blocks, and move its text to {', '.join(new)}"
                    )
                _note(document, number, f"this document has no block `{name}`", fix)
            elif name in found:
                _note(document, number, f"the block `{name}` stands twice", "keep one")
            found[name] = []
        elif _CLOSING.fullmatch(line):
            name = ""
        elif _MEANT.search(line):
            _note(document, number, "this is no mark of a block, and what it holds would be lost",
                  f"{_BEGINS} ID {_ENDS} or {_CLOSE}, alone on its line")  # fmt: skip
        elif name:
            found[name].append(line)
    if name:
        _note(document, since, f"the block `{name}` never ends", f"end it: {_CLOSE}")
    return {name: "\n".join(body).strip() for name, body in found.items() if "".join(body).strip()}


def _note(document: Document, line: int, message: str, fix: str) -> None:
    document.fault((), message, fix, line=line)
