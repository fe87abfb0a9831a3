"""A zip archive read within bounds, never unpacked to disk; deflated or zstd.

Inspect compresses its logs with zstd, which this Python's zipfile does not know; the package
`zstandard` does (the extra `outside`).
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import IO, Any

from roadworthy.domain import UsageError
from roadworthy.origins import Source

_ZSTD = 93
_LOCAL = struct.Struct("<4s22xHH")
"""Of a local header: its mark, and how long name and extra are."""
_CHUNK = 1 << 20


class Archive:
    """The files of an archive, by name."""

    def __init__(self, source: Source, file: IO[bytes]) -> None:
        self._source = source
        self._file = file
        self._limits = source.limits
        try:
            entries = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, ValueError, RuntimeError, UnicodeError) as error:
            raise source.fault(f"it is a damaged archive: {error}") from None
        if len(entries) > self._limits.entries:
            raise source.fault(f"it holds more than {self._limits.entries:,} files")
        self._entries = {each.filename: each for each in entries}
        if len(self._entries) < len(entries):
            raise source.fault("two of its files have one name")
        self.names = frozenset(self._entries)

    def read(self, name: str) -> bytes:
        """One file. Raises UsageError when it is larger than its bound or than it says."""
        entry = self._entries[name]
        if entry.flag_bits & 0x1:
            raise self._fault(name, "it is encrypted")
        if entry.file_size > self._limits.entry:
            raise self._fault(name, f"it has more than {self._limits.entry >> 20} MiB")
        data = self._unpacked(entry)
        if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
            raise self._fault(name, "it is not what the archive says of it")
        return data

    def _unpacked(self, entry: zipfile.ZipInfo) -> bytes:
        self._file.seek(entry.header_offset)
        local = self._file.read(_LOCAL.size)
        if len(local) < _LOCAL.size or local[:4] != b"PK\x03\x04":
            raise self._fault(entry.filename, "its header is damaged")
        _, name, extra = _LOCAL.unpack(local)
        self._file.seek(name + extra, 1)
        packed = self._file.read(min(entry.compress_size, self._limits.entry + 1))
        if entry.compress_type == zipfile.ZIP_STORED:
            return packed
        return self._inflated(entry, packed)

    def _inflated(self, entry: zipfile.ZipInfo, packed: bytes) -> bytes:
        if entry.compress_type == zipfile.ZIP_DEFLATED:
            try:
                return zlib.decompressobj(-15).decompress(packed, entry.file_size + 1)
            except zlib.error as error:
                raise self._fault(entry.filename, str(error)) from None
        if entry.compress_type == _ZSTD:
            zstandard = _zstandard()
            try:
                stream = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(packed)
                return _upto(stream, entry.file_size + 1)
            except zstandard.ZstdError as error:
                raise self._fault(entry.filename, str(error)) from None
        raise self._fault(entry.filename, f"compressed with method {entry.compress_type}")

    def _fault(self, name: str, message: str) -> UsageError:
        return self._source.fault(f"{name!r} in it: {message}")


def _upto(stream: Any, most: int) -> bytes:
    parts: list[bytes] = []
    while most > 0 and (part := stream.read(min(_CHUNK, most))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError:
        raise UsageError(
            "this log is compressed with zstd, and `zstandard` is not installed",
            fix="pip install 'roadworthy[outside]', or `inspect log convert --to json`",
        ) from None
    return zstandard
