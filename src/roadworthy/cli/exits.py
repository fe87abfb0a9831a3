"""Exit codes: one public table for every command; worst wins in the order 5, 2, 3, 4, 1."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from roadworthy.domain import (
    AccessError,
    EvidenceError,
    ManifestError,
    RefusedError,
    RoadworthyError,
    TransitionError,
    UndecidedError,
    UsageError,
    Verdict,
    VerificationError,
)


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    """Done, or PASS."""
    USER = 1
    """The user's input: files, options."""
    RUNTIME = 2
    """Could not do it: runtime, gate ERROR."""
    REFUSED = 3
    """Judged and refused: gate FAIL, duty missing, drill missed its time, a person who may not."""
    UNDECIDED = 4
    """Not decided: INCONCLUSIVE, unsigned, waiting for a person."""
    BROKEN = 5
    """Integrity broken: a byte, a signature, a chain."""
    STOPPED = 130
    """Stopped with ^C (SIGINT): the shells' convention. The same command goes on where it was."""


_WORST_FIRST = (
    Exit.BROKEN,
    Exit.RUNTIME,
    Exit.STOPPED,
    Exit.REFUSED,
    Exit.UNDECIDED,
    Exit.USER,
    Exit.DONE,
)


def worst_exit(codes: Iterable[int]) -> Exit:
    """The worst of several exit codes; DONE of none."""
    return min((Exit(code) for code in codes), key=_WORST_FIRST.index, default=Exit.DONE)


def exit_of(error: RoadworthyError) -> Exit:
    """The exit code of an error; every error of ours has one."""
    if isinstance(error, VerificationError):
        return Exit.BROKEN
    if isinstance(error, RefusedError | AccessError):
        return Exit.REFUSED
    if isinstance(error, UndecidedError):
        return Exit.UNDECIDED
    if isinstance(error, ManifestError | UsageError | TransitionError):
        return Exit.USER
    if isinstance(error, EvidenceError):
        return Exit.RUNTIME
    return Exit.RUNTIME


def exit_of_verdict(verdict: Verdict) -> Exit:
    """The exit code of a gate decision; exhaustive, no branch means yes by default."""
    return {
        Verdict.PASS: Exit.DONE,
        Verdict.INCONCLUSIVE: Exit.UNDECIDED,
        Verdict.FAIL: Exit.REFUSED,
        Verdict.ERROR: Exit.RUNTIME,
    }[verdict]
