"""Which texts of the journal are meant, and what keeps them from being erased."""

from __future__ import annotations

from msgspec import Struct

from .clock import Instant


class TextScope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Texts by tenant, day and data subject; what is empty means all."""

    tenant: str = ""
    day: str = ""
    """`YYYY-MM-DD`, UTC."""
    subject: str = ""
    """The end user as records name it (a pseudonym); only within a tenant."""

    def touches(self, other: TextScope) -> bool:
        """Whether some text may be in both."""
        pairs = (
            (self.tenant, other.tenant),
            (self.day, other.day),
            (self.subject, other.subject),
        )
        return all(not mine or not theirs or mine == theirs for mine, theirs in pairs)

    @property
    def words(self) -> str:
        """As people read it."""
        named = (
            ("tenant", self.tenant),
            ("day", self.day),
            ("end user", self.subject),
        )
        return ", ".join(f"{name} {value}" for name, value in named if value) or "everything"


class Hold(Struct, frozen=True, kw_only=True):
    """A legal hold: what it covers is not erased, by nobody and no retention."""

    id: str
    """`hold-…`, or the id of the incident whose evidence it is."""
    scope: TextScope
    reason: str
    by: str
    """`person:<key id>`; `incident` where no person set it."""
    at: Instant
