"""What marks and reads marks in one workspace: its signing key, the secret of its invisible mark.

What enters: a workspace, its vault. What leaves: a marker, or why there is none. What never happens
here: a key made; `roadworthy keys media` makes it, and the ledger has whose it is.
"""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import UsageError
from roadworthy.flows.workspace.mark_keys import PURPOSE, SIGNING, mark_key
from roadworthy.journal import Vault
from roadworthy.manifests import Workspace
from roadworthy.media import (
    INSTALL,
    SOUNDS,
    Marker,
    MarkError,
    Seen,
    look_at_document,
    look_at_picture,
    look_at_sound,
    missing,
)

from .own_version import own_version
from .watched import WatchedFile

_SOUND_STARTS = {b"RIFF": "wav", b"fLaC": "flac", b"ID3": "mp3"} | {
    bytes((0xFF, second)): "mp3" for second in (0xFA, 0xFB, 0xF2, 0xF3)
}


class Marking:
    """The marks of one workspace, read anew when the key is renewed."""

    def __init__(self, workspace: Workspace, vault: Vault, *, font: str = "") -> None:
        """`font` is the file with which labels are written; empty: plain letters only."""
        self._workspace = workspace
        self._font = font
        self._secret = vault.derived(PURPOSE)
        self._watched = WatchedFile(workspace.keys / SIGNING)
        self._marker: Marker | None = None

    def marker(self) -> Marker:
        """What marks. Raises MarkError where a package or the key is not there."""
        if lost := missing():
            raise MarkError(f"marks need packages that are not installed ({lost})", fix=INSTALL)
        if self._watched.changed() or self._marker is None:
            self._marker = None
            try:
                key = mark_key(self._workspace)
            except UsageError as error:
                raise MarkError(error.message, fix=error.fix) from None
            if key is None:
                raise MarkError("there is no key that signs marks", fix="roadworthy keys media DIR")
            self._marker = Marker(
                signing=key, secret=self._secret, version=own_version(), font=self._font
            )
        return self._marker

    def look(self, data: bytes, *, thorough: bool = False) -> Seen:
        """What marks a file has. Raises MarkError where it is nothing that holds marks."""
        if lost := missing():
            raise MarkError(f"marks need packages that are not installed ({lost})", fix=INSTALL)
        key = mark_key(self._workspace)
        anchor = key.anchor if key is not None else ""
        if data.startswith(b"%PDF-"):
            return look_at_document(data, anchor=anchor)
        kind = sound_of(data)
        if kind:
            return look_at_sound(
                data, SOUNDS[kind], secret=self._secret, anchor=anchor, thorough=thorough
            )
        return look_at_picture(data, secret=self._secret, anchor=anchor, thorough=thorough)


def sound_of(data: bytes) -> str:
    """The format of a sound that may hold a manifest; empty for everything else."""
    for start, kind in _SOUND_STARTS.items():
        if data.startswith(start) and (kind != "wav" or data[8:12] == b"WAVE"):
            return kind
    return ""


def shown(seen: Seen) -> dict[str, object]:
    """What was seen, as callers are told it and records keep it."""
    mark, said = seen.watermark, seen.manifest
    found: dict[str, object] = {
        "made_by_ai": seen.made_by_ai,
        "c2pa": {"state": said.state, "by_ai": said.by_ai, "issuer": said.issuer}
        | ({"generator": said.generator} if said.generator else {}),
        "watermark": "not_checked" if mark is None else "found" if mark.there else "not_found",
    }
    if mark is not None:
        found |= {"score": round(mark.score, 2), "threshold": round(mark.threshold, 2)}
    if said.label:
        found["label"] = said.label
    if mark is not None and mark.marked_s is not None:
        found["marked_s"] = mark.marked_s
    return found


def read_file(path: Path, most: int) -> bytes:
    """A file of somebody's. Raises UsageError."""
    from roadworthy_verify.plain_file import read_plain

    try:
        return read_plain(path, most)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
