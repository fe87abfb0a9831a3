"""The form of a document: read with every fault at once; fillers that nobody has are faults."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from roadworthy.domain import LANGUAGES, Form, ManifestError, UsageError, Words

from .document import Document
from .document import Path as Place
from .folder import Folder


def load_form(path: Path, fillers: Collection[str]) -> Form:
    """A form. Raises UsageError without a file, ManifestError with all its faults."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}", fix="name a form")
    folder = Folder(path.resolve().parent)
    form = folder.yaml(path.name, Form)
    document = folder.document(path.name)
    if form is not None and not document.faults:
        _check(form, document, fillers)
    errors = [fault for fault in folder.faults() if fault.severity == "error"]
    if errors or form is None:
        raise ManifestError(errors)
    return form


def _check(form: Form, document: Document, fillers: Collection[str]) -> None:
    _languages(form.title, ("title",), document)
    seen: set[str] = set()
    ids = {block.human for section in form.sections for block in section.blocks}
    for old, new in form.moved.items():
        if old in ids:
            document.fault(("moved", old), f"`{old}` is still asked", "take it out")
        if not new or not set(new) <= ids:
            document.fault(("moved", old), "it moved to a block that is not there", "name others")
    for at, section in enumerate(form.sections):
        _languages(section.heading, ("sections", at, "heading"), document)
        for number, block in enumerate(section.blocks):
            place = ("sections", at, "blocks", number)
            if not block.fill and not block.human:
                document.fault(place, "nothing fills this block", "`fill`, `human`, or both")
            if block.fill and block.fill not in fillers:
                document.fault(place, f"nothing fills `{block.fill}`", "name another filler")
            if block.human:
                _languages(block.ask, (*place, "ask"), document)
                if block.human in seen:
                    document.fault(place, f"`{block.human}` stands twice", "another id")
                seen.add(block.human)


def _languages(words: Words, place: Place, document: Document) -> None:
    for language in LANGUAGES:
        if not words.get(language, "").strip():
            document.fault(place, f"it is not said in `{language}`", f"{language}: …")
