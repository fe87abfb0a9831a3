"""Is this dossier what it says: nothing changed, nothing added, nothing taken out?

In: a zip file, the trusted keys, checkpoints that were kept elsewhere. Out: a Report. Never: a file
extracted, a name that leaves the archive, more memory than one line of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from .checkpoint import CheckpointError, Head, head_from_json, judge
from .envelope import EnvelopeError, open_statement
from .excerpt import Excerpt, read_excerpt
from .log import PersonSignatures
from .named import Named, Withheld
from .plain_zip import MOST_FILES, ZipFormError, require_bounded, require_plain
from .report import Report
from .trust import Trust, TrustError, load_trust, parse_trust

MANIFEST, ENVELOPE, ENTRIES, TRUST = (
    "dossier.json", "dossier.dsse.json", "log/entries.ndjson", "trust.yaml",
)  # fmt: skip
EVIDENCE = "evidence/"
PREDICATE = "https://roadworthy.dev/attestation/dossier/v1"
MAGIC = b"PK\x03\x04"
FIRST = b"documents/"
"""How the name of a dossier's first file begins."""
_NAME_AT = 30
"""Where it stands in a zip (APPNOTE 6.3.10, section 4.3.7)."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}(/[A-Za-z0-9._-]{1,120}){0,6}")
_MOST_MANIFEST = 64 << 20
_MOST_BYTES = 64 << 30
"""Unpacked: what packs a thousand times smaller would keep a reader busy for days."""
_CHUNK = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError,
    ValueError, OverflowError,
)  # fmt: skip
"""What reading such a file raises when it is no whole archive."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Json = dict[str, Any]


