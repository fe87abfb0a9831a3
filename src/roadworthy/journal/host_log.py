"""Readings of the machine: a file a day, kept for a month.

Enters: samples. Leaves: those of a time, oldest first. What never happens here: evidence (nobody is
bound by it), or a file that grows for ever. A line that was torn by a crash is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from roadworthy.domain import HostSample, Instant

SUFFIX = ".jsonl"
DAYS = 31
"""Files that are kept: at a reading in five seconds some 100 MB, 3 MB a day."""

_encoder = msgspec.json.Encoder()


class HostLog:
    """Writes the samples of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""

    def append(self, sample: HostSample) -> None:
        """Add a sample; with a new day the oldest file goes. Raises OSError."""
        day = sample.at[:10]
        if day != self._day:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted(self._folder.glob(f"*{SUFFIX}"))[: -(DAYS - 1)]:
                if path.stem < day:
                    path.unlink(missing_ok=True)
            self._day = day
        path = self._folder / f"{day}{SUFFIX}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            os.write(handle, _encoder.encode(sample) + b"\n")
        finally:
            os.close(handle)


def read_host(folder: Path, *, since: Instant = "", until: Instant = "") -> Iterator[HostSample]:
    """The samples from `since` on and before `until`, oldest first; empty: without that end."""
    decoder = msgspec.json.Decoder(HostSample)
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if (since and path.stem < since[:10]) or (until and path.stem > until[:10]):
            continue
        with path.open("rb") as lines:
            for line in lines:
                try:
                    sample = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                    continue
                if (not since or sample.at >= since) and (not until or sample.at < until):
                    yield sample
