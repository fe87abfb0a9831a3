"""The archive of a dossier: the same contents are the same bytes, and every file is hashed.

Enters: names and bytes. Leaves: a zip, and the list of what is in it. Never: a time of today, a
file that nobody lists unless that is said.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from typing import IO, Any, cast

from ..workspace.own_files import Sink
from ..workspace.plain_zip import Streamed

_STAMP = (1980, 1, 1, 0, 0, 0)


class Archive:
    """A zip whose bytes depend on its contents alone; each file is hashed as it is written."""

    def __init__(self, file: Sink) -> None:
        """`files`: of each that was put in and is listed, its digest and size."""
        # it is written into, never read or sought
        out = cast(IO[bytes], file)
        self.zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.files: dict[str, dict[str, Any]] = {}

    def put(self, name: str, data: bytes | Iterable[bytes], *, listed: bool = True) -> None:
        """Add a file; not `listed`, it is the list itself or its signature."""
        info = Streamed(name, _STAMP)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self.zip.open(info, "w", force_zip64=not isinstance(data, bytes)) as file:
            for chunk in (data,) if isinstance(data, bytes) else data:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        if listed:
            self.files[name] = {"sha256": digest.hexdigest(), "bytes": size}
