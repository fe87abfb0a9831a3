"""A proof from a ledger that is not at hand: of an entry, of its growth, or of one answer.

In: a JSON file as `roadworthy ledger prove` or `roadworthy provenance prove` writes it, the trusted
keys, an instant. Out: a Report.
Never: a claim about an entry whose digest, path or checkpoint was not worked out anew here.

Source: RFC 9162, section 2.1.4.2 (consistency); inclusion is in `entry_proof.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .answer_proof import ANSWER, answered, held_against_text
from .checkpoint import Head, judge
from .covered import encoded
from .entry_proof import (
    TEXTS,
    Json,
    ProofError,
    inclusion,
    read_hashes,
    read_head,
    require_fields,
    shown,
)
from .instant import MAX_CLOCK_SKEW, later, now
from .log import PersonSignatures
from .plain_file import TooLargeError, open_plain, read_plain
from .report import Report
from .strict_json import JsonError, TwiceError, read_json
from .tree import consistency_holds
from .trust import Trust, load_trust

INCLUSION, CONSISTENCY = "inclusion_proof", "consistency_proof"
VERSION = 1
MAX_BYTES = 16 << 20
"""An entry is kilobytes; more than this is no proof. An answer's record is as long as its texts."""
_FIELDS = {
    INCLUSION: {"roadworthy", "kind", "seq", "entry", "hashes", "checkpoint"},
    CONSISTENCY: {"roadworthy", "kind", "old", "new", "hashes"},
    ANSWER: {"roadworthy", "kind", "observation", "record", "index", "path", "seal"},
}


def is_proof(path: Path) -> bool:
    """Whether a file is a JSON object: a proof, or to be told that it is none."""
    with open_plain(path) as file:
        return file.read(64).lstrip()[:1] == b"{"


def verify_proof(
    path: Path | str,
    trust: Trust | Path | str | Mapping[str, Any] | None = None,
    *,
    kept: Sequence[Head] = (),
    at: str | None = None,
    text: bytes | None = None,
) -> Report:
    """Verify a proof as of an instant (default: now), against checkpoints that were kept.

    `text` is what somebody says was answered; only the proof of an answer can be held against it.
    Raises TrustError when the trust file cannot be read.

    1. It is a proof: one JSON object of the one form, each name once.
    2. The entry's payload and fields have the digests that it says; an answer's record has its
       path to the root that the entry says.
    3. The path of hashes leads from the entry (or from the older root) to the checkpoint's root.
    4. Each checkpoint is signed by a trusted key that was valid then, and not in the future.
    5. A person's signature on the entry is that person's.
    6. Of the checkpoints that were kept one is in the proof, and none contradicts it.
    7. The text that was given is the one that was answered.
    """
    keys = load_trust(trust)
    details: Json = {"kind": "proof", "trust": keys.source, "trust_from": keys.came_from}
    lines: list[str] = []
    try:
        document = _document(Path(path))  # 1
        details["kind"] = document["kind"]
        heads, said, told = _CHECKS[document["kind"]](document)  # 2, 3
        details |= said
        lines += told
        signed = [_signed(head, keys, at or now()) for head in heads]  # 4
        people = _people((document.get("seal") or document).get("entry"), keys)  # 5
        _raise_worst([*signed, people])
        details["signed_by"] = [one.whose for one in signed]
        details["signatures_of_people"] = int(bool(people.lines))
        lines += [line for one in (*signed, people) for line in one.lines]
        if kept:
            lines.append(_held_against(kept, heads))  # 6
        if text is not None:
            lines.append(held_against_text(details, text))  # 7
    except OSError as error:
        fault = f"{path} cannot be read: {error.strerror or error}"
        return Report("unreadable", fault, details, (fault,))
    except ProofError as error:
        return Report(error.state, str(error), details, (*lines, keys.told, str(error)))
    details["not_checked"] = ["the rest of the ledger"]
    return Report("verified", "", details, (*lines, keys.told))


def _document(path: Path) -> Json:
    try:
        document = read_json(read_plain(path, MAX_BYTES))
    except TooLargeError:
        raise ProofError("not_evidence", f"{path} is too large for a proof") from None
    except TwiceError as error:
        raise ProofError("tampered", f"{path} does not mean one thing: {error}") from None
    except JsonError as error:
        raise ProofError("not_evidence", f"{path} is no JSON: {error}") from None
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise ProofError("not_evidence", f"{path} is no proof: `kind` is not one of a proof")
    version = document.get("roadworthy")
    if type(version) is int and version > VERSION:
        fault = f"{path} has version {version}, this verifier knows {VERSION}"
        raise ProofError("not_evidence", fault)
    if version != VERSION or type(version) is not int:
        raise ProofError("tampered", f"the proof's version is {version!r}")
    return require_fields(document, _FIELDS[kind], "the proof")


