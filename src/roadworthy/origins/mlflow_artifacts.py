"""The files of a run in a folder, by digest: bounded, and no link leads out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from roadworthy.domain import UsageError
from roadworthy_verify.plain_file import open_plain

from .mlflow_run import MOST_NAMES, Artifact

MOST_BYTES = 16 << 30
"""Of all artifacts of one run; what is beyond is named without a digest."""
_CHUNK = 1 << 20


def hashed(folder: Path) -> Iterator[Artifact]:
    """Every file under a folder; of a folder that is not there, none; of a link, nothing."""
    if folder.is_symlink():
        yield Artifact(path="*", why="it is a link")
        return
    left = MOST_BYTES
    number = 0
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            continue
        number += 1
        if number > MOST_NAMES:
            raise UsageError(f"{folder} holds more than {MOST_NAMES:,} files")
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Artifact(path=name, why="it is a link")
            continue
        size = path.stat().st_size
        if size > left:
            yield Artifact(path=name, bytes=size, why=f"more than {MOST_BYTES >> 30} GiB in all")
            continue
        left -= size
        yield _read(path, name, size)


def _read(path: Path, name: str, size: int) -> Artifact:
    digest = hashlib.sha256()
    try:
        with open_plain(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    return Artifact(path=name, bytes=size, digest=f"sha256:{digest.hexdigest()}")
