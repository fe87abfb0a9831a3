"""trust.yaml: read with every fault at once, written atomically in a stable order."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from roadworthy.domain import EvidenceError, ManifestError, Trust

from .folder import Folder


def load_trust(path: Path) -> Trust:
    """The trusted keys; none when the file does not exist. Raises ManifestError."""
    if not path.exists():
        return Trust()
    folder = Folder(path.parent)
    trust = folder.yaml(path.name, Trust)
    faults = folder.faults()
    if faults or trust is None:
        raise ManifestError(faults)
    return trust


class _Quoted(str):
    """A text that is written in quotes: key id `0346865089769363` reads as a number without."""


def save_trust(path: Path, trust: Trust) -> None:
    """Write the file so that a reader sees the old one or the new one, never half of one.

    Keys stand in the order in which they became valid. Raises EvidenceError.
    """
    import yaml

    keys = sorted(trust.keys, key=lambda key: (key.valid_from, key.key_id))
    rows = [
        {
            name: _Quoted(value) if isinstance(value, str) else value
            for name, value in msgspec.to_builtins(key).items()
            if value not in ("", [])
        }
        for key in keys
    ]

    class Dumper(yaml.CSafeDumper):
        """A dumper of our own, so that what it learns stays here."""

    Dumper.add_representer(
        _Quoted,
        lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="'"),
    )
    text = "# Whose public keys are trusted, in which role, from when until when.\n" + yaml.dump(
        {"roadworthy": trust.roadworthy, "keys": rows},
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise EvidenceError(f"{path} cannot be written: {error.strerror}") from error
