"""Files of documents: new ones only, by their ending; and the blocks that people fill."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Language, Paper, UsageError

_KINDS = {".md", ".html", ".pdf"}
_MARKS = (b"# ", b"<!doctype html>", b"%PDF-")


def require_new(out: Path) -> None:
    """Only a new file, or a document, is written to. Raises UsageError."""
    from roadworthy.flows.own_files import require_own

    if out.suffix not in _KINDS:
        raise UsageError(f"{out} has no ending of a document", fix=".md, .html or .pdf")
    require_own(out, lambda begins: begins.startswith(_MARKS), kind="document")


def write_document(out: Path, paper: Paper, *, markdown: bytes) -> bytes:
    """Write it by the file's ending; returns its bytes."""
    from roadworthy.flows.own_files import write_own

    match out.suffix:
        case ".pdf":
            from roadworthy.console.printed import to_pdf

            data = to_pdf(paper)
        case ".html":
            from roadworthy.console.paper import to_html

            data = to_html(paper).encode()
        case _:
            data = markdown
    write_own(out, data)
    return data


def write_blocks(directory: Path, kind: str, language: Language) -> Path:
    """The file with a block for each that a person writes; what is written stays."""
    from roadworthy.flows.documents import form_of
    from roadworthy.flows.own_files import write_own
    from roadworthy.manifests import blank_blocks, load_written, written_file

    form = form_of(kind)
    path = directory / written_file(form, language)
    written = load_written(directory, form, language)
    path.parent.mkdir(exist_ok=True)
    write_own(path, blank_blocks(form, language, written).encode())
    return path
