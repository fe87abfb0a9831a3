"""What each rail saw: passed, acted, or did not look. What did not look is said first."""

from __future__ import annotations

from msgspec import Struct

from .links import Links
from .tally import Tally

OUTCOMES = ("passed", "flag", "redact", "replace", "hold", "block", "not_checked")


class RailRow(Struct, frozen=True, kw_only=True):
    """One rail on one side."""

    rail: str
    side: str
    looked: int
    counts: tuple[int, ...]
    """In the order of OUTCOMES."""
    not_checked: int
    reasons: tuple[str, ...]
    link: int


class LabelRow(Struct, frozen=True):
    """One row of the confusion: a truth and what came out."""

    label: str
    cells: tuple[tuple[int, int], ...]
    """(rows, level 0 to 5)."""
    total: int


class ConfusionView(Struct, frozen=True, kw_only=True):
    """Truth by decision, largest labels first."""

    columns: tuple[str, ...]
    rows: tuple[LabelRow, ...]
    left_out: int


MOST_LABELS = 16


def rail_rows(tally: Tally, links: Links) -> list[RailRow]:
    """Those with a look that was not made first, then those that acted most."""
    rows = []
    for rail, side in dict.fromkeys((rail, side) for rail, side, _ in tally.looks):
        counts = tuple(tally.looks.get((rail, side, outcome), 0) for outcome in OUTCOMES)
        rows.append(
            RailRow(
                rail=rail,
                side=side,
                looked=sum(counts),
                counts=counts,
                not_checked=counts[-1],
                reasons=_reasons(tally, rail, side),
                link=links.to(rail=rail),
            )
        )
    return sorted(rows, key=lambda row: (-row.not_checked, row.counts[0] - row.looked, row.rail))


def _reasons(tally: Tally, rail: str, side: str) -> tuple[str, ...]:
    """Why it did not look, the commonest first."""
    why = [(n, each[2]) for each, n in tally.unlooked.items() if each[:2] == (rail, side)]
    why.sort(key=lambda item: (-item[0], item[1]))
    return tuple(f"{n:,} x {reason or 'no reason given'}" for n, reason in why[:3])


def confusion_view(tally: Tally) -> ConfusionView | None:
    """The confusion; None where no row has a label."""
    if not tally.confusion:
        return None
    truths: dict[str, int] = {}
    decisions: dict[str, int] = {}
    for (label, done), n in tally.confusion.items():
        truths[label] = truths.get(label, 0) + n
        decisions[done] = decisions.get(done, 0) + n
    labels = sorted(truths, key=lambda name: (-truths[name], name))
    kept = sorted(labels[:MOST_LABELS])
    others = [name for name in decisions if name not in truths]
    others.sort(key=lambda name: (name.startswith("["), -decisions[name], name))
    columns = (*kept, *others[: MOST_LABELS // 2])
    rows = tuple(
        LabelRow(
            label,
            tuple(_shade(tally.confusion.get((label, done), 0), truths[label]) for done in columns),
            truths[label],
        )
        for label in kept
    )
    left = len(labels) - len(kept) + max(0, len(others) - MOST_LABELS // 2)
    return ConfusionView(columns=columns, rows=rows, left_out=left)


def _shade(n: int, total: int) -> tuple[int, int]:
    return n, 0 if not n else min(5, 1 + int(5 * n / total))
