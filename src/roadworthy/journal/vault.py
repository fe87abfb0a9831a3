"""Keys that seal texts: per tenant, day and data subject, wrapped by the master key.

What enters: a tenant, an instant, who asked, a text. What leaves: the sealed text, and wrapped keys
as small files, one per tenant and day (and process): the keys of their subjects follow from it
(`subject_keys.py`). Erasing the file erases every text under it, taking a subject out of it those
of that one; every digest stays valid. What never happens here: a data key on disk in the clear, a
nonce used twice (each process draws keys of its own and counts), a text unsealed from memory after
its key was erased.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from roadworthy.domain import EvidenceError, Instant, UsageError, VerificationError, Witness
from roadworthy_verify.plain_file import read_plain

from .record import Record, Sealed
from .segment import sync_folder
from .subject_keys import ROOT, key_at, leaf_of, only, without

ERASED_FILE = ".erased"
"""In the folder of the keys: another one after each erasure, for whoever keeps texts in memory."""

MASTER_FILE = "journal.master"
"""In the workspace's keys folder; not `.key`, which names people."""


class WrappedKey(Struct, frozen=True, kw_only=True):
    """A data key as it lies on disk.

    Version 1 wraps one key for all texts of a tenant and day, version 2 the tree from which the
    keys of their data subjects follow.
    """

    version: int = 1
    name: str
    tenant: str
    day: str
    wrapped: str
    """Base64 of nonce (12 bytes) and AES-256-GCM ciphertext; the name is associated data."""


def open_master_key(keys: Path, reference: str = "") -> bytes:
    """The 32-byte master key, from `env:NAME` or `file:PATH` (base64), else the workspace's own.

    The workspace's own is made when missing, private to its owner. Raises UsageError when the
    reference leads nowhere or the key is not 32 bytes.
    """
    if reference.startswith("env:"):
        text = os.environ.get(reference[4:], "")
        where = f"environment variable {reference[4:]}"
    elif reference.startswith("file:"):
        path = Path(reference[5:])
        text = path.read_text("ascii") if path.is_file() else ""
        where = f"file {path}"
    elif reference:
        raise UsageError(
            f"master_key {reference!r} is not a reference", fix="use env:NAME or file:PATH"
        )
    else:
        text = _own_master(keys)
        where = f"file {keys / MASTER_FILE}"
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise UsageError(f"{where} holds no master key", fix="it must be 32 bytes in base64")
    return key


def _own_master(keys: Path) -> str:
    path = keys / MASTER_FILE
    if not path.exists():
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = keys / f".{MASTER_FILE}.{secrets.token_hex(4)}"
        _write_private(draft, base64.b64encode(secrets.token_bytes(32)))
        try:
            os.link(draft, path)  # of two processes that make one, the first wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return read_plain(path).decode("ascii")


def _write_private(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)


_Stamp = tuple[int, int]
"""Inode and time of change of a key file: another one means another key."""

MOST_CIPHERS = 4096
"""Of subjects, of all tenants together, that a process keeps (3 KB each); then it begins anew."""

MOST_READ = 1024
"""Keys whose texts were read lately; each lies on the disk too, and is looked at there."""


class _DataKey:
    """The keys of a tenant and day in memory, and how many nonces they have spent together."""

    __slots__ = ("_root", "checked", "ciphers", "name", "spent", "stamp")

    def __init__(self, name: str, root: bytes, stamp: _Stamp, checked: str) -> None:
        self.name = name
        self.stamp = stamp
        self.checked = checked
        """The second in which the file was last looked at."""
        self.spent = 0
        self._root = {ROOT: root}
        self.ciphers: dict[str, tuple[AESGCM, str]] = {}
        """Subject -> its cipher and leaf, of those that asked lately."""

    def derive(self, subject: str) -> tuple[AESGCM, str]:
        """A subject's cipher and leaf, kept for its next text."""
        leaf = leaf_of(subject)
        key = key_at(self._root, leaf)
        assert key is not None, "a root has every leaf"
        known = self.ciphers[subject] = (AESGCM(key), leaf)
        return known


