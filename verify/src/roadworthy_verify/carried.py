"""Checkpoints that other files carry: each was signed when the ledger was at least that long.

In: a file that was kept, or a workspace with its releases, routing table and sealed segments of the
journal. Out: heads, their signatures still to be judged. Never: trust in what is around a head; a
head proves itself by its own signature, so a release that was damaged elsewhere still bears
witness.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import layout
from .checkpoint import CheckpointError, Head, head_from_json, heads_of_file, heads_of_text
from .container import BundleError, Container, is_bundle
from .envelope import EnvelopeError, read_statement, take_apart
from .packed import BLOCK, MAGIC, UNREADABLE, opened
from .plain_file import open_plain, read_plain
from .strict_json import JsonError, read_json

RELEASES = "releases"
"""Where a workspace keeps the releases that were activated."""


ROUTING = "serving/routing.json"
"""Published with the newest head by each activation, kill and resume."""
JOURNAL, SEAL = "journal", ".seal.json"
"""Beside a segment that has ended: the proof that the ledger vouches for it."""
_NEWEST = 8
"""So many seals are looked at by who is in a hurry; their names begin with their instant."""
_FIRST_OF_A_BACKUP = "checkpoints.jsonl"
_MAX_BYTES = 64 << 20


def load_heads(path: Path) -> list[Head]:
    """Every head at a path: a note, JSON, JSON lines, or a file that carries one.

    Those are a release, a proof, a routing table and a backup. Raises CheckpointError, also where
    there is none: who brings a file means it to be held against something.
    """
    if is_bundle(path):
        heads = heads_of_release(path, path.name)
        if not heads:
            raise CheckpointError(f"{path} carries no checkpoint: it was not signed as a release")
        return heads
    try:
        with open_plain(path) as file:
            packed = file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    heads = _heads_of_backup(path) if packed else heads_of_file(path)
    if not heads:
        raise CheckpointError(f"{path} holds no checkpoint")
    return heads


def carried_heads(workspace: Path, *, strict: bool = True) -> list[Head]:
    """The heads that the files of a workspace carry.

    Raises CheckpointError naming the first that cannot be read; not `strict`, it is passed over.
    """
    found: list[Head] = []
    for path in carriers(workspace, everything=strict):
        try:
            found += heads_carried_by(path, workspace)
        except CheckpointError:
            if strict:
                raise
    return found


def carriers(workspace: Path, *, everything: bool = True) -> Iterator[Path]:
    """The files (and folders of releases) that carry a head; else only the newest seals."""
    if (workspace / RELEASES).is_dir():
        for path in sorted((workspace / RELEASES).iterdir()):
            if not path.name.startswith(".") and is_bundle(path):
                yield path
    if (workspace / ROUTING).is_file():
        yield workspace / ROUTING
    seals = sorted((workspace / JOURNAL).glob(f"*{SEAL}"))
    yield from seals if everything else seals[-_NEWEST:]


def heads_carried_by(path: Path, workspace: Path) -> list[Head]:
    """The heads of one of the `carriers` of a workspace. Raises CheckpointError."""
    if path.parent.name == RELEASES:
        return heads_of_release(path, f"carried by release {path.name[:12]}")
    name = path.relative_to(workspace).as_posix()
    try:
        document = read_json(read_plain(path))
        head = document.get("checkpoint") if isinstance(document, dict) else None
    except JsonError:
        head = None  # who needs the file will say that it is damaged; it bears witness to nothing
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    return [] if head is None else [head_from_json(head, f"carried by {name}")]


def _heads_of_backup(path: Path) -> list[Head]:
    """A backup begins with the checkpoints that lay outside the store. Raises CheckpointError."""
    try:
        with opened(path) as (_, archive):
            first = archive.next()
            if first is None or first.name != _FIRST_OF_A_BACKUP or first.size > _MAX_BYTES:
                raise CheckpointError(f"{path} is no backup that begins with checkpoints")
            source = archive.extractfile(first)
            blocks = iter(lambda: source.read(BLOCK) if source is not None else b"", b"")
            data = b"".join(blocks)
    except CheckpointError:
        raise
    except UNREADABLE as error:
        raise CheckpointError(f"{path} is no whole backup: {error}") from None
    return heads_of_text(data, path.name)


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
