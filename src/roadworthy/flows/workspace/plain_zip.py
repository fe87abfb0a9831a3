"""A member of a zip archive whose size nobody knows before it is written."""

from __future__ import annotations

import struct
import zipfile

_VERSION_AT, _SIZES_AT, _WIDE = 4, 18, 45


class Streamed(zipfile.ZipInfo):
    """Its sizes stand in wide fields and the narrow ones say so (APPNOTE.TXT 6.3.10, 4.5.3).

    Python before 3.11.4, Debian 12's among them, left the sizes in both and named a version that
    knows no wide ones (https://github.com/python/cpython/issues/103861): no whole archive to who
    reads strictly, as our verifier does.
    """

    def FileHeader(self, zip64: bool | None = None) -> bytes:  # noqa: N802 -- zipfile's name
        """What stands before the file."""
        header = bytearray(super().FileHeader(zip64))
        if zip64:
            self.create_version = self.extract_version = _WIDE
            struct.pack_into("<H", header, _VERSION_AT, _WIDE)
            struct.pack_into("<LL", header, _SIZES_AT, 0xFFFFFFFF, 0xFFFFFFFF)
        return bytes(header)
