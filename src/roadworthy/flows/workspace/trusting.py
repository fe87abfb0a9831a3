"""Trust as it is in force: trust.yaml, held against the ledger, which is the authority on it.

Enters: a workspace and its ledger. Leaves: the trusted keys, when trust.yaml says exactly what the
entries on people say. Never: a key that acts although no entry gave it that right; a machine's key
that admits itself where there is an admin to ask.

A change is recorded first and written to trust.yaml second. Who is killed in between leaves a
mark in `trust.lock`; only then does the next command write trust.yaml again, as the ledger has it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from roadworthy.domain import (
    Clock,
    Draft,
    Trust,
    TrustedKey,
    UndecidedError,
    VerificationError,
    format_instant,
)
from roadworthy.ledger import (
    Ed25519Signer,
    Keyring,
    Ledger,
    sign_draft,
    trust_by,
    trust_disagreements,
    trust_machine,
)
from roadworthy.manifests import Workspace, load_trust, save_trust
from roadworthy_verify.plain_file import open_lock

from .waiting import held

_BACK = "put it back from a backup (roadworthy restore) or version control, then try again"
_CHANGING = "changing"
"""What stands in the lock's file from before an entry on people until trust.yaml has it."""


def admitted_machine(workspace: Workspace, keyring: Keyring, clock: Clock) -> Trust:
    """Trust of a workspace without a ledger: its own machine's key, made and saved when missing."""
    machine = keyring.machine()
    trust = load_trust(workspace.trust)
    if trust.find(machine.key_id):
        return trust
    with locked(workspace):
        trust = load_trust(workspace.trust)
        changed = trust_machine(trust, machine.public_key, at=format_instant(clock.now()))
        if changed is not trust:
            save_trust(workspace.trust, changed)
        return changed


def agreed_trust(workspace: Workspace, ledger: Ledger, keyring: Keyring, clock: Clock) -> Trust:
    """Trust that ledger and trust.yaml agree on, this workspace's machine among it.

    Raises VerificationError when they differ, UndecidedError when the machine's key is a new one
    and an admin must admit it first.
    """
    machine = keyring.machine()
    if ledger.size() == 0:
        admitted_machine(workspace, keyring, clock)
    trust = require_agreement(workspace, ledger)
    if trust.find(machine.key_id) is not None:
        return trust
    at = format_instant(clock.now())
    if any("admin" in key.roles and key.valid_at(at) for key in trust.keys):
        raise UndecidedError(
            f"this workspace's own key {machine.key_id} is a new one that nobody admitted",
            fix=f"put {workspace.keys / 'machine.key'} back from the copy that you keep elsewhere;"
            " if it is lost, an admin admits the new one: roadworthy people machine --as NAME",
        )
    with locked(workspace) as lock:
        trust = require_agreement(workspace, ledger, lock=lock)
        changed = trust_machine(trust, machine.public_key, at=at)
        key = changed.find(machine.key_id)
        if changed is not trust and key is not None:
            actor = f"machine:{machine.key_id}"
            record_admission(ledger, lock, key, actor=actor, by=machine)
            save_trust(workspace.trust, changed)
            lock.done()
        return changed


def require_agreement(workspace: Workspace, ledger: Ledger, *, lock: Lock | None = None) -> Trust:
    """The trust in trust.yaml, when it is what the ledger's entries on people say.

    Raises VerificationError naming the person and the difference, or what the ledger lost. `lock`
    is held already by whoever changes people.
    """
    ledger.require_whole()
    trust = load_trust(workspace.trust)
    authority = ledger.authority(trust)
    if next(trust_disagreements(authority, trust), None) is None:
        return trust
    if lock is None:  # somebody may be in the middle of a change: wait, then look again
        with locked(workspace) as lock:
            return require_agreement(workspace, ledger, lock=lock)
    if lock.interrupted:
        return restored(workspace, ledger, lock)
    found = list(trust_disagreements(authority, trust))
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    raise VerificationError(
        f"{workspace.trust} is not what the ledger says: {found[0]}{more}",
        fix="`roadworthy people restore` writes it again as the ledger has it; rights are changed"
        " with `roadworthy people add | revoke | rotate`",
    )


def restored(workspace: Workspace, ledger: Ledger, lock: Lock) -> Trust:
    """Write trust.yaml again as the ledger has it. Raises VerificationError when it cannot say."""
    trust = load_trust(workspace.trust)
    machine = Keyring(workspace.keys).machine()
    first = next(ledger.entries(), None)
    began = first.time if first else ""
    known = trust_machine(trust, machine.public_key, at=began) if began else trust
    right = trust_by(ledger.authority(known), began=began)
    if any(not key.public_key for key in right.keys):
        raise VerificationError(
            f"{workspace.trust} has lost the public key of the machine that this ledger began with",
            fix=_BACK,
        )
    report = ledger.verify(trust=right)
    if report.state == "tampered":
        raise VerificationError(f"the ledger does not verify: {report.fault}", fix=_BACK)
    save_trust(workspace.trust, right)
    lock.done()
    return right


def record_admission(
    ledger: Ledger, lock: Lock, key: TrustedKey, *, actor: str, by: Ed25519Signer
) -> None:
    """Enter a further machine, signed by who admits it; trust.yaml must have it right after."""
    draft = Draft(
        system="",
        kind="machine.admitted",
        subject=key.name,
        actor=actor,
        payload={
            "key_id": key.key_id,
            "public_key": key.public_key,
            "valid_from": key.valid_from,
        },
    )
    lock.begin()
    ledger.record(sign_draft(draft, by))


class Lock:
    """Held while people are changed; remembers a change that was interrupted."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.interrupted = file.read().strip() == _CHANGING

    def begin(self) -> None:
        """An entry is about to be made that trust.yaml does not have yet."""
        self._write(_CHANGING)

    def done(self) -> None:
        """trust.yaml has it."""
        self._write("")

    def _write(self, text: str) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()


@contextmanager
def locked(workspace: Workspace) -> Iterator[Lock]:
    """Nobody else changes people meanwhile; the kernel lets go when the process ends.

    Raises EvidenceError when somebody else does for too long.
    """
    path = workspace.trust.with_suffix(".lock")
    with held(path), os.fdopen(open_lock(path), "r+") as file:
        yield Lock(file)
