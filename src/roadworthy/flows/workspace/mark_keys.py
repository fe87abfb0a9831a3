"""The keys that mark pictures and sound: made once, entered in the ledger, renewed by the same.

Enters: a loop. Leaves: two files beside the other private keys, and one entry that names the
authority's certificate, so that who is given it can tell whose it is. What never happens here: a
key that is written over, or one that others can read.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from roadworthy.domain import Draft, EvidenceError, UsageError
from roadworthy.manifests import Workspace
from roadworthy.media import Authority, MarkKey, make_authority, make_mark_key

from .loop import Loop

SIGNING, AUTHORITY = "media.json", "media-authority.json"
_Shape = TypeVar("_Shape", bound=Struct)
PURPOSE = "image mark"
"""What the secret of the invisible mark is derived for."""


class MarkKeys(Struct, frozen=True, kw_only=True):
    """What was made, or was there."""

    anchor: str
    """The authority's certificate, PEM: what others trust."""
    fingerprint: str
    """`sha256:` of that certificate's PEM."""
    made: bool


def make_mark_keys(loop: Loop, *, system: str, renew: bool = False) -> MarkKeys:
    """Make what is not there. `renew`: a new signing certificate under the same authority.

    Raises EvidenceError where it cannot be written, UsageError where one that is there is damaged.
    """
    folder = loop.workspace.keys
    loop.keyring.machine()  # makes the folder, and refuses one that others can read
    now = loop.clock.now()
    authority = _read(folder / AUTHORITY, Authority)
    if authority is None:
        authority = make_authority(system, now)
        _put(folder / AUTHORITY, msgspec.json.encode(authority))
    signing = _read(folder / SIGNING, MarkKey)
    made = signing is None or renew
    if made:
        signing = make_mark_key(authority, system, now)
        _put(folder / SIGNING, msgspec.json.encode(signing))
    fingerprint = "sha256:" + hashlib.sha256(authority.certificate.encode()).hexdigest()
    if made:
        loop.ledger.record(
            Draft(
                system=system,
                kind="media.key_made",
                subject=fingerprint,
                actor=loop.machine,
                payload={"authority": authority.certificate, "renewed": renew},
            )
        )
    return MarkKeys(anchor=authority.certificate, fingerprint=fingerprint, made=made)


def mark_key(workspace: Workspace) -> MarkKey | None:
    """What signs marks; None where it was not made. Raises UsageError."""
    return _read(workspace.keys / SIGNING, MarkKey)


def _read(path: Path, shape: type[_Shape]) -> _Shape | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", fix="put it back from a backup with keys"
        ) from None


def _put(path: Path, data: bytes) -> None:
    """Write a private file whole, in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise EvidenceError(
            f"{path} cannot be written: {error.strerror}", fix="see to the disk that it is on"
        ) from error
