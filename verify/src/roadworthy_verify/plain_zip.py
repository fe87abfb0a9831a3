"""A zip archive of one form: nothing in it but its files, and no header that says more of them.

In: the archive, its list of files. Out: nothing, or ZipFormError. Never: bytes between the files or
behind them, a link, a time, a comment, a second list: what one reader shows and another does not.

Source: APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_END = struct.Struct("<4sHHHHLLH")
_END_SIZE = _END.size
_RECORD = 46
_CHUNK = 1 << 18
_FULL = 0xFFFFFFFF
_MIDNIGHT_1980 = 33
"""The date field of 1980-01-01, the first that there is; its time field is 0."""
_PLAIN_FILE = 0o644 << 16
_STREAMED = 8
"""Flag: checksum and sizes stand behind the file."""
_FAR, _MANY = 0x7FFFFFFF, 0xFFFF
"""Beyond these, sizes, places and counts stand in wider fields."""
MOST_FILES = 100_000


class ZipFormError(ValueError):
    """The first thing that has another form."""


def require_bounded(file: IO[bytes]) -> None:
    """Before the list of files is read: no comment behind its end, no more files than there may be.

    Raises ZipFormError.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_SIZE))
    end = file.read(_END_SIZE)
    if len(end) < _END_SIZE or end[:4] != b"PK\x05\x06" or end[-2:] != b"\0\0":
        raise ZipFormError("it does not end as an archive does: cut, or with bytes behind its end")
    length = _END.unpack(end)[5]
    if length == _FULL or length > MOST_FILES * (_RECORD + 1024):
        raise ZipFormError("its list of files is longer than a dossier's")
    file.seek(0)


def require_plain(file: IO[bytes], members: Sequence[zipfile.ZipInfo], listed_at: int) -> None:
    """Every byte up to the list of files is a file's, and each is said to be a plain file.

    `listed_at` is where the list begins. Raises ZipFormError.
    """
    at = 0
    for info in members:
        if info.header_offset != at:
            raise ZipFormError(f"{info.filename} does not stand where the file before it ends")
        _check_listed(info)
        file.seek(at + 4)
        large = file.read(1) == b"\x2d"
        head, behind = _local(info, large=large), _behind(info, large=large)
        file.seek(at)
        if file.read(len(head)) != head:
            raise ZipFormError(f"{info.filename} is said to be something else where it stands")
        _require_packed(file, info)
        if file.read(len(behind)) != behind:
            raise ZipFormError(f"{info.filename} does not end where the list says")
        at += len(head) + info.compress_size + len(behind)
    if at != listed_at:
        raise ZipFormError("there are bytes that belong to no file")
    length = sum(_RECORD + len(info.filename) + len(info.extra) for info in members)
    file.seek(listed_at + length)
    if file.read() != _end(len(members), length, listed_at):
        raise ZipFormError("its list of files does not end as an archive's does")


def _require_packed(file: IO[bytes], info: zipfile.ZipInfo) -> None:
    """From here on the file, packed, and not a byte behind its own end."""
    if info.compress_type == zipfile.ZIP_STORED:
        file.seek(info.compress_size, os.SEEK_CUR)
        return
    left, unpack = info.compress_size, zlib.decompressobj(-zlib.MAX_WBITS)
    while left and not unpack.eof:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            break
        left -= len(chunk)
        unpack.decompress(chunk, _CHUNK)
        while unpack.unconsumed_tail and not unpack.eof:
            unpack.decompress(unpack.unconsumed_tail, _CHUNK)
    if left or not unpack.eof or unpack.unused_data:
        raise ZipFormError(f"there are bytes in {info.filename} behind its end")


def _check_listed(info: zipfile.ZipInfo) -> None:
    sizes = (info.file_size, info.compress_size)
    far = [
        *(sizes if max(sizes) > _FAR else ()),
        *([info.header_offset] * (info.header_offset > _FAR)),
    ]
    extra = struct.pack(f"<HH{len(far)}Q", 1, 8 * len(far), *far) if far else b""
    said = (
        info.create_system, info.external_attr, info.internal_attr, info.date_time, info.comment,
        info.extra, info.reserved, info.volume, info.flag_bits & ~_STREAMED,
    )  # fmt: skip
    if said != (3, _PLAIN_FILE, 0, (1980, 1, 1, 0, 0, 0), b"", extra, 0, 0, 0):
        raise ZipFormError(f"{info.filename} is not listed as a plain file")
    if info.create_version != info.extract_version or info.extract_version not in (20, 45):
        raise ZipFormError(f"{info.filename} is listed for another version")


def _end(count: int, length: int, at: int) -> bytes:
    """What stands behind the list of files."""
    far = b""
    if count > _MANY or length > _FAR or at > _FAR:
        far = struct.pack(
            "<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, at
        ) + struct.pack("<4sLQL", b"PK\x06\x07", 0, at + length, 1)
    count = min(count, _MANY)
    return far + _END.pack(b"PK\x05\x06", 0, 0, count, count, min(length, _FULL), min(at, _FULL), 0)


def _local(info: zipfile.ZipInfo, *, large: bool) -> bytes:
    """The header that stands before a file, as it must be."""
    streamed = bool(info.flag_bits & _STREAMED)
    crc, packed, size = (0, 0, 0) if streamed else (info.CRC, info.compress_size, info.file_size)
    extra = struct.pack("<HHQQ", 1, 16, size, packed) if large else b""
    if large:
        packed = size = _FULL
    name = info.filename.encode("ascii")
    return (
        _LOCAL.pack(
            b"PK\x03\x04", 45 if large else 20, info.flag_bits, info.compress_type, 0,
            _MIDNIGHT_1980, crc, packed, size, len(name), len(extra),
        )
        + name
        + extra
    )  # fmt: skip


def _behind(info: zipfile.ZipInfo, *, large: bool) -> bytes:
    """What stands behind a file that was streamed."""
    if not info.flag_bits & _STREAMED:
        return b""
    form = "<4sLQQ" if large else "<4sLLL"
    return struct.pack(form, b"PK\x07\x08", info.CRC, info.compress_size, info.file_size)
