"""What became of a held answer, for the worker that is asked: read from the ledger, each time.

Enters: a held answer's observation. Leaves: the decision and the text that may leave. What never
happens here: an append, a text before its decision is entered, a decision whose signatures do not
hold or on which too few people agreed, a text whose key was erased.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import (
    Clock,
    EvidenceError,
    Instant,
    Observation,
    ReviewDecision,
    RoadworthyError,
    SealedAnswer,
)
from roadworthy.flows.entries.answering_content import answering_content
from roadworthy.flows.entries.review_entries import (
    from_payload,
    require_settled,
    review_name,
    reviews_of,
    rules_of,
)
from roadworthy.flows.workspace.trusting import require_agreement
from roadworthy.journal import Vault
from roadworthy.ledger import Ledger, SqliteEntryStore
from roadworthy.manifests import Workspace

PATIENCE_S = 1.0
"""How long a caller waits for a ledger that is busy: it may ask again."""


class Given(Struct, frozen=True, kw_only=True):
    """A decision, as whoever asked learns it."""

    decision: ReviewDecision
    at: Instant
    label: str = ""
    text: str | None = None
    """None of a refusal, and once it is erased."""
    erased: bool = False
    machine: bool = True
    """Whether a model wrote the answer, or what was edited."""
    sealed: SealedAnswer | None = None
    """The text as the entry has it; None of a refusal."""


def given(seen: Observation, workspace: Workspace, vault: Vault, clock: Clock) -> Given | None:
    """The decision about a held answer; None while it waits.

    Raises EvidenceError when nobody can say: the ledger is busy or damaged, trust.yaml is lost, the
    release is gone.
    """
    if not workspace.ledger.exists():
        return None
    try:
        return _given(seen, workspace, vault, clock)
    except EvidenceError:
        raise
    except RoadworthyError as error:
        raise EvidenceError(f"what people decided cannot be read: {error.message}") from None
    except OSError as error:
        raise EvidenceError(f"what people decided cannot be read: {error.strerror}") from None


def _given(seen: Observation, workspace: Workspace, vault: Vault, clock: Clock) -> Given | None:
    store = SqliteEntryStore(workspace.ledger, clock, create=False, patience_s=PATIENCE_S)
    try:
        ledger = Ledger(store)
        review = reviews_of(ledger, require_agreement(workspace, ledger), seen.id).get(seen.id)
    finally:
        store.close()
    if review is None or review.decided is None:
        return None
    content = answering_content(workspace, seen.system, seen.release)
    needs = rules_of(content.charter, seen.endpoint, review).needs
    last = require_settled(review, needs)
    assert last is not None, "it is decided"
    texts = None
    if last.answer is not None:
        texts = vault.unseal(from_payload(last.answer), about=review_name(seen))
    return Given(
        decision=last.decision,
        at=last.time,
        label=last.label,
        text=texts.output if texts is not None else None,
        erased=last.answer is not None and texts is None,
        machine=last.machine,
        sealed=last.answer,
    )
