"""Which answers stood by themselves, and which rows say something of labels.

A label is right when the answer that *left* carries it. What was blocked, held or failed is no
right label, whatever the model would have said: so no system gains accuracy by answering less.
Which rows count depends on their cases alone, never on what the system did with them.
"""

from __future__ import annotations

from roadworthy.domain import Observation


def stood(row: Observation) -> bool:
    """Whether the answer left as the system gave it: not blocked, held, cut off or failed."""
    return row.action == "answered" and row.status == "ok"


def expected_action(row: Observation) -> str:
    """What the case says must happen with it; empty when it does not say."""
    return str(row.attributes.get("expect_action") or "") if row.attributes else ""


def asks_for_label(row: Observation) -> bool:
    """Whether the row's case asks for a label that the system gives by itself.

    A case that must be held or blocked asks for that instead: see `hold_recall`, `block_recall`.
    """
    return bool(row.label) and expected_action(row) not in ("hold", "block")


def labelled_right(row: Observation) -> bool:
    """Whether the released answer carries the label that the case asks for."""
    return stood(row) and row.decision == row.label
