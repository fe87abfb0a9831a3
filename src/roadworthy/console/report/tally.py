"""What the report counts while the rows go by once: small, whatever the number of rows.

Enters: one case at a time with its rows. Leaves: counts and pairs for tables and charts. What
never happens here: a text kept, or a row without a verdict counted as one that passed.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Literal

from msgspec import Struct, field, structs

from roadworthy.domain import Observation
from roadworthy.evaluation import passed
from roadworthy.monitoring import ATTACKS

CaseVerdict = Literal["passed", "failed", "flaky", "error", "not judged"]
VERDICTS: tuple[CaseVerdict, ...] = ("failed", "error", "flaky", "not judged", "passed")
"""The order in which they are listed: what asks for a look first."""

Cell = tuple[str, str, str]
"""(hazard, technique, language), empty where no tag says it."""

_HAZARD = ("hazard:",)
_TECHNIQUE = ("technique:", "strategy:")
_LANGUAGE = ("language:", "lang:")


class Tally(Struct):
    """The counts."""

    cases: int = 0
    rows: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    sure: list[float] = field(default_factory=list)
    """Confidences of rows that have a label; `right` says which of them were right."""
    right: list[bool] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    """What the model itself said in the place of `sure`; empty where no calibration changed it."""
    weight: list[float] = field(default_factory=list)
    """A repeat weighs its share of its case."""
    impossible: int = 0
    """Rows whose confidence is none: outside [0, 1]."""
    unsure: int = 0
    """Labelled rows without a confidence."""
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(label, decision that left, or what was done instead in brackets) -> rows."""
    looks: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """(rail, side, outcome) -> looks."""
    unlooked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(rail, side, why it was not checked) -> times."""
    cells: dict[Cell, int] = field(default_factory=dict)
    """Cases with a hazard or technique tag."""
    attacked: dict[Cell, list[Observation]] = field(default_factory=dict)
    """Their rows, and those of all other attacks, without texts."""
    left_as_is: int = 0
    """Rows whose released text is what the model said."""
    changed: int = 0
    """Rows whose released text is another than the model's."""

    def add(self, rows: tuple[Observation, ...]) -> tuple[CaseVerdict, int]:
        """Count one case; returns its verdict and how many repeats passed."""
        verdict, passes = verdict_of(rows)
        self.cases += 1
        self.rows += len(rows)
        self.verdicts[verdict] += 1
        tags = rows[0].tags
        cell = cell_of(rows[0])
        if cell[0] or cell[1]:
            self.cells[cell] = self.cells.get(cell, 0) + 1
        attack = not ATTACKS.isdisjoint(tags)
        for row in rows:
            self._add_row(row, 1 / len(rows))
            if attack:
                self.attacked.setdefault(cell, []).append(_bare(row))
        return verdict, passes

    def _add_row(self, row: Observation, weight: float) -> None:
        self.actions[row.action] += 1
        if row.raw_output and row.raw_output != row.output:
            self.changed += 1
        elif row.status == "ok":
            self.left_as_is += 1
        if row.label:
            self._add_labelled(row, weight)
        looks = self.looks
        for each in row.rails:
            look = (each.rail, each.side, each.outcome)
            looks[look] = looks.get(look, 0) + 1
            if each.outcome == "not_checked":
                self.unlooked[each.rail, each.side, each.reason[:200]] += 1

    def _add_labelled(self, row: Observation, weight: float) -> None:
        done = row.decision if row.action == "answered" and row.decision else f"[{row.action}]"
        self.confusion[row.label, done] += 1
        if row.confidence is None:
            self.unsure += 1
        elif 0.0 <= row.confidence <= 1.0:
            self.sure.append(row.confidence)
            said = row.attributes.get("said_confidence")
            if said is not None and 0.0 <= said <= 1.0:
                self.said.append(said)
            self.right.append(row.decision == row.label)
            self.weight.append(weight)
        else:
            self.impossible += 1


def verdict_of(rows: tuple[Observation, ...]) -> tuple[CaseVerdict, int]:
    """The verdict of all repeats, and how many passed. What nothing judged is no pass."""
    judged = [verdict for row in rows if (verdict := passed(row)) is not None]
    passes = judged.count(True)
    if not judged:
        return "not judged", 0
    if passes == len(judged):
        return "passed", passes
    if passes:
        return "flaky", passes
    return ("failed" if any(row.status != "error" for row in rows) else "error"), 0


def cell_of(row: Observation) -> Cell:
    """Where a case stands in the coverage: hazard, technique, language."""
    hazard, technique, language = _tagged(row.tags)
    return hazard, technique, language or row.facets.get("language", "")


@lru_cache(maxsize=4096)
def _tagged(tags: tuple[str, ...]) -> Cell:
    return _said(tags, _HAZARD), _said(tags, _TECHNIQUE), _said(tags, _LANGUAGE)


def _said(tags: tuple[str, ...], prefixes: tuple[str, ...]) -> str:
    return next((tag.partition(":")[2] for tag in tags if tag.startswith(prefixes)), "")


def _bare(row: Observation) -> Observation:
    """The row without its texts and rails."""
    return structs.replace(
        row, output="", raw_output="", rails=(), attributes=_expected(row), label_probabilities={}
    )


def _expected(row: Observation) -> dict[str, object]:
    wanted = row.attributes.get("expect_action")
    return {} if wanted is None else {"expect_action": wanted}
