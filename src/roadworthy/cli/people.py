"""`roadworthy people`: whose keys are trusted, in which role. People are keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

from roadworthy.domain import PersonRole, TrustedKey, UsageError

from .terminal import emit, group, say, table

app = group(
    "Add, list, revoke and rotate people's keys. Every change is a signed entry of the ledger,"
    " which is the authority; trust.yaml is its copy."
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The person's name; letters, digits, . _ @ + -")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
PublicKey = Annotated[
    Path | None,
    typer.Option("--public-key", metavar="FILE", help="A public key as PEM (keys export)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("add")
def add(
    name: Name,
    directory: Folder = Path(),
    *,
    role: Annotated[list[str], typer.Option("--role", help="May be given several times.")],
    public_key: PublicKey = None,
    acting: As = None,
    json: Json = False,
) -> None:
    """Make a key for a person and trust it in these roles.

    Roles: engineer, operator, reviewer, risk_officer, auditor, admin. Where there is an admin,
    only an admin adds people. With --public-key no key is made: its private half is elsewhere.
    """
    from roadworthy.flows.workspace.people import add_person
    from roadworthy.wiring.loop import loop_of
    from roadworthy.wiring.places import workspace_of

    from .acting import find_acting

    roles = [_role(item) for item in role]
    public = read_public_key(public_key)
    workspace = workspace_of(directory, create=False)
    by = (
        find_acting(workspace, acting, roles=["admin"])
        if _asks_admin(workspace.trust, acting)
        else None
    )
    key = add_person(loop_of(workspace), name=name, roles=roles, by=by, public_key=public)
    if json:
        emit(_shown(key))
        return
    say(f"{name} is {', '.join(key.roles)}; key {key.key_id}")
    if not public:
        say(f"The private key is in {workspace.keys} (0600). Keep a copy elsewhere.")


@app.command("machine")
def machine(
    directory: Folder = Path(),
    *,
    public_key: PublicKey = None,
    acting: As = None,
    json: Json = False,
) -> None:
    """Trust a further machine: this workspace's own new key (the old one was lost).

    With --public-key that of another workspace, whose releases are then admitted here.
    """
    from roadworthy.flows.workspace.people import add_machine
    from roadworthy.wiring.loop import loop_of

    from .acting import find_acting, standing_workspace

    public = read_public_key(public_key)
    workspace = standing_workspace(directory)
    by = (
        find_acting(workspace, acting, roles=["admin"])
        if _asks_admin(workspace.trust, acting)
        else None
    )
    key = add_machine(loop_of(workspace, agreed=False), by=by, public_key=public)
    if json:
        emit(_shown(key))
        return
    say(f"{key.name} is trusted; key {key.key_id}")


@app.command("restore")
def restore(directory: Folder = Path(), *, json: Json = False) -> None:
    """Write trust.yaml again as the ledger has it: after it was edited, or lost.

    The whole ledger is verified first. Nobody's rights change by it; they were the ledger's all
    the time.
    """
    from roadworthy.flows.workspace.people import restore_people
    from roadworthy.wiring.loop import loop_of

    from .acting import standing_workspace

    workspace = standing_workspace(directory)
    keys = restore_people(loop_of(workspace, agreed=False))
    if json:
        emit({"people": [_shown(key) for key in keys]})
        return
    say(f"{workspace.trust} has {len(keys)} keys, as the ledger says")


@app.command("list")
def list_people(directory: Folder = Path(), *, json: Json = False) -> None:
    """Whose keys are trusted, in which role, and which have ended."""
    from .acting import standing_workspace, trust_of

    trust = trust_of(standing_workspace(directory))
    if json:
        emit({"people": [_shown(key) for key in trust.keys]})
        return
    table(
        ("name", "kind", "roles", "key", "valid from", "ended"),
        [
            (key.name, key.kind, ", ".join(key.roles), key.key_id, key.valid_from, _ended(key))
            for key in trust.keys
        ],
    )


@app.command("revoke")
def revoke(
    name: Name,
    directory: Folder = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    acting: As = None,
    json: Json = False,
) -> None:
    """End every key of a person from now on. What it signed before stays verifiable."""
    from roadworthy.flows.workspace.people import Acting, revoke_person
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    workspace = standing_workspace(directory)
    who, signer, key = acting_person(workspace, acting, roles=["admin"])
    ended = revoke_person(
        loop_of(workspace), name=name, reason=reason, by=Acting(name=who, signer=signer, key=key)
    )
    if json:
        emit({"revoked": [_shown(item) for item in ended]})
        return
    for item in ended:
        say(f"key {item.key_id} of {item.name} is revoked from {item.revoked_at}")


@app.command("rotate")
def rotate(name: Name, directory: Folder = Path(), *, json: Json = False) -> None:
    """Give a person (or `machine`) a new key with the same roles, signed by the old one."""
    from roadworthy.flows.workspace.people import rotate_key

    from .acting import begun_loop

    loop, _ = begun_loop(directory)
    key = rotate_key(loop, name=name)
    if json:
        emit(_shown(key))
        return
    say(f"{name} signs with key {key.key_id} from {key.valid_from}")


def _asks_admin(trust_file: Path, acting: str | None) -> bool:
    """Whether somebody must act: an admin exists, or somebody was named."""
    from roadworthy.manifests import load_trust

    return bool(acting) or any("admin" in key.roles for key in load_trust(trust_file).keys)


def read_public_key(file: Path | None) -> bytes:
    """The 32 raw bytes in a PEM file; none without a file. Raises UsageError."""
    from roadworthy.flows.workspace.people import raw_public_key

    if file is None:
        return b""
    try:
        return raw_public_key(file.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file} holds no Ed25519 public key: {error}",
            fix="give what `roadworthy keys export NAME` printed there",
        ) from None


def _role(text: str) -> PersonRole:
    known = get_args(PersonRole)
    for role in known:
        if text.replace("-", "_") == role:
            found: PersonRole = role
            return found
    raise UsageError(f"{text!r} is no role", fix=f"one of {', '.join(known)}")


def _ended(key: TrustedKey) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at}"
    return f"rotated {key.valid_until}" if key.replaced_by else key.valid_until


def _shown(key: TrustedKey) -> dict[str, object]:
    return {
        "name": key.name,
        "key_id": key.key_id,
        "kind": key.kind,
        "roles": list(key.roles),
        "public_key": key.public_key,
        "valid_from": key.valid_from,
        "valid_until": key.valid_until,
        "revoked_at": key.revoked_at,
        "replaced_by": key.replaced_by,
    }
