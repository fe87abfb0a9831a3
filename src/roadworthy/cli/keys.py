"""`roadworthy keys`: people's public keys; and, under `tenant`, virtual API keys."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError

from .terminal import emit, group, say, table

app = group("List and export people's public keys; make API keys for tenants.")

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


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose public key.")],
    directory: Folder = Path(),
    *,
    json: Json = False,
) -> None:
    """Print a person's public key as PEM. Private keys are not exported."""
    from roadworthy.flows.people import public_key_pem
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
