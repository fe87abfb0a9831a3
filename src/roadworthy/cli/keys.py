"""`roadworthy keys`: people's public keys, what marks media; under `tenant`, virtual API keys."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError

from .terminal import emit, group, say, table

app = group("List and export public keys; make API keys for tenants, and what marks pictures.")

if importlib.util.find_spec("roadworthy.cli.tenants"):
    app.add_typer(importlib.import_module("roadworthy.cli.tenants").app, name="tenant")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("list")
def list_keys(directory: Folder = Path(), *, json: Json = False) -> None:
    """Every private key in this workspace's keyring, by name and key id (never the key)."""
    from roadworthy.ledger import Keyring

    from .acting import standing_workspace

    keyring = Keyring(standing_workspace(directory).keys)
    rows = [(name, keyring.signer(name).key_id) for name in keyring.names()]
    if json:
        emit({"keys": [{"name": name, "key_id": key_id} for name, key_id in rows]})
        return
    table(("name", "key"), rows)


@app.command("media")
def media(
    directory: Folder = Path(),
    *,
    renew: Annotated[
        bool, typer.Option("--renew", help="A new signing certificate of two years.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the keys that mark pictures and sound, once; print the certificate that others trust.

    Who is given that certificate can tell by any reader of C2PA that a file was made here.
    """
    from roadworthy.flows.workspace.mark_keys import make_mark_keys
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    system = load_system(directory).charter.system
    made = make_mark_keys(open_loop(directory), system=system, renew=renew)
    if json:
        emit({"made": made.made, "fingerprint": made.fingerprint, "certificate": made.anchor})
        return
    say(made.anchor.rstrip())


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose public key.")],
    directory: Folder = Path(),
    *,
    json: Json = False,
) -> None:
    """Print a person's public key as PEM. Private keys are not exported."""
    from roadworthy.flows.workspace.people import public_key_pem
    from roadworthy.ledger import known_names

    from .acting import standing_workspace, trust_of

    trust = trust_of(standing_workspace(directory))
    found = [key for key in trust.keys if name in (key.name, key.key_id)]
    if not found:
        raise UsageError(f"{name} is not in the trust file", fix=known_names(trust))
    key = found[-1]
    if json:
        emit({"name": key.name, "key_id": key.key_id, "public_key": key.public_key})
        return
    say(public_key_pem(key).rstrip())
