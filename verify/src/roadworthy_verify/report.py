"""What a verification says: one value, the same for a ledger, a bundle and an envelope.

States and their exit codes follow the public table of the `roadworthy` command. Integrity comes
first: whatever is tampered with is 5, whoever signed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

EXIT_CODES = {
    "verified": 0,
    "not_evidence": 1,
    "unreadable": 2,
    "refused": 3,
    "expired": 3,
    "unsigned": 4,
    "undecided": 4,
    "unknown_key": 4,
    "tampered": 5,
}
"""State -> exit code. `unknown_key` also stands for a key that was not valid when it signed."""


@dataclass(frozen=True)
class Report:
    """The outcome of one verification. Only `verified` is ok; nothing is ok by default."""

    state: str
    fault: str = ""
    """The first thing that does not fit, in plain words; empty when ok."""
    details: dict[str, Any] = field(default_factory=dict)
    """What was checked, whose keys signed, what was not checked. Plain JSON values."""
    lines: tuple[str, ...] = ()
    """The same for people, one sentence each."""

    def __post_init__(self) -> None:
        if self.state not in EXIT_CODES:
            raise ValueError(f"unknown state {self.state!r}")
        # What a forger wrote is quoted here; it must neither drive a terminal nor silence it.
        object.__setattr__(self, "fault", _printable(self.fault))
        object.__setattr__(self, "lines", tuple(_printable(line) for line in self.lines))

    @property
    def ok(self) -> bool:
        """True for `verified` alone."""
        return self.state == "verified"

    @property
    def authentic(self) -> bool:
        """Whether it is known who made it: verified, by keys that its sender did not choose.

        By those that came with it alone it is whole, and may be anybody's.
        """
        return self.ok and self.details.get("trust_from") in _OWN_TRUST

    @property
    def exit_code(self) -> int:
        """The exit code of the public table."""
        return EXIT_CODES[self.state]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values; keys are stable."""
        return {
            "ok": self.ok,
            "authentic": self.authentic,
            "state": self.state,
            "fault": self.fault,
            **{key: value for key, value in self.details.items() if key not in _OWN},
        }


def sentences(report: Report) -> list[str]:
    """The report for people: what was found, then the verdict.

    Of what was tampered with nothing is said as if it held, because nothing does.
    """
    verdict = "VERIFIED" if report.ok else report.state.upper().replace("_", " ")
    if (
        report.ok
        and report.details["kind"] != "ledger"
        and report.details["trust_from"] == "beside"
    ):
        verdict += ", but only against keys that nobody gave: they lay around it"
    lines = [line for line in report.lines if line != report.fault]
    if report.state == "tampered":
        lines = [line for line in lines if line.startswith("warning: ")]
    return [*lines, f"{verdict}: {report.fault}" if report.fault else verdict]


def _printable(text: str) -> str:
    """The text with everything written out that is no visible character.

    Escape sequences, line breaks, marks that turn the direction of writing, half characters.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


_OWN = {"ok", "authentic", "state", "fault"}
_OWN_TRUST = ("given", "workspace")
"""Whence keys are that whoever verifies chose himself."""
