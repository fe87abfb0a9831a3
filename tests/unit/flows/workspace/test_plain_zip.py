"""A member of unknown size is written in one form, whichever Python writes it."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from roadworthy.flows.workspace.plain_zip import Streamed
from roadworthy_verify.plain_zip import require_plain

STAMP = (1980, 1, 1, 0, 0, 0)


def header_before_3_11_4(self: zipfile.ZipInfo, zip64: bool | None = None) -> bytes:
    """What `zipfile` wrote then, as long as no size is beyond 2 GB."""
    streamed = bool(self.flag_bits & 8)
    sizes = (0, 0) if streamed else (self.compress_size, self.file_size)
    extra = struct.pack("<HHQQ", 1, 16, *reversed(sizes)) if zip64 else b""
    self.create_version = self.extract_version = 20
    return (
        struct.pack(
            "<4sHHHHHLLLHH", b"PK\x03\x04", 20, self.flag_bits, self.compress_type, 0, 33,
            0 if streamed else self.CRC, *sizes, len(self.filename), len(extra),
        )
        + self.filename.encode()
        + extra
    )  # fmt: skip


class Pipe(io.RawIOBase):
    """What can only be written."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += bytes(data)
        return len(data)


def written(out: io.BytesIO | Pipe) -> bytes:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = Streamed("entries.ndjson", STAMP)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        with archive.open(info, "w", force_zip64=True) as file:
            for _ in range(3):
                file.write(b"one line\n")
    return out.data if isinstance(out, Pipe) else out.getvalue()


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("kind", [io.BytesIO, Pipe])
def test_it_is_a_plain_archive_to_who_reads_strictly(
    kind: type[io.BytesIO | Pipe], old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old:
        monkeypatch.setattr(zipfile.ZipInfo, "FileHeader", header_before_3_11_4)
    data = written(kind())
    file = io.BytesIO(data)
    with zipfile.ZipFile(file) as archive:
        assert archive.read("entries.ndjson") == b"one line\n" * 3
        require_plain(file, archive.infolist(), archive.start_dir)


def test_the_bytes_are_the_same_whichever_python_writes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = written(io.BytesIO())
    monkeypatch.setattr(zipfile.ZipInfo, "FileHeader", header_before_3_11_4)
    assert written(io.BytesIO()) == new
