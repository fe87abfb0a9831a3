"""What confidences are fitted on: one labelled answer a question, with what the model said.

Enters: rows of a run. Leaves: confidences and whether the decisions were right. Never here: two
answers that say the same (repeats, copies, variants of one case), for a guarantee is on cases that
stand for themselves; or a case that asks for a person, which has no right label.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from roadworthy.domain import Observation

from .clusters import families
from .standing import asks_for_label


class Labelled(Struct, frozen=True):
    """Answers in the order in which they were asked."""

    confidences: list[float]
    right: list[bool]


def labelled_confidences(observations: Iterable[Observation]) -> Labelled:
    """The first answer of each question and family, where it has a confidence in [0, 1]."""
    rows = list(observations)
    named = families(rows)
    seen: set[object] = set()
    found = Labelled([], [])
    for row in rows:
        said = row.attributes.get("said_confidence", row.confidence)
        if not asks_for_label(row) or said is None or not 0.0 <= said <= 1.0:
            continue
        key = named.get(row.unit[1]) or row.unit
        if key not in seen:
            seen.add(key)
            found.confidences.append(said)
            found.right.append(row.decision == row.label)
    return found
