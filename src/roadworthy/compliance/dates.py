"""From when on a duty applies to a system: its route, and when it reached the market.

Source: AI Act, Articles 111 and 113, as amended by Regulation (EU) 2026/1744.
"""

from __future__ import annotations

from roadworthy.domain import Obligation

from .sheet import Sheet

PUBLIC_LEGACY = "2030-08-02"
"""High-risk systems of public authorities that were on the market before (Article 111(2))."""


def applicable_from(duty: Obligation, sheet: Sheet) -> tuple[str | None, str, tuple[str, ...]]:
    """The day, why it is that one, and the open facts that decide whether there is one.

    None where what was on the market before is not caught, or, with open facts, may not be.
    """
    day, why = duty.applicable_from, ""
    if duty.applicable_from_annex_i is not None:
        if _by_annex_i_alone(duty, sheet):
            day, why = duty.applicable_from_annex_i, "Annex I"
        else:
            why = "Annex III"
    placed = _placed(sheet)
    if placed is not None and placed < duty.applicable_from and duty.applicable_from_legacy:
        return duty.applicable_from_legacy, f"on the market since {placed}", ()
    if placed is not None and duty.applicable_from_annex_i is not None and placed < day:
        changed = sheet.settled("significant_design_change")
        if changed.known and not changed.values[0] and _is(sheet, "risk_class", "high"):
            public = sheet.settled("public_body")
            if public.known and public.values[0]:
                return PUBLIC_LEGACY, "Art. 111(2): on the market before, public authority", ()
            since = f"Art. 111(2): on the market since {placed}, design not changed since"
            return None, since, public.needs
    return day, why, ()


def _by_annex_i_alone(duty: Obligation, sheet: Sheet) -> bool:
    """Whether the later date counts: what Annex III asks of the same system is due before."""
    if not _is(sheet, "high_risk_route", "annex_i_a"):
        return False
    if "art6_3_derogation" in duty.applies_when:  # about a point of Annex III, whatever else it is
        return False
    return _is(sheet, "high_risk_annex_iii", False)


def _is(sheet: Sheet, name: str, value: object) -> bool:
    return sheet.has(name) and sheet.settled(name).values == (value,)


def _placed(sheet: Sheet) -> str | None:
    if not sheet.has("placed_on_market"):
        return None
    settled = sheet.settled("placed_on_market")
    said = str(settled.values[0]) if settled.known else ""
    return said or None
