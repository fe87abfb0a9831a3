"""Tables of features that an encoder made of pictures or texts: read from a file, or refused.

Enters: a path. Leaves: a table of numbers and the file's digest. Never here: a pickle (a file of
objects runs code when it is read), or a guess of what a broken file was.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.domain import UsageError, sha256
from roadworthy_verify.plain_file import read_plain

MAX_BYTES = 4 << 30
"""Of a table: a million pictures of 1,024 numbers each."""
_FORM = "numpy.save(PATH, features) of a table of numbers, a row a picture"


class FeatureTable(Struct, frozen=True, kw_only=True):
    """A file of features."""

    path: str
    digest: str
    rows: Any
    """A numpy array of two dimensions; its numbers are checked where they are used."""


def read_features(path: Path) -> FeatureTable:
    """The table of a `.npy` file. Raises UsageError, also where numpy is missing."""
    import io

    try:
        import numpy as np
    except ImportError as error:
        raise UsageError(
            "features of pictures need numpy, which is not installed",
            fix="pip install 'roadworthy[media]'",
        ) from error
    try:
        data = read_plain(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", fix=_FORM) from None
    try:
        found = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, MemoryError) as error:
        raise UsageError(f"{path} is no table of features: {error}", fix=_FORM) from None
    if not isinstance(found, np.ndarray):
        raise UsageError(f"{path} is an archive of several tables", fix=_FORM)
    return FeatureTable(path=str(path), digest=sha256(data), rows=found)