class Vault:
    """Seals and unseals texts. One per process."""

    def __init__(self, folder: Path, master: bytes) -> None:
        self._folder = folder
        self._place = f"{folder}{os.sep}"
        self._wrap = AESGCM(master)
        self._sessions = hmac.digest(master, b"roadworthy session pseudonyms", "sha256")
        self._pseudonyms = hmac.digest(master, b"roadworthy end-user pseudonyms", "sha256")
        self._mine: dict[tuple[str, str], _DataKey] = {}
        self._derived = 0
        """Ciphers that were made since all were let go."""
        self._read: dict[str, tuple[_Stamp, AESGCM | dict[str, bytes]]] = {}
        self._opened: dict[tuple[str, str], tuple[_Stamp, AESGCM]] = {}
        """Key and leaf -> what opened a text lately, while the key's file is the same."""

    def seal(
        self, witness: Witness, *, tenant: str, at: Instant, about: str, subject: str = ""
    ) -> Sealed:
        """Seal the texts of an exchange, for `subject` as records call it. Raises as `hold`."""
        key = self.hold(tenant, at)
        cipher, leaf = key.ciphers.get(subject) or self._derive(key, subject)
        key.spent += 1
        nonce = key.spent.to_bytes(12, "big")
        data = cipher.encrypt(nonce, _encoder.encode(witness), about.encode())
        return Sealed(key=key.name, nonce=key.spent, data=data, leaf=leaf)

    def hold(self, tenant: str, at: Instant) -> _DataKey:
        """The key for texts of an instant: another once it was erased. Raises OSError."""
        key = self._mine.get((tenant, at[:10]))
        if key is None or (at[:19] > key.checked and not self._stands(key, at[:19])):
            key = self._new_key(tenant, at)
        return key

    def _derive(self, key: _DataKey, subject: str) -> tuple[AESGCM, str]:
        if self._derived >= MOST_CIPHERS:
            for each in self._mine.values():
                each.ciphers.clear()
            self._derived = 0
        self._derived += 1
        return key.derive(subject)

    def unseal(self, sealed: Sealed, *, about: str) -> Witness | None:
        """The texts; None when their key was erased. Raises VerificationError when changed."""
        cipher = self._cipher(sealed)
        if cipher is None:
            return None
        try:
            data = cipher.decrypt(sealed.nonce.to_bytes(12, "big"), sealed.data, about.encode())
        except InvalidTag:
            raise VerificationError(f"the sealed text of {about} was changed") from None
        return _decoder.decode(data)

    def kept(self, *, tenant: str = "", day: str = "", before: str = "") -> list[WrappedKey]:
        """The keys that are left, of a tenant, of a day (`YYYY-MM-DD`), of days before one.

        Raises EvidenceError for a file that is no key.
        """
        whose = _short(tenant) if tenant else "*"
        names = sorted(path.stem for path in self._folder.glob(f"{day or '*'}.{whose}.*.json"))
        return self.those(name for name in names if not before or name[:10] < before)

    def erase(
        self,
        names: Iterable[str] | None = None,
        *,
        tenant: str = "",
        day: str = "",
        subject: str = "",
        keep: Collection[str] = (),
    ) -> int:
        """Erase the keys of those names, else of a tenant and a day. Returns how many changed.

        `subject`: only its texts. `keep`: all but the texts of these subjects. A key of version 1
        has no subjects: then it is left as it is, which is for the caller to see.
        """
        keys = self.kept(tenant=tenant, day=day) if names is None else self.those(names)
        changed = [key for key in keys if self._erase(key, subject=subject, keep=keep)]
        if changed:
            (self._folder / ERASED_FILE).write_text(secrets.token_hex(8))
            sync_folder(self._folder)
        gone = {key.name for key in changed}
        for held in [at for at, key in self._mine.items() if key.name in gone]:
            del self._mine[held]
        return len(changed)

    def opens(self, name: str, leaf: str) -> bool:
        """Whether texts that were sealed under that leaf of a key can be read still."""
        return self._cipher(Sealed(key=name, nonce=0, data=b"", leaf=leaf)) is not None

    def derived(self, purpose: str) -> bytes:
        """32 bytes for another purpose, the same in every process of this workspace."""
        return hmac.digest(self._pseudonyms, purpose.encode(), "sha256")

    def has_more(self, key: WrappedKey, subjects: Iterable[str]) -> bool:
        """Whether texts of others than these subjects can be read with a key."""
        nodes = self._unwrap(key, self._path(key.name))
        return isinstance(nodes, bytes) or only(nodes, map(leaf_of, subjects)) != nodes

    def those(self, names: Iterable[str]) -> list[WrappedKey]:
        """The keys of those names that are left. Raises EvidenceError for a file that is no key."""
        found = []
        for name in names:
            with suppress(FileNotFoundError):  # erased, maybe by another process
                found.append(_read_key(self._path(name)))
        return found

    def _path(self, name: str) -> Path:
        """Where a key lies. Raises FileNotFoundError for what cannot be one's name."""
        if not name or "/" in name:
            raise FileNotFoundError(name)
        return self._folder / f"{name}.json"

    def _erase(self, key: WrappedKey, *, subject: str, keep: Collection[str]) -> bool:
        """Erase a key or cut it. Whether anything changed."""
        path = self._path(key.name)
        if not subject and not keep:
            path.unlink(missing_ok=True)
            return True
        nodes = self._unwrap(key, path)
        if isinstance(nodes, bytes):
            return False
        left = without(nodes, leaf_of(subject)) if subject else only(nodes, map(leaf_of, keep))
        if left == nodes:
            return False
        self._write(key.name, key.tenant, key.day, left)
        return True

    def pseudonym(self, tenant: str, user: str) -> str:
        """A stable name for an end user that does not say who it is; empty stays empty."""
        return _named("eu-", self._pseudonyms, tenant, user)

    def session(self, tenant: str, said: str) -> str:
        """A stable name for a session: callers put names and addresses into its id."""
        return _named("se-", self._sessions, tenant, said)

    def _new_key(self, tenant: str, at: Instant) -> _DataKey:
        day = at[:10]
        name = f"{day}.{_short(tenant)}.{secrets.token_hex(6)}"
        root = secrets.token_bytes(32)
        path = self._write(name, tenant, day, {ROOT: root})
        for old in [each for each in self._mine if each[0] == tenant]:
            del self._mine[old]
        key = self._mine[tenant, day] = _DataKey(name, root, _stamp(path), at[:19])
        return key

    def _write(self, name: str, tenant: str, day: str, nodes: dict[str, bytes]) -> Path:
        """Wrap a tree and put it in its place, durably; what lay there is gone."""
        nonce = secrets.token_bytes(12)
        wrapped = nonce + self._wrap.encrypt(nonce, _nodes_encoder.encode(nodes), name.encode())
        record = WrappedKey(
            version=2,
            name=name,
            tenant=tenant,
            day=day,
            wrapped=base64.b64encode(wrapped).decode(),
        )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft, path = self._folder / f".{name}.tmp", self._path(name)
        draft.unlink(missing_ok=True)  # of a process that died while it wrote
        _write_private(draft, msgspec.json.encode(record))
        draft.rename(path)
        sync_folder(self._folder)
        return path

    def _stands(self, key: _DataKey, second: str) -> bool:
        """Whether a key of ours lies there as we wrote it."""
        key.checked = second
        try:
            return _stamp(self._path(key.name)) == key.stamp
        except FileNotFoundError:
            return False

    def _cipher(self, sealed: Sealed) -> AESGCM | None:
        """What opens a sealed text; asks the disk each time, so that erased is erased."""
        if not sealed.key or "/" in sealed.key:
            return None
        try:
            stamp = _stamp(f"{self._place}{sealed.key}.json")
            opened = self._opened.get((sealed.key, sealed.leaf))
            if opened is not None and opened[0] == stamp:
                return opened[1]
            known = self._read.get(sealed.key)
            if known is None or known[0] != stamp:
                path = self._path(sealed.key)
                read = self._unwrap(_read_key(path), path)
                known = (stamp, AESGCM(read) if isinstance(read, bytes) else read)
                if len(self._read) >= MOST_READ:
                    self._read.clear()
                self._read[sealed.key] = known
        except FileNotFoundError:
            self._read.pop(sealed.key, None)
            self._opened.pop((sealed.key, sealed.leaf), None)
            return None
        if isinstance(known[1], AESGCM):
            return known[1]
        if (key := key_at(known[1], sealed.leaf)) is None:
            return None
        if len(self._opened) >= MOST_CIPHERS // 16:
            self._opened.clear()
        self._opened[sealed.key, sealed.leaf] = opened = (stamp, AESGCM(key))
        return opened[1]

    def _unwrap(self, kept: WrappedKey, path: Path) -> bytes | dict[str, bytes]:
        """The one key of version 1, or the tree of version 2."""
        data = base64.b64decode(kept.wrapped)
        try:
            raw = self._wrap.decrypt(data[:12], data[12:], path.stem.encode())
        except InvalidTag:
            raise EvidenceError(
                f"the master key does not open {path}", fix="use the master key it was wrapped with"
            ) from None
        return raw if kept.version == 1 else _nodes_decoder.decode(raw)