class DossierError(ValueError):
    """The first thing that does not fit; `state` is a state of the report."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


def is_dossier(path: Path) -> bool:
    """Whether a file is a zip archive that begins as a dossier does, or lists what one has."""
    with path.open("rb") as file:
        head = file.read(_NAME_AT + len(FIRST))
    if not head.startswith(MAGIC):
        return False
    return head[_NAME_AT:] == FIRST or holds_dossier(path)


def holds_dossier(path: Path) -> bool:
    """Whether it lists what a dossier has, whatever stands before the archive."""
    try:
        with path.open("rb") as file:
            return MANIFEST in zipfile.ZipFile(file).namelist()
    except _UNREADABLE:
        return False


def verify_dossier(
    path: Path,
    trust: Trust | Path | str | Mapping[str, Any] | None = None,
    *,
    kept: Iterable[Head] = (),
    at: str | None = None,
) -> Report:
    """Verify a dossier; steps are numbered in the code. Raises TrustError for a bad trust file."""
    details: Json = {"kind": "dossier"}
    lines: list[str] = []
    try:
        with path.open("rb") as file:
            require_bounded(file)
            with zipfile.ZipFile(file) as archive:
                _verify(archive, trust, list(kept), at or "", details, lines)
                # 8. Nothing in it but these files: what one reader shows, all do.
                require_plain(file, archive.infolist(), archive.start_dir)
    except TrustError:
        raise
    except ZipFormError as error:
        fault = f"{path} is no whole archive of ours: {error}"
        return Report("tampered", fault, details, (*lines, fault))
    except DossierError as error:
        return Report(error.state, str(error), details, (*lines, str(error)))
    except _UNREADABLE as error:
        fault = f"{path} is no whole archive: {error}"
        return Report("tampered", fault, details, (*lines, fault))
    return Report("verified", "", details, tuple(lines))


def _verify(
    archive: zipfile.ZipFile,
    trust: Trust | Path | str | Mapping[str, Any] | None,
    kept: list[Head],
    at: str,
    details: Json,
    lines: list[str],
) -> None:
    # 1. Plain names, each once; no link, nothing encrypted.
    members = _members(archive)
    # 2. The manifest, as signed by trusted keys.
    data = _bytes(archive, members, MANIFEST, _MOST_MANIFEST)
    keys = load_trust(trust) if trust is not None else _trust_inside(archive, members)
    details |= {"trust": keys.source, "trust_from": keys.came_from}
    _signed(archive, members, data, keys, at, details)
    manifest = _manifest(data)
    details |= {"system": manifest["system"], "made_at": manifest["made_at"]}
    lines.append(f"dossier of {manifest['system']}, made at {manifest['made_at']}")
    # 3. Exactly the files of the manifest, each with its digest; of the entries in step 4.
    _files(archive, members, manifest["files"])
    evidence = _evidence(manifest["files"])
    # 4. The entries lead to the root that the checkpoint signs, and what they name is there, or
    # said to be left out.
    head = _head(manifest["checkpoint"])
    people = PersonSignatures(keys)
    named = Named(evidence, _withheld(manifest))
    with archive.open(members[ENTRIES]) as packed:
        whole = _Hashed(packed, manifest["files"][ENTRIES])
        # the archive's own readline costs as much as all that is done with a line
        found = read_excerpt(
            io.BufferedReader(whole, _CHUNK), head.size, people.check,
            sizes={one.size for one in kept}, digests=evidence, named=named,
        )  # fmt: skip
        whole.require()
    lines.append(f"{len(manifest['files'])} files are as the manifest names them")
    _fits(found, head, manifest["entries"])
    _as_named(found, evidence, named)
    details |= {
        "withheld": list(named.withheld.values()), "unseen": named.unseen,
        "entries": found.shown, "redacted": found.redacted, "hidden": found.hidden,
        "checkpoint": {"size": head.size, "time": head.time, "root": head.root.hex()},
        "signatures_of_people": people.checked,
    }  # fmt: skip
    lines.append(
        f"{found.shown} of {head.size} entries are shown, {found.redacted} of them without their"
        f" payload; {found.hidden} stand by hash only"
        + (": which system they are about, its sender says alone" if found.hidden else "")
    )
    lines.extend(named.lines())
    # 5. The checkpoint and people's own signatures.
    _signatures(head, people, keys)
    lines.append(f"complete up to checkpoint {head.size} of {head.time}")
    # 6. Checkpoints that the reader kept.
    _as_kept(head, found, kept, lines)
    # 7. What it says of itself is missing.
    missing = manifest["missing"]
    details["missing"] = len(missing)
    if missing:
        lines.append(f"it says itself that {len(missing)} things are missing from it")
    lines.append(keys.told)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename
        if not _NAME.fullmatch(name) or ".." in name.split("/") or "." in name.split("/"):
            raise DossierError("tampered", f"{name!r} is no name of a dossier's file")
        if name in found:
            raise DossierError("tampered", f"{name} is in it twice")
        if info.flag_bits & 1 or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise DossierError("tampered", f"{name} is encrypted, or packed in another way")
        found[name] = info
    if len(found) > MOST_FILES:
        raise DossierError("tampered", f"{len(found)} files are more than a dossier has")
    for name in (MANIFEST, ENVELOPE, ENTRIES, TRUST):
        if name not in found:
            state = "not_evidence" if name == MANIFEST else "tampered"
            raise DossierError(state, f"it has no {name}, so it is no whole dossier")
    return found


def _bytes(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], name: str, most: int
) -> bytes:
    with archive.open(members[name]) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise DossierError("tampered", f"{name} is larger than any of a dossier")
    return data


def _trust_inside(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> Trust:
    text = _bytes(archive, members, TRUST, _CHUNK)
    try:
        return load_trust(parse_trust(text.decode(), TRUST), source=TRUST, origin="beside")
    except (TrustError, UnicodeDecodeError) as error:
        raise DossierError("tampered", f"its {TRUST} cannot be read: {error}") from None


def _signed(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], data: bytes, keys: Trust,
    at: str, details: Json,
) -> None:  # fmt: skip
    try:
        envelope = json.loads(_bytes(archive, members, ENVELOPE, _CHUNK))
        statement = open_statement(envelope, keys, at)
    except EnvelopeError as error:
        raise DossierError(error.state, f"its signature: {error}") from None
    except (ValueError, RecursionError) as error:
        raise DossierError("tampered", f"{ENVELOPE} is no JSON: {error}") from None
    if statement.predicate_type != PREDICATE:
        raise DossierError("tampered", f"{ENVELOPE} is a statement of another kind")
    if statement.subject != "sha256:" + hashlib.sha256(data).hexdigest():
        raise DossierError("tampered", f"{MANIFEST} is not the one that was signed")
    details["signed_by"] = [key.name for key in statement.keys]


def _manifest(data: bytes) -> Json:
    try:
        found = json.loads(data)
        files, entries = found["files"], found["entries"]
        for name, said in files.items():
            if not isinstance(said["sha256"], str) or type(said["bytes"]) is not int:
                raise TypeError(f"{name} has no digest")
        if sum(said["bytes"] for said in files.values()) > _MOST_BYTES:
            raise TypeError("its files would be larger than any dossier's")
        for key in ("shown", "redacted", "hidden"):
            if type(entries[key]) is not int:
                raise TypeError(f"entries.{key} is no number")
        if not isinstance(found["missing"], list):
            raise TypeError("missing is no list")
        found["checkpoint"], str(found["system"]), str(found["made_at"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DossierError("tampered", f"{MANIFEST} is no manifest: {error!r}") from None
    return dict(found)


def _files(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], files: Mapping[str, Json]
) -> None:
    there = set(members) - {MANIFEST, ENVELOPE}
    if lost := set(files) - there:
        raise DossierError("tampered", f"{sorted(lost)[0]} was taken out")
    if more := there - set(files):
        raise DossierError("tampered", f"{sorted(more)[0]} was put in")
    for name, said in files.items():
        if name == ENTRIES:  # hashed while it is read
            continue
        seen, digest = 0, hashlib.sha256()
        with archive.open(members[name]) as file:
            while seen <= said["bytes"] and (chunk := file.read(_CHUNK)):
                seen += len(chunk)
                digest.update(chunk)
        if seen != said["bytes"] or digest.hexdigest() != said["sha256"]:
            raise DossierError("tampered", f"{name} is not the file that the manifest names")


class _Hashed(io.RawIOBase):
    """The entries, hashed as they are read; never more of them than the manifest says."""

    def __init__(self, packed: IO[bytes], said: Json) -> None:
        super().__init__()
        self._packed = packed
        self._said = said
        self._left = said["bytes"] + 1
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        data = self._packed.read(min(len(into), self._left))
        self._left -= len(data)
        self._digest.update(data)
        into[: len(data)] = data
        return len(data)

    def require(self) -> None:
        """Read what nobody read; raises DossierError where it is another file."""
        while self.read(_CHUNK):
            pass
        if self._left != 1 or self._digest.hexdigest() != self._said["sha256"]:
            raise DossierError("tampered", f"{ENTRIES} is not the file that the manifest names")


def _evidence(files: Mapping[str, Json]) -> set[str]:
    """The digests of what lies in evidence/, each under its own."""
    found = set()
    for name, said in files.items():
        if not name.startswith(EVIDENCE):
            continue
        if name != f"{EVIDENCE}{said['sha256']}.json":
            raise DossierError("tampered", f"{name} is not what has that digest")
        found.add(said["sha256"])
    return found


def _as_named(found: Excerpt, evidence: set[str], named: Named) -> None:
    """Nothing is there that no entry names, and what was left out is as the manifest says."""
    if strange := evidence - found.named:
        name = f"{EVIDENCE}{min(strange)}.json"
        raise DossierError("tampered", f"no entry that is shown names {name}")
    if false := named.false():
        raise DossierError("tampered", false)


def _withheld(manifest: Json) -> Withheld:
    try:
        return Withheld(manifest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DossierError("tampered", f"{MANIFEST} is no manifest: {error!r}") from None


def _as_kept(head: Head, found: Excerpt, kept: list[Head], lines: list[str]) -> None:
    """Hold the log against checkpoints that were kept, the newest first.

    By newer ones alone nothing can be told: the log may have grown to them, or be another.
    """
    grew = False
    for one in kept:
        if one.origin != head.origin:
            raise DossierError("tampered", f"{head} is of log {head.origin}, not {one.origin}")
    for one in sorted(kept, key=lambda one: one.size, reverse=True):
        if one.size > head.size:
            lines.append(f"a newer checkpoint is known: {one}; ask for a newer dossier")
            continue
        root = head.root if one.size == head.size else found.roots.get(one.size)
        if root is not None and root != one.root:
            raise DossierError("tampered", f"{one}, which was kept elsewhere, has another root")
        if root is None and not grew:
            raise DossierError(
                "undecided",
                f"{one}, which was kept elsewhere, lies within entries that stand by hash only:"
                " whether the log grew from it is not shown",
            )
        if not grew:
            lines.append(f"it grew from {one}, which was kept elsewhere")
        grew = True
    if kept and not grew:
        oldest = min(kept, key=lambda one: one.size)
        raise DossierError(
            "undecided",
            f"it goes up to checkpoint {head.size}, and {oldest}, which was kept elsewhere, is"
            " newer: whether both are of one history is not shown; ask for a newer dossier",
        )


def _head(value: Any) -> Head:
    try:
        return head_from_json(value, "its checkpoint")
    except CheckpointError as error:
        raise DossierError("tampered", str(error)) from None


def _fits(found: Excerpt, head: Head, said: Mapping[str, Any]) -> None:
    if found.fault:
        raise DossierError("tampered", found.fault)
    if found.root != head.root:
        raise DossierError("tampered", f"its entries do not lead to the root of {head}")
    for name in ("shown", "redacted", "hidden"):
        if getattr(found, name) != said[name]:
            raise DossierError(
                "tampered",
                f"{getattr(found, name)} entries are {name}, the manifest says {said[name]}",
            )


def _signatures(head: Head, people: PersonSignatures, keys: Trust) -> None:
    signature = judge(head, keys)
    if signature.state == "false":
        raise DossierError("tampered", signature.reason)
    if people.false[0]:
        raise DossierError("tampered", f"entry {people.false[0]} does not fit: {people.false[1]}")
    if signature.state != "valid":
        raise DossierError("unknown_key", signature.reason)
    if people.unknown[0]:
        raise DossierError("unknown_key", f"entry {people.unknown[0]}: {people.unknown[1]}")
