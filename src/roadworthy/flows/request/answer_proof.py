"""The proof of one answer, for somebody who has neither ledger nor journal.

Enters: a workspace, the id of an observation. Leaves: a document that `roadworthy-verify` checks
offline. What never happens here: a proof that does not hold, a signature (the segment's seal has
one), a text (the record has digests, and texts under keys that stay here).
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import EvidenceError, UndecidedError, VerificationError
from roadworthy.journal import Included, included
from roadworthy_verify.answer_proof import ANSWER, answered
from roadworthy_verify.carried import SEAL
from roadworthy_verify.entry_proof import ProofError
from roadworthy_verify.proof import VERSION


def prove_answer(journal: Path, observation_id: str) -> dict[str, Any] | None:
    """The document; None where no such answer ended.

    Raises UndecidedError while its segment is not sealed, VerificationError where record and seal
    do not fit.
    """
    found = included(journal, observation_id)
    if found is None:
        return None
    document = {
        "roadworthy": VERSION,
        "kind": ANSWER,
        "observation": observation_id,
        "record": base64.b64encode(found.payload).decode(),
        "index": found.index,
        "path": list(found.path),
        "seal": _seal(journal, found),
    }
    try:
        answered(document)
    except ProofError as error:
        raise VerificationError(
            f"segment {found.segment} of the journal is not as it was sealed: {error}",
            fix="roadworthy journal verify says what was changed",
        ) from None
    return document


def encode_answer_proof(document: dict[str, Any]) -> bytes:
    """The bytes of a proof's file."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _seal(journal: Path, found: Included) -> dict[str, Any]:
    """The seal's entry and its proof, as they lie beside the segment."""
    try:
        data = (journal / f"{found.segment}{SEAL}").read_bytes() if found.root else b""
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise EvidenceError(f"the seal of {found.segment} cannot be read: {error}") from error
    if not data:
        raise UndecidedError(
            f"segment {found.segment} of the journal, which has this answer, is not sealed yet",
            fix="it is when it has its size or the gateway stops, and the control process saw it",
        )
    try:
        seal = msgspec.json.decode(data, type=dict[str, Any])
        return {name: seal[name] for name in ("seq", "entry", "hashes", "checkpoint")}
    except (msgspec.DecodeError, KeyError) as error:
        raise VerificationError(
            f"the seal of segment {found.segment} is damaged: {error}",
            fix="remove it: the control process writes it again",
        ) from None