def _consistency(document: Json) -> tuple[list[Head], Json, list[str]]:
    """Two heads and the path between them. Raises ProofError."""
    old = read_head(document["old"], "the older checkpoint")
    new = read_head(document["new"], "the newer checkpoint")
    if old.origin != new.origin:
        raise ProofError("tampered", f"checkpoints of different logs: {old.origin}, {new.origin}")
    holds = consistency_holds(
        old_size=old.size,
        new_size=new.size,
        old_root=old.root,
        new_root=new.root,
        proof=read_hashes(document["hashes"]),
    )
    if not holds:
        raise ProofError("tampered", f"its path does not lead from {old} to {new}")
    said = {"old": shown(old), "new": shown(new)}
    return [old, new], said, [f"the log of {new} only appends to that of {old}"]


_CHECKS: dict[str, Callable[[Json], tuple[list[Head], Json, list[str]]]] = {
    INCLUSION: inclusion,
    CONSISTENCY: _consistency,
    ANSWER: answered,
}


@dataclass(frozen=True)
class _Signed:
    """What became of a signature: whose it is, or the fault."""

    whose: Json = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    fault: ProofError | None = None


def _signed(head: Head, trust: Trust, moment: str) -> _Signed:
    """Whether a key that was trusted then signed the head, and not in the future."""
    signature = judge(head, trust)
    key = signature.key
    if signature.state == "false":
        return _Signed(fault=ProofError("tampered", signature.reason))
    if signature.state != "valid" or key is None:
        return _Signed(fault=ProofError("unknown_key", signature.reason))
    if head.time > later(moment, MAX_CLOCK_SKEW):
        return _Signed(fault=ProofError("refused", f"{head} is of a time after {moment}"))
    whose = {"key_id": key.key_id, "name": key.name, "kind": key.kind}
    line = f"{head} signed by key {key.key_id} of {key.name} ({key.kind}), valid then"
    return _Signed(whose, (line,))


def _people(entry: Json | None, trust: Trust) -> _Signed:
    """Whether the signature on the entry, where it has one, is that of the person it names."""
    payload = encoded(entry["payload"]) if entry else b""
    if entry is None or b'"signature":{' not in payload:
        return _Signed()
    people = PersonSignatures(trust)
    time, system, kind, subject, actor, *digests = (entry[name] for name in TEXTS)
    payload_digest, prev, digest = digests
    seq = entry["seq"]
    people.check((seq, time, system, kind, subject, actor, payload, payload_digest, prev, digest))
    for state, (number, reason) in (("tampered", people.false), ("unknown_key", people.unknown)):
        if number:
            return _Signed(fault=ProofError(state, f"entry {number}: {reason}"))
    key = trust.find(actor.partition(":")[2])
    if not people.checked or key is None:
        return _Signed()
    return _Signed(lines=(f"entry {seq} signed by key {key.key_id} of {key.name}, valid then",))


def _raise_worst(found: Sequence[_Signed]) -> None:
    """Integrity comes first: what was tampered with is said before who is unknown."""
    faults = [one.fault for one in found if one.fault is not None]
    for fault in sorted(faults, key=lambda fault: fault.state != "tampered"):
        raise fault


def _held_against(kept: Sequence[Head], heads: Sequence[Head]) -> str:
    """Which kept checkpoint is in the proof: nothing else can be told without the log."""
    same: list[Head] = []
    for head in heads:
        for one in kept:
            if head.origin != one.origin:
                raise ProofError("tampered", f"{head} is of log {head.origin}, not {one.origin}")
            if head.size == one.size and head.root != one.root:
                raise ProofError("tampered", f"{head} has another root than {one}")
            same += [one] if head.size == one.size else []
    if same:
        return f"its checkpoint {same[-1].size} is one that was kept"
    sizes = " and ".join(str(head.size) for head in heads)
    raise ProofError(
        "undecided",
        f"the proof is of checkpoint {sizes}, the one that was kept covers {kept[-1].size}: whether"
        " both are of one history is shown by `roadworthy ledger prove-growth FILE`",
    )
