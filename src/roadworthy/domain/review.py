"""A held answer and what people make of it: nouns of the review queue.

An answer that a rail or the accept threshold holds waits here until people decided. Sources: EU AI
Act, Article 14(4)(b) (automation bias) and 14(5) (two people).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .clock import Instant

ReviewDecision = Literal["approve", "edit", "refuse"]
ReviewState = Literal["waiting", "disputed", "decided"]

WITHIN_HOURS = 24
"""Until when a held answer is to be decided where the charter says nothing."""


class SealedAnswer(Struct, frozen=True, kw_only=True):
    """The text that may leave, as an entry holds it: unreadable once its key is erased."""

    key: str
    nonce: int
    data: str
    """Base64 of the ciphertext."""
    leaf: str


class Opinion(Struct, frozen=True, kw_only=True):
    """What one person decided about a held answer."""

    entry: int
    by: str
    """`person:<key id>`."""
    name: str
    time: Instant
    decision: ReviewDecision
    since: Instant = ""
    """When the answer was held."""
    label: str = ""
    """What is right, where that is a label."""
    reason: str = ""
    blind: bool = False
    """Whether the person gave a label before seeing the machine's answer."""
    overturned: bool = False
    """Whether the machine's answer did not stand; by the blind label where there is one."""
    machine: bool = True
    """Whether the machine had answered at all: an input that was held was never put to it."""
    arbiter: bool = False
    """Whether the person may settle what others disagree about."""
    mark: str = ""
    """Tells one text from another; nobody without the master key can guess the text by it."""
    answer: SealedAnswer | None = None
    """What may leave; None of a refusal."""


class Judgement(Struct, frozen=True, kw_only=True):
    """What a person said is right before seeing the machine's answer."""

    label: str = ""
    text: SealedAnswer | None = None
    """Where the answer is no label."""


class HeldReview(Struct, frozen=True, kw_only=True):
    """What people did about one held answer, as the ledger has it."""

    observation: str
    assigned: str = ""
    second: bool = False
    """Whether somebody asked for a second opinion."""
    judged: dict[str, Judgement] = field(default_factory=dict)
    """By name; of one person the first counts."""
    opinions: tuple[Opinion, ...] = ()
    """Oldest first, the one that settled it included."""
    decided: Opinion | None = None


class ReviewRules(Struct, frozen=True, kw_only=True):
    """What the charter of the release that answered asks of a review."""

    needs: int
    """How many distinct people must agree."""
    authors: bool
    """Whether who built the release may take part."""
    blind: bool
    within_hours: int


class HeldAnswer(Struct, frozen=True, kw_only=True):
    """One item of the queue."""

    id: str
    observation: str
    system: str
    release: str
    endpoint: str = ""
    tenant: str = ""
    facets: dict[str, str] = field(default_factory=dict)
    since: Instant
    due: Instant
    overdue: bool
    state: ReviewState
    why: tuple[str, ...] = ()
    """What held it: a rail's id and, where reviews are not blind, its reason."""
    needs: int
    blind: bool
    assigned: str = ""
    heard: tuple[str, ...] = ()
    """Names of who decided so far, in their order; not how."""
    erased: bool = False
    """Its texts are gone: it can be refused, nothing else."""
    decided: Opinion | None = None
