"""What the analysis of a rollout knows, on disk: a restart goes on where it stopped.

Enters: comparisons as they grow, and how far the journal was read for them. Leaves: the same, and
what it says. Never here: a verdict that a restart changes; a file that cannot be read taken for
"nothing is wrong" (then nothing is proven, and the rollout holds).
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from pathlib import Path

import msgspec
from msgspec import Struct, field

from roadworthy.domain import EvidenceError, Instant, Looked
from roadworthy.manifests import Workspace
from roadworthy.statistics import TwoArms
from roadworthy_verify.plain_file import read_plain

from ..workspace.routing import put_in_place


class RolloutEvidence(Struct, kw_only=True):
    """One rollout's accumulated evidence."""

    rollout: str
    marks: dict[str, int] = field(default_factory=dict)
    """How far each segment of the journal was read."""
    arms: dict[str, TwoArms] = field(default_factory=dict)
    """By indicator."""
    violations: int = 0
    since: Instant = ""
    """From when on answers count, where the clock was set back after it began."""
    uncompared: dict[str, int] = field(default_factory=dict)
    """As `Looked` has it."""
    why_stopped: str = ""
    """Set before anybody is sent away: what was decided is not decided anew."""
    looked: Looked | None = None


MOST_DRAWN = 200_000
"""Sessions of which it is known that one of their answers was compared."""

_BYTES = 8


class Drawn:
    """Of whom an answer was compared already. A restart does not let them prove once more."""

    def __init__(self, path: Path, most: int = MOST_DRAWN) -> None:
        """Raises EvidenceError when what is known cannot be read."""
        self._path, self._most = path, most
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            data = b""
        except OSError as error:
            raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
        ends = range(_BYTES, len(data) + 1, _BYTES)
        self._known = OrderedDict.fromkeys(data[end - _BYTES : end] for end in ends)
        self._size = len(ends) * _BYTES
        self._fresh: list[bytes] = []

    def first(self, *names: str) -> bool:
        """Whether nothing was compared yet of what has these names; from now on something was."""
        one = hashlib.sha256("\x1f".join(names).encode()).digest()[:_BYTES]
        known = one in self._known
        self._known[one] = None
        self._known.move_to_end(one)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        if not known:
            self._fresh.append(one)
        return not known

    def keep(self) -> None:
        """Write down who came in since. Raises EvidenceError or OSError."""
        if not self._fresh:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._size > 2 * self._most * _BYTES:
            put_in_place(self._path, b"".join(self._known))
            self._size = len(self._known) * _BYTES
        else:
            data = b"".join(self._fresh)
            with self._path.open("r+b" if self._path.exists() else "xb") as file:
                file.seek(self._size)
                file.write(data)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
            self._size += len(data)
        self._fresh = []


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(RolloutEvidence)


def evidence_path(workspace: Workspace, rollout: str) -> Path:
    """Where it lies."""
    return workspace.serving / "rollouts" / f"{rollout}.json"


def drawn_path(workspace: Workspace, rollout: str) -> Path:
    """Where it is kept whose answers were compared."""
    return workspace.serving / "rollouts" / f"{rollout}.drawn"


def read_evidence(workspace: Workspace, rollout: str) -> RolloutEvidence | None:
    """What is known; None where nothing is yet. Raises EvidenceError when it cannot be read."""
    path = evidence_path(workspace, rollout)
    try:
        data = read_plain(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(
            f"the evidence of {rollout} is damaged: {error}",
            fix=f"remove {path}: what comes from then on counts",
        ) from error


def read_looked(workspace: Workspace, rollout: str) -> Looked | None:
    """What its analysis said last; None where it said nothing, or nobody can read it."""
    try:
        known = read_evidence(workspace, rollout)
    except EvidenceError:
        return None
    return known.looked if known is not None else None


def keep_evidence(workspace: Workspace, known: RolloutEvidence) -> None:
    """Put it in the place of what was there. Raises EvidenceError."""
    path = evidence_path(workspace, known.rollout)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    put_in_place(path, _encoder.encode(known))
