"""What lies at a path: a ledger, a bundle, a dossier, a proof, or nothing. Then verifies it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .bundle import verify_bundle
from .carried import load_heads
from .checkpoint import CheckpointError
from .container import is_bundle
from .dossier import MANIFEST, holds_dossier, is_dossier, verify_dossier
from .instant import EXAMPLE, whole_instant
from .ledger import CHECKPOINTS, MAGIC, verify_ledger
from .plain_file import read_plain
from .proof import is_proof, verify_proof
from .report import Report
from .trust import Trust

DATABASE = "ledger.db"
WORKSPACE = ".roadworthy"


def recognise(path: Path) -> tuple[str, Path]:
    """`ledger`, `bundle`, `dossier` or `proof` with its path; an empty word when it is none.

    A ledger is a SQLite file, or a folder with ledger.db (a workspace, or a system's folder with
    its workspace in .roadworthy). A bundle is an OCI image layout, as a folder or as a tar. A
    dossier is a zip file, a proof a JSON file.
    """
    if path.is_dir():
        for database in (path / DATABASE, path / WORKSPACE / DATABASE):
            if database.is_file():
                return "ledger", database
        for folder in (path, path / WORKSPACE):
            # The heads of a ledger that is gone; a bundle says of itself that it is one.
            if (folder / CHECKPOINTS).is_file() and not (folder / "oci-layout").exists():
                return "ledger", folder / DATABASE
        return ("bundle" if is_bundle(path) else "", path)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC or path.name == DATABASE:
                return "ledger", path
        if is_dossier(path):
            return "dossier", path
        if is_bundle(path):
            return "bundle", path
        if is_proof(path):
            return "proof", path
        if holds_dossier(path):
            return "dossier", path
    return "", path


def read_text(path: Path) -> bytes:
    """What somebody says was answered. Raises CheckpointError where it cannot be read."""
    try:
        return read_plain(path)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None


def verify_path(
    path: Path | str,
    *,
    trust: Trust | Path | str | Mapping[str, Any] | None = None,
    checkpoint: Path | str | None = None,
    at: str | None = None,
    text: bytes | None = None,
) -> Report:
    """Verify whatever lies at the path, as of an instant (default: now).

    `text` is held against the proof of an answer. Raises TrustError or CheckpointError when a file
    given by the caller cannot be read.
    """
    kind, found = recognise(Path(path))
    asked, at = at, None if at is None else whole_instant(at)
    if text is not None and kind != "proof":
        fault = f"a text is held against the proof of an answer, and {path} is none"
        return Report("not_evidence", fault, {"kind": kind}, (fault,))
    if at == "":
        fault = f"{asked!r} is no instant; write one as {EXAMPLE}"
        return Report("not_evidence", fault, {"kind": kind}, (fault,))
    if kind == "ledger":
        report = verify_ledger(found, trust, checkpoint)
        return report if at is None else _as_of_each_signature(report)
    if kind == "proof":
        kept = load_heads(Path(checkpoint)) if checkpoint else []
        return verify_proof(found, trust, kept=kept, at=at, text=text)
    if kind == "dossier":
        kept = load_heads(Path(checkpoint)) if checkpoint else []
        return verify_dossier(found, trust, kept=kept, at=at)
    if kind == "bundle":
        if checkpoint:
            raise CheckpointError("a checkpoint is held against a ledger or a proof, not a bundle")
        return verify_bundle(found, trust, at)
    what = (
        "is no ledger (ledger.db, or a folder that holds it), no bundle (an OCI layout), no"
        " dossier (zip) and no proof (JSON)"
    )
    if (found / MANIFEST).is_file():
        what = (
            "is the folder of a dossier that was unpacked; its signature is over the zip's files"
            " together: give the zip itself, as it was received"
        )
    fault = f"{path} {what}" if found.exists() else f"{path} does not exist"
    return Report("not_evidence", fault, {"kind": ""}, (fault,))


def _as_of_each_signature(report: Report) -> Report:
    """A ledger is judged at the time of each signature in it, whatever instant was asked for."""
    line = "an instant changes nothing here: each key is judged at the time of what it signed"
    return Report(report.state, report.fault, report.details, (*report.lines, line))
