"""Who acts: `--as NAME`, else ROADWORTHY_PERSON, else the only person who could."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from roadworthy.domain import PersonRole, Trust, TrustedKey, UsageError, format_instant
from roadworthy.flows.intact import require_trust
from roadworthy.flows.people import Acting
from roadworthy.flows.trusting import require_agreement
from roadworthy.ledger import (
    MACHINE,
    Ed25519Signer,
    Keyring,
    known_names,
    live_key,
    open_ledger,
)
from roadworthy.manifests import Workspace, load_trust
from roadworthy.wiring.clock import SystemClock

VARIABLE = "ROADWORTHY_PERSON"


def acting_person(
    workspace: Workspace,
    name: str | None,
    *,
    roles: Sequence[PersonRole] = (),
    agreed: bool = True,
) -> tuple[str, Ed25519Signer, TrustedKey]:
    """The acting person's name, signer and trusted key, valid now.

    With `roles`, somebody who is the only one here to hold one of them need not be named; whether
    the person may act is still for the flow to decide. Raises UsageError naming the options.
    """
    acting = find_acting(workspace, name, roles=roles, agreed=agreed)
    if acting is None:
        raise UsageError(
            "nobody has a key in this workspace", fix="roadworthy people add NAME --role ROLE"
        )
    return acting.name, acting.signer, acting.key


def find_acting(
    workspace: Workspace,
    name: str | None,
    *,
    roles: Sequence[PersonRole] = (),
    agreed: bool = True,
) -> Acting | None:
    """The same; None when nobody was named and nobody has a key here yet.

    Not `agreed`: by trust.yaml as it is; then the flow asks the ledger before anybody acts.
    """
    keyring = Keyring(workspace.keys)
    trust = trust_of(workspace) if agreed else load_trust(workspace.trust)
    now = format_instant(SystemClock().now())
    chosen = name or os.environ.get(VARIABLE, "")
    if not chosen:
        people = [
            person
            for person in keyring.names()
            if person != MACHINE and live_key(trust, person, now)
        ]
        if not people:
            return None
        chosen = _only_one(people, trust, now, roles)
    key = live_key(trust, chosen, now)
    if key is None or key.kind != "person":
        raise UsageError(f"{chosen} has no valid key in the trust file", fix=known_names(trust))
    return Acting(name=chosen, signer=keyring.signer(chosen), key=key)


def trust_of(workspace: Workspace) -> Trust:
    """The trusted keys; none in a new workspace. Writes nothing there.

    Raises UndecidedError when the file was lost, VerificationError when it says something else
    than the ledger, which is the authority on it.
    """
    clock = SystemClock()
    require_trust(workspace, clock)
    if not workspace.ledger.exists():
        return load_trust(workspace.trust)
    ledger = open_ledger(
        database=workspace.ledger,
        checkpoints=workspace.checkpoints,
        clock=clock,
        keys=workspace.keys,
        create=False,
    )
    return require_agreement(workspace, ledger)


def _only_one(people: list[str], trust: Trust, now: str, roles: Sequence[PersonRole]) -> str:
    able = [
        person
        for person in people
        if (key := live_key(trust, person, now)) and set(key.roles) & set(roles)
    ]
    for choice in (people, able):
        if len(choice) == 1:
            return choice[0]
    raise UsageError(
        f"who acts? {', '.join(able or people)} have keys here",
        fix=f"add --as NAME, or set {VARIABLE}",
    )


def standing_workspace(directory: Path) -> Workspace:
    """The workspace of a command that only reads: there must be something, and nothing is begun.

    Raises as `workspace_of`.
    """
    from roadworthy.wiring.places import workspace_of as found

    return found(directory, standing=True, create=False)


def workspace_of(directory: Path, *, standing: bool = False) -> Workspace:
    """The workspace of a system's folder, or the one that the folder is.

    Raises UsageError where there is no folder (`standing`: nor a system, nor a workspace),
    ManifestError on its roadworthy.toml.
    """
    from roadworthy.wiring.places import workspace_of as found

    return found(directory, standing=standing)
