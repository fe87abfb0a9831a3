"""A system's folder while it is read: one document a file, digests, side files, all faults.

Enters: a root path. Leaves: typed values and faults sorted by file and line. Never here: a
path that leaves the root, an exception because of what a file says.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from roadworthy.domain import Fault

from .candidate_files import candidate_files
from .document import Document
from .document import Path as Place
from .jsonl_reader import read_json, read_lines
from .markdown_reader import read_markdown
from .source import MAX_DATA_BYTES, inside, note_unreadable, read_bytes, read_text, readable
from .toml_reader import read_toml
from .typed import build
from .yaml_reader import read_yaml

T = TypeVar("T", bound=msgspec.Struct)

VERSION = 1
"""The newest version of the contract's files that this version reads."""

MAX_SIDE_FILE_BYTES = 64 * 1024 * 1024
"""Side files above this are digested but not parsed."""


BY_THEIR_NAME = frozenset((
    "candidate.yaml", "charter.yaml", "deliberation-note.md", "facts.yaml", "pipeline.yaml",
    "quarantine.yaml", "roadworthy.toml", "rollout.yaml", "safety-slos.yaml",
))  # fmt: skip
"""Files that are read by their own name: no other file means one of them."""


class Folder:
    """Reads files of one folder, each once."""

    def __init__(self, root: Path) -> None:
        """`root` must exist; nothing is read yet."""
        self.root = root
        self.documents: dict[str, Document] = {}
        self.files: dict[str, str] = {}
        """Files that change behaviour, relative path -> digest."""
        self.assets: dict[str, Any] = {}

    def document(self, file: str) -> Document:
        """The document of a file; the same one at every call."""
        return self.documents.setdefault(file, Document(file))

    def has(self, file: str) -> bool:
        """Whether the file exists."""
        return (self.root / file).is_file()

    def lies(self, file: str) -> bool:
        """Whether anything has that name: a link to nowhere is there, and a fault once read."""
        return os.path.lexists(self.root / file)

    def names(self, folder: str, *suffixes: str) -> list[str]:
        """Files of a sub-folder with one of the suffixes, sorted; hidden ones are left alone."""
        path = self.root / folder
        if not path.is_dir():
            if self.lies(folder):
                self.document(folder).fault((), "this is no folder", "make it one, or remove it")
            return []
        try:
            found = sorted(path.iterdir())
        except OSError as error:
            note_unreadable(self.document(folder), error)
            return []
        return [
            f"{folder}/{one.name}"
            for one in found
            if one.suffix in suffixes and not one.name.startswith(".")
        ]

    def yaml(self, file: str, kind: type[T]) -> T | None:
        """A YAML file as a struct; None when nothing of it could be read."""
        document = self.document(file)
        text = read_text(self.root, document)
        if text is None or not read_yaml(text, document):
            return None
        return self._build(document, kind)

    def markdown(self, file: str, kind: type[T]) -> T | None:
        """A Markdown file's front matter as a struct; the body is in `document(file).text`."""
        document = self.document(file)
        text = read_text(self.root, document)
        if text is None or not read_markdown(text, document):
            return None
        return self._build(document, kind)

    def toml(self, file: str, kind: type[T]) -> T | None:
        """A TOML file as a struct."""
        document = self.document(file)
        text = read_text(self.root, document)
        if text is None or not read_toml(text, document):
            return None
        return self._build(document, kind)

    def _build(self, document: Document, kind: type[T]) -> T | None:
        if document.data is None:
            names = [one.encode_name for one in msgspec.structs.fields(kind) if one.required]
            document.fault((), "the file is empty", f"write at least {', '.join(names)}")
            return None
        data = document.data
        stated = data.get("roadworthy", 1) if isinstance(data, dict) else 1
        if isinstance(stated, int) and not isinstance(stated, bool) and stated > VERSION:
            document.fault(
                (),
                f"the file says `roadworthy: {stated}`: it was made by a newer version",
                f"upgrade roadworthy, or write `roadworthy: {VERSION}`",
                line=document.line_of(("roadworthy",)),
            )
            return None
        if isinstance(stated, int) and not isinstance(stated, bool) and stated < 1:
            document.fault(
                ("roadworthy",), f"`roadworthy: {stated}` is no version", "write `roadworthy: 1`"
            )
        return build(document, kind)

    def lines(self, file: str, kind: type[T], each: Callable[[T], T] | None = None) -> list[T]:
        """A JSON Lines file, one struct a line; see `read_lines`."""
        document = self.document(file)
        path = readable(self.root, document)
        if path is None:
            return []
        try:
            with path.open("rb", buffering=1 << 20) as stream:
                return read_lines(stream, document, kind, each)
        except OSError as error:
            note_unreadable(document, error)
            return []

    def digest(self, file: str, *, limit: int = MAX_DATA_BYTES) -> None:
        """Count a file of at most `limit` bytes among those that change behaviour."""
        if file in self.files or not self.has(file):
            return
        import hashlib

        document = self.document(file)
        path = readable(self.root, Document(file) if document.broken else document, limit=limit)
        if path is None:
            return
        try:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            note_unreadable(document, error)
            return
        self.files[file] = f"sha256:{found}"

    def reach(self, named: str, by: Document, place: Place, *, beside: str = "") -> str | None:
        """The file that a manifest names, inside the folder and there; None after a fault."""
        key = by.spell(place)
        target = inside(self.root, named, beside=beside)
        if target is None:
            by.fault(
                place,
                f"`{key}` names `{named}`, which is outside of the system's folder",
                "name a file inside it, relative to it",
            )
            return None
        if not beside and target != named:
            by.fault(place, f"`{key}` names `{named}` in a roundabout way", f"write `{target}`")
            return None
        if (self.root / target).is_dir():
            by.fault(
                place, f"`{key}` names `{named}`, which is a folder, not a file", "name a file"
            )
            return None
        if not self.has(target):
            by.fault(
                place,
                f"`{key}` names `{named}`, which does not exist",
                self._nearest(target) or "create the file, or correct the name",
            )
            return None
        return target

    def _nearest(self, target: str) -> str:
        """A file of the same folder with a similar name, as a suggestion."""
        import difflib

        folder = (self.root / target).parent
        if not folder.is_dir():
            return f"there is no folder `{Path(target).parent.as_posix()}` here"
        taken = BY_THEIR_NAME | set(candidate_files(self.root))
        beside = sorted(one for one in folder.iterdir() if one.is_file())[:500]
        known: dict[str, str] = {}
        for one in beside:
            path = (Path(target).parent / one.name).as_posix()
            if path not in taken:
                known.setdefault(one.stem, path)
        near = difflib.get_close_matches(Path(target).stem, known, n=1)
        return f"did you mean `{known[near[0]]}`?" if near else ""

    def side_file(self, file: str) -> Any:
        """A side file, parsed by its suffix, digested and kept as an asset; None when binary."""
        self.digest(file)
        if file in self.assets:
            return self.assets[file]
        value = self._parse_side_file(file)
        if value is not None:
            self.assets[file] = value
        return value

    def _parse_side_file(self, file: str) -> Any:
        document = self.document(file)
        data = read_bytes(self.root, document, limit=MAX_SIDE_FILE_BYTES)
        if data is None:
            return None
        suffix = Path(file).suffix.lower()
        if suffix == ".json":
            return read_json(data, document)[1]
        if suffix == ".jsonl":
            return [
                read_json(line, document, first_line=number, path=(number,))[1]
                for number, line in enumerate(data.split(b"\n"), start=1)
                if line.strip()
            ]
        if suffix in (".yaml", ".yml"):
            text = read_text(self.root, document)
            return document.data if text is not None and read_yaml(text, document) else None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def faults(self) -> list[Fault]:
        """Every fault, errors and warnings, by file and line, each once."""
        found = {fault for document in self.documents.values() for fault in document.faults}
        return sorted(found, key=lambda one: (one.file, one.line, one.severity, one.message))
