"""From when on a duty applies to a system: its route, and when it reached the market.

Source: AI Act, Articles 111 and 113, as amended by Regulation (EU) 2026/1744.
"""

from __future__ import annotations

from roadworthy.domain import Obligation

from .sheet import Sheet

PUBLIC_LEGACY = "2030-08-02"
"""High-risk systems of public authorities that were on the market before (Article 111(2))."""


def applicable_from(duty: Obligation, sheet: Sheet) -> tuple[str | None, str]:
    """The day and why it is that one; None where what was on the market before is not caught."""
    day, why = duty.applicable_from, ""
    if duty.applicable_from_annex_i is not None:
        if _is(sheet, "high_risk_route", "annex_i_a"):
            day, why = duty.applicable_from_annex_i, "Annex I"
        else:
            why = "Annex III"
    placed = _placed(sheet)
    if placed is not None and placed < duty.applicable_from and duty.applicable_from_legacy:
        return duty.applicable_from_legacy, f"on the market since {placed}"
    if placed is not None and duty.applicable_from_annex_i is not None and placed < day:
        changed = sheet.settled("significant_design_change")
        if changed.known and not changed.values[0] and _is(sheet, "risk_class", "high"):
            if _is(sheet, "public_body", True):
                return PUBLIC_LEGACY, "Art. 111(2): on the market before, public authority"
            return None, f"Art. 111(2): on the market since {placed}, design not changed since"
    return day, why


def _is(sheet: Sheet, name: str, value: object) -> bool:
    return sheet.has(name) and sheet.settled(name).values == (value,)


def _placed(sheet: Sheet) -> str | None:
    if not sheet.has("placed_on_market"):
        return None
    settled = sheet.settled("placed_on_market")
    said = str(settled.values[0]) if settled.known else ""
    return said or None