def _named(prefix: str, key: bytes, tenant: str, said: str) -> str:
    """Whoever lacks the key can neither tell what was said nor try what it may have been."""
    text = f"{tenant}\x00{said}".encode()
    return prefix + hmac.digest(key, text, "sha256").hex()[:20] if said else ""


def _read_key(path: Path) -> WrappedKey:
    try:
        return msgspec.json.decode(read_plain(path), type=WrappedKey)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvidenceError(
            f"{path} is no wrapped key: {error}", fix="put it back from a backup"
        ) from None


def _stamp(path: Path | str) -> _Stamp:
    there = os.stat(path)  # noqa: PTH116 - asked for every text, where a Path takes twice as long
    return there.st_ino, there.st_mtime_ns


def key_names(folder: Path) -> set[str] | None:
    """The names of the keys that are left; None where there is no folder of keys."""
    return {path.stem for path in folder.glob("*.json")} if folder.is_dir() else None


def unseal(record: Record, vault: Vault) -> Witness | None:
    """The texts of a record; None when it has none or their key was erased."""
    if record.sealed is None:
        return None
    about = record.observation.id if record.observation is not None else record.about
    return vault.unseal(record.sealed, about=about)


def _short(tenant: str) -> str:
    return hashlib.sha256(tenant.encode()).hexdigest()[:16]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Witness)
_nodes_encoder = msgspec.msgpack.Encoder()
_nodes_decoder = msgspec.msgpack.Decoder(dict[str, bytes])
