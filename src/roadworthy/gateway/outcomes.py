"""POST /v1/outcomes and GET /v1/reviews/ID: what became of an answer."""

from __future__ import annotations

import asyncio

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Outcome, format_instant
from roadworthy.flows.incidents.hearing import hear
from roadworthy.journal import unseal
from roadworthy.serving import Caller
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.given_answers import given

from .about import PENDING, review_id
from .problems import ApiError, bad_field, killed, mistyped
from .wire import Answer, Request

MAX_NOTE_CHARS = 4000
MAX_BODY_BYTES = 64 * 1024

OUTCOMES = {"approve": "approved", "edit": "edited", "refuse": "refused"}
"""What a person did -> what the caller reads of it."""


ANSWER_IDS = ("chatcmpl-", "cmpl-", "msg_", "resp_")
"""How the ids of answers begin, of each API; an observation's follows."""


def observation_of(named: str) -> str:
    """The observation: by its id, or by the `id` of the answer as an SDK shows it."""
    start = next((each for each in ANSWER_IDS if named.startswith(each)), "")
    return named.removeprefix(start)


class OutcomeBody(Struct, forbid_unknown_fields=True):
    """What a caller may say about an observation."""

    observation: str
    label: str = ""
    never_event: str = ""
    feedback: str = ""
    business: dict[str, str] = field(default_factory=dict)
    note: str = ""


class OutcomeDoor:
    """Outcomes and reviews of one worker."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def report(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Take an outcome: 201 kept or acted on, 202 waiting for a person."""
        if len(request.body) > MAX_BODY_BYTES:
            raise ApiError(
                413, f"an outcome may have {MAX_BODY_BYTES} bytes", code="request_too_large"
            )
        try:
            body = msgspec.json.decode(request.body, type=OutcomeBody)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise mistyped(f"not an outcome: {error}") from None
        if len(body.note) > MAX_NOTE_CHARS:
            raise bad_field("note", f"note may have {MAX_NOTE_CHARS} characters")
        if not (body.label or body.never_event or body.feedback or body.business or body.note):
            raise bad_field(None, "give label, never_event, feedback, business or note")
        outcome = Outcome(
            observation=observation_of(body.observation),
            time=format_instant(self._gateway.clock.now()),
            reporter=f"tenant:{caller.key.tenant}",
            label=body.label,
            never_event=body.never_event,
            feedback=body.feedback,
            business=body.business,
            note=body.note,
        )
        heard = await hear(
            outcome,
            self._gateway.hearing,
            tenant=caller.key.tenant,
            reviewer="outcomes" in caller.key.scopes,
        )
        said: dict[str, object] = {"observation": outcome.observation, "state": heard.state}
        if heard.kills:
            said["kills"] = [
                {"id": kill.id, "scope": kill.scope, "value": kill.value} for kill in heard.kills
            ]
            said["message"] = (
                "stopped; two people lift it: roadworthy resume "
                f"{' '.join(kill.id for kill in heard.kills)} DIR --as A --as B --reason TEXT"
            )
        if heard.state == "waiting":
            said["message"] = (
                "kept as a report that waits for a person (roadworthy outcome list); a key with "
                "the scope `outcomes` (roadworthy keys tenant add NAME --scope outcomes) stops at "
                "once"
            )
        status = 202 if heard.state == "waiting" else 201
        answer.whole(status, msgspec.json.encode(said))

    async def review(self, request: Request, answer: Answer, caller: Caller) -> None:
        """A held answer: `pending` until people decided, then what they let out.

        Nothing of what the machine said leaves before their decision is in the ledger.
        """
        wanted = request.path.rpartition("/")[2]
        record = await self._gateway.find_record(wanted.removeprefix("review-"))
        observation = record.observation if record is not None else None
        mine = observation is not None and (
            observation.tenant == caller.key.tenant or "outcomes" in caller.key.scopes
        )
        if record is None or observation is None or not mine or review_id(observation) != wanted:
            raise ApiError(404, f"there is no review {wanted!r}", code="not_found")
        gateway = self._gateway
        decided = await asyncio.to_thread(
            given, observation, gateway.workspace, gateway.vault, gateway.clock
        )
        flag = gateway.table.killed(
            system=observation.system, tenant=observation.tenant, facets=observation.facets
        )
        if decided is not None and decided.text is not None:
            flag = flag or gateway.path.emergencies.stop_of_text(
                decided.text, observation, gateway.table, gateway.clock
            )
            if flag is not None:
                raise killed(flag)  # what is stopped gives nothing out, whoever let it
        said: dict[str, object] = {
            "id": wanted,
            "object": "roadworthy.review",
            "status": PENDING if decided is None else "decided",
            "observation": observation.id,
            "system": observation.system,
            "outcome": None,
            "answer": None,
            "decision": None,
            "confidence": None,
            "decided_at": None,
            "erased": False,
            "ai_generated": False,
        }
        if decided is not None:
            left = decided.text is not None
            said |= {
                "outcome": OUTCOMES[decided.decision],
                "answer": decided.text,
                "decision": (decided.label or None) if left else None,
                "confidence": observation.confidence if decided.decision == "approve" else None,
                "decided_at": decided.at,
                "erased": decided.erased,
                "ai_generated": left and decided.machine,
            }
        if "outcomes" in caller.key.scopes:
            texts = unseal(record, gateway.vault)
            said["input"] = texts.input if texts is not None else None
        answer.whole(200, msgspec.json.encode(said))
