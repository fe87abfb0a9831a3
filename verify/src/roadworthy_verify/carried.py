"""Checkpoints that releases carry: each one was signed when the ledger was at least that long.

In: a release (folder or tar), or a workspace's folder of them. Out: heads, their signatures still
to be judged. Never: trust in the bundle around a head; a head proves itself by its own signature,
so a release that was damaged elsewhere still bears witness.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import layout
from .checkpoint import CheckpointError, Head, head_from_json, heads_of_file
from .container import BundleError, Container, is_bundle
from .envelope import EnvelopeError, read_statement, take_apart

RELEASES = "releases"
"""Where a workspace keeps the releases that were activated."""


def load_heads(path: Path) -> list[Head]:
    """Every head at a path: a note, JSON, JSON lines, or a release that carries one.

    Raises CheckpointError, also for a bundle that is no release and so carries none.
    """
    if not is_bundle(path):
        return heads_of_file(path)
    heads = heads_of_release(path, path.name)
    if not heads:
        raise CheckpointError(f"{path} carries no checkpoint: it was not signed as a release")
    return heads


def carried_heads(workspace: Path, *, strict: bool = True) -> list[Head]:
    """The heads of every release in a workspace.

    Raises CheckpointError naming the first that cannot be read; not `strict`, it is passed over.
    """
    folder = workspace / RELEASES
    if not folder.is_dir():
        return []
    found: list[Head] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not is_bundle(path):
            continue
        try:
            found += heads_of_release(path, f"carried by release {path.name[:12]}")
        except CheckpointError:
            if strict:
                raise
    return found


def heads_of_release(path: Path, where: str) -> list[Head]:
    """The heads in a bundle's release attestations. Raises CheckpointError."""
    try:
        container = Container(path)
        statements = [read_statement(take_apart(item)) for item in _envelopes(container)]
        return [
            head_from_json(predicate["checkpoint"], where)
            for predicate_type, _, predicate in statements
            if predicate_type == layout.PREDICATE_RELEASE
        ]
    except (BundleError, EnvelopeError, OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path}: its checkpoint cannot be read: {error}") from None


def _envelopes(container: Container) -> Iterator[Any]:
    for entry in _json(container, "index.json")["manifests"]:
        if entry.get("artifactType") == layout.ENVELOPE:
            manifest = _json(container, layout.blob_name(entry["digest"]))
            for layer in manifest["layers"]:
                yield _json(container, layout.blob_name(layer["digest"]))


def _json(container: Container, name: str) -> Any:
    try:
        return json.loads(container.read(name, layout.MAX_SMALL_BYTES))
    except RecursionError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None
