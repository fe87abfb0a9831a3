"""The deliberation note: for this candidate, with every voice, every section said, and not a no."""

from __future__ import annotations

from roadworthy.domain import (
    SECTIONS,
    Blocker,
    Charter,
    Deliberation,
    Verdict,
    unsaid_sections,
)

_SHORTEST_PREFIX = 12
"""Hex digits that a note must at least give of the candidate's digest."""

_SPEAK = (
    "roadworthy deliberate opens the note; people finish it; then roadworthy deliberate --record "
    "--as NAME, and roadworthy gate"
)


def deliberation_blockers(
    note: Deliberation | None, charter: Charter, candidate: str
) -> list[Blocker]:
    """Why the note keeps the gate closed; empty when it does not.

    A missing note is INCONCLUSIVE (people have not spoken), and so is one that is as it was
    opened: its `hold` is nobody's. A note in which people say hold or stop is FAIL.
    """
    if note is None:
        return [_undecided("deliberation-note.md is missing: people have not spoken yet")]
    header = note.header
    if not is_about(note, candidate):
        shown = header.candidate or "nothing"
        return [
            _undecided(
                f"deliberation-note.md is about {shown}, this candidate is {candidate[:19]}…"
            )
        ]
    blockers = []
    heard = {each.voice.casefold() for each in header.participants if each.name.strip()}
    missing = [voice for voice in charter.review.required_voices if voice.casefold() not in heard]
    if missing:
        blockers.append(
            _undecided(f"deliberation-note.md lacks the voice of: {', '.join(missing)}")
        )
    unsaid = unsaid_sections(note.body)
    if unsaid:
        titles = ", ".join(f"`## {one.section.title}`" for one in unsaid)
        blockers.append(_undecided(f"deliberation-note.md says nothing under {titles}"))
    spoken = heard or len(unsaid) < len(SECTIONS)
    if header.decision in ("hold", "stop") and spoken:
        blockers.append(
            Blocker(
                verdict=Verdict.FAIL,
                reason=f"deliberation-note.md decided to {header.decision}",
                phase="scope",
            )
        )
    return blockers


def is_about(note: Deliberation, candidate: str) -> bool:
    """Whether the note names this candidate, by its digest or an unambiguous prefix of it."""
    given = note.header.candidate.removeprefix("sha256:").lower()
    return len(given) >= _SHORTEST_PREFIX and candidate.removeprefix("sha256:").startswith(given)


def _undecided(reason: str) -> Blocker:
    return Blocker(verdict=Verdict.INCONCLUSIVE, reason=reason, phase="policy", step=_SPEAK)
