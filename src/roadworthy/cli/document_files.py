"""Files of documents: new ones, or over what `document` wrote; and the blocks that people fill.

Each file that it writes ends with a line that holds the digest of all the rest. Where the digest is
right, nobody has written anything into the file since, and nothing of anybody is lost.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Language, Paper, UsageError, sha256

_KINDS = {".md", ".html", ".pdf"}
_MARK = b"written by roadworthy document, the rest is sha256:"
_MOST = 64 << 20
"""More than any document has."""


def require_new(out: Path) -> None:
    """Only a new file, or one as `document` wrote it, is written to. Raises UsageError."""
    from roadworthy.flows.workspace.own_files import require_own

    if out.suffix not in _KINDS:
        raise UsageError(f"{out} has no ending of a document", fix=".md, .html or .pdf")
    require_own(
        out,
        lambda _: _holds_untouched(out),
        kind="document as this command wrote it, with nothing changed since",
    )


def marked(data: bytes, suffix: str) -> bytes:
    """The file with the line that tells it: a comment, which no reader shows."""
    if suffix != ".pdf":
        return data + _line(data, b"<!-- ", b" -->")
    before, word, after = data.rpartition(b"startxref")  # nothing may follow the end of a PDF
    return before + _line(data, b"% ", b"") + word + after


def _holds_untouched(out: Path) -> bool:
    from roadworthy_verify.plain_file import read_plain

    try:
        return is_untouched(read_plain(out, _MOST))
    except OSError:
        return False


def is_untouched(data: bytes) -> bool:
    """Whether it is a file that `document` wrote, and nobody after it."""
    at = data.rfind(_MARK)
    begins, ends = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1
    if at < 0 or not ends:
        return False
    rest, line = data[:begins] + data[ends:], data[begins:ends]
    return line in (_line(rest, b"<!-- ", b" -->"), _line(rest, b"% ", b""))


def _line(rest: bytes, opens: bytes, closes: bytes) -> bytes:
    return opens + _MARK + sha256(rest).removeprefix("sha256:").encode() + closes + b"\n"


def write_document(out: Path, paper: Paper, *, markdown: bytes) -> bytes:
    """Write it by the file's ending; returns its bytes."""
    from roadworthy.flows.workspace.own_files import write_own

    match out.suffix:
        case ".pdf":
            from roadworthy.console.printed import to_pdf

            data = marked(to_pdf(paper), ".pdf")
        case ".html":
            from roadworthy.console.paper import to_html

            data = marked(to_html(paper).encode() + b"\n", ".html")
        case _:
            data = markdown
    write_own(out, data)
    return data


def write_blocks(directory: Path, kind: str, language: Language) -> Path:
    """The file with a block for each that a person writes; what is written stays."""
    from roadworthy.flows.papers.documents import form_of
    from roadworthy.flows.workspace.own_files import write_own
    from roadworthy.manifests import blank_blocks, load_written, written_file

    form = form_of(kind)
    path = directory / written_file(form, language)
    written = load_written(directory, form, language)
    path.parent.mkdir(exist_ok=True)
    write_own(path, blank_blocks(form, language, written).encode())
    return path
