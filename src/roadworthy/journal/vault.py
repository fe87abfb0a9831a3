"""Keys that seal texts: one per tenant and day (and process), wrapped by the master key.

What enters: a tenant, an instant, a text. What leaves: the sealed text, and wrapped keys as
small files. Erasing a key file erases every text under it and leaves every digest valid. What
never happens here: a data key on disk in the clear, or a nonce used twice (each process draws
keys of its own and counts).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from roadworthy.domain import EvidenceError, Instant, UsageError, VerificationError, Witness
from roadworthy_verify.plain_file import read_plain

from .record import Record, Sealed

MASTER_FILE = "journal.master"
"""In the workspace's keys folder; not `.key`, which names people."""


class WrappedKey(Struct, frozen=True, kw_only=True):
    """A data key as it lies on disk."""

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


class _DataKey:
    """A data key in memory: its cipher and how many nonces it has spent."""

    __slots__ = ("cipher", "name", "spent")

    def __init__(self, name: str, key: bytes) -> None:
        self.name = name
        self.cipher = AESGCM(key)
        self.spent = 0


class Vault:
    """Seals and unseals texts. One per process."""

    def __init__(self, folder: Path, master: bytes) -> None:
        self._folder = folder
        self._wrap = AESGCM(master)
        self._pseudonyms = hmac.digest(master, b"roadworthy end-user pseudonyms", "sha256")
        self._mine: dict[tuple[str, str], _DataKey] = {}
        self._read: dict[str, AESGCM] = {}

    def seal(self, witness: Witness, *, tenant: str, at: Instant, about: str) -> Sealed:
        """Seal the texts of the exchange `about`. Raises OSError when no key can be kept."""
        key = self._mine.get((tenant, at[:10]))
        if key is None:
            key = self._new_key(tenant, at[:10])
        key.spent += 1
        data = key.cipher.encrypt(
            key.spent.to_bytes(12, "big"), _encoder.encode(witness), about.encode()
        )
        return Sealed(key=key.name, nonce=key.spent, data=data)

    def unseal(self, sealed: Sealed, *, about: str) -> Witness | None:
        """The texts; None when their key was erased. Raises VerificationError when changed."""
        cipher = self._read.get(sealed.key) or self._load(sealed.key)
        if cipher is None:
            return None
        try:
            data = cipher.decrypt(sealed.nonce.to_bytes(12, "big"), sealed.data, about.encode())
        except InvalidTag:
            raise VerificationError(f"the sealed text of {about} was changed") from None
        return _decoder.decode(data)

    def erase(self, *, tenant: str, day: str = "") -> int:
        """Erase the keys of a tenant (of one day, `YYYY-MM-DD`, or of all). Returns how many."""
        erased = 0
        for path in sorted(self._folder.glob(f"{day or '*'}.{_short(tenant)}.*.json")):
            path.unlink()
            self._read.pop(path.stem, None)
            erased += 1
        for held in [at for at in self._mine if at[0] == tenant and day in ("", at[1])]:
            del self._mine[held]
        return erased

    def pseudonym(self, tenant: str, user: str) -> str:
        """A stable name for an end user that does not say who it is; empty stays empty."""
        if not user:
            return ""
        text = f"{tenant}\x00{user}".encode()
        return "eu-" + hmac.digest(self._pseudonyms, text, "sha256").hex()[:20]

    def _new_key(self, tenant: str, day: str) -> _DataKey:
        name = f"{day}.{_short(tenant)}.{secrets.token_hex(6)}"
        raw, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
        wrapped = nonce + self._wrap.encrypt(nonce, raw, name.encode())
        record = WrappedKey(
            name=name, tenant=tenant, day=day, wrapped=base64.b64encode(wrapped).decode()
        )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{name}.tmp"
        _write_private(draft, msgspec.json.encode(record))
        draft.rename(self._folder / f"{name}.json")
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        for old in [at for at in self._mine if at[0] == tenant]:
            del self._mine[old]
        key = self._mine[tenant, day] = _DataKey(name, raw)
        return key

    def _load(self, name: str) -> AESGCM | None:
        path = self._folder / f"{name}.json"
        if "/" in name or not path.is_file():
            return None
        kept = msgspec.json.decode(read_plain(path), type=WrappedKey)
        data = base64.b64decode(kept.wrapped)
        try:
            raw = self._wrap.decrypt(data[:12], data[12:], name.encode())
        except InvalidTag:
            raise EvidenceError(
                f"the master key does not open {path}", fix="use the master key it was wrapped with"
            ) from None
        cipher = self._read[name] = AESGCM(raw)
        return cipher


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
