"""How every objective stands at run time, on disk: a restart changes no verdict.

Enters: standings. Leaves: the same. Never here: a file that cannot be read taken for one in which
nothing is breached (mitigations stand in the routing table, and stay).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from roadworthy.domain import EvidenceError, Standings
from roadworthy.manifests import Workspace
from roadworthy_verify.plain_file import read_plain

from ..workspace.routing import put_in_place


class DamagedStandingsError(EvidenceError):
    """The file is there, and says nothing that anybody can read."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Standings)


def standings_path(workspace: Workspace) -> Path:
    """Where they lie."""
    return workspace.serving / "objectives.json"


def read_standings(workspace: Workspace) -> Standings:
    """What was seen last; empty where nobody looked yet. Raises EvidenceError."""
    path = standings_path(workspace)
    try:
        return _decoder.decode(read_plain(path))
    except FileNotFoundError:
        return Standings()
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedStandingsError(
            f"{path} is damaged: {error}",
            fix="roadworthy serve sets it aside and begins again from the ledger",
        ) from error


def aside_path(workspace: Workspace) -> Path:
    """Where a damaged file lies until a person has looked at it."""
    return standings_path(workspace).with_suffix(".damaged")


def set_aside(workspace: Workspace) -> None:
    """Put the damaged file where it is in nobody's way. Raises EvidenceError."""
    try:
        standings_path(workspace).replace(aside_path(workspace))
    except OSError as error:
        raise EvidenceError(f"{standings_path(workspace)}: {error.strerror}") from error


def keep_standings(workspace: Workspace, standings: Standings) -> None:
    """Put them in the place of what was there. Raises EvidenceError."""
    put_in_place(standings_path(workspace), _encoder.encode(standings))
