"""Who acts: `--as NAME`, else ROADWORTHY_PERSON, else the only person who could."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from roadworthy.domain import (
    AccessError,
    Deployment,
    PersonRole,
    Trust,
    TrustedKey,
    UsageError,
    format_instant,
)
from roadworthy.flows.workspace.intact import require_ledger, require_trust
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.flows.workspace.trusting import require_agreement
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
from roadworthy.wiring.held_time import held_clock

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
    now = format_instant(held_clock(workspace).now())
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
    key = key_of(chosen, trust, now)
    return Acting(name=chosen, signer=keyring.signer(chosen), key=key)


def key_of(name: str, trust: Trust, now: str) -> TrustedKey:
    """The key that a person signs with now.

    Raises UsageError for a name that nobody has, AccessError for somebody who may not act (any
    more, yet): that is no slip of the keyboard.
    """
    key = live_key(trust, name, now)
    if key is not None and key.kind == "person" and not key.revoked_at:
        return key  # a revocation holds whatever this machine's clock was set to
    known = [each for each in trust.keys if each.name == name]
    if not known:
        raise UsageError(f"{name} has no key in the trust file", fix=known_names(trust))
    newest = known[-1]
    if newest.kind != "person":
        raise AccessError(f"{name} is a machine; a person must do this", fix=known_names(trust))
    if newest.valid_from > now:
        raise AccessError(
            f"the key of {name} begins at {newest.valid_from}, and here it is {now}",
            fix="set this machine's clock",
        )
    ended = newest.revoked_at or newest.valid_until
    raise AccessError(
        f"the key of {name} ended at {ended}", fix="let somebody act whose key is valid: --as NAME"
    )


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
    """The workspace of a folder in which there must be something; nothing is begun there.

    It is made by what first records in it. A command that reads, or that fails before, leaves
    nothing behind. Raises UsageError where there is no folder, or neither a system nor a workspace
    in it, ManifestError on its roadworthy.toml.
    """
    from roadworthy.wiring.places import workspace_of

    return workspace_of(directory, standing=True, create=False)


def begun_loop(directory: Path) -> tuple[Loop, Deployment]:
    """The loop of a command that acts on what was recorded, and the folder's deployment.

    Raises UsageError where nothing was, as `standing_workspace`, and as `loop_of`.
    """
    from roadworthy.wiring.loop import loop_of
    from roadworthy.wiring.places import place

    spot = place(directory, standing=True, create=False)
    require_ledger(spot.workspace)
    if not spot.workspace.ledger.exists():
        raise UsageError(
            f"nothing was recorded in {spot.workspace.root} yet",
            fix="name the system's folder that you mean",
        )
    return loop_of(spot.workspace), spot.deployment
