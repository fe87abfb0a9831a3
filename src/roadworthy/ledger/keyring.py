"""Private keys on disk: one PKCS #8 PEM a name, 0600, in a folder 0700 of the workspace.

A key that others can read is not loaded: whoever could read it could sign as its owner. Keys are
written whole or not at all, never overwritten, never logged.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from roadworthy.domain import AccessError, EvidenceError, UsageError

from .signers import Ed25519Signer

MACHINE = "machine"
"""The workspace's own key: it signs checkpoints and what no person did."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_SUFFIX = ".key"
_NEXT = ".next"


class Keyring:
    """The private keys in one folder, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def names(self) -> list[str]:
        """Names that have a key here, sorted; the machine's is among them when it exists."""
        if not self._folder.is_dir():
            return []
        return sorted(
            path.name.removesuffix(_SUFFIX)
            for path in self._folder.iterdir()
            if path.name.endswith(_SUFFIX) and _NAME.fullmatch(path.name.removesuffix(_SUFFIX))
        )

    def create(self, name: str) -> Ed25519Signer:
        """Make a key. Raises UsageError when the name has one or is not a name."""
        path = self._path(name)
        signer = Ed25519Signer.generate()
        self._make_folder()
        if not _write_new(path, signer.to_pem()):
            raise UsageError(f"{name} has a key already", fix="choose another name, or rotate it")
        return signer

    def signer(self, name: str) -> Ed25519Signer:
        """Load a key.

        Raises UsageError when there is none or it cannot be read, AccessError when others can.
        """
        return self._load(self._path(name), name)

    def _load(self, path: Path, name: str) -> Ed25519Signer:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise UsageError(
                f"{name} has no key in {self._folder}", fix=_known(self.names())
            ) from None
        except OSError as error:
            raise UsageError(
                f"key of {name} cannot be opened: {error.strerror}",
                fix=f"see to {path}: a file of your own, mode 0600, no link",
            ) from None
        with os.fdopen(descriptor, "rb") as file:
            _refuse_shared(os.fstat(file.fileno()), path, "0600")
            _refuse_shared(self._folder.stat(), self._folder, "0700")
            pem = file.read()
        try:
            return Ed25519Signer.from_pem(pem)
        except ValueError as error:
            raise UsageError(
                f"{path} holds {error}",
                fix="put the key back from the copy that you keep elsewhere",
            ) from None

    def machine(self) -> Ed25519Signer:
        """The workspace's own key, made on first use (two processes may come at once)."""
        if MACHINE in self.names():
            return self.signer(MACHINE)
        self._make_folder()
        _write_new(self._path(MACHINE), Ed25519Signer.generate().to_pem())
        return self.signer(MACHINE)

    def derived_secret(self, context: str) -> bytes:
        """32 secret bytes that only this workspace can know, for the purpose `context` names.

        They end with the machine's key: after a rotation they are others.
        """
        return self.machine().derived_secret(context)

    def prepare(self, name: str) -> Ed25519Signer:
        """The key that will follow a name's own, made once and kept beside it until `promote`."""
        self._path(name)
        following = self._folder / f"{name}{_NEXT}"
        _write_new(following, Ed25519Signer.generate().to_pem())
        return self._load(following, name)

    def promote(self, name: str) -> None:
        """Put the prepared key in the place of the old one, which is gone afterwards."""
        (self._folder / f"{name}{_NEXT}").replace(self._path(name))
        _sync_folder(self._folder)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot name a key", fix="use letters, digits and . _ @ + - (at most 64)"
            )
        return self._folder / f"{name}{_SUFFIX}"

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_shared(self._folder.stat(), self._folder, "0700")


def _refuse_shared(status: os.stat_result, path: Path, right: str) -> None:
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise AccessError(
            f"{path} can be read by others (mode {stat.S_IMODE(status.st_mode):04o})",
            fix=f"chmod {right} {path}; if others had access, rotate the key",
        )
    if status.st_uid != os.geteuid():
        raise AccessError(f"{path} belongs to another user", fix="use a workspace of your own")


def _write_new(path: Path, data: bytes) -> bool:
    """Write a file that must not exist, whole or not at all; False when it exists."""
    temporary = path.parent / f".{path.name}.{os.getpid()}.tmp"
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise EvidenceError(
            f"{path} cannot be written: {error.strerror or error}",
            fix="see to the disk that it is on, then run the same command again",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _known(names: list[str]) -> str:
    people = [name for name in names if name != MACHINE]
    return f"keys here: {', '.join(people)}" if people else "roadworthy people add NAME --role ROLE"
