"""Errors as callers see them."""

from __future__ import annotations

from roadworthy.domain import KillFlag
from roadworthy.gateway.problems import killed


def test_a_caller_is_not_told_why_a_scope_was_stopped() -> None:
    flag = KillFlag(
        id="kill-1",
        scope="system",
        value="letters",
        system="letters",
        reason="the settlement with Mr Meyer leaked",
        by="olga",
        at="",
    )
    told = killed(flag)
    assert told.status == 503
    assert "kill-1" in told.message
    assert "Meyer" not in told.message
    assert "olga" not in told.message
